// SPDX-License-Identifier: GPL-2.0-only
import { relative } from 'node:path';
import { UserError } from '../text/user-error.ts';
import { cDiffs, cSource } from './c-source.ts';
import { flatten, type Flattened } from './flatten.ts';
import { functionDiffs } from './function-diffs.ts';
import { writtenText } from './layout.ts';
import { Modules } from './modules.ts';
import type { EffectiveSource, FunctionDiff, SourceFunction, Sources, StateRef } from './effective-source.ts';

/** The states' sources under a package root. Loads the parser: reach it through openSources(). */
export class SourceTree implements Sources {
  readonly modules: Modules;
  readonly #flattened = new Map<string, Flattened>();

  constructor(root: string) {
    this.modules = new Modules(root);
  }

  effectiveSource(state: StateRef): EffectiveSource {
    if (state.c !== undefined) return cSource(state.id, state.c);
    const functions = [...this.flattened(state).functions].map(
      ([method, written]): [string, SourceFunction] => {
        const { node, kernelFunction, patch } = written;
        const file = relative(this.modules.root, node.getSourceFile().getFilePath());
        const line = node.getStartLineNumber();
        return [method, { method, kernelFunction, patch, text: writtenText(node), file, line }];
      },
    );
    return { state: state.id, functions: new Map(functions) };
  }

  diffStates(from: StateRef, to: StateRef): FunctionDiff[] {
    if (from.c !== undefined && to.c !== undefined) return cDiffs(from.c, to.c);
    const [c, other] = from.c === undefined ? [to, from] : [from, to];
    if (c.c !== undefined) throw new UserError(`${c.id} is C and ${other.id} is not: no function to compare`);
    return functionDiffs(this.flattened(from), this.flattened(to));
  }

  /** The methods of a state as syntax. */
  flattened(state: StateRef): Flattened {
    const known = this.#flattened.get(state.id);
    if (known !== undefined) return known;
    const flattened = flatten(this.modules, state);
    this.#flattened.set(state.id, flattened);
    return flattened;
  }
}
