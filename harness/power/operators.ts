// SPDX-License-Identifier: GPL-2.0-only
/** Every small mistake that can be made in a method. */
import { Node, type CallExpression } from 'ts-morph';
import type { Written } from '../source/flatten.ts';
import { mutatedText, type Change, type Mutation } from './mutation.ts';
import {
  asksWhetherThere,
  isAssigned,
  plainEdits,
  replaced,
  spaceless,
  statementChanges,
  type Edit,
} from './plain-operators.ts';
import { calleeOf, declarationsBefore, type Signatures } from './signatures.ts';

const DIRECTIONS = ['DMA_BIDIRECTIONAL', 'DMA_TO_DEVICE', 'DMA_FROM_DEVICE'];
const RIGHTS: Readonly<Record<string, readonly string[]>> = {
  IOMMU_READ: ['IOMMU_WRITE', '0'],
  IOMMU_WRITE: ['IOMMU_READ', '0'],
  IOMMU_CACHE: ['0'],
  IOMMU_PRIV: ['0'],
};
const OTHER_SIDE: Readonly<Record<string, string>> = {
  length: 'dmaLength',
  dmaLength: 'length',
  phys: 'dmaAddress',
  dmaAddress: 'phys',
};
const SKIP = 'DMA_ATTR_SKIP_CPU_SYNC';
/** Types that are one in C's arithmetic: an address where another address is asked for. */
const ADDRESSES = ['PhysAddr', 'DmaAddr'];

/** The mistakes in a method, each text once; none that leaves the code as it is. */
export function mutationsOf(written: Written, signatures: Signatures): Mutation[] {
  const body = written.node.getBodyOrThrow();
  const found: Mutation[] = [];
  const seen = new Set([spaceless(written.node.getText())]);
  const isVoid = written.node.getReturnTypeNode()?.getText() === 'void';
  const add = (change: Change): void => {
    const mutation = { ...change, written };
    const text = spaceless(mutatedText(mutation));
    if (seen.has(text)) return;
    seen.add(text);
    found.push(mutation);
  };
  for (const node of body.getDescendants()) {
    for (const [operator, text] of editsOf(node, signatures)) {
      add(replaced(operator, node, node.getStart(), node.getEnd(), text));
    }
    if (Node.isStatement(node)) for (const change of statementChanges(node, isVoid)) add(change);
  }
  return found;
}

function editsOf(node: Node, signatures: Signatures): Edit[] {
  if (asksWhetherThere(node)) return [];
  const { parent, text } = { parent: node.getParent(), text: node.getText() };
  const edits = plainEdits(node);
  if (Node.isIdentifier(node)) edits.push(...nameEdits(text));
  if (Node.isPropertyAccessExpression(node) && Node.isIdentifier(node.getExpression())) {
    const other = OTHER_SIDE[node.getName()];
    if (other !== undefined && !isAssigned(node)) {
      edits.push(['other side of an entry', `${node.getExpression().getText()}.${other}`]);
    }
  }
  if (Node.isCallExpression(node)) edits.push(...callEdits(node, signatures));
  if (Node.isCallExpression(parent)) edits.push(...argumentEdits(node, parent, signatures));
  if (isAssignedSize(node, signatures)) edits.push(...plusMinus(text));
  return edits;
}

function plusMinus(text: string): Edit[] {
  return [
    ['size ± 1', `(${text}) + 1`],
    ['size ± 1', `(${text}) - 1`],
  ];
}

/** What a variable or a member that holds a size becomes. */
function isAssignedSize(node: Node, signatures: Signatures): boolean {
  const parent = node.getParent();
  if (Node.isNumericLiteral(node)) return false;
  if (Node.isVariableDeclaration(parent)) {
    const given = parent.getTypeNode()?.getText() ?? signatures.typeOf(node);
    return parent.getInitializer() === node && given === 'Size';
  }
  if (!Node.isBinaryExpression(parent) || parent.getRight() !== node) return false;
  return isAssigned(parent.getLeft()) && signatures.typeOf(parent.getLeft()) === 'Size';
}

function nameEdits(name: string): Edit[] {
  if (DIRECTIONS.includes(name)) {
    return DIRECTIONS.filter((other) => other !== name).map((other): Edit => ['direction', other]);
  }
  return (RIGHTS[name] ?? []).map((other): Edit => ['rights', other]);
}

/** Another function of the same parameters, and two arguments of one type in each other's place. */
function callEdits(call: CallExpression, signatures: Signatures): Edit[] {
  const callee = calleeOf(call);
  const signature = callee && signatures.of(callee);
  if (callee === undefined || signature === undefined) return [];
  const edits: Edit[] = [];
  const other = callee.name.endsWith('ForCpu')
    ? callee.name.replace(/ForCpu$/, 'ForDevice')
    : callee.name.replace(/ForDevice$/, 'ForCpu');
  const args = call.getArguments().map((arg) => arg.getText());
  const target = call.getExpression().getText();
  if (other !== callee.name && signatures.of({ ...callee, name: other }) !== undefined) {
    const renamed = target.slice(0, target.length - callee.name.length) + other;
    edits.push(['other function', `${renamed}(${args.join(', ')})`]);
  }
  for (const [index, { type }] of signature.parameters.entries()) {
    const next = signature.parameters[index + 1];
    if (next?.type !== type) continue;
    const swapped = args.with(index, args[index + 1] ?? '').with(index + 1, args[index] ?? '');
    edits.push(['arguments swapped', `${target}(${swapped.join(', ')})`]);
  }
  return edits;
}

/** Another value where an argument stands. */
function argumentEdits(node: Node, call: CallExpression, signatures: Signatures): Edit[] {
  const index = call.getArguments().indexOf(node);
  const callee = calleeOf(call);
  const type = callee && signatures.of(callee)?.parameters[index]?.type;
  const text = node.getText();
  if (index < 0 || type === undefined) return [];
  if (type === 'Direction') {
    return DIRECTIONS.filter((other) => other !== text).map((other): Edit => ['direction', other]);
  }
  if (type === 'Attrs') {
    const without: Edit = ['attributes', `(${text}) & ~${SKIP}`];
    return text.includes(SKIP) ? [without] : [['attributes', `(${text}) | ${SKIP}`], without];
  }
  const isPlain = Node.isIdentifier(node) || Node.isPropertyAccessExpression(node);
  const wanted = ADDRESSES.includes(type) ? ADDRESSES : [type];
  const others = isPlain && type !== 'Device' && type !== 'Scatterlist' && type !== 'number';
  return [
    ...(type === 'Size' && !Node.isNumericLiteral(node) ? plusMinus(text) : []),
    ...(others ? namesOfTypes(node, wanted, signatures) : [])
      .filter((name) => name !== text)
      .map((name): Edit => ['another value of the type', name]),
  ];
}

function namesOfTypes(node: Node, types: readonly string[], signatures: Signatures): string[] {
  const names = new Set<string>();
  for (const { name, node: declared } of declarationsBefore(node)) {
    const type = Node.isParameterDeclaration(declared)
      ? (declared.getTypeNode()?.getText() ?? '')
      : Node.isVariableDeclaration(declared)
        ? (declared.getTypeNode()?.getText() ?? signatures.typeOf(declared.getInitializer()))
        : '';
    if (types.includes(type)) names.add(name);
  }
  return [...names];
}
