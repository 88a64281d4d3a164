// SPDX-License-Identifier: GPL-2.0-only
/** Mails made of a tree and what is replaced in it: no kernel text has to stand in a test. */
import { createTwoFilesPatch } from 'diff';
import type { KernelTree } from '../../posted/kernel-tree.ts';
import { readMailbox } from '../../posted/mailbox.ts';
import { postedSeries, type PostedSeries } from '../../posted/series.ts';

/** What a patch replaces in a file; `from` must be there exactly once. */
export interface Edit {
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

/** A series of one patch, as its mail says it. */
export async function seriesOf(
  tree: KernelTree,
  subject: string,
  { file, from, to }: Edit,
): Promise<PostedSeries> {
  const text = (await tree.read(file))?.text ?? '';
  const parts = text.split(from);
  if (parts.length !== 2) throw new RangeError(`${file} has ${from} ${parts.length - 1} times`);
  return seriesFrom(mailOf(subject, file, text, parts.join(to)));
}

/** A mail with one patch, from what a file is before and after it. */
export function mailOf(subject: string, file: string, before: string, after: string): string {
  const diff = createTwoFilesPatch(`a/${file}`, `b/${file}`, before, after, '', '', { context: 3 });
  const head =
    'From: Ada Lovett <ada@lovett.example>\nDate: Mon, 6 May 2024 10:00:00 +0000\nMessage-Id: <one@lovett.example>';
  return `${head}\nSubject: [PATCH] ${subject}\n\nWhy not.\n---\n${diff.slice(diff.indexOf('--- '))}`;
}

/** The series that a mailbox's text has. */
export async function seriesFrom(mails: string): Promise<PostedSeries> {
  const stdin = (async function* () {
    yield await Promise.resolve(Buffer.from(mails));
  })();
  return postedSeries(await readMailbox('-', { stdin }));
}
