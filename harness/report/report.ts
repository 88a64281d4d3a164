// SPDX-License-Identifier: GPL-2.0-only
/** All that a report of a comparison is made of. Plain data; the renderers are pure functions of it. */
import type { Account } from '../compare/account.ts';
import type { Comparison, Finding } from '../compare/comparison.ts';
import type { Expected } from '../compare/expectations.ts';
import { isDeclared } from '../compare/ledger.ts';
import type { FunctionDiff } from '../source/sources.ts';
import type { Illustration } from './illustrate.ts';

export interface Report {
  /** Without what was expected. */
  readonly comparison: Comparison;
  readonly illustrations: readonly Illustration[];
  readonly account: Account;
  readonly expected: readonly Expected[];
  /** How the code of the two states differs; undefined: nobody asked. */
  readonly code: readonly FunctionDiff[] | undefined;
  readonly context: ReportContext;
}

/** What stands around a comparison. */
export interface ReportContext {
  readonly corpusHash: string;
  readonly version: string;
}

/** Regressions that the cover letter does not name as unsolved. */
export function unexplainedRegressions({ comparison: { to, findings } }: Report): Finding[] {
  return findings.filter(
    ({ kind, clause, cases }) =>
      kind === 'regressed' && !cases.every(({ scenario }) => isDeclared(to, clause, scenario)),
  );
}

/** Name of a finding within its report: where links lead, and what its files are called. */
export function anchorOf({ kind, clause, cause, inherited }: Finding): string {
  return `${kind}-${clause}-${cause}${inherited ? '-inherited' : ''}`;
}
