// SPDX-License-Identifier: GPL-2.0-only
/** From two states and a corpus to everything a report shows. */
import type { State } from '../subject/state.ts';
import { accountFor, ledgerCases, type LedgerCases } from '../compare/account.ts';
import { Prefixes } from '../compare/prefixes.ts';
import { compare, type Comparison, type CompareOptions } from '../compare/comparison.ts';
import { applyExpectations, unmatched, type Expectation } from '../compare/expectations.ts';
import { withoutBases, type OfBases } from '../compare/of-bases.ts';
import type { Machine } from '../machine/machine.ts';
import type { Scenario } from '../run/scenario.ts';
import type { Sources } from '../source/effective-source.ts';
import { code, plural, type Text } from '../text/document.ts';
import { illustrate, type MapDrawer } from './illustrate.ts';
import type { Report, ReportContext } from './report.ts';

export interface ReportOptions extends CompareOptions {
  readonly scenarios: readonly Scenario[];
  readonly expectations: readonly Expectation[];
  /** Measure what the patches promise on every case. */
  readonly allClaims: boolean;
  /** What it is measured on, and what is known of that, where somebody has begun with it. */
  readonly ledger?: LedgerCases | undefined;
  readonly context: ReportContext;
  /** Where the code beside the behaviour comes from; undefined: without. */
  readonly sources?: Sources | undefined;
  /** Memory maps of the findings, for a report that has files beside it. */
  readonly drawMap?: MapDrawer;
  /** Both traces of each finding whole. */
  readonly traces?: boolean;
  patchProgress?(done: number, total: number): void;
  /** What compare() says of the two states, where that is known already. */
  readonly measured?: Comparison;
  /** What it says of two states that no patch stands between, and in words what these differ in. */
  readonly bases?: { readonly comparison: Comparison; readonly what: string } | undefined;
  /** What is known of the states on the way. */
  readonly prefixes?: Prefixes;
}

/** What is left to report on: without what the bases account for and what was expected. */
export function openOf(
  measured: Comparison,
  { bases, expectations }: Pick<ReportOptions, 'bases' | 'expectations'>,
): { comparison: Comparison; expected: Report['expected']; ofBases: OfBases } {
  const { comparison: own, ofBases } =
    bases === undefined
      ? { comparison: measured, ofBases: { findings: [], different: [] } }
      : withoutBases(measured, bases.comparison);
  return { ...applyExpectations(own, expectations), ofBases };
}

/** The report, and the expectations about its states that nothing matches any more. */
export function makeReport(
  machine: Machine,
  from: State,
  to: State,
  options: ReportOptions,
): { report: Report; stale: Expectation[] } {
  const { scenarios, expectations, allClaims, context } = options;
  const measured = options.measured ?? compare(from, to, scenarios, options);
  const { comparison, expected, ofBases } = openOf(measured, options);
  const progress = options.patchProgress?.bind(options) ?? (() => undefined);
  const prefixes = options.prefixes ?? new Prefixes(machine);
  const cases = options.ledger ?? { scenarios: ledgerCases(comparison, scenarios, allClaims) };
  const account = accountFor(prefixes, comparison, cases, progress);
  const illustrations = illustrate(prefixes, comparison, options);
  return {
    report: {
      comparison,
      illustrations,
      account,
      expected,
      ofBases: { ...ofBases, what: options.bases?.what ?? '' },
      // Code from elsewhere has no text to compare.
      code: isOneLanguage(from, to) ? options.sources?.diffStates(from, to) : undefined,
      context: { ...context, notes: [...(context.notes ?? []), ...ofBasesNotes(ofBases)] },
    },
    stale: unmatched(expectations, measured),
  };
}

/** Cases in the first lines, at most. */
const NAMED = 8;

function ofBasesNotes({ different }: OfBases): Text[] {
  if (different.length === 0) return [];
  const names = different.slice(0, NAMED).flatMap(({ id }) => [code(id), ', ']);
  const more = different.length - NAMED;
  return [
    [
      `the traces of ${plural(different.length, 'case')} differ as those of the bases do, to the same verdicts: `,
      ...(more > 0 ? [...names, `and ${more} more`] : names.slice(0, -1)),
    ],
  ];
}

function isOneLanguage(from: State, to: State): boolean {
  return (from.code !== undefined && to.code !== undefined) || (from.c !== undefined && to.c !== undefined);
}
