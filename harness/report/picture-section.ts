// SPDX-License-Identifier: GPL-2.0-only
/** The pictures of a finding, folded under it. */
import type { Level, Section } from './budget.ts';
import { plain, type Block } from '../text/document.ts';
import type { Illustration } from './illustrate.ts';

/**
 * Memory and calls, memory alone, nothing. `map`: where the finding's memory map is, undefined: nowhere.
 * undefined: there is no picture at all.
 */
export function pictureSection(
  { sequence, because }: Illustration,
  map: string | undefined,
): Section | undefined {
  const alt = `Memory map. ${plain(because).replaceAll('`', '')}`;
  const image = map === undefined ? {} : { image: { alt, file: map } };
  const drawing = (summary: string, diagram: readonly string[]): Block[] => [
    { kind: 'drawing', summary, ...image, diagram },
  ];
  const forms: Block[][] = [];
  if (sequence.length > 0) {
    const what = map === undefined ? 'Picture: the calls' : 'Pictures: memory at that moment, the calls';
    forms.push(drawing(what, sequence));
  }
  if (map !== undefined) forms.push(drawing('Picture: memory at that moment', []));
  if (forms.length === 0) return undefined;
  const levels = [...forms, []].map((blocks, index): Level =>
    index === 0 ? { blocks } : { blocks, lost: 'picture', count: 1 },
  );
  return { levels };
}
