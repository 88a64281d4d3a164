// SPDX-License-Identifier: GPL-2.0-only
/**
 * The code of the states: the door to harness/source. Loading the parser takes 0.4 s, so that it is
 * loaded here, when somebody asks, and nowhere else.
 */
import { packageRoot } from '../text/package-root.ts';
import type { Sources } from './effective-source.ts';

/** Opens the sources under the package root, or under another folder that has a `variants/`. */
export async function openSources(root: string = packageRoot()): Promise<Sources> {
  const { SourceTree } = await import('./source-tree.ts');
  return new SourceTree(root);
}
