// SPDX-License-Identifier: GPL-2.0-only
/** The code behind a finding, folded. */
import type { Attribution } from '../compare/attribute.ts';
import type { FunctionDiff } from '../source/effective-source.ts';
import { code, paragraph, plural, type Block, type Span } from '../text/document.ts';

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
  const summary = `The code: ${plural(shown.length, 'function')}`;
  return [{ kind: 'fold', summary, blocks: shown.flatMap(one) }];
}

function one({ method, kernelFunction, kind, note, from, to, lines }: FunctionDiff): Block[] {
  const name: Span[] =
    kernelFunction === undefined ? [code(method)] : [code(`${kernelFunction}()`), ' (', code(method), ')'];
  const said = note === '' ? kind : `${kind}: ${note}`;
  const heading = paragraph(...name, `, ${said}; written last by ${from ?? 'nobody'} and ${to ?? 'nobody'}`);
  return lines.length === 0 ? [heading] : [heading, { kind: 'fence', language: 'diff', lines }];
}
