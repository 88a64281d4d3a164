// SPDX-License-Identifier: GPL-2.0-only
import { describe, expect, test } from '@jest/globals';
import { DEVICE_DEFAULTS, MACHINE_DEFAULTS, type DeviceConfig } from '../harness/machine/config.ts';
import { KernelCrash } from '../harness/machine/crash.ts';
import { EVENT_KINDS } from '../harness/machine/events.ts';
import { F_KIND, F_PATH, STRIDE } from '../harness/machine/event-log.ts';
import { Machine } from '../harness/machine/machine.ts';
import { Baseline } from './baseline.ts';
import type { Device, DmaAddr, DmaOps, PhysAddr, Size } from './dma-ops.ts';
import type { Frame } from '../harness/subject/state.ts';
import { instrument, type Layer } from './instrument.ts';
import type { StateClass } from './patch.ts';
import { allStates, findState } from './registry.ts';

const BASELINE: Layer = { id: 'baseline', Class: Baseline };
const TO_DEVICE = 1;
const dev = { index: 0 };

function machine(device: Partial<DeviceConfig> = {}): Machine {
  const fresh = new Machine();
  fresh.reset({ ...MACHINE_DEFAULTS, devices: [{ ...DEVICE_DEFAULTS, ...device }] });
  return fresh;
}

/** The methods that a class itself defines. */
function own(Class: StateClass): Record<string, PropertyDescriptor> {
  return { ...Object.getOwnPropertyDescriptors(Class.prototype as object) };
}

/** The calls on the way to each event of that kind, outermost first. */
function callsTo(m: Machine, kind: string, frames: readonly Frame[]): string[] {
  const way = (path: number): string[] => {
    const frame = frames[m.paths.frame[path] ?? -1];
    return frame === undefined ? [] : [...way(m.paths.parent[path] ?? 0), `${frame.method} (${frame.patch})`];
  };
  const ways: string[] = [];
  for (let at = 0; at < m.log.length * STRIDE; at += STRIDE) {
    if (EVENT_KINDS[m.log.records[at + F_KIND] ?? -1] === kind) {
      ways.push(way(m.log.records[at + F_PATH] ?? 0).join(' > '));
    }
  }
  return ways;
}

/** Doubles what it maps, and has something of its own. */
const first = (
  Base: StateClass,
): StateClass & (new (...args: ConstructorParameters<StateClass>) => WithLength) =>
  class extends Base {
    doubled(size: Size): Size {
      this.kernel.memset(0x300000, 0);
      return 2 * size;
    }

    override mapIova(dev_: Device, phys: PhysAddr, size: Size, prot: number): DmaAddr {
      return super.mapIova(dev_, phys, this.doubled(size), prot);
    }
  };
interface WithLength extends Baseline {
  doubled(size: Size): Size;
}

/** Triples instead. */
const second = (Base: StateClass<WithLength>): StateClass<WithLength> =>
  class extends Base {
    override doubled(size: Size): Size {
      return 3 * size;
    }
  };

function toyLayers(): [Layer, Layer, Layer] {
  const One = first(Baseline);
  return [BASELINE, { id: 'toy.1', Class: One }, { id: 'toy.2', Class: second(One) }];
}

describe('frames', () => {
  test('the baseline: each of its methods once, the constructor not', () => {
    const { frames } = instrument([BASELINE]);
    const names = Object.keys(own(Baseline)).filter((name) => name !== 'constructor');
    expect(frames).toEqual(names.map((method) => ({ method, patch: 'baseline' })));
    expect(names).toContain('mapPage');
  });

  test('a method belongs to the patch that wrote it last', () => {
    const [base, one, two] = toyLayers();
    const patchOf = (layers: readonly Layer[], name: string): string | undefined =>
      instrument(layers).frames.find(({ method }) => method === name)?.patch;
    expect([base, one, two].map((_, i) => patchOf([base, one, two].slice(0, i + 1), 'mapIova'))).toEqual([
      'baseline',
      'toy.1',
      'toy.1',
    ]);
    expect([patchOf([base, one], 'doubled'), patchOf([base, one, two], 'doubled')]).toEqual([
      'toy.1',
      'toy.2',
    ]);
    expect(patchOf([base, one, two], 'unmapIova')).toBe('baseline');
  });

  test('no method comes twice', () => {
    for (const { frames } of [instrument(toyLayers()), ...allStates()]) {
      expect(new Set(frames.map(({ method }) => method)).size).toBe(frames.length);
    }
  });

  test('there is no state without a layer', () => {
    expect(() => instrument([])).toThrow(RangeError);
  });
});

describe('calls', () => {
  test('are announced with every method on the way', () => {
    const { Class: Ops, frames } = instrument([BASELINE]);
    const m = machine();
    const ops = new Ops(m);
    const handle = ops.mapPage(dev, 0x300000, 4096, TO_DEVICE, 0);
    ops.unmapPage(dev, handle, 4096, TO_DEVICE, 0);
    expect(callsTo(m, 'alloc_iova_fast', frames)).toEqual([
      'mapPage (baseline) > mapSwiotlb (baseline) > mapIova (baseline) > allocIova (baseline)',
    ]);
    expect(callsTo(m, 'iommu_iotlb_sync', frames)).toEqual([
      'unmapPage (baseline) > unmapSwiotlb (baseline) > unmapIova (baseline)',
    ]);
    expect(m.log.path).toBe(0);
  });

  test('carry the patch, also where an old function calls a new one', () => {
    const v3 = findState('v3');
    if (v3 === undefined) throw new Error('no v3');
    const m = machine({ untrusted: true });
    const ops = v3.install(m);
    const handle = ops.mapPage(dev, 0x300100, 100, TO_DEVICE, 0);
    ops.unmapPage(dev, handle, 100, TO_DEVICE, 0);
    // v3 2/5 touched map_page, 5/5 __iommu_dma_map_swiotlb last, 3/5 unmap_page, nobody the rest.
    expect(callsTo(m, 'swiotlb_tbl_map_single', v3.frames)).toEqual(['mapPage (v3.2) > mapSwiotlb (v3.5)']);
    expect(callsTo(m, 'iommu_map', v3.frames)).toEqual([
      'mapPage (v3.2) > mapSwiotlb (v3.5) > mapIova (baseline)',
    ]);
    expect(callsTo(m, 'swiotlb_tbl_unmap_single', v3.frames)).toEqual([
      'unmapPage (v3.3) > unmapSwiotlb (baseline)',
    ]);
    expect(callsTo(m, 'swiotlb_sync_single_for_cpu', v3.frames)).toEqual([
      'unmapPage (v3.3) > syncSingleForCpu (v3.4)',
    ]);
  });

  test('of super stay in the method that calls it', () => {
    const [base, one] = toyLayers();
    const { Class: Ops, frames } = instrument([base, one]);
    const m = machine();
    new Ops(m).mapPage(dev, 0x300000, 4096, TO_DEVICE, 0);
    expect(callsTo(m, 'memset', frames)).toEqual([
      'mapPage (baseline) > mapSwiotlb (baseline) > mapIova (toy.1) > doubled (toy.1)',
    ]);
    expect(callsTo(m, 'iommu_map', frames)).toEqual([
      'mapPage (baseline) > mapSwiotlb (baseline) > mapIova (toy.1)',
    ]);
  });

  test('find the last word of each method', () => {
    const [base, one, two] = toyLayers();
    for (const [layers, pages] of [
      [[base], 1],
      [[base, one], 2],
      [[base, one, two], 3],
    ] as const) {
      const m = machine();
      new (instrument(layers).Class)(m).mapPage(dev, 0x300000, 4096, TO_DEVICE, 0);
      expect(m.devices[0]?.domain.size).toBe(pages);
    }
  });

  test('pass this, seven arguments and the result on', () => {
    class Seven extends Baseline {
      all(...args: readonly unknown[]): unknown {
        return [this.kernel.configSwiotlb, ...args];
      }
    }
    const { Class: Ops } = instrument([BASELINE, { id: 'seven', Class: Seven }]);
    const ops = new Ops(machine());
    expect(ops).toBeInstanceOf(Seven);
    expect((ops as unknown as Seven).all(1, 2, 3, 4, 5, 6, 7)).toEqual([true, 1, 2, 3, 4, 5, 6, 7]);
  });

  test('no method of any state has more than seven parameters', () => {
    // From the class up to Object: the announced ones take seven, their bodies must do with that.
    const parameters = (ops: DmaOps): number[] => {
      const counts: number[] = [];
      for (
        let at: unknown = Object.getPrototypeOf(ops);
        at !== Object.prototype;
        at = Object.getPrototypeOf(at)
      ) {
        for (const { value } of Object.values(Object.getOwnPropertyDescriptors(at as object))) {
          if (typeof value === 'function') counts.push((value as () => unknown).length);
        }
      }
      return counts;
    };
    for (const state of allStates()) {
      expect(Math.max(...parameters(state.install(machine())))).toBeLessThanOrEqual(7);
    }
  });

  test('that crash leave their path behind, for the record of the crash', () => {
    const { Class: Ops, frames } = instrument([BASELINE]);
    // A bounce buffer in a kernel that has no swiotlb_sync: the call itself is the crash.
    const m = machine({ untrusted: true });
    m.iommuMap(dev, 0x1000, 0x1000000, 0x1000, 3);
    m.configSwiotlb = false;
    const ops = new Ops(m);
    try {
      ops.syncSingleForCpu(dev, 0x1000, 16, 0);
      throw new Error('it did not crash');
    } catch (error) {
      if (!(error instanceof KernelCrash)) throw error;
      m.recordCrash(error);
    }
    expect(callsTo(m, 'crash', frames)).toEqual(['syncSingleForCpu (baseline)']);
  });
});

describe('nothing of the layers changes', () => {
  test('neither the baseline nor a patch is announced when used by itself', () => {
    const layers = toyLayers();
    const before = layers.map(({ Class }) => own(Class));
    const { Class: Ops } = instrument(layers);
    expect(layers.map(({ Class }) => own(Class))).toEqual(before);
    for (const [i, { Class }] of layers.entries()) {
      for (const [name, { value }] of Object.entries(own(Class))) {
        expect(value).toBe(before[i]?.[name]?.value);
      }
      const m = machine();
      new Class(m).mapPage(dev, 0x300000, 4096, TO_DEVICE, 0);
      expect(m.paths.parent).toEqual([0]);
    }
    expect(Object.getPrototypeOf(Ops)).toBe(layers[2].Class);
  });

  test('two states on the same layers do not share their numbering', () => {
    const [base, one] = toyLayers();
    const plain = instrument([base]);
    const patched = instrument([base, one]);
    const m = machine();
    new plain.Class(m).mapPage(dev, 0x300000, 4096, TO_DEVICE, 0);
    expect(callsTo(m, 'iommu_map', plain.frames)).toEqual([
      'mapPage (baseline) > mapSwiotlb (baseline) > mapIova (baseline)',
    ]);
    expect(patched.frames.length).toBe(plain.frames.length + 1);
  });
});
