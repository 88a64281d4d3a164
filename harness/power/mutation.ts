// SPDX-License-Identifier: GPL-2.0-only
/** A small mistake in code. */
import { Node } from 'ts-morph';
import type { Written } from '../source/flatten.ts';

/** What kinds of mistakes are made. */
export const OPERATORS = [
  'condition negated',
  'condition always true',
  'condition always false',
  'operand dropped',
  'and for or',
  'comparison',
  'arithmetic',
  'number ± 1',
  'flag turned round',
  'size ± 1',
  'another value of the type',
  'arguments swapped',
  'direction',
  'attributes',
  'rights',
  'other side of an entry',
  'other function',
  'statement deleted',
  'statements swapped',
  'return before the end',
] as const;
export type Operator = (typeof OPERATORS)[number];

/** One mistake: a piece of a file's text is another one. */
export interface Change {
  readonly operator: Operator;
  /** What is replaced, of the text of its file. */
  readonly start: number;
  readonly end: number;
  readonly replacement: string;
  /** Line of the file, from 1. */
  readonly line: number;
  /** What is changed; of two swapped statements, the first. */
  readonly node: Node;
  /** Where it stands, in one line, and what becomes of that. */
  readonly before: string;
  readonly after: string;
}

/** The two statements that stand in each other's place; undefined: it is another kind of mistake. */
export function swappedIn({ operator, node }: Change): readonly [Node, Node] | undefined {
  if (operator !== 'statements swapped') return undefined;
  const next = node.getNextSibling((sibling) => !Node.isCommentStatement(sibling));
  return next === undefined ? undefined : [node, next];
}

/** A mistake in a method of a state. */
export interface Mutation extends Change {
  readonly written: Written;
}

/** The method with the mistake in it, from its name on. */
export function mutatedText({ written: { node }, start, end, replacement }: Mutation): string {
  const whole = node.getSourceFile().getFullText();
  return whole.slice(node.getNameNode().getStart(), start) + replacement + whole.slice(end, node.getEnd());
}
