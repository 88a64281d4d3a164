// SPDX-License-Identifier: GPL-2.0-only
/** A patch mail's text: the change log, and the diff as files and hunks. */
import { addressParser } from 'postal-mime';
import { UserError } from '../text/user-error.ts';
import { isTreePath } from './kernel-tree.ts';
import { nameOf } from './mail.ts';
import { shown, withoutAddresses } from './words.ts';

/** A hunk as it was posted. */
export interface Hunk {
  /** The whole line: `@@ -576,6 +576,9 @@ static int map(struct device *dev)`. */
  readonly header: string;
  /** What the header says after the numbers: the function that the hunk is in, as far as diff knows. */
  readonly section: string;
  /** Lines count from 1; of an empty side it is the line before. */
  readonly oldStart: number;
  readonly oldLines: number;
  readonly newStart: number;
  readonly newLines: number;
  /** With their first character, ` `, `+`, `-` or `\`. */
  readonly lines: readonly string[];
  /** Line of the header in the mail's text, from 1. */
  readonly mailLine: number;
}

/** What a patch does to one file. */
export interface FileDiff {
  /** Where the file is before; undefined for a new one. */
  readonly from: string | undefined;
  /** Where the file is afterwards; undefined when the patch deletes it. */
  readonly to: string | undefined;
  /** `from` stays, the new file starts as its copy. */
  readonly isCopy: boolean;
  /** Git's ids of the content before and after, as long as the mail has them. */
  readonly blobs: { readonly from: string; readonly to: string } | undefined;
  readonly hunks: readonly Hunk[];
}

/** A patch mail's text, taken apart. */
export interface MailDiff {
  /** Who wrote the patch, if the text begins with it: the sender may be another. */
  readonly author: string | undefined;
  /** What the commit would say, without mail addresses. */
  readonly changelog: string;
  /** Files in the order of the mail, without those of which only the mode changes. */
  readonly files: readonly FileDiff[];
  readonly onlyMode: readonly string[];
  readonly baseCommit: string | undefined;
}

const HUNK = /^@@ -(\d{1,7})(?:,(\d{1,7}))? \+(\d{1,7})(?:,(\d{1,7}))? @@ ?(.*)$/;

/** True when the text has a diff that is not merely quoted. */
export function hasDiff(text: string): boolean {
  return /^diff --git |^--- [^\n]+\n\+\+\+ /m.test(text);
}

/** Takes a mail's text apart; UserError, naming `where`, for a damaged or a binary diff. */
export function parseMailDiff(text: string, where: string): MailDiff {
  const lines = text.split('\n');
  const start = lines.findIndex((_, at) => startsFile(lines, at));
  const diff = new DiffReader(lines, where);
  const files = start < 0 ? [] : diff.read(start);
  const message = lines.slice(0, start < 0 ? lines.length : start);
  const end = message.indexOf('---');
  const { author, changelog } = parseMessage(message.slice(0, end < 0 ? message.length : end));
  return {
    author,
    changelog,
    files: files.filter((file) => !isOnlyMode(file)),
    onlyMode: files.filter(isOnlyMode).map(({ to }) => to ?? ''),
    baseCommit: /^base-commit: ([0-9a-f]{7,64})$/m.exec(text)?.[1],
  };
}

function isOnlyMode({ from, to, blobs, hunks }: FileDiff): boolean {
  return from === to && blobs === undefined && hunks.length === 0;
}

/** Headers that git puts in front of the text when the sender is not the author. */
function parseMessage(lines: readonly string[]): { author: string | undefined; changelog: string } {
  const rest = [...lines];
  while (rest[0]?.trim() === '') rest.shift();
  let author: string | undefined;
  for (let line = rest[0]; line !== undefined && /^(?:From|Date|Subject): /.test(line); line = rest[0]) {
    if (line.startsWith('From: ')) author = nameOf(addressParser(line.slice('From: '.length, 1000))[0]);
    rest.shift();
  }
  return { author, changelog: withoutAddresses(rest.join('\n').trim()) };
}

/** True where a file's part of the diff begins. */
function startsFile(lines: readonly string[], at: number): boolean {
  const line = lines[at] ?? '';
  return (
    line.startsWith('diff --git ') || (line.startsWith('--- ') && (lines[at + 1] ?? '').startsWith('+++ '))
  );
}

/** What is known of a file so far. */
interface Draft {
  name: string | undefined;
  /** Of a rename or a copy. */
  from: string | undefined;
  to: string | undefined;
  isNew: boolean;
  isDeleted: boolean;
  isCopy: boolean;
  isMode: boolean;
  blobs: FileDiff['blobs'];
  hunks: Hunk[];
}

/** Goes through the lines of a mail from where the diff begins. */
class DiffReader {
  readonly #lines: readonly string[];
  readonly #where: string;
  #at = 0;

  constructor(lines: readonly string[], where: string) {
    this.#lines = lines;
    this.#where = where;
  }

  read(start: number): FileDiff[] {
    const files: FileDiff[] = [];
    this.#at = start;
    while (this.#at < this.#lines.length) {
      if (startsFile(this.#lines, this.#at)) files.push(this.#file());
      else if (HUNK.test(this.#line)) throw this.#error('a hunk without a file');
      else this.#at++;
    }
    return files;
  }

  get #line(): string {
    return this.#lines[this.#at] ?? '';
  }

  #error(problem: string): UserError {
    return new UserError(`${this.#where} line ${this.#at + 1}: ${problem}`);
  }

  #file(): FileDiff {
    const draft: Draft = {
      name: undefined,
      from: undefined,
      to: undefined,
      isNew: false,
      isDeleted: false,
      isCopy: false,
      isMode: false,
      blobs: undefined,
      hunks: [],
    };
    if (this.#line.startsWith('diff --git ')) {
      draft.name = nameInBoth(this.#line.slice('diff --git '.length));
      this.#at++;
      while (this.#extended(draft)) this.#at++;
    }
    if (this.#line.startsWith('--- ') && (this.#lines[this.#at + 1] ?? '').startsWith('+++ ')) {
      const from = this.#name(this.#line.slice(4));
      this.#at++;
      const to = this.#name(this.#line.slice(4));
      this.#at++;
      draft.isNew ||= from === undefined;
      draft.isDeleted ||= to === undefined;
      draft.name = to ?? from;
      while (HUNK.test(this.#line)) draft.hunks.push(this.#hunk());
      if (draft.hunks.length === 0) throw this.#error('no hunk where one begins');
    }
    return this.#finished(draft);
  }

  #finished(draft: Draft): FileDiff {
    const { from = draft.name, to = draft.name } = draft;
    if (from === undefined || to === undefined) throw this.#error('a diff that names no file');
    for (const path of [from, to]) {
      if (!isTreePath(path)) throw this.#error(`${shown(path)} is no path inside a kernel tree`);
    }
    const isEmpty = draft.hunks.length === 0 && from === to && !draft.isNew && !draft.isDeleted;
    if (isEmpty && !draft.isMode) throw this.#error(`a diff of ${shown(to)} without a change`);
    return {
      from: draft.isNew ? undefined : from,
      to: draft.isDeleted ? undefined : to,
      isCopy: draft.isCopy,
      blobs: draft.blobs,
      hunks: draft.hunks,
    };
  }

  /** Takes in one of the lines between `diff --git` and the hunks; false: it is none. */
  #extended(draft: Draft): boolean {
    const line = this.#line;
    if (/^GIT binary patch|^Binary files .* differ$/.test(line)) {
      throw this.#error(`a binary patch of ${shown(draft.to ?? draft.name ?? '')}; only text can be applied`);
    }
    const [, keyword, value = ''] =
      /^(index|old mode|new mode|new file mode|deleted file mode|rename from|rename to|copy from|copy to|similarity index|dissimilarity index) (.*)$/.exec(
        line,
      ) ?? [];
    if (keyword === undefined) return false;
    if (keyword === 'old mode') draft.isMode = true;
    else if (keyword === 'new file mode') draft.isNew = true;
    else if (keyword === 'deleted file mode') draft.isDeleted = true;
    else if (keyword.endsWith(' from')) draft.from = unquotedName(value);
    else if (keyword.endsWith(' to')) draft.to = unquotedName(value);
    else if (keyword === 'index') {
      const [, from, to] = /^([0-9a-f]{4,64})\.\.([0-9a-f]{4,64})(?: \d+)?$/.exec(value) ?? [];
      draft.blobs = from === undefined || to === undefined ? undefined : { from, to };
    }
    draft.isCopy ||= keyword.startsWith('copy');
    return true;
  }

  /** Of a `---` or `+++` line; undefined for /dev/null. */
  #name(text: string): string | undefined {
    const [name = ''] = text.startsWith('"') ? [unquotedName(text.trimEnd())] : text.split('\t', 1);
    const path = name.trimEnd();
    if (path === '/dev/null') return undefined;
    const slash = path.indexOf('/');
    if (slash < 0) throw this.#error(`${shown(path)} is no path of a diff: it lacks the a/ or b/`);
    return path.slice(slash + 1);
  }

  #hunk(): Hunk {
    const mailLine = this.#at + 1;
    const header = this.#line.trimEnd();
    const [, oldStart, oldCount = '1', newStart, newCount = '1', section = ''] = HUNK.exec(header) ?? [];
    const [oldLines, newLines] = [Number(oldCount), Number(newCount)];
    this.#at++;
    const lines: string[] = [];
    let [oldLeft, newLeft] = [oldLines, newLines];
    while (oldLeft > 0 || newLeft > 0 || this.#line.startsWith('\\')) {
      if (this.#at >= this.#lines.length) throw this.#error(`the text ends inside hunk ${shown(header)}`);
      // Some mailers cut the space of an empty line.
      const line = this.#line === '' ? ' ' : this.#line;
      const kind = line[0] ?? '';
      if (!' +-\\'.includes(kind)) throw this.#error(`${shown(line)} is no line of hunk ${shown(header)}`);
      if (kind === ' ' || kind === '-') oldLeft--;
      if (kind === ' ' || kind === '+') newLeft--;
      if (Math.min(oldLeft, newLeft) < 0) {
        throw this.#error(`hunk ${shown(header)} has other lines than it counts`);
      }
      lines.push(line);
      this.#at++;
    }
    if (/^[+-](?!-{1,2}(?: |$))/.test(this.#line)) {
      throw this.#error(`hunk ${shown(header)} has more lines than it counts`);
    }
    if (!lines.some((line) => /^[+-]/.test(line))) throw this.#error(`hunk ${shown(header)} changes nothing`);
    return {
      header,
      section,
      oldStart: Number(oldStart),
      oldLines,
      newStart: Number(newStart),
      newLines,
      lines,
      mailLine,
    };
  }
}

/** Of `a/x b/x`; what is renamed has lines of its own that say so. */
function nameInBoth(text: string): string {
  const names = text.trimEnd();
  const last = /"(?:[^"\\]|\\.)*"$/.exec(names)?.[0] ?? names.slice((names.length + 1) / 2);
  return unquotedName(last).replace(/^[^/]*\//, '');
}

const ESCAPES: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
};

/** A name as it is on disk: git puts one with special characters in quotes, as C does. */
function unquotedName(text: string): string {
  const inner = /^"(.*)"$/.exec(text)?.[1];
  if (inner === undefined) return text;
  const bytes = Buffer.from(inner).toString('latin1');
  const plain = bytes.replaceAll(/\\(?:([0-7]{3})|(.))/g, (_, octal: string | undefined, letter: string) =>
    octal === undefined
      ? (ESCAPES[letter] ?? letter)
      : String.fromCodePoint(Number.parseInt(octal, 8) & 0xff),
  );
  return Buffer.from(plain, 'latin1').toString();
}
