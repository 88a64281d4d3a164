// SPDX-License-Identifier: GPL-2.0-only
/** What the contract says of the series on scenarios of the corpus, read against the posted C. */
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { judge } from '../harness/contract/contract.ts';
import { notJudged } from '../harness/contract/not-judged.ts';
import type { ClauseId } from '../harness/contract/verdict.ts';
import { Machine } from '../harness/machine/machine.ts';
import { runScenario } from '../harness/run/interpreter.ts';
import type { Run } from '../harness/run/run.ts';
import { loadCorpus, loadScenarioText, selectScenarios } from '../harness/scenario/load.ts';
import { plain } from '../harness/text/document.ts';
import { findState } from './registry.ts';

const corpus = loadCorpus(join(import.meta.dirname, '..', 'corpus'));
const machine = new Machine();

function runOf(id: string, glob: string): Run {
  const state = findState(id);
  const [scenario, ...others] = selectScenarios(corpus, glob);
  if (state === undefined || scenario === undefined || others.length > 0) throw new Error(`${id}, ${glob}`);
  return runScenario(machine, state, scenario);
}

/** The causes that break the clause, each with how much; `holds` or `not-exercised`. */
function outcome(id: string, glob: string, clause: ClauseId): unknown {
  const [verdict] = judge(runOf(id, glob), [clause]);
  if (verdict?.status !== 'broken') return verdict?.status;
  return Object.fromEntries(verdict.breaks.map(({ cause, evidence }) => [cause, evidence.count]));
}

describe('two disks are given the same block at once', () => {
  test.each([
    ['baseline', { 'not-cleaned': 1024 }],
    ['v8', 'holds'],
  ])('one of which does not snoop: %s', (id, said) => {
    expect(outcome(id, 'lifecycle/mirrored-write-to-unlike-disks', 'to-device-data')).toEqual(said);
    expect(outcome(id, 'lifecycle/copied-to-unlike-disks-in-turn', 'to-device-data')).toEqual(said);
  });

  test.each(['mirror', 'other'])('or both of which do not: each gets old bytes, of %s as well', (both) => {
    const glob = `lifecycle/mirrored-write[both=${both},coherent=false]`;
    expect(outcome('baseline', glob, 'to-device-data')).toEqual({ 'not-cleaned': 2048 });
    expect(outcome('v8', glob, 'to-device-data')).toBe('holds');
  });
});

test.each(['baseline', 'v8'])('a header is rewritten after it was checked: %s', (id) => {
  const glob = 'unmap/header-checked-before-the-unmap*64]';
  expect(outcome(id, glob, 'cpu-owned-stability')).toEqual({ 'changed-by-operation': 64 });
  expect(outcome(id, glob, 'from-device-data')).toBe('holds');
});

test('a driver that forgets its syncs is told', () => {
  expect(notJudged(runOf('v8', 'sync/without-the-sync')).map(plain)).toEqual([
    'Step 3 (`cpu_read page[0x0, +300]`): the CPU read 300 bytes of page that dev owns',
    'Step 4 (`cpu_write page[0x0, +64]`): the CPU wrote 64 bytes of page that dev owns',
  ]);
  expect(outcome('v8', 'sync/without-the-sync', 'cpu-owned-stability')).toBe('not-exercised');
});

test('what a failed list leaves as its address is far above what a device reaches, when it is freed as well', () => {
  const [scenario] = loadScenarioText(
    `
      name: a driver frees what it never had
      why: It does not look whether its map failed.
      devices: { trusted: { untrusted: false } }
      buffers: { a: { size: 512 }, b: { size: 512 } }
      steps:
        - fail_next: alloc_iova_fast
        - map_sg: { id: list, sgl: [a, b], dir: FROM_DEVICE }
        - unmap_sg: { id: list, misuse: true }
        - map_page: { id: next, buffer: a, dir: FROM_DEVICE }
    `,
    'errors/freed-again.yaml',
  );
  const state = findState('baseline');
  if (scenario === undefined || state === undefined) throw new Error('no scenario, or no baseline');
  const { events } = runScenario(machine, state, scenario);
  // ~0UL >> 12, of the whole page that the empty list is taken for.
  expect(events.of('free_iova_fast').map(({ pfn, pages }) => [pfn, pages])).toEqual([[0xfffffffffffff, 1]]);
  // From the tree, top down: the range cache holds nothing that the mask reaches.
  expect(events.of('alloc_iova_fast').map(({ result }) => result)).toEqual([0, 0xfffff]);
});
