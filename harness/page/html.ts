// SPDX-License-Identifier: GPL-2.0-only
/** A page as one file that asks nobody for anything: data, style and script in it. */
import { visible } from '../text/visible.ts';
import type { PageAssets } from './bundle.ts';
import { markup } from './markup.ts';
import type { PageData } from './page-data.ts';

/** Everything is forbidden that a page in one file has no need of, whatever stands in its data. */
const POLICY =
  "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/** A script for a page without one of its own: dark where the system is. */
export const SCHEME =
  "document.documentElement.dataset.theme = matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light';";

/** A whole page; `head` and `body` are markup, the title is text. */
export function htmlPage(title: string, style: string, head: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<title>bouncediff: ${markup(title)}</title>
<style>${style}</style>${head}
</head>
<body>
${body}
</body>
</html>
`;
}

export function toHtml(data: PageData, { script, style }: PageAssets): string {
  const body = `<div id="page"></div>
<noscript><p>This page draws its tables with a script. The same as text: ${markup(data.command)}</p></noscript>
<script type="application/json" id="data">${json(data)}</script>
<script>${script}</script>`;
  return htmlPage(`${data.from.id} → ${data.to.id}`, style, '', body);
}

/** How many bytes of a page some data takes. */
export function sizeOnPage(data: unknown): number {
  return Buffer.byteLength(json(data));
}

/** The data, so that nothing in it ends its element: `<` is an escape, and what nobody sees is a number. */
function json(data: unknown): string {
  const shown = JSON.stringify(data, (_, value: unknown) =>
    typeof value === 'string' ? visible(value) : value,
  );
  return shown.replaceAll('<', String.raw`\u003c`);
}
