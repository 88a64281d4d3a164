// SPDX-License-Identifier: GPL-2.0-only
/** A method's code in a form that is equal exactly when the code is. */
import { Node, SyntaxKind, type MethodDeclaration } from 'ts-morph';
import { isComment, onlyStatement, ownMethodNamed } from './syntax.ts';

const NO_RENAMES: ReadonlyMap<string, string> = new Map();

/**
 * Every token of a method inside the tree that it was parsed to, parameters and return type included.
 * Left out: its own name and `override`, comments and layout, trailing commas, the braces around a
 * single statement that declares nothing. Parameters and locals go by the order in which they appear,
 * imported names by where they come from; `calls` renames methods of `this`.
 */
export function structure(method: MethodDeclaration, calls = NO_RENAMES): string {
  const locals = new Map<Node, number>();
  const walk = (node: Node): string => {
    const single = onlyStatement(node);
    if (single !== undefined) return walk(single);
    if (node.getChildCount() === 0) return JSON.stringify(leaf(node));
    const children = significant(node).filter((child) => child !== method.getNameNode());
    return `(${node.getKindName()} ${children.map(walk).join(' ')})`;
  };
  const leaf = (node: Node): string => {
    if (!Node.isIdentifier(node)) return node.getText();
    const own = ownMethodNamed(node);
    return own === undefined ? nameOf(node, method, locals) : (calls.get(own) ?? own);
  };
  return walk(method);
}

/** Children without comments, `override`, and the comma that a list may end with. */
function significant(node: Node): Node[] {
  const children = node.getChildren().filter((child) => !isComment(child) && !isOverride(child));
  const last = children.at(-1);
  const trailing = Node.isSyntaxList(node) && last?.getKind() === SyntaxKind.CommaToken;
  return trailing && !Node.isArrayLiteralExpression(node.getParent()) ? children.slice(0, -1) : children;
}

/** The keyword, or a list of modifiers that has no other. */
function isOverride(node: Node): boolean {
  if (node.getKind() === SyntaxKind.OverrideKeyword) return true;
  const [only, ...more] = Node.isSyntaxList(node) ? node.getChildren() : [];
  return only?.getKind() === SyntaxKind.OverrideKeyword && more.length === 0;
}

function nameOf(node: Node, method: MethodDeclaration, locals: Map<Node, number>): string {
  const text = node.getText();
  const parent = node.getParent();
  if (Node.isPropertyAccessExpression(parent) && parent.getNameNode() === node) return text;
  if (Node.isPropertyAssignment(parent) && parent.getNameNode() === node) return text;
  const shorthand = Node.isShorthandPropertyAssignment(parent);
  const symbol = shorthand ? parent.getValueSymbol() : node.getSymbol();
  const [declaration] = (symbol?.getAliasedSymbol() ?? symbol)?.getDeclarations() ?? [];
  if (declaration === undefined) return text;
  if (!isLocal(declaration, method)) return `${text} of ${declaration.getSourceFile().getFilePath()}`;
  const index = locals.get(declaration) ?? locals.size;
  locals.set(declaration, index);
  // A name in an object is a local's and a property's at once.
  const unpacked = Node.isBindingElement(parent) && Node.isObjectBindingPattern(parent.getParent());
  return shorthand || unpacked ? `${text} $${index}` : `$${index}`;
}

function isLocal(declaration: Node, method: MethodDeclaration): boolean {
  const binds =
    Node.isParameterDeclaration(declaration) ||
    Node.isVariableDeclaration(declaration) ||
    Node.isBindingElement(declaration);
  return binds && declaration.getAncestors().includes(method);
}
