// SPDX-License-Identifier: GPL-2.0-only
import { setImmediate, setTimeout } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { divided } from './divided.ts';

const ITEMS = Array.from({ length: 100 }, (_, n) => n);
const squares = (items: readonly number[]): number[] => items.map((n) => n * n);

/** Threads that answer in a while; who did which item. */
function threads(count: number, answer = squares) {
  const items: number[] = [];
  const ask = async (some: readonly number[]): Promise<number[]> => {
    await setImmediate();
    items.push(...some);
    return answer(some);
  };
  return { items, there: { count, ask } };
}

test.each([0, 1, 3])(
  'with %d threads, each item is done once, and the results are in order',
  async (count) => {
    const { items: there, there: asked } = threads(count);
    const here: number[] = [];
    const done: number[] = [];
    const work = (some: readonly number[]): number[] => {
      here.push(...some);
      return squares(some);
    };
    expect(await divided(ITEMS, work, asked, (n) => done.push(n))).toEqual(squares(ITEMS));
    expect([...here, ...there].toSorted((a, b) => a - b)).toEqual(ITEMS);
    expect(there.length > 0).toBe(count > 0);
    expect(done.toSorted((a, b) => a - b)).toEqual(done);
    expect(done.at(-1)).toBe(100);
  },
);

test('what threads do not answer is done here', async () => {
  let left = 3;
  const { there } = threads(2, (some) => {
    if (left-- <= 0) throw new Error('a thread died');
    return squares(some);
  });
  expect(await divided(ITEMS, squares, there, () => undefined)).toEqual(squares(ITEMS));
});

test('an error that threads run into is the one that this thread runs into', async () => {
  const work = (some: readonly number[]): number[] => {
    if (some.includes(1)) throw new RangeError('item 1');
    return squares(some);
  };
  await expect(divided(ITEMS, work, threads(1, work).there, () => undefined)).rejects.toThrow(
    new RangeError('item 1'),
  );
});

test('nothing of nothing', async () => {
  expect(
    await divided([], squares, { count: 2, ask: async () => setTimeout(0, []) }, () => undefined),
  ).toEqual([]);
});
