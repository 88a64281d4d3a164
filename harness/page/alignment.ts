// SPDX-License-Identifier: GPL-2.0-only
/** Two traces side by side: per step equal lines together, then lines of the same function, the rest alone. */
import { diffArrays } from 'diff';
import { NONE, type PageLine, type PageRow } from './page-data.ts';

type Words = Pick<PageLine, 'kind' | 'name' | 'text'>;
type Line = Words & Pick<PageLine, 'step'>;

export function align(old: readonly Line[], now: readonly Line[]): PageRow[] {
  const steps = new Set([...old, ...now].map(({ step }) => step));
  return [...steps]
    .toSorted((a, b) => a - b)
    .flatMap((step) => {
      const of = (lines: readonly Line[]): number[] =>
        [...lines.keys()].filter((index) => lines[index]?.step === step);
      return alignStep(old, now, of(old), of(now));
    });
}

/** A step's lines, by their indexes. */
function alignStep(
  old: readonly Line[],
  now: readonly Line[],
  a: readonly number[],
  b: readonly number[],
): PageRow[] {
  const rows: PageRow[] = [];
  const pairs = matched(
    a.map((index) => old[index]?.text ?? ''),
    b.map((index) => now[index]?.text ?? ''),
  );
  let [i, j] = [0, 0];
  for (const [x, y] of [...pairs, [a.length, b.length] as const]) {
    rows.push(...alignRest(old, now, a.slice(i, x), b.slice(j, y)));
    const [left, right] = [a[x], b[y]];
    if (left !== undefined && right !== undefined) rows.push([left, right, 0]);
    [i, j] = [x + 1, y + 1];
  }
  return rows;
}

/** Most pairs of differing lines in one place that are weighed against each other. */
const MOST_PAIRS = 40_000;

/** Lines that differ: those of the same function together, the more alike the better. */
function alignRest(
  old: readonly Line[],
  now: readonly Line[],
  a: readonly number[],
  b: readonly number[],
): PageRow[] {
  const rows: PageRow[] = [];
  const [left, right] = [a.map((index) => old[index] ?? NO_LINE), b.map((index) => now[index] ?? NO_LINE)];
  const pairs =
    left.length * right.length <= MOST_PAIRS
      ? best(left, right)
      : matched(left.map(nameOf), right.map(nameOf));
  let [i, j] = [0, 0];
  for (const [x, y] of [...pairs, [a.length, b.length] as const]) {
    for (const index of a.slice(i, x)) rows.push([index, NONE, 1]);
    for (const index of b.slice(j, y)) rows.push([NONE, index, 1]);
    const [one, other] = [a[x], b[y]];
    if (one !== undefined && other !== undefined) rows.push([one, other, 1]);
    [i, j] = [x + 1, y + 1];
  }
  return rows;
}

const NO_LINE: Words = { kind: 'call', name: '', text: '' };

function nameOf({ kind, name }: Words): string {
  return `${kind} ${name}`;
}

/** Pairs of lines of the same function, in order, that have as many words in common as possible. */
function best(a: readonly Words[], b: readonly Words[]): [number, number][] {
  const score = Array.from({ length: a.length + 1 }, () => new Float64Array(b.length + 1));
  const at = (i: number, j: number): number => score[i]?.[j] ?? 0;
  const gain = (i: number, j: number): number =>
    likeness(a[i] ?? NO_LINE, b[j] ?? NO_LINE) + at(i + 1, j + 1);
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      const row = score[i];
      if (row !== undefined) row[j] = Math.max(gain(i, j), at(i + 1, j), at(i, j + 1));
    }
  }
  const pairs: [number, number][] = [];
  for (let i = 0, j = 0; i < a.length && j < b.length;) {
    if (at(i, j) === at(i + 1, j)) i++;
    else if (at(i, j) === at(i, j + 1)) j++;
    else pairs.push([i++, j++]);
  }
  return pairs;
}

/** 0: another function; else from 1 to 2, the share of words in common on top. */
function likeness(one: Words, other: Words): number {
  if (nameOf(one) !== nameOf(other)) return 0;
  const words = one.text.split(/[\s(),]+/);
  const others = new Set(other.text.split(/[\s(),]+/));
  return 1 + words.filter((word) => others.has(word)).length / words.length;
}

/** Places of words that two sequences have in common, in order. */
function matched(a: readonly string[], b: readonly string[]): [number, number][] {
  const pairs: [number, number][] = [];
  let [i, j] = [0, 0];
  for (const { added, removed, count = 0 } of diffArrays([...a], [...b])) {
    if (added) j += count;
    else if (removed) i += count;
    else for (let n = 0; n < count; n++) pairs.push([i++, j++]);
  }
  return pairs;
}
