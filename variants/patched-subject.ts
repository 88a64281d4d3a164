// SPDX-License-Identifier: GPL-2.0-only
/** The states of a subject whose patches are class functions: every prefix of a series, every suggestion. */
import {
  KERNEL_FILES,
  type CodeLayer,
  type Frame,
  type KernelFile,
  type State,
} from '../harness/subject/state.ts';
import { indexStates, type Authored, type StatePair, type Subject } from '../harness/subject/subject.ts';
import type { DmaOpsClass } from './dma-ops.ts';
import { instrument, ownMethods, type AnyClass, type Layer } from './instrument.ts';
import { Expressions } from './expressions.ts';
import { isPart } from './rebase.ts';
import type { Link, Patched, Review, Series, SwiotlbClass, Written } from './patch.ts';

/** What a subject is made of. */
export interface SubjectDefinition {
  /** Its states are `ID/…`; empty: their ids are plain. */
  readonly id: string;
  readonly title: string;
  /** Where its series are listed: import.meta.url. */
  readonly module: string;
  /** What the code of the root is, in a line. */
  readonly origin: string;
  /** The code before every patch; of a file that is not given, the machine's own runs. */
  readonly code: { readonly dmaIommu: Patched; readonly swiotlb?: SwiotlbClass & Written };
  /** In the order they were posted. */
  readonly series: readonly Series[];
  readonly review: Review;
}

/** What a state's patches come to. */
interface Whole {
  readonly dmaIommu: DmaOpsClass;
  readonly swiotlb: SwiotlbClass | undefined;
  readonly frames: readonly Frame[];
  readonly code: readonly CodeLayer[];
}

/** The subject, its states put together when they first run. Throws when two of them have the same id. */
export function patchedSubject(definition: SubjectDefinition): Subject {
  const { id, title, code, series, review } = definition;
  const states = new States(definition);
  const { root } = states;
  const authored: Authored[] = [];
  const pairs: StatePair[] = [];
  for (const posted of series) {
    const from = authored.at(-1)?.state ?? states.named(posted.base, posted.id);
    const state = states.addSeries(posted);
    authored.push({ state, modules: () => [posted.module], listedIn: definition.module });
    pairs.push({ kind: 'step', from, to: state });
  }
  const ends = [root, ...authored.map(({ state }) => state)];
  const last = ends.at(-1);
  if (last !== undefined && ends.length > 2) pairs.push({ kind: 'whole', from: root, to: last });
  for (const { name, base } of review.suggestions) {
    const from = states.named(base, `review/${name}`);
    const state = states.named(`review/${name}`, 'a pair');
    const modules = (): string[] =>
      (state.code ?? []).filter((layer) => layer.id === state.id).map(({ module }) => module);
    authored.push({ state, modules, listedIn: review.module });
    pairs.push({ kind: 'suggestion', from, to: state });
  }
  const files = Object.keys(code) as KernelFile[];
  const all = states.all();
  const expressions = new Expressions(states);
  const expressed = (text: string): State | undefined => expressions.state(text);
  return { id, title, root, files, states: all, ends, pairs, authored, expressed };
}

/** The states of a subject while they are made. */
class States {
  readonly root: State;
  readonly #definition: SubjectDefinition;
  readonly #states: State[] = [];
  /** Suggestions that nothing stands on come last. */
  readonly #waiting: Map<string, Review['suggestions'][number]>;
  readonly #chains = new WeakMap<State, readonly Link[]>();
  /** What is made from now on was not posted. */
  #sealed = false;
  readonly #links = new Map<string, { posted: Link; on: readonly Link[] }>();

  constructor(definition: SubjectDefinition) {
    this.#definition = definition;
    this.#waiting = new Map(definition.review.suggestions.map((asked) => [`review/${asked.name}`, asked]));
    this.root = this.#stateOf(this.#idOf('baseline'), undefined, undefined, undefined);
    this.#states.push(this.root);
  }

  /** The patches of a state, with their code. */
  chainOf(state: State): readonly Link[] {
    return this.#chains.get(state) ?? [];
  }

  /** The patches of all states, as posted, and what each was written on. */
  get patches(): ReadonlyMap<string, { readonly posted: Link; readonly on: readonly Link[] }> {
    return this.#links;
  }

  /** The classes of the root with these patches. */
  classes(links: readonly Link[]): { dmaIommu: Patched; swiotlb: (SwiotlbClass & Written) | undefined } {
    const { code } = this.#definition;
    const dmaIommu = links.reduce((Base: Patched, link) => link.apply?.(Base) ?? Base, code.dmaIommu);
    const start = code.swiotlb;
    const swiotlb =
      start && links.reduce((Base: typeof start, link) => link.applyToSwiotlb?.(Base) ?? Base, start);
    return { dmaIommu, swiotlb };
  }

  /** A state that nobody posted: one more patch on another. */
  extended(id: string, base: State, link: Link): State {
    return this.#stateOf(id, undefined, base, link, base.root);
  }

  /** Every state, all suggestions included. */
  all(): readonly State[] {
    for (const name of this.#waiting.keys()) this.named(name, name);
    indexStates(this.#states);
    this.#sealed = true;
    return this.#states;
  }

  /** The state that goes by this name inside the subject; `user` stands on it. */
  named(name: string, user: string): State {
    const id = this.#idOf(name);
    const found = this.#states.find((state) => state.id === id || state.alias === id);
    if (found !== undefined) return found;
    const asked = this.#waiting.get(name);
    if (asked === undefined) throw new RangeError(`${user}: no state ${name} to stand on`);
    this.#waiting.delete(name);
    const base = this.named(asked.base, name);
    const link = { ...asked, id, place: `review of ${asked.on}`, declared: [] };
    const state = this.#stateOf(id, undefined, base, link, base);
    this.#states.push(state);
    return state;
  }

  /** Adds every prefix of a series; the last one. */
  addSeries({ id, base, patches, author, date, declared = [] }: Series): State {
    let state = this.named(base, id);
    for (const [index, posted] of patches.entries()) {
      const prefix = this.#idOf(`${id}.${index + 1}`);
      const last = index + 1 === patches.length;
      const place = `${id} ${index + 1}/${patches.length}`;
      const link = { ...posted, id: prefix, place, author, date, declared };
      state = this.#stateOf(last ? this.#idOf(id) : prefix, last ? prefix : undefined, state, link);
      this.#states.push(state);
    }
    return state;
  }

  #idOf(name: string): string {
    const { id } = this.#definition;
    return id === '' ? name : `${id}/${name}`;
  }

  /** The state that a patch makes of the one below it. */
  #stateOf(
    id: string,
    alias: string | undefined,
    below: State | undefined,
    link: Link | undefined,
    root: State | undefined = this.root,
  ): State {
    const chain = [...((below && this.#chains.get(below)) ?? []), ...(link === undefined ? [] : [link])];
    let built: Whole | undefined;
    const whole = (): Whole => (built ??= putTogether(this.#definition, this.#idOf('baseline'), chain));
    const state: State = {
      id,
      alias,
      origin: this.#definition.origin,
      get root() {
        return root ?? state;
      },
      below,
      chain,
      get frames() {
        return whole().frames;
      },
      get code() {
        return whole().code;
      },
      install(machine) {
        const { dmaIommu: Ops, swiotlb: Code } = whole();
        if (Code !== undefined) machine.swiotlb = new Code(machine);
        return new Ops(machine);
      },
      with: (patches) =>
        patches.reduce((base, patch) => {
          const own = state.chain.includes(patch) ? (patch as Link) : undefined;
          const added = own ?? this.#links.get(patch.id)?.posted;
          if (added === undefined) throw new RangeError(`no patch ${patch.id} in this subject`);
          return this.#stateOf(`${base.id} + ${patch.id}`, undefined, base, added, base.root);
        }, state),
    };
    this.#chains.set(state, chain);
    if (link !== undefined && below !== undefined && !this.#sealed && !this.#links.has(link.id)) {
      this.#links.set(link.id, { posted: link, on: this.chainOf(below) });
    }
    return state;
  }
}

/** Applies the patches to the classes of the root. */
function putTogether({ id, code }: SubjectDefinition, rootId: string, chain: readonly Link[]): Whole {
  const stray = code.swiotlb === undefined && chain.find((link) => 'applyToSwiotlb' in link);
  if (stray) throw new RangeError(`${stray.id} changes ${KERNEL_FILES.swiotlb}, which ${id} has no code of`);
  const dmaIommu = layersOf(code.dmaIommu, rootId, chain, (link, Base) => link.apply?.(Base));
  const swiotlb =
    code.swiotlb && layersOf(code.swiotlb, rootId, chain, (link, Base) => link.applyToSwiotlb?.(Base));
  const ops = instrument(dmaIommu);
  const pool = swiotlb && instrument(swiotlb, ops.frames.length);
  return {
    dmaIommu: ops.Class,
    swiotlb: pool?.Class,
    frames: [...ops.frames, ...(pool?.frames ?? [])],
    code: [...described('dmaIommu', dmaIommu), ...described('swiotlb', swiotlb ?? [])],
  };
}

function layersOf<C extends AnyClass & Written>(
  root: C,
  id: string,
  chain: readonly Link[],
  apply: (link: Link, Base: C) => C | undefined,
): Layer<C>[] {
  const layers: Layer<C>[] = [{ id, Class: root }];
  let Class = root;
  for (const link of chain) {
    const patched = apply(link, Class);
    if (patched === undefined) continue;
    // A patch that was rebased may have taken bodies from several modules: a class for each.
    const made: C[] = [];
    for (let each = patched; each !== Class; each = Object.getPrototypeOf(each) as C) made.unshift(each);
    layers.push(...made.map((each) => ({ id: link.id, Class: each })));
    Class = patched;
  }
  return layers;
}

function described(file: KernelFile, layers: readonly Layer<AnyClass & Written>[]): CodeLayer[] {
  return layers.map(({ id, Class }) => ({
    id,
    file,
    module: Class.module,
    methods: [...ownMethods(Class).keys()],
    ...(isPart(Class) && { isPart: true as const }),
  }));
}
