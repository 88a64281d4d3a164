// SPDX-License-Identifier: GPL-2.0-only
import { describe, expect, test } from '@jest/globals';
import { UserError } from '../text/user-error.ts';
import { parseMailDiff } from './mail-diff.ts';
import { lore, parseMail } from './mail.ts';
import { splitMbox } from './mbox.ts';
import { FIRST, mailText, mboxText, patchText } from './testing/kettle.ts';

async function parse(text: string | Buffer) {
  return parseMail(Buffer.from(text), 'the mail');
}

describe('parseMail', () => {
  test('what the headers say, without the address', async () => {
    const mail = await parse(
      mailText({
        subject: '=?UTF-8?q?=5BPATCH=5D_t=C3=A4?=\n tea',
        id: 'a/b+1',
        body: 'x',
        headers: ['In-Reply-To: <c@brew.invalid>'],
      }),
    );
    expect(mail).toEqual({
      where: 'the mail',
      subject: '[PATCH] tä tea',
      author: 'Ada Brewer',
      date: '2024-03-06',
      messageId: 'a/b+1@brew.invalid',
      inReplyTo: 'c@brew.invalid',
      text: 'x\n',
    });
    expect(lore('a/b+1@brew.invalid')).toBe('https://lore.kernel.org/r/a%2Fb%2B1@brew.invalid');
  });

  test.each(['ada@brew.invalid', '"ada@brew.invalid" <ada@brew.invalid>', '<ada@brew.invalid>', ''])(
    'no name: %s',
    async (from) => {
      expect((await parse(`From: ${from}\nSubject: x\n\nx\n`)).author).toBe('unknown');
    },
  );

  const encoded: readonly [string, string, string][] = [
    [
      'quoted-printable',
      '',
      FIRST.replaceAll('=', '=3D').replaceAll('\t', '=09').replaceAll('amount', 'am=\nount'),
    ],
    ['base64', '', Buffer.from(FIRST).toString('base64').replaceAll(/.{76}/g, '$&\n')],
    ['8bit', '', FIRST],
    ['7bit', '; format=flowed', FIRST.replaceAll(/^ /gm, '  ')],
  ];
  test.each(encoded)('a diff as %s%s', async (encoding, format, body) => {
    const headers = [
      'MIME-Version: 1.0',
      `Content-Type: text/plain; charset="utf-8"${format}`,
      `Content-Transfer-Encoding: ${encoding}`,
    ];
    const { text } = await parse(mailText({ subject: '[PATCH] x', body, headers }));
    expect(parseMailDiff(text, 'x').files).toEqual(parseMailDiff(FIRST, 'x').files);
  });

  test('carriage returns', async () => {
    const { text } = await parse(patchText('[PATCH] x', FIRST).replaceAll('\n', '\r\n'));
    expect(text).not.toContain('\r');
    expect(parseMailDiff(text, 'x').changelog).toBe('It leaks.\n\nSigned-off-by: Ada Brewer');
  });

  test('another character set', async () => {
    const headers = ['Content-Type: text/plain; charset=iso-8859-1', 'Content-Transfer-Encoding: 8bit'];
    const bytes = Buffer.from(mailText({ subject: 'x', body: '+ä\n', headers }), 'latin1');
    expect((await parse(bytes)).text).toBe('+ä\n');
  });

  test('the patch is attached', async () => {
    const body = `--b\nContent-Type: text/plain\n\nhello\n--b\nContent-Type: text/x-patch; name=x.patch\nContent-Disposition: attachment\n\n${FIRST}\n--b--\n`;
    const headers = ['MIME-Version: 1.0', 'Content-Type: multipart/mixed; boundary=b'];
    const { text } = await parse(mailText({ subject: '[PATCH] x', body, headers }));
    expect(parseMailDiff(text, 'x').files).toHaveLength(1);
  });

  test('no mail reader would take it', async () => {
    const nested = Array.from(
      { length: 40 },
      (_, i) => `Content-Type: multipart/mixed; boundary=b${i}\n\n--b${i}\n`,
    );
    const read = parse(`Subject: x\n${nested.join('')}`);
    await expect(read).rejects.toThrow(/^the mail is not readable: Maximum MIME nesting depth/);
    await expect(read).rejects.toThrow(UserError);
  });
});

describe('splitMbox', () => {
  function split(text: string): string[] {
    return splitMbox(Buffer.from(text, 'latin1'), 'box').map((mail) => mail.toString('latin1'));
  }

  test('mails, without the separators and what quotes a From', () => {
    const box = mboxText('Subject: a\n\n>From here\n>>From there\n> From\n', 'Subject: b\n\nFrom now on\n');
    expect(split(box)).toEqual([
      'Subject: a\n\nFrom here\n>From there\n> From\n\n',
      'Subject: b\n\nFrom now on\n\n',
    ]);
  });

  test('a date in the text separates nothing without headers after it', () => {
    expect(split(mboxText('Subject: a\n\nFrom Monday 10:00, in 2024\nwe drink\n'))).toHaveLength(1);
  });

  test('carriage returns, and a byte order mark', () => {
    const box = mboxText('Subject: a\n\nx\n', 'Subject: b\n\ny\n').replaceAll('\n', '\r\n');
    expect(split(`\xef\xbb\xbf\n${box}`)).toEqual([
      'Subject: a\r\n\r\nx\r\n\r\n',
      'Subject: b\r\n\r\ny\r\n\r\n',
    ]);
  });

  test('git quotes nothing', () => {
    const from = `From ${'0'.repeat(40)} Mon Sep 17 00:00:00 2001\n`;
    expect(split(`${from}Subject: a\n\n>From\n${from}Subject: b\n`)).toEqual([
      'Subject: a\n\n>From\n',
      'Subject: b\n',
    ]);
  });

  test('one mail', () => {
    expect(split('Subject: a\n\nx')).toEqual(['Subject: a\n\nx']);
  });

  test.each([
    ['', '"box" is empty'],
    ['2024-03-05\n\nby Ada', '"box" holds no mail: it begins with "2024-03-05"'],
    [
      FIRST,
      /^"box" is a diff without a mail around it \(git format-patch makes mails\): it begins with "diff/,
    ],
    ['\x00\x01\n', String.raw`"box" holds no mail: it begins with "\u0000\u0001"`],
  ])('no mailbox: %j', (text, message) => {
    expect(() => split(text)).toThrow(message);
    expect(() => split(text)).toThrow(UserError);
  });
});
