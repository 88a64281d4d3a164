// SPDX-License-Identifier: GPL-2.0-only
/** DMA_ATTR_SKIP_CPU_SYNC comes or goes where nobody asks for it any more. */
import { Node, SyntaxKind, type MethodDeclaration } from 'ts-morph';
import type { Mutation } from './mutation.ts';
import { enclosingMethod, isInLoop, isMemberName } from './names.ts';
import { calleeOf, type Callee, type Signatures } from './signatures.ts';

const SKIP = 'DMA_ATTR_SKIP_CPU_SYNC';

export function isUnreadSkip({ node, operator }: Mutation, signatures: Signatures): boolean {
  const call = node.getParent();
  if (operator === 'attributes' && Node.isCallExpression(call)) {
    const callee = calleeOf(call);
    if (callee === undefined) return false;
    return !takesSkip(callee, call.getArguments().indexOf(node), signatures, new Set());
  }
  if (operator !== 'statement deleted' || !Node.isExpressionStatement(node)) return false;
  const assignment = node.getExpression();
  if (!Node.isBinaryExpression(assignment) || assignment.getOperatorToken().getText() !== '|=') return false;
  const method = enclosingMethod(assignment);
  if (assignment.getRight().getText() !== SKIP || isInLoop(assignment, method)) return false;
  return !readsSkip(method, assignment.getLeft().getText(), assignment.getEnd(), signatures, new Set());
}

/** Whether a function does otherwise by that bit of an argument. */
function takesSkip(
  { of, name }: Callee,
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
  const uses = method
    .getBodyOrThrow()
    .getDescendantsOfKind(SyntaxKind.Identifier)
    .filter((use) => use.getText() === name && use.getStart() > after && !isMemberName(use));
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
