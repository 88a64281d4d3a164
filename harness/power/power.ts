// SPDX-License-Identifier: GPL-2.0-only
/**
 * How much a comparison would notice: small mistakes in a state's code, each held against the state. Loads
 * the parser: a command imports it when it is asked for this.
 */
import { relative } from 'node:path';
import type { Scenario } from '../run/scenario.ts';
import { SourceTree } from '../source/source-tree.ts';
import type { Written } from '../source/flatten.ts';
import type { State } from '../subject/state.ts';
import { packageRoot } from '../text/package-root.ts';
import { drawn } from './drawn.ts';
import { whyEquivalent } from './equivalent.ts';
import { Gauge, type Noticed } from './gauge.ts';
import { Replaceable } from './mutated-state.ts';
import { mutatedText, type Mutation } from './mutation.ts';
import { mutationsOf } from './operators.ts';
import { Signatures } from './signatures.ts';
import { touchedLines } from './touched-lines.ts';

/** A small mistake, as text. */
export interface Mistake {
  /** Relative to the package. */
  readonly file: string;
  readonly line: number;
  readonly method: string;
  /** The kernel's name for the method; undefined for a helper. */
  readonly kernelFunction: string | undefined;
  /** The patch that wrote the method last, or the root. */
  readonly patch: string;
  readonly operator: string;
  /** The code, and with the mistake in it; '' where a statement is gone. */
  readonly before: string;
  readonly after: string;
}

/** A mistake that was made, and what was noticed of it. */
export interface Made extends Mistake, Noticed {}

/** A mistake that was not made: nothing could tell it from the code. */
export interface Equivalent extends Mistake {
  readonly reason: string;
}

/** What a comparison would notice of mistakes in a state. */
export interface Power {
  /** The state whose changes since then are looked at; undefined: all of `to`. */
  readonly from: string | undefined;
  readonly to: string;
  readonly cases: number;
  /** Mistakes that there are, before some were drawn. */
  readonly possible: number;
  readonly made: readonly Made[];
  readonly equivalent: readonly Equivalent[];
  /** Methods that are reached through `super` alone, which are left as they are. */
  readonly left: readonly string[];
}

export interface PowerOptions {
  /** Draws that many of the mistakes. */
  readonly sample?: { readonly seed: number; readonly count: number };
  /** Folder with the sources of the states: the package's own. */
  readonly root?: string;
  progress?(done: number, total: number): void;
}

/** What is left to do, once the sources are read. */
export interface PowerWork {
  /** Makes the mistakes, one after the other. Never waits for anything. */
  run(): Power;
}

/** Mistakes on the lines that the patches between two states touch, or anywhere in `to`. UserError without sources. */
export async function preparePower(
  from: State | undefined,
  to: State,
  cases: readonly Scenario[],
  options: PowerOptions = {},
): Promise<PowerWork> {
  const root = options.root ?? packageRoot();
  const tree = new SourceTree(root);
  const flattened = tree.flattened(to);
  const before = from && tree.flattened(from);
  const signatures = new Signatures(tree.modules, flattened);
  const isTop = ({ method, node }: Written): boolean => method === node.getName();
  const written = [...flattened.functions.values()];
  const mutations = written.filter(isTop).flatMap((one) => {
    const lines = before && touchedLines(one, before);
    return lines?.size === 0
      ? []
      : mutationsOf(one, signatures).filter(({ line }) => lines?.has(line) ?? true);
  });
  const mistakeOf = (mutation: Mutation): Mistake => told(mutation, root);
  const equivalent: Equivalent[] = [];
  const rest: Mutation[] = [];
  for (const mutation of options.sample === undefined ? mutations : drawn(mutations, options.sample)) {
    const reason = whyEquivalent(mutation, signatures);
    if (reason === undefined) rest.push(mutation);
    else equivalent.push({ ...mistakeOf(mutation), reason });
  }
  const methods = new Map<Written, Replaceable>();
  for (const one of new Set(rest.map((mutation) => mutation.written))) {
    methods.set(one, await Replaceable.of(to, one));
  }
  return {
    run() {
      const gauge = new Gauge(to, cases);
      const reached = new Map(
        [...methods].map(([one, method]) => [one, gauge.casesThat((tell) => method.watched(tell))]),
      );
      const made = rest.map((mutation, index): Made => {
        options.progress?.(index, rest.length);
        const mutant = methods.get(mutation.written)?.with(mutatedText(mutation)) ?? to;
        const at = reached.get(mutation.written) ?? [];
        return { ...mistakeOf(mutation), ...gauge.measure(mutant, mutation.written.method, at) };
      });
      options.progress?.(rest.length, rest.length);
      return {
        from: from?.id,
        to: to.id,
        cases: cases.length,
        possible: mutations.length,
        made,
        equivalent,
        left: written.filter((one) => !isTop(one)).map(({ method }) => method),
      };
    },
  };
}

function told({ written, operator, line, before, after }: Mutation, root: string): Mistake {
  const { method, kernelFunction, patch, node } = written;
  const file = relative(root, node.getSourceFile().getFilePath()).replaceAll('\\', '/');
  return { file, line, method, kernelFunction, patch, operator, before, after };
}
