// SPDX-License-Identifier: GPL-2.0-only
/** Each part of the sentence, from evidence written by hand. */
import { describe, expect, test } from '@jest/globals';
import { CRASHES } from '../machine/crash.ts';
import { EV, type EventLog } from '../machine/event-log.ts';
import { LABEL_ZERO } from '../machine/labels.ts';
import { numberOfText } from '../machine/texts.ts';
import { plain } from '../text/document.ts';
import { sentence } from './sentence.ts';
import { caseOf } from './testing/judging.ts';
import { logged } from './testing/recordings.ts';
import type { Evidence } from './verdict.ts';
import type { Victim } from './victim.ts';

const SCENARIO = caseOf(`
devices: { disk: {}, nic: {} }
buffers: { a: { size: 64 }, b: { size: 64 } }
steps:
  - map_page: { id: m, buffer: a, dir: TO_DEVICE, device: disk }
  - map_page: { id: n, buffer: b, dir: TO_DEVICE, device: nic }
`);

/** What is said of the evidence, without the step in front and the promise behind. */
function said(
  evidence: Partial<Evidence>,
  write: (log: EventLog) => void = () => {},
  victims: readonly Partial<Evidence>[] = [],
): string {
  const run = logged(write, SCENARIO, {
    paths: [
      { parent: 0, method: '', patch: '' },
      { parent: 0, method: 'mapPage', patch: 'baseline' },
      { parent: 1, method: 'mapSwiotlb', patch: 'v2.1' },
    ],
  });
  const whole = { step: 1, count: 1, ...evidence };
  const all = victims.map((each): Victim => {
    const own = { ...whole, ...each };
    return { of: 'x', from: 0, to: own.count, evidence: own };
  });
  const text = plain(sentence(run, 'to-device-data', 'not-copied', whole, all)).replaceAll('`', '');
  const [, , rest = ''] =
    /^(Step 2 \(.*?\): )?(.*)\. Promise: after the hand-over to the device it reads exactly what the CPU wrote last\.$/.exec(
      text,
    ) ?? [];
  return rest;
}
const WHY = 'it was not copied';

describe('the step', () => {
  const whole = (step: number): string =>
    plain(
      sentence(
        logged(() => {}, SCENARIO),
        'no-crash',
        'kernel-bug',
        { step, count: 1 },
      ),
    );
  test.each([
    [0, /^Step 1 \(`?map_page m /],
    [1, /^Step 2 \(`?map_page n /],
    [2, /^the kernel ran into a BUG\(\) or a panic\(\)\. Promise: no crash, no hang, no BUG\.$/],
  ])('%i', (step, text) => {
    expect(whole(step)).toMatch(text);
  });
});

describe('the bytes', () => {
  test.each<[string, Partial<Evidence>, string]>([
    ['nothing is known', {}, WHY],
    ['of a buffer', { buffer: 1, offset: 31 }, `byte 0x1f of b: ${WHY}`],
    ['the first byte', { buffer: 0, offset: 0, mapping: 0 }, `byte 0x0 of a of mapping m: ${WHY}`],
    ['a buffer without a byte', { buffer: 1 }, WHY],
    ['a bus address', { iova: 0xf000 }, `bus address 0xf000: ${WHY}`],
    ['and its memory', { iova: 0xf000, phys: 0x1000 }, `bus address 0xf000 → phys 0x1000: ${WHY}`],
    ['its place', { iova: 0xf000, place: 'the data' }, `bus address 0xf000 (the data): ${WHY}`],
    ['a mapping alone', { mapping: 1 }, `of mapping n: ${WHY}`],
    [
      'what was seen',
      { buffer: 0, offset: 1, observed: LABEL_ZERO },
      `byte 0x1 of a is a byte cleared by the kernel: ${WHY}`,
    ],
    [
      'more than one byte was seen',
      { buffer: 0, offset: 1, observed: LABEL_ZERO, count: 2, mapping: 0 },
      `byte 0x1 of a (the first of 2 bytes) of mapping m is a byte cleared by the kernel: ${WHY}`,
    ],
    ['more than one, and nothing was seen', { buffer: 0, offset: 1, count: 2 }, `byte 0x1 of a: ${WHY}`],
    [
      'what was expected',
      { buffer: 0, offset: 1, observed: LABEL_ZERO, expected: 0 },
      `byte 0x1 of a is a byte cleared by the kernel instead of one of memory that is not the driver's: ${WHY}`,
    ],
  ])('%s', (_, evidence, text) => {
    expect(said(evidence)).toBe(text);
  });
});

test('another byte of the same write, however far away, is of no slot', () => {
  const write = (log: EventLog): void => {
    log.step = -1;
    const at = log.reserve(3000);
    for (let i = 0; i < 3000; i++) log.labels[at + i] = 16 + i;
    log.push(EV.cpu_write, -1, 0, 0, 3000, at, 0x100000);
  };
  expect(said({ buffer: 0, offset: 1, observed: 16 + 2900, expected: 17 }, write)).toBe(
    `byte 0x1 of a is a byte that the CPU wrote to a at first instead of another one that the CPU wrote to a at first: ${WHY}`,
  );
});

describe('which of the bytes', () => {
  const all = { iova: 0xf000, observed: LABEL_ZERO, count: 5, mapping: 0, device: 0, place: 'p' };
  test.each<[string, Partial<Evidence>[], string]>([
    ['alike', [{ count: 2 }, { count: 3 }], '(the first of 5 bytes) of mapping m (p)'],
    [
      'in two places',
      [{ count: 2 }, { count: 3, place: 'q' }],
      '(the first of 5 bytes; p: 2; q: 3) of mapping m',
    ],
    [
      'in three pieces, two of a place',
      [{ count: 2 }, { count: 1, place: 'q' }, { count: 2 }],
      '(the first of 5 bytes; p: 4; q: 1) of mapping m',
    ],
    [
      'of two mappings',
      [{ count: 2 }, { count: 3, mapping: 1 }],
      '(the first of 5 bytes; mapping m: 2; mapping n: 3) of mapping m',
    ],
    [
      'of two devices, in two places',
      [{ count: 2 }, { count: 3, device: 1, place: 'q' }],
      '(the first of 5 bytes; device disk, p: 2; device nic, q: 3) of mapping m',
    ],
    [
      'of a mapping and a device that there are not',
      [{ count: 2 }, { count: 3, device: 7, mapping: 7 }],
      '(the first of 5 bytes; device disk, mapping m: 2; device ?, mapping ?: 3) of mapping m',
    ],
    ['not all of them', [{ count: 2 }, { count: 2, place: 'q' }], '(the first of 5 bytes) of mapping m (p)'],
  ])('%s', (_, victims, text) => {
    expect(said(all, undefined, victims)).toBe(
      `bus address 0xf000 ${text} is a byte cleared by the kernel: ${WHY}`,
    );
  });

  test('in more places than a sentence takes: the first ones, and how many more', () => {
    const places = (names: string): Partial<Evidence>[] =>
      names.split('').map((place) => ({ count: 2, place }));
    expect(said({ ...all, count: 14 }, undefined, places('pqrstuv'))).toContain(
      '; p: 2; q: 2; r: 2; s: 2; t: 2; 2 more: 4) of mapping m',
    );
    expect(said({ ...all, count: 12 }, undefined, places('pqrstu'))).toContain('; t: 2; u: 2) of mapping m');
  });

  test('of two buffers of a list: the byte is of one of them alone', () => {
    const { iova: _, place: __, ...data } = all;
    expect(said({ ...data, buffer: 0, offset: 0 }, undefined, [{ count: 2 }, { count: 3, buffer: 1 }])).toBe(
      `byte 0x0 of a (the first of 5 bytes; buffer a: 2; buffer b: 3) of mapping m is a byte cleared by the kernel: ${WHY}`,
    );
  });

  test('of a buffer, and of none', () => {
    expect(said(all, undefined, [{ count: 2, buffer: 1 }, { count: 3 }])).toContain(
      '; buffer b: 2; in no buffer: 3) of mapping m',
    );
  });

  test('of mappings of one name: by the steps of their maps', () => {
    const again = caseOf(`
buffers: { a: { size: 64 } }
steps:
  - map_page: { id: m, buffer: a, dir: TO_DEVICE }
  - unmap_page: m
  - map_page: { id: m, buffer: a, dir: TO_DEVICE }
`);
    const first = { step: 0, mapping: 0, buffer: 0, offset: 0, observed: LABEL_ZERO, count: 64 };
    const victims = [first, { ...first, step: 2, mapping: 1 }].map((evidence, mapping): Victim => ({
      of: `mapping ${mapping}, buffer 0`,
      from: 0,
      to: 64,
      evidence,
    }));
    const whole = sentence(
      logged(() => {}, again),
      'to-device-data',
      'not-copied',
      { ...first, count: 128 },
      victims,
    );
    expect(plain(whole)).toContain(
      'byte 0x0 of a (the first of 128 bytes; mapping m of step 1: 64; mapping m of step 3: 64) of mapping m is',
    );
  });

  test('where no place is said it is the data', () => {
    const { place: _, ...data } = all;
    expect(said(data, undefined, [{ count: 2 }, { count: 3, place: 'q' }])).toContain('the data: 2; q: 3');
  });
});

describe('memory that is not its own', () => {
  const memory = { phys: 0x1000, mapping: 1, place: 'cleared' };
  test.each<[string, Partial<Evidence>, Partial<Evidence>[], string]>([
    ['a byte', {}, [{}], '1 byte from'],
    ['more', { count: 2 }, [{ count: 2 }], '2 bytes from'],
    ['in pieces', { count: 3 }, [{ count: 1 }, { count: 2 }], '3 bytes in all, the first from'],
    [
      'in two ways',
      { count: 3 },
      [{ count: 1 }, { count: 2, place: 'copied' }],
      '3 bytes in all (cleared: 1; copied: 2), the first from',
    ],
  ])('%s', (_, evidence, victims, text) => {
    expect(said({ ...memory, ...evidence }, undefined, victims)).toBe(
      `${text} phys 0x1000 on, not of mapping n (cleared): ${WHY}`,
    );
  });

  test('of nobody', () => {
    expect(said({ phys: 0x1000 })).toBe(`1 byte from phys 0x1000 on, not of mapping ? (): ${WHY}`);
  });
});

describe('what was asked for', () => {
  const slots = (log: EventLog): void => {
    log.result(log.push(EV.swiotlb_tbl_map_single, 0, 0x1000, 1, 1, 0, 0, 0), -1);
    log.result(log.push(EV.alloc_iova_fast, 0, 1, 1), 0);
  };
  test.each<[Partial<Evidence>, string]>([
    [{ event: 0, asked: 3, needed: 2, used: 4, free: 5 }, ' (3 slots asked for, 2 needed, 4 used, 5 free)'],
    [{ event: 0, asked: 1, needed: 1, used: 4, free: 5 }, ' (1 slot asked for, 4 used, 5 free)'],
    [{ event: 0, asked: 3, used: 4, free: 5 }, ' (3 slots asked for, 4 used, 5 free)'],
    [
      { event: 1, asked: 3, needed: 2, used: 0, free: 0 },
      ' (3 granules asked for, 2 needed, 0 used, 0 free)',
    ],
    [{ event: 0, asked: 3, needed: 2, used: 4 }, ''],
    [{ event: 0, asked: 3, needed: 2, free: 4 }, ''],
    [{ event: 0, used: 3, needed: 2, free: 4 }, ''],
  ])('%j', (evidence, text) => {
    expect(said(evidence, slots)).toBe(WHY + text);
  });
});

describe('what crashed', () => {
  const crash = (kind: (typeof CRASHES)[number], a: number, b: number, result = 0x1000200): string =>
    said({ event: 1 }, (log) => {
      log.result(log.push(EV.swiotlb_tbl_map_single, 0, 0x1000, 0x800, 0x1000, 0, 0, 0), result);
      log.push(EV.crash, -1, CRASHES.indexOf(kind), a, b);
    });
  test.each<[(typeof CRASHES)[number], number, number, string]>([
    ['memset-out-of-memory', 0x4000, 1, ' (phys 0x4000, 1 byte)'],
    ['copy-out-of-memory', 0x4000, 2, ' (phys 0x4000, 2 bytes)'],
    ['maintenance-out-of-memory', 0x4000, 0, ' (phys 0x4000, 0 bytes)'],
    ['slot-index-out-of-pool', -3, 128, ' (slot index -3 of 128 slots)'],
    ['kernel-bug', numberOfText('a BUG()'), 0, ' (a BUG())'],
    ['wild-access', numberOfText('a page'), 0, ' (a page)'],
    ['did-not-return', numberOfText('a loop'), 0, ' (a loop)'],
    ['search-never-ends', 3, 4, ''],
  ])('%s', (kind, a, b, text) => {
    expect(crash(kind, a, b)).toBe(WHY + text);
  });

  test('a size that is the result of a subtraction', () => {
    // 0x1000 were allocated; 0x1001200 is 0x1200 from the granule of the bounce buffer.
    expect(crash('memset-out-of-memory', 0x1001200, -0x200)).toContain(
      '(phys 0x1001200, the size underflowed to 0xfffffffffffffe00: 0x1000 − 0x1200)',
    );
    expect(crash('memset-out-of-memory', 0x1001200, -0x201)).toContain(
      '(phys 0x1001200, the size underflowed to 0xfffffffffffffdff: −0x201)',
    );
    expect(crash('memset-out-of-memory', 0x1001200, -0x200, -1)).toContain(
      '(phys 0x1001200, the size underflowed to 0xfffffffffffffe00)',
    );
  });

  test('another event is no crash', () => {
    expect(said({ event: 0 }, (log) => log.push(EV.memset, -1, 1, 2))).toBe(WHY);
  });
});

test('who made the call', () => {
  const at = (path: number): string =>
    said({ event: 0 }, (log) => {
      log.path = path;
      log.push(EV.memset, -1, 1, 2);
    });
  expect([0, 1, 2].map(at)).toEqual([
    WHY,
    `${WHY}, in mapPage (baseline)`,
    `${WHY}, in mapPage (baseline) → mapSwiotlb (v2.1)`,
  ]);
});
