// SPDX-License-Identifier: GPL-2.0-only
/** A mail: its text as it was written, whatever the transfer encoding, and what the headers say of it. */
import PostalMime, { type Address, type Attachment, type Email } from 'postal-mime';
import { UserError } from '../text/user-error.ts';
import { reason, shown, withoutAddresses } from './words.ts';

export interface Mail {
  /** For error lines: `v3.mbox, mail 4`. */
  readonly where: string;
  readonly subject: string;
  /** The sender's name, never the address. */
  readonly author: string;
  /** YYYY-MM-DD in UTC; empty when the mail has no readable date. */
  readonly date: string;
  /** Without the angle brackets. */
  readonly messageId: string | undefined;
  readonly inReplyTo: string | undefined;
  /** The body, and attached text after it; lines end with a line feed. */
  readonly text: string;
}

/** Reads a mail; UserError for one that no mail reader would take. */
export async function parseMail(bytes: Uint8Array, where: string): Promise<Mail> {
  const email = await read(bytes, where);
  const texts = [email.text ?? '', ...email.attachments.flatMap(attachedText)];
  return {
    where,
    subject: (email.subject ?? '').replaceAll(/\s+/g, ' ').trim(),
    author: nameOf(email.from),
    date: /^\d{4}-\d\d-\d\d(?=T)/.exec(email.date ?? '')?.[0] ?? '',
    messageId: idOf(email.messageId),
    inReplyTo: idOf(email.inReplyTo),
    text: texts.join('\n').replaceAll(/\r+\n/g, '\n'),
  };
}

async function read(bytes: Uint8Array, where: string): Promise<Email> {
  try {
    return await PostalMime.parse(bytes, { attachmentEncoding: 'utf8', maxNestingDepth: 32 });
  } catch (error) {
    throw new UserError(`${where} is not readable: ${reason(error)}`);
  }
}

function attachedText({ content, mimeType, filename }: Attachment): string[] {
  const isText = /^text\/(?!html|calendar)/.test(mimeType) || /\.(?:patch|diff)$/.test(filename ?? '');
  return isText && typeof content === 'string' ? [content] : [];
}

/** The name in front of an address; `unknown` when there is only the address. */
export function nameOf(address: Address | undefined): string {
  const name = withoutAddresses(address?.name ?? '')
    .replaceAll(/\s+/g, ' ')
    .trim();
  return name === '' || name === '…' ? 'unknown' : name;
}

function idOf(header: string | undefined): string | undefined {
  return /([!#-;=?A-~]{1,250}@[!#-;=?A-~]{1,250})/.exec((header ?? '').slice(0, 1000))?.[1];
}

/** Where the mail is archived. */
export function lore(messageId: string): string {
  return `https://lore.kernel.org/r/${encodeURIComponent(messageId).replaceAll('%40', '@')}`;
}

/** `[PATCH v3 2/5] swiotlb: fix it (id@host)`, for error lines. */
export function mailTitle({ subject, messageId }: Mail): string {
  return messageId === undefined ? shown(subject) : `${shown(subject)} (${lore(messageId)})`;
}
