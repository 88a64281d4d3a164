// SPDX-License-Identifier: GPL-2.0-only
/** Made-up states with sources of their own, for what the real series never does. */
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { CodeLayer } from '../../subject/state.ts';
import type { StateRef } from '../effective-source.ts';

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
  write('patch.ts', 'export function gone(name: string): never { throw new Error(name); }');
  write('baseline.ts', `export class Baseline {\n${baseline}\n}`);
  for (const [index, body] of patches.entries()) {
    const text = `import { gone } from '../patch.ts';\nexport const p${index} = (Base) =>\n  class extends Base {\n${body}\n  };`;
    write(`s/p${index}.ts`, text);
  }
  const layer = (id: string, path: string): CodeLayer => ({
    id,
    file: 'dmaIommu',
    module: pathToFileURL(join(root, 'variants', path)).href,
    methods: [],
  });
  const layers = patches.map((_, index) => layer(`s.${index + 1}`, `s/p${index}.ts`));
  const below = layer('baseline', 'baseline.ts');
  const states = [below, ...layers].map(({ id }, index) => ({
    id,
    origin: 'a test',
    code: [below, ...layers.slice(0, index)],
  }));
  return { root, states };
}
