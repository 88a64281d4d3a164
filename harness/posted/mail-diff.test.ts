// SPDX-License-Identifier: GPL-2.0-only
import { describe, expect, test } from '@jest/globals';
import { UserError } from '../text/user-error.ts';
import { hasDiff, parseMailDiff } from './mail-diff.ts';
import { FILE, FIRST, SECOND } from './testing/kettle.ts';

function parse(text: string) {
  return parseMailDiff(text, 'the mail');
}

test('change log, files and hunks with their lines', () => {
  const { changelog, files, onlyMode, baseCommit, author } = parse(
    `\nIt leaks.\n\nSigned-off-by: A B <a@b.invalid>\n---\n 1 file\n\n${FIRST}-- \n2.39.5\n\nbase-commit: 0123456789abcdef0123456789abcdef01234567\n`,
  );
  expect({ changelog, author, onlyMode, baseCommit }).toEqual({
    changelog: 'It leaks.\n\nSigned-off-by: A B',
    author: undefined,
    onlyMode: [],
    baseCommit: '0123456789abcdef0123456789abcdef01234567',
  });
  expect(files).toHaveLength(1);
  const [{ from, to, isCopy, hunks }] = files as [(typeof files)[0]];
  expect({ from, to, isCopy }).toEqual({ from: FILE, to: FILE, isCopy: false });
  const [hunk] = hunks as [(typeof hunks)[0]];
  expect(hunk).toMatchObject({ oldStart: 10, oldLines: 6, newStart: 10, newLines: 8, mailLine: 11 });
  expect(hunk.section).toBe('static int kettle_fill(struct kettle *k, int amount)');
  expect(hunk.lines).toHaveLength(8);
});

test('the author inside the text is the author', () => {
  expect(parse(`From: "Brewer, Bob" <bob@brew.invalid>\nDate: x\n\nText\n---\n${FIRST}`)).toMatchObject({
    author: 'Brewer, Bob',
    changelog: 'Text',
  });
});

test('new, deleted, renamed, copied and moved without a change', () => {
  const text = `---
diff --git a/new.c b/new.c
new file mode 100644
index 0000000..1111111
--- /dev/null
+++ b/new.c
@@ -0,0 +1 @@
+int x;
diff --git a/old.c b/old.c
deleted file mode 100644
index 1111111..0000000
--- a/old.c
+++ /dev/null
@@ -1 +0,0 @@
-int x;
diff --git a/from.c b/to.c
similarity index 90%
rename from from.c
rename to to.c
index 1111111..2222222 100644
--- a/from.c
+++ b/to.c
@@ -1 +1 @@
-int x;
+int y;
diff --git a/moved.c b/away.c
similarity index 100%
rename from moved.c
rename to away.c
diff --git a/one.c b/two.c
similarity index 100%
copy from one.c
copy to two.c
diff --git a/empty.c b/empty.c
new file mode 100644
index 0000000..e69de29
diff --git "a/t\\303\\244.c" "b/t\\303\\244.c"
new file mode 100644
`;
  expect(parse(text).files.map(({ from, to, isCopy, hunks }) => [from, to, isCopy, hunks.length])).toEqual([
    [undefined, 'new.c', false, 1],
    ['old.c', undefined, false, 1],
    ['from.c', 'to.c', false, 1],
    ['moved.c', 'away.c', false, 0],
    ['one.c', 'two.c', true, 0],
    [undefined, 'empty.c', false, 0],
    [undefined, 'tä.c', false, 0],
  ]);
});

test('only the mode', () => {
  const text = 'diff --git a/x.sh b/x.sh\nold mode 100644\nnew mode 100755\n';
  expect(parse(text)).toMatchObject({ files: [], onlyMode: ['x.sh'] });
});

test('a diff that is not of git, and a line whose space was cut', () => {
  const text = '--- a/x.c.orig\t2024-01-01\n+++ b/x.c\t2024-01-02\n@@ -1,3 +1,2 @@\n a\n\n-b\n';
  const [file] = parse(text).files;
  expect(file).toMatchObject({ from: 'x.c', to: 'x.c' });
  expect(file?.hunks[0]?.lines).toEqual([' a', ' ', '-b']);
});

test('no newline at the end', () => {
  const text =
    '--- a/x.c\n+++ b/x.c\n@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+a\n\\ No newline at end of file\n-- \n';
  expect(parse(text).files[0]?.hunks[0]?.lines).toHaveLength(4);
});

describe('refused in one line', () => {
  test.each([
    [
      'binary, git',
      'diff --git a/x.png b/x.png\nGIT binary patch\nliteral 1\n',
      /line 2: a binary patch of "x.png"/,
    ],
    ['binary', 'diff --git a/x b/x\nBinary files a/x and b/x differ\n', /line 2: a binary patch of "x"/],
    ['cut short', FIRST.slice(0, -20), /"\\treturn 0;" is no line of|the text ends inside hunk "@@ -10,6/],
    ['too many lines', `${FIRST}+more\n`, /has more lines than it counts/],
    [
      'lines that do not count',
      FIRST.replace('-10,6 +10,8', '-10,6 +10,6'),
      /has other lines than it counts/,
    ],
    [
      'wrapped',
      FIRST.replace('kettle_level(k))', '\nkettle_level(k))'),
      /"kettle_level\(k\)\)" is no line of hunk/,
    ],
    [
      'out of the tree',
      FIRST.replaceAll(FILE, '../../etc/passwd'),
      /"..\/..\/etc\/passwd" is no path inside/,
    ],
    ['into .git', FIRST.replaceAll(FILE, '.git/config'), /is no path inside/],
    ['no prefix', FIRST.replaceAll(/[ab]\/drivers\/kitchen\//g, ''), /lacks the a\/ or b\//],
    ['a hunk of nothing', `${SECOND}\n@@ -1 +1 @@\n-a\n+b\n`, /a hunk without a file/],
    ['no hunk', '--- a/x\n+++ b/x\n\n', /no hunk where one begins/],
    ['no change', 'diff --git a/x b/x\nindex 1111..2222\n', /without a change/],
    ['only context', '--- a/x\n+++ b/x\n@@ -1 +1 @@\n a\n', /changes nothing/],
  ])('%s', (_, text, message) => {
    expect(() => parse(text)).toThrow(UserError);
    expect(() => parse(text)).toThrow(message);
    expect(() => parse(text)).toThrow(/^the mail[^\n]*$/);
  });
});

test('a quoted diff is none', () => {
  expect(hasDiff(FIRST.replaceAll(/^/gm, '> '))).toBe(false);
  expect(hasDiff(FIRST)).toBe(true);
});
