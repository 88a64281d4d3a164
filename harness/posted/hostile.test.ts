// SPDX-License-Identifier: GPL-2.0-only
/** Whatever is done to mails: a series, or an error of one line. */
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { UserError } from '../text/user-error.ts';
import { applySeries } from './apply.ts';
import { hunksInFunction, hunksTouching } from './hunks.ts';
import { readMailbox } from './mailbox.ts';
import { postedSeries } from './series.ts';
import { FILE, memoryTree, SERIES } from './testing/kettle.ts';

const PIECES = [
  '@@ -1,3 +1,4 @@\n',
  '@@ -9999999,9999999 +0,0 @@',
  '--- /dev/null\n',
  '+++ b/x.c\n',
  'diff --git a/x b/y\n',
  'rename from a\nrename to b\n',
  'copy from include/linux/types.h\ncopy to x\n',
  'GIT binary patch\n',
  'deleted file mode 100644\n',
  '\\ No newline at end of file\n',
  '\nFrom mboxrd@z Thu Jan  1 00:00:00 1970\nSubject: [PATCH v2 2/2] x\n\n',
  'Content-Transfer-Encoding: base64\n',
  'Content-Type: multipart/mixed; boundary="@@"\n',
  'Subject: [PATCH v2 1/2] x\n',
  '../',
  '\0',
  '\r\n',
  '\u2028',
  ' ',
  '-',
  '+',
  '\n',
];

/** The series with pieces put in, and stretches taken out or doubled. */
const mutated = fc
  .array(
    fc.record({
      at: fc.nat(SERIES.length),
      length: fc.oneof(fc.nat(3), fc.nat(200)),
      piece: fc.oneof(fc.constantFrom(...PIECES), fc.string({ maxLength: 5 }), fc.constant(undefined)),
    }),
    { minLength: 1, maxLength: 6 },
  )
  .map((edits) =>
    edits.reduce((text, { at, length, piece }) => {
      const cut = text.slice(at, at + length);
      return text.slice(0, at) + (piece ?? cut + cut) + text.slice(at + (piece === undefined ? 0 : length));
    }, SERIES),
  );

async function outcome(text: string): Promise<string> {
  const stdin = (async function* bytes() {
    yield await Promise.resolve(Buffer.from(text));
  })();
  try {
    const series = postedSeries(await readMailbox('-', { stdin }));
    const { prefixes, patches } = await applySeries(memoryTree(), series);
    for (const [i, patch] of patches.entries()) {
      hunksTouching(patch, FILE, 1, 20);
      const [before = '', after = ''] = await Promise.all(
        prefixes.slice(i, i + 2).map(async (tree) => (await tree.read(FILE))?.text ?? ''),
      );
      hunksInFunction(patch, FILE, 'kettle_fill', { before, after });
    }
    return 'applied';
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    expect(error.message).toMatch(/^[^\n\r\u2028\0]{1,1200}$/);
    expect(error.message).not.toMatch(/ada@\w/);
    return 'refused';
  }
}

test('mutated mails', async () => {
  const outcomes = new Map<string, number>();
  await fc.assert(
    fc.asyncProperty(mutated, async (text) => {
      const found = await outcome(text);
      outcomes.set(found, (outcomes.get(found) ?? 0) + 1);
    }),
    { numRuns: 500 },
  );
  expect(outcomes.get('applied')).toBeGreaterThan(10);
  expect(outcomes.get('refused')).toBeGreaterThan(100);
});
