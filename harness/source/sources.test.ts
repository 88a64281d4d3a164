// SPDX-License-Identifier: GPL-2.0-only
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import type { State } from '../subject/state.ts';
import { allStates, findState } from '../../variants/registry.ts';
import { packageRoot } from '../text/package-root.ts';
import type { FunctionDiff, Sources } from './effective-source.ts';
import { openSources } from './sources.ts';

let sources: Sources;
beforeAll(async () => {
  sources = await openSources();
});

function state(id: string): State {
  const found = findState(id);
  if (found === undefined) throw new Error(`no such state: ${id}`);
  return found;
}

function diff(from: string, to: string): FunctionDiff[] {
  return sources.diffStates(state(from), state(to));
}

/** Method, kind and note of each entry. */
function outline(diffs: readonly FunctionDiff[]): string[] {
  return diffs.map(({ method, kind, note }) =>
    [kind, method, note].filter((part) => part !== '').join(' | '),
  );
}

describe('effective source', () => {
  const entries = ['initDomain', 'mapPage', 'unmapPage', 'mapSg', 'unmapSg', 'syncSingleForCpu'];

  test.each(allStates())(
    '$id: patches are those of the running state, and nothing calls what is gone',
    (each) => {
      const { functions } = sources.effectiveSource(each);
      expect([...functions.keys()]).toEqual(expect.arrayContaining(entries));
      const frames = new Map(each.frames.map(({ method, patch }) => [method, patch]));
      for (const { method, patch, text } of functions.values()) {
        expect([method, patch]).toEqual([method, frames.get(method)]);
        expect(text).not.toContain('gone(');
        const called = [...text.matchAll(/this\.(\w+)\(/g)].map(([, name]) => name);
        for (const name of called) expect(functions.has(name ?? '')).toBe(true);
      }
    },
  );

  test.each([
    ['baseline', ['mapSwiotlb', 'unmapSwiotlb', 'clearPadding'], ['devUseSwiotlb']],
    ['v1', ['devUseSwiotlb', 'syncSingleForDeviceAt'], []],
    ['v3', ['devUseSwiotlb', 'mapSwiotlb'], ['clearPadding']],
    ['v8', ['devUseSwiotlb', 'clearPadding'], ['mapSwiotlb', 'unmapSwiotlb']],
    ['review/arch-sync-else-swiotlb', ['mapSwiotlb'], ['unmapSwiotlb']],
  ])('%s has %j and not %j', (id, present, absent) => {
    const names = [...sources.effectiveSource(state(id)).functions.keys()];
    expect(names).toEqual(expect.arrayContaining(present));
    expect(names.filter((name) => absent.includes(name))).toEqual([]);
  });

  test('file and line lead to the code', () => {
    for (const { method, file, line } of sources.effectiveSource(state('v8')).functions.values()) {
      const lines = readFileSync(join(packageRoot(), file), 'utf8').split('\n');
      expect(lines[line - 1]).toContain(`${method}(`);
    }
  });

  test('the text is as written, from column 0, under the kernel function that it stands for', () => {
    const { functions } = sources.effectiveSource(state('v6'));
    expect(functions.get('unmapSgSwiotlb')).toEqual({
      method: 'unmapSgSwiotlb',
      kernelFunction: 'iommu_dma_unmap_sg_swiotlb',
      patch: 'v6.4',
      text: `/** iommu_dma_unmap_sg_swiotlb() */
override unmapSgSwiotlb(
  dev: Device,
  sgl: Scatterlist,
  nents: number,
  dir: Direction,
  attrs: Attrs,
): void {
  for (const sg of sgl.slice(0, nents)) this.unmapPage(dev, sg.dmaAddress, sg.dmaLength, dir, attrs);
}`,
      file: 'variants/v5/fold-swiotlb-helpers.ts',
      line: 85,
    });
    expect(functions.get('clearPadding')?.kernelFunction).toBeUndefined();
  });

  test('an added helper stands before its first caller, the rest in the order of the file', () => {
    const names = [...sources.effectiveSource(state('v2')).functions.keys()];
    const baseline = [...sources.effectiveSource(state('baseline')).functions.keys()];
    expect(names.filter((name) => name !== 'devUseSwiotlb')).toEqual(baseline);
    expect(names[names.indexOf('devUseSwiotlb') + 1]).toBe('mapSwiotlb');
  });
});

describe('differences', () => {
  test.each([
    ['v4', 'v5'],
    ['v7', 'v8'],
    ['v3', 'v3.5'],
    ['review/fold-coherent-check', 'v4.1'],
  ])('%s and %s have the same code', (from, to) => {
    expect(diff(from, to)).toEqual([]);
  });

  test('every state is equal to itself, and differs from the one below as its patch says', () => {
    for (const each of allStates()) expect(sources.diffStates(each, each)).toEqual([]);
    expect(outline(diff('v3.4', 'v3.5'))).toEqual([
      'changed | mapSwiotlb',
      'removed | clearPadding | no longer called',
    ]);
    expect(outline(diff('v6', 'v7'))).toEqual([
      'added | clearPadding | was there, not called',
      'changed | mapPage',
    ]);
  });

  test('a changed function as a unified diff of its statements', () => {
    const [only, ...more] = diff('v5', 'v6');
    expect(more).toEqual([]);
    expect(only).toMatchObject({ method: 'mapPage', kind: 'changed', from: 'v5.7', to: 'v6.7', note: '' });
    expect(only?.lines).toEqual([
      '@@ -1,7 +1,7 @@',
      ' mapPage(dev: Device, phys: PhysAddr, size: Size, dir: Direction, attrs: Attrs): DmaAddr {',
      '   const coherent = this.kernel.devIsDmaCoherent(dev);',
      '   const prot = this.infoToProt(dir, coherent, attrs);',
      '-  if (this.kernel.configSwiotlb && this.devUseSwiotlb(dev) && this.isUnaligned(dev, phys, size)) {',
      '+  if (this.devUseSwiotlb(dev) && this.isUnaligned(dev, phys, size)) {',
      '     const length = this.kernel.iovaAlign(dev, size);',
      '     phys = this.kernel.swiotlbTblMapSingle(dev, phys, size, length, this.kernel.iovaMask(dev), dir, attrs);',
      '     if (phys === DMA_MAPPING_ERROR)',
    ]);
  });
});

describe('moves', () => {
  test('v5.3 → v5.4 folds both helpers, and is nothing else', () => {
    const moves = diff('v5.3', 'v5.4');
    expect(outline(moves)).toEqual([
      'moved | mapSwiotlb | mapSwiotlb folded into mapPage',
      'moved | unmapSwiotlb | unmapSwiotlb folded into unmapPage',
      'moved | mapPage | mapSwiotlb folded into mapPage',
      'moved | unmapPage | unmapSwiotlb folded into unmapPage',
      'moved | mapSgSwiotlb | mapSwiotlb folded into mapPage, which it calls',
      'moved | unmapSgSwiotlb | unmapSwiotlb folded into unmapPage, which it calls',
    ]);
    for (const { lines } of moves) expect(lines).toEqual([]);
  });

  test('v3.2 → review/fold-map-swiotlb folds one, and backwards it is split out', () => {
    const forth = diff('v3.2', 'review/fold-map-swiotlb');
    const back = diff('review/fold-map-swiotlb', 'v3.2');
    expect(outline(forth)).toEqual([
      'moved | mapSwiotlb | mapSwiotlb folded into mapPage',
      'moved | mapPage | mapSwiotlb folded into mapPage',
      'moved | mapSgSwiotlb | mapSwiotlb folded into mapPage, which it calls',
    ]);
    expect(outline(back)).toEqual(outline(forth).map((line) => line.replace('folded into', 'split out of')));
  });

  test('a fold that changes something too is shown against the folded code, and not called moved', () => {
    const found = diff('v3', 'v8');
    expect(outline(found)).toEqual(
      expect.arrayContaining([
        'removed | mapSwiotlb | mapPage is compared with it folded in',
        'changed | mapPage | compared with mapSwiotlb folded in',
        'moved | mapSgSwiotlb | mapSwiotlb folded into mapPage, which it calls',
        'removed | unmapSwiotlb',
        'changed | unmapSgSwiotlb',
      ]),
    );
    const mapPage = found.find(({ method }) => method === 'mapPage')?.lines ?? [];
    expect(mapPage.filter((line) => line.startsWith('+'))).toEqual([
      '+    phys = this.kernel.swiotlbTblMapSingle(dev, phys, size, length, this.kernel.iovaMask(dev), dir, attrs);',
      '+    this.clearPadding(phys, size, length, dir, attrs);',
    ]);
  });

  // mapPage did more than hand on: nothing is known about it.
  test('v4.1 → v4.2 is no move, though the helper is gone', () => {
    expect(outline(diff('v4.1', 'v4.2'))).toEqual([
      'removed | mapSwiotlb',
      'changed | mapPage',
      'changed | mapSgSwiotlb',
      'changed | mapSg',
    ]);
  });

  test('only folds are moves, in all of what was posted', () => {
    const posted = allStates().filter(({ id }) => /^(?:v[1-8](?:[.]|$)|review[/])/.test(id));
    const pure = posted.flatMap(({ chain, id }) => {
      const below = findState(chain.at(-2)?.id ?? 'baseline');
      if (below === undefined || chain.length === 0) return [];
      const diffs = diff(below.id, id);
      return diffs.length > 0 && diffs.every(({ kind }) => kind === 'moved') ? [id] : [];
    });
    expect(pure).toEqual(['v5.4', 'v6.4', 'v7.4', 'v8.4', 'review/fold-map-swiotlb']);
  });
});
