// SPDX-License-Identifier: GPL-2.0-only
/** Bytes of which one side's run does not show whether the clause would hold for them. */
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { findState } from '../../variants/registry.ts';
import type { Cause, ClauseId } from '../contract/verdict.ts';
import { Machine } from '../machine/machine.ts';
import type { Scenario } from '../run/scenario.ts';
import { loadCorpus, loadScenarioText, selectScenarios } from '../scenario/load.ts';
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
  return classify(prefixes.sideOf(before, scenario), prefixes.sideOf(after, scenario), () => [])
    .filter((finding) => finding.clause === clause)
    .map((finding) => ({
      kind: finding.kind,
      cause: finding.cause,
      bytes: finding.victims.reduce((sum, victim) => sum + victim.evidence.count, 0),
      before: prefixes.standing(before, scenario, finding),
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
