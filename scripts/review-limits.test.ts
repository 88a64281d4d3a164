// SPDX-License-Identifier: GPL-2.0-only
/** Series, trees and machines that ask too much of a review: a line each, and the workspace stays of use. */
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { execa } from 'execa';
import { execute, nodeArgs, ROOT, run, type Outcome } from './testing/run.ts';

/** Compilers are slow to start. */
const PATIENCE = 900_000;
const SLOW = { timeout: PATIENCE };
const FIXTURES = join(ROOT, 'harness/c-states/testing');
const SMALL = join(FIXTURES, 'tree');
const [V1, V2] = ['v1', 'v2'].map((name) => join(FIXTURES, `${name}.mbox`)) as [string, string];
const MiB = 1024 * 1024;

const folder = mkdtempSync(join(tmpdir(), 'bouncediff-'));
const CASE = 'sync/part-for-cpu-across-slots';

function wordsFor(workspace: string, series: string, tree = SMALL): string[] {
  const place = ['--tree', tree, '--workspace', join(folder, workspace)];
  return [...place, '--machine', 'model', '--scenario', CASE, series];
}

function expectRefused({ stdout, stderr, exitCode }: Outcome, said: RegExp): void {
  expect({ stdout, exitCode }).toEqual({ stdout: '', exitCode: 2 });
  expect(stderr).toMatch(/^bouncediff: [^\n]+\n$/);
  expect(stderr).toMatch(said);
}

/** The small tree with files of its own, the first of which its dma-iommu.c includes. */
function treeIncluding(name: string, headers: ReadonlyMap<string, string>): string {
  const tree = join(folder, name);
  cpSync(SMALL, tree, { recursive: true });
  mkdirSync(join(tree, 'include/many'));
  for (const [file, text] of headers) writeFileSync(join(tree, 'include/many', file), text);
  const file = join(tree, 'drivers/iommu/dma-iommu.c');
  writeFileSync(file, `#include <many/0.h>\n${readFileSync(file, 'utf8')}`);
  return tree;
}

describe('too much is refused in one line', () => {
  test(
    'more than 5,000 files to include',
    async () => {
      const count = 5001;
      const all = Array.from({ length: count }, (_, i) => `#include <many/${i + 1}.h>\n`).join('');
      const headers = new Map([['0.h', all]]);
      for (let i = 1; i <= count; i++) headers.set(`${i}.h`, '');
      const tree = treeIncluding('wide', headers);
      expectRefused(
        await run('review', wordsFor('wide-w', V1, tree), SLOW),
        /more than 5000 files are included/,
      );
      expect(existsSync(join(folder, 'wide-w'))).toBe(false);
    },
    PATIENCE,
  );

  test(
    'includes that are nested 200 deep',
    async () => {
      const headers = new Map<string, string>();
      for (let i = 0; i <= 200; i++) headers.set(`${i}.h`, `#include <many/${i + 1}.h>\n`);
      const tree = treeIncluding('deep', headers);
      expectRefused(await run('review', wordsFor('deep-w', V1, tree), SLOW), /deeper than 200/);
      expect(existsSync(join(folder, 'deep-w'))).toBe(false);
    },
    PATIENCE,
  );

  test(
    'more than 32 MB of mails',
    async () => {
      const mailbox = join(folder, 'large.mbox');
      const mail = readFileSync(V1, 'utf8');
      writeFileSync(mailbox, mail + 'x\n'.repeat(16 * MiB + 1));
      expectRefused(await run('review', wordsFor('large-w', mailbox), SLOW), /32 M/);
      expect(existsSync(join(folder, 'large-w'))).toBe(false);
    },
    PATIENCE,
  );
});

/** A review in a shell that limits what it may use: `ulimit -f`, in blocks, `ulimit -v`, in KiB. */
async function limited(limit: string, words: readonly string[]): Promise<Outcome> {
  const command = `ulimit ${limit} && exec "$@"`;
  return execute('bash', ['-c', command, 'bash', process.execPath, ...nodeArgs('review', words)], SLOW);
}

describe('a machine at its end', () => {
  test(
    'a disk that takes no more',
    async () => {
      expectRefused(await limited('-f 1', wordsFor('full-w', V1)), /: cannot write ".*full-w.*": EFBIG/);
      // Nothing that is half written is left under a name that counts.
      expect(readdirSync(join(folder, 'full-w/objects'))).toEqual([]);
    },
    PATIENCE,
  );

  test(
    'no memory for the compiler',
    async () => {
      expectRefused(await limited('-v 4000000', wordsFor('poor-w', V1)), /: no memory for the C compiler/);
    },
    PATIENCE,
  );
});

describe('the workspace', () => {
  test(
    'is of use after a run that was killed, and to two runs at once',
    async () => {
      const killed = execa(process.execPath, nodeArgs('review', wordsFor('shared-w', V2)), {
        reject: false,
        stdin: 'ignore',
      });
      const objects = join(folder, 'shared-w/objects');
      while (!existsSync(objects) || readdirSync(objects).length < 2) {
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      killed.kill('SIGKILL');
      await killed;
      const both = await Promise.all([
        run('review', wordsFor('shared-w', V2), SLOW),
        run('review', wordsFor('shared-w', V2), SLOW),
      ]);
      const alone = await run('review', wordsFor('alone-w', V2), SLOW);
      const asShared = alone.stdout.replaceAll('alone-w', 'shared-w');
      expect(both).toEqual([
        { ...alone, stdout: asShared },
        { ...alone, stdout: asShared },
      ]);
      expect(alone).toMatchObject({ stderr: '', exitCode: 0 });
      const left = readdirSync(objects).filter((file) => !/^[0-9a-f]{64}\.(o|json|results)$/.test(file));
      // What was killed may have left one file that it was writing.
      expect(left.length).toBeLessThanOrEqual(1);
    },
    PATIENCE,
  );
});
