// SPDX-License-Identifier: GPL-2.0-only
/**
 * Real kernel trees, compiled: `BOUNCEDIFF_KERNEL_TREES=<folder with 6.1, 6.12> npm run test:kernel`. With 5.14
 * (5.14-rc5, the base of the recorded series, which no distribution has) that is held against the recordings, too.
 */
import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { findState } from '../../variants/registry.ts';
import { compareWithVectors } from '../fidelity/compare.ts';
import { loadVectors } from '../fidelity/vectors.ts';
import { Machine } from '../machine/machine.ts';
import { openTree } from '../posted/tree.ts';
import { runScenario } from '../run/interpreter.ts';
import { sameBehaviour } from '../run/same.ts';
import type { MachineConfig } from '../machine/config.ts';
import type { Scenario } from '../run/scenario.ts';
import { loadCorpus, loadScenarioText } from '../scenario/load.ts';
import type { State } from '../subject/state.ts';
import { packageRoot } from '../text/package-root.ts';
import type { Below } from './plan.ts';
import { compileAhead, compileState } from './compiled-state.ts';

const trees = process.env['BOUNCEDIFF_KERNEL_TREES'];
if (trees === undefined) {
  throw new Error('BOUNCEDIFF_KERNEL_TREES names no folder with the kernel trees 6.1 and 6.12');
}
const cacheFolder = process.env['BOUNCEDIFF_KERNEL_CACHE'] ?? mkdtempSync(join(tmpdir(), 'bouncediff-'));
const { scenarios } = loadCorpus(join(packageRoot(), 'corpus'));
const ASKS = `
name: asks
why: a test
devices: { bounced: { untrusted: true, minAlignMask: 4095 }, direct: {} }
buffers: { a: { size: 512 } }
steps: [{ dma_max_mapping_size: { device: bounced } }, { dma_max_mapping_size: { device: direct } }]
`;
const corpusCase = (id: string): Scenario => {
  const scenario = scenarios.find((one) => one.id === id);
  if (scenario === undefined) throw new Error(`no case ${id}`);
  return scenario;
};
const compiled = async (name: string, below: Below): Promise<State> =>
  compileState({ tree: await openTree(join(trees, name)), id: `linux-${name}`, cacheFolder, below });

// Nobody can fetch it without git; who has it gains these.
const with514 = existsSync(join(trees, '5.14')) ? describe : describe.skip;

with514.each<[Below, string[]]>([
  ['machine', []],
  // The compiled search does not tell which slot it came back to.
  [
    'tree',
    ['errors/pool-full-endless-search', 'errors/pool-full-of-half-pages', 'errors/pool-full-of-half-pages'],
  ],
])('5.14-rc5 ($BOUNCEDIFF_KERNEL_TREES/5.14), and below its dma-iommu.c the %s', (below, known) => {
  let state: State;
  beforeAll(async () => {
    state = await compiled('5.14', below);
  });

  test('does what was recorded of it, call by call', () => {
    const vectors = loadVectors(join(packageRoot(), 'harness/fidelity/data'));
    const result = compareWithVectors(new Machine(), state, vectors.programs, vectors.results('baseline'));
    expect(result).toEqual({ state: state.id, matched: 651, total: 651, first: undefined });
  });

  test('does what the baseline does, in every record of the corpus but the call paths', () => {
    const baseline = findState('baseline');
    if (baseline === undefined) throw new Error('the registry has no baseline');
    const [one, other] = [new Machine(), new Machine()];
    const different = scenarios.filter(
      (scenario) => !sameBehaviour(runScenario(one, baseline, scenario), runScenario(other, state, scenario)),
    );
    expect(different.map(({ scenario }) => scenario)).toEqual(known);
  });

  test('does it again the second time', () => {
    const machine = new Machine();
    const first = scenarios.map((scenario) => runScenario(machine, state, scenario));
    const different = scenarios.filter(
      (scenario, i) => !sameBehaviour(first[i]!, runScenario(machine, state, scenario)),
    );
    expect(different.map(({ id }) => id)).toEqual([]);
  });
});

const PAGE_SIZES = [4096, 16384, 65536];

describe.each(['6.1', '6.12'])('%s', (name) => {
  let state: State;
  beforeAll(async () => {
    state = await compiled(name, 'tree');
    const builds = PAGE_SIZES.flatMap((pageSize) => [true, false].map((swiotlb) => ({ pageSize, swiotlb })));
    await compileAhead([state], builds);
  });

  test.each([
    ['as it is', ({ machine }: Scenario) => machine],
    ...PAGE_SIZES.flatMap((pageSize): [string, (scenario: Scenario) => MachineConfig][] => [
      [
        `with pages of ${pageSize}`,
        ({ machine }) => ({ ...machine, pageSize, granule: Math.min(machine.granule, pageSize) }),
      ],
      [`with granules of ${pageSize}, too`, ({ machine }) => ({ ...machine, pageSize, granule: pageSize })],
    ]),
  ])('runs the corpus %s without a crash', (_, machineOf) => {
    const machine = new Machine();
    const crashed = scenarios.flatMap((scenario) => {
      const { crash } = runScenario(machine, state, { ...scenario, machine: machineOf(scenario) });
      return crash === undefined ? [] : [`${scenario.id}: ${crash.kind}`];
    });
    expect(crashed).toEqual([]);
  });

  // swiotlb_max_mapping_size(): 128 slots, less what min_align_mask takes up to.
  test('tells drivers of untrusted devices the largest mapping', () => {
    const [told] = loadScenarioText(ASKS, 'lifecycle/asks.yaml');
    if (told === undefined) throw new Error('no scenario');
    expect(runScenario(new Machine(), state, told).steps.map((step) => step.told)).toEqual([
      0x40000 - 4096,
      Infinity,
    ]);
  });

  test('cleans for a from-device mapping', () => {
    const run = runScenario(
      new Machine(),
      state,
      corpusCase('sync/page-by-hand[dir=FROM_DEVICE,coherent=false,iommu=amd]'),
    );
    const kept = run.events.of('arch_sync_dma_for_device').map(({ cleans }) => cleans);
    expect(new Set(kept)).toEqual(new Set([1]));
  });
});

test('slots of 6.12 that pad in front of the bounce address are counted as its own', async () => {
  const state = await compiled('6.12', 'tree');
  const run = runScenario(
    new Machine(),
    state,
    corpusCase('found/slot-in-front-of-a-list-entry[dir=BIDIRECTIONAL]'),
  );
  expect(run.bounceBuffers).toMatchObject([{ tlb: 0x1000800, start: 0x1000000, end: 0x1001000 }]);
});

test('a newer tree is not put on the model of 5.14', async () => {
  await expect(compiled('6.1', 'machine')).rejects.toThrow(
    "this tree's dma-iommu.c stands on another swiotlb.c and iova.c than the machine models",
  );
});
