// SPDX-License-Identifier: GPL-2.0-only
import { describe, expect, test } from '@jest/globals';
import { memoryMapSvg } from './memory-map.ts';
import { memoryMapOf } from './memory-picture.ts';
import { brokenIn, HOSTILE, pairOf, renamed, type Pair } from './testing/cases.ts';
import { whatIsWrong } from './testing/well-formed.ts';

const NEIGHBOUR = 'min-align-mask/neighbour-slot[scribble=false]';
const BECAUSE = 'Step 3 (`map_page`): the operation cleared it.';

function drawn(pair: Pair): string {
  const broken = brokenIn(pair, 'to', 'isolation', 'cleared-by-operation');
  return memoryMapSvg(memoryMapOf(pair.from, pair.to, broken, BECAUSE));
}

/** The texts of a picture, in order. */
function textsOf(picture: string): string[] {
  return [...picture.matchAll(/<text [^>]*>([^<]*)</g)].map(([, words = '']) => words);
}

describe('a memory map', () => {
  const picture = drawn(pairOf('v2', 'v3', NEIGHBOUR));

  test('is the same text again', () => {
    expect(drawn(pairOf('v2', 'v3', NEIGHBOUR))).toBe(picture);
  });

  test('names the states, the addresses as the kernel prints them, and the bus addresses', () => {
    const texts = textsOf(picture);
    for (const words of ['v2', 'v3', '0x100200', '0x1001000', '0xffffe000 W', '0xfffff000 RW', 'slots 0–2']) {
      expect(texts).toContain(words);
    }
  });

  test('marks the finding once, and explains each letter that it uses', () => {
    const texts = textsOf(picture);
    expect(texts.filter((words) => words === '✗')).toHaveLength(1);
    expect(picture.match(/class="mark"/g)).toHaveLength(1);
    for (const words of ['data of the buffer in question', 'cleared', "left from a slot's earlier use"]) {
      expect(texts).toContain(words);
    }
    expect(texts).not.toContain("not the driver's");
  });

  test('says in its title and description what is to be seen', () => {
    expect(picture).toContain(
      `<title id="title">v2 → v3: isolation (cleared-by-operation), ${NEIGHBOUR}</title>`,
    );
    expect(picture).toContain(
      '<desc id="desc">Step 3 (map_page): the operation cleared it. v2 after step 3: ',
    );
  });

  test('stays within its frame', () => {
    const [, width = '', height = ''] = /width="(\d+)" height="(\d+)"/.exec(picture) ?? [];
    for (const [, x = '', y = '', w = '', h = ''] of picture.matchAll(
      /<rect x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height="([\d.]+)"/g,
    )) {
      expect(Number(x) + Number(w)).toBeLessThanOrEqual(Number(width));
      expect(Number(y) + Number(h)).toBeLessThanOrEqual(Number(height));
    }
    for (const [, x = '', anchor = '', words = ''] of picture.matchAll(
      /<text x="([\d.]+)" [^>]*?(?:text-anchor="(\w+)")?>([^<]*)</g,
    )) {
      if (anchor === '') expect(Number(x) + words.length * 6.5).toBeLessThanOrEqual(Number(width));
    }
  });
});

test('two states that do the same are drawn once', () => {
  const pair = pairOf('v7', 'v8', 'sg/one-entry[untrusted=false,dir=FROM_DEVICE]');
  const broken = brokenIn(pair, 'to', 'partial-write-preserved', 'dropped-by-arch-invalidate');
  const texts = textsOf(memoryMapSvg(memoryMapOf(pair.from, pair.to, broken, '')));
  expect(texts).toContain('in both states');
  expect(texts.filter((words) => words === 'what it is')).toHaveLength(1);
});

test('a long run is cut around the finding, and slots that were given back alike are left out', () => {
  const pair = pairOf('v6', 'v7', 'min-align-mask/neighbour-after-wrap-around[dir=TO_DEVICE]');
  const broken = brokenIn(pair, 'to', 'confinement-read', 'other-mapping');
  const picture = memoryMapSvg(memoryMapOf(pair.from, pair.to, broken, ''));
  expect(picture).not.toContain('r0: data');
  expect(Number(/height="(\d+)"/.exec(picture)?.[1])).toBeLessThan(700);
});

test.each(HOSTILE)('is well-formed with everything called %j', (name) => {
  const { scenario } = pairOf('v2', 'v3', NEIGHBOUR).from.run;
  expect(whatIsWrong(drawn(pairOf('v2', 'v3', renamed(scenario, name))))).toBeUndefined();
});
