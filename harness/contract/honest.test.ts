// SPDX-License-Identifier: GPL-2.0-only
/** A correct implementation breaks no clause, whatever the machine and the driver. */
import { describe, expect, test } from '@jest/globals';
import { HonestOps } from './testing/honest-ops.ts';
import { brokenIn, casesOf } from './testing/judging.ts';

const MACHINE = `
machine: { strict: $strict, swiotlb: $swiotlb }
device: { untrusted: $untrusted, coherent: $coherent, scribble: $swiotlb, minAlignMask: 4095 }
matrix:
  dir: [TO_DEVICE, FROM_DEVICE, BIDIRECTIONAL]
  coherent: [true, false]
  untrusted: [true, false]
  strict: [true, false]
  swiotlb: [true, false]
`;

const SCENARIOS: Record<string, string> = {
  'write, map, read and write, unmap': `
  offset: [0, 0x100]
  size: [4096, 1000]
buffers:
  a: { size: $size, offset: $offset }
  b: { size: 64, offset: 0x40 }
steps:
  - cpu_write: a
  - map_page: { id: m, buffer: a, dir: $dir }
  - device_read: m
  - cpu_write: b
  - device_write: { id: m, offset: 0, size: 200 }
  - device_write: { id: m, offset: 512, size: 10 }
  - unmap_page: m
  - cpu_read: a
  - flush_queue
  - cpu_read: a
  - map_page: { id: n, buffer: a, dir: BIDIRECTIONAL }
  - device_read: n
  - unmap_page: n
  - cpu_read: b
  - flush_queue
`,
  'SKIP and syncs by hand': `
  mapped: [SKIP_CPU_SYNC, NONE]
  unmapped: [SKIP_CPU_SYNC, NONE]
  size: [4096, 2176]
buffers:
  a: { size: $size }
steps:
  - cpu_write: a
  - map_page: { id: m, buffer: a, dir: $dir, attrs: $mapped }
  - sync_single_for_device: { id: m, offset: 0, size: 1024 }
  - device_read: { id: m, offset: 0, size: 1024 }
  - device_write: { id: m, offset: 64, size: 128 }
  - sync_single_for_cpu: { id: m, offset: 64, size: 256 }
  - cpu_read: { buffer: a, offset: 64, size: 256 }
  - cpu_write: { buffer: a, offset: 128, size: 64 }
  - sync_single_for_device: { id: m, offset: 64, size: 256 }
  - device_read: { id: m, offset: 0, size: 1024 }
  - device_write: { id: m, offset: 512, size: 512 }
  - sync_single_for_cpu: { id: m, offset: 0, size: 1024 }
  - cpu_read: { buffer: a, offset: 0, size: 1024 }
  - unmap_page: { id: m, attrs: $unmapped }
  - cpu_read: a
  - flush_queue
  - cpu_read: a
`,
  'a list': `
  attrs: [SKIP_CPU_SYNC, NONE]
buffers:
  a: { size: 512, offset: 0x200 }
  b: { size: 8192 }
  c: { size: 3000, offset: 0xf00 }
steps:
  - cpu_write: a
  - map_sg: { id: m, sgl: [a, b, { buffer: c, offset: 64, size: 2048 }], dir: $dir, attrs: $attrs }
  - sync_sg_for_device: m
  - device_read: m
  - device_write: { id: m, offset: 0, size: 2000 }
  - sync_sg_for_cpu: m
  - cpu_read: a
  - cpu_write: { buffer: b, offset: 4096, size: 4096 }
  - sync_sg_for_device: m
  - device_read: m
  - unmap_sg: m
  - cpu_read: c
  - flush_queue
  - cpu_read: b
`,
  'two mappings and failures': `
  fault: [alloc_iova_fast, iommu_map]
buffers:
  a: { size: 700, offset: 0x80 }
  b: { size: 5000, offset: 0xc0 }
  c: { size: 4096 }
steps:
  - map_page: { id: m, buffer: a, dir: $dir }
  - cpu_write: b
  - fail_next: $fault
  - map_page: { id: n, buffer: b, dir: $dir }
  - device_read: n
  - cpu_read: b
  - flush_queue
  - fail_next: $fault
  - map_sg: { id: o, sgl: [b, c], dir: $dir }
  - flush_queue
  - map_page: { id: p, buffer: b, dir: $dir, attrs: NO_WARN }
  - device_write: { id: p, offset: 1000, size: 3000 }
  - device_read: m
  - unmap_page: p
  - cpu_read: b
  - unmap_page: m
  - flush_queue
`,
};

describe('no broken clause', () => {
  test.each(Object.keys(SCENARIOS))('%s', (name) => {
    const broken = casesOf(MACHINE + (SCENARIOS[name] ?? '')).flatMap((scenario) =>
      brokenIn(HonestOps, scenario).map((what) => `${scenario.id}: ${what}`),
    );
    expect(broken).toEqual([]);
  });
});
