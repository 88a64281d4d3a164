// SPDX-License-Identifier: GPL-2.0-only
/** Helpers that a state puts into their callers: what the state before it would look like with that done. */
import { Node, type MethodDeclaration } from 'ts-morph';
import type { Written } from './flatten.ts';
import type { Renaming } from './layout.ts';
import { structure } from './structure.ts';

/** A helper, and the caller that only hands on to it and takes its code over. */
export interface Fold {
  readonly helper: string;
  readonly into: string;
  /** The caller is then the same as in the other state, by `structure`. */
  readonly exact: boolean;
}

/** A state with the helpers that the other one lacks put into their callers. */
export interface Folded {
  readonly folds: readonly Fold[];
  /** The code that stands for a method of this state: its own, or that of the helper folded into it. */
  code(written: Written): Code;
}

/** Code, and how the names in it are to be read. */
export interface Code {
  readonly node: MethodDeclaration;
  readonly renaming: Renaming;
}

/**
 * Folds the helpers of `functions` that `other` does not have. Only a caller that does nothing but
 * hand its own parameters on, all of them and in order, takes a helper over: then the two are the same
 * function, and so are their calls.
 */
export function foldHelpers(
  functions: ReadonlyMap<string, Written>,
  other: ReadonlyMap<string, Written>,
): Folded {
  const candidates = [...functions].flatMap(([into, { node }]) => {
    const helper = delegate(node, functions);
    const target = other.get(into);
    if (helper === undefined || other.has(helper) || target === undefined) return [];
    // A caller that still only hands on has taken nothing over.
    return delegate(target.node, other) === undefined ? [{ helper, into, target }] : [];
  });
  const chosen = choose(candidates, functions);
  const calls = new Map(chosen.map(({ helper, into }) => [helper, into]));
  const folds = chosen.map(({ helper, into, target }): Fold => {
    const node = functions.get(helper)?.node;
    return { helper, into, exact: node !== undefined && structure(node, calls) === structure(target.node) };
  });
  return {
    folds,
    code: ({ method, node }) => {
      const fold = folds.find(({ into }) => into === method);
      const helper = functions.get(fold?.helper ?? '')?.node;
      return { node: helper ?? node, renaming: { name: node.getName(), calls } };
    },
  };
}

interface Candidate {
  readonly helper: string;
  readonly into: string;
  readonly target: Written;
}

/** One caller a helper: the only one, or the one whose code in the other state says so. */
function choose(candidates: readonly Candidate[], functions: ReadonlyMap<string, Written>): Candidate[] {
  const helpers = [...new Set(candidates.map(({ helper }) => helper))];
  return helpers.flatMap((helper) => {
    const node = functions.get(helper)?.node;
    const callers = candidates.filter((candidate) => candidate.helper === helper);
    if (node === undefined || callers.length === 1) return callers;
    const same = callers.find(
      ({ into, target }) => structure(node, new Map([[helper, into]])) === structure(target.node),
    );
    return same === undefined ? [] : [same];
  });
}

/** The helper that a method hands its parameters on to, when it does nothing else. */
function delegate(method: MethodDeclaration, functions: ReadonlyMap<string, Written>): string | undefined {
  const [only, ...more] = method.getStatements();
  const isCall = Node.isReturnStatement(only) || Node.isExpressionStatement(only);
  if (!isCall || more.length > 0) return undefined;
  const call = only.getExpression();
  if (!Node.isCallExpression(call)) return undefined;
  const callee = call.getExpression();
  if (!Node.isPropertyAccessExpression(callee) || !Node.isThisExpression(callee.getExpression())) {
    return undefined;
  }
  const helper = functions.get(callee.getName());
  if (helper === undefined) return undefined;
  const given = call.getArguments().map((argument) => argument.getText());
  const own = method.getParameters();
  const taken = helper.node.getParameters();
  const plain = [...own, ...taken].every(
    (parameter) =>
      Node.isIdentifier(parameter.getNameNode()) && !parameter.isOptional() && !parameter.isRestParameter(),
  );
  const handsOn = plain && taken.length === own.length && own.map((p) => p.getName()).join() === given.join();
  // Without `return`, what the helper returns would be lost.
  const keepsResult = Node.isReturnStatement(only) || helper.node.getReturnTypeNode()?.getText() === 'void';
  return handsOn && keepsResult ? helper.method : undefined;
}
