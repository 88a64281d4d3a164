// SPDX-License-Identifier: GPL-2.0-only
/** compare and review --explore: generated programs beside the corpus. */
import type { Comparison } from '../harness/compare/comparison.ts';
import type { Searched } from '../harness/explore/in-comparison.ts';
import { ALL_BUILDS } from '../harness/subject/state.ts';
import type { ClauseId } from '../harness/contract/verdict.ts';
import type { Scenario } from '../harness/run/scenario.ts';
import { wholeNumber, type Args, type Option } from './cli.ts';
import { compileForAll } from './builds.ts';
import { unlessInterrupted } from './interrupt.ts';
import { keptResults } from './kept-results.ts';
import { printAside } from './print.ts';
import { progressLine } from './terminal.ts';

/** Programs that a review runs unless it is told otherwise, and the seconds that they may take. */
const USUAL = { programs: 5000, seconds: 10 } as const;

export const EXPLORATION = {
  explore: {
    type: 'string',
    value: 'N',
    help: `run N generated programs, too (compare: 0; review of the whole corpus: ${USUAL.programs}, in ${USUAL.seconds} s at most)`,
  },
  'explore-time': {
    type: 'string',
    value: 'SECONDS',
    help: 'stop exploring after that time; the report says at how many programs, and --explore that many repeats it',
  },
} as const satisfies Readonly<Record<string, Option>>;

/** How far a comparison looks beside the corpus. */
export interface Exploration {
  /** Most programs; 0: none. */
  readonly programs: number;
  /** Most seconds. */
  readonly seconds: number;
}

/** What the command line says; `usual`: without a word, so many programs are run. UserError for what is no number. */
export function explorationOf(args: Args, { usual }: { usual: boolean }): Exploration {
  const isAsked = args.text('explore') !== undefined || args.text('explore-time') !== undefined;
  const isUsual = !isAsked && usual;
  const otherwise = isAsked || usual ? USUAL.programs : 0;
  return {
    programs: wholeNumber(args, 'explore', otherwise, 0, 1e9),
    seconds: wholeNumber(args, 'explore-time', isUsual ? USUAL.seconds : Infinity, 1, 1e6),
  };
}

/** What is asked of a comparison, as far as it matters here. */
interface Explorable {
  readonly clause: ClauseId | undefined;
  readonly scenarios: readonly Scenario[];
  readonly exploration: Exploration;
  /** Folder where what is found is kept even of states that were not compiled. */
  readonly keptIn?: string | undefined;
}

/** The comparison with what generated programs show besides, as far as the question wants some. */
export async function withExploration(
  measured: Comparison,
  { clause, scenarios, exploration: { programs, seconds }, keptIn }: Explorable,
): Promise<Comparison> {
  if (programs === 0) return measured;
  const { searchBeside, withFound } = await import('../harness/explore/in-comparison.ts');
  const { from, to } = measured;
  await compileForAll([from, to]);
  const asked = { programs, seconds, clause };
  const findings = measured.findings.map(({ kind, clause: of, cause }) => [kind, of, cause]);
  const given = [asked, findings, scenarios];
  const kept = keptResults<Searched>('explore', [from, to, to.root], ALL_BUILDS, given, keptIn);
  let searched = kept?.read();
  if (searched === undefined) {
    const deadline = performance.now() + seconds * 1000;
    const goOn = (): boolean => performance.now() < deadline;
    searched = await unlessInterrupted(
      searchBeside(measured, {
        programs,
        start: scenarios,
        clause,
        goOn,
        progress: progressLine('programs'),
      }),
    );
    kept?.write(searched);
  }
  const ran = searched.programs;
  if (ran < programs) {
    printAside(`exploration stopped after ${seconds} s, at ${ran} of ${programs} programs\n`);
  }
  return withFound(measured, searched, clause);
}
