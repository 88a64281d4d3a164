// SPDX-License-Identifier: GPL-2.0-only
/** The project's Markdown pages, taken apart as far as the tests need it. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './run.ts';

/** A page; `path` is relative to the project and has slashes. */
export interface Page {
  readonly path: string;
  readonly text: string;
}

/** A fenced block: what stands behind the fence, and its lines. */
export interface Block {
  readonly language: string;
  readonly lines: readonly string[];
}

const FENCE = /^( *)(`{3,})([\w-]*)[^\n]*\n(.*?)^\1\2$\n?/gms;

/** README.md and every page of the folders. */
export function readPages(...folders: readonly string[]): Page[] {
  const paths = folders.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.md'))
      .map((name) => `${folder}/${name.replaceAll('\\', '/')}`),
  );
  return ['README.md', ...paths.toSorted()].map((path) => ({
    path,
    text: readFileSync(join(ROOT, path), 'utf8'),
  }));
}

/** The fenced blocks of a page, in order. */
export function blocksOf(text: string): Block[] {
  return Array.from(text.matchAll(FENCE), ([, , , language = '', body = '']) => ({
    language,
    lines: body.trimEnd().split('\n'),
  }));
}

/** The page without its fenced blocks. */
export function proseOf(text: string): string {
  return text.replaceAll(FENCE, '\n');
}

/** The inline code of a page, in order. */
export function codeOf(text: string): string[] {
  return Array.from(proseOf(text).matchAll(/(`+)(.+?)\1/gs), ([, , code = '']) =>
    code.replaceAll(/\s+/g, ' ').trim(),
  );
}

/** The section below a heading, up to the next one of its rank or above; empty: there is none. */
export function sectionOf(text: string, heading: string): string {
  const rank = /^#+/.exec(heading)?.[0].length ?? 0;
  const [, behind = ''] = text.split(`\n${heading}\n`);
  return behind.split(new RegExp(`^#{1,${rank}} `, 'm'))[0] ?? '';
}

/** Where the links and pictures of a page lead, as they are written. */
export function linksOf(text: string): string[] {
  const prose = proseOf(text).replaceAll(/(`+)(.+?)\1/gs, '');
  const links = prose.matchAll(
    /\]\((?:<(.*?)>|([^)\s]+))[^)]*\)|^\[[^\]]+\]: *(\S+)|\b(?:href|src|srcset)="([^"]*)"/gm,
  );
  return Array.from(links, (match) => match.slice(1).find((part) => part !== undefined) ?? '');
}

/** What can follow a # in a link to the page: GitHub's names of its headings, and ids in it. */
export function anchorsOf(text: string): Set<string> {
  const prose = proseOf(text);
  const found = new Set<string>();
  for (const [, heading = '', id = ''] of prose.matchAll(/^#{1,6} +(.*?)#*$|<a (?:id|name)="([^"]+)"/gm)) {
    if (id !== '') found.add(id);
    else {
      const slug = slugOf(heading);
      let name = slug;
      for (let again = 1; found.has(name); again++) name = `${slug}-${again}`;
      found.add(name);
    }
  }
  return found;
}

/** Lower case, spaces to hyphens, no punctuation; links and emphasis as they read. */
function slugOf(heading: string): string {
  return heading
    .trim()
    .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .toLowerCase()
    .replaceAll(/(?<![\w\\])_(?=\S)|(?<=[^\s\\])_(?!\w)/g, '')
    .replaceAll(/[^\p{L}\p{M}\p{N}\p{Pc}\- ]/gu, '')
    .replaceAll(' ', '-');
}
