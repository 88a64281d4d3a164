// SPDX-License-Identifier: GPL-2.0-only
/** What reviewers asked of the series, in the terms that they asked it in: what one unmap costs. */
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { findState } from '../../variants/registry.ts';
import type { CostName } from '../run/costs.ts';
import type { Operation } from '../run/situation.ts';
import { loadCorpus } from '../scenario/load.ts';
import { measureCosts, type MeasuredCosts, type OperationCosts } from './operation-costs.ts';

const STATES = [
  'baseline',
  'v1',
  'v2',
  'v3',
  'v4',
  'v8',
  'review/raw-arch-sync-on-unmap',
  'review/arch-sync-else-swiotlb',
  'review/unmap-sg-sync-below',
] as const;
type Id = (typeof STATES)[number];

const corpus = loadCorpus(join(import.meta.dirname, '..', '..', 'corpus'));
let measured: MeasuredCosts;
beforeAll(() => {
  const states = STATES.map((id) => {
    const state = findState(id);
    if (state === undefined) throw new Error(id);
    return state;
  });
  const cases = corpus.scenarios.filter(({ machine }) =>
    machine.devices.some(({ untrusted, coherent }) => untrusted && !coherent),
  );
  measured = measureCosts(states, cases, () => undefined);
});

/** The row of a non-coherent device that writes: nothing skipped, no min_align_mask. */
function rowOf(
  operation: Operation,
  of: OperationCosts['of'],
  entries: number,
  bounced: number,
): OperationCosts {
  const [row, ...others] = measured.rows.filter(({ of: what, situation: s }) => {
    const isUsual = !s.coherent && !s.skip && !s.minAlignMask && s.direction === 'FROM_DEVICE';
    const isAsked = s.operation === operation && s.entries === entries && s.bounced === bounced;
    return what === of && isUsual && isAsked && s.device === 'untrusted';
  });
  if (row === undefined || others.length > 0) throw new Error(`${others.length} more rows`);
  return row;
}

/** What one operation costs in that state; it must be the same in every case. */
function costIn(id: Id, { costs }: OperationCosts, name: CostName): number {
  const spread = costs.find((cost) => cost.name === name)?.sides[STATES.indexOf(id)];
  if (spread === undefined) return 0;
  expect(spread.least).toBe(spread.most);
  return spread.mean;
}

/** Copies / walks / invalidates. */
function inShort(id: Id, row: OperationCosts): string {
  return (['copies-from-bounce', 'walks', 'invalidates'] as const)
    .map((name) => costIn(id, row, name))
    .join('/');
}

describe('non-coherent, bounced, FROM_DEVICE: copies / walks / invalidates', () => {
  test.each<[Id, string]>([
    ['baseline', '2/2/1'],
    ['v1', '1/2/1'],
    ['v2', '1/2/1'],
    ['v3', '1/2/1'],
    ['v4', '1/1/1'],
    ['v8', '1/1/1'],
    ['review/raw-arch-sync-on-unmap', '1/1/1'],
    ['review/arch-sync-else-swiotlb', '1/1/0'],
  ])('unmap_page, %s: %s', (id, expected) => {
    expect(inShort(id, rowOf('unmap_page', 'call', 1, 1))).toBe(expected);
  });

  test.each<[Id, string]>([
    ['baseline', '2/3/3'],
    ['v1', '2/6/3'],
    ['v2', '2/6/3'],
    ['v3', '2/6/3'],
    ['v4', '2/3/3'],
    ['v8', '2/3/3'],
    ['review/raw-arch-sync-on-unmap', '2/3/3'],
    ['review/arch-sync-else-swiotlb', '2/3/1'],
    ['review/unmap-sg-sync-below', '2/3/0'],
  ])('unmap_sg of 3 entries, 2 of them bounced, %s: %s', (id, expected) => {
    expect(inShort(id, rowOf('unmap_sg', 'call', 3, 2))).toBe(expected);
  });

  test('the baseline invalidates the originals, v4 the bounce buffers', () => {
    const bounced = rowOf('unmap_sg', 'entry', 1, 1);
    const misdirected = bounced.costs.find(({ name }) => name === 'misdirected-lines');
    expect(misdirected?.sides[STATES.indexOf('baseline')]?.least).toBeGreaterThan(0);
    expect(misdirected?.sides[STATES.indexOf('v4')]?.most).toBe(0);
  });

  test('the one invalidate that else-swiotlb keeps is for the entry that is not bounced', () => {
    expect(inShort('review/arch-sync-else-swiotlb', rowOf('unmap_sg', 'entry', 1, 1))).toBe('1/1/0');
    expect(inShort('review/arch-sync-else-swiotlb', rowOf('unmap_sg', 'entry', 1, 0))).toBe('0/1/1');
  });
});

test('arch_sync_dma_for_cpu() of what the device only reads is a call, and no work', () => {
  const rows = measured.rows.filter(
    ({ of, situation: s }) => of === 'call' && s.operation === 'unmap_page' && s.direction === 'TO_DEVICE',
  );
  const names = new Set(rows.flatMap(({ costs }) => costs.map(({ name }) => name)));
  expect(names).toContain('idle-maintenance');
  expect(names).not.toContain('invalidates');
  expect(names).not.toContain('cleans');
});

test('an operation that was not done in every state is left out, and counted', () => {
  expect(measured.operations).toBeGreaterThan(500);
  expect(measured.onSomeSides).toBeGreaterThan(0);
});

test('what the API does not allow is no operation: an unmap of a map that failed costs nothing, and counts for nothing', () => {
  const cases = corpus.scenarios.filter(({ id }) => id === 'errors/unmap-of-a-failed-map[untrusted=true]');
  const [state] = STATES.map(findState);
  if (state === undefined || cases.length !== 1) throw new Error('no such state or case');
  const unmaps = measureCosts([state], cases, () => undefined).rows.filter(
    ({ of, situation }) => of === 'call' && situation.operation.startsWith('unmap'),
  );
  // Of three, one that is marked as misuse for a page, one for a list, and the other mapping's own.
  expect(unmaps.map(({ situation, operations }) => [situation.operation, operations])).toEqual([
    ['unmap_page', 1],
  ]);
});
