// SPDX-License-Identifier: GPL-2.0-only
/** What became of one byte, from events written by hand. */
import { describe, expect, test } from '@jest/globals';
import { EV, type EventLog } from '../machine/event-log.ts';
import { DMA_BIDIRECTIONAL, DMA_FROM_DEVICE, DMA_TO_DEVICE, type Direction } from '../machine/vocabulary.ts';
import { MemoryHistory, type ByteHistory } from './cause.ts';
import { logged } from './testing/recordings.ts';

/** The byte is in the middle of a line; ORIGINAL is what it bounces for. */
const LINE = 0x1000000;
const BYTE = LINE + 20;
const ORIGINAL = 0x200014;

type Step = (log: EventLog) => void;

const cleared: Step = (log) => log.push(EV.memset, -1, LINE, 64);
const neighbourCleared: Step = (log) => log.push(EV.memset, -1, BYTE + 1, 8);
const nextLineCleared: Step = (log) => log.push(EV.memset, -1, LINE + 64, 64);
const nothingCleared: Step = (log) => log.push(EV.memset, -1, BYTE, 0);
const written: Step = (log) => log.push(EV.cpu_write, -1, 0, 0, 64, 0, LINE);
const writtenBeside: Step = (log) => log.push(EV.cpu_write, -1, 0, 0, 20, 0, LINE);
const read: Step = (log) => log.push(EV.cpu_read, -1, 0, 0, 64, 0, 64, LINE);
const copiedOut: Step = (log) => log.push(EV.swiotlb_bounce, 0, ORIGINAL - 20, LINE, 64, DMA_TO_DEVICE);
const copiedBack: Step = (log) => log.push(EV.swiotlb_bounce, 0, ORIGINAL - 20, LINE, 64, DMA_FROM_DEVICE);
const deviceWrote: Step = (log) => log.push(EV.device_write_run, 0, 0xfffff000, LINE, 64, 100);
/** Device 1 is coherent. */
const coherentWrote: Step = (log) => log.push(EV.device_write_run, 1, 0xfffff000, LINE, 64, 100);
const deviceWroteBeside: Step = (log) => log.push(EV.device_write_run, 0, 0xfffff000, LINE, 20, 100);
const unrelated: Step = (log) => log.push(EV.iommu_map, 0, 0xfffff000, LINE, 4096, 3);

const forDevice =
  (dir: Direction, start = LINE, size = 64): Step =>
  (log) =>
    log.push(EV.arch_sync_dma_for_device, -1, start, size, dir, 0);
const forCpu =
  (dir: Direction, start = LINE, size = 64): Step =>
  (log) =>
    log.push(EV.arch_sync_dma_for_cpu, -1, start, size, dir, 0);
const cleaned = forDevice(DMA_TO_DEVICE);
const invalidated = forCpu(DMA_FROM_DEVICE);

function history(steps: readonly Step[], phys = BYTE, snooped = false, from = 0, to = Infinity): ByteHistory {
  const run = logged((log) => {
    for (const step of steps) step(log);
  });
  return new MemoryHistory(run.events, (device) => device === 1).of(phys, from, to, snooped);
}

describe('what the CPU last did to it', () => {
  test.each<[string, Step[], ByteHistory['last']]>([
    ['nothing', [], 'nothing'],
    ['other things', [unrelated, neighbourCleared, writtenBeside, read, cleaned, deviceWrote], 'nothing'],
    ['memset', [cleared], 'cleared'],
    ['CPU write', [cleared, written], 'written'],
    ['copy to the bounce buffer', [cleared, copiedOut], 'copied'],
    ['memset after the copy', [copiedOut, cleared], 'cleared'],
    ['a copy back leaves the bounce buffer alone', [cleared, copiedBack], 'cleared'],
    ['a device write is not the CPU', [cleared, deviceWrote], 'cleared'],
  ])('%s', (_, steps, last) => {
    expect(history(steps).last).toBe(last);
  });

  test('a copy back changes the original', () => {
    expect(history([copiedOut], ORIGINAL).last).toBe('nothing');
    expect(history([copiedBack], ORIGINAL).last).toBe('copied');
  });

  test('only the events that are asked for', () => {
    const steps = [cleared, copiedOut, written];
    expect(history(steps, BYTE, false, 0, 2).last).toBe('copied');
    expect(history(steps, BYTE, false, 3).last).toBe('nothing');
    expect(history(steps, BYTE, false, 1, 1).last).toBe('nothing');
  });
});

describe('where that went', () => {
  test.each<[string, Step[], ByteHistory['line']]>([
    ['untouched', [], 'clean'],
    ['only in the cache', [cleared], 'dirty'],
    ['cleaned', [cleared, cleaned], 'clean'],
    ['cleaned for a bidirectional mapping', [cleared, forDevice(DMA_BIDIRECTIONAL)], 'clean'],
    ['cleaned, then written again', [cleared, cleaned, copiedOut], 'dirty'],
    ['thrown away for the device', [cleared, forDevice(DMA_FROM_DEVICE)], 'dropped'],
    ['thrown away for the CPU', [cleared, invalidated], 'dropped'],
    ['thrown away for the CPU, bidirectional', [cleared, forCpu(DMA_BIDIRECTIONAL)], 'dropped'],
    ['for the CPU, to-device: nothing happens', [cleared, forCpu(DMA_TO_DEVICE)], 'dirty'],
    ['thrown away when there is nothing to lose', [cleared, cleaned, invalidated], 'clean'],
    ['thrown away, then written', [cleared, invalidated, written], 'dirty'],
    ['cleaned elsewhere', [cleared, forDevice(DMA_TO_DEVICE, LINE + 64)], 'dirty'],
    [
      'cleaned by a range that only touches the line',
      [cleared, forDevice(DMA_TO_DEVICE, LINE + 63, 1)],
      'clean',
    ],
    ['a range of size 0', [cleared, forDevice(DMA_TO_DEVICE, LINE, 0)], 'dirty'],
    // A line that is only partly inside is written back before it is dropped.
    ['thrown away in part, front', [cleared, forDevice(DMA_FROM_DEVICE, LINE, 63)], 'clean'],
    ['thrown away in part, end', [cleared, forCpu(DMA_FROM_DEVICE, LINE + 1, 63)], 'clean'],
    [
      'thrown away in the middle of a long range',
      [cleared, forCpu(DMA_FROM_DEVICE, LINE - 64, 192)],
      'dropped',
    ],
    ['written back around a device write', [cleared, deviceWrote], 'clean'],
    ['a coherent device writes into the cached line', [cleared, cleaned, coherentWrote], 'dirty'],
    ['which an invalidate throws away', [read, coherentWrote, invalidated], 'dropped'],
    ['a coherent device writes past an empty cache', [coherentWrote], 'clean'],
    ['past one that an invalidate has emptied', [read, invalidated, coherentWrote, invalidated], 'clean'],
  ])('%s', (_, steps, line) => {
    expect(history(steps).line).toBe(line);
  });

  test('a coherent device has nothing to wait for', () => {
    expect(history([cleared], BYTE, true).line).toBe('clean');
  });
});

describe('what the CPU sees of a device write', () => {
  test.each<[string, Step[], boolean, boolean]>([
    // Before a non-coherent device write the line is filled; after it a dirty one is written back.
    ['nothing before', [deviceWrote], true, false],
    ['a clean line', [read, deviceWrote], true, false],
    ['a dirty line', [cleared, deviceWrote], false, true],
    ['a cleaned line', [cleared, cleaned, deviceWrote], true, false],
    ['invalidated after', [deviceWrote, invalidated], false, false],
    ['invalidated before', [invalidated, deviceWrote], true, false],
    ['invalidated after, and read anew', [deviceWrote, invalidated, read], false, false],
    ['written by the CPU after', [deviceWrote, written], false, false],
    ['cleaned after', [deviceWrote, cleaned], true, false],
    ['a second write is fine', [cleared, deviceWrote, deviceWrote], true, false],
    // Written back first, for nothing, and then dropped all the same.
    ['invalidated in part after', [deviceWrote, forCpu(DMA_FROM_DEVICE, LINE, 32)], false, false],
    ['elsewhere', [deviceWroteBeside], false, false],
    ['another line is dirty', [nextLineCleared, deviceWrote], true, false],
    ['nothing of the line was cleared', [nothingCleared, deviceWrote], true, false],
  ])('%s', (_, steps, cachedStale, overwritten) => {
    expect(history(steps)).toMatchObject({ cachedStale, overwritten });
  });

  // Lines are written back whole: who made it dirty does not matter.
  test.each([
    ['cleared', neighbourCleared],
    ['written', writtenBeside],
  ])('a line that is dirty because its neighbour was %s', (_, neighbour) => {
    expect(history([neighbour, deviceWrote])).toMatchObject({ cachedStale: false, overwritten: true });
  });

  test('a coherent device: neither', () => {
    expect(history([cleared, deviceWrote], BYTE, true)).toMatchObject({
      cachedStale: false,
      overwritten: false,
    });
  });
});

describe('bytes that every event has treated alike', () => {
  const alike = (steps: readonly Step[], phys: number, size: number): number => {
    const run = logged((log) => {
      for (const step of steps) step(log);
    });
    return new MemoryHistory(run.events, () => false).alike(phys, size);
  };
  // Clears [BYTE + 1, BYTE + 9), bytes 21 to 28 of the line.
  const edges = [neighbourCleared];

  test.each([
    // Nothing happened anywhere.
    [[], LINE, 4096, 4096],
    // Up to the line, to the first byte that was cleared, behind the last one, to the end of the line, and on.
    [edges, LINE - 64, 256, 64],
    [edges, LINE, 256, 21],
    [edges, BYTE, 256, 1],
    [edges, BYTE + 1, 256, 8],
    [edges, BYTE + 8, 256, 1],
    [edges, BYTE + 9, 256, 64 - 29],
    [edges, LINE + 64, 256, 256],
    // Never more than is asked for.
    [edges, LINE, 21, 21],
    [edges, LINE, 20, 20],
    [edges, BYTE + 1, 8, 8],
  ])('%#', (steps, phys, size, expected) => {
    expect(alike(steps, phys, size)).toBe(expected);
  });

  test('the line that a stretch ends in counts whole', () => {
    // [LINE, LINE + 65): the second line has one byte of it.
    const overTheEnd: Step = (log) => log.push(EV.memset, -1, LINE, 65);
    expect(alike([overTheEnd], LINE + 64, 256)).toBe(1);
    expect(alike([overTheEnd], LINE + 65, 256)).toBe(63);
    expect(alike([overTheEnd], LINE + 128, 256)).toBe(256);
    // One that ends with a line touches none behind it.
    expect(alike([cleared], LINE, 256)).toBe(64);
    expect(alike([cleared], LINE + 64, 256)).toBe(256);
  });
});
