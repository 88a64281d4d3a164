// SPDX-License-Identifier: GPL-2.0-only
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { judge } from '../contract/contract.ts';
import { CLAUSE_IDS } from '../contract/verdict.ts';
import { caseOf } from '../contract/testing/judging.ts';
import { Machine } from '../machine/machine.ts';
import { runScenario } from '../run/interpreter.ts';
import { TooMuch } from '../run/over-budget.ts';
import { loadCorpus, selectScenarios } from '../scenario/load.ts';
import { findState } from '../../variants/registry.ts';
import type { State } from '../subject/state.ts';
import { classify } from './classify.ts';
import { compare, type Comparison } from './comparison.ts';
import { lookAtBoth } from './evaluate.ts';
import { inCaches, layoutDependent, LAYOUTS, layoutWords, tryLayouts, type BothSides } from './layouts.ts';

const corpus = loadCorpus(join(import.meta.dirname, '..', '..', 'corpus'));
const machine = new Machine();

function state(id: string): State {
  const found = findState(id);
  if (found === undefined) throw new Error(id);
  return found;
}

/** `kind clause cause` of the findings, with what they are without a layout. */
function said({ findings }: Comparison): string[] {
  return findings.map(({ kind, clause, cause, luck }) =>
    `${luck?.kind ?? ''} ${kind} ${clause} ${cause}`.trim(),
  );
}

test('slots that were passed move the next ones, those that are taken too; what is held is the scenario’s own', () => {
  const [scenario] = selectScenarios(corpus, 'map/page-untrusted*');
  if (scenario === undefined) throw new Error('no case');
  const run = runScenario(machine, state('baseline'), scenario);
  const first = (layout?: (typeof LAYOUTS)[number]): unknown => {
    const { bounceBuffers, steps, events } = runScenario(
      machine,
      state('baseline'),
      layout ? { ...scenario, layout } : scenario,
    );
    return {
      slot: bounceBuffers[0] && (bounceBuffers[0].start - 0x1000000) / 2048,
      pfn: events.of('alloc_iova_fast')[0]?.result,
      held: steps.map(({ held }) => held),
    };
  };
  const held = run.steps.map((step) => step.held);
  expect([first(), ...LAYOUTS.map(first)]).toEqual([
    { slot: 0, pfn: 0xfffff, held },
    // A request of a page or more begins at an even slot.
    { slot: 4, pfn: 0xffffe, held },
    // Two granules and one more.
    { slot: 6, pfn: 0xffffc, held },
    { slot: 64, pfn: 0xffffb, held },
  ]);
});

test.each([
  // Both search for ever, each with another number of slots taken.
  ['v3', 'review/map-aligned-from-start', 'errors/pool-full-endless*', 'hidden no-crash search-never-ends'],
  [
    'v3',
    'review/map-aligned-from-start',
    'errors/pool-full-of-half-pages*',
    'hidden no-crash search-never-ends',
  ],
  // In no layout v3 gets as far as to that map, or all maps before it work.
  [
    'v3',
    'review/map-aligned-from-start',
    'errors/pool-full-of-half-pages*replaced=31*',
    'fixed map-succeeds no-slots',
  ],
  // The zeros survive where a dirty line is written back over what the device wrote.
  [
    'v3.2',
    'review/else-if-arch-sync',
    'min-align-mask/short-device-write*dir=FROM_DEVICE,coherent=false*',
    'fixed layout-dependent partial-write-preserved dropped-by-arch-invalidate',
  ],
  // Once the search for slots has come round.
  [
    'v2',
    'v3',
    'min-align-mask/neighbour-after-wrap-around*',
    'regressed layout-dependent from-device-data wrong-data',
  ],
  // The copy at the unmap reads lines that the copy of the sync left in the cache, if they are still there.
  [
    'v3.3',
    'review/arch-sync-else-swiotlb',
    'sync/longer-than-reported*coherent=false*',
    'fixed layout-dependent cpu-owned-stability changed-by-operation',
  ],
  ['v2', 'v3', 'min-align-mask/two*', 'regressed no-crash memset-out-of-memory'],
  ['baseline', 'v1', 'map/page-untrusted*', 'fixed to-device-data not-cleaned'],
])('%s → %s, %s: %s', (from, to, glob, expected) => {
  const found = said(compare(state(from), state(to), selectScenarios(corpus, glob)));
  const [clause, cause] = expected.split(' ').slice(-2);
  const isChange = (line: string): boolean => !line.startsWith('still-broken');
  expect(found.filter((line) => line.endsWith(`${clause} ${cause}`) && isChange(line))).toEqual([expected]);
});

test('a layout is no difference by itself: what the baseline breaks it breaks in each', () => {
  const scenarios = selectScenarios(corpus, 'sync/page-by-hand*');
  const broken = (layout?: (typeof LAYOUTS)[number]): string[] =>
    scenarios.flatMap((scenario) =>
      judge(runScenario(machine, state('baseline'), layout ? { ...scenario, layout } : scenario)).flatMap(
        ({ clause, breaks }) => breaks.map(({ cause }) => `${scenario.id} ${clause} ${cause}`),
      ),
    );
  expect(broken().length).toBeGreaterThan(0);
  for (const layout of LAYOUTS) expect(broken(layout)).toEqual(broken());
});

test.each([
  // The IOVA space has room for one range less: in every layout a map fails that works here.
  ['v1', 'errors/iova-exhausted[untrusted=true]', 'failed-map-harmless', true],
  ['v8', 'errors/five-sectors*', 'map-succeeds', undefined],
])('baseline → %s, %s, %s: no other layout says anything: %s', (to, glob, clause, unrepeated) => {
  const { findings } = compare(state('baseline'), state(to), selectScenarios(corpus, glob));
  const found = findings.find((finding) => finding.clause === clause && finding.kind === 'regressed');
  expect(found?.cases).toHaveLength(1);
  expect(found?.cases[0]?.unrepeated).toBe(unrepeated);
});

// Pages of 64 KiB: v3's search goes on by 1,024 slots, which are the whole pool, so that both maps have the same slots.
test('what holds because a search comes round to the slots that hold the same bytes is layout-dependent', () => {
  const scenario = caseOf(`
machine: { pageSize: 65536, granule: 65536 }
device: { untrusted: true, coherent: false, minAlignMask: 0xffff }
buffers: { a: { size: 512, offset: 0x800 } }
steps:
  - map_page: { id: m0, buffer: a, dir: FROM_DEVICE }
  - device_write: m0
  - unmap_page: m0
  - map_page: { id: m1, buffer: a, dir: FROM_DEVICE }
  - unmap_page: m1`);
  const { findings } = compare(state('v3'), state('review/map-aligned-from-start'), [scenario]);
  const lost = findings.filter(({ clause }) => clause === 'partial-write-preserved');
  expect(lost.map(({ kind, luck }) => [kind, luck?.kind, luck?.layouts.map(layoutWords)])).toEqual([
    ['layout-dependent', 'regressed', ['the pool is twice as large']],
  ]);
});

test('says in which layouts it is not so', () => {
  const scenarios = selectScenarios(corpus, 'min-align-mask/neighbour-after-wrap-around*');
  const { findings } = compare(state('v2'), state('v3'), scenarios);
  const lucky = findings.filter(({ kind }) => kind === 'layout-dependent');
  expect(lucky.map(({ clause }) => clause)).toEqual(['from-device-data', 'isolation']);
  for (const { luck } of lucky) expect(luck).toEqual({ kind: 'regressed', layouts: LAYOUTS.slice(1) });
});

test('a layout in which a run takes more than one may says nothing', () => {
  const [scenario] = selectScenarios(corpus, 'min-align-mask/two-sectors-across-pages[dir=TO_DEVICE]');
  if (scenario === undefined) throw new Error('no case');
  const lives = [
    { machine, state: state('v2') },
    { machine: new Machine(), state: state('v3') },
  ] as const;
  const sidesOf: BothSides = (where, clauses) => {
    if (where.layout !== undefined) throw new TooMuch('more than there is');
    return lookAtBoth(...lives, where, clauses);
  };
  const plain = sidesOf(scenario, CLAUSE_IDS);
  const regressed = classify(...plain).filter(({ kind }) => kind === 'regressed');
  expect(regressed.map(({ clause }) => clause)).toEqual(['no-crash']);
  expect(tryLayouts(plain, scenario, regressed, sidesOf)).toEqual(
    regressed.map((finding) => ({ ...finding, unrepeated: true })),
  );
  expect(layoutDependent(plain, scenario, regressed, sidesOf).size).toBe(0);
  const devices = scenario.machine.devices.map((device) => ({ ...device, coherent: false }));
  const withLines = { ...scenario, machine: { ...scenario.machine, cache: 'worst', devices } } as const;
  expect(inCaches(withLines, CLAUSE_IDS, sidesOf)).toEqual([]);
});
