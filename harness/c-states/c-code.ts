// SPDX-License-Identifier: GPL-2.0-only
/** The C of a base and of every prefix of a series on it: functions, who wrote them last, and posted hunks. */
import type { SourceTree } from '../kernel-c/source-tree.ts';
import type { AppliedPatch } from '../posted/apply.ts';
import { cFunctions } from '../posted/c-functions.ts';
import { functionsIn, hunksInFunction, hunksOfFile, type PostedHunk } from '../posted/hunks.ts';
import { partsOf } from '../posted/parts.ts';
import { withoutAddresses } from '../posted/words.ts';
import type { CCode, CText, NumberedHunk, QuotedHunk } from '../subject/state.ts';

/** A patch on the way, the state that it makes, and the text after it. */
interface Step {
  readonly id: string;
  /** Which parts of the posted patch it is (posted/parts.ts). */
  readonly numbers: readonly number[];
  readonly applied: AppliedPatch;
  readonly after: SourceTree;
}

export class CChain {
  private readonly baseId: string;
  private readonly base: SourceTree;
  private readonly steps: readonly Step[];
  /** The .c files that are compiled. */
  private readonly files: readonly string[];
  /** By number of patches; worked out when somebody asks. */
  private readonly known = new Map<number, ReadonlyMap<string, CText>>();

  constructor(baseId: string, base: SourceTree, steps: readonly Step[], files: readonly string[]) {
    this.baseId = baseId;
    this.base = base;
    this.steps = steps;
    this.files = files;
  }

  /** The C after so many patches. */
  after(count: number): CCode & { readonly patchOf: (name: string) => string } {
    return {
      functions: () => [...this.functions(count).values()],
      hunks: (patch, functions) => this.hunks(patch, functions),
      numberedHunks: (patch) => this.numberedHunks(patch),
      patchOf: (name) => this.functions(count).get(name)?.patch ?? this.baseId,
    };
  }

  private functions(count: number): ReadonlyMap<string, CText> {
    let found = this.known.get(count);
    if (found === undefined) this.known.set(count, (found = this.read(count)));
    return found;
  }

  private read(count: number): Map<string, CText> {
    const before = count === 0 ? undefined : this.functions(count - 1);
    const patch = this.steps[count - 1]?.id ?? this.baseId;
    const functions = new Map<string, CText>();
    for (const file of this.files) {
      const text = this.text(file, count);
      const lines = text.split('\n');
      for (const { name, from, to } of cFunctions(text)) {
        const body = lines.slice(from - 1, to).join('\n');
        const old = before?.get(name);
        const isSame = old !== undefined && old.text === body && old.file === file;
        functions.set(name, { name, file, line: from, text: body, patch: isSame ? old.patch : patch });
      }
    }
    return functions;
  }

  private hunks(patch: string, functions: readonly string[]): QuotedHunk[] {
    const index = this.steps.findIndex(({ id }) => id === patch);
    const applied = this.steps[index]?.applied;
    if (applied === undefined) return [];
    const changed = applied.files.map(({ from, to }) => to ?? from ?? '');
    const found = new Map<string, PostedHunk>();
    for (const file of changed.filter((path) => this.files.includes(path))) {
      const texts = { before: this.text(file, index), after: this.text(file, index + 1) };
      for (const name of functions) {
        for (const hunk of hunksInFunction(applied, file, name, texts)) {
          found.set(`${file} ${hunk.mailLine}`, hunk);
        }
      }
    }
    if (found.size > 0) return [...found.values()].toSorted((a, b) => a.mailLine - b.mailLine);
    return changed.filter((path) => /\.[ch]$/.test(path)).flatMap((path) => hunksOfFile(applied, path));
  }

  private numberedHunks(patch: string): NumberedHunk[] {
    const index = this.steps.findIndex(({ id }) => id === patch);
    const step = this.steps[index];
    if (step === undefined) return [];
    const { applied, numbers } = step;
    const placed = new Map(applied.files.flatMap(({ hunks }) => hunks).map((one) => [one.hunk, one]));
    return partsOf(applied.patch).map(({ file: { from, to }, hunk }, at) => {
      const found = hunk && placed.get(hunk);
      const texts = {
        before: this.text(from ?? '', index),
        after: this.text(to ?? '', index + 1),
      };
      return {
        number: numbers[at] ?? at + 1,
        file: to ?? from ?? '',
        line: found?.newLine ?? hunk?.newStart ?? 0,
        lines: hunk === undefined ? [] : [hunk.header, ...hunk.lines].map(withoutAddresses),
        link: applied.patch.link,
        functions: found === undefined ? [] : functionsIn(found, texts),
      };
    });
  }

  private text(file: string, count: number): string {
    return (this.steps[count - 1]?.after ?? this.base).read(file) ?? '';
  }
}
