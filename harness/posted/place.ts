// SPDX-License-Identifier: GPL-2.0-only
/** Puts the hunks of a file's diff into a text, and says where each went or why one does not fit. */
import { applyPatch } from 'diff';
import { UserError } from '../text/user-error.ts';
import type { Hunk } from './mail-diff.ts';
import { shown } from './words.ts';

/** Largest number of lines of context that may differ; `git am` allows none. */
const MAX_FUZZ = 2;
/** Comparisons of lines that one file may cost; one of 30 000 lines takes half a million. */
const MAX_COMPARISONS = 2_000_000;
/** Lines of a hunk that are looked at to say why it does not fit. */
const EXPLAINED_LINES = 200;

/** Every hunk found its place. */
export interface Placed {
  readonly text: string;
  /** Lines of context that may differ in one hunk. */
  readonly fuzz: number;
  /** For each hunk its first line in the text before, from 1. */
  readonly starts: readonly number[];
}

/** The hunk that does not fit, and the first line that is another one than it says. */
export interface Misfit {
  readonly hunk: Hunk;
  /** `expected "a", found "b" at line 7` */
  readonly problem: string;
}

/** The text with the hunks applied with as little fuzz as possible; both have line feeds only. */
export function placeHunks(text: string, hunks: readonly Hunk[]): Placed | Misfit {
  const lines = text.split('\n');
  const bare = text === '' ? undefined : hunks.find(({ oldLines }) => oldLines === 0);
  if (bare !== undefined) return { hunk: bare, problem: 'it has no context, and the file is not empty' };
  const attempt = new Attempt(hunks, lines.length);
  for (let fuzz = 0; fuzz <= MAX_FUZZ; fuzz++) {
    const patched = attempt.apply(text, fuzz);
    if (patched !== undefined) return { text: patched, fuzz, starts: attempt.starts() };
  }
  const failed = hunks[attempt.reached] as Hunk;
  return misfit(failed, lines, attempt.expectedStart(attempt.reached));
}

/** A line that a hunk expects. */
interface Expected {
  readonly hunk: number;
  /** How many expected lines of the hunk come before it. */
  readonly nth: number;
  readonly content: string;
}

/**
 * The hunks in the form that `applyPatch` takes. The lines that they expect are numbers there, so that a
 * comparison knows which line of which hunk it is about.
 */
class Attempt {
  readonly #hunks: readonly Hunk[];
  readonly #lineCount: number;
  readonly #expected = new Map<string, Expected>();
  readonly #found: (number | undefined)[] = [];
  #comparisons = 0;
  /** The last hunk that was tried. */
  reached = 0;

  constructor(hunks: readonly Hunk[], lineCount: number) {
    this.#hunks = hunks;
    this.#lineCount = lineCount;
  }

  apply(text: string, fuzzFactor: number): string | undefined {
    this.#expected.clear();
    this.#found.length = 0;
    this.reached = 0;
    const hunks = this.#hunks.map((hunk, index) => ({
      ...hunk,
      oldStart: this.#from(hunk),
      lines: this.#numbered(hunk, index),
    }));
    const file = { oldFileName: '', newFileName: '', oldHeader: '', newHeader: '', hunks };
    const options = { fuzzFactor, autoConvertLineEndings: false, compareLine: this.#compare };
    const patched = applyPatch(text, file, options);
    return patched === false ? undefined : patched;
  }

  /** Where the hunk says that it begins, within the text. An empty side is named by the line before it. */
  #from({ oldStart, oldLines }: Hunk): number {
    return Math.min(Math.max(1, oldLines === 0 ? oldStart + 1 : oldStart), this.#lineCount);
  }

  #numbered(hunk: Hunk, index: number): string[] {
    let nth = 0;
    return hunk.lines.map((line) => {
      if (line[0] !== ' ' && line[0] !== '-') return line;
      const number = String(this.#expected.size);
      this.#expected.set(number, { hunk: index, nth: nth++, content: line.slice(1) });
      return line[0] + number;
    });
  }

  readonly #compare = (lineNumber: number, line: string | undefined, _: string, number: string): boolean => {
    if (++this.#comparisons > MAX_COMPARISONS) throw new UserError('the hunks take too long to place');
    const { hunk, nth, content } = this.#expected.get(number) as Expected;
    if (hunk > this.reached) this.reached = hunk;
    if (line !== content) return false;
    this.#found[hunk] = lineNumber - nth;
    return true;
  };

  /** After a success. */
  starts(): number[] {
    let offset = 0;
    return this.#hunks.map((hunk, index) => {
      const from = this.#from(hunk);
      const start = this.#found[index] ?? from + offset;
      offset = start - from;
      return start;
    });
  }

  /** Where a hunk belongs after those before it. */
  expectedStart(index: number): number {
    const before = this.#hunks[index - 1];
    const start = this.#found[index - 1];
    const offset = before === undefined || start === undefined ? 0 : start - this.#from(before);
    return this.#from(this.#hunks[index] as Hunk) + offset;
  }
}

/** How much of the expected text stands from line `start` on; a brace says little. Characters. */
function likeness(expected: readonly string[], lines: readonly string[], start: number): number {
  let same = 0;
  for (const [i, line] of expected.entries()) {
    if (lines[start - 1 + i] === line) same += line.trim().length;
  }
  return same;
}

/** Looks where most of the text is as the hunk says. */
function misfit(hunk: Hunk, lines: readonly string[], from: number): Misfit {
  const expected = hunk.lines.filter((line) => /^[ -]/.test(line)).map((line) => line.slice(1));
  const head = expected.slice(0, EXPLAINED_LINES);
  let best = { start: from, same: 0 };
  for (let start = 1; start <= lines.length; start++) {
    const same = likeness(head, lines, start);
    const isNearer = Math.abs(start - from) < Math.abs(best.start - from);
    if (same > best.same || (same === best.same && isNearer)) best = { start, same };
  }
  const nth = Math.max(
    head.findIndex((line, i) => lines[best.start - 1 + i] !== line),
    0,
  );
  const line = best.start + nth;
  const found = line > lines.length ? 'the end of the file' : shown(lines[line - 1] ?? '');
  return { hunk, problem: `expected ${shown(head[nth] ?? '')}, found ${found} at line ${line}` };
}
