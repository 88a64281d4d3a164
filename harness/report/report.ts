// SPDX-License-Identifier: GPL-2.0-only
/** All that a report of a comparison is made of. Plain data; the renderers are pure functions of it. */
import type { Account } from '../compare/account.ts';
import type { Comparison, Finding } from '../compare/comparison.ts';
import type { Expected } from '../compare/expectations.ts';
import { isDeclared, type LedgerEntry } from '../compare/ledger.ts';
import type { Effect } from '../compare/ledger-effects.ts';
import { keyOf } from '../contract/defect.ts';
import type { OfBases } from '../compare/of-bases.ts';
import type { FunctionDiff } from '../source/effective-source.ts';
import type { Text } from '../text/document.ts';
import type { Illustration } from './illustrate.ts';
import type { Files } from './links.ts';

export interface Report {
  /** Without what was expected. */
  readonly comparison: Comparison;
  readonly illustrations: readonly Illustration[];
  readonly account: Account;
  readonly expected: readonly Expected[];
  /** What no patch has done, and in words what has: `that the two trees differ in without a patch`. */
  readonly ofBases: OfBases & { readonly what: string };
  /** How the code of the two states differs; undefined: nobody asked. */
  readonly code: readonly FunctionDiff[] | undefined;
  readonly context: ReportContext;
}

/** What stands around a comparison. */
export interface ReportContext {
  readonly corpusHash: string;
  readonly version: string;
  /** Said in the first lines: what was compiled, what was left out. */
  readonly notes?: readonly Text[];
  /** How many small mistakes on the changed lines would be noticed, in a sentence; absent: nobody asked. */
  readonly power?: string;
  /** Where the files of this repository are; absent: not where the report is. */
  readonly files?: Files;
  /** What prints the whole report: `npx bouncediff compare v2 v3`. */
  readonly command?: string;
}

/** Regressions that the cover letter does not name as unsolved. */
export function unexplainedRegressions({ comparison: { to, findings } }: Report): Finding[] {
  return findings.filter(
    ({ kind, cases }) =>
      kind === 'regressed' && !cases.every((found) => isDeclared(to, found, found.scenario)),
  );
}

/** A patch's regressions that nobody announced, those that somebody accepted apart. */
export function unexplainedEffects(
  { expected }: Report,
  { unexplained }: LedgerEntry,
): { open: Effect[]; accepted: Effect[] } {
  const keys = new Set(
    expected.flatMap(({ cases }) => cases.map((found) => `${found.scenario.id} ${keyOf(found)}`)),
  );
  const isAccepted = (effect: Effect): boolean =>
    effect.kind === 'regressed' && keys.has(`${effect.scenario.id} ${keyOf(effect)}`);
  return {
    open: unexplained.filter((effect) => !isAccepted(effect)),
    accepted: unexplained.filter((effect) => isAccepted(effect)),
  };
}

/** What a comparison can fail on. */
export const FAIL_ON = ['regressed', 'unexplained', 'never'] as const;
export type FailOn = (typeof FAIL_ON)[number];

/** What is bad news for who asked about that. */
export function failing(report: Report, on: FailOn): readonly Finding[] {
  switch (on) {
    case 'regressed':
      return report.comparison.findings.filter(({ kind }) => kind === 'regressed');
    case 'unexplained':
      return unexplainedRegressions(report);
    case 'never':
      return [];
  }
}

/** The comparison is bad news for who asked about that. */
export function fails(report: Report, on: FailOn): boolean {
  return failing(report, on).length > 0;
}
