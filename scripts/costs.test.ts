// SPDX-License-Identifier: GPL-2.0-only
import { describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { costRowSchema } from './testing/compare-schema.ts';
import { run } from './testing/run.ts';

const LIST = ['--scenario', 'unmap/sg-copies-back*'];

const schema = z.strictObject({
  schema: z.literal('bouncediff/costs/1'),
  corpusHash: z.string().regex(/^[0-9a-f]{12}$/),
  version: z.string(),
  states: z.array(z.string()),
  operations: z.int().positive(),
  onSomeSides: z.int().nonnegative(),
  rows: z.array(costRowSchema),
});

describe('costs', () => {
  test('a table per operation, a column per state', async () => {
    const { stdout, ...rest } = await run('costs', ['baseline', 'v3', 'v4', ...LIST]);
    expect(rest).toEqual({ exitCode: 0, stderr: '' });
    expect(stdout).toMatch(/^What an operation costs in `baseline`, `v3`, `v4`: \d+ operations/);
    expect(stdout.match(/^## .*/gm)).toEqual(['## map_sg', '## unmap_sg']);
    expect(stdout).toMatch(/^\| situation +\| cost +\| +baseline +\| +v3 +\| +v4 +\| +operations +\|$/m);
    expect(stdout).toMatch(/^\| 3 entries, 2 bounced, .* page-table walks +\| +3 +\| +6 +\| +3 +\|/m);
  });

  test('--operation and --differing leave the rest out', async () => {
    const args = ['v3', 'v4', '--operation', 'unmap_sg', '--differing', ...LIST];
    const { stdout, exitCode } = await run('costs', args);
    expect(exitCode).toBe(0);
    expect(stdout.match(/^## .*/gm)).toEqual(['## unmap_sg']);
    expect(stdout).toMatch(/page-table walks/);
    expect(stdout).not.toMatch(/IOMMU unmap calls/);
  });

  test('nothing differs between a state and itself', async () => {
    const { stdout, exitCode } = await run('costs', ['v3', 'v3.5', '--differing', ...LIST]);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/\n\nNo cost differs\.\n$/);
  });

  test('--json has every row, one for a situation', async () => {
    const { stdout, ...rest } = await run('costs', ['baseline', 'v4', '--json', ...LIST]);
    expect(rest).toEqual({ exitCode: 0, stderr: '' });
    const { states, rows } = schema.parse(JSON.parse(stdout));
    expect(states).toEqual(['baseline', 'v4']);
    for (const { costs } of rows) for (const { sides } of costs) expect(sides).toHaveLength(2);
    const keys = rows.map((row) => JSON.stringify({ ...row, operations: 0, costs: [] }));
    expect(new Set(keys).size).toBe(keys.length);
    expect(new Set(rows.map(({ of }) => of))).toEqual(new Set(['call', 'entry']));
  });

  test.each([
    [
      ['v3', '--operation', 'unmap'],
      /'--operation <NAME>' argument 'unmap' is invalid.* map_page, unmap_page, /,
    ],
    [['v33'], /unknown state "v33"/],
  ])('%j: one line, 2', async (args, words) => {
    const { stdout, stderr, exitCode } = await run('costs', args);
    expect({ stdout, exitCode }).toEqual({ stdout: '', exitCode: 2 });
    expect(stderr.trimEnd().split('\n')).toEqual([expect.stringMatching(words)]);
  });
});
