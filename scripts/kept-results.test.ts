// SPDX-License-Identifier: GPL-2.0-only
/** What came of cases on compiled states is kept, and counts only for the very same. */
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deserialize } from 'node:v8';
import { inflateRawSync } from 'node:zlib';
import { expect, test } from '@jest/globals';
import { ROOT, run } from './testing/run.ts';

const PATIENCE = 900_000;
const FIXTURES = join(ROOT, 'harness/c-states/testing');
const folder = mkdtempSync(join(tmpdir(), 'bouncediff-'));
const workspace = join(folder, 'workspace');
const corpus = join(folder, 'corpus');
const SCENARIO = join('sync', 'part-for-cpu-across-slots.yaml');

async function review(...more: readonly string[]): Promise<string> {
  const words = ['--tree', join(FIXTURES, 'tree'), '--machine', 'model', '--workspace', workspace];
  const { stdout, stderr, exitCode } = await run(
    'review',
    [...words, join(FIXTURES, 'v1.mbox'), '--corpus', corpus, '--explore', '50', ...more],
    { timeout: PATIENCE },
  );
  expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 1 });
  return stdout;
}

/** The files with results, and which of several versions each is. */
function kept(): Map<string, number> {
  const objects = join(workspace, 'objects');
  const files = readdirSync(objects).filter((name) => name.endsWith('.results'));
  return new Map(files.toSorted().map((name) => [join(objects, name), statSync(join(objects, name)).ino]));
}

function resultsIn(file: string): unknown {
  return deserialize(inflateRawSync(Buffer.from(readFileSync(file, 'latin1'), 'base64')));
}

test(
  'results are used again, made anew where they are damaged, and not taken for those of another scenario',
  async () => {
    mkdirSync(join(corpus, 'sync'), { recursive: true });
    cpSync(join(ROOT, 'corpus', SCENARIO), join(corpus, SCENARIO));
    const first = await review();
    const results = kept();
    // Of the comparison, of its patches, and of generated programs.
    expect(results.size).toBe(3);

    expect(await review()).toBe(first);
    expect(kept()).toEqual(results);
    await review('--json');
    expect(kept()).toEqual(results);

    const whole = [...results.keys()].map(resultsIn);
    for (const file of results.keys()) {
      const bytes = readFileSync(file);
      writeFileSync(file, bytes.subarray(0, bytes.length >> 1));
    }
    expect(await review()).toBe(first);
    const again = kept();
    expect([...again.keys()]).toEqual([...results.keys()]);
    // Not byte by byte: V8 may write a number in another way the second time.
    expect([...again.keys()].map(resultsIn)).toEqual(whole);

    const text = readFileSync(join(corpus, SCENARIO), 'utf8');
    writeFileSync(join(corpus, SCENARIO), `${text}# the same cases\n`);
    await review();
    expect(kept().size).toBe(3);
    writeFileSync(join(corpus, SCENARIO), text.replace('[0, 1984, 3000]', '[0, 1984]'));
    await review();
    // Patches are measured on the smallest cases, which are there still.
    expect(kept().size).toBe(5);
  },
  PATIENCE,
);
