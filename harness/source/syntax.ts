// SPDX-License-Identifier: GPL-2.0-only
/** What the comparison of code and its layout agree on. */
import { Node } from 'ts-morph';

/** The statement that the braces of a branch or loop stand around for nothing: there is no other. */
export function onlyStatement(node: Node | undefined): Node | undefined {
  if (!Node.isBlock(node) || !isBranch(node)) return undefined;
  const [only, ...more] = node.getStatements();
  if (only === undefined || more.length > 0) return undefined;
  const declares =
    Node.isVariableStatement(only) || Node.isFunctionDeclaration(only) || Node.isClassDeclaration(only);
  return declares ? undefined : only;
}

/** What an `if`, `else` or loop governs; not the `if` of an `else if`. */
export function isBranch(node: Node): boolean {
  const parent = node.getParent();
  if (Node.isIfStatement(parent)) {
    return (
      parent.getThenStatement() === node || (parent.getElseStatement() === node && !Node.isIfStatement(node))
    );
  }
  return Node.isIterationStatement(parent) && parent.getStatement() === node;
}

/** A comment: it is not code. */
export function isComment(node: Node): boolean {
  return Node.isJSDoc(node) || Node.isCommentStatement(node) || Node.isCommentClassElement(node);
}

/** `x` when the identifier is the x of `this.x`. */
export function ownMethodNamed(identifier: Node): string | undefined {
  const access = identifier.getParent();
  if (!Node.isPropertyAccessExpression(access) || access.getNameNode() !== identifier) return undefined;
  return Node.isThisExpression(access.getExpression()) ? identifier.getText() : undefined;
}
