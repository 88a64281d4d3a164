// SPDX-License-Identifier: GPL-2.0-only
/** What comes from mails and trees, as it may be shown: no mail address, nothing that breaks a line. */
import { visible } from '../text/visible.ts';

/** Longest piece of a mail that an error line quotes, characters. */
const LONGEST = 100;
/** A mail address as people write one; an id inside a URL is none. */
const ADDRESS = /(?<![\w/.+=:%-])[\w.+=%-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}/g;

/** The text without mail addresses; names stay. */
export function withoutAddresses(text: string): string {
  return text.replaceAll(/ ?<[^<>\s@]{1,256}@[^<>\s]{1,256}>/g, '').replaceAll(ADDRESS, '…');
}

/** `"text"` in quotes, on one line, without addresses, cut when it is long. */
export function shown(text: string): string {
  const kept = text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
  return visible(JSON.stringify(withoutAddresses(kept)));
}

/** `why it failed`: the first line of what a system call or a program says. */
export function reason(error: unknown): string {
  const message = typeof error === 'object' && error !== null && 'message' in error ? error.message : error;
  const [line = ''] = String(message).trim().split('\n');
  return visible(line.split(', ')[0] ?? '');
}
