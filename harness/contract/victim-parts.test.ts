// SPDX-License-Identifier: GPL-2.0-only
/** Victims put together and taken apart, from bytes written by hand. */
import { describe, expect, test } from '@jest/globals';
import { FIRST_LABEL, LABEL_NEVER_WRITTEN } from '../machine/labels.ts';
import type { Device, PhysAddr, Size } from '../../variants/dma-ops.ts';
import { judge } from './contract.ts';
import { HonestOps } from './testing/honest-ops.ts';
import { recordingOf } from './testing/judging.ts';
import type { Evidence } from './verdict.ts';
import { atPlace, dataOf, shared, splitBy, Victims, without, type Victim } from './victim.ts';

/** Clears eight bytes behind its slots. */
class ClearsBehind extends HonestOps {
  protected override fillSlots(_: Device, tlb: PhysAddr, length: Size): void {
    this.kernel.memset(tlb + 8, length);
  }
}

/** Bytes [from, to) of `of`, seen in step 3. */
const bytes = (of: string, from: number, to: number, more: Partial<Evidence> = {}): Victim => ({
  of,
  from,
  to,
  evidence: { step: 3, event: 7, count: to - from, ...more },
});
/** The same, reached through `mapping 9`, whose byte `at` the first one is. */
const reachedAt = (at: number, victim: Victim): Victim => ({
  ...victim,
  reached: { of: 'mapping 9', from: at },
});
const ends = (victims: readonly Victim[]): [number, number][] => victims.map(({ from, to }) => [from, to]);

describe('what is left without others', () => {
  const whole = bytes('a', 10, 20);
  test.each<[string, [number, number][], [number, number][]]>([
    ['nobody', [], [[10, 20]]],
    ['one that ends where it begins', [[0, 10]], [[10, 20]]],
    ['one that begins where it ends', [[20, 30]], [[10, 20]]],
    ['its first byte', [[0, 11]], [[11, 20]]],
    ['its last byte', [[19, 30]], [[10, 19]]],
    [
      'one byte of it',
      [[14, 15]],
      [
        [10, 14],
        [15, 20],
      ],
    ],
    [
      'two',
      [
        [12, 14],
        [16, 17],
      ],
      [
        [10, 12],
        [14, 16],
        [17, 20],
      ],
    ],
    ['itself', [[10, 20]], []],
    ['more than itself', [[9, 21]], []],
    [
      'both halves',
      [
        [10, 15],
        [15, 20],
      ],
      [],
    ],
  ])('%s', (_, others, left) => {
    expect(
      ends(
        without(
          whole,
          others.map(([from, to]) => bytes('a', from, to)),
        ),
      ),
    ).toEqual(left);
  });

  test('whose bytes are somebody else’s', () => {
    expect(without(whole, [bytes('b', 10, 20)])).toEqual([whole]);
  });
});

describe('what it has in common with others', () => {
  const whole = bytes('a', 10, 20);
  test.each<[string, [number, number][], [number, number][]]>([
    ['nobody', [], []],
    ['one that ends where it begins', [[0, 10]], []],
    ['one that begins where it ends', [[20, 30]], []],
    ['one that has its first byte', [[0, 11]], [[10, 11]]],
    ['one that has its last byte', [[19, 30]], [[19, 20]]],
    ['one that has more', [[0, 30]], [[10, 20]]],
    [
      'two that have the same byte: once',
      [
        [12, 15],
        [14, 17],
      ],
      [
        [12, 15],
        [15, 17],
      ],
    ],
    [
      'two, the second around the first',
      [
        [14, 15],
        [12, 17],
      ],
      [
        [14, 15],
        [12, 14],
        [15, 17],
      ],
    ],
  ])('%s', (_, others, common) => {
    expect(
      ends(
        shared(
          whole,
          others.map(([from, to]) => bytes('a', from, to)),
        ),
      ),
    ).toEqual(common);
  });

  test('somebody else, and then one of its own', () => {
    expect(ends(shared(whole, [bytes('b', 10, 20), bytes('a', 12, 13)]))).toEqual([[12, 13]]);
  });
});

describe('a part of a victim', () => {
  const whole = reachedAt(
    4096,
    bytes('a', 10, 20, {
      offset: 10,
      iova: 0xfffff000,
      phys: 0x1000000,
      expected: FIRST_LABEL,
      observed: FIRST_LABEL + 50,
    }),
  );

  test('has evidence of its own: each number from its own first byte on', () => {
    expect(without(whole, [bytes('a', 0, 13)])).toEqual([
      {
        of: 'a',
        from: 13,
        to: 20,
        reached: { of: 'mapping 9', from: 4099 },
        evidence: {
          step: 3,
          event: 7,
          count: 7,
          offset: 13,
          iova: 0xfffff003,
          phys: 0x1000003,
          expected: FIRST_LABEL + 3,
          observed: FIRST_LABEL + 53,
        },
      },
    ]);
  });

  test('from the first byte on: only the count is another', () => {
    expect(without(whole, [bytes('a', 13, 20)])).toEqual([
      { ...whole, to: 13, evidence: { ...whole.evidence, count: 3 } },
    ]);
  });

  test('what no write wrote is the same in each byte', () => {
    const stale = bytes('a', 10, 20, { expected: FIRST_LABEL - 1, observed: LABEL_NEVER_WRITTEN });
    expect(without(stale, [bytes('a', 0, 13)])[0]?.evidence).toEqual({
      step: 3,
      event: 7,
      count: 7,
      expected: FIRST_LABEL - 1,
      observed: LABEL_NEVER_WRITTEN,
    });
  });

  test('what it does not say it does not say of the part', () => {
    expect(without(bytes('a', 10, 20), [bytes('a', 0, 13)])).toEqual([bytes('a', 13, 20)]);
  });

  test('a count of something else than its bytes stays', () => {
    const calls = bytes('a', 10, 20, { count: 2 });
    expect(without(calls, [bytes('a', 0, 13)])[0]?.evidence.count).toBe(2);
  });

  test('the whole of it is the victim itself', () => {
    expect(shared(whole, [bytes('a', 10, 20)])[0]).toBe(whole);
  });
});

describe('inside and outside of places', () => {
  /** Bytes 100 to 119 of a buffer, which the device found in bytes 10 to 29 of mapping 9. */
  const found = reachedAt(10, bytes('data', 100, 120));
  const place = (from: number, to: number, step = 3): Victim => ({
    ...bytes('mapping 9', from, to),
    evidence: { step, count: to - from },
  });

  test('by where they were reached', () => {
    const { inside, outside } = splitBy(found, [place(0, 15)]);
    expect(ends(inside)).toEqual([[100, 105]]);
    expect(ends(outside)).toEqual([[105, 120]]);
    expect(inside[0]).toEqual({
      ...found,
      to: 105,
      evidence: { step: 3, event: 7, count: 5 },
    });
    expect(outside[0]).toEqual({
      ...found,
      from: 105,
      reached: { of: 'mapping 9', from: 15 },
      evidence: { step: 3, event: 7, count: 15 },
    });
  });

  test('in the middle, and to the last byte', () => {
    const { inside, outside } = splitBy(found, [place(12, 14), place(28, 30)]);
    expect(ends(inside)).toEqual([
      [102, 104],
      [118, 120],
    ]);
    expect(ends(outside)).toEqual([
      [100, 102],
      [104, 118],
    ]);
  });

  test('a victim that was not reached, by its own bytes', () => {
    const { inside, outside } = splitBy(bytes('mapping 9', 10, 30), [place(0, 15)]);
    expect(ends(inside)).toEqual([[10, 15]]);
    expect(ends(outside)).toEqual([[15, 30]]);
  });

  test('places at another step, and places of another name', () => {
    expect(splitBy(found, [place(0, 30, 2)])).toEqual({ inside: [], outside: [found] });
    expect(splitBy(found, [{ ...place(0, 200), of: 'data' }])).toEqual({ inside: [], outside: [found] });
  });
});

test('at its place: the same bytes by where they were reached', () => {
  const found = reachedAt(10, bytes('data', 100, 120));
  expect(atPlace(found)).toEqual({ of: 'mapping 9', from: 10, to: 30, evidence: found.evidence });
  const plain = bytes('data', 100, 120);
  expect(atPlace(plain)).toBe(plain);
});

describe('in a row', () => {
  const together = (...victims: Victim[]): Victim[] => {
    const all = new Victims();
    for (const victim of victims) all.add(victim);
    return [...all.all];
  };
  const first = bytes('a', 10, 20, { place: 'behind the data', observed: 40 });

  test('they become one, with the evidence of the first', () => {
    const next = bytes('a', 20, 25, { place: 'behind the data', observed: 90 });
    expect(together(first, next)).toEqual([
      { of: 'a', from: 10, to: 25, evidence: { ...first.evidence, count: 15 } },
    ]);
  });

  test('the third follows the first two', () => {
    const [a, b, c] = [bytes('a', 0, 4), bytes('a', 4, 5), bytes('a', 5, 9)];
    expect(together(a, b, c)).toEqual([{ ...a, to: 9, evidence: { ...a.evidence, count: 9 } }]);
  });

  test.each<[string, Victim]>([
    ['a gap', bytes('a', 21, 25, { place: 'behind the data' })],
    ['an overlap', bytes('a', 19, 25, { place: 'behind the data' })],
    ['another owner', bytes('b', 20, 25, { place: 'behind the data' })],
    ['another step', bytes('a', 20, 25, { place: 'behind the data', step: 4 })],
    ['another place', bytes('a', 20, 25, { place: 'in front of the data' })],
  ])('%s: two', (_, next) => {
    expect(together(first, next)).toEqual([first, next]);
  });

  test('what was reached in a row, too', () => {
    const reached = reachedAt(4096, bytes('a', 10, 20));
    expect(together(reached, reachedAt(4106, bytes('a', 20, 25)))).toEqual([
      { ...reached, to: 25, evidence: { ...reached.evidence, count: 15 } },
    ]);
    for (const other of [
      reachedAt(4105, bytes('a', 20, 25)),
      { ...bytes('a', 20, 25), reached: { of: 'mapping 8', from: 4106 } },
    ]) {
      expect(together(reached, other)).toEqual([reached, other]);
    }
    const nowhere = bytes('a', 10, 20);
    expect(together(nowhere, reachedAt(4106, bytes('a', 20, 25)))).toHaveLength(2);
  });
});

test('of memory that a call has touched: the mapping, at the step', () => {
  const run = recordingOf(
    ClearsBehind,
    'device: { untrusted: true }\nbuffers: { a: { size: 64 } }\nsteps: [{ map_page: { id: m, buffer: a, dir: TO_DEVICE } }]',
  );
  const [verdict] = judge(run, ['own-memory']);
  expect(verdict?.breaks.map(({ victims }) => victims)).toEqual([
    [{ of: 'mapping 0, step 0', from: 0, to: 1, evidence: expect.objectContaining({ count: 8 }) }],
  ]);
});

describe('where the data of untrusted devices is', () => {
  const yaml = (machine = ''): string => `
machine: { ${machine} }
devices: { trusted: {}, outside: { untrusted: true, minAlignMask: 4095 } }
buffers: { a: { size: 100, offset: 0x20 }, b: { size: 4096 } }
steps:
  - map_page: { id: t, buffer: a, dir: TO_DEVICE, device: trusted }
  - map_sg: { id: l, sgl: [b, a], dir: TO_DEVICE, device: outside }
  - fail_next: { what: iommu_map, device: outside }
  - map_page: { id: f, buffer: b, dir: TO_DEVICE, device: outside }
`;

  test('each dma segment by its place in its granule; no failed map, no trusted device', () => {
    const run = recordingOf(HonestOps, yaml());
    expect(run.steps[1]?.segments.map(({ address }) => address % 4096)).toEqual([0, 0x20]);
    expect(dataOf(run)).toEqual([
      { of: 'device 1, mapping 1', from: 0, to: 4096, end: 4096 },
      { of: 'device 1, mapping 1, segment 1', from: 0x20, to: 0x20 + 100, end: 4096 },
    ]);
  });

  test('without swiotlb nobody is confined', () => {
    expect(dataOf(recordingOf(HonestOps, yaml('swiotlb: false')))).toEqual([]);
  });
});
