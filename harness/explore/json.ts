// SPDX-License-Identifier: GPL-2.0-only
/** What exploration has found as JSON, in a versioned form that docs/exploration.md describes. */
import { attribute } from '../compare/attribute.ts';
import { walkBetween } from '../compare/chain.ts';
import { Prefixes } from '../compare/prefixes.ts';
import type { Machine } from '../machine/machine.ts';
import { plain } from '../text/document.ts';
import { evidenceInJson } from '../report/events-in-json.ts';
import { jsonText } from '../text/visible.ts';
import type { Target } from './probe.ts';
import { costIn, isCost } from './cost-section.ts';
import { toScenario } from './program.ts';
import type { ExploredFinding, ExpectedFinding } from './search.ts';
import { evidenceOf, findingIn, tell } from './section.ts';
import { toYaml } from './yaml.ts';

/** Version of the form; a change that breaks readers raises it. */
const JSON_SCHEMA = 'bouncediff/explore/1';

/** What stands around the findings. */
export interface ExplorationHead {
  readonly version: string;
  /** undefined: every program of a grid. */
  readonly seed: number | undefined;
  readonly programs: number;
  /** Numbers of those that say nothing: some run takes more than one may. */
  readonly tooMuch: readonly number[];
  /** Why not all were run; '': all were. */
  readonly stopped: string;
}

/** A finding as data: the mechanism, the shrunk program, its evidence, the patches; `replay` prints it again. */
export function findingData(
  machine: Machine,
  target: Target,
  finding: ExploredFinding,
  replay: string,
): object {
  const { id, shown, index, steps, tries, program, also } = finding;
  const telling = tell(target, finding);
  const scenario = toScenario(program, telling);
  const prefixes = new Prefixes(machine);
  const found = shown.clause === undefined ? undefined : findingIn(prefixes, target, scenario, shown);
  const cost = isCost(shown) ? costIn(prefixes, target, scenario, shown) : undefined;
  const walk = walkBetween(target.from ?? target.to.root, target.to);
  const { forth = [], back = [] } = found === undefined ? {} : attribute(prefixes, walk, scenario, found);
  return {
    id,
    kind: shown.kind,
    clause: shown.clause ?? null,
    cause: shown.cause ?? null,
    through: shown.through,
    luck: found?.luck ?? null,
    because: found === undefined ? null : plain(evidenceOf(prefixes, target, scenario, found)?.because ?? ''),
    evidence: evidenceInJson(found),
    patches: [...forth, ...back].map(({ stage, effect }) => ({ patch: stage.patch.id, effect })),
    ...(cost && { cost }),
    firstShownBy: { program: index, steps },
    tries,
    program,
    scenario: toYaml(program, telling),
    also: also.map(({ kind, clause, cause, through }) => ({
      kind,
      clause: clause ?? null,
      cause: cause ?? null,
      through,
    })),
    replay,
  };
}

/** The whole of it. */
export function explorationJson(
  { from, to }: Target,
  { version, seed, programs, tooMuch, stopped }: ExplorationHead,
  findings: readonly object[],
  expected: readonly ExpectedFinding[],
): string {
  return jsonText({
    schema: JSON_SCHEMA,
    version,
    from: from?.id ?? null,
    to: to.id,
    seed: seed ?? null,
    programs,
    tooMuch,
    stopped,
    findings,
    expected: expected.map(({ entry, shown, index }) => ({
      kind: shown.kind,
      clause: shown.clause,
      cause: shown.cause,
      reason: entry.reason,
      program: index,
    })),
  });
}
