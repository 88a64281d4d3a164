// SPDX-License-Identifier: GPL-2.0-only
/** Cases of the corpus on two states, with what is broken in them. */
import { join } from 'node:path';
import type { State } from '../../subject/state.ts';
import { findState } from '../../../variants/registry.ts';
import type { Cause, ClauseId } from '../../contract/verdict.ts';
import { judge } from '../../contract/contract.ts';
import { Machine } from '../../machine/machine.ts';
import type { Run } from '../../run/run.ts';
import { runScenario } from '../../run/interpreter.ts';
import { loadCorpus } from '../../scenario/load.ts';
import type { Scenario } from '../../run/scenario.ts';
import type { Broken } from '../memory-picture.ts';

const corpus = loadCorpus(join(import.meta.dirname, '..', '..', '..', 'corpus'));

/** A case on two states. */
export interface Pair {
  readonly from: { readonly state: State; readonly run: Run };
  readonly to: { readonly state: State; readonly run: Run };
}

export function pairOf(from: string, to: string, scenario: string | Scenario): Pair {
  const one = typeof scenario === 'string' ? corpus.scenarios.find(({ id }) => id === scenario) : scenario;
  if (one === undefined) throw new Error('no such case');
  const side = (id: string): Pair['from'] => {
    const state = findState(id);
    if (state === undefined) throw new Error(id);
    return { state, run: runScenario(new Machine(), state, one) };
  };
  return { from: side(from), to: side(to) };
}

/** What is broken in one of the two. */
export function brokenIn(pair: Pair, side: Broken['side'], clause: ClauseId, cause: Cause): Broken {
  const found = judge(pair[side].run, [clause])[0]?.breaks.find((b) => b.cause === cause);
  if (found === undefined) throw new Error(`${clause} (${cause}) is not broken`);
  return { clause, cause, side, evidence: found.evidence };
}

/** The case with names that nobody should give anything. */
export function renamed(scenario: Scenario, name: string): Scenario {
  return {
    ...scenario,
    id: name,
    deviceNames: scenario.deviceNames.map(() => name),
    buffers: scenario.buffers.map((buffer) => ({ ...buffer, name })),
    mappings: scenario.mappings.map((mapping) => ({ ...mapping, name })),
  };
}

/** Names that Mermaid, XML, HTML and Markdown stumble over. */
export const HOSTILE = [
  'a;b',
  '#35;',
  '"><script>alert(1)</script>',
  "it's & <b>",
  '```',
  'end',
  '%%{init: {}}%%',
  '$$x$$',
  'two\nlines',
  ']]> -->',
  'wide '.repeat(40),
  'x'.repeat(200),
  '\u0007\uFFFE🙂é',
];
