// SPDX-License-Identifier: GPL-2.0-only
/** One posted series out of what lies in a mailbox: cover letter and patches, in order and complete. */
import { UserError } from '../text/user-error.ts';
import { hasDiff, parseMailDiff, type FileDiff } from './mail-diff.ts';
import { lore, mailTitle, type Mail } from './mail.ts';
import type { Mailbox } from './mailbox.ts';
import { parseSubject, type PatchSubject } from './subject.ts';
import { shown } from './words.ts';

/** Who posted what when, and where to read it. */
export interface PostedMail {
  /** Without the brackets in front of it. */
  readonly subject: string;
  readonly author: string;
  /** YYYY-MM-DD in UTC; empty when the mail has no readable date. */
  readonly date: string;
  readonly messageId: string | undefined;
  readonly inReplyTo: string | undefined;
  readonly link: string | undefined;
}

/** One patch of a series. */
export interface PostedPatchMail extends PostedMail {
  /** From 1. */
  readonly number: number;
  readonly total: number;
  /** `v3 2/5`. */
  readonly title: string;
  /** What the commit would say, without mail addresses. */
  readonly changelog: string;
  readonly files: readonly FileDiff[];
}

/** A series as it was posted. */
export interface PostedSeries {
  /** `v3`; `rfc-v2` for a request for comments. */
  readonly version: string;
  /** Subject of the cover letter, else of the first patch. */
  readonly name: string;
  readonly cover: PostedMail | undefined;
  readonly patches: readonly PostedPatchMail[];
  /** The commit that the series was made on, if it says so. */
  readonly baseCommit: string | undefined;
  /** What was left out: a line each. */
  readonly notes: readonly string[];
}

/** A mail that its subject calls a patch or a cover letter. */
interface Candidate {
  readonly mail: Mail;
  readonly tag: PatchSubject;
}

/**
 * The series in a mailbox; replies and other mails are left out. UserError when there is none, or more than one
 * version and `series` names none of them, or when a patch is missing, twice there or damaged.
 */
export function postedSeries(
  mailbox: Mailbox,
  { series }: { series?: string | undefined } = {},
): PostedSeries {
  const candidates = mailbox.mails.flatMap((mail): Candidate[] => {
    const tag = parseSubject(mail.subject);
    return tag === undefined ? [] : [{ mail, tag }];
  });
  const version = chosenVersion(candidates, mailbox, series);
  const ours = candidates.filter(({ tag }) => tag.version === version);
  const patches = ours.filter(isPatch);
  const numbered = inOrder(patches, version, ours);
  const parsed = numbered.map(({ mail, tag }) => parsedPatch(mail, tag));
  const cover = ours.find(({ tag }) => tag.number === 0);
  const ignored = mailbox.mails.length - ours.filter((one) => one === cover || isPatch(one)).length;
  return {
    version,
    name: cover?.tag.subject ?? parsed[0]?.patch.subject ?? '',
    cover: cover && posted(cover.mail, cover.tag),
    patches: parsed.map(({ patch }) => patch),
    baseCommit: [
      ...parsed.map(({ baseCommit }) => baseCommit),
      /^base-commit: ([0-9a-f]{7,64})$/m.exec(cover?.mail.text ?? '')?.[1],
    ].find((commit) => commit !== undefined),
    notes: [
      ...(ignored > 0
        ? [`left out ${ignored} other mail${ignored > 1 ? 's' : ''} of ${shown(mailbox.name)}`]
        : []),
      ...parsed.flatMap(({ patch, onlyMode }) =>
        onlyMode.map((path) => `${patch.title} changes only the mode of ${shown(path)}: left out`),
      ),
    ],
  };
}

function isPatch({ mail, tag }: Candidate): boolean {
  return tag.number > 0 && hasDiff(mail.text);
}

function chosenVersion(
  candidates: readonly Candidate[],
  mailbox: Mailbox,
  wanted: string | undefined,
): string {
  const counts = new Map<string, number>();
  for (const { tag } of candidates.filter(isPatch)) {
    counts.set(tag.version, (counts.get(tag.version) ?? 0) + 1);
  }
  const versions = [...counts.keys()].sort();
  const [only] = versions;
  if (only === undefined) {
    const count =
      mailbox.mails.length === 1 ? 'its mail is not' : `none of its ${mailbox.mails.length} mails is`;
    throw new UserError(`${shown(mailbox.name)} has no patch: ${count} a [PATCH …] with a diff`);
  }
  if (wanted !== undefined) {
    const meant = /^\d/.test(wanted) ? `v${wanted}` : wanted.toLowerCase();
    if (counts.has(meant)) return meant;
    throw new UserError(
      `no series ${shown(wanted)} in ${shown(mailbox.name)}; there is ${versions.join(', ')}`,
    );
  }
  if (versions.length === 1) return only;
  const list = versions.map((version) => `${version} (${counts.get(version) ?? 0} mails)`).join(', ');
  throw new UserError(
    `${shown(mailbox.name)} has more than one series: ${list}; choose with --series ${versions.at(-1) ?? ''}`,
  );
}

/** Patches 1 … n, each once. */
function inOrder(patches: readonly Candidate[], version: string, all: readonly Candidate[]): Candidate[] {
  const total = patches[0]?.tag.total ?? 0;
  const stranger = patches.find(({ tag }) => tag.total !== total || tag.number > total);
  if (stranger !== undefined) {
    const [first] = patches;
    throw new UserError(
      `not one series ${version}: ${first ? mailTitle(first.mail) : ''} and ${mailTitle(stranger.mail)} do not belong together`,
    );
  }
  const found = new Map<number, Candidate>();
  for (const patch of patches) {
    const { number } = patch.tag;
    const twin = found.get(number);
    if (twin !== undefined && contentOf(twin) !== contentOf(patch)) {
      throw new UserError(
        `two different patches ${number}/${total} of ${version}: ${mailTitle(twin.mail)} and ${mailTitle(patch.mail)}`,
      );
    }
    if (twin === undefined) found.set(number, patch);
  }
  const numbers = Array.from({ length: total }, (_, i) => i + 1);
  const missing = numbers.filter((number) => !found.has(number));
  if (missing.length > 0) {
    const isEmpty = all.some(({ tag }) => tag.number > 0 && missing.includes(tag.number));
    const names = `${missing.slice(0, 5).join(', ')}${missing.length > 5 ? ', …' : ''}`;
    throw new UserError(
      `${version} is not complete: patch ${names} of ${total} is ${isEmpty ? 'there, but without a diff' : 'missing'}`,
    );
  }
  return numbers.flatMap((number) => found.get(number) ?? []);
}

/** What must be the same in two mails of one patch: lists add their own footers. */
function contentOf({ mail, tag }: Candidate): string {
  const { files, onlyMode } = parseMailDiff(mail.text, mail.where);
  const content = files.map((file) => ({
    ...file,
    hunks: file.hunks.map(({ header, lines }) => [header, lines]),
  }));
  return JSON.stringify([tag.subject, content, onlyMode]);
}

function posted(mail: Mail, { subject }: PatchSubject): PostedMail {
  const { author, date, messageId, inReplyTo } = mail;
  return { subject, author, date, messageId, inReplyTo, link: messageId && lore(messageId) };
}

interface ParsedPatch {
  readonly patch: PostedPatchMail;
  readonly onlyMode: readonly string[];
  readonly baseCommit: string | undefined;
}

function parsedPatch(mail: Mail, tag: PatchSubject): ParsedPatch {
  const { version, number, total } = tag;
  const {
    author = mail.author,
    changelog,
    files,
    onlyMode,
    baseCommit,
  } = parseMailDiff(mail.text, mail.where);
  const title = `${version} ${number}/${total}`;
  return {
    patch: { ...posted(mail, tag), author, number, total, title, changelog, files },
    onlyMode,
    baseCommit,
  };
}
