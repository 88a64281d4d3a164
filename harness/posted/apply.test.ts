// SPDX-License-Identifier: GPL-2.0-only
import { describe, expect, test } from '@jest/globals';
import { UserError } from '../text/user-error.ts';
import { applySeries } from './apply.ts';
import { hunksInFunction, hunksTouching } from './hunks.ts';
import { blobId, type KernelTree } from './kernel-tree.ts';
import { parseMailDiff } from './mail-diff.ts';
import type { PostedSeries } from './series.ts';
import { FILE, FIRST, KETTLE, memoryTree, SECOND, TREE_FILES } from './testing/kettle.ts';

function series(...diffs: readonly string[]): PostedSeries {
  const total = diffs.length;
  return {
    version: 'v2',
    name: 'Kettle fixes',
    cover: undefined,
    baseCommit: undefined,
    notes: [],
    patches: diffs.map((diff, i) => ({
      subject: `kettle: ${i + 1}`,
      author: 'Ada Brewer',
      date: '2024-03-06',
      messageId: `${i + 1}@brew.invalid`,
      inReplyTo: undefined,
      link: `https://lore.kernel.org/r/${i + 1}@brew.invalid`,
      number: i + 1,
      total,
      title: `v2 ${i + 1}/${total}`,
      changelog: '',
      files: parseMailDiff(diff, 'mail').files,
    })),
  };
}

function withKettle(text: string): KernelTree {
  return memoryTree({ ...TREE_FILES, [FILE]: text });
}

async function textOf(tree: KernelTree): Promise<string> {
  return (await tree.read(FILE))?.text ?? '';
}

const OVERFLOW = '\t\treturn -EINVAL;\n\tif (amount > k->size - kettle_level(k))\n\t\treturn -ENOSPC;\n';
const AFTER_FIRST = KETTLE.replace('\t\treturn -EINVAL;\n', OVERFLOW);
const AFTER_SECOND = AFTER_FIRST.replace('\tk->hot', '\tif (kettle_level(k) > 0)\n\t\tk->hot');

test('a tree for every prefix', async () => {
  const { prefixes, patches, notes } = await applySeries(memoryTree(), series(FIRST, SECOND));
  const texts = await Promise.all(prefixes.map(async (tree) => (await tree.read(FILE))?.text));
  expect(texts).toEqual([KETTLE, AFTER_FIRST, AFTER_SECOND]);
  expect(prefixes.map((tree) => tree.changedFiles())).toEqual([[], [FILE], [FILE]]);
  expect(notes).toEqual([]);
  expect(patches.map(({ files }) => files.map(({ fuzz, isAsPosted }) => ({ fuzz, isAsPosted })))).toEqual([
    [{ fuzz: 0, isAsPosted: undefined }],
    [{ fuzz: 0, isAsPosted: undefined }],
  ]);
  expect((await prefixes[2]?.read('Makefile'))?.text).toBe(TREE_FILES['Makefile']);
  expect(prefixes[2]).toMatchObject({ name: 'memory', version: '5.14.0-rc5' });
});

test('lines further down, and carriage returns in the tree', async () => {
  const { patches, notes } = await applySeries(
    withKettle(`/* 1 */\n/* 2 */\n${KETTLE}`.replaceAll('\n', '\r\n')),
    series(FIRST),
  );
  expect(patches[0]?.files[0]?.hunks[0]).toMatchObject({ offset: 2, oldLine: 12, newLine: 12 });
  expect(notes).toEqual([`v2 1/1: "${FILE}" applied with an offset of 2 lines`]);
});

test('a hunk that lands behind another', async () => {
  const both = `${FIRST}${SECOND.slice(SECOND.indexOf('@@')).replace('-18,5 +18,6', '-16,5 +18,6')}`;
  const { patches, prefixes } = await applySeries(withKettle(`/* 1 */\n${KETTLE}`), series(both));
  expect((await prefixes[1]?.read(FILE))?.text).toBe(`/* 1 */\n${AFTER_SECOND}`);
  expect(
    patches[0]?.files[0]?.hunks.map(({ offset, oldLine, newLine }) => [offset, oldLine, newLine]),
  ).toEqual([
    [1, 11, 11],
    [1, 17, 19],
  ]);
});

test.each([
  ['one line', KETTLE.replace('return 0;', 'return 1;'), 1],
  ['two lines', KETTLE.replace('return 0;', 'return 1;').replace('(amount < 0)', '(amount <= 0)'), 2],
])('other context, %s', async (_, text, fuzz) => {
  const { patches, notes } = await applySeries(withKettle(text), series(FIRST));
  expect(patches[0]?.files[0]?.fuzz).toBe(fuzz);
  expect(notes).toEqual([`v2 1/1: "${FILE}" applied with fuzz ${fuzz}`]);
});

test('new, renamed, copied and deleted files', async () => {
  const diff = `diff --git a/new.c b/new.c
new file mode 100644
index 0000000..78981922613b
--- /dev/null
+++ b/new.c
@@ -0,0 +1 @@
+a
diff --git a/${FILE} b/pot.c
similarity index 90%
rename from ${FILE}
rename to pot.c
--- a/${FILE}
+++ b/pot.c
@@ -18,3 +18,3 @@ static void kettle_boil(struct kettle *k)
 {
-	k->hot = true;
+	k->hot = false;
 }
diff --git a/include/linux/types.h b/copy.h
similarity index 100%
copy from include/linux/types.h
copy to copy.h
diff --git a/include/linux/types.h b/include/linux/types.h
deleted file mode 100644
index 1234567..0000000
--- a/include/linux/types.h
+++ /dev/null
@@ -1 +0,0 @@
-typedef int kettle_t;
`;
  const { prefixes, patches } = await applySeries(memoryTree(), series(diff));
  const tree = prefixes[1]!;
  expect(tree.changedFiles()).toEqual(['copy.h', FILE, 'include/linux/types.h', 'new.c', 'pot.c']);
  expect(['copy.h', FILE, 'include/linux/types.h', 'new.c', 'pot.c'].map((path) => tree.has(path))).toEqual([
    true,
    false,
    false,
    true,
    true,
  ]);
  expect((await tree.read('pot.c'))?.text).toBe(KETTLE.replace('true', 'false'));
  expect(await tree.read('new.c')).toEqual({ text: 'a\n', blob: '78981922613b2afb6025042ff6bd878ac1994e85' });
  expect(await tree.read(FILE)).toBeUndefined();
  expect(patches[0]?.files.map(({ isAsPosted }) => isAsPosted)).toEqual([
    true,
    undefined,
    undefined,
    undefined,
  ]);
});

test('ids of the mail say whether it is what the author had', async () => {
  const index = (to: string): string => FIRST.replace('--- a', `index ${blobId(KETTLE)}..${to}\n--- a`);
  const [same, other] = await Promise.all(
    [blobId(AFTER_FIRST).slice(0, 12), '0123456789ab'].map(async (to) =>
      applySeries(memoryTree(), series(index(to))),
    ),
  );
  expect([same, other].map((applied) => applied?.patches[0]?.files[0]?.isAsPosted)).toEqual([true, false]);
});

test('no newline at the end of a file', async () => {
  const diff = '--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n\\ No newline at end of file\n';
  const { prefixes } = await applySeries(memoryTree({ x: 'a\n' }), series(diff));
  expect((await prefixes[1]?.read('x'))?.text).toBe('b');
});

describe('files that the tree lacks', () => {
  const moved = 'diff --git a/far.c b/further.c\nrename from far.c\nrename to further.c\n';
  const changed = '--- a/further.c\n+++ b/further.c\n@@ -1 +1 @@\n-a\n+b\n';

  test('are skipped, also where a later patch finds them', async () => {
    const { patches, notes } = await applySeries(memoryTree(), series(moved, `${FIRST}${changed}`));
    expect(patches.map(({ skipped }) => skipped)).toEqual([['far.c'], ['further.c']]);
    expect(notes).toEqual([
      'v2 1/2: skipped "far.c", which "memory" lacks',
      'v2 2/2: skipped "further.c", which "memory" lacks',
    ]);
  });

  test('are not when they are needed', async () => {
    await expect(applySeries(memoryTree(), series(moved), { required: ['further.c'] })).rejects.toThrow(
      'v2 1/1 "kettle: 1" does not apply: "memory" lacks "far.c"',
    );
  });
});

describe('refused in one line', () => {
  const gone = `--- a/${FILE}\n+++ /dev/null\n@@ -1,20 +0,0 @@\n${KETTLE.replaceAll(/^(?=.|\n)/gm, '-')}`;
  test.each<[string, string[], KernelTree, RegExp]>([
    [
      'another line',
      [FIRST],
      withKettle(KETTLE.replace('-EINVAL', '-EIO')),
      /^v2 1\/1 "kettle: 1" does not apply to "drivers\/kitchen\/kettle.c": hunk "@@ -10,6 \+10,8 @@ static int kettle_fill\(struct kettle \*k, int amount\)", mail line 4: expected "\\t\\treturn -EINVAL;", found "\\t\\treturn -EIO;" at line 12$/,
    ],
    [
      'a patch twice',
      [FIRST, FIRST],
      memoryTree(),
      /^v2 2\/2 .* expected "\\tk->level \+= amount;", found "\\tif \(amount > k->size - kettle_level\(k\)\)" at line 13$/,
    ],
    [
      'nothing like it',
      [FIRST],
      withKettle('a\n'),
      /expected "\{", found the end of the file at line 10|at line \d+$/,
    ],
    [
      'the second hunk',
      [FIRST + SECOND.slice(SECOND.indexOf('@@'))],
      withKettle(KETTLE.replace('hot', 'cold')),
      /hunk "@@ -18,5/,
    ],
    [
      'after it was deleted',
      [gone, FIRST],
      memoryTree(),
      /does not apply: an earlier patch took away "drivers/,
    ],
    [
      'made twice',
      [`--- /dev/null\n+++ b/${FILE}\n@@ -0,0 +1 @@\n+a\n`],
      memoryTree(),
      /makes "drivers\/kitchen\/kettle.c", which "memory" has already$/,
    ],
    [
      'not all deleted',
      ['--- a/x\n+++ /dev/null\n@@ -1 +0,0 @@\n-a\n'],
      memoryTree({ x: 'a\nb\n' }),
      /deletes "x", but the file has more lines than the patch$/,
    ],
    [
      'no context',
      ['--- a/x\n+++ b/x\n@@ -1,0 +2 @@\n+b\n'],
      memoryTree({ x: 'a\n' }),
      /it has no context, and the file is not empty$/,
    ],
    [
      'far away',
      ['--- a/x\n+++ b/x\n@@ -9999999 +9999999 @@\n-b\n+c\n'],
      memoryTree({ x: 'a\n' }),
      /expected "b", found /,
    ],
  ])('%s', async (_, diffs, tree, message) => {
    const apply = applySeries(tree, series(...diffs));
    await expect(apply).rejects.toThrow(message);
    await expect(apply).rejects.toThrow(UserError);
  });

  test('a file that takes for ever', async () => {
    const lines = 30_000;
    const hunk = `@@ -1,${lines} +1,${lines} @@\n${' a\n'.repeat(lines - 1)}-b\n+c\n`;
    const apply = applySeries(
      memoryTree({ x: 'a\n'.repeat(2 * lines) }),
      series(`--- a/x\n+++ b/x\n${hunk}`),
    );
    await expect(apply).rejects.toThrow(/the hunks take too long to place$/);
  });
});

describe('the posted hunk for a place', () => {
  const applied = async () => applySeries(memoryTree(), series(FIRST, SECOND));

  test('by line of the file after the patch', async () => {
    const { patches } = await applied();
    const at = (patch: number, from: number, to = from) =>
      hunksTouching(patches[patch]!, FILE, from, to).length;
    expect([12, 13, 14, 15].map((line) => at(0, line))).toEqual([0, 1, 1, 0]);
    expect([20, 21, 22, 23].map((line) => at(1, line))).toEqual([0, 1, 1, 0]);
    expect(at(0, 1, 12)).toBe(0);
    expect(at(0, 1, 13)).toBe(1);
    expect(hunksTouching(patches[0]!, 'other.c', 1, 99)).toEqual([]);
    expect(hunksTouching(patches[0]!, FILE, 13, 13)).toEqual([
      {
        file: FILE,
        lines: FIRST.trimEnd().split('\n').slice(3),
        line: 10,
        mailLine: 4,
        link: 'https://lore.kernel.org/r/1@brew.invalid',
      },
    ]);
  });

  test('by function, whatever the header says', async () => {
    const { patches, prefixes } = await applied();
    const within = async (patch: number, name: string) => {
      const texts = { before: await textOf(prefixes[patch]!), after: await textOf(prefixes[patch + 1]!) };
      return hunksInFunction(patches[patch]!, FILE, name, texts).map(({ mailLine }) => mailLine);
    };
    expect(await within(0, 'kettle_fill')).toEqual([4]);
    expect(await within(0, 'kettle_boil')).toEqual([]);
    expect(await within(1, 'kettle_boil')).toEqual([4]);
    // Its header names kettle_fill(), which ends above.
    expect(await within(1, 'kettle_fill')).toEqual([]);
  });

  test('a function that is deleted, and one that is in neither file', async () => {
    const diff = `--- a/${FILE}\n+++ b/${FILE}\n@@ -17,4 +17,0 @@ struct kettle_ops(x)\n${KETTLE.split('\n')
      .slice(16, 20)
      .map((line) => `-${line}\n`)
      .join('')}`;
    const { patches, prefixes } = await applySeries(memoryTree(), series(diff));
    const texts = { before: await textOf(prefixes[0]!), after: await textOf(prefixes[1]!) };
    expect(hunksInFunction(patches[0]!, FILE, 'kettle_boil', texts)).toHaveLength(1);
    expect(hunksInFunction(patches[0]!, FILE, 'kettle_ops', texts)).toHaveLength(1);
    expect(hunksInFunction(patches[0]!, 'other.c', 'kettle_boil', texts)).toEqual([]);
  });
});
