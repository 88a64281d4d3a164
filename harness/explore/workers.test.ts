// SPDX-License-Identifier: GPL-2.0-only
import { Worker } from 'node:worker_threads';
import { afterEach, describe, expect, test } from '@jest/globals';
import { Prober, type Assignment } from './prober.ts';
import { Search } from './search.ts';
import { inThisThread, inThreads, type Workers } from './workers.ts';

const ASSIGNMENT: Assignment = {
  from: 'v2',
  to: 'v3',
  clause: undefined,
  different: true,
  programs: { seed: 1 },
};

/** A thread that answers each task with its number of this thread's tasks, but for task `last`. */
function thread(last: string): () => Worker {
  const code = `
    const { parentPort } = require('node:worker_threads');
    let tasks = 0;
    parentPort.on('message', (task) => {
      if (++tasks === 3) { ${last} }
      parentPort.postMessage(task.do === 'probe' ? { hits: [], novel: [], tooMuch: [] } : { tasks, task });
    });`;
  return () => new Worker(code, { eval: true });
}

let workers: Workers | undefined;
afterEach(async () => workers?.close());

describe('threads', () => {
  test('a finding is shrunk before any program that waits', async () => {
    workers = inThreads(ASSIGNMENT, 1, thread(''));
    const order: string[] = [];
    const ask = async (what: string, result: Promise<unknown>): Promise<void> => {
      await result;
      order.push(what);
    };
    await Promise.all([
      ask('first', workers.probe(0, 64)),
      ask('second', workers.probe(64, 128)),
      ask('shrink', workers.shrink(3, 'key')),
    ]);
    expect(order).toEqual(['first', 'shrink', 'second']);
  });

  test.each([
    ['exit code 3', 'process.exit(3);'],
    ['Error: out of luck', "throw new Error('out of luck');"],
  ])('one that dies (%s) ends the search, with what was looked at until then', async (why, last) => {
    workers = inThreads(ASSIGNMENT, 2, thread(last));
    const search = new Search(workers);
    await expect(search.run(0, 64 * 100)).rejects.toThrow(`a worker died (${why})`);
    expect(search.programs % 64).toBe(0);
    expect(search.programs).toBeLessThan(64 * 100);
    await expect(workers.probe(0, 1)).rejects.toThrow('a worker died');
  });
});

test('a search stops where it is told to, and counts what it ran', async () => {
  const search = new Search(inThisThread(Prober.of(ASSIGNMENT)));
  let asked = 0;
  await search.run(0, 64 * 100, () => asked++ < 1);
  expect(search.programs).toBe(128);
});
