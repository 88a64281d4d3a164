// SPDX-License-Identifier: GPL-2.0-only
/** `#include` lines, and where in a kernel tree they look. */
import { posix } from 'node:path';

/** Where `<…>` is looked for. */
export const INCLUDE_FOLDERS = ['include', 'include/uapi'] as const;

/** A translation unit of the kernel's needs about 600 files. */
export const MAX_FILES = 5000;
export const MAX_DEPTH = 200;

/** `#include <name>`, or `"name"` when it is quoted. */
export interface Include {
  readonly name: string;
  readonly quoted: boolean;
}

/** What was found before: the trees of a series have most texts in common. */
const known = new Map<string, readonly Include[]>();

/** Every include of a text, whatever `#if` it stands in. */
export function includesIn(text: string): readonly Include[] {
  let includes = known.get(text);
  if (includes === undefined) known.set(text, (includes = findIncludes(text)));
  return includes;
}

function findIncludes(text: string): Include[] {
  const found = text.matchAll(/^[ \t]*#[ \t]*include[ \t]+(?:<([^>\n]+)>|"([^"\n]+)")/gm);
  return [...found].map(([, bracketed, quoted]) => ({
    name: bracketed ?? quoted ?? '',
    quoted: quoted !== undefined,
  }));
}

/** The header that stands in for `asm/x.h` of a processor: `asm-generic/x.h`; undefined for other names. */
export function genericFor(name: string): string | undefined {
  const generic = /^asm\/(.+)$/.exec(name)?.[1];
  return generic === undefined ? undefined : `asm-generic/${generic}`;
}

/** Paths that an include may mean, likeliest first, those inside the tree only. */
export function placesOf(name: string, quoted: boolean, from: string): string[] {
  const generic = genericFor(name);
  const places = quoted ? [posix.join(posix.dirname(from), name)] : [];
  for (const folder of INCLUDE_FOLDERS) places.push(posix.join(folder, name));
  places.push(posix.normalize(name));
  if (generic !== undefined) for (const folder of INCLUDE_FOLDERS) places.push(posix.join(folder, generic));
  return places.filter((place) => !leadsOut(place));
}

/** True for a path that does not stay below where it starts. */
export function leadsOut(path: string): boolean {
  const normal = posix.normalize(path);
  return posix.isAbsolute(normal) || normal === '..' || normal.startsWith('../');
}
