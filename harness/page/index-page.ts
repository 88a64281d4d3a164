// SPDX-License-Identifier: GPL-2.0-only
/** The index of a folder of pages: a table, dark where the system is. */
import type { PageAssets } from './bundle.ts';
import { markup } from './markup.ts';
import type { PageData, PageKind, Words } from './page-data.ts';

/** A page, by its file in the folder. */
export interface IndexEntry {
  readonly file: string;
  readonly data: PageData;
}

/** The columns: kinds of findings, in words. */
const COLUMNS: readonly (readonly [PageKind, string])[] = [
  ['regressed', 'regressed'],
  ['unmasked', 'newly visible'],
  ['masked', 'no longer visible'],
  ['still-broken', 'still broken'],
  ['layout-dependent', 'layout-dependent'],
  ['fixed', 'fixed'],
  ['inherited', 'inherited'],
];

const SCHEME =
  "document.documentElement.dataset.theme = matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light';";

export function indexHtml(entries: readonly IndexEntry[], { style }: PageAssets): string {
  const heads = COLUMNS.map(([, words]) => `<th class="r">${words}</th>`).join('');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'">
<title>bouncediff: comparisons</title>
<style>${style}</style>
<script>${SCHEME}</script>
</head>
<body>
<header class="bar"><span class="name">bouncediff</span></header>
<main>
<h1>Comparisons</h1>
<table class="t"><thead><tr><th>states</th>${heads}<th>what changed</th></tr></thead><tbody>
${entries.map(row).join('\n')}
</tbody></table>
</main>
</body>
</html>
`;
}

function row({ file, data }: IndexEntry): string {
  const counts = COLUMNS.map(([kind]) => {
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
