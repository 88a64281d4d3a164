// SPDX-License-Identifier: GPL-2.0-only
/** Bytes in several live mappings are judged where no device may write them. */
import { describe, expect, test } from '@jest/globals';
import type { Device, Direction, DmaOpsClass, PhysAddr, Size } from '../../variants/dma-ops.ts';
import { InvalidatesInsteadOfCleaning, NeverCleans, NeverCopiesOut } from './testing/fakes.ts';
import { HonestOps } from './testing/honest-ops.ts';
import { outcomeOf, verdictOf } from './testing/judging.ts';

/** One block for two devices at the same time. */
const both = (first: string, second: string, ...steps: string[]): string => `
devices:
  left: { untrusted: true }
  right: { untrusted: true, coherent: false }
buffers: { block: { size: 256 } }
steps:
  - cpu_write: block
  - map_page: { id: l, buffer: block, dir: ${first}, device: left }
  - map_page: { id: r, buffer: block, dir: ${second}, device: right }
${steps.map((step) => `  - ${step}\n`).join('')}
`;
const UNMAP = ['unmap_page: r', 'unmap_page: l', 'cpu_read: block'];
/** The second of two maps does not get the data to its device. */
class CopiesOutOnlyFirst extends HonestOps {
  private copies = 0;
  protected override copyOut(dev: Device, tlb: PhysAddr, size: Size, dir: Direction): void {
    if (this.copies++ === 0) super.copyOut(dev, tlb, size, dir);
  }
}

describe('to two devices', () => {
  test.each<[string, DmaOpsClass, unknown[]]>([
    ['neither gets the data', NeverCopiesOut, ['mapping 0, buffer 0', 'mapping 1, buffer 0']],
    ['the second one does not', CopiesOutOnlyFirst, ['mapping 1, buffer 0']],
    ['the one that does not snoop does not', NeverCleans, ['mapping 1, buffer 0']],
    ['the same, thrown away', InvalidatesInsteadOfCleaning, ['mapping 1, buffer 0']],
  ])('%s', (_, Ops, victims) => {
    const { breaks } = verdictOf('to-device-data', Ops, both('TO_DEVICE', 'TO_DEVICE'));
    expect(breaks.flatMap((found) => found.victims.map(({ of }) => of))).toEqual(victims);
    expect(breaks.flatMap((found) => found.victims.map(({ from, to }) => to - from))).toEqual(
      victims.map(() => 256),
    );
  });

  test('both get it', () => {
    const yaml = both('TO_DEVICE', 'TO_DEVICE', 'device_read: l', 'device_read: r', ...UNMAP);
    expect(outcomeOf('to-device-data', HonestOps, yaml)).toBe('holds');
    expect(outcomeOf('cpu-owned-stability', HonestOps, yaml)).toBe('holds');
  });

  test('what one gives back the other still has: the CPU must not write it, and is not promised anything', () => {
    const yaml = both(
      'TO_DEVICE',
      'TO_DEVICE',
      'sync_single_for_cpu: l',
      'cpu_write: block',
      'sync_single_for_device: l',
      'sync_single_for_device: r',
    );
    expect(outcomeOf('to-device-data', CopiesOutOnlyFirst, yaml)).toEqual(['not-copied']);
    expect(verdictOf('to-device-data', CopiesOutOnlyFirst, yaml).breaks[0]?.evidence).toMatchObject({
      step: 2,
      mapping: 1,
    });
    expect(outcomeOf('cpu-owned-stability', HonestOps, yaml)).toBe('not-exercised');
  });

  test('given back by both, it is the CPU that hands it over anew', () => {
    const yaml = both(
      'TO_DEVICE',
      'TO_DEVICE',
      'sync_single_for_cpu: l',
      'sync_single_for_cpu: r',
      'cpu_write: block',
      'sync_single_for_device: r',
      'sync_single_for_device: l',
    );
    expect(outcomeOf('to-device-data', HonestOps, yaml)).toBe('holds');
    /** Copies at the two maps alone. */
    class CopiesOutTwice extends HonestOps {
      private copies = 0;
      protected override copyOut(dev: Device, tlb: PhysAddr, size: Size, dir: Direction): void {
        if (this.copies++ < 2) super.copyOut(dev, tlb, size, dir);
      }
    }
    expect(
      verdictOf('to-device-data', CopiesOutTwice, yaml).breaks.flatMap(({ victims }) =>
        victims.map(({ of, evidence }) => [of, evidence.step]),
      ),
    ).toEqual([
      ['mapping 1, buffer 0', 6],
      ['mapping 0, buffer 0', 7],
    ]);
  });
});

describe('a device may write it', () => {
  test.each([
    ['TO_DEVICE', 'BIDIRECTIONAL'],
    ['FROM_DEVICE', 'TO_DEVICE'],
    ['BIDIRECTIONAL', 'BIDIRECTIONAL'],
  ])('%s and %s: nobody is blamed for the second hand-over, nor for what comes back', (first, second) => {
    const yaml = both(first, second, 'device_write: r', 'device_write: l', ...UNMAP);
    const { breaks } = verdictOf('to-device-data', CopiesOutOnlyFirst, yaml);
    expect(breaks).toEqual([]);
    for (const clause of ['from-device-data', 'partial-write-preserved', 'cpu-owned-stability'] as const) {
      expect([clause, outcomeOf(clause, HonestOps, yaml)]).toEqual([clause, 'not-exercised']);
    }
  });

  test('the next mapping of other bytes is judged as ever', () => {
    const yaml = both(
      'TO_DEVICE, size: 128',
      'BIDIRECTIONAL, offset: 128, size: 128',
      'unmap_page: r',
      'unmap_page: l',
    );
    expect(verdictOf('to-device-data', NeverCopiesOut, yaml).breaks[0]?.evidence.count).toBe(256);
  });
});

test('a list may have the same bytes twice', () => {
  const list = (dir: string): string => `
device: { untrusted: true }
buffers: { a: { size: 256 } }
steps: [{ map_sg: { id: m, sgl: [a, a], dir: ${dir} } }, { device_read: m }]
`;
  expect(outcomeOf('to-device-data', HonestOps, list('TO_DEVICE'))).toBe('holds');
  expect(outcomeOf('to-device-data', NeverCopiesOut, list('TO_DEVICE'))).toEqual(['not-copied']);
  expect(outcomeOf('to-device-data', NeverCopiesOut, list('BIDIRECTIONAL'))).toBe('not-exercised');
});
