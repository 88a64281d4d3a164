// SPDX-License-Identifier: GPL-2.0-only
/** Every small mistake that can be made in a method. */
import { Node, SyntaxKind, type CallExpression, type Statement } from 'ts-morph';
import type { Written } from '../source/flatten.ts';
import { mutatedText, type Mutation, type Operator } from './mutation.ts';
import { writesOf } from './names.ts';
import { calleeOf, declarationsBefore, type Signatures } from './signatures.ts';

/** What stands in the place of a node, and what kind of mistake that is. */
type Change = readonly [operator: Operator, text: string];

const COMPARISONS: Readonly<Record<string, string>> = {
  '<': '<=',
  '<=': '<',
  '>': '>=',
  '>=': '>',
  '===': '!==',
  '!==': '===',
};
const ARITHMETIC: Readonly<Record<string, string>> = { '+': '-', '-': '+', '+=': '-=', '-=': '+=' };
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
  const add = (mutation: Mutation): void => {
    const text = spaceless(mutatedText(mutation));
    if (seen.has(text)) return;
    seen.add(text);
    found.push(mutation);
  };
  for (const node of body.getDescendants()) {
    for (const [operator, text] of changesOf(node, signatures)) {
      add(replaced(written, operator, node, node.getStart(), node.getEnd(), text));
    }
    if (Node.isStatement(node)) for (const mutation of statementMutations(written, node)) add(mutation);
  }
  return found;
}

function spaceless(text: string): string {
  return text.replaceAll(/\s+/g, '');
}

function replaced(
  written: Written,
  operator: Operator,
  node: Node,
  start: number,
  end: number,
  replacement: string,
): Mutation {
  const [from, to] = shownAround(node, end);
  const whole = node.getSourceFile().getFullText();
  return {
    written,
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

function changesOf(node: Node, signatures: Signatures): Change[] {
  const { parent, text } = { parent: node.getParent(), text: node.getText() };
  const changes: Change[] = [];
  const isCondition =
    (Node.isIfStatement(parent) && parent.getExpression() === node) ||
    (Node.isConditionalExpression(parent) && parent.getCondition() === node);
  if (asksWhetherThere(node)) return [];
  if (isCondition) {
    changes.push(['condition negated', `!(${text})`]);
    changes.push(['condition always true', 'true'], ['condition always false', 'false']);
  }
  if (Node.isBinaryExpression(node)) changes.push(...binaryChanges(node));
  if (Node.isNumericLiteral(node) && !isNotation(node)) {
    const value = node.getLiteralValue();
    changes.push(['number ± 1', String(value + 1)]);
    if (value > 0) changes.push(['number ± 1', String(value - 1)]);
  }
  if (node.isKind(SyntaxKind.TrueKeyword)) changes.push(['flag turned round', 'false']);
  if (node.isKind(SyntaxKind.FalseKeyword)) changes.push(['flag turned round', 'true']);
  if (Node.isIdentifier(node)) changes.push(...nameChanges(text));
  if (Node.isPropertyAccessExpression(node) && Node.isIdentifier(node.getExpression())) {
    const other = OTHER_SIDE[node.getName()];
    if (other !== undefined && !isAssigned(node)) {
      changes.push(['other side of an entry', `${node.getExpression().getText()}.${other}`]);
    }
  }
  if (Node.isCallExpression(node)) changes.push(...callChanges(node, signatures));
  if (Node.isCallExpression(parent)) changes.push(...argumentChanges(node, parent, signatures));
  if (isAssignedSize(node, signatures)) changes.push(...plusMinus(text));
  return changes;
}

/** Of how this repository writes 64-bit numbers and powers of two: -1, 2 ** n, n >>> 0. */
function isNotation(literal: Node): boolean {
  const parent = literal.getParent();
  if (Node.isPrefixUnaryExpression(parent)) return true;
  return Node.isBinaryExpression(parent) && /^(\*\*|>>>)$/.test(parent.getOperatorToken().getText());
}

/** A check that TypeScript wants, and that is not in the kernel: what is there at all is no question there. */
function asksWhetherThere(node: Node): boolean {
  return Node.isBinaryExpression(node) && node.getRight().getText() === 'undefined';
}

function plusMinus(text: string): Change[] {
  return [
    ['size ± 1', `(${text}) + 1`],
    ['size ± 1', `(${text}) - 1`],
  ];
}

function isAssigned(node: Node): boolean {
  const parent = node.getParent();
  return (
    Node.isBinaryExpression(parent) &&
    parent.getLeft() === node &&
    /^[^=!<>]*=$/.test(parent.getOperatorToken().getText())
  );
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

function binaryChanges(node: Node): Change[] {
  if (!Node.isBinaryExpression(node)) return [];
  const [left, right] = [node.getLeft().getText(), node.getRight().getText()];
  const operator = node.getOperatorToken().getText();
  if (operator === '&&' || operator === '||') {
    const dropped: Change = ['operand dropped', `(${left})`];
    if (asksWhetherThere(node.getRight())) return [];
    const other = operator === '&&' ? '||' : '&&';
    return [dropped, ['operand dropped', `(${right})`], ['and for or', `((${left}) ${other} (${right}))`]];
  }
  const comparison = COMPARISONS[operator];
  if (comparison !== undefined) return [['comparison', `${left} ${comparison} ${right}`]];
  const arithmetic = ARITHMETIC[operator];
  if (arithmetic === undefined) return [];
  const other: Change = ['arithmetic', `${left} ${arithmetic} ${right}`];
  return operator.endsWith('=') ? [other] : [other, ['operand dropped', `(${left})`]];
}

function nameChanges(name: string): Change[] {
  if (DIRECTIONS.includes(name)) {
    return DIRECTIONS.filter((other) => other !== name).map((other): Change => ['direction', other]);
  }
  return (RIGHTS[name] ?? []).map((other): Change => ['rights', other]);
}

/** Another function of the same parameters, and two arguments of one type in each other's place. */
function callChanges(call: CallExpression, signatures: Signatures): Change[] {
  const callee = calleeOf(call);
  const signature = callee && signatures.of(callee);
  if (callee === undefined || signature === undefined) return [];
  const changes: Change[] = [];
  const other = callee.name.endsWith('ForCpu')
    ? callee.name.replace(/ForCpu$/, 'ForDevice')
    : callee.name.replace(/ForDevice$/, 'ForCpu');
  const args = call.getArguments().map((arg) => arg.getText());
  const target = call.getExpression().getText();
  if (other !== callee.name && signatures.of({ ...callee, name: other }) !== undefined) {
    const renamed = target.slice(0, target.length - callee.name.length) + other;
    changes.push(['other function', `${renamed}(${args.join(', ')})`]);
  }
  for (const [index, { type }] of signature.parameters.entries()) {
    const next = signature.parameters[index + 1];
    if (next?.type !== type) continue;
    const swapped = args.with(index, args[index + 1] ?? '').with(index + 1, args[index] ?? '');
    changes.push(['arguments swapped', `${target}(${swapped.join(', ')})`]);
  }
  return changes;
}

/** Another value where an argument stands. */
function argumentChanges(node: Node, call: CallExpression, signatures: Signatures): Change[] {
  const index = call.getArguments().indexOf(node);
  const callee = calleeOf(call);
  const type = callee && signatures.of(callee)?.parameters[index]?.type;
  const text = node.getText();
  if (index < 0 || type === undefined) return [];
  if (type === 'Direction') {
    return DIRECTIONS.filter((other) => other !== text).map((other): Change => ['direction', other]);
  }
  if (type === 'Attrs') {
    const without: Change = ['attributes', `(${text}) & ~${SKIP}`];
    return text.includes(SKIP) ? [without] : [['attributes', `(${text}) | ${SKIP}`], without];
  }
  const isPlain = Node.isIdentifier(node) || Node.isPropertyAccessExpression(node);
  const wanted = ADDRESSES.includes(type) ? ADDRESSES : [type];
  const others = isPlain && type !== 'Device' && type !== 'Scatterlist' && type !== 'number';
  return [
    ...(type === 'Size' && !Node.isNumericLiteral(node) ? plusMinus(text) : []),
    ...(others ? namesOfTypes(node, wanted, signatures) : [])
      .filter((name) => name !== text)
      .map((name): Change => ['another value of the type', name]),
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

/** A statement that is not there, one in the place of the next, and the end of the function before it. */
function* statementMutations(written: Written, statement: Statement): Generator<Mutation> {
  const { start, end } = { start: statement.getStart(), end: statement.getEnd() };
  const isVoid = written.node.getReturnTypeNode()?.getText() === 'void';
  const leaves = Node.isReturnStatement(statement) && statement.getExpression() === undefined;
  const asked = statement.getFirstAncestorByKind(SyntaxKind.IfStatement)?.getExpression();
  if (leaves && asked !== undefined && asksWhetherThere(asked)) return;
  if (Node.isExpressionStatement(statement) || Node.isBreakStatement(statement) || leaves) {
    yield { ...replaced(written, 'statement deleted', statement, start, end, ';'), after: '' };
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
      ...replaced(written, 'statements swapped', statement, start, next.getEnd(), second + between + first),
      before: `${oneLine(first)} ${oneLine(second)}`,
      after: `${oneLine(second)} ${oneLine(first)}`,
    };
  }
  if (isVoid && index > 0 && !Node.isReturnStatement(statement)) {
    const mutation = replaced(written, 'return before the end', statement, start, start, 'return; ');
    yield { ...mutation, after: `return; ${mutation.before}` };
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
