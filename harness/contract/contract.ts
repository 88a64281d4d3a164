// SPDX-License-Identifier: GPL-2.0-only
/** The contract: every clause in order, and what it says of a recording. */
import type { Run } from '../run/run.ts';
import { CLAUSE_IDS, Findings, type Clause, type ClauseId, type Verdict } from './clause.ts';
import { bounceOnlyIfNeeded } from './clauses/bounce-only-if-needed.ts';
import { confinementRead } from './clauses/confinement-read.ts';
import { confinementWrite } from './clauses/confinement-write.ts';
import { cpuOwnedStability } from './clauses/cpu-owned-stability.ts';
import { direction } from './clauses/direction.ts';
import { failedMapHarmless } from './clauses/failed-map-harmless.ts';
import { fromDeviceData } from './clauses/from-device-data.ts';
import { isolation } from './clauses/isolation.ts';
import { mapSucceeds } from './clauses/map-succeeds.ts';
import { minAlign } from './clauses/min-align.ts';
import { noCrash } from './clauses/no-crash.ts';
import { noLeftovers } from './clauses/no-leftovers.ts';
import { noWarn } from './clauses/no-warn.ts';
import { partialWritePreserved } from './clauses/partial-write-preserved.ts';
import { revocation } from './clauses/revocation.ts';
import { toDeviceData } from './clauses/to-device-data.ts';
import { Facts } from './facts.ts';

export const CLAUSES: Readonly<Record<ClauseId, Clause>> = {
  'to-device-data': toDeviceData,
  'from-device-data': fromDeviceData,
  'cpu-owned-stability': cpuOwnedStability,
  'partial-write-preserved': partialWritePreserved,
  'confinement-read': confinementRead,
  'confinement-write': confinementWrite,
  revocation,
  direction,
  isolation,
  'failed-map-harmless': failedMapHarmless,
  'no-leftovers': noLeftovers,
  'map-succeeds': mapSucceeds,
  'min-align': minAlign,
  'bounce-only-if-needed': bounceOnlyIfNeeded,
  'no-crash': noCrash,
  'no-warn': noWarn,
};

/** The verdict of every clause, or of those that are asked for, on the recording; in their order. */
export function judge(run: Run, clauses: readonly ClauseId[] = CLAUSE_IDS): Verdict[] {
  const facts = new Facts(run);
  const verdicts: Verdict[] = [];
  for (const id of clauses) {
    const findings = new Findings();
    CLAUSES[id].judge(facts, findings);
    verdicts.push(findings.verdict(id));
  }
  return verdicts;
}
