// SPDX-License-Identifier: GPL-2.0-only
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { compareSchema, type Report } from './testing/compare-schema.ts';
import { run } from './testing/run.ts';

const PATIENCE = 240_000;
const SLOW = { timeout: PATIENCE, long: true };
/** Cases that show none of what v3 breaks in a list. */
const FEW = ['v2', 'v3', '--scenario', 'sync/part-of-page'];

describe('compare --explore', () => {
  test(
    'what generated programs show beside the corpus is a finding, with a scenario that shows it by itself',
    async () => {
      const { stdout, stderr, exitCode } = await run('compare', [...FEW, '--explore', '128', '--json'], SLOW);
      expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 1 });
      const { explored, findings, summary } = compareSchema.parse(JSON.parse(stdout));
      expect(explored).toEqual({ seed: 1, programs: 128, tooMuch: [] });
      const crash = findings.find(({ kind, clause }) => kind === 'regressed' && clause === 'no-crash');
      const { program = -1, yaml = '' } = crash?.found ?? {};
      expect(program).toBeLessThan(128);
      expect(crash?.patches.map(({ patch }) => patch)).toEqual(['v3.5']);
      const ran = findings.flatMap(({ cases, found }) => (found === null ? cases : []));
      expect(summary.cases).toBeGreaterThan(ran.length);
      const file = join(mkdtempSync(join(tmpdir(), 'bouncediff-')), 'found.yaml');
      writeFileSync(file, yaml);
      const again = await run('compare', ['v2', 'v3', '--scenario', file, '--json'], SLOW);
      const { findings: alone } = JSON.parse(again.stdout) as Pick<Report, 'findings'>;
      expect(alone.map(({ kind, clause, cause }) => [kind, clause, cause])).toContainEqual([
        'regressed',
        'no-crash',
        crash?.cause,
      ]);
    },
    PATIENCE,
  );

  test(
    'stopped by the clock, the report says at how many programs, and so many make the same report',
    async () => {
      const stopped = await run(
        'compare',
        ['v7', 'v8', '--scenario', 'sync/part-of-page', '--explore-time', '1', '--explore', '1000000'],
        SLOW,
      );
      const [, programs = ''] = /seed 1, stopped at (\d+) programs/.exec(stopped.stdout) ?? [];
      expect(stopped.stderr).toBe(`exploration stopped after 1 s, at ${programs} of 1000000 programs\n`);
      const again = await run(
        'compare',
        ['v7', 'v8', '--scenario', 'sync/part-of-page', '--explore', programs],
        SLOW,
      );
      expect(again.stderr).toBe('');
      expect(again.stdout).toBe(stopped.stdout);
    },
    PATIENCE,
  );

  test('without it, and with 0 programs, nothing is said of exploration', async () => {
    const plain = await run('compare', FEW, SLOW);
    expect(plain.stdout).not.toContain('xploration');
    expect((await run('compare', [...FEW, '--explore', '0'], SLOW)).stdout).toBe(plain.stdout);
  });

  test(
    'the page and the mail have what was found',
    async () => {
      const options = ['--explore', '64', '--format'];
      const page = await run('compare', [...FEW, ...options, 'html'], SLOW);
      expect(page.exitCode).toBe(1);
      expect(page.stdout).toContain('Exploration, seed 1, stopped at 64 programs');
      const mail = await run('compare', [...FEW, ...options, 'mail'], SLOW);
      expect(mail.stdout).toMatch(
        /^Reproduce: npx bouncediff compare v2 v3 --explore 64 \\\n {2}--finding no-crash-[0-9a-f]{6}$/m,
      );
    },
    PATIENCE,
  );

  test.each([
    [['--explore', 'many'], '--explore "many" is not a whole number'],
    [['--explore-time', '0'], '--explore-time "0" is not a whole number from 1'],
  ])('refused: %j', async (options, said) => {
    const { stdout, stderr, exitCode } = await run('compare', [...FEW, ...options]);
    expect({ stdout, exitCode }).toEqual({ stdout: '', exitCode: 2 });
    expect(stderr).toContain(said);
  });
});

describe('compare --power', () => {
  test(
    'says how strong the evidence is',
    async () => {
      const { stdout } = await run('compare', ['v3.4', 'v3.5', '--scenario', 'sync/*', '--power'], SLOW);
      expect(stdout).toMatch(
        /Of power: \d+ of \d+ small mistakes on the changed lines would change a finding or a cost, \d+ only the trace, \d+ nothing\./,
      );
    },
    PATIENCE,
  );
});
