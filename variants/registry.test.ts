// SPDX-License-Identifier: GPL-2.0-only
import { describe, expect, test } from '@jest/globals';
import { DEVICE_DEFAULTS, MACHINE_DEFAULTS } from '../harness/machine/config.ts';
import { STRIDE } from '../harness/machine/event-log.ts';
import { Machine } from '../harness/machine/machine.ts';
import { Baseline } from './baseline.ts';
import type { DmaOps } from './dma-ops.ts';
import { instrument, type Layer } from './instrument.ts';
import type { PostedPatch, StateClass } from './patch.ts';
import type { ChainLink, State } from '../harness/subject/state.ts';
import { allStates, findState } from './registry.ts';
import { v1 } from './v1/index.ts';
import { v2 } from './v2/index.ts';
import { v3 } from './v3/index.ts';
import { v4 } from './v4/index.ts';
import { v5 } from './v5/index.ts';
import { v6 } from './v6/index.ts';
import { v7 } from './v7/index.ts';
import { v8 } from './v8/index.ts';

/** What the list archives have: number of patches, date, the Message-Id's beginning. */
const POSTED: Record<string, readonly [patches: number, date: string, messageId: string]> = {
  v1: [2, '2021-07-02', '20210702053742.842850'],
  v2: [4, '2021-07-09', '20210709033502.3545820'],
  v3: [5, '2021-08-11', '20210811024247.1144246'],
  v4: [6, '2021-08-13', '20210813073839.1562438'],
  v5: [7, '2021-08-16', '20210816025755.2906695'],
  v6: [7, '2021-08-17', '20210817013852.3222824'],
  v7: [7, '2021-08-30', '20210830045925.4163412'],
  v8: [7, '2021-09-29', '20210929023300.335969'],
};

function posted(id: string): readonly [patches: number, date: string, messageId: string] {
  const entry = POSTED[id];
  if (entry === undefined) throw new Error(`no such series: ${id}`);
  return entry;
}

/** The last state of each posted series; a series added since brings its own tests. */
const SERIES = allStates().filter(({ id }) => id in POSTED);
const REVIEWS = allStates().filter(({ id }) => id.startsWith('review/'));

function state(id: string): State {
  const found = findState(id);
  if (found === undefined) throw new Error(`no such state: ${id}`);
  return found;
}

/** What a patch makes of a class. */
function applied(link: ChainLink, Base: StateClass): StateClass {
  const { apply } = link as ChainLink & PostedPatch;
  if (apply === undefined) throw new Error(`${link.id} does not touch dma-iommu.c`);
  return apply(Base);
}

/** The layers of a state, composed anew. */
function compose({ chain }: State): Layer[] {
  const layers: Layer[] = [{ id: 'baseline', Class: Baseline }];
  let Class: StateClass = Baseline;
  for (const link of chain) {
    Class = applied(link, Class);
    layers.push({ id: link.id, Class });
  }
  return layers;
}

/** Methods that a class itself defines, by name. */
function own(Class: StateClass): Map<string, unknown> {
  const all = Object.entries(Object.getOwnPropertyDescriptors(Class.prototype as object));
  return new Map(
    all.filter(([name]) => name !== 'constructor').map(([name, { value }]) => [name, value as unknown]),
  );
}

describe('the series', () => {
  test('stand in the order they were posted', () => {
    expect(SERIES.map(({ id }) => id)).toEqual(Object.keys(POSTED));
  });

  test.each(SERIES)('$id has all its patches, with provenance', ({ id, chain }) => {
    const [patches, date, messageId] = posted(id);
    expect(chain).toHaveLength(patches);
    for (const [i, patch] of chain.entries()) {
      expect([patch.author, patch.date]).toEqual(['David Stevens', date]);
      expect(patch.messageId).toBe(`${messageId}-${i + 2}-stevensd@google.com`);
      expect(patch.subject).toMatch(/^(dma-iommu|swiotlb): \S/);
      expect(patch.claims.length).toBeGreaterThan(0);
      for (const { text } of patch.claims) expect(text.trim()).not.toBe('');
    }
  });

  test.each([v1, v2, v3, v4, v5, v6, v7, v8])('the cover letter of $id', (series) => {
    const [patches, date, messageId] = posted(series.id);
    expect([series.base, series.author, series.date]).toEqual(['baseline', 'David Stevens', date]);
    expect(series.messageId).toBe(`${messageId}-1-stevensd@google.com`);
    expect(series.patches).toHaveLength(patches);
  });
});

describe('ids', () => {
  test('baseline, then every prefix; the last one goes by the name of its series', () => {
    const expected = SERIES.flatMap(({ id }) => {
      const [patches] = posted(id);
      const prefixes = Array.from({ length: patches - 1 }, (_, i) => [`${id}.${i + 1}`, undefined]);
      return [...prefixes, [id, `${id}.${patches}`]];
    });
    const states = allStates().filter(({ id }) => id === 'baseline' || id.replace(/\.\d+$/, '') in POSTED);
    expect(states.map(({ id, alias }) => [id, alias])).toEqual([['baseline', undefined], ...expected]);
  });

  test('eleven suggestions come last', () => {
    expect(REVIEWS).toEqual(allStates().slice(-11));
  });

  test('are unique, aliases included', () => {
    const names = allStates().flatMap(({ id, alias }) => (alias === undefined ? [id] : [id, alias]));
    expect(new Set(names).size).toBe(names.length);
  });

  test('v3 is v3.5, v1 is v1.2; every id and alias finds its state', () => {
    expect(findState('v3.5')).toBe(state('v3'));
    expect(findState('v1.2')).toBe(state('v1'));
    expect(state('v3.4')).not.toBe(state('v3'));
    for (const each of allStates()) {
      expect(findState(each.id)).toBe(each);
      if (each.alias !== undefined) expect(findState(each.alias)).toBe(each);
    }
  });

  test.each(['', 'v0', 'v3.0', 'v3.6', 'V3', 'v3 ', '3', 'toString', 'undefined'])('there is no %p', (id) => {
    expect(findState(id)).toBeUndefined();
  });
});

describe('chains', () => {
  test('the baseline has none', () => {
    expect(state('baseline').chain).toEqual([]);
  });

  test('v3.3 is the first three patches of v3 and nothing of v2', () => {
    const links = state('v3.3').chain.map(({ id, place, date, subject }) => [id, place, date, subject]);
    expect(links).toEqual([
      ['v3.1', 'v3 1/5', '2021-08-11', 'dma-iommu: fix sync_sg with swiotlb'],
      ['v3.2', 'v3 2/5', '2021-08-11', 'dma-iommu: fix arch_sync_dma for map'],
      ['v3.3', 'v3 3/5', '2021-08-11', 'dma-iommu: add SKIP_CPU_SYNC after syncing'],
    ]);
  });

  test.each(SERIES)('each state of $id is the one before it and one patch', (last) => {
    for (let number = 1; number <= last.chain.length; number++) {
      const { chain } = state(`${last.id}.${number}`);
      expect(chain).toEqual(last.chain.slice(0, number));
      const place = `${last.id} ${number}/${last.chain.length}`;
      expect(chain.at(-1)).toMatchObject({ id: `${last.id}.${number}`, place });
    }
  });

  // Which state it was asked of, and by which mail; the uncached bounce memory stayed an idea.
  test.each([
    ['v2-always-sync-single', 'v2.1', 'v2 1/4', '20210802133037.GB28547@willie-the-truck'],
    ['fold-coherent-check', 'v3.1', 'v3 1/5', 'YRNmxU9Ou2OcvBq2@infradead.org'],
    ['fold-map-swiotlb', 'v3.2', 'v3 2/5', '5b4fd891-a86a-42cd-5b69-bc08d351dd3a@arm.com'],
    ['else-if-arch-sync', 'v3.2', 'v3 2/5', '5b4fd891-a86a-42cd-5b69-bc08d351dd3a@arm.com'],
    ['raw-arch-sync-on-unmap', 'v3.3', 'v3 3/5', 'YRNpHcskc0Vv1ofa@infradead.org'],
    ['raw-arch-sync-on-map', 'v3.3', 'v3 3/5', 'YRNpHcskc0Vv1ofa@infradead.org'],
    ['arch-sync-else-swiotlb', 'v3.3', 'v3 3/5', 'd8f07858-e8e7-9989-b95f-c512ba3904cf@arm.com'],
    ['no-dead-attrs', 'v3.3', 'v3 3/5', 'd8f07858-e8e7-9989-b95f-c512ba3904cf@arm.com'],
    ['unmap-sg-sync-below', 'v3.3', 'v3 3/5', 'd8f07858-e8e7-9989-b95f-c512ba3904cf@arm.com'],
    ['map-aligned-from-start', 'v3', 'v3 5/5', 'e69aa3e9-00c6-4551-2362-c88eb5f88721@arm.com'],
    [
      'granule-aligned-bounce',
      'v3',
      'v3 5/5',
      'CAD=HUj7u71cdPfJ5t2tC8A26YOgwDe8H7i-h78f_MeRmuNUySQ@mail.gmail.com',
    ],
  ])('review/%s stands on %s', (name, base, on, messageId) => {
    const { id, chain } = state(`review/${name}`);
    expect(chain.slice(0, -1)).toEqual(state(base).chain);
    expect(chain.at(-1)).toMatchObject({ id, place: `review of ${on}`, messageId });
  });
});

describe('patches', () => {
  // What each one touches, from the series as posted.
  const syncSg = ['syncSgForCpu', 'syncSgForDevice'];
  const useSwiotlb = [
    'devUseSwiotlb',
    'syncSingleForCpu',
    'syncSingleForDevice',
    ...syncSg,
    'mapSg',
    'unmapSg',
  ];
  const archSyncForMap = ['mapSwiotlb', 'mapPage', 'mapSg'];
  const skipExtraSync = ['unmapSwiotlb', 'unmapPage', 'unmapSg'];
  const foldMap = ['mapSwiotlb', 'mapPage', 'mapSgSwiotlb'];
  const foldUnmap = ['unmapSwiotlb', 'unmapPage', 'unmapSgSwiotlb'];
  const checkConfig = [...useSwiotlb, 'mapPage'];
  const fold = [...foldMap, ...foldUnmap];
  const fromV5 = [syncSg, archSyncForMap, skipExtraSync, fold, checkConfig, ['mapPage'], ['mapPage']];
  const inner = ['syncSingleForDeviceAt', ...syncSg, 'mapSg'];
  const touched: Record<string, readonly (readonly string[])[]> = {
    v1: [
      [...inner, 'mapSwiotlb', 'unmapSwiotlb', 'syncSingleForDevice', 'mapPage'],
      [...inner, 'devUseSwiotlb', 'initDomain', 'mapSwiotlb', 'syncSingleForCpu', 'unmapSg'],
    ],
    v2: [syncSg, archSyncForMap, ['unmapSwiotlb'], [...useSwiotlb, 'mapSwiotlb']],
    v3: [
      syncSg,
      archSyncForMap,
      ['unmapPage', 'mapSg', 'unmapSg'],
      [...useSwiotlb, 'mapSwiotlb'],
      ['mapSwiotlb'],
    ],
    v4: [syncSg, [...foldMap, 'mapSg'], [...foldUnmap, 'unmapSg'], checkConfig, ['mapPage'], ['mapPage']],
    v5: fromV5,
    v6: fromV5,
    v7: fromV5,
    v8: fromV5,
  };

  test.each(SERIES)('$id: each touches the functions it should, and frames name the last one', (last) => {
    const patches = touched[last.id] ?? [];
    const layers = compose(last).slice(1);
    expect(layers.map(({ Class }) => [...own(Class).keys()].toSorted())).toEqual(
      patches.map((names) => names.toSorted()),
    );
    const writer = new Map([...own(Baseline).keys()].map((name) => [name, 'baseline']));
    for (const [i, names] of patches.entries()) {
      for (const name of names) writer.set(name, `${last.id}.${i + 1}`);
    }
    expect(new Map(last.frames.map(({ method, patch }) => [method, patch]))).toEqual(writer);
  });

  test.each([
    ['v2-always-sync-single', syncSg],
    ['fold-coherent-check', syncSg],
    ['fold-map-swiotlb', foldMap],
    ['else-if-arch-sync', ['mapSwiotlb']],
    ['raw-arch-sync-on-unmap', skipExtraSync],
    ['raw-arch-sync-on-map', ['mapSg']],
    ['arch-sync-else-swiotlb', [...foldUnmap, 'unmapSg']],
    ['no-dead-attrs', ['mapSg']],
    ['unmap-sg-sync-below', ['unmapSg']],
    ['map-aligned-from-start', ['mapSwiotlb']],
    ['granule-aligned-bounce', ['mapSwiotlb']],
  ])('review/%s touches the functions it should', (name, methods) => {
    const review = state(`review/${name}`);
    const frames = review.frames.filter(({ patch }) => patch === review.id);
    expect(frames.map(({ method }) => method).toSorted()).toEqual(methods.toSorted());
  });

  test('what a patch adds, and does not override, is called by something: no name is misspelt', () => {
    for (const series of [...SERIES, ...REVIEWS]) {
      const bodies = new Map<string, unknown>();
      for (const { id, Class } of compose(series)) {
        const added = [...own(Class).keys()].filter((name) => id !== 'baseline' && !bodies.has(name));
        for (const [name, body] of own(Class)) bodies.set(name, body);
        for (const name of added) {
          const callers = [...bodies].filter(
            ([other, body]) => other !== name && String(body).includes(`.${name}(`),
          );
          expect([id, name, callers.length > 0]).toEqual([id, name, true]);
        }
      }
    }
  });
});

describe('composing', () => {
  /** What a driver does, on a machine where all of the series matters; the whole record of it. */
  function record(install: (machine: Machine) => DmaOps): unknown {
    const m = new Machine();
    const device = { ...DEVICE_DEFAULTS, untrusted: true, coherent: false, minAlignMask: 511 };
    m.reset({
      ...MACHINE_DEFAULTS,
      strict: false,
      // Where physical 0 is memory, for first patches maintain it.
      cache: 'off',
      devices: [device, { ...DEVICE_DEFAULTS, coherent: false }],
    });
    const ops = install(m);
    for (const [index, dev] of m.devices.entries()) {
      ops.initDomain(dev);
      for (const dir of [0, 1] as const) {
        const handle = ops.mapPage(dev, 0x300100, 5000, dir, 0);
        ops.syncSingleForCpu(dev, handle, 64, dir);
        ops.syncSingleForDevice(dev, handle, 64, dir);
        ops.unmapPage(dev, handle, 5000, dir, 0);
      }
      const entry = { dmaAddress: 0, dmaLength: 0 };
      const sgl = [
        { phys: 0x400000, length: 4096, ...entry },
        { phys: 0x500080, length: 100, ...entry },
      ];
      ops.mapSg(dev, sgl, 2, 1, 0);
      ops.syncSgForDevice(dev, sgl, 2, 1);
      ops.unmapSg(dev, sgl, 2, 1, 0);
      m.flush(index);
    }
    expect(m.log.length).toBeGreaterThan(30);
    return [Array.from(m.log.records.subarray(0, m.log.length * STRIDE)), m.paths, m.pool.used];
  }

  test.each([...SERIES, ...REVIEWS])('$id twice gives two states that behave alike', (series) => {
    const once = instrument(compose(series));
    const again = instrument(compose(series));
    expect(once.Class).not.toBe(again.Class);
    const { frames } = series;
    expect([once.frames, again.frames]).toEqual([frames, frames]);
    const expected = record(series.install);
    expect(record((machine) => new once.Class(machine))).toEqual(expected);
    expect(record((machine) => new again.Class(machine))).toEqual(expected);
    expect(record(series.install)).toEqual(expected);
  });

  test('a patch leaves the state below it, and the baseline, as they are', () => {
    const before = own(Baseline);
    for (const series of [...SERIES, ...REVIEWS]) {
      let Class: StateClass = Baseline;
      for (const patch of series.chain) {
        const Base: StateClass = Class;
        const methods = own(Base);
        Class = applied(patch, Base);
        expect(Class).not.toBe(Base);
        // One class a patch: instrument() sees only that one.
        expect(Object.getPrototypeOf(Class)).toBe(Base);
        for (const [name, body] of own(Base)) expect(body).toBe(methods.get(name));
        expect(own(Base).size).toBe(methods.size);
      }
    }
    for (const [name, body] of own(Baseline)) expect(body).toBe(before.get(name));
  });

  test('states have classes of their own', () => {
    const machine = new Machine();
    expect(new Set(allStates().map((each) => each.install(machine).constructor)).size).toBe(
      allStates().length,
    );
  });
});
