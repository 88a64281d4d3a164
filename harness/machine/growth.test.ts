// SPDX-License-Identifier: GPL-2.0-only
/** Arrays of a run grow when they are full and not before, by doubling: so that what a run costs grows as what it does. Large ones are given back. */
import { describe, expect, test } from '@jest/globals';
import { EV, EventLog, EXPOSURE_STRIDE, STRIDE } from './event-log.ts';
import { MOST_KEPT } from './budget.ts';
import { CHUNK, LINES_PER_CHUNK, Memory } from './memory.ts';

/** The lengths that the array has had after each of these pieces of work, in order. */
function lengths(times: number, work: (index: number) => void, array: () => { length: number }): number[] {
  const found = new Set([array().length]);
  for (let i = 0; i < times; i++) {
    work(i);
    found.add(array().length);
  }
  return [...found];
}

describe('the log', () => {
  test('of events, 256 first', () => {
    const log = new EventLog();
    const push = (index: number): void => {
      log.step = index;
      log.push(EV.memset, -1, index, 1);
    };
    expect(lengths(256, push, () => log.records)).toEqual([256 * STRIDE]);
    expect(lengths(257, push, () => log.records)).toEqual([256, 512, 1024].map((n) => n * STRIDE));
    log.reset();
    expect(lengths(1024, push, () => log.records)).toEqual([1024 * STRIDE]);
  });

  test('of bytes and their labels', () => {
    const log = new EventLog();
    const reserve = (): number => log.reserve(1024);
    expect(lengths(4, reserve, () => log.bytes)).toEqual([4096]);
    expect(lengths(1, reserve, () => log.labels)).toEqual([4096, 8192]);
    log.reserve(1024 * 11);
    expect([log.bytes.length, log.labels.length]).toEqual([16_384, 16_384]);
    log.reserve(1);
    expect([log.bytes.length, log.labels.length]).toEqual([32_768, 32_768]);
  });

  test('of views, at least to what is asked for', () => {
    const log = new EventLog();
    expect(
      lengths(
        4,
        () => log.reserveView(4096),
        () => log.viewLabels,
      ),
    ).toEqual([16_384]);
    expect(
      lengths(
        4,
        () => log.reserveView(4096),
        () => log.viewLabels,
      ),
    ).toEqual([16_384, 32_768]);
    log.reserveView(100_000);
    expect(log.viewLabels).toHaveLength(132_768);
  });

  test('of exposures', () => {
    const log = new EventLog();
    const expose = (): void => log.expose(0, 0xf000, 0x200000, 1, 16, 0, 1);
    expect(lengths(64, expose, () => log.exposures)).toEqual([64 * EXPOSURE_STRIDE]);
    expect(lengths(65, expose, () => log.exposures)).toEqual([64, 128, 256].map((n) => n * EXPOSURE_STRIDE));
  });
});

test('memory: sixteen chunks, then twice as many, each array of them', () => {
  const memory = new Memory();
  memory.reset(0);
  const touch = (first: number) => (index: number) => memory.index((0x200 + first + index) * CHUNK);
  const { ram, ramLabel, cached, cachedLabel, line, changed } = memory;
  expect([ram, ramLabel, cached, cachedLabel, line, changed].map(({ length }) => length)).toEqual([
    0, 0, 0, 0, 0, 0,
  ]);
  const arrays = ['ram', 'ramLabel', 'cached', 'cachedLabel'] as const;
  expect(lengths(16, touch(0), () => memory.ram)).toEqual([0, 16 * CHUNK]);
  for (const name of arrays) expect(memory[name]).toHaveLength(16 * CHUNK);
  expect(lengths(17, touch(16), () => memory.ram)).toEqual([16, 32, 64].map((chunks) => chunks * CHUNK));
  for (const name of arrays) expect(memory[name]).toHaveLength(64 * CHUNK);
  expect(memory.line).toHaveLength(64 * LINES_PER_CHUNK);
  expect(memory.changed).toHaveLength(64);
  memory.reset(0);
  expect(lengths(64, touch(0), () => memory.ram)).toEqual([64 * CHUNK]);
});

describe('what a large run has needed is given back when the next one begins', () => {
  // The longest that stay, and what is twice as long.
  test.each([
    [MOST_KEPT, MOST_KEPT],
    [2 * MOST_KEPT, 4096],
  ])('%d logged bytes', (size, left) => {
    const log = new EventLog();
    log.reserve(size);
    expect([log.bytes.length, log.labels.length]).toEqual([size, size]);
    log.reset();
    expect([log.bytes.length, log.labels.length]).toEqual([left, left]);
    expect([log.reserve(4097), log.bytes.length >= 4097]).toEqual([0, true]);
  });

  test('records, exposures and views', () => {
    const log = new EventLog();
    for (let i = 0; i < 100_000; i++) {
      log.step = i;
      log.push(EV.memset, -1, i, 1);
    }
    for (let i = 0; i < 120_000; i++) log.expose(0, 0xf000, 0x200000, 1, 16, 0, 1);
    log.reserveView(MOST_KEPT + 1);
    const arrays = (): Record<string, number> => ({
      records: log.records.length,
      exposures: log.exposures.length,
      views: log.viewLabels.length,
    });
    for (const length of Object.values(arrays())) expect(length).toBeGreaterThan(MOST_KEPT);
    log.reset();
    expect(arrays()).toEqual({ records: 256 * STRIDE, exposures: 64 * EXPOSURE_STRIDE, views: 16_384 });
    log.expose(0, 0xf000, 0x200000, 1, 16, 0, 1);
    expect([log.push(EV.memset, -1, 7, 1), log.reserveView(4)]).toEqual([0, 0]);
  });

  test.each([
    [MOST_KEPT, MOST_KEPT],
    [MOST_KEPT + 1, 16 * CHUNK],
  ])('%d bytes of memory', (size, left) => {
    const memory = new Memory();
    memory.reset(0);
    for (let phys = 0x200000; phys < 0x200000 + size; phys += CHUNK) memory.index(phys);
    memory.reset(0);
    expect(memory.ram).toHaveLength(left);
    expect(memory.cachedLabel).toHaveLength(left);
    expect(memory.line).toHaveLength(left / 64);
    // What was there is forgotten, wherever it comes to lie.
    const at = memory.index(0x200000 + 5 * CHUNK);
    expect([at, memory.ram[at], memory.lastChange(0x200000 + 5 * CHUNK)]).toEqual([0, 7, 0]);
  });
});
