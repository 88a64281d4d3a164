// SPDX-License-Identifier: GPL-2.0-only
/** What takes long in a comparison, and is kept. */
import { ledgerCases, type LedgerCases } from '../harness/compare/account.ts';
import { walkBetween } from '../harness/compare/chain.ts';
import { compare, isUnchanged, type Comparison, type CompareOptions } from '../harness/compare/comparison.ts';
import { measuresOf, type Measure } from '../harness/compare/ledger.ts';
import { Pair, type CaseResult } from '../harness/compare/pair.ts';
import type { Prefixes } from '../harness/compare/prefixes.ts';
import { eachReturning } from '../harness/run/returning.ts';
import type { Scenario } from '../harness/run/scenario.ts';
import { Together } from '../harness/subject/not-ready.ts';
import type { State } from '../harness/subject/state.ts';
import { buildsOf, compileFor, whenCompiled } from './builds.ts';
import { interruptible } from './interrupt.ts';
import { keptResults, ownResults } from './kept-results.ts';
import { progressLine } from './terminal.ts';

/** Compares two states that are ready to run. */
export async function compareCases(
  from: State,
  to: State,
  scenarios: readonly Scenario[],
  { clause }: Pick<CompareOptions, 'clause'>,
): Promise<Comparison> {
  const kept = keptResults<readonly CaseResult[]>(
    'compare',
    [from, to, to.root],
    buildsOf(scenarios),
    scenarios,
    ownResults(),
  );
  let results = kept?.read();
  if (results === undefined) {
    const pair = new Pair(from, to);
    const progress = progressLine('cases');
    results = await interruptible(() => {
      const found: CaseResult[] = [];
      for (const result of eachReturning(scenarios, (scenario) => pair.compare(scenario))) {
        progress(found.length, scenarios.length);
        found.push(result);
      }
      progress(scenarios.length, scenarios.length);
      return found;
    });
    kept?.write(results);
  }
  return compare(from, to, scenarios, { clause, results });
}

/** What the ledger is measured on, `whole`: every case; and what was measured. */
export async function measureLedger(
  prefixes: Prefixes,
  comparison: Comparison,
  all: readonly Scenario[],
  whole: boolean,
): Promise<LedgerCases> {
  const { back, forth } = walkBetween(comparison.from, comparison.to);
  const scenarios = ledgerCases(comparison, all, whole);
  const states = [...back, ...forth].flatMap(({ before, after }) => [before, after]);
  await compileFor(states, [...scenarios, ...smallestOf(comparison)]);
  const claims = forth.map(({ patch }) => patch.claims);
  const kept = keptResults<readonly (readonly Measure[])[]>(
    'ledger',
    states,
    buildsOf(scenarios),
    [scenarios, claims],
    ownResults(),
  );
  let known = kept?.read();
  if (known === undefined) {
    const progress = progressLine('cases, patch by patch');
    known = await whenCompiled(() => {
      const together = new Together();
      const measured: Measure[][] = [];
      for (const measures of eachReturning(scenarios, (one) => measuresOf(prefixes, forth, one, together))) {
        progress(measured.length, scenarios.length);
        measured.push(measures.filter((one) => one !== undefined));
      }
      together.done();
      progress(scenarios.length, scenarios.length);
      return measured;
    });
    kept?.write(known);
  }
  return { scenarios, known };
}

/** What attribution will ask about; the rest is compiled when it turns out to be needed. */
function smallestOf({ findings }: Comparison): Scenario[] {
  return findings
    .filter((finding) => !isUnchanged(finding))
    .flatMap(({ cases }) => cases.slice(0, 1).map(({ scenario }) => scenario));
}
