// SPDX-License-Identifier: GPL-2.0-only
/** How the functions of two states differ. */
import { structuredPatch } from 'diff';
import { callees, type Flattened, type Written } from './flatten.ts';
import { foldHelpers, type Code, type Fold, type Folded } from './folds.ts';
import { statementLines } from './layout.ts';
import type { FunctionDiff } from './effective-source.ts';
import { structure } from './structure.ts';

/** Lines of context around a difference. */
const CONTEXT = 3;

type Difference = Pick<FunctionDiff, 'kind' | 'note' | 'lines'>;

/** One entry for each function that differs, the ones that only `to` has first. */
export function functionDiffs(from: Flattened, to: Flattened): FunctionDiff[] {
  const before = foldHelpers(from.functions, to.functions);
  const after = foldHelpers(to.functions, from.functions);
  const added = [...to.functions.keys()].filter((method) => !from.functions.has(method));
  return [...added, ...from.functions.keys()].flatMap((method) => {
    const x = from.functions.get(method);
    const y = to.functions.get(method);
    const known = { method, kernelFunction: (y ?? x)?.kernelFunction, from: x?.patch, to: y?.patch };
    if (x === undefined) return y === undefined ? [] : [{ ...known, ...addition(y, after, from) }];
    if (y === undefined) return [{ ...known, ...removed(x, before, to) }];
    const found = both(x, y, before, after);
    return found === undefined ? [] : [{ ...known, ...found }];
  });
}

function removed({ method, node }: Written, before: Folded, to: Flattened): Difference {
  const fold = before.folds.find(({ helper }) => helper === method);
  if (fold?.exact) return { kind: 'moved', note: `${method} folded into ${fold.into}`, lines: [] };
  const note = to.idle.has(method) ? 'no longer called' : foldNote(fold);
  return { kind: 'removed', note, lines: hunks(statementLines(node), []) };
}

function addition({ method, node }: Written, after: Folded, from: Flattened): Difference {
  const fold = after.folds.find(({ helper }) => helper === method);
  if (fold?.exact) return { kind: 'moved', note: `${method} split out of ${fold.into}`, lines: [] };
  const note = from.idle.has(method) ? 'was there, not called' : foldNote(fold);
  return { kind: 'added', note, lines: hunks([], statementLines(node)) };
}

function foldNote(fold: Fold | undefined): string {
  return fold === undefined ? '' : `${fold.into} is compared with it folded in`;
}

/** A function that both states have; undefined when it is the same in both. */
function both(x: Written, y: Written, before: Folded, after: Folded): Difference | undefined {
  if (x.node === y.node || structure(x.node) === structure(y.node)) return undefined;
  const left = before.code(x);
  const right = after.code(y);
  const folds = [...touching(x, before), ...touching(y, after)];
  if (structureOf(left) !== structureOf(right)) {
    const notes = folds.map(({ helper, into }) =>
      into === x.method ? `${helper} folded in` : `${helper} read as ${into}`,
    );
    return {
      kind: 'changed',
      note: notes.length === 0 ? '' : `compared with ${notes.join(', ')}`,
      lines: hunks(linesOf(left), linesOf(right)),
    };
  }
  const notes = [
    ...touching(x, before).map((fold) => moveNote(x, fold, 'folded into')),
    ...touching(y, after).map((fold) => moveNote(y, fold, 'split out of')),
  ];
  return { kind: 'moved', note: notes.join('; '), lines: [] };
}

/** The folds that make a function read differently: it takes a helper over, or calls one. */
function touching({ method, node }: Written, { folds }: Folded): Fold[] {
  const called = new Set(callees(node).map(({ name }) => name));
  return folds.filter(({ helper, into }) => into === method || called.has(helper));
}

function moveNote({ method }: Written, { helper, into }: Fold, how: string): string {
  return into === method ? `${helper} ${how} ${into}` : `${helper} ${how} ${into}, which it calls`;
}

function structureOf({ node, renaming }: Code): string {
  return structure(node, renaming.calls);
}

function linesOf({ node, renaming }: Code): string[] {
  return statementLines(node, renaming);
}

/** Hunks of a unified diff. */
function hunks(x: readonly string[], y: readonly string[]): string[] {
  const text = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join('');
  const { hunks: found } = structuredPatch('', '', text(x), text(y), '', '', { context: CONTEXT });
  return found.flatMap(({ oldStart, oldLines, newStart, newLines, lines }) =>
    [`@@ -${oldStart},${oldLines} +${newStart},${newLines} @@`].concat(lines),
  );
}
