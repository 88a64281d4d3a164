// SPDX-License-Identifier: GPL-2.0-only
/** Made-up states with sources of their own, for what the real series never does. */
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { StateRef } from '../sources.ts';

/** A package root with a baseline and a series `s` of patches, each the text of a class body. */
export interface TinySeries {
  readonly root: string;
  /** States from `baseline` through `s.1`, `s.2`, … */
  readonly states: readonly StateRef[];
}

/** Writes the sources into a temporary folder, which the caller removes. */
export function tinySeries(baseline: string, ...patches: readonly string[]): TinySeries {
  const root = mkdtempSync(join(tmpdir(), 'tiny-series-'));
  const write = (path: string, text: string): void =>
    writeFileSync(join(root, 'variants', path), `// SPDX-License-Identifier: GPL-2.0-only\n${text}\n`);
  mkdirSync(join(root, 'variants', 's'), { recursive: true });
  write('dma-ops.ts', 'export interface DmaOps { mapPage(a: number, b: number): number; }');
  write('patch.ts', 'export function gone(name: string): never { throw new Error(name); }');
  write('baseline.ts', `export class Baseline {\n${baseline}\n}`);
  for (const [index, body] of patches.entries()) {
    const text = `import { gone } from '../patch.ts';\nexport const p${index} = (Base) =>\n  class extends Base {\n${body}\n  };`;
    write(`s/p${index}.ts`, text);
  }
  const imports = patches.map((_, index) => `import { p${index} } from './p${index}.ts';`);
  const list = patches.map((_, index) => `{ apply: p${index} }`);
  write('s/index.ts', `${imports.join('\n')}\nexport const s = { id: 's', patches: [${list.join(', ')}] };`);
  write('registry.ts', "import { s } from './s/index.ts';\nconst SERIES = [s];\nconst SUGGESTIONS = [];");
  const links = patches.map((_, index) => ({ id: `s.${index + 1}` }));
  const states = links.map(({ id }, index) => ({ id, chain: links.slice(0, index + 1) }));
  return { root, states: [{ id: 'baseline', chain: [] }, ...states] };
}
