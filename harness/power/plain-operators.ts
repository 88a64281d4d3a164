// SPDX-License-Identifier: GPL-2.0-only
/** The mistakes that can be made in any code, and how a mistake is shown. */
import { Node, SyntaxKind, type BinaryExpression, type Statement } from 'ts-morph';
import type { Change, Operator } from './mutation.ts';
import { writesOf } from './names.ts';

/** What stands in the place of a node, and what kind of mistake that is. */
export type Edit = readonly [operator: Operator, text: string];

const COMPARISONS: Readonly<Record<string, string>> = {
  '<': '<=',
  '<=': '<',
  '>': '>=',
  '>=': '>',
  '===': '!==',
  '!==': '===',
};
const ARITHMETIC: Readonly<Record<string, string>> = { '+': '-', '-': '+', '+=': '-=', '-=': '+=' };

/** What else can stand where a condition, a comparison, a number or a flag stands. */
export function plainEdits(node: Node): Edit[] {
  const { parent, text } = { parent: node.getParent(), text: node.getText() };
  const edits: Edit[] = [];
  const isCondition =
    (Node.isIfStatement(parent) && parent.getExpression() === node) ||
    (Node.isConditionalExpression(parent) && parent.getCondition() === node);
  if (isCondition) {
    edits.push(['condition negated', `!(${text})`]);
    edits.push(['condition always true', 'true'], ['condition always false', 'false']);
  }
  if (Node.isBinaryExpression(node)) edits.push(...binaryEdits(node));
  if (Node.isNumericLiteral(node) && !isNotation(node)) {
    const value = node.getLiteralValue();
    edits.push(['number ± 1', String(value + 1)]);
    if (value > 0) edits.push(['number ± 1', String(value - 1)]);
  }
  if (node.isKind(SyntaxKind.TrueKeyword)) edits.push(['flag turned round', 'false']);
  if (node.isKind(SyntaxKind.FalseKeyword)) edits.push(['flag turned round', 'true']);
  return edits;
}

/** Of how this repository writes 64-bit numbers and powers of two: -1, 2 ** n, n >>> 0. */
function isNotation(literal: Node): boolean {
  const parent = literal.getParent();
  if (Node.isPrefixUnaryExpression(parent)) return true;
  return Node.isBinaryExpression(parent) && /^(\*\*|>>>)$/.test(parent.getOperatorToken().getText());
}

/** A check that TypeScript wants, and that is not in the kernel: what is there at all is no question there. */
export function asksWhetherThere(node: Node): boolean {
  return Node.isBinaryExpression(node) && node.getRight().getText() === 'undefined';
}

function binaryEdits(node: BinaryExpression): Edit[] {
  const [left, right] = [node.getLeft().getText(), node.getRight().getText()];
  const operator = node.getOperatorToken().getText();
  if (operator === '&&' || operator === '||') {
    const dropped: Edit = ['operand dropped', `(${left})`];
    if (asksWhetherThere(node.getRight())) return [];
    const other = operator === '&&' ? '||' : '&&';
    return [dropped, ['operand dropped', `(${right})`], ['and for or', `((${left}) ${other} (${right}))`]];
  }
  const comparison = COMPARISONS[operator];
  if (comparison !== undefined) return [['comparison', `${left} ${comparison} ${right}`]];
  const arithmetic = ARITHMETIC[operator];
  if (arithmetic === undefined) return [];
  const other: Edit = ['arithmetic', `${left} ${arithmetic} ${right}`];
  return operator.endsWith('=') ? [other] : [other, ['operand dropped', `(${left})`]];
}

export function isAssigned(node: Node): boolean {
  const parent = node.getParent();
  return (
    Node.isBinaryExpression(parent) &&
    parent.getLeft() === node &&
    /^[^=!<>]*=$/.test(parent.getOperatorToken().getText())
  );
}

/** A statement that is not there, one in the place of the next, and the end of the function before it. */
export function* statementChanges(statement: Statement, isVoid: boolean): Generator<Change> {
  const { start, end } = { start: statement.getStart(), end: statement.getEnd() };
  const leaves = Node.isReturnStatement(statement) && statement.getExpression() === undefined;
  const asked = statement.getFirstAncestorByKind(SyntaxKind.IfStatement)?.getExpression();
  if (leaves && asked !== undefined && asksWhetherThere(asked)) return;
  if (Node.isExpressionStatement(statement) || Node.isBreakStatement(statement) || leaves) {
    // The body of an `if` may be no empty statement.
    yield { ...replaced('statement deleted', statement, start, end, '{}'), after: '' };
  }
  const block = statement.getParent();
  if (!Node.isBlock(block)) return;
  const siblings = block.getStatements();
  const index = siblings.indexOf(statement);
  const next = siblings[index + 1];
  if (next !== undefined && canSwap(statement, next)) {
    const [first, second] = [statement.getText(), next.getText()];
    const between = statement.getSourceFile().getFullText().slice(end, next.getStart());
    yield {
      ...replaced('statements swapped', statement, start, next.getEnd(), second + between + first),
      before: `${oneLine(first)} ${oneLine(second)}`,
      after: `${oneLine(second)} ${oneLine(first)}`,
    };
  }
  if (isVoid && index > 0 && !Node.isReturnStatement(statement)) {
    const change = replaced('return before the end', statement, start, start, 'return; ');
    yield { ...change, after: `return; ${change.before}` };
  }
}

/** Neither leaves the block, and the second does not use a name that only the first makes. */
function canSwap(first: Statement, second: Statement): boolean {
  const leaves = [first, second].some((one) =>
    [one, ...one.getDescendants()].some(
      (part) => Node.isReturnStatement(part) || Node.isBreakStatement(part) || Node.isContinueStatement(part),
    ),
  );
  if (leaves) return false;
  const made = new Set(Node.isVariableStatement(first) ? writesOf(first).map((name) => name.getText()) : []);
  return !second.getDescendantsOfKind(SyntaxKind.Identifier).some((name) => made.has(name.getText()));
}

/** Text that two mistakes have in common, however it is laid out. */
export function spaceless(text: string): string {
  return text.replaceAll(/\s+/g, '');
}

/** A piece of text in the place of what is from `start` to `end`, in or around a node. */
export function replaced(
  operator: Operator,
  node: Node,
  start: number,
  end: number,
  replacement: string,
): Change {
  const [from, to] = shownAround(node, end);
  const whole = node.getSourceFile().getFullText();
  return {
    operator,
    start,
    end,
    replacement,
    node,
    line: node.getStartLineNumber(),
    before: oneLine(whole.slice(from, to)),
    after: oneLine(whole.slice(from, start) + replacement + whole.slice(end, to)),
  };
}

/** The statement around a node; of what governs others, its head alone. */
function shownAround(node: Node, end: number): [number, number] {
  const statement = [node, ...node.getAncestors()].find((up) => Node.isStatement(up) && !Node.isBlock(up));
  if (statement === undefined) return [node.getStart(), node.getEnd()];
  const governed = Node.isIfStatement(statement)
    ? statement.getThenStatement()
    : Node.isIterationStatement(statement)
      ? statement.getStatement()
      : undefined;
  const to = governed === undefined ? statement.getEnd() : governed.getStart();
  return [statement.getStart(), Math.max(to, end)];
}

function oneLine(text: string): string {
  return text.trim().replaceAll(/\s+/g, ' ');
}
