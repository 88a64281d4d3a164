// SPDX-License-Identifier: GPL-2.0-only
/**
 * A patch on another base than it was written for. Function by function, what the patch changes is merged
 * into what stands there; what runs is always a body that somebody has written: a merge whose result is
 * written nowhere is refused, like a conflict.
 */
import { diffArrays } from 'diff';
import { ExpressionError } from '../harness/subject/expression.ts';
import { ownMethods, type AnyClass } from './instrument.ts';
import type { Written } from './patch.ts';
import { statementsOf } from './statements.ts';

/** A function of a class, with the class that has it. */
export interface Body {
  readonly run: (...args: readonly unknown[]) => unknown;
  readonly module: string;
}

/** What a rebase has to know. */
export interface Rebase<C> {
  /** The patch. */
  readonly id: string;
  /** The class that the patch was written on, and what it made of it. */
  readonly written: { readonly on: C; readonly as: C & Written };
  /** The functions of the patch that are wanted. */
  readonly wants: (method: string) => boolean;
  /** Every body that some patch has written of a function. */
  readonly known: (method: string) => readonly Body[];
  /** Who wrote the function last, in the chain that the patch was written on. */
  readonly writer: (method: string) => string;
}

/** The class on top of Base that has the patch's functions. ExpressionError when they do not fit on it. */
export function rebaseOnto<C extends AnyClass>(Base: C, rebase: Rebase<C>): C & Written {
  const { id, written, wants, known, writer } = rebase;
  const [before, now] = [allMethods(written.on), allMethods(Base)];
  const byModule = new Map<string, Map<string, Body['run']>>([[written.as.module, new Map()]]);
  for (const [method, theirs] of ownMethods(written.as)) {
    if (!wants(method)) continue;
    const text = merged(textOf(before.get(method)), textOf(now.get(method)), textOf(theirs));
    const own = { run: theirs, module: written.as.module };
    const body = [own, ...known(method)].find(({ run }) => text !== undefined && sameCode(textOf(run), text));
    if (body === undefined) throw new ExpressionError(`${id} rewrites ${method} on top of ${writer(method)}`);
    const methods = byModule.get(body.module) ?? new Map<string, Body['run']>();
    byModule.set(body.module, methods.set(method, body.run));
  }
  let Class: C = Base;
  for (const [module, methods] of byModule) Class = withMethods(Class, module, methods);
  return Class as C & Written;
}

/** Classes that were put together here, of methods of others. */
const PARTS = new WeakSet<AnyClass>();

/** Whether the class has methods of the one in its module, but not all of them. */
export function isPart(Class: AnyClass): boolean {
  return PARTS.has(Class);
}

function withMethods<C extends AnyClass>(Base: C, module: string, methods: ReadonlyMap<string, unknown>): C {
  const Class = class extends Base {
    static readonly module = module;
  };
  PARTS.add(Class);
  for (const [name, value] of methods) {
    Object.defineProperty(Class.prototype, name, { value, writable: true, configurable: true });
  }
  return Class;
}

/** The methods of a class and of all below it, as they run. */
export function allMethods(Class: AnyClass): Map<string, Body['run']> {
  const below: unknown = Object.getPrototypeOf(Class);
  const inherited = typeof below === 'function' && 'prototype' in below && below.prototype !== undefined;
  return new Map([...(inherited ? allMethods(below as AnyClass) : []), ...ownMethods(Class)]);
}

/** Whether it stands for a function that a patch has deleted. */
export function isGone(body: Body['run']): boolean {
  return /\breturn (\(0, \w+\.)?gone\b/.test(String(body));
}

/** Methods of `this` that a body calls. */
export function calledBy(body: Body['run']): readonly string[] {
  return [...String(body).matchAll(/\bthis\.(\w+)\(/g)].flatMap(([, name]) => name ?? []);
}

/** Its statements; none: the function is not there. */
function textOf(body: Body['run'] | undefined): readonly string[] {
  return body === undefined ? [] : statementsOf(String(body));
}

function sameCode(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((statement, i) => statement === b[i]);
}

/** Statements of the base that a side has replaced: [from, to) of the base become `lines`. */
interface Change {
  readonly from: number;
  readonly to: number;
  readonly lines: readonly string[];
}

/** Both sides' changes of the base; undefined where they touch the same statements or the same place. */
export function merged(
  base: readonly string[],
  ours: readonly string[],
  theirs: readonly string[],
): readonly string[] | undefined {
  if (sameCode(ours, theirs) || sameCode(ours, base)) return theirs;
  if (sameCode(theirs, base)) return ours;
  const [mine, other] = [changes(base, ours), changes(base, theirs)];
  const collide = mine.some((a) =>
    other.some((b) => a.from < b.to + Number(b.from === b.to) && b.from < a.to + Number(a.from === a.to)),
  );
  if (collide) return undefined;
  const result = [...base];
  for (const { from, to, lines } of [...mine, ...other].toSorted((a, b) => b.from - a.from || b.to - a.to)) {
    result.splice(from, to - from, ...lines);
  }
  return result;
}

function changes(base: readonly string[], side: readonly string[]): Change[] {
  const found: Change[] = [];
  let at = 0;
  let open: { from: number; to: number; lines: string[] } | undefined;
  for (const { added, removed, value } of diffArrays([...base], [...side])) {
    if (!added && !removed) {
      at += value.length;
      open = undefined;
      continue;
    }
    if (open === undefined) found.push((open = { from: at, to: at, lines: [] }));
    if (added) open.lines.push(...value);
    else open.to = at += value.length;
  }
  return found;
}
