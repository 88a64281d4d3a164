// SPDX-License-Identifier: GPL-2.0-only
/** Mistakes in a module that are none: the code does the same with them, whatever it runs on. */
import { Node, SyntaxKind, VariableDeclarationKind } from 'ts-morph';
import { areApart } from './apart.ts';
import { swappedIn, type Change } from './mutation.ts';
import { assignedIn } from './names.ts';

type Rule = (change: Change) => boolean;

const RULES: readonly (readonly [reason: string, rule: Rule])[] = [
  ['neither of the two statements depends on the other', isReordered],
  ['the function that one of the two defines is called later', isDefinition],
  ['the one is a constant made of constants, which the other does not name', isConstant],
  ['the switch ends there anyway', isLastBreak],
];

/** Why nothing can ever tell the mistake from the code; undefined: nothing says so. */
export function whyModuleEquivalent(change: Change): string | undefined {
  return RULES.find(([, rule]) => rule(change))?.[0];
}

/** Two statements in each other's place that have nothing to do with each other. */
function isReordered(change: Change): boolean {
  const swapped = swappedIn(change);
  return swapped !== undefined && areApart(...swapped);
}

/** Two statements in each other's place, of which one only defines functions, which the other does not name. */
function isDefinition(change: Change): boolean {
  const swapped = swappedIn(change);
  if (swapped === undefined) return false;
  const [node, next] = swapped;
  // One that stands below may call them by their names.
  const isHoisted = node.getParentOrThrow().getChildrenOfKind(SyntaxKind.FunctionDeclaration).length > 0;
  return !isHoisted && (definesUnnamed(node, next) || definesUnnamed(next, node));
}

function definesUnnamed(node: Node, other: Node): boolean {
  if (!Node.isVariableStatement(node)) return false;
  const made = node.getDeclarations();
  if (!made.every((one) => Node.isArrowFunction(one.getInitializer()))) return false;
  const names = new Set(made.map((one) => one.getName()));
  return !other.getDescendantsOfKind(SyntaxKind.Identifier).some((name) => names.has(name.getText()));
}

/** Two statements in each other's place, of which one makes a constant out of what is never given another value. */
function isConstant(change: Change): boolean {
  return swappedIn(change)?.some(isOfConstants) === true;
}

/** The other cannot name it: in front of it, it is not there yet, and behind it the two are not swapped. */
function isOfConstants(node: Node): boolean {
  if (!Node.isVariableStatement(node)) return false;
  const file = node.getSourceFile();
  const changed = new Set(
    [...changedIn(file), ...assignedIn(file).filter((one) => !isDeclared(one))].map((one) => one.getText()),
  );
  return node.getDeclarations().every((made) => {
    const maker = made.getInitializer();
    const parts = maker === undefined ? [] : [maker, ...maker.getDescendants()];
    return (
      Node.isIdentifier(made.getNameNode()) &&
      parts.every((part) =>
        Node.isIdentifier(part) ? !changed.has(part.getText()) : !COMPUTES_OR_LOOKS.has(part.getKind()),
      )
    );
  });
}

const COMPUTES_OR_LOOKS: ReadonlySet<SyntaxKind> = new Set([
  SyntaxKind.CallExpression,
  SyntaxKind.NewExpression,
  SyntaxKind.PropertyAccessExpression,
  SyntaxKind.ElementAccessExpression,
  SyntaxKind.SpreadElement,
  SyntaxKind.SpreadAssignment,
  SyntaxKind.TemplateExpression,
  SyntaxKind.ThisKeyword,
  SyntaxKind.AwaitExpression,
  SyntaxKind.YieldExpression,
  SyntaxKind.ArrowFunction,
]);

/** Declared with a value, but to be given others. */
function changedIn(file: Node): Node[] {
  return file
    .getDescendantsOfKind(SyntaxKind.VariableDeclarationList)
    .filter((list) => list.getDeclarationKind() !== VariableDeclarationKind.Const)
    .flatMap((list) => list.getDeclarations().map((made) => made.getNameNode()));
}

function isDeclared(name: Node): boolean {
  const made = name.getFirstAncestorByKind(SyntaxKind.VariableDeclaration)?.getNameNode();
  return made === name || (made !== undefined && name.getAncestors().includes(made));
}

/** The last statement of a switch. */
function isLastBreak({ operator, node }: Change): boolean {
  const clause = node.getParent();
  if (operator !== 'statement deleted' || !Node.isBreakStatement(node)) return false;
  if (!Node.isCaseClause(clause) && !Node.isDefaultClause(clause)) return false;
  const clauses = clause.getParentIfKindOrThrow(SyntaxKind.CaseBlock).getClauses();
  return clauses.at(-1) === clause && clause.getStatements().at(-1) === node;
}
