// SPDX-License-Identifier: GPL-2.0-only
/**
 * What a run leaves behind, in flat arrays: one fixed-size record an event, bytes read beside it.
 * Written on the hot path without allocating; decoded only when someone reads it.
 */

/** What can happen. The first group are the kernel functions that a state calls. */
export const EVENT_KINDS = [
  'alloc_iova_fast', // pages, limit pfn → pfn (0: failed); the injected-failure flag is `extra`
  'free_iova_fast', // pfn, pages
  'queue_iova', // pfn, pages
  'iommu_map', // iova, phys, size, prot → 0 or -errno; extra 1: injected
  'iommu_map_sg', // iova, entries, prot → bytes mapped; the entries follow; extra 1: injected
  'sg_entry', // phys, length
  'iommu_unmap', // iova, size → bytes unmapped
  'iommu_iotlb_sync',
  'iommu_flush_iotlb_all',
  'iommu_iova_to_phys', // iova → phys
  'arch_sync_dma_for_device', // phys, size, dir
  'arch_sync_dma_for_cpu', // phys, size, dir
  'swiotlb_tbl_map_single', // phys, mapping size, alloc size, alloc align mask, dir, attrs → tlb address
  'swiotlb_tbl_unmap_single', // tlb address, size, dir, attrs
  'swiotlb_sync_single_for_device', // tlb address, size, dir
  'swiotlb_sync_single_for_cpu', // tlb address, size, dir
  'swiotlb_bounce', // original, tlb address, size, dir (to or from device) → 1: a byte changed, 0: none
  'memset', // phys, size
  'warn', // WARNINGS index, a, b, c
  'crash', // CRASHES index, a, b
  // What the CPU and the devices did.
  'cpu_read', // buffer, offset, size, first byte in the byte log, of the second look, phys
  'cpu_write', // buffer, offset, size, first byte in the byte log, phys
  'device_read', // iova, size, first byte in the byte log, mapping, offset in mapping
  'device_write', // iova, size, first byte in the byte log, mapping, offset in mapping
  'device_write_run', // iova, phys, size: the part of a device write that reached memory
  'iommu_fault', // iova, FAULT_REASONS index
] as const;
export type EventKind = (typeof EVENT_KINDS)[number];

/** Numbers of the kinds, as they stand in the log. */
export const EV = Object.fromEntries(EVENT_KINDS.map((name, index) => [name, index])) as Record<
  EventKind,
  number
>;

/** Why a device access found no way. */
export const FAULT_REASONS = ['unmapped', 'not_readable', 'not_writable'] as const;

/** Fields of a record. */
export const F_KIND = 0;
/** Device index, -1 when the call names none. */
export const F_DEVICE = 1;
/** Call path: index into the run's paths, 0 outside of any state method. */
export const F_PATH = 2;
/** Index of the scenario step. */
export const F_STEP = 3;
/** First of six arguments. */
export const F_ARGS = 4;
export const F_RESULT = 10;
/** A flag whose meaning the kind defines. */
export const F_EXTRA = 11;
/** Doubles per record. */
export const STRIDE = 12;

/**
 * Doubles per exposure: events so far, step, device, iova, phys, size, first label, owner mapping.
 * Labels count up with the bytes, or stay the same when they are below FIRST_LABEL.
 */
export const EXPOSURE_STRIDE = 8;

/** The log of one run. `records` grows; the first `length * STRIDE` doubles count. */
export class EventLog {
  records = new Float64Array(256 * STRIDE);
  length = 0;
  /** Bytes that reads saw and writes wrote, in order. */
  bytes = new Uint8Array(4096);
  /** Their provenance labels. */
  labels = new Uint32Array(4096);
  byteLength = 0;
  /** What the next records carry. */
  path = 0;
  step = 0;

  /** What non-zero bytes the standing adversary could read; see EXPOSURE_STRIDE. */
  exposures = new Float64Array(64 * EXPOSURE_STRIDE);
  exposureCount = 0;

  /** Labels that an observer saw between the steps. */
  viewLabels = new Uint32Array(16384);
  viewLength = 0;

  reset(): void {
    this.length = 0;
    this.exposureCount = 0;
    this.viewLength = 0;
    this.byteLength = 0;
    this.path = 0;
    this.step = 0;
  }

  /** Append a record; returns its index, for `result`. */
  push(kind: number, device: number, a = 0, b = 0, c = 0, d = 0, e = 0, f = 0): number {
    const at = this.length * STRIDE;
    if (at === this.records.length) this.grow();
    const r = this.records;
    r[at] = kind;
    r[at + F_DEVICE] = device;
    r[at + F_PATH] = this.path;
    r[at + F_STEP] = this.step;
    r[at + F_ARGS] = a;
    r[at + F_ARGS + 1] = b;
    r[at + F_ARGS + 2] = c;
    r[at + F_ARGS + 3] = d;
    r[at + F_ARGS + 4] = e;
    r[at + F_ARGS + 5] = f;
    r[at + F_RESULT] = NaN;
    r[at + F_EXTRA] = 0;
    return this.length++;
  }

  /** Fill in what the call returned; NaN stays when it never did. */
  result(index: number, value: number, extra = 0): void {
    this.records[index * STRIDE + F_RESULT] = value;
    this.records[index * STRIDE + F_EXTRA] = extra;
  }

  /** Room for `size` bytes in the byte log; returns where they start. */
  reserve(size: number): number {
    const start = this.byteLength;
    this.byteLength += size;
    while (this.byteLength > this.bytes.length) this.growBytes();
    return start;
  }

  /** Room for `size` labels of a view; returns where they start. */
  reserveView(size: number): number {
    const start = this.viewLength;
    this.viewLength += size;
    if (this.viewLength > this.viewLabels.length) {
      const bigger = new Uint32Array(Math.max(this.viewLength, this.viewLabels.length * 2));
      bigger.set(this.viewLabels);
      this.viewLabels = bigger;
    }
    return start;
  }

  /** `size` bytes into the byte log from `start` on: those of `pattern`, again and again. */
  repeat(pattern: Uint8Array, start: number, size: number): void {
    for (let done = 0, n; done < size; done += n) {
      n = Math.min(size - done, pattern.length);
      this.bytes.set(n < pattern.length ? pattern.subarray(0, n) : pattern, start + done);
    }
  }

  /** Append an exposure: bytes that device could read, right now, with labels from `label` on. */
  expose(device: number, iova: number, phys: number, size: number, label: number, owner: number): void {
    let at = this.exposureCount++ * EXPOSURE_STRIDE;
    if (at === this.exposures.length) {
      const bigger = new Float64Array(at * 2);
      bigger.set(this.exposures);
      this.exposures = bigger;
    }
    const e = this.exposures;
    e[at++] = this.length;
    e[at++] = this.step;
    e[at++] = device;
    e[at++] = iova;
    e[at++] = phys;
    e[at++] = size;
    e[at++] = label;
    e[at] = owner;
  }

  private grow(): void {
    const bigger = new Float64Array(this.records.length * 2);
    bigger.set(this.records);
    this.records = bigger;
  }

  private growBytes(): void {
    const bytes = new Uint8Array(this.bytes.length * 2);
    bytes.set(this.bytes);
    this.bytes = bytes;
    const labels = new Uint32Array(this.labels.length * 2);
    labels.set(this.labels);
    this.labels = labels;
  }
}
