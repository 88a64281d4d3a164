// SPDX-License-Identifier: GPL-2.0-only
/** Every file of a new series, by its path under the package root. Loads the parser: reach it through new-series.ts. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { methodsNamed } from './names.ts';
import type { FileText } from '../text/file-set.ts';
import type { SeriesDraft } from './series-draft.ts';
import { fileNames, seriesIdentifier } from './naming.ts';
import { patchModule } from './patch-template.ts';
import { registered } from './registration.ts';
import { seriesIndex } from './series-template.ts';
import { SourceTree } from './source-tree.ts';

/** The files of a series under `root`; registry.ts, which makes it known, comes last. */
export function scaffold(root: string, { name, from, patches }: SeriesDraft): FileText[] {
  const tree = new SourceTree(root);
  const { modules } = tree;
  const { functions } = tree.flattened(from);
  const folder = join(root, 'variants', name);
  const files = fileNames(patches.map(({ subject }) => subject));
  const written = patches.map(({ subject, overrides }, index) => {
    const file = files[index] ?? `patch-${index + 1}`;
    const methods = overrides.flatMap((named) => methodsNamed(named, [...functions.values()], from.id));
    const origin = { modules, state: from, functions };
    const { identifier, text } = patchModule(origin, methods, folder, file);
    return { file, subject, identifier, text };
  });
  const identifier = seriesIdentifier(name);
  const registry = readFileSync(join(root, 'variants', 'registry.ts'), 'utf8');
  return [
    ...written.map(({ file, text }) => ({ path: `variants/${name}/${file}.ts`, text })),
    { path: `variants/${name}/index.ts`, text: seriesIndex(name, identifier, from.id, written) },
    { path: 'variants/registry.ts', text: registered(registry, name, identifier) },
  ];
}
