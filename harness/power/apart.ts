// SPDX-License-Identifier: GPL-2.0-only
/** Whether two statements have nothing to do with each other, whatever they call. */
import { Node } from 'ts-morph';
import { effectsOf, mayMeet, type Effects } from './effects.ts';
import { assignedIn, isMemberName } from './names.ts';

/**
 * Neither of the statements gives a value to what the other uses, or changes a collection of a kind that the other
 * looks into or changes, whatever they call; and both come to their ends.
 */
export function areApart(statement: Node, other: Node): boolean {
  const [one, two] = [effectsOf(statement), effectsOf(other)];
  if (one === undefined || two === undefined) return false;
  const unseen = (effects: Effects, node: Node): boolean => !effects.throws && onlyDeclares(effects, node);
  if ((one.throws && !unseen(two, other)) || (two.throws && !unseen(one, statement))) return false;
  if ([statement, other].some((each) => leaves(each))) return false;
  if (disturbs(one, two) || disturbs(two, one)) return false;
  const around = statement.getFirstAncestor((up) => isFunction(up)) ?? statement.getSourceFile();
  const clash = (from: Node, to: Node): boolean =>
    isUsed(new Set(assignedIn(from).map((place) => place.getText())), to, around);
  return !clash(statement, other) && !clash(other, statement);
}

/** Where an exception leaves the block, nobody can tell whether it has been there. */
function onlyDeclares({ written, changed }: Effects, statement: Node): boolean {
  return Node.isVariableStatement(statement) && written.size === 0 && changed.size === 0;
}

function disturbs(one: Effects, other: Effects): boolean {
  return (
    [...one.written].some((name) => other.written.has(name) || other.read.has(name)) ||
    mayMeet(one.changed, other.changed) ||
    mayMeet(one.changed, other.lookedInto)
  );
}

/** Control may not come to the statement behind it. */
function leaves(statement: Node): boolean {
  return [statement, ...statement.getDescendants()].some(
    (node) => Node.isReturnStatement(node) || Node.isBreakStatement(node) || Node.isContinueStatement(node),
  );
}

function isFunction(node: Node): boolean {
  return Node.isFunctionLikeDeclaration(node) || Node.isFunctionExpression(node);
}

/** The statement names one of them, or calls something where a function inside of the one around it does. */
function isUsed(names: ReadonlySet<string>, statement: Node, around: Node): boolean {
  const parts = [statement, ...statement.getDescendants()];
  const calls = parts.some((part) => Node.isCallExpression(part) || Node.isNewExpression(part));
  const inner = calls ? around.getDescendants().filter((node) => isFunction(node)) : [];
  return [parts, ...inner.map((node) => node.getDescendants())]
    .flat()
    .some((name) => Node.isIdentifier(name) && !isMemberName(name) && names.has(name.getText()));
}
