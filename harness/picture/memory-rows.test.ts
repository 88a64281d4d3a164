// SPDX-License-Identifier: GPL-2.0-only
import { describe, expect, test } from '@jest/globals';
import { hex } from '../machine/u64.ts';
import { heightOf, layOut, W } from './memory-layout.ts';
import { memoryMapOf } from './memory-picture.ts';
import { rowsOf, windowsOf, type Row } from './memory-rows.ts';
import { brokenIn, pairOf } from './testing/cases.ts';

const NEIGHBOUR = 'min-align-mask/neighbour-slot[scribble=false]';
const pair = pairOf('v2', 'v3', NEIGHBOUR);
const isolation = memoryMapOf(
  pair.from,
  pair.to,
  brokenIn(pair, 'to', 'isolation', 'cleared-by-operation'),
  '',
);
const [v2, v3] = isolation.sides;

/** Start, size, what it is and whose bytes of one side, a line a row. */
function toldOf(rows: readonly Row[], side: number): string[] {
  return rows.map(({ start, size, cells }) => {
    const { place, memory, wrong } = cells[side] ?? {};
    return `${hex(start)} +${hex(size)} ${place?.name ?? '-'} | ${memory?.kind ?? ''} ${memory?.words ?? ''}${wrong === undefined ? '' : ' !'}`;
  });
}

/*
 * block, 4096 bytes at 0x100200, is in slots 0 to 2 behind the offset 0x200 that min_align_mask keeps.
 * packet, 128 bytes at 0x110080 of which its device keeps nothing, got 4096 bytes from slot 3 on, which
 * begins at 0x1001800. The granule there begins at 0x1001000; block's bounce buffer ends at 0x1001200.
 */
describe('v3 clears the slot of the neighbour', () => {
  const rows = rowsOf(isolation.sides);

  test('v2 has the data of the disk, whole', () => {
    expect(toldOf(rows, 0)).toEqual([
      '0x100200 +0x1000 buffer block | own block+0x0',
      '0x110080 +0x80 buffer packet | other packet+0x0',
      '0x1000000 +0x200 read: offset | stale earlier use',
      '0x1000200 +0xe00 read: data | device disk via read',
      '0x1001000 +0x200 read: data | device disk via read',
      '0x1001200 +0x600 read: padding | stale earlier use',
      '0x1001800 +0x80 rx: data | other packet+0x0',
      '0x1001880 +0x780 rx: padding | zero cleared',
      '0x1002000 +0x800 rx: padding | zero cleared',
      '0x1002800 +0x800 - | stale earlier use',
    ]);
  });

  test('v3 has lost the 0x200 bytes of it that share a granule with rx', () => {
    expect(toldOf(rows, 1)).toEqual([
      '0x100200 +0x1000 buffer block | own block+0x0',
      '0x110080 +0x80 buffer packet | other packet+0x0',
      '0x1000000 +0x200 read: offset | zero cleared',
      '0x1000200 +0xe00 read: data | device disk via read',
      '0x1001000 +0x200 read: data | zero cleared !',
      '0x1001200 +0x600 read: padding | zero cleared',
      '0x1001800 +0x80 rx: data | other packet+0x0',
      '0x1001880 +0x780 rx: padding | zero cleared',
      '0x1002000 +0x800 rx: padding | stale earlier use',
      '0x1002800 +0x800 - | stale earlier use',
    ]);
  });

  test('both devices reach the granule that both have a part of', () => {
    const reached = windowsOf(v3?.snapshot ?? { events: 0, areas: [], reach: [] });
    expect(reached.map(({ device, phys, size, lane }) => [device, hex(phys), hex(size), lane])).toEqual([
      [0, '0x1000000', '0x2000', 0],
      [1, '0x1001000', '0x1000', 1],
    ]);
  });

  test('bytes that are the same in both states have the same key', () => {
    const keys = rows.map(({ cells }) => cells.map(({ memory }) => memory.key));
    expect(keys[3]?.[0]).toBe(keys[3]?.[1]);
    expect(keys[4]?.[0]).not.toBe(keys[4]?.[1]);
  });

  test('the layout has room for each row, a line for each gap, and two columns of windows', () => {
    const { tops, sides, left, width } = layOut(isolation);
    expect(left).toBe(0);
    // 0x1000 bytes: 18 + 2 log2(64) = 30; a gap of 15; 0x80 bytes: 18 + 2; another gap.
    expect(tops.slice(0, 3)).toEqual([0, 45, 80]);
    expect(heightOf({ start: 0, size: 16 * 1024 * 1024, cells: [] })).toBe(38);
    const first = W.margin + W.address;
    const reach = first + W.place + W.bytes + 6;
    expect(sides[0]?.columns).toEqual({
      place: first,
      bytes: first + W.place,
      cache: undefined,
      reach,
      end: reach + 2 * W.reach,
    });
    expect(width).toBe(2 * (reach + 2 * W.reach - first) + first + W.gap + W.margin);
  });
});

describe('when it is looked at', () => {
  test('after the step that shows it', () => {
    const said = 'after step 3: map_page rx = packet[0x0, +128] BIDIRECTIONAL on nic';
    expect([v2?.when, v3?.when]).toEqual([said, said]);
  });

  test('in the middle of a step when the step itself takes it away again', () => {
    const other = pairOf('v2', 'v3', 'found/retry-after-the-iova-space-is-full[iommu=arm]');
    const broken = brokenIn(other, 'from', 'map-succeeds', 'already-mapped');
    const [from] = memoryMapOf(other.from, other.to, broken, '').sides;
    // io-pgtable-arm warns inside iommu_map().
    expect(from?.when).toMatch(/^in step 3, after warn: map_sg m1/);
    expect(from?.snapshot.events).toBe((broken.evidence.event ?? NaN) + 2);
    expect(from?.wrongReach.length).toBeGreaterThan(0);
  });

  test('where the run ends', () => {
    const other = pairOf('v2', 'v3', 'min-align-mask/two-sectors-across-pages[dir=TO_DEVICE]');
    const broken = brokenIn(other, 'to', 'no-crash', 'memset-out-of-memory');
    const [, to] = memoryMapOf(other.from, other.to, broken, '').sides;
    expect(to?.when).toMatch(/^crashed in step 1: /);
    expect(to?.crash).toBe('CRASH: memset out of physical memory: phys 0x1001200 size 18446744073709551104');
    expect(to?.wrong).toEqual([0x1001200]);
  });
});

test('v1 leaves what a copy put there in the padding that its device reaches', () => {
  const other = pairOf('baseline', 'v1', 'found/next-segment-behind-the-data');
  const broken = brokenIn(other, 'to', 'confinement-read', 'left-by-a-copy');
  const { sides } = memoryMapOf(other.from, other.to, broken, '');
  const wrong = rowsOf(sides).filter(({ cells }) => cells[1]?.wrong !== undefined);
  expect(toldOf(wrong, 1)).toEqual(['0x1001800 +0x200 m0: data | own b+0x0 !']);
});
