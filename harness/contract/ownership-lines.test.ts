// SPDX-License-Identifier: GPL-2.0-only
/** Cache lines that a non-coherent device's memory shares with bytes that somebody else writes. */
import { describe, expect, test } from '@jest/globals';
import type { Device, Direction, PhysAddr, Size } from '../../variants/dma-ops.ts';
import { NeverCleans, NeverCopiesBack, NeverInvalidates } from './testing/fakes.ts';
import { HonestOps } from './testing/honest-ops.ts';
import { brokenIn, caseOf, onlyBreak, outcomeOf, verdictOf } from './testing/judging.ts';

/** Copies into a line of the bounce buffer without dropping it first, as the kernel does. */
class CopiesLikeTheKernel extends HonestOps {
  protected override giveToDevice(dev: Device, phys: PhysAddr, size: Size, dir: Direction): void {
    if (this.kernel.isSwiotlbBuffer(phys)) this.copyOut(dev, phys, size, dir);
    if (!this.kernel.devIsDmaCoherent(dev)) this.writeBack(phys, size);
  }
}

/** The device has bytes 0 to 95 of 512; the CPU writes the rest of the second line. */
const beside = (device: string, ...steps: string[]): string => `
device: ${device}
buffers: { a: { size: 512 } }
steps:
  - map_page: { id: m, buffer: a, offset: 0, size: 96, dir: FROM_DEVICE }
  - device_write: m
${steps.map((step) => `  - ${step}\n`).join('')}
`;
const WRITE = 'cpu_write: { buffer: a, offset: 96, size: 32 }';

describe('a CPU write beside the mapped bytes', () => {
  test.each(['{ coherent: false }', '{}', '{ untrusted: true, coherent: false }', '{ untrusted: true }'])(
    'nobody is blamed: %s',
    (device) => {
      const yaml = beside(device, WRITE, 'device_write: m', 'unmap_page: m', 'cpu_read: a');
      expect(brokenIn(HonestOps, caseOf(yaml))).toEqual([]);
    },
  );

  test('the line they share is not judged, the line before is', () => {
    const yaml = beside('{ coherent: false }', WRITE, 'unmap_page: m');
    const { evidence } = onlyBreak(verdictOf('from-device-data', NeverInvalidates, yaml));
    expect(evidence).toMatchObject({ offset: 0, count: 64 });
  });

  test('a write into other lines changes nothing', () => {
    const yaml = beside('{ coherent: false }', 'cpu_write: { buffer: a, offset: 128 }', 'unmap_page: m');
    const { evidence } = onlyBreak(verdictOf('from-device-data', NeverInvalidates, yaml));
    expect(evidence).toMatchObject({ offset: 0, count: 96 });
  });

  test.each([
    ['a coherent device', '{ untrusted: true }'],
    ['the bounce buffer is elsewhere', '{ untrusted: true, coherent: false }'],
  ])('%s: all is judged', (_, device) => {
    const { breaks } = verdictOf('from-device-data', NeverCopiesBack, beside(device, WRITE, 'unmap_page: m'));
    expect(breaks.reduce((sum, { evidence }) => sum + evidence.count, 0)).toBe(96);
  });

  // Bytes 96 to 127 share a line with the mapping; the bytes from 128 on do not.
  test('of a long write, only the bytes in the shared line are not judged', () => {
    const yaml = beside(
      '{ coherent: false }',
      'cpu_write: { buffer: a, offset: 96 }',
      'map_page: { id: n, buffer: a, offset: 96, size: 416, dir: TO_DEVICE }',
    );
    const { evidence } = onlyBreak(verdictOf('to-device-data', NeverCleans, yaml));
    expect(evidence).toMatchObject({ mapping: 1, offset: 128, count: 384 });
  });

  test('a write before the map is in turn', () => {
    const yaml = `
device: { coherent: false }
buffers: { a: { size: 512 } }
steps:
  - ${WRITE}
  - map_page: { id: m, buffer: a, offset: 0, size: 96, dir: FROM_DEVICE }
  - device_write: m
  - unmap_page: m
`;
    const { evidence } = onlyBreak(verdictOf('from-device-data', NeverInvalidates, yaml));
    expect(evidence).toMatchObject({ offset: 0, count: 96 });
    expect(brokenIn(HonestOps, caseOf(yaml))).toEqual([]);
  });
});

describe('two buffers in a line', () => {
  const pair = (devices: string, ...steps: string[]): string => `
devices: ${devices}
buffers: { a: { size: 32, at: 0x200000 }, b: { size: 32, at: 0x200020 } }
steps:
${steps.map((step) => `  - ${step}\n`).join('')}
`;
  const map = (id: string, device: string, buffer: string, dir: string): string =>
    `map_page: { id: ${id}, device: ${device}, buffer: ${buffer}, dir: ${dir} }`;

  test('the CPU writes one of them', () => {
    const yaml = pair(
      '{ one: { coherent: false } }',
      map('m', 'one', 'a', 'FROM_DEVICE'),
      'device_write: m',
      'cpu_write: b',
      'unmap_page: m',
      'cpu_read: a',
      'cpu_read: b',
    );
    expect(brokenIn(HonestOps, caseOf(yaml))).toEqual([]);
    expect(outcomeOf('from-device-data', NeverInvalidates, yaml)).toBe('not-exercised');
  });

  test('a coherent device writes one of them', () => {
    const yaml = pair(
      '{ one: { coherent: false }, two: {} }',
      map('m', 'one', 'a', 'FROM_DEVICE'),
      map('n', 'two', 'b', 'FROM_DEVICE'),
      'device_write: m',
      'device_write: n',
      'unmap_page: m',
    );
    expect(brokenIn(HonestOps, caseOf(yaml))).toEqual([]);
  });

  test('the copy back from a bounce buffer writes one of them', () => {
    const yaml = pair(
      '{ one: { coherent: false }, two: { untrusted: true } }',
      map('m', 'one', 'a', 'FROM_DEVICE'),
      map('n', 'two', 'b', 'FROM_DEVICE'),
      'device_write: m',
      'device_write: n',
      'unmap_page: n',
      'unmap_page: m',
    );
    expect(brokenIn(HonestOps, caseOf(yaml))).toEqual([]);
  });

  test("both are one non-coherent device's", () => {
    const yaml = pair(
      '{ one: { coherent: false } }',
      map('m', 'one', 'a', 'FROM_DEVICE'),
      map('n', 'one', 'b', 'FROM_DEVICE'),
      'device_write: m',
      'device_write: n',
      'unmap_page: n',
      'unmap_page: m',
      'cpu_read: a',
    );
    expect(brokenIn(HonestOps, caseOf(yaml))).toEqual([]);
    expect(outcomeOf('from-device-data', HonestOps, yaml)).toBe('holds');
  });
});

describe('a line of the bounce buffer that is handed over in part', () => {
  const yaml = (sync: string, size = 256): string => `
device: { untrusted: true, coherent: false }
buffers: { a: { size: ${size} } }
steps:
  - map_page: { id: m, buffer: a, dir: BIDIRECTIONAL }
  - sync_single_for_cpu: ${sync}
  - device_write: { id: m, offset: 32, size: 32 }
  - cpu_write: { buffer: a, offset: 0, size: 32 }
  - sync_single_for_device: ${sync}
  - unmap_page: m
`;
  const HALF_A_LINE = '{ id: m, offset: 0, size: 32 }';

  test('a copy into it may cost what the device wrote there', () => {
    expect(brokenIn(CopiesLikeTheKernel, caseOf(yaml(HALF_A_LINE)))).toEqual([]);
  });

  test('it need not', () => {
    expect(brokenIn(HonestOps, caseOf(yaml(HALF_A_LINE)))).toEqual([]);
  });
});
