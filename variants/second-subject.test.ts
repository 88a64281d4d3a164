// SPDX-License-Identifier: GPL-2.0-only
/** A subject whose states replace kernel/dma/swiotlb.c, through all that is done with states. */
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { accountFor, ledgerCases } from '../harness/compare/account.ts';
import { compare } from '../harness/compare/comparison.ts';
import { Prefixes } from '../harness/compare/prefixes.ts';
import { buildMatrix } from '../harness/compare/matrix.ts';
import { Machines, probe } from '../harness/explore/probe.ts';
import { seededPrograms } from '../harness/explore/source.ts';
import { Machine } from '../harness/machine/machine.ts';
import { runScenario } from '../harness/run/interpreter.ts';
import { traceOf } from '../harness/run/trace.ts';
import { loadCorpus, selectScenarios } from '../harness/scenario/load.ts';
import { openSources } from '../harness/source/sources.ts';
import type { State } from '../harness/subject/state.ts';
import { indexStates, sideBySide } from '../harness/subject/subject.ts';
import { stateOf } from '../harness/subject/testing/state-of.ts';
import { packageRoot } from '../harness/text/package-root.ts';
import { Baseline } from './baseline.ts';
import { patchedSubject } from './patched-subject.ts';
import { allStates, DMA_IOMMU, findState } from './registry.ts';
import { review } from './review/index.ts';
import { TINY, tiny } from './testing/tiny-subject.ts';
import { v1 } from './v1/index.ts';

const corpus = loadCorpus(join(packageRoot(), 'corpus'));
const scenarios = [
  ...selectScenarios(corpus, 'sync/part-for-cpu-across-slots'),
  ...selectScenarios(corpus, 'min-align-mask/granule-up-to-two-slots'),
];

/** Clause and cause of what changed in one way. */
function changes(from: State, to: State, kind: string): string[] {
  const { findings } = compare(from, to, scenarios);
  return findings.flatMap((found) => (found.kind === kind ? [`${found.clause} ${found.cause}`] : []));
}

describe('the subject', () => {
  test('has states under its own name, pairs and files', () => {
    const ids = ['baseline', 'v1', 'v2.1', 'v2', 'review/nothing'].map((name) => `tiny/${name}`);
    expect(TINY.states.map(({ id }) => id)).toEqual(ids);
    expect(TINY.files).toEqual(['dmaIommu', 'swiotlb']);
    expect(TINY.pairs.map(({ from, to, kind }) => `${kind} ${from.id} ${to.id}`)).toEqual([
      'step tiny/baseline tiny/v1',
      'step tiny/v1 tiny/v2',
      'whole tiny/baseline tiny/v2',
      'suggestion tiny/v2 tiny/review/nothing',
    ]);
    expect(sideBySide(TINY).map(({ id }) => id)).toEqual(ids.filter((id) => id !== 'tiny/v2.1'));
    expect(tiny('v2').root).toBe(TINY.root);
    expect(tiny('v2').below).toBe(tiny('v2.1'));
  });

  test('stands beside the other one', () => {
    expect(indexStates([...allStates(), ...TINY.states]).get('tiny/v2.2')).toBe(tiny('v2'));
    expect(findState('tiny/v2')).toBeUndefined();
  });

  test('two states of the same name are refused, whatever subject they are of', () => {
    const twice = {
      ...DMA_IOMMU,
      id: '',
      origin: '',
      module: '',
      code: { dmaIommu: Baseline },
      review: { ...review, suggestions: [] },
    };
    expect(() => patchedSubject({ ...twice, series: [v1, v1] })).toThrow('two states are called v1.1');
    expect(() => indexStates([...allStates(), stateOf('v3.5', () => new Baseline(new Machine()))])).toThrow(
      'two states are called v3.5',
    );
  });

  test('a patch to code that the subject does not have is refused', () => {
    const series = [
      { ...v1, patches: v1.patches.map((patch) => ({ ...patch, applyToSwiotlb: (B: never) => B })) },
    ];
    const other = {
      id: 'x',
      title: '',
      origin: '',
      module: '',
      code: { dmaIommu: Baseline },
      review: { module: '', suggestions: [] },
    };
    expect(() => patchedSubject({ ...other, series }).states.map(({ frames }) => frames)).toThrow(
      'v1.1 changes kernel/dma/swiotlb.c, which x has no code of',
    );
  });
});

describe('its states', () => {
  const root = DMA_IOMMU.root;

  test('the root runs exactly as the baseline does, call paths inside swiotlb.c apart', () => {
    const [one, other] = [new Machine(), new Machine()];
    const lines = (machine: Machine, state: State) =>
      scenarios.map((scenario) => traceOf(runScenario(machine, state, scenario)).map(({ raw }) => raw));
    expect(lines(one, TINY.root)).toEqual(lines(other, root));
  });

  test('compare: the fix fixes, the planted bug is found', () => {
    expect(changes(TINY.root, tiny('v1'), 'fixed')).toContain('confinement-read never-cleared');
    expect(changes(TINY.root, tiny('v1'), 'regressed')).toEqual([]);
    expect(changes(tiny('v1'), tiny('v2'), 'regressed')).toContain('from-device-data not-copied');
  });

  test('what the root breaks is inherited, and a machine forgets the code of the state before', () => {
    const inherited = compare(tiny('v1'), tiny('v2'), scenarios).findings.filter((found) => found.inherited);
    expect(inherited.length).toBeGreaterThan(0);
    const machine = new Machine();
    const [scenario] = scenarios;
    if (scenario === undefined) throw new Error('no scenario');
    const plain = runScenario(machine, root, scenario);
    runScenario(machine, tiny('v2'), scenario);
    expect(runScenario(machine, root, scenario)).toEqual(plain);
  });

  test('ledger and attribution name the patch and the function', () => {
    const comparison = compare(tiny('v1'), tiny('v2'), scenarios);
    const { attributions, ledger } = accountFor(
      new Prefixes(new Machine()),
      comparison,
      { scenarios: ledgerCases(comparison, scenarios, false) },
      () => undefined,
    );
    const turns = [...attributions.values()].flatMap(({ forth }) => forth);
    expect(new Set(turns.map(({ stage, touched }) => `${stage.patch.id} ${touched.join()}`))).toEqual(
      new Set(['tiny/v2.2 swiotlbSyncSingleForCpu']),
    );
    expect(ledger.map(({ stage }) => stage.patch.id)).toEqual(['tiny/v2.1', 'tiny/v2.2']);
    // It zeroes the slot, and not what else of its granule the device reaches.
    const [claim] = ledger[0]?.claims ?? [];
    expect(claim?.status).toBe('contradicted');
    expect(new Set(claim?.contradictedBy.map(({ scenario }) => scenario))).toEqual(
      new Set(['min-align-mask/granule-up-to-two-slots']),
    );
  });

  test('trace: call paths go on inside swiotlb.c', () => {
    const paths = scenarios.flatMap((scenario) =>
      traceOf(runScenario(new Machine(), tiny('v1'), scenario)).map(({ path }) => path.join(' > ')),
    );
    expect(paths).toContainEqual(
      expect.stringMatching(/mapPage > .* > tiny[/]baseline:swiotlbTblMapSingle > tiny[/]v1[.]1:map$/),
    );
  });

  test('matrix', () => {
    const { clauses } = buildMatrix(sideBySide(TINY), scenarios, () => undefined);
    const leaks =
      clauses.get('confinement-read')?.map(({ broken }) => broken.get('never-cleared') ?? 0) ?? [];
    expect(leaks[0]).toBeGreaterThan(0);
    expect(leaks[1]).toBeLessThan(leaks[0] ?? 0);
  });

  test('explore', () => {
    const machines = new Machines();
    const target = { from: tiny('v1'), to: tiny('v2'), clause: undefined, different: false };
    const programs = seededPrograms(1);
    const found = Array.from({ length: 400 }, (_, index) => probe(machines, target, programs.at(index)));
    expect(found.flat().map(({ kind, clause }) => `${kind} ${clause}`)).toContain(
      'regressed from-device-data',
    );
  });

  test('source: the code of both files, the difference in its own', async () => {
    const sources = await openSources();
    const { functions } = sources.effectiveSource(tiny('v1'));
    expect(functions.get('map')).toMatchObject({
      patch: 'tiny/v1.1',
      file: 'variants/testing/zero-the-slot.ts',
    });
    expect(functions.get('map as of tiny/baseline')?.file).toBe('harness/machine/swiotlb.ts');
    expect(functions.get('mapPage')?.file).toBe('variants/baseline.ts');
    expect(functions.get('swiotlbTblUnmapSingle')?.kernelFunction).toBe('swiotlb_tbl_unmap_single');
    const diffs = sources.diffStates(tiny('v1'), tiny('v2'));
    expect(diffs.map(({ kind, method }) => `${kind} ${method}`)).toEqual(['changed swiotlbSyncSingleForCpu']);
  });
});

describe('a state that was made elsewhere', () => {
  const { origin } = { origin: 'C of 5.14-rc5, compiled' };
  const foreign = stateOf('c/baseline', (machine) => new Baseline(machine), origin);

  test('brings its own pool, allocator and flush', () => {
    const machine = new Machine();
    const scenario = selectScenarios(corpus, 'lifecycle/*').find((found) =>
      found.steps.some(({ op }) => op === 'flush_queue'),
    );
    if (scenario === undefined) throw new Error('no scenario');
    const flushed: number[] = [];
    const state = stateOf('c/own', (m) => {
      m.pool = { used: 77, total: 99, holds: (phys) => m.slots.holds(phys), reset: () => undefined };
      const ops = new Baseline(m);
      return Object.assign(ops, { flushQueue: ({ index }: { index: number }) => flushed.push(index) });
    });
    const run = runScenario(machine, state, scenario);
    expect(run.steps.every(({ held }) => held.slots === 77)).toBe(true);
    expect(flushed.length).toBeGreaterThan(0);
    machine.reset(scenario.machine);
    expect(machine.pool).toBe(machine.slots);
  });

  test('compares as any other', () => {
    const { findings, different } = compare(DMA_IOMMU.root, foreign, scenarios);
    expect(findings.every(({ kind }) => kind === 'still-broken')).toBe(true);
    expect(different).toEqual([]);
  });
});
