// SPDX-License-Identifier: GPL-2.0-only
/** Series on a small tree of our own, reviewed and imported. */
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { compareSchema } from './testing/compare-schema.ts';
import { ROOT, run } from './testing/run.ts';

/** Compilers are slow to start. */
const PATIENCE = 900_000;
const SLOW = { timeout: PATIENCE };
const FIXTURES = join(ROOT, 'harness/c-states/testing');
const SMALL = join(FIXTURES, 'tree');
const FILE = 'drivers/iommu/dma-iommu.c';
const [V1, V2] = ['v1', 'v2'].map((name) => join(FIXTURES, `${name}.mbox`)) as [string, string];

const folder = mkdtempSync(join(tmpdir(), 'bouncediff-'));
const workspace = join(folder, 'workspace');
const onTree = (tree = SMALL): string[] => ['--tree', tree, '--machine', 'model', '--workspace', workspace];
const CASES = ['--scenario', 'sync/part-for-cpu-across-slots'];

function fileWith(name: string, text: string): string {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}

function smallTree(name: string, change: (text: string) => string, path = FILE): string {
  const tree = join(folder, name);
  cpSync(SMALL, tree, { recursive: true });
  writeFileSync(join(tree, path), change(readFileSync(join(tree, path), 'utf8')));
  return tree;
}

describe('review', () => {
  test(
    'a series against its base: what regressed, by which patch, with its posted lines',
    async () => {
      const { stdout, stderr, exitCode } = await run('review', [...onTree(), V1, ...CASES, '--full'], SLOW);
      expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 1 });
      expect(stdout).toMatch(/^# base → v1$/m);
      expect(stdout).toMatch(/^\*\*v1 shows the device wrong bytes\*\*/m);
      expect(stdout).toContain('compiled: Linux 5.14.0-small of');
      expect(stdout).toContain('### Regressed: to-device-data: not-cleaned, broken by v1.2');
      expect(stdout).toMatch(
        /\*\*v1\.2\*\* in `drivers\/iommu\/dma-iommu\.c:\d+`, <https:\/\/lore\.kernel\.org\/r\/20240506100001\.2-1@lovett\.example>:\n\n```diff\n@@ /,
      );
      expect(stdout).toMatch(/^\+\s+\} else if \(!dev->dma_coherent/m);
      expect(stdout).toContain('Ada Lovett, 2024-05-06');
      // The only @ is that of a Message-Id.
      expect(stdout).not.toContain('ada@');
    },
    PATIENCE,
  );

  test(
    'a revision against the one before, as JSON',
    async () => {
      const { stdout, stderr, exitCode } = await run(
        'review',
        [...onTree(), V1, V2, ...CASES, '--json'],
        SLOW,
      );
      expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 0 });
      const { from, to, findings } = compareSchema.parse(JSON.parse(stdout));
      expect([from.id, from.alias, to.id]).toEqual(['v1', 'v1.2', 'v2']);
      const fixed = findings.find(({ clause }) => clause === 'to-device-data');
      expect(fixed).toMatchObject({ kind: 'fixed', cause: 'not-cleaned' });
      expect(fixed?.patches).toMatchObject([{ patch: 'v1.2', executed: ['iommu_dma_map_page'] }]);
      expect(fixed?.patches[0]?.hunks.map(({ file }) => file)).toEqual([FILE]);
    },
    PATIENCE,
  );

  test(
    'two bases: said first, and what they differ in is listed apart',
    async () => {
      // The other base does not copy back what a device has written.
      const repository = join(folder, 'two-bases');
      cpSync(SMALL, repository, { recursive: true });
      const { execa } = await import('execa');
      const git = async (...args: string[]): Promise<unknown> =>
        execa('git', ['-C', repository, '-c', 'user.name=A', '-c', 'user.email=a@example.org', ...args]);
      await git('init', '--quiet');
      await git('add', '.');
      await git('commit', '--quiet', '--message=one');
      await git('tag', 'one');
      const file = join(repository, FILE);
      const broken = readFileSync(file, 'utf8').replace(
        '\t\tswiotlb_sync_single_for_cpu(dev, phys, size, dir);\n',
        '\t\t;\n',
      );
      writeFileSync(file, broken);
      await git('commit', '--quiet', '--all', '--message=two');
      const words = [...onTree(repository), `${V1}@one`, V1, ...CASES, '--json'];
      const { stdout, stderr, exitCode } = await run('review', words, SLOW);
      expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 0 });
      const { notes, findings, ofBases } = compareSchema.parse(JSON.parse(stdout));
      expect(notes[0]).toMatch(/^two bases: 1\/v1 stands on .*; 2\/v1 stands on /);
      expect(ofBases).toContainEqual(
        expect.objectContaining({ kind: 'regressed', clause: 'from-device-data', cause: 'not-copied' }),
      );
      expect(findings.filter(({ kind }) => kind === 'regressed')).toEqual([]);
    },
    PATIENCE,
  );
});

describe('what is refused in one line', () => {
  const refused = async (...args: string[]): Promise<string> => {
    const { stdout, stderr, exitCode } = await run('review', args, SLOW);
    expect({ stdout, exitCode }).toEqual({ stdout: '', exitCode: 2 });
    expect(stderr).toMatch(/^bouncediff: [^\n]+\n$/);
    return stderr;
  };

  test(
    'no tree, and what is none',
    async () => {
      expect(await refused(V1)).toContain('--tree DIR is missing');
      mkdirSync(join(folder, 'empty'));
      expect(await refused(...onTree(join(folder, 'empty')), V1)).toContain(
        'is no kernel tree: it lacks a Makefile',
      );
      expect(await refused(...onTree(join(folder, 'nowhere')), V1)).toContain('no folder');
      expect(await refused(...onTree(), '--base', 'v5.14', V1)).toContain('is no git repository');
    },
    PATIENCE,
  );

  test(
    'a tree of another shape: the missing thing is named',
    async () => {
      const gone = smallTree(
        'no-map',
        (text) => text.replace(/^int iommu_map\(.*$/m, ''),
        'include/linux/iommu.h',
      );
      expect(await refused(...onTree(gone), V1)).toContain(
        'include/linux/iommu.h: iommu_map() is not declared here',
      );
      const other = smallTree(
        'other-map',
        (text) => text.replace('int iommu_map(', 'long iommu_map('),
        'include/linux/iommu.h',
      );
      expect(await refused(...onTree(other), V1)).toContain('iommu_map() has an unknown prototype, long (');
    },
    PATIENCE,
  );

  test(
    'mails without a patch, and a patch that does not apply',
    async () => {
      const mail = fileWith('talk.mbox', 'From a@example.org\nSubject: Re: lunch\n\nYes.\n');
      expect(await refused(...onTree(), mail)).toContain('has no patch');
      const moved = smallTree('moved', (text) =>
        text.replaceAll('if (dev->dma_coherent)', 'if (is_coherent(dev))'),
      );
      expect(await refused(...onTree(moved), V1)).toMatch(
        /v1 1\/2 ".*" does not apply to "drivers\/iommu\/dma-iommu\.c": hunk "@@ -180.*: expected ".*", found ".*is_coherent.*" at line \d+/,
      );
      const gap = fileWith(
        'gap.mbox',
        readFileSync(V1, 'utf8').replace(
          /^From mboxrd(?:(?!^From mboxrd)[\s\S])*\[PATCH v1 1\/2\][\s\S]*?(?=^From mboxrd)/m,
          '',
        ),
      );
      expect(await refused(...onTree(), gap)).toContain('v1 is not complete: patch 1 of 2 is missing');
    },
    PATIENCE,
  );

  test(
    'binary patches, includes from outside, assembly',
    async () => {
      const binary = fileWith(
        'binary.mbox',
        'From a@example.org\nSubject: [PATCH] x\n\ndiff --git a/x b/x\nindex 1..2 100644\nGIT binary patch\nliteral 1\nIcmZ\n',
      );
      expect(await refused(...onTree(), binary)).toMatch(/binary/);
      const outside = smallTree('outside', (text) => `#include "../../../../../etc/passwd"\n${text}`);
      expect(await refused(...onTree(outside), V2)).toContain('leads out of the kernel tree');
      const assembly = smallTree(
        'assembly',
        (text) => `${text}\nvoid f(void)\n{\n\tasm volatile("hlt");\n}\n`,
      );
      expect(await refused(...onTree(assembly), V2)).toMatch(/dma-iommu\.c:\d+: inline assembly cannot run/);
    },
    PATIENCE,
  );

  test(
    'a patch that does not compile: the first error, in lines of the patched file',
    async () => {
      const text = readFileSync(V2, 'utf8').replace(
        'mapped_size(dev, phys, size), dir);\n+',
        'mapped_sizes(dev, phys, size), dir);\n+',
      );
      const bad = fileWith('bad.mbox', text);
      const said = await refused(...onTree(), bad);
      expect(said).toMatch(
        /v2 2\/2 ".*" does not compile: drivers\/iommu\/dma-iommu\.c:12\d:\d+: error: .*mapped_sizes/,
      );
    },
    PATIENCE,
  );

  test(
    'a workspace in the tree',
    async () => {
      const tree = smallTree('inside', (text) => text);
      expect(await refused('--tree', tree, '--workspace', join(tree, 'w'), V1)).toContain(
        'would lie in the kernel tree',
      );
      expect(existsSync(join(tree, 'w'))).toBe(false);
    },
    PATIENCE,
  );
});

describe('import', () => {
  const imported = async (name: string, ...args: string[]): Promise<string> => {
    const { stdout, stderr, exitCode } = await run(name, [...args, '--workspace', workspace], SLOW);
    expect({ stderr, isFine: exitCode === 0 || exitCode === 1 }).toEqual({ stderr: '', isFine: true });
    return stdout;
  };

  test(
    'a tree and series on it are states for every command',
    async () => {
      const { stderr, exitCode } = await run('import', [...onTree(), '--as', 'small', V1, V2], SLOW);
      expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 0 });
      expect(await imported('import', '--list')).toMatch(/small +\| .*\n.*small\/v1\.1 /);
      expect(await imported('states')).toContain('small/v2 = small/v2.2');
      expect(await imported('compare', 'small/v1', 'small/v2', ...CASES)).toMatch(
        /^# small\/v1 → small\/v2$/m,
      );
      const [tree, series] = ['small', 'small/v1'].map(async (to) =>
        imported('compare', 'baseline', to, ...CASES),
      );
      expect((await tree)?.match(/compiled from|to \*\*small\*\*: Linux 5\.14\.0-small of/g)).toHaveLength(1);
      expect(await series).toContain('small/v1 is compiled from Linux 5.14.0-small of');
      expect(await imported('trace', 'small/v1', 'sync/part-of-page')).toContain('iommu_dma_map_page');
      expect(await imported('costs', 'small', 'small/v2', ...CASES)).toContain('small/v2');
      expect(await imported('matrix', 'small', 'small/v2', ...CASES)).toContain('small/v2');
      expect(await imported('source', 'small/v1', 'clear_padding')).toContain('static void clear_padding(');
      expect(await imported('source', 'small/v1', '--diff', 'small/v2')).toContain(
        'changed: iommu_dma_map_page',
      );
      expect(await imported('explore', 'small', 'small/v1', '--runs', '20')).toContain('explore small');
    },
    PATIENCE,
  );

  test(
    'what follows from the processor alone is listed apart',
    async () => {
      const newer = smallTree('newer', (text) => text);
      mkdirSync(join(newer, 'arch/arm64/mm'), { recursive: true });
      const maintenance =
        'void arch_sync_dma_for_device(long p, long s, int dir)\n{\n\tdcache_clean_poc(p, s);\n}\n';
      writeFileSync(join(newer, 'arch/arm64/mm/dma-mapping.c'), maintenance);
      await imported('import', ...onTree().slice(0, 4), '--as', 'old');
      await imported('import', ...onTree(newer).slice(0, 4), '--as', 'new');
      const words = ['--scenario', 'map/short-packet', '--json'];
      const { notes, findings, ofBases, differentOfBases } = compareSchema.parse(
        JSON.parse(await imported('compare', 'old', 'new', ...words)),
      );
      expect(notes).toContain(
        'made otherwise: old on the model of those of 5.14 and invalidates, as in 5.14, what is mapped from-device, new on the model of those of 5.14 and cleans what is mapped from-device; what follows from that alone is listed apart',
      );
      expect(ofBases).toContainEqual(
        expect.objectContaining({ kind: 'fixed', cause: 'dropped-by-arch-invalidate' }),
      );
      expect(findings.filter(({ kind }) => kind === 'fixed')).toEqual([]);
      const bounced = 'map/short-packet[untrusted=true,dir=FROM_DEVICE,coherent=false]';
      expect(differentOfBases).toEqual([bounced]);
      expect(notes.at(-1)).toBe(
        `the traces of 1 case differ as those of the bases do, to the same verdicts: \`${bounced}\``,
      );
    },
    PATIENCE,
  );

  test(
    'names that are taken or are none',
    async () => {
      for (const [name, said] of [
        ['v3', 'is called so already'],
        ['review', 'is called so already'],
        ['A B', 'a name is made of'],
      ] as const) {
        const { stderr, exitCode } = await run('import', [...onTree(), '--as', name], SLOW);
        expect({ exitCode, isSaid: stderr.includes(said) }).toEqual({ exitCode: 2, isSaid: true });
      }
    },
    PATIENCE,
  );

  test(
    '--clean empties it',
    async () => {
      await imported('import', '--clean');
      const { stderr, exitCode } = await run('trace', [
        'small',
        'sync/part-of-page',
        '--workspace',
        workspace,
      ]);
      expect({ stderr, exitCode }).toEqual({
        stderr: expect.stringContaining('unknown state "small"'),
        exitCode: 2,
      });
    },
    PATIENCE,
  );
});
