// SPDX-License-Identifier: GPL-2.0-only
import { expect, test } from '@jest/globals';
import { linesOf } from './changed.ts';

test('the lines of a patch, as the file has them afterwards', () => {
  const patch = [
    'diff --git a/one b/one',
    '--- a/one',
    '+++ b/one',
    '@@ -3,2 +2,0 @@',
    '-gone',
    '-gone',
    '@@ -9 +7,2 @@ context',
    '-old',
    '+new',
    '+new',
    'diff --git a/top b/top',
    '--- a/top',
    '+++ b/top',
    '@@ -1 +0,0 @@',
    '-first',
    'diff --git a/created b/created',
    'new file mode 100644',
    '--- /dev/null',
    '+++ b/created',
    '@@ -0,0 +1 @@',
    '+only',
    'diff --git a/deleted b/deleted',
    'deleted file mode 100644',
    '--- a/deleted',
    '+++ /dev/null',
    '@@ -1 +0,0 @@',
    '-only',
    'diff --git a/picture b/picture',
    'Binary files a/picture and b/picture differ',
    '',
  ].join('\n');
  expect([...linesOf(patch)]).toEqual([
    [
      'one',
      [
        { from: 2, to: 2 },
        { from: 7, to: 8 },
      ],
    ],
    ['top', [{ from: 1, to: 1 }]],
    ['created', [{ from: 1, to: 1 }]],
  ]);
});

test('no patch, no lines', () => {
  expect([...linesOf('')]).toEqual([]);
});
