// SPDX-License-Identifier: GPL-2.0-only
/** Where an operation ends, and whose scribble a byte is, from recordings written by hand. */
import { describe, expect, test } from '@jest/globals';
import { POOL_START } from '../machine/config.ts';
import { EV, type EventLog } from '../machine/event-log.ts';
import { TOUCHING } from '../machine/events.ts';
import { FIRST_LABEL, LABEL_ZERO } from '../machine/labels.ts';
import type { Recording } from '../run/recording.ts';
import { Facts } from './facts.ts';
import { caseOf } from './testing/judging.ts';
import { logged, outcome } from './testing/recordings.ts';

/** Mapping 0 is of `one`, which may write it, mapping 1 of `two`, which may not. */
const SCENARIO = caseOf(`
machine: { swiotlbSlots: 128 }
devices: { one: { untrusted: true }, two: {} }
buffers: { a: { size: 0x300, at: 0x200000 }, b: { size: 0x100, at: 0x210080 } }
steps:
  - map_page: { id: l, buffer: b, dir: BIDIRECTIONAL, device: one }
  - map_page: { id: p, buffer: a, dir: TO_DEVICE, device: two }
`);
const A = 0;
const [ONE, TWO] = [0, 1];

function factsOf(write: (log: EventLog) => void, instead: Partial<Recording> = {}): Facts {
  return new Facts(logged(write, SCENARIO, { steps: [outcome('done', 0, 0)], ...instead }));
}

describe('the end of an operation', () => {
  /** Two calls, then what the standing adversary does: `write` writes it. */
  const around = (write: (log: EventLog) => void): Facts =>
    factsOf(
      (log) => {
        log.push(EV.memset, -1, 0x1000000, 64);
        log.push(EV.memset, -1, 0x1000040, 64);
        write(log);
      },
      { steps: [outcome('done', 0, 6)] },
    );
  const scribble = (log: EventLog, phys: number, mapping = -1): void => {
    log.push(EV.device_write, ONE, 0xf000, 64, 0, mapping, 0);
    log.push(EV.device_write_run, ONE, 0xf000, phys, 64, FIRST_LABEL);
  };
  const [POOL, BUFFER] = [POOL_START, 0x200000];
  const ends = (facts: Facts): unknown => {
    const { within, behind } = facts.aroundHandOver(0, TOUCHING);
    return [facts.endOfOperation(0), within.map(({ index }) => index), behind.map(({ index }) => index)];
  };

  test('without an adversary: behind the last event', () => {
    const facts = around((log) => {
      log.push(EV.memset, -1, 0x1000080, 64);
      scribble(log, POOL, 0);
      log.push(EV.memset, -1, 0x1000080, 64);
    });
    expect(ends(facts)).toEqual([6, [0, 1, 2, 4, 5], []]);
  });

  test('what it wrote last into the pool comes behind it, into a buffer before', () => {
    const facts = around((log) => {
      scribble(log, POOL);
      scribble(log, BUFFER);
    });
    expect(ends(facts)).toEqual([2, [0, 1, 5], [3]]);
  });

  test('what it wrote in the middle belongs to it', () => {
    const facts = around((log) => {
      scribble(log, POOL);
      log.push(EV.memset, -1, 0x1000080, 64);
      log.push(EV.memset, -1, 0x1000080, 64);
    });
    expect(ends(facts)).toEqual([6, [0, 1, 3, 4, 5], []]);
  });

  test('a step that was not come to', () => {
    expect(factsOf(() => {}).endOfOperation(99)).toBe(0);
  });

  test('what a scenario has its device write ends the search', () => {
    const facts = around((log) => {
      scribble(log, POOL, 0);
      scribble(log, POOL);
    });
    expect(facts.endOfOperation(0)).toBe(4);
  });

  test('nothing but the adversary: from its first event on', () => {
    const facts = factsOf((log) => scribble(log, POOL), { steps: [outcome('done', 0, 2)] });
    expect(facts.endOfOperation(0)).toBe(0);
  });
});

describe('whose write', () => {
  /** `one` writes through mapping 0, scribbles, `two` scribbles, the CPU writes: labels from 16, 20, 24, 28 on. */
  const facts = factsOf((log) => {
    for (const [write, label] of [
      [(at: number) => log.push(EV.device_write, ONE, 0xf010, 4, at, 0, 0), 16],
      [(at: number) => log.push(EV.device_write, ONE, 0xf010, 4, at, -1, 0), 20],
      [(at: number) => log.push(EV.device_write, TWO, 0xf010, 4, at, -1, 0), 24],
      [(at: number) => log.push(EV.cpu_write, -1, A, 0, 4, at, 0x200000), 28],
    ] as const) {
      const at = log.reserve(4);
      log.labels.set([label, label + 1, label + 2, label + 3], at);
      write(at);
    }
  });

  test.each([
    ['through a mapping', 16, false, false],
    ['a scribble of its own', 20, true, false],
    ['the last byte of it', 23, true, false],
    // Device two may only read its mapping.
    ['a scribble of the other device', 24, false, false],
    ['the CPU', 28, false, false],
    ['the kernel', LABEL_ZERO, false, false],
  ])('%s', (_, label, first, second) => {
    expect([facts.isOwnScribble(0, label), facts.isOwnScribble(1, label)]).toEqual([first, second]);
    expect(facts.isOwnScribble(-1, label)).toBe(false);
  });
});
