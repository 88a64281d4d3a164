// SPDX-License-Identifier: GPL-2.0-only
/** What a run cost. Measured, not judged. */
import { LINE_SIZE, SLOT_SIZE } from '../machine/config.ts';
import { DMA_TO_DEVICE } from '../machine/vocabulary.ts';
import { events, type Event, type Recording } from './recording.ts';

/** Every cost, in the order that reports show them. */
export const COSTS = [
  { name: 'copies-to-bounce', title: 'copies to the bounce buffer', unit: 'copies' },
  { name: 'copied-to-bounce', title: 'bytes copied to the bounce buffer', unit: 'bytes' },
  { name: 'copies-from-bounce', title: 'copies from the bounce buffer', unit: 'copies' },
  { name: 'copied-from-bounce', title: 'bytes copied from the bounce buffer', unit: 'bytes' },
  { name: 'redundant-copies', title: 'redundant copies', unit: 'copies' },
  { name: 'cache-maintenance', title: 'cache maintenance', unit: 'calls' },
  { name: 'useful-lines', title: 'cache lines maintained', unit: 'lines' },
  { name: 'misdirected-lines', title: 'cache lines maintained for nothing', unit: 'lines' },
  { name: 'cleared', title: 'bytes cleared', unit: 'bytes' },
  { name: 'iommu-maps', title: 'IOMMU map calls', unit: 'calls' },
  { name: 'pages-mapped', title: 'IOMMU pages mapped', unit: 'granules' },
  { name: 'iommu-unmaps', title: 'IOMMU unmap calls', unit: 'calls' },
  { name: 'pages-unmapped', title: 'IOMMU pages unmapped', unit: 'granules' },
  { name: 'iotlb-syncs', title: 'IOTLB syncs and flushes', unit: 'calls' },
  { name: 'walks', title: 'page-table walks', unit: 'calls' },
  { name: 'peak-slots', title: 'slots held at peak', unit: 'slots' },
  { name: 'peak-iova', title: 'IOVA held at peak', unit: 'granules' },
] as const;
export type CostName = (typeof COSTS)[number]['name'];
export type Costs = Record<CostName, number>;

const NOTHING = Object.fromEntries(COSTS.map(({ name }) => [name, 0])) as Costs;

/** All zero. */
export function noCosts(): Costs {
  return { ...NOTHING };
}

/** What the run cost. */
export function costsOf(run: Recording): Costs {
  const costs = noCosts();
  const { granule, devices } = run.scenario.machine;
  const all = events(run);
  const used = usedMemory(run, all);
  const copied = new Set<string>();
  const pool = new Peak();
  const iova = new Peak();
  for (const event of all) {
    const { kind, a, b, c, d, device, result } = event;
    switch (kind) {
      case 'swiotlb_bounce': {
        const toBounce = d === DMA_TO_DEVICE;
        costs[toBounce ? 'copies-to-bounce' : 'copies-from-bounce']++;
        costs[toBounce ? 'copied-to-bounce' : 'copied-from-bounce'] += c;
        const key = `${d} ${a} ${b} ${c}`;
        if (copied.has(key) && result === 0) costs['redundant-copies']++;
        copied.add(key);
        break;
      }
      case 'arch_sync_dma_for_device':
      case 'arch_sync_dma_for_cpu':
        costs['cache-maintenance']++;
        if (result > 0) {
          const useful = usefulLines(used[mappingOf(run, event.step) + 1] ?? [], a, b);
          costs['useful-lines'] += useful;
          costs['misdirected-lines'] += result - useful;
        }
        break;
      case 'memset':
        if (b > 0 && run.crash?.event !== event.index + 1) costs.cleared += b;
        break;
      case 'iommu_map':
        costs['iommu-maps']++;
        if (result === 0) costs['pages-mapped'] += c / granule;
        break;
      case 'iommu_map_sg':
        costs['iommu-maps']++;
        costs['pages-mapped'] += result / granule;
        break;
      case 'iommu_unmap':
        costs['iommu-unmaps']++;
        costs['pages-unmapped'] += result / granule;
        break;
      case 'iommu_iotlb_sync':
      case 'iommu_flush_iotlb_all':
        costs['iotlb-syncs']++;
        break;
      case 'iommu_iova_to_phys':
        costs.walks++;
        break;
      case 'swiotlb_tbl_map_single':
        if (result >= 0) {
          const offset = result & (devices[device]?.minAlignMask ?? 0) & (SLOT_SIZE - 1);
          pool.take(result, Math.ceil((c + offset) / SLOT_SIZE));
          copied.clear();
        }
        break;
      case 'swiotlb_tbl_unmap_single':
        pool.release(a);
        break;
      case 'alloc_iova_fast':
        if (result > 0) iova.take(device * 2 ** 40 + result, a);
        break;
      case 'free_iova_fast':
        iova.release(device * 2 ** 40 + a);
        break;
      default:
    }
  }
  costs['peak-slots'] = pool.highest;
  costs['peak-iova'] = iova.highest;
  return costs;
}

/** Follows how much is taken at once. */
class Peak {
  highest = 0;
  private now = 0;
  private readonly taken = new Map<number, number>();

  take(key: number, amount: number): void {
    this.taken.set(key, amount);
    this.now += amount;
    this.highest = Math.max(this.highest, this.now);
  }

  release(key: number): void {
    this.now -= this.taken.get(key) ?? 0;
    this.taken.delete(key);
  }
}

/** Physical memory, bytes. */
interface Stretch {
  readonly start: number;
  readonly end: number;
}

/** Per mapping, from index 1 on: the memory that its device could use through it. */
function usedMemory(run: Recording, all: readonly Event[]): readonly (Stretch[] | undefined)[] {
  const used: Stretch[][] = [];
  for (const { kind, step, a, b, c, result } of all) {
    const isMap = kind === 'iommu_map' && result === 0;
    if (!isMap && (kind !== 'sg_entry' || result === 0)) continue;
    const list = (used[mappingOf(run, step) + 1] ??= []);
    list.push(isMap ? { start: b, end: b + c } : { start: a, end: a + b });
  }
  return used;
}

/** The mapping that a step is about, -1: none. */
function mappingOf(run: Recording, step: number): number {
  const found = run.scenario.steps[step];
  return found !== undefined && 'map' in found ? found.map : -1;
}

/** Cache lines of [phys, phys + size) that have a byte of the used memory. */
function usefulLines(used: readonly Stretch[], phys: number, size: number): number {
  let useful = 0;
  for (let line = phys - (phys % LINE_SIZE); line < phys + size; line += LINE_SIZE) {
    for (const { start, end } of used) {
      if (line + LINE_SIZE <= start || line >= end) continue;
      useful++;
      break;
    }
  }
  return useful;
}
