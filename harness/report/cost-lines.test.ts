// SPDX-License-Identifier: GPL-2.0-only
import { describe, expect, test } from '@jest/globals';
import { caseOf } from '../contract/testing/judging.ts';
import type { OperationCost, OperationCosts, Spread } from '../compare/operation-costs.ts';
import type { CostName } from '../run/costs.ts';
import type { Situation } from '../run/situation.ts';
import { costLines, costText, riseOf, whereText } from './cost-lines.ts';

const scenario = caseOf('buffers: { a: { size: 64 } }\nsteps: [{ cpu_read: a }]');

function spread(...amounts: readonly number[]): Spread {
  const mean = amounts.reduce((sum, n) => sum + n, 0) / amounts.length;
  return { least: Math.min(...amounts), most: Math.max(...amounts), mean };
}

function cost(name: CostName, from: Spread, to: Spread): OperationCost {
  const differs = from.mean !== to.mean;
  const there = [from.least, to.least];
  return {
    name,
    sides: [from, to],
    differing: Number(differs),
    shownBy: differs ? { scenario, step: 0, there } : undefined,
  };
}

function row(situation: Partial<Situation>, costs: readonly OperationCost[], operations = 2): OperationCosts {
  const usual: Situation = {
    operation: 'unmap_page',
    device: 'untrusted',
    coherent: false,
    direction: 'FROM_DEVICE',
    skip: false,
    minAlignMask: false,
    entries: 1,
    bounced: 1,
  };
  return { of: 'call', situation: { ...usual, ...situation }, operations, costs };
}

/** `situation: cost: from → to`. */
function texts(rows: readonly OperationCosts[], differing = true): string[] {
  return costLines(rows, differing).map(
    (line) => `${whereText(line)}: ${line.title}: ${costText(line, 0)} → ${costText(line, 1)}`,
  );
}

const [one, two] = [spread(1), spread(2)];
const copies = (bytes: number): OperationCost[] => [
  cost('copies-from-bounce', two, one),
  cost('copied-from-bounce', spread(2 * bytes), spread(bytes)),
];

describe('a line', () => {
  test('calls, and beside them what they did on average', () => {
    expect(texts([row({}, copies(100))])).toEqual([
      'bounced, non-coherent, FROM_DEVICE: copies from the bounce buffer: 2, 200 bytes → 1, 100 bytes',
    ]);
  });

  test('the amount by itself, where the calls are the same on both sides', () => {
    const mapped = [cost('iommu-maps', one, one), cost('pages-mapped', two, one)];
    expect(texts([row({ operation: 'map_page' }, mapped)])).toEqual([
      'bounced, non-coherent, FROM_DEVICE: IOMMU pages mapped: 2 → 1',
    ]);
  });

  test('mean and range where it varies', () => {
    expect(texts([row({}, [cost('walks', spread(1, 2, 2), spread(1))])])).toEqual([
      'bounced, non-coherent, FROM_DEVICE: page-table walks: 1.67 (1–2) → 1',
    ]);
  });

  test('what is the same on both sides only on request', () => {
    const same = [row({}, [cost('walks', one, one)])];
    expect(texts(same)).toEqual([]);
    expect(texts(same, false)).toHaveLength(1);
  });

  test('cheaper is negative', () => {
    expect(costLines([row({}, copies(100))], true).map(riseOf)).toEqual([-1]);
  });
});

describe('situations in which it comes to the same share a line', () => {
  test('the amounts are those of all operations together', () => {
    const rows = [
      row({ coherent: true }, copies(100), 1),
      row({ coherent: false }, copies(400), 2),
      row({ direction: 'BIDIRECTIONAL', coherent: true }, copies(100), 1),
      row({ direction: 'BIDIRECTIONAL', coherent: false }, copies(400), 2),
    ];
    expect(texts(rows)).toEqual([
      'bounced, coherent or not, FROM_DEVICE or BIDIRECTIONAL: copies from the bounce buffer: 2, 600 bytes → 1, 300 bytes',
    ]);
    expect(costLines(rows, true).map(({ operations }) => operations)).toEqual([6]);
  });

  test('not where the calls are others', () => {
    const others = [cost('copies-from-bounce', spread(3), one)];
    expect(texts([row({}, copies(100)), row({ coherent: true }, others)])).toHaveLength(2);
  });

  test('not another operation, nor an entry of a list with its call', () => {
    const walks = [cost('walks', two, one)];
    const list = row({ operation: 'unmap_sg' }, walks);
    expect(texts([row({}, walks), list, { ...list, of: 'entry' }])).toEqual([
      'bounced, non-coherent, FROM_DEVICE: page-table walks: 2 → 1',
      '1 entry, all bounced, non-coherent, FROM_DEVICE: page-table walks: 2 → 1',
      'an entry, bounced, non-coherent, FROM_DEVICE: page-table walks: 2 → 1',
    ]);
  });
});

test('what is no work of its own is marked', () => {
  const idle = costLines([row({}, [cost('idle-maintenance', spread(0), one)])], true);
  expect(idle.map(({ isAside }) => isAside)).toEqual([true]);
});
