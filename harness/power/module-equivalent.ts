// SPDX-License-Identifier: GPL-2.0-only
/** Mistakes in a module that are none: the code does the same with them, whatever it runs on. */
import { Node } from 'ts-morph';
import { isSwappedFreely } from './independent.ts';
import type { Change } from './mutation.ts';

const RULES: readonly (readonly [reason: string, rule: (change: Change) => boolean])[] = [
  ['neither of the two statements depends on the other', isReordered],
];

/** Why nothing can ever tell the mistake from the code; undefined: nothing says so. */
export function whyModuleEquivalent(change: Change): string | undefined {
  return RULES.find(([, rule]) => rule(change))?.[0];
}

/** Two statements in each other's place of which neither calls anything. */
function isReordered(change: Change): boolean {
  return isSwappedFreely(change, (statement) =>
    [statement, ...statement.getDescendants()].some(
      (one) => Node.isCallExpression(one) || Node.isNewExpression(one),
    ),
  );
}
