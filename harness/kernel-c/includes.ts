// SPDX-License-Identifier: GPL-2.0-only
/** `#include` lines, and where in a kernel tree they look. */
import { posix } from 'node:path';

/** Where `<…>` is looked for. */
const INCLUDE_FOLDERS = ['include', 'include/uapi'] as const;

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

/** Where an include looks. */
export interface Lookup {
  /** It is absolute, or leads out of the tree. */
  readonly leadsOut: boolean;
  /** Paths that it may mean, likeliest first, those inside the tree only. */
  readonly places: readonly string[];
  /** The header that stands in for `asm/x.h` of a processor, `asm-generic/x.h`; undefined for other names. */
  readonly generic: string | undefined;
  /** Where that is looked for, behind the places. */
  readonly genericPlaces: readonly string[];
}

/** What was looked up before: the units of all states name the same headers. */
const lookups = new Map<string, Lookup>();

/** Where an include in a file looks. */
export function lookUp({ name, quoted }: Include, from: string): Lookup {
  const folder = quoted ? posix.dirname(from) : '';
  const key = `${quoted ? `"${folder}` : '<'} ${name}`;
  let lookup = lookups.get(key);
  if (lookup === undefined) lookups.set(key, (lookup = makeLookup(name, quoted ? folder : undefined)));
  return lookup;
}

function makeLookup(name: string, folder: string | undefined): Lookup {
  const generic = /^asm\/(.+)$/.exec(name)?.[1];
  const below = INCLUDE_FOLDERS.map((one) => posix.join(one, name));
  const places = [
    ...(folder === undefined ? [] : [posix.join(folder, name)]),
    ...below,
    posix.normalize(name),
  ];
  return {
    leadsOut: posix.isAbsolute(name) || leadsOut(posix.join(folder ?? 'include', name)),
    places: places.filter((place) => !leadsOut(place)),
    generic: generic === undefined ? undefined : `asm-generic/${generic}`,
    genericPlaces:
      generic === undefined ? [] : INCLUDE_FOLDERS.map((one) => posix.join(one, 'asm-generic', generic)),
  };
}

/** True for a path that does not stay below where it starts. */
function leadsOut(path: string): boolean {
  const normal = posix.normalize(path);
  return posix.isAbsolute(normal) || normal === '..' || normal.startsWith('../');
}
