// SPDX-License-Identifier: GPL-2.0-only
/** Every state by id, and the only place that lists the series. */
import { Baseline } from './baseline.ts';
import { instrument, type Frame, type Layer } from './instrument.ts';
import type { DmaOpsClass } from './dma-ops.ts';
import type { PostedPatch, Series, StateClass, Suggestion } from './patch.ts';
import { SUGGESTIONS } from './review/index.ts';
import { v1 } from './v1/index.ts';
import { v2 } from './v2/index.ts';
import { v3 } from './v3/index.ts';
import { v4 } from './v4/index.ts';
import { v5 } from './v5/index.ts';
import { v6 } from './v6/index.ts';
import { v7 } from './v7/index.ts';
import { v8 } from './v8/index.ts';

/** The series in the order they were posted. */
export const SERIES: readonly Series[] = [v1, v2, v3, v4, v5, v6, v7, v8];

/** One patch on the way from the baseline to a state. */
export interface ChainLink extends PostedPatch {
  /** The state right after it: `v3.2`, `review/no-dead-attrs`. */
  readonly id: string;
  /** Where it was posted: `v3 2/5`, `review of v3 3/5`. */
  readonly place: string;
  readonly author: string;
  readonly date: string;
}

/** A state of the series. */
export interface State {
  readonly id: string;
  /** Another name of the same state: `v3.5` of `v3`. */
  readonly alias: string | undefined;
  /** The patches between the baseline and this state; empty for the baseline. */
  readonly chain: readonly ChainLink[];
  /** The state's class, with every call of a method recorded. */
  readonly Ops: DmaOpsClass;
  /** What the frame numbers in recorded call paths stand for. */
  readonly frames: readonly Frame[];
}

/** The baseline with these patches, in this order; put together when it first runs. */
function stateOf(id: string, alias: string | undefined, chain: readonly ChainLink[]): State {
  let built: ReturnType<typeof instrument> | undefined;
  const whole = () => (built ??= instrument(layersOf(chain)));
  return {
    id,
    alias,
    chain,
    get Ops() {
      return whole().Ops;
    },
    get frames() {
      return whole().frames;
    },
  };
}

function layersOf(chain: readonly ChainLink[]): Layer[] {
  const layers: Layer[] = [{ id: 'baseline', Class: Baseline }];
  let Class: StateClass = Baseline;
  for (const link of chain) {
    Class = link.apply(Class);
    layers.push({ id: link.id, Class });
  }
  return layers;
}

/**
 * A state that nobody posted: `base` and some more patches. A patch that calls what a patch left out
 * would have added throws when it runs.
 */
export function compose(base: State, patches: readonly ChainLink[]): State {
  const id = [base, ...patches].map((part) => part.id).join(' + ');
  return stateOf(id, undefined, [...base.chain, ...patches]);
}

function build(): Map<string, State> {
  const states = new Map([[BASELINE.id, BASELINE]]);
  const add = (id: string, alias: string | undefined, chain: readonly ChainLink[]): void => {
    states.set(id, stateOf(id, alias, chain));
  };
  const below = (id: string, base: string): readonly ChainLink[] => {
    const suggestion = SUGGESTIONS.find(({ name }) => base === `review/${name}`);
    if (suggestion !== undefined) suggest(suggestion);
    const found = [...states.values()].find((state) => state.id === base || state.alias === base);
    if (found === undefined) throw new RangeError(`${id}: no state ${base} to stand on`);
    return found.chain;
  };
  const suggest = ({ name, base, on, ...suggestion }: Suggestion): void => {
    const id = `review/${name}`;
    if (states.has(id)) return;
    add(id, undefined, [...below(id, base), { ...suggestion, id, place: `review of ${on}` }]);
  };
  for (const { id, base, patches, author, date } of SERIES) {
    const chain = [...below(id, base)];
    for (const [index, patch] of patches.entries()) {
      const number = index + 1;
      const last = number === patches.length;
      const place = `${id} ${number}/${patches.length}`;
      chain.push({ ...patch, id: `${id}.${number}`, place, author, date });
      add(last ? id : `${id}.${number}`, last ? `${id}.${number}` : undefined, [...chain]);
    }
  }
  for (const suggestion of SUGGESTIONS) suggest(suggestion);
  return states;
}

/** The state before every series: what it breaks, later states have inherited. */
export const BASELINE: State = stateOf('baseline', undefined, []);

const STATES: ReadonlyMap<string, State> = build();

/** Every state, in the order of the series. */
export function allStates(): readonly State[] {
  return [...STATES.values()];
}

/** The state of that id or alias. */
export function findState(id: string): State | undefined {
  return STATES.get(id) ?? allStates().find((state) => state.alias === id);
}

/** The baseline, the end of each series, and each suggestion right behind the state it was asked of. */
export function seriesEndsAndSuggestions(): readonly State[] {
  const ends = ['baseline', ...SERIES.map(({ id }) => id)];
  const suggested = SUGGESTIONS.flatMap(({ base, name }) => [base, `review/${name}`]);
  return [...new Set([...ends, ...suggested])].flatMap((id) => STATES.get(id) ?? []);
}
