// SPDX-License-Identifier: GPL-2.0-only
/** Where DMA_ATTR_SKIP_CPU_SYNC is set whoever calls: setting it again does nothing, and nothing is copied. */
import { Node, SyntaxKind, type CallExpression, type MethodDeclaration } from 'ts-morph';
import type { Mutation } from './mutation.ts';
import { enclosingMethod, isMemberName } from './names.ts';
import { calleeOf, type Signatures } from './signatures.ts';

const SKIP = 'DMA_ATTR_SKIP_CPU_SYNC';
/** Called from outside of a state, with any attributes. */
const CALLED_BY_DRIVERS: ReadonlySet<string> = new Set(['mapPage', 'unmapPage', 'mapSg', 'unmapSg']);
/** What swiotlb_tbl_unmap_single() needs for the copy alone. */
const FOR_THE_COPY: ReadonlySet<string> = new Set(['Size', 'Direction']);
const ARGUMENTS: ReadonlySet<string> = new Set(['direction', 'size ± 1', 'another value of the type']);

/** DMA_ATTR_SKIP_CPU_SYNC is added to attributes that have it. */
export function isSetAgain({ operator, node, replacement }: Mutation, signatures: Signatures): boolean {
  if (operator !== 'attributes' || !replacement.endsWith(`| ${SKIP}`)) return false;
  return isSet(node, hasSkip(enclosingMethod(node), signatures));
}

/** An argument that is for a copy which is not made. */
export function isForNoCopy({ operator, node }: Mutation, signatures: Signatures): boolean {
  const call = node.getParent();
  if (!ARGUMENTS.has(operator) || !Node.isCallExpression(call)) return false;
  return !isUsed(
    call,
    call.getArguments().indexOf(node),
    hasSkip(enclosingMethod(call), signatures),
    signatures,
  );
}

/** Whether every call of the method is made with DMA_ATTR_SKIP_CPU_SYNC. */
function hasSkip(
  method: MethodDeclaration,
  signatures: Signatures,
  under: ReadonlySet<MethodDeclaration> = new Set(),
): boolean {
  const index = attributesOf(method);
  if (CALLED_BY_DRIVERS.has(method.getName()) || index < 0 || under.has(method)) return false;
  const calls = signatures.callsOf(method.getName());
  return (
    calls.length > 0 &&
    calls.every((call) => {
      const above = hasSkip(enclosingMethod(call), signatures, new Set([...under, method]));
      return isSet(call.getArguments()[index], above);
    })
  );
}

/** Whether attributes have it, in a method that is called with it or not. */
function isSet(attributes: Node | undefined, withSkip: boolean): boolean {
  if (Node.isBinaryExpression(attributes)) {
    return attributes.getOperatorToken().getText() === '|' && attributes.getRight().getText() === SKIP;
  }
  if (!Node.isIdentifier(attributes)) return false;
  if (withSkip) return true;
  const adds = `${attributes.getText()} |= ${SKIP};`;
  const adding = `if ((${attributes.getText()} & ${SKIP}) === 0) {`;
  return attributes
    .getAncestors()
    .filter((up) => Node.isStatement(up))
    .some((up) =>
      up.getPreviousSiblings().some((before) => {
        const text = before.getText();
        return (
          text === adds || (text.startsWith(adding) && Node.isIfStatement(before) && text.includes(adds))
        );
      }),
    );
}

/** Whether something comes of an argument, in a method that is called with DMA_ATTR_SKIP_CPU_SYNC or not. */
function isUsed(
  call: CallExpression,
  index: number,
  withSkip: boolean,
  signatures: Signatures,
  under: ReadonlySet<string> = new Set(),
): boolean {
  const callee = calleeOf(call);
  const parameters = callee && signatures.of(callee)?.parameters;
  if (callee === undefined || parameters === undefined || under.has(callee.name)) return true;
  const attributes = parameters.findIndex(({ type }) => type === 'Attrs');
  const skips = attributes >= 0 && isSet(call.getArguments()[attributes], withSkip);
  if (callee.of === 'kernel') {
    const isForCopy = FOR_THE_COPY.has(parameters[index]?.type ?? '');
    return !(callee.name === 'swiotlbTblUnmapSingle' && isForCopy && skips);
  }
  const name = parameters[index]?.name;
  const uses =
    signatures.method(callee.name)?.getBodyOrThrow().getDescendantsOfKind(SyntaxKind.Identifier) ?? [];
  return uses
    .filter((use) => use.getText() === name && !isMemberName(use))
    .filter((use) => !(skips && isWithoutSkip(use, parameters[attributes]?.name ?? '')))
    .some((use) => {
      const inner = use.getParent();
      if (!Node.isCallExpression(inner)) return true;
      const at = inner.getArguments().indexOf(use);
      return isUsed(inner, at, skips, signatures, new Set([...under, callee.name]));
    });
}

/** It is done only where the attributes do not have it. */
function isWithoutSkip(use: Node, attributes: string): boolean {
  const asks = new RegExp(`^\\(${attributes} & ${SKIP}\\) === 0( |$)`);
  return [use, ...use.getAncestors()].some((up) => {
    const parent = up.getParent();
    if (!Node.isIfStatement(parent) || parent.getThenStatement() !== up) return false;
    const condition = parent.getExpression().getText();
    return asks.test(condition) && !condition.includes('||');
  });
}

function attributesOf(method: MethodDeclaration): number {
  return method.getParameters().findIndex((parameter) => parameter.getTypeNode()?.getText() === 'Attrs');
}
