// SPDX-License-Identifier: GPL-2.0-only
/** Threads change nothing of what a comparison says. */
import { expect, test } from '@jest/globals';
import { DMA_IOMMU } from '../variants/registry.ts';
import { caseThreads } from './case-work.ts';
import { execute, nodeArgs } from './testing/run.ts';

/** To a command, the machine has one processor. */
const ALONE = `data:text/javascript,
  import os from 'node:os';
  import { syncBuiltinESMExports } from 'node:module';
  os.availableParallelism = () => 1;
  syncBuiltinESMExports();`;

test('alone or with threads, the report is the same', async () => {
  const args = nodeArgs('compare', ['v2', 'v3', '--json'], { long: true });
  const alone = await execute(process.execPath, ['--import', ALONE, ...args]);
  expect({ ...alone, stdout: alone.stdout.length > 1000 }).toEqual({ exitCode: 1, stdout: true, stderr: '' });
  expect(await execute(process.execPath, args)).toEqual(alone);
}, 240_000);

test('no threads for a few cases, nor for one processor, nor for a state that has no name of its own', () => {
  const [root, next] = DMA_IOMMU.states;
  if (root === undefined || next === undefined) throw new RangeError('fewer than two states');
  const start = (): never => {
    throw new Error('a thread was started');
  };
  const many = Array.from({ length: 256 }, () => ({}) as never);
  expect(caseThreads(root, next, many.slice(1), { count: 1, start })).toBeUndefined();
  expect(caseThreads(root, next, many, { count: 0, start })).toBeUndefined();
  expect(caseThreads(root, { ...next }, many, { count: 1, start })).toBeUndefined();
  expect(() => caseThreads(root, next, many, { count: 1, start })).toThrow('a thread was started');
});
