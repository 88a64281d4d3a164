// SPDX-License-Identifier: GPL-2.0-only
/** Whether two statements may stand in either order. */
import { Node, SyntaxKind, type Statement } from 'ts-morph';
import { swappedIn, type Mutation } from './mutation.ts';
import { isMemberName, writesOf } from './names.ts';
import { calleeOf, type Signatures } from './signatures.ts';

/** Kernel functions that only answer. */
const QUESTIONS: ReadonlySet<string> = new Set([
  'devIsDmaCoherent',
  'devIsUntrusted',
  'dmaGetMask',
  'dmaGetSegBoundary',
  'dmaGetMaxSegSize',
  'dmaGetMinAlignMask',
  'iovaOffset',
  'iovaAlign',
  'iovaMask',
  'iovaShift',
  'fqDomain',
  'apertureEnd',
  'isSwiotlbBuffer',
]);

/** Functions that compute. */
const COMPUTED = /^(Math\.\w+|below|lowBits|minU64|shiftRight)$/;

/** Two statements in each other's place: what one writes the other does not touch, and one of them at most calls. */
export function isReordered(mutation: Mutation, signatures: Signatures): boolean {
  return isSwappedFreely(mutation, signatures) || isApart(mutation, signatures);
}

/** A call that writes to its list alone, and one that knows nothing of the list. */
function isApart(mutation: Mutation, signatures: Signatures): boolean {
  const [node, next] = swappedIn(mutation) ?? [];
  if (!Node.isExpressionStatement(node)) return false;
  const writesList = (one: Node | undefined): boolean => {
    const call = Node.isExpressionStatement(one) ? one.getExpression() : undefined;
    const callee = Node.isCallExpression(call) ? calleeOf(call) : undefined;
    const body = callee?.of === 'state' ? signatures.method(callee.name)?.getBody() : undefined;
    if (body === undefined || !places(call as Node).includes('sgl')) return false;
    return !body.getDescendants().some((inner) => Node.isThisExpression(inner));
  };
  const knowsList = (one: Node): boolean => places(one).some((place) => place === 'sgl' || place === 'sg');
  if (!Node.isExpressionStatement(next)) return false;
  return (writesList(node) && !knowsList(next)) || (writesList(next) && !knowsList(node));
}

function isSwappedFreely(mutation: Mutation, signatures: Signatures): boolean {
  const [node, next] = swappedIn(mutation) ?? [];
  if (!Node.isStatement(node) || !Node.isStatement(next)) return false;
  if (calls(node, signatures) && calls(next, signatures)) return false;
  const clashes = [...clashing(node, next), ...clashing(next, node)];
  return clashes.every((place) => onlyGrows(node, place) && onlyGrows(next, place));
}

/** Places that `one` writes and that the other uses; a member counts whatever it is a member of. */
function clashing(one: Statement, other: Statement): string[] {
  const used = new Set(places(other));
  // What is called may use any member.
  const lists = [...used].includes('sgl');
  return writesOf(one)
    .filter((written) => !isOfAnotherEntry(written, other))
    .map(placeOf)
    .filter((place) => used.has(place) || (lists && place.startsWith('.')));
}

/** A member of `previous`, which is the entry before `sg` when a turn of the loop ends with `previous = sg`. */
function isOfAnotherEntry(written: Node, other: Statement): boolean {
  if (!written.getText().startsWith('previous.')) return false;
  const turn = other.getParent();
  const last = Node.isBlock(turn) ? turn.getStatements().at(-1)?.getText() : undefined;
  const entries = other.getDescendantsOfKind(SyntaxKind.PropertyAccessExpression);
  return last === 'previous = sg;' && entries.every((one) => one.getText().startsWith('sg.'));
}

function places(node: Node): string[] {
  const all = [node, ...node.getDescendants()];
  return all.flatMap((one) => {
    if (Node.isIdentifier(one) && !isMemberName(one)) return [one.getText()];
    return Node.isPropertyAccessExpression(one) && !one.getText().startsWith('this.') ? [placeOf(one)] : [];
  });
}

function placeOf(node: Node): string {
  return Node.isPropertyAccessExpression(node) ? `.${node.getName()}` : node.getText();
}

/** All that is done to the place is `+=`, or all is `|=`: in any order the same comes out. */
function onlyGrows(statement: Statement, place: string): boolean {
  const uses = [statement, ...statement.getDescendants()].filter(
    (one) =>
      ((Node.isIdentifier(one) && !isMemberName(one)) || Node.isPropertyAccessExpression(one)) &&
      placeOf(one) === place,
  );
  const operators = uses.map((use) => {
    const parent = use.getParent();
    const isLeft = Node.isBinaryExpression(parent) && parent.getLeft() === use;
    return isLeft ? parent.getOperatorToken().getText() : '';
  });
  return operators.every((operator) => operator === '+=') || operators.every((operator) => operator === '|=');
}

/** It does more than compute and ask. */
function calls(node: Node, signatures: Signatures, under: ReadonlySet<string> = new Set()): boolean {
  return [node, ...node.getDescendants()].filter(Node.isCallExpression).some((call) => {
    const callee = calleeOf(call);
    if (callee === undefined) return !COMPUTED.test(call.getExpression().getText());
    if (callee.of === 'kernel') return !QUESTIONS.has(callee.name);
    const body = signatures.method(callee.name)?.getBody();
    if (body === undefined || under.has(callee.name)) return true;
    if (writesOf(body).some((place) => !Node.isIdentifier(place))) return true;
    return calls(body, signatures, new Set([...under, callee.name]));
  });
}
