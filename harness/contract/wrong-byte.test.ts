// SPDX-License-Identifier: GPL-2.0-only
/** How bytes that are found one after the other are put together. */
import { describe, expect, test } from '@jest/globals';
import { FIRST_LABEL, LABEL_STALE, LABEL_ZERO } from '../machine/labels.ts';
import { ByteRun } from './bytes.ts';
import { Ownership, type Look } from './wrong-byte.ts';

const LOOK: Look = { clause: 'to-device-data', step: 3, event: 9, mapping: 1, buffer: 2, attacked: false };
const L = FIRST_LABEL;

describe('wrong bytes', () => {
  test('in a row, of one look and in one way: one piece', () => {
    const found = new Ownership();
    found.miss(LOOK, 10, L, LABEL_ZERO, 4);
    found.miss({ ...LOOK }, 14, L + 4, LABEL_ZERO, 2);
    found.miss({ ...LOOK }, 16, L + 6, LABEL_ZERO, 1);
    expect(found.wrong).toEqual([{ ...LOOK, offset: 10, size: 7, expected: L, observed: LABEL_ZERO }]);
    expect([...found.exercised]).toEqual(['to-device-data']);
  });

  test.each<[string, Partial<Look>, number, number, number]>([
    ['a gap', {}, 15, L + 5, LABEL_ZERO],
    ['an overlap', {}, 13, L + 3, LABEL_ZERO],
    ['another write was expected', {}, 14, L + 5, LABEL_ZERO],
    ['something else was found', {}, 14, L + 4, LABEL_STALE],
    ['a write was found', {}, 14, L + 4, L + 50],
    ['another step', { step: 4 }, 14, L + 4, LABEL_ZERO],
    ['another read', { event: 10 }, 14, L + 4, LABEL_ZERO],
    ['another mapping', { mapping: 2 }, 14, L + 4, LABEL_ZERO],
    ['another buffer', { buffer: 1 }, 14, L + 4, LABEL_ZERO],
    ['after an attack', { attacked: true }, 14, L + 4, LABEL_ZERO],
    ['for another clause', { clause: 'isolation' }, 14, L + 4, LABEL_ZERO],
  ])('%s: two', (_, other, offset, expected, observed) => {
    const found = new Ownership();
    found.miss(LOOK, 10, L, LABEL_ZERO, 4);
    found.miss({ ...LOOK, ...other }, offset, expected, observed, 1);
    expect(found.wrong).toEqual([
      { ...LOOK, offset: 10, size: 4, expected: L, observed: LABEL_ZERO },
      { ...LOOK, ...other, offset, size: 1, expected, observed },
    ]);
  });

  test('what was found counts up as well', () => {
    const found = new Ownership();
    found.miss(LOOK, 0, LABEL_ZERO, L + 50, 3);
    found.miss(LOOK, 3, LABEL_ZERO, L + 53, 3);
    found.miss(LOOK, 6, LABEL_ZERO, L + 57, 3);
    expect(found.wrong.map(({ size }) => size)).toEqual([6, 3]);
  });

  test('those of another clause in between do not part them', () => {
    const found = new Ownership();
    found.miss(LOOK, 0, L, LABEL_ZERO, 1);
    found.miss({ ...LOOK, clause: 'isolation' }, 0, L, LABEL_ZERO, 1);
    found.miss(LOOK, 1, L + 1, LABEL_ZERO, 1);
    expect(found.wrong.map(({ clause, size }) => [clause, size])).toEqual([
      ['to-device-data', 2],
      ['isolation', 1],
    ]);
  });
});

test('what is as it should be puts the clause to the test, no more', () => {
  const found = new Ownership();
  found.expect(LOOK, 0, L, L, 4);
  expect([found.wrong, [...found.exercised]]).toEqual([[], ['to-device-data']]);
  found.expect({ ...LOOK, clause: 'isolation' }, 0, L, L + 1, 4);
  expect(found.wrong).toHaveLength(1);
  expect([...found.exercised]).toEqual(['to-device-data', 'isolation']);
});

test('each clause that was put to the test, in whatever order', () => {
  const found = new Ownership();
  for (const clause of [
    'to-device-data',
    'isolation',
    'to-device-data',
    'from-device-data',
    'isolation',
    'failed-map-harmless',
  ] as const) {
    found.exercise(clause);
  }
  expect([...found.exercised]).toEqual([
    'to-device-data',
    'isolation',
    'from-device-data',
    'failed-map-harmless',
  ]);
});

test('what nobody can tell, in a row and in one look: one piece', () => {
  const found = new Ownership();
  found.cannotTell(LOOK, 10, 4);
  found.cannotTell(LOOK, 14, 2);
  found.cannotTell(LOOK, 17, 1);
  const other = { ...LOOK };
  found.cannotTell(other, 18, 1);
  expect(found.unknown).toEqual([
    { look: LOOK, offset: 10, size: 6 },
    { look: LOOK, offset: 17, size: 1 },
    { look: other, offset: 18, size: 1 },
  ]);
  expect(found.exercised.size).toBe(0);
});

describe('what is left out', () => {
  test('from now on, and said once', () => {
    const found = new Ownership();
    const run = new ByteRun(8, 20);
    found.leaveOut('cpu-wrote', 3, 2, 1, run);
    expect(run.judged).toBe(false);
    found.leaveOut('device-wrote', 4, 2, 1, run);
    expect(found.leftOut.all).toEqual([{ why: 'cpu-wrote', step: 3, buffer: 2, mapping: 1, size: 12 }]);
  });

  test('in one step', () => {
    const found = new Ownership();
    const run = new ByteRun(8, 20);
    found.pass('cpu-read', 3, 2, 1, run);
    found.pass('cpu-read', 3, 2, 1, new ByteRun(20, 24));
    expect(run.judged).toBe(true);
    expect(found.leftOut.all).toEqual([{ why: 'cpu-read', step: 3, buffer: 2, mapping: 1, size: 16 }]);
  });

  test('for one reason, in one step, of one buffer and one mapping: added up', () => {
    const { leftOut } = new Ownership();
    leftOut.add('cpu-read', 3, 2, 1, 5);
    leftOut.add('cpu-wrote', 3, 2, 1, 6);
    leftOut.add('cpu-read', 4, 2, 1, 7);
    leftOut.add('cpu-read', 3, 0, 1, 8);
    leftOut.add('cpu-read', 3, 2, 0, 9);
    leftOut.add('cpu-read', 3, 2, 1, 10);
    expect(leftOut.all.map(({ size }) => size)).toEqual([15, 6, 7, 8, 9]);
  });
});
