// SPDX-License-Identifier: GPL-2.0-only
/** What a map returns, beside what it returned before. */
import { describe, expect, test } from '@jest/globals';
import { deserialize, serialize } from 'node:v8';
import { casesOf } from '../contract/testing/judging.ts';
import { sentence } from '../contract/sentence.ts';
import { Machine } from '../machine/machine.ts';
import { runScenario } from '../run/interpreter.ts';
import type { State } from '../subject/state.ts';
import { plain } from '../text/document.ts';
import { findState } from '../../variants/registry.ts';
import { compare } from './comparison.ts';
import { Pair } from './pair.ts';

function state(id: string): State {
  const found = findState(id);
  if (found === undefined) throw new Error(id);
  return found;
}

/** Sectors of 512 bytes in flight, one in each of that many granules. */
function sectors(granule: number, inFlight: number): string {
  return `
machine: { pageSize: 65536, granule: ${granule}, swiotlbSlots: 128 }
device: { untrusted: true, minAlignMask: 4095 }
buffers: { disk: { size: ${granule * (inFlight + 1)}, offset: 0x200 } }
steps:
  - repeat:
      times: ${inFlight}
      as: i
      steps:
        - map_page: { id: m$i, buffer: disk, offset: $i*${granule}, size: 512, dir: FROM_DEVICE }
`;
}

const FIVE = casesOf(sectors(32768, 5));
const TWELVE = casesOf(sectors(16384, 12));

describe('a map that worked and now fails', () => {
  // From v4.5 on a bounce buffer is aligned to the granule, beside min_align_mask: 17 slots, every 32nd.
  test.each([
    ['baseline', 'v8', FIVE],
    ['v3', 'v4', FIVE],
    ['baseline', 'v8', TWELVE],
    ['v3', 'v4', TWELVE],
  ])('%s → %s', (from, to, scenarios) => {
    const { findings, operationsOfOneSide, failedOnlyTo, failedOnlyFrom } = compare(
      state(from),
      state(to),
      scenarios,
    );
    const regressed = findings.find(({ kind, clause }) => kind === 'regressed' && clause === 'map-succeeds');
    expect(regressed?.cases).toHaveLength(1);
    expect(operationsOfOneSide).toBeGreaterThan(0);
    expect([failedOnlyFrom.length, failedOnlyTo.length]).toEqual([0, 1]);
  });

  test('is fixed the other way round', () => {
    const { findings } = compare(state('v8'), state('baseline'), FIVE);
    expect(findings.filter(({ clause }) => clause === 'map-succeeds').map(({ kind }) => kind)).toEqual([
      'fixed',
    ]);
  });

  test('says what was asked, used and free', () => {
    const { findings } = compare(state('baseline'), state('v8'), FIVE);
    const [found] = findings.find(({ clause }) => clause === 'map-succeeds')?.cases ?? [];
    expect(found?.to).toMatchObject({ step: 4, mapping: 4, asked: 17, used: 68, free: 60, count: 1 });
    if (found?.to === undefined) throw new Error('not broken');
    const run = runScenario(new Machine(), state('v8'), found.scenario);
    expect(plain(sentence(run, 'map-succeeds', found.cause, found.to))).toContain(
      '17 slots asked for, 16 needed, 68 used, 60 free',
    );
  });
});

test.each([
  ['baseline', 'v8'],
  ['v8', 'baseline'],
])('%s → %s: what no clause looks at on one side alone, where the map fails on the other', (from, to) => {
  const read = '  - cpu_read: { buffer: disk, offset: 131072, size: 100 }\n';
  const [scenario] = casesOf(sectors(32768, 5) + read);
  if (scenario === undefined) throw new Error('no case');
  const result = new Pair(state(from), state(to)).compare(scenario);
  expect(result.notJudged).toEqual([{ why: 'cpu-read', step: 5, buffer: 0, mapping: 4, size: 100 }]);
  // Kept beside compiled objects.
  expect(deserialize(serialize(result))).toEqual(result);
  expect(compare(state(from), state(to), [scenario, ...FIVE]).notJudged).toEqual([
    { scenario, leftOut: result.notJudged },
  ]);
});
