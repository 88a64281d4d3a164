// SPDX-License-Identifier: GPL-2.0-only
/** The lines of a state that the patches since another one have written. */
import { diffArrays } from 'diff';
import type { MethodDeclaration } from 'ts-morph';
import type { Flattened, Written } from '../source/flatten.ts';

/** Lines of the method's file, from 1, that the method of that name in `from` does not have; layout does not count. */
export function touchedLines({ method, node }: Written, from: Flattened): ReadonlySet<number> {
  const before = from.functions.get(method)?.node;
  if (before === node) return new Set();
  const touched = new Set<number>();
  let line = node.getStartLineNumber();
  for (const { added, removed, count } of diffArrays(
    before === undefined ? [] : linesOf(before),
    linesOf(node),
  )) {
    if (removed) continue;
    if (added) for (let i = 0; i < count; i++) touched.add(line + i);
    line += count;
  }
  return touched;
}

function linesOf(method: MethodDeclaration): string[] {
  return method
    .getText()
    .replace(/^override /, '')
    .split('\n')
    .map((line) => line.trim());
}
