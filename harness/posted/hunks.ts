// SPDX-License-Identifier: GPL-2.0-only
/** The posted hunk for a place in the patched code, to be quoted beside what is said about that place. */
import type { AppliedHunk, AppliedPatch } from './apply.ts';
import { cFunctions, functionName } from './c-functions.ts';
import { withoutAddresses } from './words.ts';

/** A hunk with where it is from. */
export interface PostedHunk {
  readonly file: string;
  /** `@@ -576,6 +576,9 @@ …` and the lines below it, without mail addresses. */
  readonly lines: readonly string[];
  /** Its first line in the file after the patch, from 1. */
  readonly line: number;
  /** Line of the header in the mail's text, from 1. */
  readonly mailLine: number;
  readonly link: string | undefined;
}

/** A place that a hunk changes, in lines of the file after the patch. */
interface Change {
  readonly sign: '+' | '-';
  /** Of a line that is gone: the line that stands there now. */
  readonly newLine: number;
  /** In the file before the patch; of a new line: the line that it stands before. */
  readonly oldLine: number;
}

/** Every hunk of a patch in a file. */
export function hunksOfFile(patch: AppliedPatch, file: string): PostedHunk[] {
  return select(patch, file, () => true);
}

/**
 * The hunks of a patch that change something from line `from` to line `to` (from 1, both included) of a file as
 * it is after that patch. A line that is gone counts where it stood.
 */
export function hunksTouching(patch: AppliedPatch, file: string, from: number, to: number): PostedHunk[] {
  return select(patch, file, (hunk) =>
    changesOf(hunk).some(({ newLine }) => newLine >= from && newLine <= to),
  );
}

/**
 * The hunks of a patch that change a C function. `before` and `after` are the file's text on both sides of the
 * patch: also a function that the patch deletes is found. Where a file has no such function in either, what the hunk's
 * own header says decides.
 */
export function hunksInFunction(
  patch: AppliedPatch,
  file: string,
  name: string,
  { before, after }: { before: string; after: string },
): PostedHunk[] {
  const [old, now] = [rangesOf(before, name), rangesOf(after, name)];
  if (old.length + now.length === 0) {
    return select(patch, file, ({ hunk }) => functionName(hunk.section) === name);
  }
  return select(patch, file, (hunk) =>
    changesOf(hunk).some(({ sign, oldLine, newLine }) =>
      sign === '+' ? isIn(now, newLine) : isIn(old, oldLine),
    ),
  );
}

/** The C functions that a hunk changes, in the order of the file; `before` and `after` as in hunksInFunction(). */
export function functionsIn(
  hunk: AppliedHunk,
  { before, after }: { before: string; after: string },
): string[] {
  const changes = changesOf(hunk);
  const touched = (text: string, sign: '+' | '-', line: 'newLine' | 'oldLine'): string[] =>
    cFunctions(text)
      .filter(({ from, to }) =>
        changes.some((change) => change.sign === sign && change[line] >= from && change[line] <= to),
      )
      .map(({ name }) => name);
  return [...new Set([...touched(after, '+', 'newLine'), ...touched(before, '-', 'oldLine')])];
}

type Range = readonly [from: number, to: number];

function isIn(ranges: readonly Range[], line: number): boolean {
  return ranges.some(([from, to]) => line >= from && line <= to);
}

/** A function may be there twice, for two configurations. */
function rangesOf(text: string, name: string): Range[] {
  return cFunctions(text).flatMap((one): Range[] => (one.name === name ? [[one.from, one.to]] : []));
}

function select(patch: AppliedPatch, file: string, wanted: (hunk: AppliedHunk) => boolean): PostedHunk[] {
  const { link } = patch.patch;
  const found = patch.files.find(({ from, to }) => (to ?? from) === file)?.hunks ?? [];
  return found.filter(wanted).map(({ hunk, newLine }) => ({
    file,
    lines: [hunk.header, ...hunk.lines].map(withoutAddresses),
    line: newLine,
    mailLine: hunk.mailLine,
    link,
  }));
}

function changesOf({ hunk, oldLine, newLine }: AppliedHunk): Change[] {
  const at = { old: oldLine, new: newLine };
  return hunk.lines.flatMap((line): Change[] => {
    const sign = line[0];
    const change = { oldLine: at.old, newLine: at.new };
    if (sign === ' ' || sign === '-') at.old++;
    if (sign === ' ' || sign === '+') at.new++;
    return sign === '+' || sign === '-' ? [{ sign, ...change }] : [];
  });
}
