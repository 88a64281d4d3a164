// SPDX-License-Identifier: GPL-2.0-only
/** Bytes of a buffer that fare alike, cut and gone through. */
import { describe, expect, test } from '@jest/globals';
import { BufferBytes, ByteRun, lineOf, makeBytes } from './bytes.ts';
import { caseOf } from './testing/judging.ts';

const ends = (runs: readonly ByteRun[]): [number, number][] => runs.map(({ from, to }) => [from, to]);

describe('the runs between two bytes', () => {
  test('are cut off there, and nowhere else', () => {
    const bytes = new BufferBytes(100);
    expect(ends(bytes.between(10, 30))).toEqual([[10, 30]]);
    expect(ends(bytes.runs)).toEqual([
      [0, 10],
      [10, 30],
      [30, 100],
    ]);
    expect(ends(bytes.between(0, 10))).toEqual([[0, 10]]);
    expect(ends(bytes.between(20, 40))).toEqual([
      [20, 30],
      [30, 40],
    ]);
    expect(ends(bytes.between(40, 100))).toEqual([[40, 100]]);
    expect(ends(bytes.between(0, 100))).toEqual(ends(bytes.runs));
    expect(bytes.between(50, 50)).toEqual([]);
    expect(bytes.between(100, 100)).toEqual([]);
  });

  test('all inside or outside of other ranges', () => {
    const bytes = new BufferBytes(100);
    const ranges = [
      { buffer: 0, offset: 20, size: 10 },
      { buffer: 0, offset: 90, size: 10 },
    ];
    expect(ends(bytes.aroundRanges(ranges, 0, 25))).toEqual([
      [0, 20],
      [20, 25],
    ]);
    expect(ends(bytes.runs)).toEqual([
      [0, 20],
      [20, 25],
      [25, 30],
      [30, 90],
      [90, 100],
    ]);
  });

  test.each([
    [0, 0],
    [9, 0],
    [10, 10],
    [29, 10],
    [30, 30],
    [99, 30],
  ])('byte %i is in the run from %i on', (at, from) => {
    const bytes = new BufferBytes(100);
    bytes.between(10, 30);
    expect(bytes.runAt(at)?.from).toBe(from);
  });

  test('there is none behind the last byte', () => {
    expect(new BufferBytes(100).runAt(100)).toBeUndefined();
  });
});

describe('a run', () => {
  test('that is cut: both parts have fared alike', () => {
    const run = new ByteRun(10, 30);
    const fared = {
      owners: [1],
      mappings: [1, 2],
      lastMap: 2,
      judged: false,
      attacked: true,
      known: false,
      deviceWrote: true,
      deviceHad: true,
      cpuWrote: true,
      cpuWroteMapped: true,
      lazy: 3,
    };
    Object.assign(run, fared);
    const rest = run.cut(12);
    expect(run).toMatchObject({ ...fared, from: 10, to: 12 });
    expect(rest).toMatchObject({ ...fared, from: 12, to: 30 });
    expect([run.size, rest.size]).toEqual([2, 18]);
  });

  test('belongs to the CPU, or to devices', () => {
    const run = new ByteRun(0, 1);
    expect(run.isCpuOwned).toBe(true);
    run.giveTo(4);
    run.giveTo(5);
    expect([run.owners, run.isCpuOwned]).toEqual([[4, 5], false]);
    run.takeFrom(6);
    expect(run.owners).toEqual([4, 5]);
    run.takeFrom(4);
    expect([run.owners, run.isCpuOwned]).toEqual([[5], false]);
    run.takeFrom(5);
    expect([run.owners, run.isCpuOwned]).toEqual([[], true]);
  });

  test.each([
    [{}, true],
    [{ judged: false }, false],
    [{ known: false }, false],
    [{ attacked: true }, false],
  ])('%j is settled: %p', (fared, isSettled) => {
    expect(Object.assign(new ByteRun(0, 1), fared).isSettled).toBe(isSettled);
  });

  test('is covered by mappings', () => {
    const run = new ByteRun(0, 1);
    expect(run.lastMap).toBeUndefined();
    run.cover(0);
    run.cover(3);
    expect([run.mappings, run.lastMap]).toEqual([[0, 3], 3]);
    run.uncover(0);
    expect([run.mappings, run.lastMap]).toEqual([[3], 3]);
    run.uncover(3);
    expect([run.mappings, run.lastMap]).toEqual([[], 3]);
  });

  test('was written by the CPU while it was mapped: until it is mapped and nothing covers it', () => {
    const run = new ByteRun(0, 1);
    run.cover(0);
    run.cpuWroteMapped = true;
    run.cover(1);
    expect(run.cpuWroteMapped).toBe(true);
    run.uncover(0);
    run.uncover(1);
    expect(run.cpuWroteMapped).toBe(true);
    run.cover(2);
    expect(run.cpuWroteMapped).toBe(false);
  });
});

test('bytes that are spoilt are judged by nobody', () => {
  const bytes = new BufferBytes(100);
  bytes.spoil(10, 20);
  expect(bytes.runs.map(({ judged }) => judged)).toEqual([true, false, true]);
});

test('the flush closes the windows of its device', () => {
  const bytes = new BufferBytes(100);
  for (const [run, lazy] of [
    [bytes.between(0, 10), 0],
    [bytes.between(10, 20), 1],
  ] as const) {
    for (const one of run) one.lazy = lazy;
  }
  bytes.closeLazyWindow(0);
  expect(bytes.runs.map(({ lazy }) => lazy)).toEqual([undefined, 1, undefined]);
  bytes.closeLazyWindow(1);
  expect(bytes.runs.map(({ lazy }) => lazy)).toEqual([undefined, undefined, undefined]);
});

test('each buffer has its bytes; those that two have are judged by nobody', () => {
  const bytes = makeBytes(
    caseOf(`
buffers:
  a: { size: 0x100, at: 0x200000 }
  b: { size: 0x100, at: 0x200080, overlaps: true }
  c: { size: 0x40, at: 0x200180 }
steps: [{ cpu_read: a }]
`),
  );
  expect(bytes.map(({ runs }) => runs.map(({ from, to, judged }) => [from, to, judged]))).toEqual([
    [
      [0, 0x80, true],
      [0x80, 0x100, false],
    ],
    [
      [0, 0x80, false],
      [0x80, 0x100, true],
    ],
    [[0, 0x40, true]],
  ]);
  expect(bytes.map(({ content, seen, wrong }) => [content.length, seen.length, wrong.length])).toEqual([
    [0x100, 0x100, 0x100],
    [0x100, 0x100, 0x100],
    [0x40, 0x40, 0x40],
  ]);
});

test.each([
  [0x1000, 0x1000],
  [0x103f, 0x1000],
  [0x1040, 0x1040],
])('the cache line of %i begins at %i', (phys, line) => {
  expect(lineOf(phys)).toBe(line);
});
