// SPDX-License-Identifier: GPL-2.0-only
/** Blocks as GitHub's Markdown, readable in a plain mail too. */
import { markdownTable } from 'markdown-table';
import stringWidth from 'string-width';
import { spansOf, type Block, type Span, type Text } from './document.ts';
import { cellCode, code, fence, htmlCode, htmlText, lineStart, text, url } from './escape.ts';

/** The blocks under each other. */
export function renderMarkdown(blocks: readonly Block[]): string {
  const anchors = new Set(anchorsOf(blocks));
  return renderOn({ leads: (anchor) => anchors.has(anchor) }, blocks);
}

/** Most bytes that the blocks take on a page, whatever else is on it. */
export function lengthInMarkdown(blocks: readonly Block[]): number {
  return Buffer.byteLength(renderOn({ leads: () => true }, blocks));
}

function renderOn(page: Page, blocks: readonly Block[]): string {
  return blocks.map((block) => render(block, page)).join('\n\n');
}

/** Columns of a table as text. */
const WIDEST = 110;

interface Page {
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
      return block.anchor === undefined ? line : `<a id="${block.anchor}"></a>\n\n${line}`;
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
      return tableOf([head, ...rows], align);
    }
    case 'fence':
      return fence(block.language, block.lines);
    case 'picture':
      return `![${text(block.alt)}](${url(block.file)})`;
    case 'fold':
      return fold(
        block.summary,
        block.blocks.map((inner) => render(inner, page)),
      );
  }
}

/** Columns that stand under each other, where that does not take a line wider than anybody reads. */
function tableOf(rows: readonly string[][], align: readonly string[]): string {
  const aligned = markdownTable(rows, { align, stringLength: stringWidth });
  const width = stringWidth(aligned.slice(0, aligned.indexOf('\n')));
  return width <= WIDEST ? aligned : markdownTable(rows, { align, alignDelimiters: false });
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
      if ('href' in span) {
        const words = span.isCode === true ? asCode(span.link) : text(span.link, asCode);
        return `[${words}](${url(span.href)})`;
      }
      const words = text(span.link, asCode);
      return page.leads(span.to) ? `[${words}](#${span.to})` : words;
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
  if ('strong' in span) return `<b>${htmlText(span.strong)}</b>`;
  return 'isCode' in span ? htmlCode(span.link) : htmlText(span.link);
}
