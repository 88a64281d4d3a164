// SPDX-License-Identifier: GPL-2.0-only
/** Makes a state tell the kernel which of its methods runs, and which patch that method is from. */
import type { Frame } from '../harness/subject/state.ts';
import type { StateClass } from './patch.ts';

/** Any class of a state's code. */
// oxlint-disable-next-line typescript/no-explicit-any -- a class is taken for its prototype only
export type AnyClass = new (...args: any[]) => object;

/** A class on the way from the root to a state, and the patch that made it. */
export interface Layer<C = StateClass> {
  readonly id: string;
  readonly Class: C;
}

type Method = (...args: readonly unknown[]) => unknown;

/** What announced methods tell. */
interface Announcer {
  readonly kernel: { enter(frame: number): void; leave(): void };
}

/** The methods that a class itself has. */
export function ownMethods(Class: AnyClass): Map<string, Method> {
  const own = Object.entries(Object.getOwnPropertyDescriptors(Class.prototype as object));
  const methods = own.filter(([name, { value }]) => name !== 'constructor' && typeof value === 'function');
  return new Map(methods.map(([name, { value }]) => [name, value as Method]));
}

/**
 * The last layer's class with every method announced to the kernel, and its frames, which go on from
 * `first`. Nothing of the layers changes.
 */
export function instrument<C extends AnyClass>(
  layers: readonly Layer<C>[],
  first = 0,
): { Class: C; frames: readonly Frame[] } {
  const methods = new Map<string, { patch: string; body: Method }>();
  for (const { id, Class } of layers) {
    for (const [name, body] of ownMethods(Class)) methods.set(name, { patch: id, body });
  }
  const last = layers.at(-1);
  if (last === undefined) throw new RangeError('a state has at least its root');
  const Class = class extends last.Class {};
  const frames: Frame[] = [];
  for (const [method, { patch, body }] of methods) {
    const frame = first + frames.push({ method, patch }) - 1;
    Object.defineProperty(Class.prototype, method, { value: announced(frame, body) });
  }
  return { Class, frames };
}

function announced(frame: number, body: Method): Method {
  // Fixed parameters instead of a rest parameter: this runs on every call of every method.
  return function (this: Announcer, a, b, c, d, e, f, g) {
    this.kernel.enter(frame);
    const result = body.call(this, a, b, c, d, e, f, g);
    this.kernel.leave();
    return result;
  };
}
