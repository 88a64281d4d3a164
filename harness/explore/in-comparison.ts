// SPDX-License-Identifier: GPL-2.0-only
/** What generated programs add to a comparison: findings that no case of the corpus shows. */
import { compare, inOrder, isUnchanged, type Comparison, type FoundCase } from '../compare/comparison.ts';
import type { ClauseId } from '../contract/verdict.ts';
import type { Scenario } from '../run/scenario.ts';
import { findingKey, findingOf } from './mechanism.ts';
import { programsOf } from './from-scenario.ts';
import { Prober } from './prober.ts';
import { toScenario } from './program.ts';
import { Search } from './search.ts';
import { tell } from './section.ts';
import { LearningPrograms } from './source.ts';
import { inThisThread } from './workers.ts';
import { toYaml } from './yaml.ts';

/** Seed of the programs that a comparison runs. */
const SEED = 1;

export interface InComparison {
  /** Most programs to run. */
  readonly programs: number;
  /** Cases that programs are varied of, beside what is learned. */
  readonly start: readonly Scenario[];
  /** Only findings of this clause. */
  readonly clause?: ClauseId | undefined;
  /** Whether there is time for more. */
  goOn(): boolean;
  progress?(done: number, total: number): void;
}

/** What a search beside a comparison came to. Plain data. */
export interface Searched {
  /** Programs that were run. */
  readonly programs: number;
  /** Numbers of those that say nothing: some run takes more than one may. */
  readonly tooMuch: readonly number[];
  readonly cases: readonly FoundCase[];
}

/**
 * Runs so many generated programs. A finding is one of kind, clause and cause, as everywhere in a comparison;
 * calls that differ count where no case of the corpus has any. Stopped at a number of programs, it found what
 * it finds when asked for that many.
 */
export async function searchBeside(measured: Comparison, options: InComparison): Promise<Searched> {
  const { from, to, findings, different } = measured;
  const { clause } = options;
  const isSilent = different.length === 0 && findings.every(isUnchanged);
  const target = { from, to, clause, different: isSilent && clause === undefined };
  const workers = inThisThread(new Prober(target, new LearningPrograms(SEED, programsOf(options.start))));
  const known = findings.map((finding) => findingKey(finding.kind, finding));
  const search = new Search(workers, { findingOf, known, learns: true });
  await search.run(0, options.programs, () => {
    options.progress?.(search.programs, options.programs);
    return options.goOn();
  });
  options.progress?.(options.programs, options.programs);
  await workers.close();
  const cases = search.findings.map((found): FoundCase => {
    const telling = tell(target, found);
    const scenario = toScenario(found.program, telling);
    return { scenario, program: found.index, yaml: toYaml(found.program, telling) };
  });
  return { programs: search.programs, tooMuch: search.tooMuch, cases };
}

/** The comparison with the findings of those cases that it does not have. */
export function withFound(
  measured: Comparison,
  { programs, tooMuch, cases }: Searched,
  clause: ClauseId | undefined,
): Comparison {
  const { from, to } = measured;
  const keysOf = ({ findings }: Comparison): string[] =>
    findings.map((finding) => findingKey(finding.kind, finding));
  const known = new Set(keysOf(measured));
  const own = compare(
    from,
    to,
    cases.map(({ scenario }) => scenario),
    { clause },
  );
  const added = own.findings.filter(
    (finding) => !isUnchanged(finding) && !known.has(findingKey(finding.kind, finding)),
  );
  const different = measured.different.length === 0 ? own.different : [];
  const shown = new Set<Scenario>([
    ...added.flatMap((finding) => finding.cases.map(({ scenario }) => scenario)),
    ...different,
  ]);
  const found = cases.filter(({ scenario }) => shown.has(scenario));
  return {
    ...measured,
    cases: measured.cases + found.length,
    findings: inOrder([...measured.findings, ...added]),
    different: [...measured.different, ...different],
    notJudged: [...measured.notJudged, ...own.notJudged.filter(({ scenario }) => shown.has(scenario))],
    explored: { seed: SEED, programs, tooMuch, found },
  };
}
