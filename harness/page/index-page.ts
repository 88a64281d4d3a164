// SPDX-License-Identifier: GPL-2.0-only
/** The index of a folder of pages: a table, dark where the system is. */
import type { PageAssets } from './bundle.ts';
import { htmlPage, SCHEME } from './html.ts';
import { KIND_WORDS, PAGE_KINDS } from './kinds.ts';
import { markup } from './markup.ts';
import type { PageData, Words } from './page-data.ts';

/** A page, by its file in the folder. */
export interface IndexEntry {
  readonly file: string;
  readonly data: PageData;
}

export function indexHtml(entries: readonly IndexEntry[], { style }: PageAssets): string {
  const heads = PAGE_KINDS.map((kind) => `<th class="r">${KIND_WORDS[kind]}</th>`).join('');
  const body = `<header class="bar"><span class="name">bouncediff</span></header>
<main>
<h1>Comparisons</h1>
<table class="t"><thead><tr><th>states</th>${heads}<th>what changed</th></tr></thead><tbody>
${entries.map(row).join('\n')}
</tbody></table>
</main>`;
  return htmlPage('comparisons', style, `\n<script>${SCHEME}</script>`, body);
}

function row({ file, data }: IndexEntry): string {
  const counts = PAGE_KINDS.map((kind) => {
    const count = data.findings.filter((finding) => finding.kind === kind).length;
    return `<td class="r m">${count === 0 ? '·' : `<a href="${markup(file)}#report?kind=${kind}">${count}</a>`}</td>`;
  });
  const name = `<a href="${markup(file)}"><b>${markup(data.from.id)} → ${markup(data.to.id)}</b></a>`;
  return `<tr><td class="m">${name}</td>${counts.join('')}<td>${wordsIn(data.verdict)}</td></tr>`;
}

function wordsIn(words: Words): string {
  return words
    .map((piece) => {
      if (typeof piece === 'string') return markup(piece);
      return 'code' in piece ? `<code>${markup(piece.code)}</code>` : markup(piece.link);
    })
    .join('');
}
