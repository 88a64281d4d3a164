// SPDX-License-Identifier: GPL-2.0-only
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { execute, nodeArgs } from './testing/run.ts';

/** To a command a minute is a second. */
const FAST_CLOCK = `data:text/javascript,const now = performance.now.bind(performance); performance.now = () => 60 * now();`;

/** Milliseconds of performance.now(). */
let now: number;
let said: string[];

beforeEach(() => {
  jest.resetModules();
  now = 5000;
  said = [];
  jest.spyOn(performance, 'now').mockImplementation(() => now);
  jest.unstable_mockModule('node:fs', () => ({
    writeSync: (fd: number, text: string) => {
      expect(fd).toBe(2);
      said.push(text);
    },
  }));
});
afterEach(() => {
  jest.restoreAllMocks();
  jest.unstable_unmockModule('node:fs');
  Object.assign(process.stderr, { isTTY: undefined, columns: undefined });
});

/** A progress line of a command that has just begun. */
async function begin(what: string, terminal: { readonly columns: number } | undefined) {
  Object.assign(process.stderr, { isTTY: terminal !== undefined, columns: terminal?.columns });
  const { progressLine, startProgress } = await import('./terminal.ts');
  const progress = progressLine(what);
  progress(0, 9);
  startProgress();
  return progress;
}

describe('off a terminal', () => {
  test('a line every ten seconds says what is done of how much, whatever the work is', async () => {
    const progress = await begin('cases', undefined);
    for (const [done, at] of [0, 4999, 9999, 10_000, 10_001, 19_999, 20_500, 30_499, 30_500].entries()) {
      now = 5000 + at;
      progress(done, 9);
    }
    expect(said).toEqual(['cases 3/9\n', 'cases 6/9\n', 'cases 8/9\n']);
  });

  test('the end of one piece of work does not start the ten seconds again', async () => {
    const progress = await begin('cases', undefined);
    now += 6000;
    progress(9, 9);
    now += 6000;
    progress(2, 9);
    expect(said).toEqual(['cases 2/9\n']);
  });
});

describe('on a terminal', () => {
  test('a line is written over, ten times a second, and goes at the end', async () => {
    const progress = await begin('cases', { columns: 40 });
    for (const [done, at] of [0, 99, 100, 150, 199, 200].entries()) {
      now = 5000 + at;
      progress(done, 9);
    }
    progress(9, 9);
    expect(said).toEqual(['\rcases 2/9\u001B[K', '\rcases 5/9\u001B[K', '\r\u001B[K']);
  });

  test('it is never as wide as the terminal', async () => {
    const progress = await begin('v7 → review/something', { columns: 12 });
    now += 100;
    progress(1, 9);
    expect(said).toEqual(['\rv7 → review\u001B[K']);
  });

  test('nor is a line of wide characters', async () => {
    const progress = await begin('界界界界', { columns: 8 });
    now += 100;
    progress(1, 9);
    expect(said).toEqual(['\r界界界\u001B[K']);
  });

  test('a width of 0 is no width', async () => {
    const progress = await begin('cases', { columns: 0 });
    now += 100;
    progress(1, 9);
    expect(said).toEqual(['\rcases 1/9\u001B[K']);
  });
});

test('work of more than ten seconds is told of, unless NO_PROGRESS is set', async () => {
  jest.restoreAllMocks();
  const costs = async (NO_PROGRESS: string) =>
    execute(process.execPath, ['--import', FAST_CLOCK, ...nodeArgs('costs', ['v7', 'v8'])], {
      env: { NO_PROGRESS },
    });
  const [told, quiet] = await Promise.all([costs(''), costs('1')]);
  expect(told.stderr).toMatch(/^(cases \d+\/\d+\n)+/);
  expect(quiet.stderr).toBe('');
});
