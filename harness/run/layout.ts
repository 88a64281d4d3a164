// SPDX-License-Identifier: GPL-2.0-only
/** What is luck: what the allocators of pool and IOVA space give out, and how long a clean line stays in the cache. */
import { KernelCrash } from '../machine/crash.ts';
import type { DmaDevice } from '../machine/device.ts';
import type { Machine } from '../machine/machine.ts';
import { SLOT_SIZE } from '../machine/config.ts';
import {
  DMA_ATTR_NO_WARN,
  DMA_ATTR_SKIP_CPU_SYNC,
  DMA_FROM_DEVICE,
  DMA_MAPPING_ERROR,
  type PhysAddr,
} from '../machine/vocabulary.ts';

export interface Layout {
  /** Single slots that were taken and given back: the next search begins behind them. */
  readonly passed: number;
  /** Single slots behind those that stay taken. */
  readonly taken: number;
  /** IOVA ranges of each device that stay taken, granules. */
  readonly iovas: readonly number[];
  /** Clean lines leave the CPU cache after each step. */
  readonly evicts?: true;
  /** Dirty lines are not written back over what a device writes. */
  readonly keepsDirty?: true;
  /** The pool has twice as many slots: a search that comes round to the same ones goes on to others. */
  readonly doublesPool?: true;
}

/** What a layout took. */
export interface Taken {
  readonly slots: number;
  /** Ranges, per device. */
  readonly iovas: readonly number[];
}

const QUIETLY = DMA_ATTR_SKIP_CPU_SYNC | DMA_ATTR_NO_WARN;
/** What the slots are for: memory of nobody in the scenario. */
const ORIGINAL: PhysAddr = 0x20000;

const NOTHING: Taken = { slots: 0, iovas: [] };

/** Takes what the layout says on a machine whose domains are made; as much of it as there is. */
export function occupy(machine: Machine, layout: Layout | undefined): Taken {
  if (layout === undefined) return NOTHING;
  const { passed, taken, iovas } = layout;
  const before = machine.pool.used;
  const given = takeSlots(machine, passed);
  takeSlots(machine, taken);
  const [device] = machine.devices;
  if (device !== undefined) {
    for (const tlb of given) {
      machine.swiotlb.swiotlbTblUnmapSingle(device, tlb, SLOT_SIZE, DMA_FROM_DEVICE, QUIETLY);
    }
  }
  return {
    slots: machine.pool.used - before,
    iovas: machine.devices.map((user) => takeRanges(user, iovas)),
  };
}

function takeSlots(machine: Machine, count: number): PhysAddr[] {
  const [device] = machine.devices;
  const found: PhysAddr[] = [];
  if (!machine.configSwiotlb || device === undefined) return found;
  try {
    while (found.length < count) {
      const tlb = machine.swiotlb.swiotlbTblMapSingle(
        device,
        ORIGINAL,
        SLOT_SIZE,
        SLOT_SIZE,
        0,
        DMA_FROM_DEVICE,
        QUIETLY,
      );
      if (tlb === DMA_MAPPING_ERROR) break;
      found.push(tlb);
    }
  } catch (error) {
    // The search never ends for this device: then nothing is taken for it.
    if (!(error instanceof KernelCrash)) throw error;
  }
  return found;
}

/** Takes ranges from the top, as a map with a 32-bit limit would; returns how many there were. */
function takeRanges({ config, domain, iovad }: DmaDevice, sizes: readonly number[]): number {
  const top = config.dmaMask < 0 ? 0xffffffff : Math.min(config.dmaMask, 0xffffffff);
  const limit = Math.floor(top / domain.granule);
  return sizes.filter((size) => size <= limit && iovad.allocFast(size, limit, true) !== 0).length;
}
