// SPDX-License-Identifier: GPL-2.0-only
/** States by expression: known states with patches added, in whole or in part, or left out. */
import { ExpressionError, parseExpression, short, type Term } from '../harness/subject/expression.ts';
import { DMA_OPS, type State } from '../harness/subject/state.ts';
import { ownMethods, type AnyClass } from './instrument.ts';
import type { Link, Patched, SwiotlbClass, Written } from './patch.ts';
import { allMethods, calledBy, isGone, rebaseOnto, type Body, type Rebase } from './rebase.ts';

/** A patch as posted, and the patches below it there. */
interface Posted {
  readonly posted: Link;
  readonly on: readonly Link[];
}

/** What makes a subject's states. */
interface States {
  all(): readonly State[];
  readonly patches: ReadonlyMap<string, Posted>;
  chainOf(state: State): readonly Link[];
  classes(links: readonly Link[]): { dmaIommu: Patched; swiotlb: PatchedSwiotlb | undefined };
  extended(id: string, base: State, link: Link): State;
}

type PatchedSwiotlb = SwiotlbClass & Written;
type File = 'dmaIommu' | 'swiotlb';

/** The states of a subject that are given as expressions. */
export class Expressions {
  readonly #states: States;
  readonly #known = new Map<string, State>();
  /** Of a patch that was rebased: the one it was, and which functions of it are wanted. */
  readonly #origins = new WeakMap<Link, Pick<Term, 'patch' | 'only'>>();

  constructor(states: States) {
    this.#states = states;
  }

  /** The state; undefined when the text begins with no state of the subject. ExpressionError when it is none. */
  state(text: string): State | undefined {
    const known = this.#known.get(text);
    if (known !== undefined) return known;
    const byName = new Map(
      this.#states
        .all()
        .flatMap((state) => [[state.id, state] as const, [state.alias ?? state.id, state] as const]),
    );
    const parsed = parseExpression(text, [...byName.keys()], [...this.#states.patches.keys()]);
    const head = parsed && byName.get(parsed.head);
    if (parsed === undefined || head === undefined) return undefined;
    let state = head;
    for (const term of parsed.terms) state = this.#applied(state, term);
    this.#assertWhole(state);
    this.#known.set(text, state);
    return state;
  }

  #applied(state: State, { sign, patch, only }: Term): State {
    const chain = this.#states.chainOf(state);
    if (sign === '+') return this.#added(state, { patch, only }, `${state.id}+${nameOf({ patch, only })}`);
    if (only !== undefined) {
      throw new ExpressionError(`-${patch}:${short(only.join(','))}: only a whole patch can be left out`);
    }
    const index = chain.findIndex(({ id }) => id === patch);
    if (index < 0) {
      const has = chain.map(({ id }) => id).join(', ');
      throw new ExpressionError(
        `${state.id} has no patch ${patch} to leave out; it has ${has === '' ? 'none' : has}`,
      );
    }
    const later = chain.slice(index + 1);
    let below = state;
    for (let left = chain.length - index; left > 0; left--) below = below.below ?? below;
    const id = `${state.id}-${patch}`;
    // Nothing stands on it: what is left has a name already, and still goes by the one that was asked for.
    if (later.length === 0) return this.#renamed(below, id);
    return later.reduce((base, link, i) => {
      const origin = this.#origins.get(link) ?? { patch: link.id, only: undefined };
      return this.#added(base, origin, i + 1 === later.length ? id : `${base.id}+${nameOf(origin)}`);
    }, below);
  }

  /** The same state by another name. */
  #renamed(state: State, id: string): State {
    const last = this.#states.chainOf(state).at(-1);
    if (last === undefined || state.below === undefined) return state;
    return this.#states.extended(id, state.below, last);
  }

  #added(base: State, origin: Pick<Term, 'patch' | 'only'>, id: string): State {
    const chain = this.#states.chainOf(base);
    const found = this.#states.patches.get(origin.patch);
    if (found === undefined) throw new ExpressionError(`no patch ${short(origin.patch)}`);
    const { posted, on } = found;
    const twice = chain.find((link) => (this.#origins.get(link)?.patch ?? link.id) === posted.id);
    if (twice !== undefined && origin.only === undefined) {
      throw new ExpressionError(`${short(base.id)} has ${posted.id} already`);
    }
    const { only } = origin;
    const has = this.#functionsOf(found);
    const unknown = only?.find((name) => !has.includes(name));
    if (unknown !== undefined) {
      throw new ExpressionError(`${posted.id} has no function ${short(unknown)}; it has ${has.join(', ')}`);
    }
    if (only === undefined && same(chain, on)) return this.#states.extended(id, base, posted);
    const link = this.#rebased(found, only);
    this.#origins.set(link, origin);
    const state = this.#states.extended(id, base, link);
    // Puts it together, which tells whether the patch fits.
    void state.frames;
    return state;
  }

  /** The patch, made to fit on whatever it is applied to. */
  #rebased(found: Posted, only: readonly string[] | undefined): Link {
    const { posted } = found;
    const part = only === undefined ? '' : ` (only ${only.join(', ')})`;
    const link: Link = {
      ...posted,
      id: nameOf({ patch: posted.id, only }),
      subject: `${posted.subject}${part}`,
      claims: only === undefined ? posted.claims : [],
    };
    if ('apply' in posted) {
      link.apply = (Base) => rebaseOnto<Patched>(Base as Patched, this.#rebase(found, only, 'dmaIommu'));
    }
    if ('applyToSwiotlb' in posted) {
      link.applyToSwiotlb = (Base) =>
        rebaseOnto<PatchedSwiotlb>(Base as PatchedSwiotlb, this.#rebase(found, only, 'swiotlb'));
    }
    return link;
  }

  #rebase<F extends File>(
    { posted, on }: Posted,
    only: readonly string[] | undefined,
    file: F,
  ): Rebase<NonNullable<ReturnType<States['classes']>[F]>> {
    type C = NonNullable<ReturnType<States['classes']>[F]>;
    return {
      id: posted.id,
      written: { on: this.#classOf(on, file) as C, as: this.#classOf([...on, posted], file) as C },
      wants: (method) => only?.includes(method) ?? true,
      known: (method) => this.#bodies(method, file),
      writer: (method) => this.#writers(on, method, file).at(-1) ?? 'baseline',
    };
  }

  #classOf(links: readonly Link[], file: File): AnyClass & Written {
    const found = this.#states.classes(links)[file];
    if (found === undefined) throw new RangeError(`no code of ${file}`);
    return found;
  }

  /** The patches of a chain that have a version of the function. */
  #writers(links: readonly Link[], method: string, file: File): string[] {
    return links.flatMap((link, i) =>
      this.#own(links.slice(0, i), link, file).has(method) ? [link.id] : [],
    );
  }

  #own(on: readonly Link[], link: Link, file: File): Map<string, Body['run']> {
    const isTouched = file === 'dmaIommu' ? 'apply' in link : 'applyToSwiotlb' in link;
    return !isTouched ? new Map<string, Body['run']>() : ownMethods(this.#classOf([...on, link], file));
  }

  #bodies(method: string, file: File): Body[] {
    return [...this.#states.patches.values()].flatMap(({ posted, on }) => {
      const run = this.#own(on, posted, file).get(method);
      return run === undefined ? [] : [{ run, module: this.#classOf([...on, posted], file).module }];
    });
  }

  #functionsOf({ posted, on }: Posted): string[] {
    const files: readonly File[] = ['dmaIommu', 'swiotlb'];
    return files.flatMap((file) => [...this.#own(on, posted, file).keys()]);
  }

  /** ExpressionError when something calls what is not there. */
  #assertWhole(state: State): void {
    const methods = allMethods(this.#classOf(this.#states.chainOf(state), 'dmaIommu'));
    const reached = new Set<string>(DMA_OPS);
    for (const caller of reached) {
      const body = methods.get(caller);
      if (body === undefined) continue;
      for (const name of calledBy(body)) {
        const callee = methods.get(name);
        if (callee === undefined || isGone(callee)) throw this.#dangling(state, caller, name);
        reached.add(name);
      }
    }
  }

  #dangling(state: State, caller: string, callee: string): ExpressionError {
    const by = state.frames.find(({ method }) => method === caller)?.patch ?? 'baseline';
    const found = this.#states.patches.get(by.split(':')[0] ?? by);
    const on = found === undefined ? [] : [...found.on, found.posted];
    const gone = state.frames.find(({ method }) => method === callee)?.patch;
    if (gone !== undefined) {
      return new ExpressionError(`${caller} of ${by} calls ${callee}, which ${gone} takes out`);
    }
    const adds = this.#writers(on, callee, 'dmaIommu')[0];
    const whence = adds === undefined ? 'is not there' : `${adds} adds`;
    return new ExpressionError(`${caller} of ${by} calls ${callee}, which ${whence}`);
  }
}

/** `v3.2:mapPage,mapSg` */
function nameOf({ patch, only }: Pick<Term, 'patch' | 'only'>): string {
  return only === undefined ? patch : `${patch}:${only.join(',')}`;
}

function same(a: readonly Link[], b: readonly Link[]): boolean {
  return a.length === b.length && a.every((link, i) => link === b[i]);
}
