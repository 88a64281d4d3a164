// SPDX-License-Identifier: GPL-2.0-only
/** Puts the browser's code into one script and one style. */
import { buildSync } from 'esbuild';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What a page is drawn with. */
export interface PageAssets {
  readonly script: string;
  readonly style: string;
}

/** `folder`: harness/page/browser of a checkout. */
export function bundle(folder: string): PageAssets {
  const preact = join(folder, '..', '..', '..', 'node_modules', 'preact', 'LICENSE');
  const licence = `Preact (docs/licences.md)\n\n${readFileSync(preact, 'utf8')}`;
  const { outputFiles } = buildSync({
    entryPoints: [join(folder, 'main.tsx')],
    outfile: 'page.js',
    bundle: true,
    minify: true,
    write: false,
    format: 'iife',
    target: ['chrome109', 'firefox115', 'safari16'],
    jsx: 'automatic',
    jsxImportSource: 'preact',
    charset: 'utf8',
    legalComments: 'none',
    banner: { js: `/*\n${licence.trim()}\n*/` },
    logLevel: 'silent',
  });
  const text = (end: string): string => outputFiles.find(({ path }) => path.endsWith(end))?.text ?? '';
  // Nothing in it may end the element that it stands in.
  return { script: text('.js').replaceAll(/<(?=\/script|!--)/gi, String.raw`\x3c`), style: text('.css') };
}
