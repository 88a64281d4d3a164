// SPDX-License-Identifier: GPL-2.0-only
/** A method's code as text: as it was written, or in a layout that leaves nothing to taste. */
import { Node, SyntaxKind, type MethodDeclaration } from 'ts-morph';
import { isBranch, isComment, onlyStatement, ownMethodNamed } from './syntax.ts';

/** What a method is called, and what it calls, when another one's code stands in its place. */
export interface Renaming {
  readonly name: string;
  /** Methods of `this` that go by another name. */
  readonly calls: ReadonlyMap<string, string>;
}

/** Doc comment and code as written, moved to column 0. */
export function writtenText(method: MethodDeclaration): string {
  const start = method.getStart(true);
  const indentation = start - method.getStartLinePos(true);
  const [first = '', ...rest] = method.getText(true).split('\n');
  const margin = new RegExp(`^ {0,${indentation}}`);
  return [first, ...rest.map((line) => line.replace(margin, ''))].join('\n');
}

/**
 * One statement a line, as the kernel lays code out: what an `if` or a loop governs stands below it, a
 * single statement without braces. Comments and the `override` keyword are left out.
 */
export function statementLines(method: MethodDeclaration, renaming?: Renaming): string[] {
  const lines: string[] = [];
  let line = '';
  let previous: Node | undefined;
  for (const token of tokensOf(method)) {
    if (previous !== undefined && startsLine(previous, token)) {
      lines.push(line);
      line = '  '.repeat(depthOf(token, method));
    } else if (previous !== undefined) line += between(previous, token);
    line += renamed(token, method, renaming);
    previous = token;
  }
  return [...lines, line];
}

/** Tokens of the code, without braces around a single statement and commas that end a broken line. */
function tokensOf(method: MethodDeclaration): Node[] {
  const kept = leavesOf(method).filter(
    (leaf) => leaf.getKind() !== SyntaxKind.OverrideKeyword && !(isBrace(leaf) && needless(leaf.getParent())),
  );
  return kept.filter((leaf, i) => {
    const next = kept[i + 1];
    return !(leaf.getKind() === SyntaxKind.CommaToken && next !== undefined && CLOSING.has(next.getKind()));
  });
}

function leavesOf(node: Node): Node[] {
  if (isComment(node)) return [];
  const children = node.getChildren();
  if (children.length === 0) return node.getText() === '' ? [] : [node];
  return children.flatMap(leavesOf);
}

const CLOSING: ReadonlySet<SyntaxKind> = new Set([
  SyntaxKind.CloseParenToken,
  SyntaxKind.CloseBracketToken,
  SyntaxKind.CloseBraceToken,
]);

/** Braces around a single statement of one line: what governs what is clear without them. */
function needless(block: Node | undefined): boolean {
  const only = onlyStatement(block);
  return only !== undefined && !Node.isIfStatement(only) && !Node.isIterationStatement(only);
}

function isBrace(token: Node): boolean {
  return token.getKind() === SyntaxKind.OpenBraceToken || token.getKind() === SyntaxKind.CloseBraceToken;
}

/** A statement begins, a block ends, or an `else` follows what had no braces. */
function startsLine(previous: Node, token: Node): boolean {
  const kind = token.getKind();
  const after = previous.getKind();
  if (kind === SyntaxKind.ElseKeyword) return after !== SyntaxKind.CloseBraceToken;
  if (kind === SyntaxKind.CloseBraceToken) {
    const parent = token.getParent();
    return (Node.isBlock(parent) || Node.isCaseBlock(parent)) && after !== SyntaxKind.OpenBraceToken;
  }
  return statementAt(token) !== undefined;
}

/** The statement that the token begins and that has a line of its own. */
function statementAt(token: Node): Node | undefined {
  const start = token.getStart();
  return [token, ...token.getAncestors()].find((node) => {
    const parent = node.getParent();
    if (node.getStart() !== start || Node.isBlock(node)) return false;
    return (
      isCase(node) || isBranch(node) || (Node.isStatement(node) && (Node.isBlock(parent) || isCase(parent)))
    );
  });
}

function isCase(node: Node | undefined): boolean {
  return Node.isCaseClause(node) || Node.isDefaultClause(node);
}

function depthOf(token: Node, method: MethodDeclaration): number {
  const around = [token, ...token.getAncestors()];
  const inside = around.slice(0, around.indexOf(method));
  const levels = inside.filter(
    (node) => Node.isBlock(node) || Node.isCaseBlock(node) || isCase(node) || isBranch(node),
  );
  const ends = token.getKind() === SyntaxKind.CloseBraceToken || isCase(statementAt(token));
  return levels.length - (ends ? 1 : 0);
}

/** What stands between two tokens of a line: as written, or as without a line break or comment. */
function between(previous: Node, token: Node): string {
  const written = token.getSourceFile().getFullText().slice(previous.getEnd(), token.getStart());
  if (written === '' || written === ' ') return written;
  const opening = [SyntaxKind.OpenParenToken, SyntaxKind.OpenBracketToken].includes(previous.getKind());
  const tight = [SyntaxKind.CloseParenToken, SyntaxKind.CloseBracketToken, SyntaxKind.DotToken];
  return opening || tight.includes(token.getKind()) ? '' : ' ';
}

function renamed(token: Node, method: MethodDeclaration, renaming: Renaming | undefined): string {
  const text = token.getText();
  if (renaming === undefined || !Node.isIdentifier(token)) return text;
  if (token === method.getNameNode()) return renaming.name;
  return ownMethodNamed(token) === undefined ? text : (renaming.calls.get(text) ?? text);
}
