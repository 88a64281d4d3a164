// SPDX-License-Identifier: GPL-2.0-only
/** Where the names of a method are written, and where they stand. */
import { Node, SyntaxKind, type MethodDeclaration } from 'ts-morph';

/** The method around a node. */
export function enclosingMethod(node: Node): MethodDeclaration {
  return node.getFirstAncestorByKindOrThrow(SyntaxKind.MethodDeclaration);
}

/** The x of `this.x`. */
export function isMemberName(name: Node): boolean {
  const parent = name.getParent();
  return Node.isPropertyAccessExpression(parent) && parent.getNameNode() === name;
}

/** It may run again. */
export function isInLoop(node: Node, method: MethodDeclaration): boolean {
  const around = node.getAncestors();
  return around.slice(0, around.indexOf(method)).some((up) => Node.isIterationStatement(up));
}

/** What is given a value: names, and members. */
export function writesOf(node: Node): Node[] {
  return [node, ...node.getDescendants()].flatMap((one): Node[] => {
    if (Node.isVariableDeclaration(one)) {
      const name = one.getNameNode();
      if (Node.isIdentifier(name)) return [name];
      // Of `{ member: name = value }`, the name.
      const elements = name.getDescendantsOfKind(SyntaxKind.BindingElement);
      return elements.map((element) => element.getNameNode()).filter(Node.isIdentifier);
    }
    if (Node.isPostfixUnaryExpression(one)) return [one.getOperand()];
    if (!Node.isBinaryExpression(one)) return [];
    return /^[^=!<>]*=$/.test(one.getOperatorToken().getText()) ? [one.getLeft()] : [];
  });
}

/** The same, and what is counted up or down in front of its name. */
export function assignedIn(node: Node): Node[] {
  const counted = [node, ...node.getDescendants()].flatMap((one) =>
    Node.isPrefixUnaryExpression(one) && /^(?:\+\+|--)/.test(one.getText()) ? [one.getOperand()] : [],
  );
  return [...writesOf(node), ...counted];
}
