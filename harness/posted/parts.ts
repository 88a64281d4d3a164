// SPDX-License-Identifier: GPL-2.0-only
/** A posted patch in parts: its hunks by number, as a reader of the mail counts them. */
import type { FileDiff, Hunk } from './mail-diff.ts';
import type { PostedPatchMail } from './series.ts';

/** A hunk; or a file that changes without one, as by a rename, which counts like one. */
export interface Part {
  /** From 1, in the order of the mail. */
  readonly number: number;
  readonly file: FileDiff;
  readonly hunk: Hunk | undefined;
}

/** All parts of a patch. */
export function partsOf({ files }: Pick<PostedPatchMail, 'files'>): Part[] {
  return files
    .flatMap((file): Omit<Part, 'number'>[] =>
      file.hunks.length === 0 ? [{ file, hunk: undefined }] : file.hunks.map((hunk) => ({ file, hunk })),
    )
    .map((part, index) => ({ number: index + 1, ...part }));
}

/** The patch with only these parts of it; what git's ids say of the files then holds no more. */
export function withParts(mail: PostedPatchMail, numbers: readonly number[]): PostedPatchMail {
  const kept = partsOf(mail).filter(({ number }) => numbers.includes(number));
  const files = mail.files.flatMap((file): FileDiff[] => {
    const own = kept.filter((part) => part.file === file);
    const hunks = own.flatMap(({ hunk }) => hunk ?? []);
    return own.length === 0 ? [] : [{ ...file, hunks, blobs: undefined }];
  });
  return { ...mail, files };
}
