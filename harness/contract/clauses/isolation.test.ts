// SPDX-License-Identifier: GPL-2.0-only
import { describe, expect, test } from '@jest/globals';
import type { Device, DmaAddr, DmaOpsClass, PhysAddr, Size } from '../../../variants/dma-ops.ts';
import { FIRST_LABEL, LABEL_ZERO } from '../../machine/labels.ts';
import { CopiesWholeGranules, NeverCleans } from '../testing/fakes.ts';
import { HonestOps } from '../testing/honest-ops.ts';
import { evidenceOf, outcomeOf, verdictOf } from '../testing/judging.ts';

const CLAUSE = 'isolation';

/** Clears the granule in front of its slots as well. */
class ClearsTheNeighbour extends HonestOps {
  protected override fillSlots(_: Device, tlb: PhysAddr, length: Size): void {
    this.kernel.memset(tlb - 4096, length + 4096);
  }
}

/** Takes a granule of the mapping behind away with its own. */
class UnmapsOneGranuleMore extends HonestOps {
  protected override revoke(dev: Device, iova: DmaAddr, length: Size): void {
    this.kernel.iommuUnmap(dev, iova, length + 4096);
    this.syncIotlb(dev);
    this.freeIova(dev, iova / 4096, length / 4096);
  }
}

/** b is mapped, then something happens to a. */
const beside = (device: string, steps: string): string => `
device: ${device}
buffers: { a: { size: 256, at: 0x200100 }, b: { size: 64, at: 0x200200 } }
steps:
  - map_page: { id: n, buffer: b, dir: TO_DEVICE }
${steps}
`;
const MAP = beside('{ untrusted: true }', '  - map_page: { id: m, buffer: a, dir: TO_DEVICE }');
const NON_COHERENT = beside(
  '{ untrusted: true, coherent: false }',
  '  - map_page: { id: m, buffer: a, dir: TO_DEVICE }\n  - device_read: n\n  - unmap_page: m',
);
/** b is the CPU's; it changed since a was mapped. */
const UNMAPPED = `
device: { untrusted: true }
buffers: { a: { size: 256, at: 0x200100 }, b: { size: 64, at: 0x200200 }, c: { size: 64 } }
steps:
  - map_page: { id: o, buffer: c, dir: TO_DEVICE }
  - map_page: { id: m, buffer: a, dir: BIDIRECTIONAL }
  - cpu_write: b
  - unmap_page: m
`;
const SYNCED = UNMAPPED.replace('unmap_page: m', 'sync_single_for_cpu: { id: m, offset: 0, size: 64 }');

describe('holds', () => {
  test.each(Object.entries({ MAP, NON_COHERENT, UNMAPPED, SYNCED }))('%s', (_, yaml) => {
    expect(outcomeOf(CLAUSE, HonestOps, yaml)).toBe('holds');
  });
});

describe('not exercised', () => {
  test.each<[string, string]>([
    [
      'one mapping',
      'buffers: { a: { size: 64 } }\nsteps: [{ map_page: { id: m, buffer: a, dir: TO_DEVICE } }]',
    ],
    ['no operation', beside('{}', '  - cpu_read: a')],
    [
      'originals that overlap',
      `
device: { untrusted: true }
buffers: { a: { size: 256, at: 0x200100 }, b: { size: 256, at: 0x200100, overlaps: true } }
steps: [{ map_page: { id: m, buffer: a, dir: BIDIRECTIONAL } }, { cpu_write: b }, { unmap_page: m }]
`,
    ],
  ])('%s', (_, yaml) => {
    expect(outcomeOf(CLAUSE, CopiesWholeGranules, yaml)).toBe('not-exercised');
  });
});

describe('broken', () => {
  const at = { buffer: 1, offset: 0, count: 64 };

  test('the bounce buffer of another mapping is cleared', () => {
    expect(evidenceOf(verdictOf(CLAUSE, ClearsTheNeighbour, MAP), 'cleared-by-operation')).toEqual({
      ...at,
      step: 1,
      mapping: 0,
      expected: FIRST_LABEL + 256,
      observed: LABEL_ZERO,
    });
  });

  test.each<[string, DmaOpsClass, string]>([
    ['unmap', CopiesWholeGranules, UNMAPPED],
    ['sync', CopiesWholeGranules, SYNCED],
  ])("the neighbour's buffer gets its old bytes back: %s", (_, Ops, yaml) => {
    expect(evidenceOf(verdictOf(CLAUSE, Ops, yaml), 'overwritten-by-operation')).toEqual({
      ...at,
      step: 3,
      expected: FIRST_LABEL + 256 + 64 + 64,
      observed: FIRST_LABEL + 256,
    });
  });

  test('the original of another mapping is overwritten', () => {
    const yaml = `
device: { untrusted: true }
buffers: { a: { size: 256, at: 0x200100 }, b: { size: 64, at: 0x200200 } }
steps:
  - map_page: { id: m, buffer: a, dir: BIDIRECTIONAL }
  - map_page: { id: n, buffer: b, dir: BIDIRECTIONAL }
  - device_write: n
  - sync_single_for_cpu: n
  - unmap_page: m
`;
    const evidence = evidenceOf(verdictOf(CLAUSE, CopiesWholeGranules, yaml), 'overwritten-by-operation');
    expect(evidence).toMatchObject({ ...at, step: 4, mapping: 1, observed: FIRST_LABEL + 256 });
    expect(evidence).not.toHaveProperty('event');
  });

  // As its owner would read it: a fault is not what was there.
  test('the translation of another mapping is taken away', () => {
    const yaml = beside('{}', '  - map_page: { id: m, buffer: a, dir: TO_DEVICE }\n  - unmap_page: m');
    const verdict = verdictOf(CLAUSE, UnmapsOneGranuleMore, yaml);
    expect(verdict.status).toBe('broken');
    const [found] = verdict.breaks;
    expect(found?.evidence).toMatchObject({ step: 2, mapping: 0, buffer: 1, offset: 0, count: 64 });
    expect(found?.evidence).not.toHaveProperty('event');
  });
});

describe('only what the operation did', () => {
  // Its line was dirty: the device's own write brought the right bytes to memory, and was lost itself.
  test.each(['FROM_DEVICE', 'TO_DEVICE'])('right bytes come to light while it runs, %s', (dir) => {
    const yaml = `
device: { untrusted: true, coherent: false }
buffers: { a: { size: 512 }, b: { size: 512 } }
steps:
  - map_page: { id: n, buffer: b, dir: BIDIRECTIONAL }
  - map_page: { id: m, buffer: a, dir: ${dir}, during: [{ after: memset, steps: [{ device_write: n }] }] }
`;
    expect(outcomeOf('to-device-data', NeverCleans, yaml)).toContain('not-cleaned');
    expect(outcomeOf(CLAUSE, NeverCleans, yaml)).toBe('holds');
  });

  test('a device write to another mapping inside it', () => {
    const yaml = `
device: { untrusted: true }
buffers: { a: { size: 256 }, b: { size: 64 } }
steps:
  - map_page: { id: n, buffer: b, dir: FROM_DEVICE }
  - map_page: { id: m, buffer: a, dir: TO_DEVICE, during: [{ after: memset, steps: [{ device_write: n }] }] }
`;
    expect(outcomeOf(CLAUSE, HonestOps, yaml)).toBe('holds');
  });
});
