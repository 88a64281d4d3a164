// SPDX-License-Identifier: GPL-2.0-only
/** Mistakes that are none: the code does the same with them, whatever it runs on. */
import { Node, SyntaxKind, VariableDeclarationKind } from 'ts-morph';
import { SLOT_SIZE } from '../machine/config.ts';
import { isReordered } from './independent.ts';
import { enclosingMethod, isInLoop, isMemberName, writesOf } from './names.ts';
import { swappedIn, type Mutation } from './mutation.ts';
import { calleeOf, type Signatures } from './signatures.ts';
import { isForNoCopy, isSetAgain } from './skip-set.ts';
import { isUnreadSkip } from './unread-skip.ts';

type Rule = (mutation: Mutation, signatures: Signatures) => boolean;

/** Kernel functions whose arguments are only printed. */
const WARNINGS: ReadonlySet<string> = new Set(['warnUnmapped', 'warnNotMapped', 'warnText']);

/** Of these a trace tells: the call is another one, and does the same. */
const UNLOOKED: readonly (readonly [reason: string, rule: Rule])[] = [
  ['it only changes what a warning says', isPrinted],
  ['with DMA_ATTR_SKIP_CPU_SYNC nothing is copied, whatever the size or direction', isForNoCopy],
  ['both clear memory, in whichever order', isClearingEitherWay],
  ['a warning changes nothing, before or after the next statement', isWarningMoved],
  ['the pool is in slots, and a mask shorter than a slot asks for no other one', isFinerThanSlots],
];

const RULES: readonly (readonly [reason: string, rule: Rule])[] = [
  ['neither of the two statements depends on the other', isReordered],
  ['nothing reads DMA_ATTR_SKIP_CPU_SYNC of these attributes afterwards', isUnreadSkip],
  ['nothing reads the variable afterwards', isUnread],
  ['both have the same value there', isCopy],
  ['both have the same value there', isCopiedMember],
  ['an untrusted device has its list mapped entry by entry: both lengths are the same', isSameLength],
  ["the driver's own page is never in the pool, so that this is never done", isForPagesInThePool],
  ['a coherent device has nothing else done to it in there', isNothingForCoherent],
  ['a power of two is rounded to itself', isRoundedAnyway],
  ['the padding is in whole granules, as the length is, and none adds nothing', isWholeGranules],
  ['the first entry is the last one until there is another', isFirstAgain],
  ['DMA_ATTR_SKIP_CPU_SYNC is set already, whoever calls', isSetAgain],
  ['the allocator counts whole granules, and one byte more is none', isNoWholeGranule],
  ['without a boundary, what is left to it is longer than any entry, or no number at all', isWithoutBoundary],
  ['the allocator counts whole granules, and both addresses are in the same one', isInGranuleOf],
  ['nobody looks at the address of an entry that has no length', isAddressOfNothing],
  ['a driver that unmaps the failed list unmaps the granule of the address error, whatever of it', isOfError],
  ['every entry has an address before anything can fail', isAddressed],
  ...UNLOOKED.map(([reason, rule]) => [reason, rule] as const),
];

/** Why nothing can ever tell the mistake from the code; undefined: nothing says so. */
export function whyEquivalent(mutation: Mutation, signatures: Signatures): string | undefined {
  return RULES.find(([, rule]) => rule(mutation, signatures))?.[0];
}

/** Whether the trace, and nothing else, may tell a mistake that is left out for that reason. */
export function isTold(reason: string): boolean {
  return UNLOOKED.some(([one]) => one === reason);
}

/** A part of a warning's arguments. */
function isPrinted({ node }: Mutation): boolean {
  return [node, ...node.getAncestors()].some((up) => {
    const isWhole = Node.isCallExpression(up);
    const call = isWhole ? up : up.getParent();
    if (!Node.isCallExpression(call) || call.getExpression() === up) return false;
    const callee = calleeOf(call);
    return callee?.of === 'kernel' && WARNINGS.has(callee.name);
  });
}

/** A value that a variable is given, and that nobody looks at. */
function isUnread({ node }: Mutation): boolean {
  const statement = [node, ...node.getAncestors()].find((up) => Node.isStatement(up));
  if (!Node.isExpressionStatement(statement)) return false;
  const assignment = statement.getExpression();
  const method = enclosingMethod(statement);
  if (!Node.isBinaryExpression(assignment) || isInLoop(statement, method)) return false;
  const left = assignment.getLeft();
  if (!Node.isIdentifier(left) || !/^[^=!<>]?=$/.test(assignment.getOperatorToken().getText())) return false;
  if (assignment.getRight().getDescendantsOfKind(SyntaxKind.CallExpression).length > 0) return false;
  return !method
    .getBodyOrThrow()
    .getDescendantsOfKind(SyntaxKind.Identifier)
    .some(
      (use) => use.getText() === left.getText() && use.getStart() > statement.getEnd() && !isMemberName(use),
    );
}

/** One name for another that was just set to it. */
function isCopy({ operator, node, replacement }: Mutation): boolean {
  if (operator !== 'another value of the type' || !Node.isIdentifier(node)) return false;
  const names = new Set([node.getText(), replacement]);
  const method = enclosingMethod(node);
  const copy = method.getDescendantsOfKind(SyntaxKind.VariableDeclaration).find((one) => {
    const initializer = one.getInitializer();
    return (
      names.has(one.getName()) && names.has(initializer?.getText() ?? '') && one.getEnd() < node.getStart()
    );
  });
  if (copy === undefined || isInLoop(node, method)) return false;
  return !writesOf(method.getBodyOrThrow()).some(
    (write) =>
      names.has(write.getText()) &&
      write.getStart() > copy.getEnd() &&
      // The statement that the name is read in may set it afterwards.
      write.getStart() < node.getStart() &&
      !node.getAncestors().some((up) => up === write.getParent()),
  );
}

/** One member of an entry for the other that was just set to it. */
function isCopiedMember({ operator, node, replacement }: Mutation): boolean {
  const statement = node.getFirstAncestor((up) => Node.isStatement(up));
  if (operator !== 'other side of an entry' || statement === undefined) return false;
  const before = statement.getPreviousSiblings().map((one) => one.getText());
  const set = before.indexOf(`${replacement} = ${node.getText()};`);
  const sets = (text: string): boolean =>
    [node.getText(), replacement].some((name) => text.includes(`${name} `));
  return set >= 0 && !before.slice(0, set).some(sets);
}

/** sg->length for sg_dma_len(sg), or the other way, where a list is unmapped or synced that has bounced. */
function isSameLength({ operator, node, written: { method } }: Mutation): boolean {
  if (operator !== 'other side of an entry' || !Node.isPropertyAccessExpression(node)) return false;
  if (!node.getName().endsWith('ength')) return false;
  if (method === 'unmapSgSwiotlb') return true;
  return method.startsWith('sync') && isGoverned(node, /devIsUntrusted|devUseSwiotlb/);
}

/** The `then` of an `if` whose condition is like that. */
function isGoverned(node: Node, condition: RegExp): boolean {
  return [node, ...node.getAncestors()].some((up) => {
    const parent = up.getParent();
    return (
      Node.isIfStatement(parent) &&
      parent.getThenStatement() === up &&
      condition.test(parent.getExpression().getText())
    );
  });
}

const IN_POOL = /^this\.kernel\.isSwiotlbBuffer\(sg\.phys\)$/;

/** Where a list is synced whose sg_phys() is looked up in the pool. */
function isForPagesInThePool(mutation: Mutation): boolean {
  const {
    operator,
    node,
    written: { method },
  } = mutation;
  if (!method.startsWith('syncSg')) return false;
  if (operator === 'condition always false' && IN_POOL.test(node.getText())) return true;
  if (
    swappedIn(mutation)?.some(
      (one) => Node.isIfStatement(one) && IN_POOL.test(one.getExpression().getText()),
    ) === true
  ) {
    return true;
  }
  return isGoverned(node, IN_POOL);
}

/** `if (coherent && trusted) return` before a loop that maintains caches, and looks pages up in the pool in vain. */
function isNothingForCoherent({ operator, node, after, written }: Mutation): boolean {
  if (!written.method.startsWith('syncSg') || !written.node.getText().includes('isSwiotlbBuffer(sg.phys)')) {
    return false;
  }
  const branch = [node, ...node.getAncestors()].find(Node.isIfStatement);
  if (branch?.getExpression().getText() !== 'coherent && !this.kernel.devIsUntrusted(dev)') return false;
  return (
    operator === 'condition always false' || operator === 'statement deleted' || after === 'if ((coherent))'
  );
}

/** `pages < N` or `pages <= N` before pages is rounded up to a power of two, of which N is one. */
function isRoundedAnyway({ operator, node }: Mutation): boolean {
  const parent = node.getParent();
  if (operator !== 'comparison' || !Node.isIfStatement(parent)) return false;
  return /=\s*2 \*\* Math\.ceil\(Math\.log2\(/.test(parent.getThenStatement().getText());
}

/** Of `padding !== 0 && padding < length - 1`, which guards that the padding is added. */
function isWholeGranules({ operator, node, after }: Mutation): boolean {
  const branch = [node, ...node.getAncestors()].find(Node.isIfStatement);
  const condition = branch?.getExpression();
  if (condition === undefined || !condition.getText().startsWith('padding !== 0 && below(padding,')) {
    return false;
  }
  if (node !== condition && !condition.getDescendants().includes(node)) return false;
  if (operator === 'operand dropped') return /below\(padding, (sg\.length - 1|\(sg\.length\))\)/.test(after);
  return operator === 'number ± 1' && /padding !== 1|sg\.length - [02]\b/.test(after);
}

/** The search for the last entry begins at the first, which it takes for the last. */
function isFirstAgain({ operator, after }: Mutation): boolean {
  return operator === 'number ± 1' && after === 'for (const sg of sgl.slice(0, nents))';
}

/** A byte more of what is a number of whole granules, where the allocator takes or gives it back. */
function isNoWholeGranule({ operator, node, replacement }: Mutation): boolean {
  const call = node.getParent();
  if (operator !== 'size ± 1' || !replacement.endsWith('+ 1') || !Node.isCallExpression(call)) return false;
  if (!/^this\.(?:allocIova|freeIova)$/.test(call.getExpression().getText())) return false;
  const values = enclosingMethod(node)
    .getDescendants()
    .flatMap((one) => {
      if (Node.isVariableDeclaration(one) && one.getName() === node.getText()) return [one.getInitializer()];
      const isSet = Node.isBinaryExpression(one) && /^[^=!<>]*=$/.test(one.getOperatorToken().getText());
      return isSet && one.getLeft().getText() === node.getText() ? [one.getRight()] : [];
    });
  return values.length > 0 && values.every((value) => isInGranules(value));
}

/** iommu_dma_free_iova() of a handle for its base, which is `handle - iova_offset(handle)`. */
function isInGranuleOf({ operator, node, replacement }: Mutation): boolean {
  const call = node.getParent();
  if (operator !== 'another value of the type' || !Node.isCallExpression(call)) return false;
  if (call.getExpression().getText() !== 'this.freeIova') return false;
  const method = enclosingMethod(node);
  if (writesOf(method.getBodyOrThrow()).some((place) => place.getText() === replacement)) return false;
  const constantOf = (name = ''): string => {
    const declared = method
      .getDescendantsOfKind(SyntaxKind.VariableDeclaration)
      .find((one) => one.getName() === name);
    const isConstant =
      declared?.getVariableStatement()?.getDeclarationKind() === VariableDeclarationKind.Const;
    return isConstant ? (declared?.getInitializer()?.getText() ?? '') : '';
  };
  const [, handle, offset] = /^(\w+) - (\w+)$/.exec(constantOf(node.getText())) ?? [];
  const device = call.getArguments()[0]?.getText();
  return handle === replacement && constantOf(offset) === `this.kernel.iovaOffset(${device}, ${handle})`;
}

/** 0, what was rounded to granules, and of a list that was: its lengths, and the padding between them. */
function isInGranules(value: Node | undefined): boolean {
  return /^(?:0|sg\.length|padding|this\.kernel\.iovaAlign\(.*\))$/.test(value?.getText() ?? '');
}

/** (mask - total + 1) & mask of the widest mask: what is left becomes NaN, which is no padding, either. */
function isWithoutBoundary({ operator, node, written: { method } }: Mutation): boolean {
  return method === 'toBoundary' && operator === 'condition always false' && node.getText() === 'mask === -1';
}

/** __finalise_sg(): the address is set again where a segment begins. */
function isAddressOfNothing({ operator, node, written: { method } }: Mutation): boolean {
  if (method !== 'finaliseSg' || operator !== 'statement deleted') return false;
  return node.getText() === 'sg.dmaAddress = DMA_MAPPING_ERROR;';
}

/** __invalidate_sg(), which is called when the offsets of the whole list stand where its addresses will. */
function isAddressed({ operator, node, after, written: { method } }: Mutation): boolean {
  if (method !== 'invalidateSg') return false;
  if (operator === 'condition always true') return node.getText() === 'sg.dmaAddress !== DMA_MAPPING_ERROR';
  return operator === 'other side of an entry' && after === 'if (sg.phys !== DMA_MAPPING_ERROR)';
}

/** __invalidate_sg(): a length of 1 at DMA_MAPPING_ERROR, the last byte of a granule, ends in that granule as one of 0. */
function isOfError({ operator, node, after, written: { method } }: Mutation): boolean {
  if (method !== 'invalidateSg' || operator !== 'number ± 1' || after !== 'sg.dmaLength = 1;') return false;
  const before = node.getFirstAncestor((up) => Node.isStatement(up))?.getPreviousSibling();
  return before?.getText() === 'sg.dmaAddress = DMA_MAPPING_ERROR;';
}

/** One of two swapped statements asks for nothing but names and numbers, and only warns. */
function isWarningMoved(mutation: Mutation): boolean {
  const swapped = swappedIn(mutation);
  const isWarning = (statement: Node): boolean => {
    const calls = statement.getDescendantsOfKind(SyntaxKind.CallExpression);
    const warns = calls.every((call) => {
      const callee = calleeOf(call);
      return callee?.of === 'kernel' && WARNINGS.has(callee.name);
    });
    return calls.length > 0 && warns;
  };
  return swapped?.every((one) => writesOf(one).length === 0) === true && swapped.some(isWarning);
}

/** The alloc_align_mask of swiotlb_tbl_map_single(): find_slots() shifts it by IO_TLB_SHIFT. */
function isFinerThanSlots({ operator, node, replacement }: Mutation): boolean {
  const call = node.getParent();
  if (operator !== 'number ± 1' || !Node.isCallExpression(call)) return false;
  const isMask = calleeOf(call)?.name === 'swiotlbTblMapSingle' && call.getArguments().indexOf(node) === 4;
  return isMask && Math.max(Number(node.getText()), Number(replacement)) < SLOT_SIZE;
}

function isClearingEitherWay(mutation: Mutation): boolean {
  return swappedIn(mutation)?.every((one) => one.getText().startsWith('this.kernel.memset(')) === true;
}
