// SPDX-License-Identifier: GPL-2.0-only
/** The contract's clauses, in order: a new one is a module beside these and a line here. */
import { attributes } from './attributes.ts';
import { bounceOnlyIfNeeded } from './bounce-only-if-needed.ts';
import { confinementRead } from './confinement-read.ts';
import { confinementWrite } from './confinement-write.ts';
import { cpuOwnedStability } from './cpu-owned-stability.ts';
import { direction } from './direction.ts';
import { failedMapHarmless } from './failed-map-harmless.ts';
import { fromDeviceData } from './from-device-data.ts';
import { iovaAccounting } from './iova-accounting.ts';
import { isolation } from './isolation.ts';
import { mapSucceeds } from './map-succeeds.ts';
import { minAlign } from './min-align.ts';
import { noCrash } from './no-crash.ts';
import { noLeftovers } from './no-leftovers.ts';
import { noWarn } from './no-warn.ts';
import { ownMemory } from './own-memory.ts';
import { partialWritePreserved } from './partial-write-preserved.ts';
import { revocation } from './revocation.ts';
import { segments } from './segments.ts';
import { toDeviceData } from './to-device-data.ts';

export const CLAUSES = [
  toDeviceData,
  fromDeviceData,
  cpuOwnedStability,
  partialWritePreserved,
  confinementRead,
  confinementWrite,
  revocation,
  direction,
  isolation,
  ownMemory,
  failedMapHarmless,
  noLeftovers,
  iovaAccounting,
  mapSucceeds,
  minAlign,
  segments,
  attributes,
  bounceOnlyIfNeeded,
  noCrash,
  noWarn,
] as const;

type CauseOf<C> = C extends { readonly causes: infer Causes } ? keyof Causes & string : never;

export type ClauseId = (typeof CLAUSES)[number]['id'];
/** Why a clause is broken. Verdicts and comparisons are per clause and cause. */
export type Cause = CauseOf<(typeof CLAUSES)[number]>;
