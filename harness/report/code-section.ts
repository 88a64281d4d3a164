// SPDX-License-Identifier: GPL-2.0-only
/** The code behind a finding. */
import type { Attribution } from '../compare/attribute.ts';
import type { FunctionDiff } from '../source/effective-source.ts';
import { code, paragraph, plural, strong, type Block, type Span } from '../text/document.ts';

/**
 * The functions that ran and that the responsible patches touch, as they differ between the two
 * states. `shownBefore` collects methods, so that a report shows each once.
 */
export function codeBehind(
  diffs: readonly FunctionDiff[] | undefined,
  attribution: Attribution | undefined,
  shownBefore: Set<string>,
): Block[] {
  if (diffs === undefined || attribution === undefined) return [];
  const ran = new Set([...attribution.forth, ...attribution.back].flatMap(({ executed }) => executed));
  const shown = diffs.filter(({ method }) => ran.has(method) && !shownBefore.has(method));
  for (const { method } of shown) shownBefore.add(method);
  if (shown.length === 0) return [];
  return shown.flatMap(one);
}

/** Longest part of a hunk, and most hunks of one patch, that a finding quotes. */
const HUNK_LINES = 60;
const HUNKS = 8;

/** The posted lines that turn a finding: the hunks of the patches in functions that ran, or else of what they touch. */
export function hunksBehind({ forth, back }: Attribution): Block[] {
  return [...forth, ...back].flatMap(({ stage, touched, executed }): Block[] => {
    const { patch, after } = stage;
    const hunks = after.c?.hunks(patch.id, executed.length > 0 ? executed : touched) ?? [];
    const more = hunks.length - HUNKS;
    return [
      ...hunks
        .slice(0, HUNKS)
        .flatMap(({ file, line, lines, link }): Block[] => [
          paragraph(
            strong(patch.id),
            ' in ',
            code(`${file}:${line}`),
            ...(link === undefined ? [':'] : [', ', { url: link }, ':']),
          ),
          { kind: 'fence', language: 'diff', lines: [...lines.slice(0, HUNK_LINES), ...cut(lines.length)] },
        ]),
      ...(more > 0 ? [paragraph(`And ${plural(more, 'more hunk')} of ${patch.id}.`)] : []),
    ];
  });
}

function cut(length: number): string[] {
  return length > HUNK_LINES ? [` … ${plural(length - HUNK_LINES, 'more line')}`] : [];
}

function one({ method, kernelFunction, kind, note, from, to, lines }: FunctionDiff): Block[] {
  const name: Span[] =
    kernelFunction === undefined ? [code(method)] : [code(`${kernelFunction}()`), ' (', code(method), ')'];
  const said = note === '' ? kind : `${kind}: ${note}`;
  const heading = paragraph(...name, `, ${said}; written last by ${from ?? 'nobody'} and ${to ?? 'nobody'}`);
  return lines.length === 0 ? [heading] : [heading, { kind: 'fence', language: 'diff', lines }];
}
