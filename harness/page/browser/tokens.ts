// SPDX-License-Identifier: GPL-2.0-only
/** Which words of two lines differ. */

export interface Token {
  readonly text: string;
  readonly differs: boolean;
}

/** Both lines in words, those marked that the other does not have at that place. */
export function differingTokens(old: string, now: string): [Token[], Token[]] {
  const [a, b] = [wordsOf(old), wordsOf(now)];
  const common = commonLengths(a, b);
  const [left, right]: [Token[], Token[]] = [[], []];
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    const [one, other] = [a[i], b[j]];
    if (one !== undefined && one === other) {
      left.push({ text: one, differs: false });
      right.push({ text: one, differs: false });
      [i, j] = [i + 1, j + 1];
    } else if (one !== undefined && (other === undefined || at(common, i + 1, j) >= at(common, i, j + 1))) {
      left.push({ text: one, differs: one.trim() !== '' });
      i++;
    } else {
      right.push({ text: other ?? '', differs: other?.trim() !== '' });
      j++;
    }
  }
  return [left, right];
}

function wordsOf(line: string): string[] {
  return line.split(/(\s+|[(),=→|]|(?=[-+]0x))/).filter((word) => word !== '');
}

/** Per pair of places: how many words the rests have in common, in order. */
function commonLengths(a: readonly string[], b: readonly string[]): Uint16Array[] {
  const table = Array.from({ length: a.length + 1 }, () => new Uint16Array(b.length + 1));
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      const row = table[i];
      if (row === undefined) continue;
      row[j] =
        a[i] === b[j] ? at(table, i + 1, j + 1) + 1 : Math.max(at(table, i + 1, j), at(table, i, j + 1));
    }
  }
  return table;
}

function at(table: readonly Uint16Array[], i: number, j: number): number {
  return table[i]?.[j] ?? 0;
}
