// SPDX-License-Identifier: GPL-2.0-only
/** What compiled C calls: the machine's functions, messages, and the guards' handlers. */
import { KernelCrash } from '../machine/crash.ts';
import type { Machine } from '../machine/machine.ts';
import { numberOfText } from '../machine/texts.ts';
import type { Device, Direction, Scatterlist } from '../machine/vocabulary.ts';
import type { CFunction, CompiledModule } from './compiled-module.ts';
import { formatMessage } from './printk.ts';
import type { Make } from '../subject/state.ts';
import { fromI64, toI64 } from './wasm-numbers.ts';

/** The last iommu_unmap_fast(), and the last iommu_iova_to_phys() that found nothing. */
export interface LastCalls {
  lastUnmap?: { readonly dev: Device; readonly unmapped: number; readonly asked: number };
  lastLookUp?: { readonly dev: Device; readonly iova: number };
}

/** What the imports stand on; it changes from life to life. */
export interface Host extends LastCalls {
  readonly module: CompiledModule;
  readonly kernel: Machine;
  /** What the tree's processor does before a device may access memory. */
  readonly archSync: Make['archSync'];
  /** A device by its number. */
  device(index: number): Device;
  /** A C function begins; `frame` is its number. */
  enter(frame: number): void;
  /** It returns. */
  leave(): void;
  /** The C function that runs: `iommu_dma_map_page()`. */
  where(): string;
  /** The crash of a call that does not return. */
  endless(): KernelCrash;
  /** memset(phys_to_virt(phys), byte, size). */
  set(phys: number, byte: number, size: number): void;
  /** A memcpy from physical address to physical address. */
  copy(to: number, from: number, size: number): void;
  /** A message from swiotlb.c that the machine has a kind of its own for; false: it has none. */
  knownMessage(format: string, values: readonly number[]): boolean;
}

/** Arguments come as C has them: 64 bits are BigInt. */
type Arg = number | bigint;

const num = (value: Arg | undefined): number => (typeof value === 'bigint' ? fromI64(value) : (value ?? 0));
const dir = (value: Arg | undefined): Direction => num(value) as Direction;
const pointer = (value: Arg | undefined): bigint => (typeof value === 'bigint' ? value : BigInt(value ?? 0));
const NOTHING = 0;
/** PAGE_OFFSET of overlay/asm/page.h. */
const LINEAR_MAP = 0xffff_8880_8000_0000n;
/** Messages from this level on are warnings (KERN_WARNING). */
const WARNING_LEVEL = 4;

/** Every import of a compiled module but those that nobody models. */
export function machineImports(host: Host): Readonly<Record<string, CFunction>> {
  return { ...machineFunctions(host), ...messages(host), ...guards(host) };
}

function machineFunctions(host: Host): Record<string, CFunction> {
  const list: Scatterlist = [];
  const dev = (index: Arg | undefined): Device => host.device(num(index));
  const returnsNothing =
    (call: (...args: (Arg | undefined)[]) => void): CFunction =>
    (...args) => {
      call(...args);
      return NOTHING;
    };
  return {
    machine_iommu_map: (d, iova, phys, size, prot) =>
      host.kernel.iommuMap(dev(d), num(iova), num(phys), num(size), num(prot)),
    machine_sg_entry: returnsNothing((phys, length) => {
      list.push({ phys: num(phys), length: num(length), dmaAddress: 0, dmaLength: 0 });
    }),
    machine_iommu_map_sg: (d, iova, entries, prot) => {
      const sgl = list.splice(0);
      return toI64(host.kernel.iommuMapSg(dev(d), num(iova), sgl, num(entries), num(prot)));
    },
    machine_iommu_unmap(d, iova, size) {
      const unmapped = host.kernel.iommuUnmap(dev(d), num(iova), num(size));
      if (unmapped !== num(size)) host.lastUnmap = { dev: dev(d), unmapped, asked: num(size) };
      return toI64(unmapped);
    },
    machine_iommu_iova_to_phys(d, iova) {
      const phys = host.kernel.iommuIovaToPhys(dev(d), num(iova));
      if (phys === 0) host.lastLookUp = { dev: dev(d), iova: num(iova) };
      return toI64(phys);
    },
    machine_iommu_iotlb_sync: returnsNothing((d) => host.kernel.iommuIotlbSync(dev(d))),
    machine_iommu_flush_iotlb_all: returnsNothing((d) => host.kernel.iommuFlushIotlbAll(dev(d))),
    machine_alloc_iova_fast: (d, pages, limit, flush) =>
      toI64(host.kernel.allocIovaFast(dev(d), num(pages), num(limit), num(flush) !== 0)),
    machine_free_iova_fast: returnsNothing((d, pfn, pages) =>
      host.kernel.freeIovaFast(dev(d), num(pfn), num(pages)),
    ),
    machine_queue_iova: returnsNothing((d, pfn, pages) =>
      host.kernel.queueIova(dev(d), num(pfn), num(pages)),
    ),
    machine_init_flush_queue: returnsNothing((d) => host.kernel.initIovaFlushQueue(dev(d))),
    machine_swiotlb_tbl_map_single: (d, phys, mapping, alloc, mask, direction, attrs) =>
      toI64(
        host.kernel.swiotlbTblMapSingle(
          dev(d),
          num(phys),
          num(mapping),
          num(alloc),
          num(mask),
          dir(direction),
          num(attrs),
        ),
      ),
    machine_swiotlb_tbl_unmap_single: returnsNothing((d, tlb, size, direction, attrs) =>
      host.kernel.swiotlbTblUnmapSingle(dev(d), num(tlb), num(size), dir(direction), num(attrs)),
    ),
    machine_swiotlb_sync_single_for_device: returnsNothing((d, tlb, size, direction) =>
      host.kernel.swiotlbSyncSingleForDevice(dev(d), num(tlb), num(size), dir(direction)),
    ),
    machine_swiotlb_sync_single_for_cpu: returnsNothing((d, tlb, size, direction) =>
      host.kernel.swiotlbSyncSingleForCpu(dev(d), num(tlb), num(size), dir(direction)),
    ),
    machine_arch_sync_dma_for_device: returnsNothing((phys, size, direction) => {
      const { kernel } = host;
      if (host.archSync === 'by-direction') kernel.archSyncDmaForDevice(num(phys), num(size), dir(direction));
      else kernel.maintain('arch_sync_dma_for_device', num(phys), num(size), dir(direction), false);
    }),
    machine_arch_sync_dma_for_cpu: returnsNothing((phys, size, direction) =>
      host.kernel.archSyncDmaForCpu(num(phys), num(size), dir(direction)),
    ),
    machine_memset: returnsNothing((phys, byte, size) => host.set(num(phys), num(byte), num(size))),
    machine_memcpy: returnsNothing((to, from, size) =>
      host.copy(fromI64(pointer(to) - LINEAR_MAP), fromI64(pointer(from) - LINEAR_MAP), num(size)),
    ),
    kernel_c_enter: returnsNothing((frame) => host.enter(num(frame))),
    kernel_c_leave: returnsNothing(() => host.leave()),
  };
}

function messages(host: Host): Record<string, CFunction> {
  const say = (format: bigint, list: bigint, level?: number): number => {
    const { module, kernel } = host;
    const message = formatMessage(module, module.string(format), list);
    if ((level ?? message.level ?? WARNING_LEVEL) > WARNING_LEVEL) return NOTHING;
    if (!host.knownMessage(message.format, message.values)) kernel.warnText(message.text);
    return NOTHING;
  };
  const printk: CFunction = (format, list) => say(pointer(format), pointer(list));
  const deviceMessage =
    (level: number): CFunction =>
    (_dev, format, list) =>
      say(pointer(format), pointer(list), level);
  const place = (file: Arg | undefined, line: Arg | undefined, fn: Arg | undefined): string => {
    const path = host.module.string(pointer(file)).replace(/^(?:\.?\/)+/, '');
    return `${host.module.string(pointer(fn))}() at ${path}:${num(line)}`;
  };
  return {
    printk,
    _printk: printk,
    _dev_emerg: deviceMessage(0),
    _dev_alert: deviceMessage(1),
    _dev_crit: deviceMessage(2),
    _dev_err: deviceMessage(3),
    _dev_warn: deviceMessage(4),
    _dev_notice: deviceMessage(5),
    _dev_info: deviceMessage(6),
    dev_driver_string: () => 0n,
    kernel_c_warn(file, line, fn, condition) {
      const text = host.module.string(pointer(condition));
      if (!host.knownMessage(`WARN_ON(${text})`, [])) {
        host.kernel.warnText(`WARN_ON(${text}) in ${place(file, line, fn)}`);
      }
      return NOTHING;
    },
    kernel_c_warn_printk(file, line, fn, _condition, format, list) {
      const { module, kernel } = host;
      const message = formatMessage(module, module.string(pointer(format)), pointer(list));
      if (!host.knownMessage(message.format, message.values)) {
        kernel.warnText(`WARN: ${message.text} in ${place(file, line, fn)}`);
      }
      return NOTHING;
    },
    kernel_c_bug(file, line, fn, condition) {
      const text = host.module.string(pointer(condition));
      throw crash('kernel-bug', `${text === '' ? '' : `${text} in `}${place(file, line, fn)}`);
    },
    panic(format, list) {
      const message = formatMessage(host.module, host.module.string(pointer(format)), pointer(list));
      throw crash('kernel-bug', message.text);
    },
    machine_out_of_memory(size) {
      throw crash('wild-access', `an allocation of ${num(size)} bytes`);
    },
    machine_did_not_return() {
      throw host.endless();
    },
  };
}

/** What a sanitizer found, by the handler that clang calls. */
const FOUND: Readonly<Record<string, string>> = {
  __ubsan_handle_type_mismatch_v1_abort: 'a null, misaligned or too small object',
  __ubsan_handle_out_of_bounds_abort: 'an index out of its array',
  __ubsan_handle_alignment_assumption_abort: 'a misaligned object',
  __ubsan_handle_builtin_unreachable: 'code that cannot be reached',
  __ubsan_handle_pointer_overflow_abort: 'a pointer that overflowed',
};

function guards(host: Host): Record<string, CFunction> {
  const handlers: Record<string, CFunction> = {};
  for (const [name, found] of Object.entries(FOUND)) {
    handlers[name] = (data) => {
      const at = Number(BigInt.asUintN(32, pointer(data)));
      const view = host.module.view();
      const file = host.module.string(view.getBigInt64(at, true)).replace(/^(?:\.?\/)+/, '');
      throw crash('wild-access', `${found} at ${file}:${view.getUint32(at + 8, true)}`);
    };
  }
  return handlers;
}

function crash(kind: KernelCrash['kind'], text: string): KernelCrash {
  return new KernelCrash(kind, numberOfText(text));
}
