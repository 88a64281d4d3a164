// SPDX-License-Identifier: GPL-2.0-only
/** From two states and a corpus to everything a report shows. */
import type { State } from '../subject/state.ts';
import { accountFor } from '../compare/account.ts';
import { compare, type CompareOptions } from '../compare/comparison.ts';
import { applyExpectations, unmatched, type Expectation } from '../compare/expectations.ts';
import type { Machine } from '../machine/machine.ts';
import type { Scenario } from '../run/scenario.ts';
import type { Sources } from '../source/effective-source.ts';
import { illustrate, type MapDrawer } from './illustrate.ts';
import type { Report, ReportContext } from './report.ts';

export interface ReportOptions extends CompareOptions {
  readonly scenarios: readonly Scenario[];
  readonly expectations: readonly Expectation[];
  /** Measure the ledger on every case. */
  readonly wholeLedger: boolean;
  readonly context: ReportContext;
  /** Where the code beside the behaviour comes from; undefined: without. */
  readonly sources?: Sources | undefined;
  /** Memory maps of the findings, for a report that has files beside it. */
  readonly drawMap?: MapDrawer;
  patchProgress?(done: number, total: number): void;
}

/** The report, and the expectations about its states that nothing matches any more. */
export function makeReport(
  machine: Machine,
  from: State,
  to: State,
  options: ReportOptions,
): { report: Report; stale: Expectation[] } {
  const { scenarios, expectations, wholeLedger, context } = options;
  const measured = compare(from, to, scenarios, options);
  const { comparison, expected } = applyExpectations(measured, expectations);
  const progress = options.patchProgress?.bind(options) ?? (() => undefined);
  const account = accountFor(machine, comparison, wholeLedger ? scenarios : undefined, progress);
  const illustrations = illustrate(machine, comparison, options.drawMap);
  return {
    report: {
      comparison,
      illustrations,
      account,
      expected,
      // Code from elsewhere has no text to compare.
      code: from.code && to.code && options.sources?.diffStates(from, to),
      context,
    },
    stale: unmatched(expectations, measured),
  };
}
