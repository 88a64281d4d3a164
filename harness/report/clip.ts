// SPDX-License-Identifier: GPL-2.0-only
/** Cuts what would fill a comment alone. */
import type { Section } from './budget.ts';
import { plural, spansOf, type Block, type Span, type Text } from '../text/document.ts';

/** Longest pieces of a line, and of a fence, that a comment shows. */
const LONGEST = { prose: 1200, name: 160, href: 400, line: 240, lines: 120 };

/** The section, each level clipped. */
export function clippedSection({ levels }: Section): Section {
  return { levels: levels.map((level) => ({ ...level, blocks: clipped(level.blocks) })) };
}

function clipped(blocks: readonly Block[]): Block[] {
  return blocks.map(clipBlock);
}

/** The block without what would fill a comment alone: monstrous names, lines, diffs. */
export function clipBlock(block: Block): Block {
  switch (block.kind) {
    case 'heading':
    case 'paragraph':
      return { ...block, text: clipText(block.text) };
    case 'lines':
      return { ...block, lines: block.lines.map((line) => clipText(line)) };
    case 'list': {
      const items = block.items.map((item) => clipText(item));
      return block.lead === undefined ? { ...block, items } : { ...block, items, lead: clipText(block.lead) };
    }
    case 'table':
      return {
        ...block,
        columns: block.columns.map((column) => ({ ...column, title: cut(column.title, LONGEST.name) })),
        rows: block.rows.map((row) => row.map((cell) => clipText(cell, LONGEST.name))),
      };
    case 'picture':
      return { ...block, alt: cut(block.alt, LONGEST.prose) };
    case 'fence':
      return { ...block, lines: clipLines(block.lines) };
    case 'fold':
      return { ...block, summary: clipText(block.summary), blocks: clipped(block.blocks) };
  }
}

function clipText(text: Text, prose = LONGEST.prose): Text {
  return spansOf(text).map((span): Span => {
    if (typeof span === 'string') return cut(span, prose);
    if ('code' in span) return { code: cut(span.code, LONGEST.name) };
    if ('strong' in span) return { strong: cut(span.strong, LONGEST.name) };
    if ('url' in span) return span;
    if ('href' in span && span.href.length > LONGEST.href) return cut(span.link, LONGEST.name);
    return { ...span, link: cut(span.link, LONGEST.name) };
  });
}

function clipLines(lines: readonly string[]): string[] {
  const more = lines.length - LONGEST.lines;
  const shown = lines.slice(0, LONGEST.lines).map((line) => cut(line, LONGEST.line));
  return more > 0 ? [...shown, ` … ${plural(more, 'more line')}`] : shown;
}

/** Beginning and end say most about a path. */
function cut(value: string, longest: number): string {
  if (value.length <= longest) return value;
  const half = Math.floor(longest / 2);
  return `${value.slice(0, half)}…${value.slice(value.length - half + 1)}`;
}
