// SPDX-License-Identifier: GPL-2.0-only
/** What a comparison of this repository's own states came to is kept, and counts only for the very same cases. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { copyProject } from './testing/project-copy.ts';
import { run } from './testing/run.ts';

const SCENARIO = 'min-align-mask/neighbour-slot';
const root = copyProject([SCENARIO]);
rmSync(join(root, 'corpus', 'expectations.yaml'));
afterAll(() => rmSync(root, { recursive: true }));

async function compare(...more: readonly string[]): Promise<string> {
  const { stdout, stderr } = await run('compare', ['v2', 'v3', ...more], { root });
  expect(stderr).toBe('');
  return stdout;
}

test('asked again it says the same, in whatever form; of an edited scenario what that shows', async () => {
  const first = await compare();
  const json = await compare('--json');
  expect(await compare()).toBe(first);
  expect(await compare('--json')).toBe(json);
  expect(first).toMatch(/^\| regressed +\| +3 \|/m);

  // Granules of a page: no mapping shares one with another any more.
  const file = join(root, 'corpus', `${SCENARIO}.yaml`);
  const text = readFileSync(file, 'utf8');
  writeFileSync(file, text.replace('granule: 4096', 'granule: 65536'));
  const edited = await compare();
  expect(edited).toMatch(/^\| regressed +\| +0 \|/m);

  writeFileSync(file, text);
  expect(await compare()).toBe(first);
});
