// SPDX-License-Identifier: GPL-2.0-only
import { describe, expect, test } from '@jest/globals';
import { UserError } from '../text/user-error.ts';
import { readMailbox } from './mailbox.ts';
import { postedSeries } from './series.ts';
import { FIRST, mailText, mboxText, patchText, SECOND, SERIES } from './testing/kettle.ts';

async function seriesOf(mbox: string, series?: string) {
  const stdin = (async function* bytes() {
    yield await Promise.resolve(Buffer.from(mbox));
  })();
  return postedSeries(await readMailbox('-', { stdin }), { series });
}

const V3 = mboxText(
  patchText('[PATCH v3 1/2] kettle: check', FIRST),
  patchText('[PATCH v3 2/2] kettle: boil', SECOND),
);
const REPLY = mailText({
  subject: 'Re: [PATCH v2 1/2] kettle: check for overflow',
  id: 're',
  body: `> x\n${FIRST}`,
});

test('cover letter and patches', async () => {
  const series = await seriesOf(SERIES);
  expect({ ...series, patches: series.patches.length }).toEqual({
    version: 'v2',
    name: 'Kettle fixes',
    cover: {
      subject: 'Kettle fixes',
      author: 'Ada Brewer',
      date: '2024-03-06',
      messageId: 'cover@brew.invalid',
      inReplyTo: undefined,
      link: 'https://lore.kernel.org/r/cover@brew.invalid',
    },
    patches: 2,
    baseCommit: undefined,
    notes: [],
  });
  const [first, second] = series.patches;
  expect(first).toMatchObject({
    title: 'v2 1/2',
    number: 1,
    total: 2,
    subject: 'kettle: check for overflow',
  });
  expect(first?.changelog).toBe('It leaks.\n\nSigned-off-by: Ada Brewer');
  expect(second).toMatchObject({ title: 'v2 2/2', messageId: 'two@brew.invalid' });
  expect(JSON.stringify(series)).not.toContain('ada@');
});

test('out of order, among replies, twice with another footer, and a quoted diff under the same subject', async () => {
  const quoted = mailText({ subject: '[PATCH v3 1/2] kettle: check', body: FIRST.replaceAll(/^/gm, '> ') });
  const again = patchText('[PATCH v3 2/2] kettle: boil', SECOND, 'again').replace(
    '-- \n',
    '-- \nlist footer\n',
  );
  const { patches, notes } = await seriesOf(
    mboxText(
      patchText('[PATCH v3 2/2] kettle: boil', SECOND, 'first'),
      REPLY,
      quoted,
      again,
      patchText('[PATCH v3 1/2] kettle: check', FIRST),
    ),
  );
  expect(patches.map(({ title, messageId }) => [title, messageId])).toEqual([
    ['v3 1/2', '-PATCH-v3-1-2-kettle-check@brew.invalid'],
    ['v3 2/2', 'first@brew.invalid'],
  ]);
  expect(notes).toEqual(['left out 2 other mails of "standard input"']);
});

test('one of several versions', async () => {
  expect((await seriesOf(SERIES + V3, 'v3')).version).toBe('v3');
  expect((await seriesOf(SERIES + V3, '2')).version).toBe('v2');
});

test('a patch of the mode alone', async () => {
  const mode = 'diff --git a/x.sh b/x.sh\nold mode 100644\nnew mode 100755\n';
  const { notes, patches } = await seriesOf(mboxText(patchText('[RFC PATCH] x', mode)));
  expect({ notes, files: patches[0]?.files }).toEqual({
    notes: ['rfc-v1 1/1 changes only the mode of "x.sh": left out'],
    files: [],
  });
});

test('the base commit of the cover letter', async () => {
  const base = '0123456789abcdef0123456789abcdef01234567';
  expect((await seriesOf(SERIES.replace('Two fixes.', `Two.\n\nbase-commit: ${base}`))).baseCommit).toBe(
    base,
  );
});

describe('refused in one line', () => {
  const one = patchText('[PATCH v2 1/3] kettle: one', FIRST);
  const other = patchText('[PATCH v2 1/3] kettle: one', FIRST.replace('ENOSPC', 'EIO'), 'other');
  test.each([
    [
      'no patch',
      mboxText(REPLY, mailText({ subject: 'tea', body: FIRST })),
      undefined,
      /^"standard input" has no patch: none of its 2 mails is a \[PATCH …\] with a diff$/,
    ],
    ['one mail', REPLY, undefined, /has no patch: its mail is not a \[PATCH …\] with a diff$/],
    [
      'two versions',
      SERIES + V3,
      undefined,
      /^"standard input" has more than one series: v2 \(2 mails\), v3 \(2 mails\); choose with --series v3$/,
    ],
    ['another version', V3, 'v4', /^no series "v4" in "standard input"; there is v3$/],
    ['gaps', mboxText(one), undefined, /^v2 is not complete: patch 2, 3 of 3 is missing$/],
    [
      'a patch without a diff',
      mboxText(
        patchText('[PATCH v2 1/2] kettle: one', FIRST),
        mailText({ subject: '[PATCH v2 2/2] kettle: two', body: 'See there.' }),
      ),
      undefined,
      /^v2 is not complete: patch 2 of 2 is there, but without a diff$/,
    ],
    [
      'two of one number',
      mboxText(one, other),
      undefined,
      /^two different patches 1\/3 of v2: "\[PATCH v2 1\/3\] kettle: one" \(https.*\) and .*\/other@brew.invalid\)$/,
    ],
    [
      'two series of one version',
      mboxText(one, patchText('[PATCH v2 2/2] kettle: two', SECOND)),
      undefined,
      /^not one series v2: "\[PATCH v2 1\/3\].* and "\[PATCH v2 2\/2\] .* do not belong together$/,
    ],
    [
      'more than all',
      mboxText(patchText('[PATCH v2 3/2] kettle: one', FIRST)),
      undefined,
      /^not one series v2: /,
    ],
    [
      'binary',
      mboxText(patchText('[PATCH] x', 'diff --git a/x.png b/x.png\nGIT binary patch\n')),
      undefined,
      /^"standard input" line 8: a binary patch of "x.png"; only text can be applied$/,
    ],
  ])('%s', async (_, mbox, wanted, message) => {
    await expect(seriesOf(mbox, wanted)).rejects.toThrow(message);
    await expect(seriesOf(mbox, wanted)).rejects.toThrow(UserError);
  });
});
