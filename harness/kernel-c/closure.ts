// SPDX-License-Identifier: GPL-2.0-only
/** Which files of a kernel tree a translation unit can need: every `#include`, whatever `#if` it stands in. */
import { UserError } from '../text/user-error.ts';
import { MAX_DEPTH, MAX_FILES, includesIn, lookUp, type Include } from './includes.ts';
import type { SourceTree } from './source-tree.ts';

/** Files that a compiler may be given. */
export interface Closure {
  /** Files of the tree, by path from its root. */
  readonly tree: ReadonlyMap<string, string>;
  /** Generated headers `asm/x.h` that include `asm-generic/x.h`, by name. */
  readonly wrappers: ReadonlyMap<string, string>;
}

/** What some text can include. `overlay` stands before the tree, by name as in `#include <name>`. */
export function includeClosure(
  tree: SourceTree,
  overlay: ReadonlyMap<string, string>,
  roots: ReadonlyMap<string, string>,
): Closure {
  const files = new Map<string, string>();
  const wrappers = new Map<string, string>();
  const seenOverlay = new Set<string>();
  // Breadth first, so that `depth` is the shortest way to a file.
  let depth = 0;
  let layer: { path: string; text: string }[] = [...roots].map(([path, text]) => ({ path, text }));

  const find = (include: Include, from: string): { path: string; text: string } | undefined => {
    const { name } = include;
    const lookup = lookUp(include, from);
    if (lookup.leadsOut) {
      throw new UserError(`${from}: #include ${JSON.stringify(name)} leads out of the kernel tree`);
    }
    if (overlay.has(name)) {
      if (seenOverlay.has(name)) return undefined;
      seenOverlay.add(name);
      return { path: `overlay/${name}`, text: overlay.get(name) ?? '' };
    }
    for (const path of lookup.places) {
      if (files.has(path)) return undefined;
      const text = tree.read(path);
      if (text === undefined) continue;
      files.set(path, text);
      if (files.size > MAX_FILES) throw new UserError(`${from}: more than ${MAX_FILES} files are included`);
      return { path, text };
    }
    const { generic, genericPlaces } = lookup;
    if (generic === undefined || wrappers.has(name)) return undefined;
    if (!genericPlaces.some((path) => tree.has(path))) return undefined;
    const text = `#include <${generic}>\n`;
    wrappers.set(name, text);
    return { path: `include/${name}`, text };
  };

  while (layer.length > 0) {
    if (++depth > MAX_DEPTH) {
      throw new UserError(`${layer[0]?.path ?? ''}: includes are nested deeper than ${MAX_DEPTH}`);
    }
    const next: typeof layer = [];
    for (const { path, text } of layer) {
      for (const include of includesIn(text)) {
        const found = find(include, path);
        if (found !== undefined) next.push(found);
      }
    }
    layer = next;
  }
  return { tree: files, wrappers };
}
