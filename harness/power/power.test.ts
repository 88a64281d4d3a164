// SPDX-License-Identifier: GPL-2.0-only
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { loadCorpus, selectScenarios, type Corpus } from '../scenario/load.ts';
import { SourceTree } from '../source/source-tree.ts';
import type { State } from '../subject/state.ts';
import { packageRoot } from '../text/package-root.ts';
import { findState } from '../../variants/registry.ts';
import { tiny } from '../../variants/testing/tiny-subject.ts';
import { isTold, whyEquivalent } from './equivalent.ts';
import { Gauge } from './gauge.ts';
import { Replaceable } from './mutated-state.ts';
import { mutatedText, OPERATORS, type Mutation } from './mutation.ts';
import { mutationsOf } from './operators.ts';
import { preparePower } from './power.ts';
import { Signatures } from './signatures.ts';

let corpus: Corpus;
const tree = new SourceTree(packageRoot());

beforeAll(() => {
  corpus = loadCorpus(join(packageRoot(), 'corpus'));
});

function state(id: string): State {
  const found = findState(id);
  if (found === undefined) throw new Error(`no state ${id}`);
  return found;
}

function mutationsIn(id: string): { readonly signatures: Signatures; readonly all: Mutation[] } {
  const flattened = tree.flattened(state(id));
  const signatures = new Signatures(tree.modules, flattened);
  return {
    signatures,
    all: [...flattened.functions.values()].flatMap((one) => mutationsOf(one, signatures)),
  };
}

describe('mutationsOf', () => {
  test('every operator makes mistakes in the baseline, and each mistake is another text', () => {
    const { all } = mutationsIn('baseline');
    expect(new Set(all.map(({ operator }) => operator))).toEqual(new Set(OPERATORS));
    const texts = all.map((mutation) => `${mutation.written.method} ${mutatedText(mutation)}`);
    expect(new Set(texts).size).toBe(texts.length);
    for (const { before, after } of all) expect(after).not.toBe(before);
  });

  test('a small method, each mistake in it', () => {
    const { all } = mutationsIn('baseline');
    const unmap = all.filter(({ written: { method } }) => method === 'unmapSgSwiotlb');
    expect(unmap.map(({ operator, after }) => `${operator}: ${after}`)).toEqual(
      expect.arrayContaining([
        'size ± 1: this.unmapSwiotlb(dev, sg.dmaAddress, (sg.dmaLength) + 1, dir, attrs);',
        'other side of an entry: this.unmapSwiotlb(dev, sg.phys, sg.dmaLength, dir, attrs);',
        'direction: this.unmapSwiotlb(dev, sg.dmaAddress, sg.dmaLength, DMA_FROM_DEVICE, attrs);',
        'attributes: this.unmapSwiotlb(dev, sg.dmaAddress, sg.dmaLength, dir, (attrs) | DMA_ATTR_SKIP_CPU_SYNC);',
        'statement deleted: ',
      ]),
    );
  });
});

describe('a method in the place of a state’s own', () => {
  test('that is the same is never noticed', async () => {
    const cases = corpus.scenarios.filter((_, index) => index % 16 === 0);
    const gauge = new Gauge(state('v8'), cases);
    for (const written of tree.flattened(state('v8')).functions.values()) {
      const method = await Replaceable.of(state('v8'), written);
      const same = written.node.getText().replace(/^override /, '');
      const noticed = gauge.measure(method.with(same), written.method, cases);
      expect({ method: written.method, ...noticed }).toMatchObject({ notice: 'nothing' });
    }
  });

  test('runs in the cases that come to it, and only in those', async () => {
    const cases = selectScenarios(corpus, 'map/page-untrusted');
    const gauge = new Gauge(state('v8'), cases);
    const reached = async (name: string): Promise<number> => {
      const written = tree.flattened(state('v8')).functions.get(name);
      if (written === undefined) throw new Error(`no ${name}`);
      const method = await Replaceable.of(state('v8'), written);
      return gauge.casesThat((tell) => method.watched(tell)).length;
    };
    expect(await reached('mapPage')).toBe(cases.length);
    expect(await reached('mapSg')).toBe(0);
  });

  test('reaches what it overrides through super, and the code of another file', async () => {
    const cases = selectScenarios(corpus, 'min-align-mask/*');
    const work = await preparePower(tiny('baseline'), tiny('v1'), cases);
    const { made, left } = work.run();
    expect(left).toEqual(['map as of tiny/baseline']);
    // What it clears is what the patch is for.
    const cleared = made.filter(({ before }) => before.includes('memset'));
    expect(cleared.map(({ notice }) => notice)).toContain('finding');
    expect(cleared.find(({ operator }) => operator === 'statement deleted')).toMatchObject({
      notice: 'cost',
      file: 'variants/testing/zero-the-slot.ts',
    });
  });
});

describe('preparePower', () => {
  test('looks at the lines that the patches touch', async () => {
    const progress: string[] = [];
    const work = await preparePower(state('v3.4'), state('v3.5'), corpus.scenarios, {
      progress: (done, total) => void progress.push(`${done}/${total}`),
    });
    const { made, possible, equivalent } = work.run();
    expect(made.length + equivalent.length).toBe(possible);
    expect(progress.at(-1)).toBe(`${made.length}/${made.length}`);
    expect(new Set(made.map(({ file }) => file))).toEqual(
      new Set(['variants/v3/account-for-min-align-mask.ts']),
    );
    const memset = made.find(({ after }) => after === 'this.kernel.memset(start + end, (length - end) + 1);');
    expect(memset).toMatchObject({ operator: 'size ± 1', kernelFunction: '__iommu_dma_map_swiotlb' });
    expect(memset?.notice).toBe('finding');
    expect(made.filter(({ notice }) => notice === 'finding' || notice === 'cost').length).toBeGreaterThan(45);
  });

  test('a patch that only takes lines away', async () => {
    const work = await preparePower(state('v8'), state('v8'), corpus.scenarios);
    expect(work.run()).toMatchObject({ possible: 0, made: [] });
  });

  test('draws the same mistakes for the same seed', async () => {
    const cases = selectScenarios(corpus, 'map/page-untrusted');
    const drawn = async (seed: number): Promise<string[]> => {
      const work = await preparePower(undefined, state('v8'), cases, { sample: { seed, count: 12 } });
      const { made, equivalent } = work.run();
      expect(made.length + equivalent.length).toBe(12);
      return [...made, ...equivalent].map(({ method, before, after }) => `${method} ${before} ${after}`);
    };
    expect(await drawn(7)).toEqual(await drawn(7));
    expect(await drawn(7)).not.toEqual(await drawn(8));
  });
});

describe('whyEquivalent', () => {
  test.each(['baseline', 'v3', 'v8'])(
    'in %s, the corpus does not tell apart what is left out',
    async (id) => {
      const { signatures, all } = mutationsIn(id);
      const cases = corpus.scenarios.filter((_, index) => index % 16 === 0);
      const gauge = new Gauge(state(id), cases);
      const excused = all.filter((mutation) => whyEquivalent(mutation, signatures) !== undefined);
      expect(excused.length).toBeGreaterThan(10);
      expect(excused.length).toBeLessThan(all.length / 6);
      for (const mutation of excused) {
        const method = await Replaceable.of(state(id), mutation.written);
        const mutant = method.with(mutatedText(mutation));
        const { notice } = gauge.measure(mutant, mutation.written.method, cases);
        const told = isTold(whyEquivalent(mutation, signatures) ?? '') ? ['nothing', 'trace'] : ['nothing'];
        expect({ ...mutation, notice: told.includes(notice) ? '' : notice }).toMatchObject({ notice: '' });
      }
    },
    120_000,
  );

  test.each([
    ['baseline', 'this.freeIova(dev, handle, length);', 'the allocator counts whole granules'],
    ['baseline', 'this.freeIova(dev, iova, (length) - 1);', undefined],
    ['baseline', 'total += sg.length; if (padding', 'neither of the two statements depends'],
    ['baseline', 'invalidateSg: sg.dmaLength = 1;', 'a driver that unmaps the failed list'],
    ['baseline', 'size, length, 1, dir, attrs);', 'the pool is in slots'],
    ['baseline', 'iommuIotlbSync(dev); if (unmapped !== length)', 'a warning changes nothing'],
    ['baseline', 'this.freeIova(dev, base, length); if (!this', undefined],
    ['v8', 'i, DMA_TO_DEVICE, attrs | DMA_ATTR_SKIP_CPU_SYNC);', 'with DMA_ATTR_SKIP_CPU_SYNC nothing is'],
    ['v8', 'swiotlbTblUnmapSingle(dev, phys, size, DMA_TO_DEVICE, attrs);', undefined],
    ['baseline', 'if (this.kernel.isSwiotlbBuffer(sg.dmaAddress))', undefined],
    ['baseline', 'invalidateSg: if (sg.length !== 0)', undefined],
  ])('in %s, %s: %s', (id, text, why) => {
    const { signatures, all } = mutationsIn(id);
    const found = all.filter(
      ({ after, written: { method } }) => `${method}: ${after}`.includes(text) && !after.startsWith('for'),
    );
    expect(found.length).toBeGreaterThan(0);
    for (const mutation of found) {
      const reason = whyEquivalent(mutation, signatures);
      if (why === undefined) expect(reason).toBeUndefined();
      else expect(reason).toContain(why);
    }
  });

  test('what Robin Murphy asked about: attrs that nobody reads any more', () => {
    const { signatures, all } = mutationsIn('v3.3');
    const dead = all.filter(
      ({ operator, before }) => operator === 'statement deleted' && before.startsWith('attrs |='),
    );
    expect(dead.map((mutation) => [mutation.written.method, whyEquivalent(mutation, signatures)])).toEqual([
      ['unmapPage', undefined],
      ['mapSg', 'nothing reads DMA_ATTR_SKIP_CPU_SYNC of these attributes afterwards'],
      ['unmapSg', undefined],
    ]);
  });
});
