// SPDX-License-Identifier: GPL-2.0-only
/** Blocks as HTML, for a page without a script. */
import { spansOf, type Block, type Span, type Text } from '../text/document.ts';
import { visibleCode } from '../text/visible.ts';
import { htmlPage, SCHEME } from './html.ts';
import { markup } from './markup.ts';

/** A whole page of blocks, dark where the system is. */
export function documentPage(title: string, blocks: readonly Block[], style: string): string {
  const body = `<header class="bar"><span class="name">bouncediff</span></header>\n<main>\n${documentHtml(blocks)}\n</main>`;
  return htmlPage(title, style, `\n<script>${SCHEME}</script>`, body);
}

/** The blocks under each other. */
function documentHtml(blocks: readonly Block[]): string {
  return blocks.map(html).join('\n');
}

function html(block: Block): string {
  switch (block.kind) {
    case 'heading': {
      const id = block.anchor === undefined ? '' : ` id="${markup(block.anchor)}"`;
      return `<h${block.level}${id}>${inline(block.text)}</h${block.level}>`;
    }
    case 'paragraph':
      return `<p>${inline(block.text)}</p>`;
    case 'lines':
      return `<p>${block.lines.map(inline).join('<br>')}</p>`;
    case 'list': {
      const lead = block.lead === undefined ? '' : `<p>${inline(block.lead)}</p>`;
      return `${lead}<ul>${block.items.map((item) => `<li>${inline(item)}</li>`).join('')}</ul>`;
    }
    case 'table': {
      const align = block.columns.map((column) => (column.align === 'right' ? ' class="r"' : ''));
      const heads = block.columns.map(({ title }, at) => `<th${align[at] ?? ''}>${markup(title)}</th>`);
      const rows = block.rows.map((cells) => {
        const row = cells.map((cell, at) => `<td${align[at] ?? ''}>${inline(cell)}</td>`);
        return `<tr>${row.join('')}</tr>`;
      });
      return `<table class="t"><thead><tr>${heads.join('')}</tr></thead><tbody>\n${rows.join('\n')}\n</tbody></table>`;
    }
    case 'fence':
      return `<pre>${block.lines.map((line) => markup(visibleCode(line))).join('\n')}</pre>`;
    case 'picture':
      return '';
    case 'fold':
      return `<details><summary>${inline(block.summary)}</summary>\n${documentHtml(block.blocks)}\n</details>`;
  }
}

function inline(text: Text): string {
  return spansOf(text).map(spanHtml).join('');
}

function spanHtml(span: Span): string {
  if (typeof span === 'string') return markup(span);
  if ('code' in span) return `<code>${markup(span.code)}</code>`;
  if ('strong' in span) return `<b>${markup(span.strong)}</b>`;
  if ('url' in span) return webLink(span.url, markup(span.url));
  if ('to' in span) return `<a href="#${markup(span.to)}">${markup(span.link)}</a>`;
  const words = span.isCode === true ? `<code>${markup(span.link)}</code>` : markup(span.link);
  return webLink(span.href, words);
}

/** The words, leading into the web; nothing else is a link, least of all a script. */
function webLink(href: string, words: string): string {
  return /^https?:\/\//.test(href) ? `<a href="${markup(href)}">${words}</a>` : words;
}
