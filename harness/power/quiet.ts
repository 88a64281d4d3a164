// SPDX-License-Identifier: GPL-2.0-only
/** Statements that keep something under a name of their function's own, and what may happen before or after them. */
import { Node, SyntaxKind, VariableDeclarationKind } from 'ts-morph';
import { effectsOf } from './effects.ts';
import { assignedIn, isMemberName, writesOf } from './names.ts';

/** What is in a collection changes without anybody giving these members a value. */
const OF_CONTENTS = new Set(['length', 'size', 'byteLength']);

/** What looks into collections, or calls what may. */
const INSIDE: ReadonlySet<SyntaxKind> = new Set([
  SyntaxKind.CallExpression,
  SyntaxKind.NewExpression,
  SyntaxKind.ElementAccessExpression,
  SyntaxKind.SpreadElement,
  SyntaxKind.SpreadAssignment,
  SyntaxKind.ArrayBindingPattern,
  SyntaxKind.TemplateExpression,
]);

/**
 * The statement only gives names of its function's own a value; the other one does not use these names, and neither
 * it nor what it calls changes what the value is made of.
 */
export function isQuiet(statement: Node, other: Node): boolean {
  const kept = keptIn(statement);
  const around = statement.getFirstAncestor((up) => isFunction(up));
  if (kept === undefined || around === undefined) return false;
  const [own, others] = [effectsOf(statement), effectsOf(other)];
  if (own === undefined || others === undefined || own.written.size > 0 || own.changesContents) return false;
  if ([...own.read].some((name) => others.written.has(name))) return false;
  const parts = [statement, ...statement.getDescendants()];
  const looksInside =
    parts.some((part) => INSIDE.has(part.getKind())) || [...own.read].some((name) => OF_CONTENTS.has(name));
  if (others.changesContents && looksInside) return false;
  const names = parts.flatMap((part) =>
    Node.isIdentifier(part) && !isMemberName(part) ? [part.getText()] : [],
  );
  const unsteady = new Set([
    ...assignedIn(other).map((place) => place.getText()),
    ...assignedElsewhere(around),
    ...openVariables(around),
  ]);
  return !names.some((name) => unsteady.has(name)) && !isUsed(kept, other, around);
}

/** The names that the statement gives a value to, and nothing else; undefined: it is of another kind. */
function keptIn(statement: Node): ReadonlySet<string> | undefined {
  const isKind = Node.isVariableStatement(statement) || isAssignment(statement);
  const places = isKind ? assignedIn(statement) : [];
  if (places.length === 0 || !places.every((place) => Node.isIdentifier(place))) return undefined;
  return new Set(places.map((place) => place.getText()));
}

/** Of a variable, where nobody catches what comes between. */
function isAssignment(statement: Node): boolean {
  const expression = Node.isExpressionStatement(statement) ? statement.getExpression() : undefined;
  const isBinary = Node.isBinaryExpression(expression) && Node.isIdentifier(expression.getLeft());
  return isBinary && statement.getFirstAncestorByKind(SyntaxKind.TryStatement) === undefined;
}

function isFunction(node: Node): boolean {
  return Node.isFunctionLikeDeclaration(node) || Node.isFunctionExpression(node);
}

/** Names that a function inside of this one gives a value to. */
function assignedElsewhere(around: Node): string[] {
  const inner = around.getDescendants().filter((node) => isFunction(node));
  return inner.flatMap((node) => writesOf(node).map((place) => place.getText()));
}

/** Variables of the file, not of a function of it, that are given other values. */
export function openVariables(around: Node): string[] {
  const file = around.getSourceFile();
  const open = file
    .getVariableStatements()
    .filter((made) => made.getDeclarationKind() !== VariableDeclarationKind.Const)
    .flatMap((made) => writesOf(made).map((name) => name.getText()));
  return open;
}

/** The other statement names one of them, or a function inside of the one around them does. */
function isUsed(names: ReadonlySet<string>, other: Node, around: Node): boolean {
  const users = [other, ...around.getDescendants().filter((node) => isFunction(node))];
  return users.some((user) =>
    user
      .getDescendantsOfKind(SyntaxKind.Identifier)
      .some((name) => !isMemberName(name) && names.has(name.getText())),
  );
}
