// SPDX-License-Identifier: GPL-2.0-only
import { expect, test } from '@jest/globals';
import { rates, Rounds } from './rounds.ts';

test('states are held against the first one round by round: a slow moment counts for both', () => {
  const lap = (machine: number) => ({ machine, contract: 0, trace: 0 });
  const laps = [
    [lap(100), lap(400), lap(100), lap(200)],
    [lap(200), lap(800), lap(200), lap(400)],
  ];
  const [first, second] = rates(['a', 'b'], laps, 30);
  expect(first).toMatchObject({ state: 'a', runsPerSecond: 200, ofFirst: 1, spread: 0 });
  expect(second).toMatchObject({ state: 'b', runsPerSecond: 100, ofFirst: 0.5, spread: 0 });
});

test('medians, quartiles and shares of hand-made rounds', () => {
  const laps = [1, 2, 4, 5, 8].map((factor) => ({
    machine: 60 * factor,
    contract: 40 * factor,
    trace: 100 * factor,
  }));
  const steady = laps.map(() => ({ machine: 60, contract: 40, trace: 100 }));
  expect(rates(['a', 'b'], [steady, laps], 10)).toEqual([
    { state: 'a', runsPerSecond: 100, ofFirst: 1, spread: 0, machine: 0.3, contract: 0.2, trace: 0.5 },
    // A fourth of the time on the median; multiples 1, 1/2, 1/4, 1/5, 1/8.
    { state: 'b', runsPerSecond: 25, ofFirst: 0.25, spread: 0.15, machine: 0.3, contract: 0.2, trace: 0.5 },
  ]);
});

test('without a round that counts there is nothing to say', () => {
  const rounds = new Rounds([], []);
  expect(rounds.results()).toEqual([]);
  expect(() => rates(['a'], [[]], 1)).toThrow('no rounds');
});
