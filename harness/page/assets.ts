// SPDX-License-Identifier: GPL-2.0-only
/** Script and style of the page: as the build has bundled them, else bundled now. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PageAssets } from './bundle.ts';

/** The files that scripts/build-page.ts writes beside this module. */
export const BUNDLE = { script: 'page.bundle.js', style: 'page.bundle.css' } as const;

/** Script and style. A checkout that was not built bundles them, which takes esbuild. */
export async function pageAssets(): Promise<PageAssets> {
  const [script, style] = [BUNDLE.script, BUNDLE.style].map((name) => join(import.meta.dirname, name));
  if (script !== undefined && style !== undefined && existsSync(script) && existsSync(style)) {
    return { script: readFileSync(script, 'utf8'), style: readFileSync(style, 'utf8') };
  }
  const { bundle } = await import('./bundle.ts');
  return bundle(join(import.meta.dirname, 'browser'));
}
