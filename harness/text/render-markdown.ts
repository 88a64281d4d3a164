// SPDX-License-Identifier: GPL-2.0-only
/** Blocks as GitHub's Markdown, readable in a plain mail too. */
import { markdownTable } from 'markdown-table';
import { spansOf, type Block, type Span, type Text } from './document.ts';
import { cellCode, code, fence, htmlCode, htmlText, lineStart, text, url } from './escape.ts';

/** The blocks under each other. `prefix` keeps anchors apart where several reports share a page. */
export function renderMarkdown(blocks: readonly Block[], prefix = ''): string {
  const anchors = new Set(anchorsOf(blocks));
  return renderOn({ prefix, leads: (anchor) => anchors.has(anchor) }, blocks);
}

/** Most characters that the blocks take on a page, whatever else is on it. */
export function lengthInMarkdown(blocks: readonly Block[], prefix: string): number {
  return renderOn({ prefix, leads: () => true }, blocks).length;
}

function renderOn(page: Page, blocks: readonly Block[]): string {
  return blocks.map((block) => render(block, page)).join('\n\n');
}

/** One line of Markdown. */
export function inMarkdown(line: Text): string {
  return inline(line, { prefix: '', leads: () => false });
}

interface Page {
  readonly prefix: string;
  /** Whether the page has that anchor. */
  leads(anchor: string): boolean;
}

function anchorsOf(blocks: readonly Block[]): string[] {
  return blocks.flatMap((block) => {
    if (block.kind === 'fold') return anchorsOf(block.blocks);
    return block.kind === 'heading' && block.anchor !== undefined ? [block.anchor] : [];
  });
}

function render(block: Block, page: Page): string {
  switch (block.kind) {
    case 'heading': {
      const line = `${'#'.repeat(block.level)} ${inline(block.text, page)}`;
      return block.anchor === undefined ? line : `${line}\n<a id="${page.prefix}${block.anchor}"></a>`;
    }
    case 'paragraph':
      return startOf(block.text, page);
    case 'lines':
      return block.lines.map((line) => startOf(line, page)).join('  \n');
    case 'list': {
      const lead = block.lead === undefined ? [] : [startOf(block.lead, page)];
      return [...lead, ...block.items.map((item) => `- ${startOf(item, page)}`)].join('\n');
    }
    case 'table': {
      const head = block.columns.map(({ title }) => text(title, cellCode));
      const rows = block.rows.map((row) => row.map((cell) => inline(cell, page, cellCode)));
      const align = block.columns.map((column) => (column.align === 'right' ? 'r' : 'l'));
      return markdownTable([head, ...rows], { align });
    }
    case 'fence':
      return fence(block.language, block.lines);
    case 'drawing': {
      const { image, diagram } = block;
      const file = image === undefined ? [] : [`![${text(image.alt)}](${url(image.file)})`];
      return fold(block.summary, [...file, ...(diagram.length > 0 ? [fence('mermaid', diagram)] : [])]);
    }
    case 'fold':
      return fold(
        block.summary,
        block.blocks.map((inner) => render(inner, page)),
      );
  }
}

function fold(summary: Text, parts: readonly string[]): string {
  const line = `<details><summary>${spansOf(summary).map(inHtml).join('')}</summary>`;
  return [line, ...parts, '</details>'].join('\n\n');
}

function inline(line: Text, page: Page, asCode = code): string {
  return spansOf(line)
    .map((span) => {
      if (typeof span === 'string') return text(span, asCode);
      if ('code' in span) return asCode(span.code);
      if ('strong' in span) return `**${text(span.strong, asCode)}**`;
      if ('url' in span) return `<${url(span.url)}>`;
      const words = text(span.link, asCode);
      return page.leads(span.to) ? `[${words}](#${page.prefix}${span.to})` : words;
    })
    .reduce((before, next) => before + (before.endsWith('`') && next.startsWith('`') ? ' ' : '') + next, '');
}

/** A line that prose begins. */
function startOf(line: Text, page: Page): string {
  const markdown = inline(line, page).trimStart();
  return typeof spansOf(line)[0] === 'string' ? lineStart(markdown) : markdown;
}

/** GitHub reads no Markdown inside a summary. */
function inHtml(span: Span): string {
  if (typeof span === 'string') return htmlText(span);
  if ('code' in span) return htmlCode(span.code);
  if ('url' in span) return htmlText(url(span.url));
  return 'strong' in span ? `<b>${htmlText(span.strong)}</b>` : htmlText(span.link);
}
