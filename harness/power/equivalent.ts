// SPDX-License-Identifier: GPL-2.0-only
/** Mistakes that are none: the code does the same with them, whatever it runs on. */
import { Node, SyntaxKind, type MethodDeclaration } from 'ts-morph';
import type { Mutation } from './mutation.ts';
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
/** Kernel functions whose arguments are only printed. */
const WARNINGS: ReadonlySet<string> = new Set(['warnUnmapped', 'warnNotMapped', 'warnText']);
const SKIP = 'DMA_ATTR_SKIP_CPU_SYNC';

/** Why nothing can ever tell the mistake from the code; undefined: nothing says so. */
export function whyEquivalent(mutation: Mutation, signatures: Signatures): string | undefined {
  if (isPrinted(mutation.node)) return 'it only changes what a warning says';
  if (mutation.operator === 'statements swapped' && isReordered(mutation, signatures)) {
    return 'neither of the two statements depends on the other';
  }
  if (isUnreadSkip(mutation, signatures)) {
    return `nothing reads ${SKIP} of these attributes afterwards`;
  }
  if (isUnread(mutation)) return 'nothing reads the variable afterwards';
  if (isSameLength(mutation)) {
    return 'an untrusted device has its list mapped entry by entry: both lengths are the same';
  }
  if (isRoundedAnyway(mutation)) return 'a power of two is rounded to itself';
  return undefined;
}

/** A part of a warning's arguments. */
function isPrinted(node: Node): boolean {
  return [node, ...node.getAncestors()].some((up) => {
    const call = up.getParent();
    if (!Node.isCallExpression(call) || call.getExpression() === up) return false;
    const callee = calleeOf(call);
    return callee?.of === 'kernel' && WARNINGS.has(callee.name);
  });
}

/** Two statements, one of them without effects, and neither reads what the other writes. */
function isReordered({ node }: Mutation, signatures: Signatures): boolean {
  if (!Node.isStatement(node)) return false;
  const next = node.getNextSibling();
  if (!Node.isStatement(next)) return false;
  if (!isPure(node, signatures) && !isPure(next, signatures)) return false;
  const touches = (one: Node, other: Node): boolean =>
    written(one).some((name) => named(other).includes(name));
  return !touches(node, next) && !touches(next, node);
}

function named(node: Node): string[] {
  return node.getDescendantsOfKind(SyntaxKind.Identifier).map((name) => name.getText());
}

/** Names that a statement gives a value. */
function written(node: Node): string[] {
  const declared = node.getDescendantsOfKind(SyntaxKind.VariableDeclaration).map((one) => one.getName());
  const assigned = assignments(node).flatMap(({ left }) => (Node.isIdentifier(left) ? [left.getText()] : []));
  const counted = node
    .getDescendantsOfKind(SyntaxKind.PostfixUnaryExpression)
    .map((one) => one.getOperand().getText());
  return [...declared, ...assigned, ...counted];
}

function assignments(node: Node): { readonly left: Node; readonly right: Node }[] {
  return [node, ...node.getDescendants()].flatMap((one) =>
    Node.isBinaryExpression(one) && /^[^=!<>]*=$/.test(one.getOperatorToken().getText())
      ? [{ left: one.getLeft(), right: one.getRight() }]
      : [],
  );
}

/** It changes variables of its own at most, asks questions at most, and does not leave. */
function isPure(node: Node, signatures: Signatures, under = new Set<string>()): boolean {
  const leaves = [SyntaxKind.ReturnStatement, SyntaxKind.BreakStatement, SyntaxKind.ContinueStatement];
  const inside = node.getDescendants();
  if (under.size === 0 && inside.some((one) => leaves.includes(one.getKind()))) return false;
  if (assignments(node).some(({ left }) => !Node.isIdentifier(left))) return false;
  return [node, ...inside].filter(Node.isCallExpression).every((call) => {
    const callee = calleeOf(call);
    if (callee === undefined)
      return /^(Math\.\w+|below|lowBits|minU64)$/.test(call.getExpression().getText());
    if (callee.of === 'kernel') return QUESTIONS.has(callee.name);
    const body = signatures.method(callee.name)?.getBody();
    if (body === undefined || under.has(callee.name)) return false;
    return isPure(body, signatures, new Set([...under, callee.name]));
  });
}

/** SKIP_CPU_SYNC comes or goes where nobody asks for it any more. */
function isUnreadSkip({ node, operator }: Mutation, signatures: Signatures): boolean {
  const call = node.getParent();
  if (operator === 'attributes' && Node.isCallExpression(call)) {
    const callee = calleeOf(call);
    return (
      callee !== undefined && !takesSkip(callee, call.getArguments().indexOf(node), signatures, new Set())
    );
  }
  const statement = [node, ...node.getAncestors()].find(Node.isExpressionStatement);
  const assignment = statement?.getExpression();
  if (!Node.isBinaryExpression(assignment) || assignment.getOperatorToken().getText() !== '|=') return false;
  const isStep = operator === 'statement deleted' || operator === 'arithmetic';
  if (!isStep || assignment.getRight().getText() !== SKIP) return false;
  const method = assignment.getFirstAncestorByKind(SyntaxKind.MethodDeclaration);
  if (method === undefined || isInLoop(assignment, method)) return false;
  return !readsSkip(method, assignment.getLeft().getText(), assignment.getEnd(), signatures, new Set());
}

function takesSkip(
  { of, name }: { readonly of: 'state' | 'kernel'; readonly name: string },
  index: number,
  signatures: Signatures,
  under: ReadonlySet<string>,
): boolean {
  // swiotlb_tbl_map_single() and swiotlb_tbl_unmap_single() copy, or do not.
  if (of === 'kernel') return true;
  const method = signatures.method(name);
  const parameter = method?.getParameters()[index]?.getName();
  if (method === undefined || parameter === undefined) return true;
  return !under.has(name) && readsSkip(method, parameter, 0, signatures, new Set([...under, name]));
}

/** Whether a method reads that bit of a name after a place in it. */
function readsSkip(
  method: MethodDeclaration,
  name: string,
  after: number,
  signatures: Signatures,
  under: ReadonlySet<string>,
): boolean {
  const body = method.getBodyOrThrow();
  const uses = body
    .getDescendantsOfKind(SyntaxKind.Identifier)
    .filter((use) => use.getText() === name && use.getStart() > after && !isMember(use));
  return uses.some((use) => {
    let value: Node = use;
    let parent: Node | undefined = use.getParent();
    if (Node.isBinaryExpression(parent)) {
      const [operator, right] = [parent.getOperatorToken().getText(), parent.getRight().getText()];
      if (operator === '&') return right === SKIP || !/^DMA_ATTR_\w+$/.test(right);
      if (operator !== '|') return true;
      if (right === SKIP) return false;
      value = parent;
      parent = parent.getParent();
    }
    if (!Node.isCallExpression(parent)) return true;
    const callee = calleeOf(parent);
    return callee === undefined || takesSkip(callee, parent.getArguments().indexOf(value), signatures, under);
  });
}

function isMember(name: Node): boolean {
  const parent = name.getParent();
  return Node.isPropertyAccessExpression(parent) && parent.getNameNode() === name;
}

function isInLoop(node: Node, method: MethodDeclaration): boolean {
  const around = node.getAncestors();
  return around.slice(0, around.indexOf(method)).some((up) => Node.isIterationStatement(up));
}

/** A value that a variable is given, and that nobody looks at. */
function isUnread({ node }: Mutation): boolean {
  const statement = [node, ...node.getAncestors()].find(Node.isStatement);
  if (!Node.isExpressionStatement(statement)) return false;
  const [assignment, ...more] = assignments(statement);
  const method = statement.getFirstAncestorByKind(SyntaxKind.MethodDeclaration);
  if (assignment === undefined || more.length > 0 || method === undefined) return false;
  const { left, right } = assignment;
  if (!Node.isIdentifier(left) || isInLoop(statement, method)) return false;
  if (right.getDescendantsOfKind(SyntaxKind.CallExpression).length > 0) return false;
  return !method
    .getBodyOrThrow()
    .getDescendantsOfKind(SyntaxKind.Identifier)
    .some((use) => use.getText() === left.getText() && use.getStart() > statement.getEnd() && !isMember(use));
}

/** sg.length for sg_dma_len(sg), or the other way, where a list is unmapped or synced that has bounced. */
function isSameLength({ operator, node, written: { method } }: Mutation): boolean {
  if (operator !== 'other side of an entry' || !Node.isPropertyAccessExpression(node)) return false;
  if (!/ength$/.test(node.getName())) return false;
  if (method === 'unmapSgSwiotlb') return true;
  return [node, ...node.getAncestors()].some((up) => {
    const parent = up.getParent();
    if (!Node.isIfStatement(parent) || parent.getThenStatement() !== up) return false;
    return /devIsUntrusted|devUseSwiotlb/.test(parent.getExpression().getText()) && /^sync/.test(method);
  });
}

/** `pages < N` or `pages <= N` before pages is rounded up to a power of two, of which N is one. */
function isRoundedAnyway({ operator, node }: Mutation): boolean {
  const parent = node.getParent();
  if (operator !== 'comparison' || !Node.isIfStatement(parent)) return false;
  return /=\s*2 \*\* Math\.ceil\(Math\.log2\(/.test(parent.getThenStatement().getText());
}
