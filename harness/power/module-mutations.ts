// SPDX-License-Identifier: GPL-2.0-only
/** Every small mistake that can be made in a module of the tool's own. */
import { Node, SyntaxKind, type CallExpression, type SourceFile, type Statement } from 'ts-morph';
import type { Change } from './mutation.ts';
import {
  asksWhetherThere,
  plainEdits,
  replaced,
  spaceless,
  statementChanges,
  type Edit,
} from './plain-operators.ts';

/** The types of a function's parameters, by its name; no functions of one name that differ in them. */
export type ParameterTypes = ReadonlyMap<string, readonly string[]>;

/** What the functions and methods of the modules take. */
export function parameterTypes(files: readonly SourceFile[]): ParameterTypes {
  const found = new Map<string, readonly string[]>();
  const differ = new Set<string>();
  for (const node of files.flatMap((file) => file.getDescendants())) {
    if (!Node.isFunctionDeclaration(node) && !Node.isMethodDeclaration(node)) continue;
    const name = node.getName() ?? '';
    const types = node.getParameters().map((parameter) => parameter.getTypeNode()?.getText() ?? '');
    const known = found.get(name);
    if (known !== undefined && known.join() !== types.join()) differ.add(name);
    found.set(name, types);
  }
  for (const name of differ) found.delete(name);
  return found;
}

/** The mistakes in a module, each text once; none that leaves the code as it is. */
export function mutationsOfModule(file: SourceFile, types: ParameterTypes): Change[] {
  const text = file.getFullText();
  const found: Change[] = [];
  const seen = new Set([spaceless(text)]);
  const add = (change: Change): void => {
    const mutated = spaceless(moduleText(change));
    if (seen.has(mutated)) return;
    seen.add(mutated);
    found.push(change);
  };
  file.forEachDescendant((node, traversal) => {
    if (isInert(node)) {
      traversal.skip();
      return;
    }
    for (const [operator, edit] of editsOf(node, types)) {
      add(replaced(operator, node, node.getStart(), node.getEnd(), edit));
    }
    if (Node.isStatement(node)) for (const change of statementChanges(node, isInVoid(node))) add(change);
  });
  return found;
}

/** The module with the mistake in it. */
export function moduleText({ node, start, end, replacement }: Change): string {
  const text = node.getSourceFile().getFullText();
  return text.slice(0, start) + replacement + text.slice(end);
}

/** Types, and what is said of a bug in the tool itself. */
function isInert(node: Node): boolean {
  return (
    Node.isTypeNode(node) ||
    Node.isInterfaceDeclaration(node) ||
    Node.isTypeAliasDeclaration(node) ||
    Node.isImportDeclaration(node) ||
    Node.isExportDeclaration(node) ||
    Node.isThrowStatement(node)
  );
}

function editsOf(node: Node, types: ParameterTypes): Edit[] {
  if (asksWhetherThere(node) || isForNothing(node)) return [];
  // An operand that asks whether something is there is what TypeScript wants before the other.
  const asks = Node.isBinaryExpression(node) && asksWhetherThere(node.getLeft());
  const edits = plainEdits(node).filter(([, text]) => !asks || text !== `(${node.getRight().getText()})`);
  if (Node.isCallExpression(node)) edits.push(...swappedArguments(node, types));
  return edits;
}

/** The number for an element that is not there, which TypeScript wants to know: no question there, either. */
function isForNothing(node: Node): boolean {
  const parent = node.getParent();
  if (!Node.isNumericLiteral(node) || !Node.isBinaryExpression(parent)) return false;
  if (parent.getRight() !== node) return false;
  const left = parent.getLeft();
  const isElement = Node.isElementAccessExpression(left) || left.getText().includes(']?.');
  return parent.getOperatorToken().getText() === '??' && isElement;
}

function swappedArguments(call: CallExpression, types: ParameterTypes): Edit[] {
  const callee = call.getExpression();
  const name = Node.isPropertyAccessExpression(callee) ? callee.getName() : callee.getText();
  const args = call.getArguments().map((arg) => arg.getText());
  const taken = types.get(name) ?? [];
  return args.flatMap((arg, index): Edit[] => {
    const next = args[index + 1];
    if (next === undefined || taken[index] === undefined || taken[index] !== taken[index + 1]) return [];
    return [
      [
        'arguments swapped',
        `${callee.getText()}(${args
          .with(index, next)
          .with(index + 1, arg)
          .join(', ')})`,
      ],
    ];
  });
}

/** The function around it returns nothing, and says so. */
function isInVoid(statement: Statement): boolean {
  const around = statement
    .getAncestors()
    .find((up) => Node.isFunctionLikeDeclaration(up) || up.isKind(SyntaxKind.FunctionExpression));
  return Node.isFunctionLikeDeclaration(around) && around.getReturnTypeNode()?.getText() === 'void';
}
