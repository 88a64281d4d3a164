// SPDX-License-Identifier: GPL-2.0-only
/** Expressions over posted patches, as text: nothing is compiled here. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { openTree } from '../posted/tree.ts';
import type { State } from '../subject/state.ts';
import { CExpressions } from './expressions.ts';
import { Family } from './family.ts';
import { takeSnapshot } from './snapshot.ts';
import { mailOf, seriesFrom } from './testing/mail-of.ts';

const TESTING = join(import.meta.dirname, 'testing');
const FILE = 'drivers/iommu/dma-iommu.c';
const SMALL = readFileSync(join(TESTING, 'tree', FILE), 'utf8');
const V1 = readFileSync(join(TESTING, 'v1.mbox'), 'utf8');

function changed(text: string, ...edits: readonly (readonly [from: string, to: string])[]): string {
  return edits.reduce((before, [from, to]) => {
    expect(before.split(from)).toHaveLength(2);
    return before.replace(from, to);
  }, text);
}

/** The file after v1 1/2, and after v1. */
const LISTS = SMALL.replaceAll('\tif (dev->dma_coherent)\n\t\treturn;\n', '');
const AFTER_V1 = changed(LISTS, [
  '\t}\n\tif (!dev->dma_coherent && !(attrs & DMA_ATTR_SKIP_CPU_SYNC))\n\t\tarch_sync_dma_for_device(phys, size, dir);\n\thandle',
  '\t} else if (!dev->dma_coherent && !(attrs & DMA_ATTR_SKIP_CPU_SYNC)) {\n\t\tarch_sync_dma_for_device(phys, size, dir);\n\t}\n\thandle',
]);
const ALWAYS = ['} else if (!dev->dma_coherent && !(attrs & DMA_ATTR_SKIP_CPU_SYNC)) {', '} else {'] as const;
const PAD = ['mapped_size(dev, phys, size) - size);', 'mapped_size(dev, phys, size) - size + 1);'] as const;
/** Three places, far enough from each other to be hunks of their own. */
const THREE = [
  ['if (!pfn)', 'if (pfn == 0)'],
  [PAD[0], PAD[1]],
  ['return nents;', 'return (nents);'],
] as const;

let expressions: CExpressions;
let family: Family;

beforeAll(async () => {
  const tree = await openTree(join(TESTING, 'tree'));
  const v1 = await seriesFrom(V1);
  const pad = await seriesFrom(mailOf('pad more', FILE, LISTS, changed(LISTS, PAD)));
  const always = await seriesFrom(mailOf('always', FILE, AFTER_V1, changed(AFTER_V1, ALWAYS)));
  const three = await seriesFrom(mailOf('three', FILE, SMALL, changed(SMALL, ...THREE)));
  family = new Family(await takeSnapshot(tree, [v1]), {
    id: 'c',
    cacheFolder: undefined,
    below: 'machine',
  });
  const { states } = family.add(v1, 'c/v1');
  family.suggest(pad, 'c/pad', states[0] as State);
  family.suggest(always, 'c/always', states[1] as State);
  family.suggest(three, 'c/three', family.base);
  expressions = new CExpressions(family);
});

/** All functions of a state. */
function textOf(state: State | undefined): string {
  return (state?.c?.functions() ?? []).map(({ text }) => text).join('\n');
}

function functionOf(text: string, name: string): string | undefined {
  return expressions
    .state(text)
    ?.c?.functions()
    .find((one) => one.name === name)?.text;
}

function chainOf(text: string): string[] | undefined {
  return expressions.state(text)?.chain.map(({ id }) => id);
}

test('names that are known are what they are', () => {
  expect(['c', 'c/v1', 'c/v1.2', 'c/pad'].map((id) => expressions.state(id)?.id)).toEqual([
    'c',
    'c/v1',
    'c/v1',
    'c/pad',
  ]);
  expect(expressions.state('c/v9')).toBeUndefined();
  expect(expressions.state('d+c/v1.1')).toBeUndefined();
});

test('a suggestion is held against what it stands on', () => {
  const [pad, first] = ['c/pad', 'c/v1.1'].map((id) => expressions.state(id));
  expect([pad?.root, pad?.below]).toEqual([first, first]);
  expect(pad?.chain.map(({ id, place }) => [id, place])).toEqual([
    ['c/v1.1', 'v1 1/2'],
    ['c/pad', 'suggestion on c/v1.1'],
  ]);
});

describe('only some hunks', () => {
  test('the others change nothing, and the functions name the part', () => {
    const state = expressions.state('c+c/v1.1:2');
    expect(state?.id).toBe('c+c/v1.1:2');
    expect(state?.below).toBe(family.base);
    expect(state?.chain).toMatchObject([
      { id: 'c/v1.1:2', subject: expect.stringMatching(/\(only hunk 2\)$/), claims: [] },
    ]);
    const patches = (state?.c?.functions() ?? []).filter(({ patch }) => patch !== 'c');
    expect(patches.map(({ name, patch }) => [name, patch])).toEqual([
      ['iommu_dma_sync_sg_for_device', 'c/v1.1:2'],
    ]);
    expect(functionOf('c+c/v1.1:2', 'iommu_dma_sync_sg_for_cpu')).toContain('if (dev->dma_coherent)');
    expect(functionOf('c+c/v1.1:2', 'iommu_dma_sync_sg_for_device')).not.toContain('if (dev->dma_coherent)');
  });

  test('hunks are told by number, a part keeps the numbers of the whole', () => {
    const hunks = (text: string, patch: string): unknown =>
      expressions
        .state(text)
        ?.c?.numberedHunks(patch)
        .map(({ number, functions }) => [number, ...functions]);
    expect(hunks('c/v1', 'c/v1.1')).toEqual([
      [1, 'iommu_dma_sync_sg_for_cpu'],
      [2, 'iommu_dma_sync_sg_for_device'],
    ]);
    expect(hunks('c+c/v1.1:2', 'c/v1.1:2')).toEqual([[2, 'iommu_dma_sync_sg_for_device']]);
  });

  test('in whatever order, all hunks are the patch', () => {
    const whole = textOf(expressions.state('c/three'));
    expect(whole).not.toBe(textOf(family.base));
    fc.assert(
      fc.property(fc.shuffledSubarray(['1', '2', '3'], { minLength: 3 }), (order) => {
        const one = expressions.state(`c${order.map((number) => `+c/three:${number}`).join('')}`);
        expect(textOf(one)).toBe(whole);
      }),
    );
  });

  test('what is added and left out again was never there', () => {
    fc.assert(
      fc.property(fc.subarray(['1', '2', '3'], { minLength: 1 }), (numbers) => {
        const part = `c/three:${numbers.join(',')}`;
        expect(textOf(expressions.state(`c+${part}-${part}`))).toBe(textOf(family.base));
        const rest = ['1', '2', '3'].filter((number) => !numbers.includes(number));
        const added = rest.length === 0 ? 'c' : `c+c/three:${rest.join(',')}`;
        expect(textOf(expressions.state(`c/three-${part}`))).toBe(textOf(expressions.state(added)));
      }),
    );
  });
});

describe('without a patch', () => {
  test('the mails after it are applied again', () => {
    expect(chainOf('c/v1-c/v1.1')).toEqual(['c/v1.2']);
    expect(functionOf('c/v1-c/v1.1', 'iommu_dma_sync_sg_for_cpu')).toContain('if (dev->dma_coherent)');
    expect(functionOf('c/v1-c/v1.1', 'iommu_dma_map_page')).toContain('} else if (');
    expect(chainOf('c/always-c/v1.1')).toEqual(['c/v1.2', 'c/always']);
  });

  test('the last one: what is left goes by the name that was asked for', () => {
    const state = expressions.state('c/v1-c/v1.2');
    expect([state?.id, state?.chain.map(({ id }) => id)]).toEqual(['c/v1-c/v1.2', ['c/v1.1']]);
    expect(textOf(state)).toBe(textOf(expressions.state('c/v1.1')));
    expect(expressions.state('c/v1.1-c/v1.1')).toBe(family.base);
  });

  test('without a hunk of it', () => {
    expect(chainOf('c/v1-c/v1.1:1')).toEqual(['c/v1.1:2', 'c/v1.2']);
    expect(chainOf('c/v1-c/v1.1:1-c/v1.1:2')).toEqual(['c/v1.2']);
  });
});

test('suggestions together, in order', () => {
  expect(chainOf('c/v1+c/pad+c/always')).toEqual(['c/v1.1', 'c/v1.2', 'c/pad', 'c/always']);
  expect(functionOf('c/v1+c/pad+c/always', 'clear_padding')).toContain('- size + 1)');
  expect(functionOf('c/v1+c/pad+c/always', 'iommu_dma_map_page')).toContain('} else {');
  expect(expressions.state('c/v1+c/pad')?.root).toBe(family.base);
  expect(expressions.state('c/pad+c/three:1')?.root).toBe(expressions.state('c/v1.1'));
});

describe('refused', () => {
  test.each([
    ['c/always-c/v1.2', /^v1 1\/1 "always" does not apply to .*: hunk "@@ .*, mail line \d+: expected /],
    ['c/v1+c/v1.1', /^c\/v1 has c\/v1\.1 already$/],
    ['c+c/v1.1:1+c/v1.1', /^c\+c\/v1\.1:1 has hunk 1 of c\/v1\.1 already$/],
    ['c/v1.1:1', /^$/],
    ['c+c/v1.1:3', /^c\/v1\.1 has no hunk 3; it has hunks 1 to 2 \(source c\/v1\.1 --hunks lists them\)$/],
    ['c+c/v1.1:iommu_dma_map_page', /has no hunk iommu_dma_map_page; it has hunks 1 to 2/],
    ['c+c/v1.2:0', /has no hunk 0; it has hunk 1 /],
    ['c/v1.1-c/v1.2', /^c\/v1\.1 has no patch c\/v1\.2 to leave out; it has c\/v1\.1$/],
    ['c+c/v1.1:1-c/v1.1:1,2', /has no hunk 2 of c\/v1\.1 to leave out; it has c\/v1\.1:1$/],
    ['c+c/v1', /^c\/v1 is not one patch/],
    ['c/v1+v3.4', /^no patch "v3.4"/],
    ['c/v1+c/v1.1;id', /^no patch "c\/v1\.1;id"/],
    ['c/v1+c/v1.1:1;id', /^c\/v1\.1:1;id: names of functions, of C numbers of hunks, with a comma between/],
    [`c/v1${'-c/v1.2+c/v1.2'.repeat(5000)}`, /has 10000 signs; an expression has at most 16 terms/],
  ])('%#', (text, message) => {
    if (message.source === '^$') expect(expressions.state(text)).toBeUndefined();
    else expect(() => expressions.state(text)).toThrow(message);
  });
});
