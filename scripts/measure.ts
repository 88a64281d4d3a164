// SPDX-License-Identifier: GPL-2.0-only
/** What takes long in a comparison; of states that were compiled, what came of it is kept beside their objects. */
import { ledgerCases, type LedgerCases } from '../harness/compare/account.ts';
import { walkBetween } from '../harness/compare/chain.ts';
import { compare, isUnchanged, type Comparison, type CompareOptions } from '../harness/compare/comparison.ts';
import type { Measure } from '../harness/compare/ledger.ts';
import type { CaseResult } from '../harness/compare/pair.ts';
import type { Prefixes } from '../harness/compare/prefixes.ts';
import type { Scenario } from '../harness/run/scenario.ts';
import type { State } from '../harness/subject/state.ts';
import { divided } from '../harness/threads/divided.ts';
import { buildsOf, compileFor, whenCompiled } from './builds.ts';
import { comparing, measuring, type CaseTask, type CaseThreads, type CaseWork } from './case-work.ts';
import { keptResults } from './kept-results.ts';
import { progressLine } from './terminal.ts';

/** Compares two states that are ready to run. */
export async function compareCases(
  from: State,
  to: State,
  scenarios: readonly Scenario[],
  { clause, threads }: Pick<CompareOptions, 'clause'> & { readonly threads?: CaseThreads | undefined },
): Promise<Comparison> {
  const kept = keptResults<readonly CaseResult[]>(
    'compare',
    [from, to, to.root],
    buildsOf(scenarios),
    scenarios,
  );
  let results = kept?.read();
  if (results === undefined) {
    results = await eachCase(scenarios, 'cases', comparing(from, to), 'compare', threads);
    kept?.write(results);
  }
  return compare(from, to, scenarios, { clause, results });
}

/** What the ledger is measured on, `whole`: every case; and what was measured. */
export async function measureLedger(
  prefixes: Prefixes,
  comparison: Comparison,
  all: readonly Scenario[],
  { whole, threads }: { readonly whole: boolean; readonly threads?: CaseThreads | undefined },
): Promise<LedgerCases> {
  const { back, forth } = walkBetween(comparison.from, comparison.to);
  const scenarios = ledgerCases(comparison, all, whole);
  const states = [...back, ...forth].flatMap(({ before, after }) => [before, after]);
  await compileFor(states, [...scenarios, ...smallestOf(comparison)]);
  const claims = forth.map(({ patch }) => patch.claims);
  const kept = keptResults<readonly (readonly Measure[])[]>('ledger', states, buildsOf(scenarios), [
    scenarios,
    claims,
  ]);
  let known = kept?.read();
  if (known === undefined) {
    known = await eachCase(
      scenarios,
      'cases, patch by patch',
      measuring(prefixes, forth),
      'measure',
      threads,
    );
    kept?.write(known);
  }
  return { scenarios, known };
}

/** What `work` makes of each case, with the help of threads that were asked to do the same. */
async function eachCase<R>(
  cases: readonly Scenario[],
  title: string,
  work: CaseWork<R>,
  what: CaseTask['do'],
  threads: CaseThreads | undefined,
): Promise<readonly R[]> {
  const progress = progressLine(title);
  if (threads !== undefined) {
    const there = {
      count: threads.count,
      ask: async (some: readonly Scenario[]) => threads.ask<readonly R[]>({ do: what, cases: some }),
    };
    return divided(cases, work, there, (done) => progress(done, cases.length));
  }
  return whenCompiled(() => {
    const results = work(cases, (done) => progress(done, cases.length));
    progress(cases.length, cases.length);
    return results;
  });
}

/** What attribution will ask about; the rest is compiled when it turns out to be needed. */
function smallestOf({ findings }: Comparison): Scenario[] {
  return findings
    .filter((finding) => !isUnchanged(finding))
    .flatMap(({ cases }) => cases.slice(0, 1).map(({ scenario }) => scenario));
}
