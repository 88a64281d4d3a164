// SPDX-License-Identifier: GPL-2.0-only
/** Every relative link and anchor of the pages leads somewhere. */
import { existsSync } from 'node:fs';
import { join, posix } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { anchorsOf, linksOf, proseOf, readPages } from './testing/pages.ts';
import { ROOT } from './testing/run.ts';

const pages = new Map(readPages('docs', 'reports').map(({ path, text }) => [path, text]));
const anchors = new Map([...pages].map(([path, text]) => [path, anchorsOf(text)]));

/** Why the link of the page leads nowhere; undefined: it does not. */
function problem(page: string, link: string): string | undefined {
  const [path = '', anchor] = link.split('#');
  const target = path === '' ? page : posix.join(posix.dirname(page), decodeURI(path));
  if (target.startsWith('..')) return 'leads out of the project';
  if (!existsSync(join(ROOT, target))) return 'no such file';
  if (anchor === undefined) return undefined;
  const known = anchors.get(target);
  if (known === undefined) return 'an anchor in something that is no page';
  return known.has(anchor) ? undefined : 'no such anchor';
}

test.each([...pages])('links of %s', (path, text) => {
  const bad = linksOf(text)
    .filter((link) => !/^[a-z]+:/.test(link))
    .map((link) => ({ link, problem: problem(path, link) }));
  expect(bad.filter((found) => found.problem !== undefined)).toEqual([]);
});

test('every page of docs can be reached from README.md', () => {
  const reached = new Set(['README.md']);
  for (const page of reached) {
    for (const link of linksOf(pages.get(page) ?? '')) {
      const target = posix.join(posix.dirname(page), link.split('#')[0] ?? '');
      if (pages.has(target)) reached.add(target);
    }
  }
  const docs = [...pages.keys()].filter((path) => path.startsWith('docs/'));
  expect(docs.filter((path) => !reached.has(path))).toEqual([]);
});

describe('what GitHub makes of a heading', () => {
  test.each([
    ['# A word\n', ['a-word']],
    ['## `map_page`: it is *not* copied (v1)\n', ['map_page-it-is-not-copied-v1']],
    ['# Same\n\n## Same\n', ['same', 'same-1']],
    ['## [a link](there.md), 4 KiB\n', ['a-link-4-kib']],
    [
      '## v3 5/5 “dma-iommu: account for min\\_align\\_mask”\n',
      ['v3-55-dma-iommu-account-for-min_align_mask'],
    ],
    ['text\n<a id="here"></a>\n', ['here']],
    ['```sh\n# a comment\n```\n', []],
  ])('%j', (text, expected) => {
    expect([...anchorsOf(text)]).toEqual(expected);
  });

  test.each([
    ['see [a](b.md) and ![c](<d e.svg>)', ['b.md', 'd e.svg']],
    ['[x]: y.md#z', ['y.md#z']],
    ['`[no](link.md)` ```[no](link.md)```', []],
    ['```text\n[no](link.md)\n```\n', []],
    ['<img src="a.svg"> <a href="b.md">', ['a.svg', 'b.md']],
  ])('links of %j', (text, expected) => {
    expect(linksOf(text)).toEqual(expected);
    expect(linksOf(proseOf(text))).toEqual(expected);
  });
});
