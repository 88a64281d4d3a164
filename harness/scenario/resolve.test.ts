// SPDX-License-Identifier: GPL-2.0-only
import { describe, expect, test } from '@jest/globals';
import { DEVICE_DEFAULTS, MACHINE_DEFAULTS } from '../machine/config.ts';
import { loadScenarioText } from './load.ts';
import type { Scenario } from '../run/scenario.ts';
import { InputError } from '../text/input-error.ts';

const SAMPLE = `# yaml-language-server: $schema=../scenario.schema.json
name: sync_sg on a scatterlist mapped with SKIP
why: A driver that syncs by hand gets nothing copied when sync_sg looks at the original buffer.
refs: ['v3 1/5']
watch: ['the CPU read after sync_sg_for_cpu']
matrix:
  coherent: [true, false]
device: { untrusted: true, coherent: $coherent, minAlignMask: 0xfff }
buffers:
  a: { size: 512, offset: 0x200 }
  big: { size: 0x10001 }
  b: { size: 512 }
  near: { size: 64, at: 0x100400 }
steps:
  - cpu_write: a
  - map_sg: { id: s, sgl: [a, { buffer: b, offset: 16, size: 100 }], dir: FROM_DEVICE, attrs: [SKIP_CPU_SYNC] }
  - device_write: s
  - device_write: { id: s, segment: 1, offset: -64, size: 64 }
  - sync_sg_for_cpu: s
  - cpu_read: { buffer: b, offset: 16, size: 100 }
  - unmap_sg:
      id: s
      attrs: [SKIP_CPU_SYNC, NO_WARN]
      during:
        - after: iommu_unmap
          steps: [{ device_write: s }, { cpu_read: near }]
  - fail_next: iommu_map
  - map_page: { id: s, buffer: a, dir: BIDIRECTIONAL }
  - sync_single_for_device: { id: s, offset: 64 }
  - device_read: { id: s, offset: 500, size: 4096 }
  - unmap_page: s
  - flush_queue
`;

test('the sample is resolved', () => {
  const [first, second] = loadScenarioText(SAMPLE, 'corpus/sg/skip.yaml');
  const a = { buffer: 0, offset: 0, size: 512 };
  const b = { buffer: 2, offset: 16, size: 100 };
  const s = { map: 0, segment: undefined, offset: 0, size: 612 };
  expect(second?.id).toBe('sg/skip[coherent=false]');
  expect(second?.machine.devices[0]?.coherent).toBe(false);
  expect(first).toEqual({
    id: 'sg/skip[coherent=true]',
    scenario: 'sg/skip',
    file: 'corpus/sg/skip.yaml',
    name: 'sync_sg on a scatterlist mapped with SKIP',
    why: 'A driver that syncs by hand gets nothing copied when sync_sg looks at the original buffer.',
    refs: ['v3 1/5'],
    watch: ['the CPU read after sync_sg_for_cpu'],
    machine: {
      ...MACHINE_DEFAULTS,
      devices: [{ ...DEVICE_DEFAULTS, untrusted: true, coherent: true, minAlignMask: 0xfff }],
    },
    deviceNames: ['dev'],
    buffers: [
      { name: 'a', phys: 0x100200, size: 512 },
      { name: 'big', phys: 0x110000, size: 0x10001 },
      { name: 'b', phys: 0x130000, size: 512 },
      { name: 'near', phys: 0x100400, size: 64 },
    ],
    mappings: [
      { name: 's', step: 1, device: 0, dir: 2, sg: true, ranges: [a, b] },
      { name: 's', step: 8, device: 0, dir: 0, sg: false, ranges: [a] },
    ],
    steps: [
      { line: 15, op: 'cpu_write', ...a },
      { line: 16, op: 'map_sg', map: 0, device: 0, sgl: [a, b], dir: 2, attrs: 32, during: [] },
      { line: 17, op: 'device_write', ...s },
      { line: 18, op: 'device_write', map: 0, segment: 1, offset: -64, size: 64 },
      { line: 19, op: 'sync_sg_for_cpu', map: 0, during: [] },
      { line: 20, op: 'cpu_read', ...b },
      {
        line: 21,
        op: 'unmap_sg',
        map: 0,
        attrs: 32 + 256,
        during: [
          {
            after: 'iommu_unmap',
            nth: 1,
            steps: [
              { op: 'device_write', ...s },
              { op: 'cpu_read', buffer: 3, offset: 0, size: 64 },
            ],
          },
        ],
      },
      { line: 27, op: 'fail_next', device: 0, what: 'iommu_map' },
      { line: 28, op: 'map_page', map: 1, device: 0, ...a, dir: 0, attrs: 0, during: [] },
      { line: 29, op: 'sync_single_for_device', map: 1, offset: 64, size: 448, during: [] },
      { line: 30, op: 'device_read', map: 1, segment: undefined, offset: 500, size: 4096 },
      { line: 31, op: 'unmap_page', map: 1, attrs: 0, during: [] },
      { line: 32, op: 'flush_queue', device: 0 },
    ],
  } satisfies Scenario);
});

/** Loads a file whose lines from 3 on are these. */
function load(...lines: string[]): Scenario | undefined {
  return loadScenarioText(['name: n', 'why: w', ...lines, ''].join('\n'), 'corpus/sync/x.yaml')[0];
}

function expectRefusal(lines: string[], message: string): void {
  expect(() => load(...lines)).toThrow(InputError);
  expect(() => load(...lines)).toThrow(new Error(`corpus/sync/x.yaml:${message}`));
}

describe('steps', () => {
  const FRONT = ['buffers: { a: { size: 512 }, b: { size: 4096 } }', 'steps:'];
  const PAGE = '  - map_page: { id: m, buffer: a, dir: TO_DEVICE }';
  const SG = '  - map_sg: { id: m, sgl: [a, b], dir: TO_DEVICE }';
  // The first line of each is line 5.
  test.each<[string, string[], string]>([
    [
      'unknown buffer',
      ['  - cpu_read: { buffer: bb }'],
      '5:25: steps[0].cpu_read.buffer: "bb" is not a buffer (did you mean b?); known: a, b',
    ],
    [
      'offset outside its buffer',
      ['  - cpu_read: { buffer: a, offset: 512 }'],
      '5:36: steps[0].cpu_read.offset: 512 is not inside buffer a, which has 512 bytes',
    ],
    [
      'end outside its buffer',
      ['  - map_sg: { id: m, sgl: [{ buffer: a, offset: 1, size: 512 }], dir: TO_DEVICE }'],
      '5:58: steps[0].map_sg.sgl[0].size: bytes 1 to 513 are not inside buffer a, which has 512 bytes',
    ],
    [
      'id in use',
      [PAGE, PAGE],
      '6:21: steps[1].map_page.id: "m" is mapped already; unmap it first or take another id',
    ],
    [
      'unmapped twice',
      [PAGE, '  - unmap_page: m', '  - unmap_page: m'],
      '7:17: steps[2].unmap_page: "m" was unmapped in line 6; mapped now: nothing',
    ],
    [
      'synced after its unmap',
      [PAGE, '  - unmap_page: m', SG.replace('m,', 's,'), '  - sync_single_for_cpu: m'],
      '8:26: steps[3].sync_single_for_cpu: "m" was unmapped in line 6; mapped now: s',
    ],
    [
      'unmap of an unknown id',
      [PAGE, '  - unmap_page: { id: mm }'],
      '6:23: steps[1].unmap_page.id: "mm" is not mapped (did you mean m?); known: m',
    ],
    [
      'unmap_sg of a page',
      [PAGE, '  - unmap_sg: m'],
      '6:15: steps[1].unmap_sg: "m" was mapped by map_page; use unmap_page',
    ],
    [
      'unmap_page of a scatterlist',
      [SG, '  - unmap_page: m'],
      '6:17: steps[1].unmap_page: "m" was mapped by map_sg; use unmap_sg',
    ],
    [
      'sync_single of a scatterlist',
      [SG, '  - sync_single_for_cpu: m'],
      '6:26: steps[1].sync_single_for_cpu: "m" was mapped by map_sg; use sync_sg_for_cpu',
    ],
    [
      'sync outside its mapping',
      [PAGE, '  - sync_single_for_cpu: { id: m, offset: 500, size: 13 }'],
      '6:54: steps[1].sync_single_for_cpu.size: bytes 500 to 513 are not inside mapping m, which has 512 bytes',
    ],
    [
      'device access without any mapping',
      ['  - device_read: m'],
      '5:18: steps[0].device_read: "m" is not mapped so far; known: none',
    ],
    [
      'device access inside its own map',
      [PAGE.replace(' }', ', during: [{ after: iommu_map, steps: [device_read: m] }] }')],
      '5:101: steps[0].map_page.during[0].steps[0].device_read: "m" is not mapped so far; known: none',
    ],
    [
      'unknown segment',
      [SG, '  - device_read: { id: m, segment: 2 }'],
      '6:36: steps[1].device_read.segment: 2 is not a segment of m: 0 to 1',
    ],
    [
      'in front of a scatterlist',
      [SG, '  - device_read: { id: m, offset: -1, size: 4 }'],
      '6:35: steps[1].device_read.offset: -1 is in front of mapping m: this needs a segment and a size too',
    ],
    [
      'behind a scatterlist',
      [SG, '  - device_read: { id: m, offset: 4607, size: 2 }'],
      '6:47: steps[1].device_read.size: bytes 4607 to 4609 are not inside mapping m, which has 4608 bytes',
    ],
    [
      'in front of a page for how long',
      [PAGE, '  - device_read: { id: m, offset: -1 }'],
      '6:35: steps[1].device_read.offset: -1 is in front of mapping m: this needs a size too',
    ],
    [
      'unknown device',
      ['  - flush_queue: nic'],
      '5:18: steps[0].flush_queue: "nic" is not a device; known: dev',
    ],
    [
      'which device',
      [PAGE, 'devices: { nvme: {}, nic: {} }'],
      '5:15: steps[0].map_page.device: say which device: nvme, nic',
    ],
    [
      'which queue',
      ['  - flush_queue', 'devices: { nvme: {}, nic: {} }'],
      '5:5: steps[0]: say which device: nvme, nic',
    ],
  ])('%s', (_, lines, message) => {
    expectRefusal([...FRONT, ...lines], message);
  });

  test('name devices, and reach mappings that are gone', () => {
    const scenario = load(
      ...FRONT,
      '  - map_page: { id: m, buffer: a, dir: TO_DEVICE, device: nic }',
      '  - unmap_page: m',
      '  - device_read: m',
      '  - fail_next: { what: alloc_iova_fast, device: nic }',
      '  - flush_queue: nvme',
      'devices: { nvme: { untrusted: true }, nic: { scribble: true } }',
    );
    expect(scenario?.deviceNames).toEqual(['nvme', 'nic']);
    expect(scenario?.steps.map((step) => ('device' in step ? step.device : undefined))).toEqual([
      1,
      undefined,
      undefined,
      1,
      0,
    ]);
  });
});
