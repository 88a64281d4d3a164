// SPDX-License-Identifier: GPL-2.0-only
/** The C of a compiled state by function, and how it differs from another's. */
import { structuredPatch } from 'diff';
import type { CCode, CText } from '../subject/state.ts';
import type { EffectiveSource, FunctionDiff } from './effective-source.ts';

const CONTEXT = 3;

/** Every function of the files that were compiled. */
export function cSource(state: string, c: CCode): EffectiveSource {
  const functions = c
    .functions()
    .map(({ name, ...rest }) => [name, { method: name, kernelFunction: name, ...rest }] as const);
  return { state, functions: new Map(functions) };
}

/** Functions that differ, added ones first, then in the order of the files. */
export function cDiffs(from: CCode, to: CCode): FunctionDiff[] {
  const [before, after] = [byName(from), byName(to)];
  const added = [...after.keys()].filter((name) => !before.has(name));
  return [...added, ...before.keys()].flatMap((name): FunctionDiff[] => {
    const [x, y] = [before.get(name), after.get(name)];
    if (x?.text === y?.text) return [];
    const { hunks } = structuredPatch('', '', lines(x), lines(y), '', '', { context: CONTEXT });
    return [
      {
        method: name,
        kernelFunction: undefined,
        kind: x === undefined ? 'added' : y === undefined ? 'removed' : 'changed',
        from: x?.patch,
        to: y?.patch,
        note: '',
        lines: hunks.flatMap(({ oldStart, oldLines, newStart, newLines, lines: changed }) => [
          `@@ -${oldStart},${oldLines} +${newStart},${newLines} @@`,
          ...changed,
        ]),
      },
    ];
  });
}

function byName(c: CCode): Map<string, CText> {
  return new Map(c.functions().map((one) => [one.name, one]));
}

function lines(one: CText | undefined): string {
  return one === undefined ? '' : `${one.text}\n`;
}
