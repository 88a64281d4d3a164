// SPDX-License-Identifier: GPL-2.0-only
/** Makes a state tell the kernel which of its methods runs, and which patch that method is from. */
import type { Baseline } from './baseline.ts';
import type { DmaOpsClass } from './dma-ops.ts';
import type { StateClass } from './patch.ts';

/** A method of a state. */
export interface Frame {
  readonly method: string;
  /** `baseline`, or the patch that wrote it last: `v3.2`. */
  readonly patch: string;
}

/** A class on the way from the baseline to a state, and the patch that made it. */
export interface Layer {
  readonly id: string;
  readonly Class: StateClass;
}

type Method = (...args: readonly unknown[]) => unknown;

/** The last layer's class with every method announced to the kernel. Nothing of the layers changes. */
export function instrument(layers: readonly Layer[]): { Ops: DmaOpsClass; frames: readonly Frame[] } {
  const methods = new Map<string, { patch: string; body: Method }>();
  for (const { id, Class } of layers) {
    const own = Object.getOwnPropertyDescriptors(Class.prototype as object);
    for (const [name, { value }] of Object.entries(own)) {
      if (name !== 'constructor' && typeof value === 'function') {
        methods.set(name, { patch: id, body: value as Method });
      }
    }
  }
  const last = layers.at(-1);
  if (last === undefined) throw new RangeError('a state has at least the baseline');
  const Ops = class extends last.Class {};
  const frames: Frame[] = [];
  for (const [method, { patch, body }] of methods) {
    const frame = frames.push({ method, patch }) - 1;
    Object.defineProperty(Ops.prototype, method, { value: announced(frame, body) });
  }
  return { Ops, frames };
}

function announced(frame: number, body: Method): Method {
  // Fixed parameters instead of a rest parameter: this runs on every call of every method.
  return function (this: Baseline, a, b, c, d, e, f) {
    this.kernel.enter(frame);
    const result = body.call(this, a, b, c, d, e, f);
    this.kernel.leave();
    return result;
  };
}
