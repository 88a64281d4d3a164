// SPDX-License-Identifier: GPL-2.0-only
/** Cuts a mailbox into its mails. */
import { UserError } from '../text/user-error.ts';
import { shown } from './words.ts';

/** `From someone Thu Jan  1 00:00:00 1970`: what separates mails has a time and a year. */
const SEPARATOR = /^From [^\n]{0,200}\d:\d\d[^\n]{0,40} \d{4}\b[^\n]{0,40}\r?$/gm;
/** Git begins each patch that it formats with a date that means nothing, and quotes no `From `. */
const FORMATTED = /^From [0-9a-f]{40,64} Mon Sep 17 00:00:00 2001/;
const HEADER = /^[!-9;-~]+:/;

/** The mails of an mbox, or the one that the bytes are; UserError, naming `name`, for something else. */
export function splitMbox(bytes: Buffer, name: string): Buffer[] {
  // One character a byte.
  const text = bytes.toString('latin1').replace(/^(?:\xef\xbb\xbf)?\s+/, '');
  if (!text.startsWith('From ')) {
    if (HEADER.test(text)) return [Buffer.from(text, 'latin1')];
    const [line = ''] = text.split('\n', 1);
    if (text === '') throw new UserError(`${shown(name)} is empty`);
    const what = /^(?:diff |--- |Index: )/.test(text)
      ? 'is a diff without a mail around it (git format-patch makes mails)'
      : 'holds no mail';
    throw new UserError(`${shown(name)} ${what}: it begins with ${shown(line)}`);
  }
  const starts = [
    0,
    ...[...text.matchAll(SEPARATOR)].flatMap(({ index }) => (isStart(text, index) ? [index] : [])),
  ];
  return starts.map((start, i) => Buffer.from(unquoted(text.slice(start, starts[i + 1])), 'latin1'));
}

/** Between two mails: headers follow. */
function isStart(text: string, index: number): boolean {
  const next = text.indexOf('\n', index) + 1;
  return index > 0 && next > 0 && HEADER.test(text.slice(next, next + 80));
}

/** Without the separator, and without the `>` that a mailbox puts before a line that begins with `From `. */
function unquoted(mail: string): string {
  const headers = mail.slice(mail.indexOf('\n') + 1);
  return FORMATTED.test(mail) ? headers : headers.replaceAll(/^>(>*From )/gm, '$1');
}
