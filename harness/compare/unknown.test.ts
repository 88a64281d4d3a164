// SPDX-License-Identifier: GPL-2.0-only
/** Bytes of which one side's run does not show whether the clause would hold for them. */
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { findState } from '../../variants/registry.ts';
import type { Cause, ClauseId } from '../contract/verdict.ts';
import { Machine } from '../machine/machine.ts';
import type { Scenario } from '../run/scenario.ts';
import { loadCorpus, loadScenarioText, selectScenarios } from '../scenario/load.ts';
import { attribute } from './attribute.ts';
import { walkBetween } from './chain.ts';
import { classify, type FindingKind } from './classify.ts';
import { Prefixes, type Standing } from './prefixes.ts';

const corpus = loadCorpus(join(import.meta.dirname, '..', '..', 'corpus'));
const prefixes = new Prefixes(new Machine());

interface Change {
  readonly kind: FindingKind;
  readonly cause: Cause;
  readonly bytes: number;
  /** How the first state stands towards it. */
  readonly before: Standing;
}

/** What differs in the clause. */
function changes(clause: ClauseId, from: string, to: string, scenario: Scenario): Change[] {
  const [before, after] = [findState(from), findState(to)];
  if (before === undefined || after === undefined) throw new Error(`${from}, ${to}`);
  return classify(prefixes.sideOf(before, scenario), prefixes.sideOf(after, scenario))
    .filter((finding) => finding.clause === clause)
    .map((finding) => ({
      kind: finding.kind,
      cause: finding.cause,
      bytes: finding.victims.reduce((sum, victim) => sum + victim.evidence.count, 0),
      before: prefixes.standing(before, scenario, finding, finding.to === undefined ? before : after),
    }));
}

/** What the device of a mapping scribbles over beside it, a later mapping makes readable. */
const SCRIBBLED = `
name: a device that writes past its mapping, and reads there later
why: What it has put there itself says nothing of what lay there.
machine: { pageSize: 16384 }
device: { untrusted: true, coherent: false, minAlignMask: 511, scribble: true }
buffers:
  a: { size: 512 }
steps:
  - map_sg: { id: m0, sgl: [{ buffer: a, offset: 64, size: 64 }], dir: FROM_DEVICE }
  - map_page: { id: m1, buffer: a, offset: 0, size: 64, dir: BIDIRECTIONAL }
`;

test('an extra page that a device has scribbled over hides the old bytes behind it; it did not keep them', () => {
  const [scenario] = loadScenarioText(SCRIBBLED, 'topic/scribbled.yaml');
  if (scenario === undefined) throw new Error('no case');
  const kinds = changes('confinement-read', 'v2', 'v3', scenario).filter(
    ({ cause }) => cause === 'other-mapping',
  );
  expect(kinds).toEqual([
    // A line that v2 has cleared, and that its device's scribble beside made it write back.
    { kind: 'regressed', cause: 'other-mapping', bytes: 64, before: 'holds' },
    { kind: 'uncovered', cause: 'other-mapping', bytes: 1984, before: 'hidden' },
  ]);
});

test.each(['arch_sync_dma_for_cpu', 'swiotlb_sync_single_for_cpu'])(
  'what never arrived did not stay: a write after %s',
  (after) => {
    const [scenario] = selectScenarios(
      corpus,
      `sync/hostile-write-during-sync[after=${after},dir=BIDIRECTIONAL]`,
    );
    if (scenario === undefined) throw new Error('no case');
    const change = { cause: 'changed-by-operation', bytes: 32 };
    expect(changes('cpu-owned-stability', 'baseline', 'v8', scenario)).toEqual([
      { ...change, kind: 'uncovered', before: 'hidden' },
    ]);
    // v3 delivers the bytes, and then changes them: nothing is hidden there.
    expect(changes('cpu-owned-stability', 'v3', 'v8', scenario)).toEqual([
      { ...change, kind: 'still-broken', before: 'broken' },
    ]);
  },
);

/** The pool has room for one granule more where it is taken from slot 1 on; in v3, for none. */
const HALF_A_PAGE_LEFT = `
name: the upper half of a page where only slots behind the first are left
why: One side fails before it has slots, the other when it has cleared them.
machine: { pageSize: 65536, granule: 65536, swiotlbSlots: 128 }
device: { untrusted: true, minAlignMask: 4095 }
buffers: { a: { size: 512 }, b: { size: 512 }, c: { size: 512, offset: 0x800 } }
steps:
  - map_page: { id: m0, buffer: a, dir: FROM_DEVICE }
  - map_page: { id: m1, buffer: b, dir: FROM_DEVICE }
  - fail_next: iommu_map
  - map_page: { id: m2, buffer: c, dir: FROM_DEVICE }
`;

describe('a map that fails on both sides', () => {
  test('at the same call: what it exposed until then is judged on both', () => {
    const [scenario] = selectScenarios(
      corpus,
      'errors/hostile-write-into-a-failing-list[dir=BIDIRECTIONAL,coherent=true]',
    );
    if (scenario === undefined) throw new Error('no case');
    // Three entries of 512 bytes are mapped before the fourth finds no slots.
    const change = { cause: 'never-cleared', bytes: 1536 };
    expect(changes('confinement-read', 'baseline', 'v1', scenario)).toEqual([
      { ...change, kind: 'regressed', before: 'holds' },
    ]);
    expect(changes('confinement-read', 'v1', 'v2', scenario)).toEqual([
      { ...change, kind: 'fixed', before: 'broken' },
    ]);
    const [baseline, v1, v2] = ['baseline', 'v1', 'v2'].map(findState);
    if (baseline === undefined || v1 === undefined || v2 === undefined) throw new Error('no state');
    const finding = classify(prefixes.sideOf(v1, scenario), prefixes.sideOf(v2, scenario)).find(
      ({ clause }) => clause === 'confinement-read',
    );
    if (finding === undefined) throw new Error('no finding');
    const { back, forth } = attribute(prefixes, walkBetween(v1, v2), scenario, finding);
    expect(back.map(({ stage, effect }) => [stage.patch.id, effect])).toEqual([['v1.1', 'breaks']]);
    expect(forth).toEqual([]);
  });

  test('at an earlier call on one: what it would have gone on to do is not judged there', () => {
    const [scenario] = loadScenarioText(HALF_A_PAGE_LEFT, 'topic/half.yaml');
    if (scenario === undefined) throw new Error('no case');
    const change = { cause: 'foreign-slot', bytes: 2048 };
    expect(changes('own-memory', 'v3', 'review/map-aligned-from-start', scenario)).toEqual([
      { ...change, kind: 'uncovered', before: 'hidden' },
    ]);
    expect(changes('own-memory', 'review/map-aligned-from-start', 'v3', scenario)).toEqual([
      { ...change, kind: 'hidden', before: 'broken' },
    ]);
  });
});
