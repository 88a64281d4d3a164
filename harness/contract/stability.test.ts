// SPDX-License-Identifier: GPL-2.0-only
/** What the CPU has got, it must find again: looks at bytes of a buffer that are written by hand. */
import { describe, expect, test } from '@jest/globals';
import { EV, type EventLog } from '../machine/event-log.ts';
import { FIRST_LABEL, LABEL_STALE, LABEL_ZERO } from '../machine/labels.ts';
import { BufferBytes, type ByteRun } from './bytes.ts';
import { Facts } from './facts.ts';
import type { Moment } from './isolation.ts';
import { checkBothLooks, checkSeenAgain, noteWhatNeverArrived } from './stability.ts';
import { logged } from './testing/recordings.ts';
import { Views } from './views.ts';
import { Ownership } from './wrong-byte.ts';

const Z = LABEL_ZERO;
const S = LABEL_STALE;

/** A buffer of twelve bytes, of which bytes 2 to 9 are looked at; `log` has what reads saw. */
function look(log: (log: EventLog) => void = () => {}): {
  moment: Moment;
  bytes: BufferBytes;
  run: ByteRun;
  found: Ownership;
} {
  const facts = new Facts(logged(log));
  const found = new Ownership();
  const bytes = new BufferBytes(12);
  const other = new BufferBytes(1);
  const moment = { facts, bytes: [other, bytes], views: new Views(facts.run), found, step: 5 };
  const [run] = bytes.between(2, 10);
  if (run === undefined) throw new Error('no run');
  run.lastMap = 4;
  return { moment, bytes, run, found };
}
const pieces = ({ wrong }: Ownership): unknown[] =>
  wrong.map(({ clause, offset, size, expected, observed }) => [clause, offset, size, expected, observed]);

describe('seen again', () => {
  const again = (seen: number[], now: number[], wrong: number[] = []): Ownership => {
    const { moment, bytes, run, found } = look();
    bytes.seen.set(seen);
    bytes.wrong.set(wrong);
    checkSeenAgain(moment, run, 3, 1, new Uint32Array(now));
    return found;
  };
  const SEEN = [0, 0, 20, 21, 22, 23, 24, 25, 26, 27, 0, 0];

  test('as it was; what is in front of it and behind it is not looked at', () => {
    const found = again(SEEN, [9, 9, ...SEEN.slice(2, 10), 9, 9]);
    expect(found.wrong).toEqual([]);
    expect([...found.exercised]).toEqual(['cpu-owned-stability']);
    expect(found.unknown).toEqual([]);
  });

  test('changed: by an operation on the mapping, after which the memory shows it', () => {
    const found = again(SEEN, [0, 0, 20, Z, Z, 23, 24, 25, 26, S, Z, Z]);
    expect(found.wrong).toEqual([
      {
        clause: 'cpu-owned-stability',
        step: 5,
        mapping: 3,
        buffer: 1,
        offset: 3,
        size: 2,
        expected: 21,
        observed: Z,
      },
      expect.objectContaining({ offset: 9, size: 1, expected: 27, observed: S }),
    ]);
  });

  test('changed throughout: piece by piece of what was seen, and of what is there', () => {
    // What goes on like that behind it is not looked at.
    const seen = [0, 0, 20, 21, 40, 41, 42, 43, 44, 45, 46, 47];
    expect(pieces(again(seen, [0, 0, Z, Z, Z, Z, 50, 51, 52, 53, 54, 55]))).toEqual([
      ['cpu-owned-stability', 2, 2, 20, Z],
      ['cpu-owned-stability', 4, 2, 40, Z],
      ['cpu-owned-stability', 6, 4, 42, 50],
    ]);
  });

  test('what came back wrong puts it to no test', () => {
    const some = again(SEEN, SEEN, [1, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 1]);
    expect([...some.exercised]).toEqual(['cpu-owned-stability']);
    expect(some.unknown.map(({ offset, size }) => [offset, size])).toEqual([
      [4, 2],
      [9, 1],
    ]);
    const all = again(SEEN, SEEN, [0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0]);
    expect([all.exercised.size, all.unknown.map(({ offset, size }) => [offset, size])]).toEqual([
      0,
      [[2, 8]],
    ]);
    const allButOne = again(SEEN, SEEN, [0, 0, 1, 1, 1, 1, 0, 1, 1, 1, 0, 0]);
    expect([...allButOne.exercised]).toEqual(['cpu-owned-stability']);
    const first = again(SEEN, SEEN, [0, 0, 1]);
    expect([first.exercised.size, first.unknown.map(({ offset, size }) => [offset, size])]).toEqual([
      1,
      [[2, 1]],
    ]);
  });
});

describe('both looks of a read', () => {
  interface Seen {
    readonly first: number[];
    readonly second?: number[];
    readonly seen?: number[];
    readonly content?: number[];
    readonly wrong?: number[];
    readonly run?: Partial<ByteRun>;
  }
  const BYTES = [20, 21, 22, 23, 24, 25, 26, 27];
  /** The read is of bytes 1 to 11 of the buffer; what it saw stands behind three other bytes of the log. */
  const read = ({
    first,
    second = first,
    content = BYTES,
    seen = content,
    wrong = [],
    run: fared = {},
  }: Seen): { found: Ownership; bytes: BufferBytes } => {
    const { moment, bytes, run, found } = look((log) => {
      const at = log.reserve(3 + 11 + 11);
      log.labels.set([7, ...first, 7, 7], at + 3);
      log.labels.set([6, ...second, 6, 6], at + 14);
    });
    bytes.content.set(content, 2);
    bytes.seen.set(seen, 2);
    bytes.wrong.set(wrong, 2);
    Object.assign(run, fared);
    checkBothLooks(moment, run, 1, { event: 9, first: 3 - 1, second: 14 - 1 });
    return { found, bytes };
  };

  test('nothing has changed', () => {
    const { found, bytes } = read({ first: BYTES });
    expect([pieces(found), [...found.exercised]]).toEqual([[], ['cpu-owned-stability']]);
    expect([...bytes.seen]).toEqual([0, 0, ...BYTES, 0, 0]);
  });

  test('the first look finds something else: it is what was seen from then on', () => {
    const first = [20, Z, Z, 23, 24, 25, 26, S];
    const { found, bytes } = read({ first });
    expect(found.wrong).toEqual([
      {
        clause: 'cpu-owned-stability',
        step: 5,
        event: 9,
        mapping: 4,
        buffer: 1,
        attacked: false,
        offset: 3,
        size: 2,
        expected: 21,
        observed: Z,
      },
      expect.objectContaining({ offset: 9, size: 1, expected: 27, observed: S }),
    ]);
    expect([...bytes.seen]).toEqual([0, 0, ...first, 0, 0]);
    expect([...bytes.wrong]).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
  });

  test('the second look finds something else', () => {
    const second = [20, 21, 22, 23, S, S + 1, 26, 27];
    const { found, bytes } = read({ first: BYTES, second });
    expect(pieces(found)).toEqual([['cpu-owned-stability', 6, 2, 24, S]]);
    expect([...bytes.seen]).toEqual([0, 0, ...second, 0, 0]);
  });

  test('each of them does', () => {
    const { found } = read({
      first: [20, 21, Z, Z, Z, Z, 26, 27],
      second: [20, 21, Z, Z, S, S + 1, S, 27],
      seen: [20, 21, 22, 23, 24, 25, 26, 27],
    });
    expect(pieces(found)).toEqual([
      ['cpu-owned-stability', 4, 4, 22, Z],
      ['cpu-owned-stability', 6, 2, Z, S],
      ['cpu-owned-stability', 8, 1, 26, S],
    ]);
  });

  test('what was written but never seen is no matter of stability', () => {
    const { found, bytes } = read({ first: BYTES, content: [40, 41, 42, 43, 44, 45, 46, 47], seen: BYTES });
    expect([pieces(found), [...found.exercised]]).toEqual([[], ['cpu-owned-stability']]);
    expect([...bytes.wrong].indexOf(1)).toBe(-1);
  });

  describe('of what the device wrote', () => {
    const content = [40, 41, 42, 43, 44, 45, 46, 47];

    test('all is there', () => {
      const { found } = read({ first: content, content, run: { deviceWrote: true } });
      expect([pieces(found), [...found.exercised]]).toEqual([
        [],
        ['cpu-owned-stability', 'from-device-data'],
      ]);
    });

    test('some is not, and was never there: it is wrong from now on', () => {
      const first = [40, 41, 22, 23, 44, 45, 46, 27];
      const { found, bytes } = read({ first, content, seen: first, run: { deviceWrote: true } });
      expect(found.wrong).toEqual([
        {
          clause: 'from-device-data',
          step: 5,
          event: 9,
          mapping: 4,
          buffer: 1,
          offset: 4,
          size: 2,
          expected: 42,
          observed: 22,
        },
        expect.objectContaining({ clause: 'from-device-data', offset: 9, size: 1 }),
      ]);
      expect([...bytes.wrong]).toEqual([0, 0, 0, 0, 1, 1, 0, 0, 0, 1, 0, 0]);
    });

    test('the second look alone shows it: it changed, and was right at first', () => {
      const { found, bytes } = read({
        first: content,
        second: [40, 41, 42, S, 44, 45, 46, 47],
        content,
        run: { deviceWrote: true },
      });
      expect(pieces(found)).toEqual([['cpu-owned-stability', 5, 1, 43, S]]);
      expect([...bytes.wrong].indexOf(1)).toBe(-1);
    });

    test('after an attack nothing of it is promised', () => {
      const { found, bytes } = read({
        first: BYTES,
        content,
        seen: BYTES,
        run: { deviceWrote: true, attacked: true },
      });
      expect([pieces(found), [...found.exercised]]).toEqual([[], ['cpu-owned-stability']]);
      expect([...bytes.wrong].indexOf(1)).toBe(-1);
    });
  });

  test('an attack is told', () => {
    const { found } = read({ first: [Z, ...BYTES.slice(1)], run: { attacked: true } });
    expect(found.wrong[0]?.attacked).toBe(true);
  });

  test('in the lazy window only what the device wrote is promised', () => {
    const { found, bytes } = read({
      first: [Z, ...BYTES.slice(1)],
      second: [S, ...BYTES.slice(1)],
      run: { lazy: 0, deviceWrote: true },
    });
    expect([pieces(found), [...found.exercised]]).toEqual([
      [['from-device-data', 2, 1, 20, Z]],
      ['from-device-data'],
    ]);
    expect(bytes.seen[2]).toBe(S);
    expect([...read({ first: BYTES, run: { lazy: 0 } }).found.exercised]).toEqual([]);
  });

  test('what came back wrong puts it to no test', () => {
    const { found } = read({ first: BYTES, wrong: [1, 1, 1, 0, 0, 0, 0, 1] });
    expect(found.unknown.map(({ offset, size }) => [offset, size])).toEqual([
      [2, 3],
      [9, 1],
    ]);
    expect([...found.exercised]).toEqual(['cpu-owned-stability']);
  });
});

describe('what never came through the device that was attacked', () => {
  /** The device wrote labels from FIRST_LABEL on, the CPU from FIRST_LABEL + 8 on. */
  const D = FIRST_LABEL;
  const C = FIRST_LABEL + 8;
  const note = (content: number[], now: number[], deviceWrote = true): string => {
    const { moment, bytes, run } = look((log) => {
      const at = log.reserve(16);
      for (let i = 0; i < 16; i++) log.labels[at + i] = FIRST_LABEL + i;
      log.push(EV.device_write, 0, 0xf000, 8, at, 0, 0);
      log.push(EV.cpu_write, -1, 0, 0, 8, at + 8, 0x100000);
    });
    run.deviceWrote = deviceWrote;
    bytes.content.set(content, 2);
    noteWhatNeverArrived(moment, run, 1, new Uint32Array([0, 0, ...now, 0, 0]));
    return bytes.wrong.subarray(2, 10).join('');
  };
  const CONTENT = [D, D + 1, D + 2, D + 3, D + 4, D + 5, D + 6, D + 7];

  test.each<[string, number[], string]>([
    ['all has', CONTENT, '00000000'],
    ['none has', [C, C + 1, C + 2, C + 3, C + 4, C + 5, C + 6, C + 7], '11111111'],
    ['some has', [D, D + 1, Z, Z, D + 4, D + 5, D + 6, C + 7], '00110001'],
    [
      'what the device wrote otherwise has',
      [D + 1, D + 2, D + 3, D + 3, D + 4, D + 5, D + 6, D + 6],
      '00000000',
    ],
    ['by the device, then by the CPU', [D + 6, D + 7, C, C + 1, D + 4, D + 5, D + 6, D + 7], '00110000'],
    ['by the CPU, then by the device', [C + 6, C + 7, D, D + 1, D + 4, D + 5, D + 6, D + 7], '11000000'],
  ])('%s', (_, now, wrong) => {
    expect(note(CONTENT, now)).toBe(wrong);
  });

  test('what is behind the bytes is none of them, however it goes on', () => {
    const { moment, bytes, run } = look();
    run.deviceWrote = true;
    noteWhatNeverArrived(moment, run, 1, new Uint32Array(12).fill(Z));
    expect([...bytes.wrong]).toEqual([0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0]);
  });

  test('what is as it should be is right, whoever wrote it', () => {
    const written = [C, C + 1, C + 2, C + 3, D + 4, D + 5, D + 6, D + 7];
    expect(note(written, written)).toBe('00000000');
  });

  test('where the device wrote nothing in turn, nothing came', () => {
    expect(note(CONTENT, [Z, Z, Z, Z, Z, Z, Z, Z], false)).toBe('00000000');
  });
});
