// SPDX-License-Identifier: GPL-2.0-only
/** The pictures of a finding, folded. */
import { fence, text } from './escape.ts';
import type { Illustration } from './illustrate.ts';

/**
 * The forms that a report may show, the fullest first. `map`: where the finding's memory map is,
 * undefined: nowhere.
 */
export function pictureSections({ sequence, because }: Illustration, map: string | undefined): string[] {
  const calls = sequence.length === 0 ? [] : [fence('mermaid', sequence)];
  if (map === undefined) return calls.map((diagram) => folded('Picture: the calls', [diagram]));
  const memory = `![Memory map. ${text(because.replaceAll('`', ''))}](${encodeURI(map)})`;
  const both = calls.map((diagram) =>
    folded('Pictures: memory at that moment, the calls', [memory, diagram]),
  );
  return [...both, folded('Picture: memory at that moment', [memory])];
}

function folded(summary: string, parts: readonly string[]): string {
  return ['<details>', `<summary>${summary}</summary>`, ...parts, '</details>'].join('\n\n');
}
