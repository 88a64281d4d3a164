// SPDX-License-Identifier: GPL-2.0-only
/** What an operation changes of others, and a map that fails of its own, from views written by hand. */
import { describe, expect, test } from '@jest/globals';
import { EV } from '../machine/event-log.ts';
import { LABEL_STALE, LABEL_ZERO } from '../machine/labels.ts';
import { makeBytes, type BufferBytes, type ByteRun } from './bytes.ts';
import { Facts } from './facts.ts';
import { checkFailedMap } from './failed-map.ts';
import { checkIsolation, type Moment } from './isolation.ts';
import { caseOf } from './testing/judging.ts';
import { logged, outcome } from './testing/recordings.ts';
import { Views } from './views.ts';
import { Ownership } from './wrong-byte.ts';

const [Z, S] = [LABEL_ZERO, LABEL_STALE];
/** a and b are 16 bytes in one line, c is elsewhere. Mapping 0 has bytes 4 to 11 of a, mapping 1 b, mapping 2 c. */
const yaml = (device: string, dir: string): string => `
devices: { one: { untrusted: true${device} }, two: { untrusted: true } }
buffers: { a: { size: 16, at: 0x200000 }, b: { size: 16, at: 0x200010 }, c: { size: 16, at: 0x300000 } }
steps:
  - cpu_read: a
  - map_page: { id: n, buffer: b, dir: TO_DEVICE, device: two }
  - map_page: { id: o, buffer: c, dir: TO_DEVICE, device: two }
  - map_page: { id: m, buffer: a, offset: 4, size: 8, dir: ${dir}, device: one }
  - unmap_page: o
  - unmap_page: n
`;
/** The CPU wrote a, b and c: labels 16 to 31, 32 to 47, 48 to 63. Step 3 wrote labels from 64 on. */
const [A, B, C, NOW] = [16, 32, 48, 64];
const [BUFFER_A, BUFFER_B, BUFFER_C] = [0, 1, 2];
const [N, O, M] = [0, 1, 2];

interface Changed {
  readonly device?: string;
  readonly dir?: string;
  readonly step?: number;
  /** Buffers and mappings after the step, where they were looked at; before it they had what the CPU wrote. */
  readonly a?: number[];
  readonly b?: number[];
  readonly c?: number[];
  readonly n?: number[];
  readonly o?: number[];
  readonly bytes?: (bytes: BufferBytes[]) => void;
  readonly m?: 'done' | 'failed';
}
const count = (first: number, size = 16): number[] => Array.from({ length: size }, (_, i) => first + i);

function momentOf({ device = '', dir = 'BIDIRECTIONAL', step = 3, m = 'done', ...after }: Changed): {
  moment: Moment;
  found: Ownership;
  bytes: BufferBytes[];
} {
  const viewLabels: number[] = [];
  const views: { step: number; of: 'buffer' | 'mapping'; index: number; start: number; size: number }[] = [];
  const see = (at: number, of: 'buffer' | 'mapping', index: number, labels?: number[]): void => {
    if (labels === undefined) return;
    views.push({ step: at, of, index, start: viewLabels.length, size: labels.length });
    viewLabels.push(...labels);
  };
  see(-1, 'buffer', BUFFER_A, count(A));
  see(-1, 'buffer', BUFFER_B, count(B));
  see(-1, 'buffer', BUFFER_C, count(C));
  see(2, 'mapping', N, count(B));
  see(2, 'mapping', O, count(C));
  see(step, 'buffer', BUFFER_A, after.a);
  see(step, 'buffer', BUFFER_B, after.b);
  see(step, 'buffer', BUFFER_C, after.c);
  see(step, 'mapping', N, after.n);
  see(step, 'mapping', O, after.o);
  const scenario = caseOf(yaml(device, dir));
  const run = logged(
    (log) => {
      for (const [at, buffer, label, phys] of [
        [-1, BUFFER_A, A, 0x200000],
        [-1, BUFFER_B, B, 0x200010],
        [-1, BUFFER_C, C, 0x300000],
        [3, BUFFER_C, NOW, 0x300000],
      ] as const) {
        log.step = at;
        const place = log.reserve(16);
        log.labels.set(count(label), place);
        log.push(EV.cpu_write, -1, buffer, 0, 16, place, phys);
      }
      log.push(EV.iommu_iotlb_sync, 0);
    },
    scenario,
    {
      views,
      viewLabels: new Uint32Array(viewLabels),
      steps: [
        outcome('done', 3, 3),
        outcome('done', 3, 3, [{ address: 0xe010, length: 16 }]),
        outcome('done', 3, 3, [{ address: 0xd000, length: 16 }]),
        outcome(m, 3, 4, [{ address: 0xf004, length: 8 }]),
        outcome('done', 4, 5),
        outcome('done', 5, 5),
      ],
    },
  );
  const facts = new Facts(run);
  const bytes = makeBytes(scenario);
  const seen = new Views(run);
  seen.advance(-1);
  for (const [buffer, one] of bytes.entries()) {
    one.content.set(seen.labels('buffer', buffer));
    one.seen.set(one.content);
  }
  for (const [buffer, map] of [
    [BUFFER_B, N],
    [BUFFER_C, O],
  ] as const) {
    for (const one of bytes[buffer]?.runs ?? []) {
      one.cover(map);
      one.giveTo(map);
    }
  }
  after.bytes?.(bytes);
  for (let at = 0; at <= step; at++) seen.advance(at);
  const found = new Ownership();
  return { moment: { facts, bytes, views: seen, found, step }, found, bytes };
}

function isolationOf(changed: Changed, map = M): Ownership {
  const { moment, found } = momentOf(changed);
  const made = moment.facts.run.steps[moment.step];
  if (made === undefined) throw new Error('no such step');
  checkIsolation(moment, map, made);
  return found;
}
const pieces = ({ wrong }: Ownership): unknown[] =>
  wrong.map(({ mapping, buffer, offset, size, expected, observed }) => [
    mapping,
    buffer,
    offset,
    size,
    expected,
    observed,
  ]);
/** What the CPU wrote, but for bytes [from, to). */
const but = (first: number, from: number, to: number, label: number): number[] =>
  count(first).map((each, i) => (i >= from && i < to ? label : each));

describe('buffers of the CPU', () => {
  test('nothing has changed', () => {
    expect(pieces(isolationOf({ a: count(A) }))).toEqual([]);
  });

  test('what the operation does not map has', () => {
    const found = isolationOf({ a: but(A, 0, 2, Z) });
    expect(found.wrong).toEqual([
      {
        clause: 'isolation',
        step: 3,
        mapping: undefined,
        buffer: BUFFER_A,
        offset: 0,
        size: 2,
        expected: A,
        observed: Z,
      },
    ]);
  });

  test('what it maps may change; a byte in front of it and behind it may not', () => {
    expect(pieces(isolationOf({ a: but(A, 4, 12, Z) }))).toEqual([]);
    expect(pieces(isolationOf({ a: but(A, 3, 13, Z) }))).toEqual([
      [undefined, BUFFER_A, 3, 1, A + 3, Z],
      [undefined, BUFFER_A, 12, 1, A + 12, Z],
    ]);
    expect(pieces(isolationOf({ a: but(A, 15, 16, Z) }))).toEqual([[undefined, BUFFER_A, 15, 1, A + 15, Z]]);
  });

  test('where its device does not snoop, nothing in its cache lines is promised', () => {
    const uncached = { device: ', coherent: false' };
    expect(pieces(isolationOf({ ...uncached, a: but(A, 0, 16, Z) }))).toEqual([]);
    const freed = (bytes: BufferBytes[]): void => bytes[BUFFER_C]?.runs[0]?.takeFrom(O);
    expect(pieces(isolationOf({ ...uncached, c: but(C, 0, 1, Z), bytes: freed }))).toEqual([
      [O, BUFFER_C, 0, 1, C, Z],
    ]);
  });

  test('what a device has is not the CPU’s', () => {
    expect(pieces(isolationOf({ b: but(B, 0, 16, Z) }))).toEqual([]);
  });

  test.each<[string, Partial<ByteRun>]>([
    ['left out', { judged: false }],
    ['attacked', { attacked: true }],
    ['not known', { known: false }],
  ])('what is %s is not looked at', (_, fared) => {
    const bytes = (all: BufferBytes[]): void => {
      for (const run of all[BUFFER_A]?.between(0, 2) ?? []) Object.assign(run, fared);
    };
    expect(pieces(isolationOf({ a: but(A, 0, 3, Z), bytes }))).toEqual([
      [undefined, BUFFER_A, 2, 1, A + 2, Z],
    ]);
  });

  test('where what is looked at ends, the byte behind it is not looked at', () => {
    const bytes = (all: BufferBytes[]): void => {
      for (const run of all[BUFFER_A]?.between(2, 4) ?? []) run.judged = false;
    };
    expect(pieces(isolationOf({ a: but(A, 2, 3, Z), bytes }))).toEqual([]);
  });

  test('each has the next one’s', () => {
    expect(pieces(isolationOf({ a: [A + 1, A + 2, A + 3, ...count(A + 3, 13)] }))).toEqual([
      [undefined, BUFFER_A, 0, 3, A, A + 1],
    ]);
  });

  test('what it should hold comes to light', () => {
    const bytes = (all: BufferBytes[]): void => {
      all[BUFFER_A]?.content.set([S], 1);
    };
    expect(pieces(isolationOf({ a: but(A, 0, 2, S), bytes }))).toEqual([[undefined, BUFFER_A, 0, 1, A, S]]);
  });

  test('what somebody wrote in this step is not the operation’s doing', () => {
    expect(pieces(isolationOf({ a: but(A, 0, 1, NOW) }))).toEqual([]);
    expect(pieces(isolationOf({ a: but(A, 0, 1, NOW), step: 4 }))).toEqual([
      [undefined, BUFFER_A, 0, 1, A, NOW],
    ]);
    expect(pieces(isolationOf({ a: but(A, 0, 1, C) }))).toEqual([[undefined, BUFFER_A, 0, 1, A, C]]);
  });
});

describe('mappings of devices', () => {
  test('nothing has changed: it was put to the test', () => {
    const found = isolationOf({ n: count(B) });
    expect([pieces(found), [...found.exercised]]).toEqual([[], ['isolation']]);
    expect([...isolationOf({}).exercised]).toEqual(['isolation']);
  });

  test('bytes of another have', () => {
    expect(pieces(isolationOf({ n: but(B, 0, 1, Z) }))).toEqual([[N, BUFFER_B, 0, 1, B, Z]]);
    expect(pieces(isolationOf({ n: but(B, 15, 16, Z), o: but(C, 3, 4, S).with(4, S + 1) }))).toEqual([
      [N, BUFFER_B, 15, 1, B + 15, Z],
      [O, BUFFER_C, 3, 2, C + 3, S],
    ]);
  });

  test('each has the next one’s', () => {
    expect(pieces(isolationOf({ n: [...count(B + 1, 15), Z] }))).toEqual([
      [N, BUFFER_B, 0, 15, B, B + 1],
      [N, BUFFER_B, 15, 1, B + 15, Z],
    ]);
  });

  test('not those of the operation itself', () => {
    expect(pieces(isolationOf({ step: 4, o: but(C, 0, 1, Z), n: but(B, 0, 1, Z) }, O))).toEqual([
      [N, BUFFER_B, 0, 1, B, Z],
    ]);
  });

  test('not those that are mapped in this step, nor what is mapped no more', () => {
    // Mapping 1 is unmapped in step 4, and no more in step 5.
    expect(pieces(isolationOf({ step: 4, o: but(C, 0, 1, Z) }, N))).toEqual([[O, BUFFER_C, 0, 1, C, Z]]);
    expect(pieces(isolationOf({ step: 5, o: but(C, 0, 1, Z) }, N))).toEqual([]);
    expect(isolationOf({ step: 1 }, N).exercised.size).toBe(0);
    expect(isolationOf({ step: 2 }, O).exercised.size).toBe(1);
    expect(isolationOf({ step: 2, o: but(C, 0, 1, Z) }, N).exercised.size).toBe(0);
  });

  test.each<[string, (run: ByteRun) => void]>([
    ['its device has it no more', (run) => run.takeFrom(N)],
    ['it is left out', (run) => Object.assign(run, { judged: false })],
    ['it was attacked', (run) => Object.assign(run, { attacked: true })],
  ])('%s', (_, change) => {
    const bytes = (all: BufferBytes[]): void => {
      for (const run of all[BUFFER_B]?.between(0, 2) ?? []) change(run);
    };
    expect(pieces(isolationOf({ n: but(B, 0, 3, Z), bytes }))).toEqual([[N, BUFFER_B, 2, 1, B + 2, Z]]);
  });

  test('what it should hold comes to light, and what was written in this step', () => {
    const bytes = (all: BufferBytes[]): void => {
      all[BUFFER_B]?.content.set([S], 1);
    };
    const n = [S, S, NOW, ...count(B + 3, 13)];
    expect(pieces(isolationOf({ n, bytes }))).toEqual([[N, BUFFER_B, 0, 1, B, S]]);
  });
});

describe('a map that fails', () => {
  const failedOf = (changed: Changed): { found: Ownership; bytes: BufferBytes[] } => {
    const { moment, found, bytes } = momentOf({ m: 'failed', ...changed });
    checkFailedMap(moment, M);
    return { found, bytes };
  };

  test('leaves its bytes as they were; others are no matter of it', () => {
    for (const a of [count(A), but(A, 0, 4, Z), but(A, 12, 16, Z)]) {
      const { found } = failedOf({ a });
      expect([found.wrong, [...found.exercised]]).toEqual([[], ['failed-map-harmless']]);
    }
  });

  test('changes them: they are the CPU’s as they are now', () => {
    const a = but(A, 4, 6, Z).map((label, i) => (i === 11 || i === 12 ? S : label));
    const { found, bytes } = failedOf({ a });
    expect(found.wrong).toEqual([
      {
        clause: 'failed-map-harmless',
        step: 3,
        mapping: M,
        buffer: BUFFER_A,
        offset: 4,
        size: 2,
        expected: A + 4,
        observed: Z,
      },
      expect.objectContaining({ offset: 11, size: 1, expected: A + 11, observed: S }),
    ]);
    const now = but(A, 4, 6, Z).map((label, i) => (i === 11 ? S : label));
    expect([...(bytes[BUFFER_A]?.seen ?? [])]).toEqual(now);
    expect([...(bytes[BUFFER_A]?.content ?? [])]).toEqual(now);
  });

  test('of one that the device was to write alone, they may be cleared', () => {
    const { found } = failedOf({ dir: 'FROM_DEVICE', a: but(A, 4, 12, Z).map((l, i) => (i === 7 ? S : l)) });
    expect(pieces(found)).toEqual([[M, BUFFER_A, 7, 1, A + 7, S]]);
    expect(pieces(failedOf({ dir: 'TO_DEVICE', a: but(A, 4, 5, Z) }).found)).toEqual([
      [M, BUFFER_A, 4, 1, A + 4, Z],
    ]);
  });

  test.each<[string, (run: ByteRun) => void]>([
    ['what a device has', (run) => run.giveTo(N)],
    ['what is left out', (run) => Object.assign(run, { judged: false })],
    ['what was attacked', (run) => Object.assign(run, { attacked: true })],
    ['what is not known', (run) => Object.assign(run, { known: false })],
  ])('%s is not looked at', (_, change) => {
    const bytes = (all: BufferBytes[]): void => {
      for (const run of all[BUFFER_A]?.between(4, 6) ?? []) change(run);
    };
    const { found, bytes: left } = failedOf({ a: but(A, 4, 8, Z), bytes });
    expect(pieces(found)).toEqual([[M, BUFFER_A, 6, 2, A + 6, Z]]);
    expect([...(left[BUFFER_A]?.seen ?? [])]).toEqual(but(A, 6, 8, Z));
    const all = failedOf({
      a: but(A, 4, 8, Z),
      bytes: (every) => {
        for (const run of every[BUFFER_A]?.between(4, 12) ?? []) change(run);
      },
    });
    expect(all.found.exercised.size).toBe(0);
  });
});
