// SPDX-License-Identifier: GPL-2.0-only
/** The code behind a finding, folded. */
import type { Attribution } from '../compare/attribute.ts';
import type { FunctionDiff } from '../source/sources.ts';
import { code, fence, plural, text } from './escape.ts';

/**
 * The functions that ran and that the responsible patches touch, as they differ between the two
 * states. `shownBefore` collects methods, so that a report shows each once.
 */
export function codeSection(
  diffs: readonly FunctionDiff[] | undefined,
  attribution: Attribution | undefined,
  shownBefore: Set<string>,
): string {
  if (diffs === undefined || attribution === undefined) return '';
  const ran = new Set([...attribution.forth, ...attribution.back].flatMap(({ executed }) => executed));
  const shown = diffs.filter(({ method }) => ran.has(method) && !shownBefore.has(method));
  for (const { method } of shown) shownBefore.add(method);
  if (shown.length === 0) return '';
  const summary = `<summary>The code: ${plural(shown.length, 'function')}</summary>`;
  return ['<details>', summary, ...shown.map(one), '</details>'].join('\n\n');
}

function one({ method, kernelFunction, kind, note, from, to, lines }: FunctionDiff): string {
  const name =
    kernelFunction === undefined ? code(method) : `${code(`${kernelFunction}()`)} (${code(method)})`;
  const said = note === '' ? kind : `${kind}: ${text(note)}`;
  const heading = `${name}, ${said}; written last by ${from ?? 'nobody'} and ${to ?? 'nobody'}`;
  return lines.length === 0 ? heading : `${heading}\n\n${fence('diff', lines)}`;
}
