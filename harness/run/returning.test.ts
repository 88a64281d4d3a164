// SPDX-License-Identifier: GPL-2.0-only
import { describe, expect, test } from '@jest/globals';
import { Baseline } from '../../variants/baseline.ts';
import { DMA_IOMMU } from '../../variants/registry.ts';
import { instrument } from '../../variants/instrument.ts';
import type { StateClass } from '../../variants/patch.ts';
import type { Device } from '../machine/vocabulary.ts';
import type { State } from '../subject/state.ts';
import { stateOf as plainState } from '../subject/testing/state-of.ts';
import { compare } from '../compare/comparison.ts';
import { casesOf } from '../contract/testing/judging.ts';
import { Machine } from '../machine/machine.ts';
import type { Scenario } from './scenario.ts';
import { lookAt, runScenario } from './interpreter.ts';
import type { Run } from './run.ts';
import { traceOf } from './trace.ts';
import { repeats } from './alike.ts';
import { eachReturning, returning, within } from './returning.ts';

const CASES = casesOf(`matrix: { size: [512, 1024, 2048] }
device: { untrusted: true }
buffers: { a: { size: $size } }
steps:
  - map_page: { id: m, buffer: a, dir: TO_DEVICE }
  - unmap_page: m
`);

function stateOf(id: string, Class: StateClass): State {
  const layers = [
    { id: 'baseline', Class: Baseline },
    { id: `${id}.1`, Class },
  ];
  const { Class: Ops, frames } = instrument(layers);
  return { ...plainState(id, (machine) => new Ops(machine)), frames };
}

/** Loops in the unmap of the case of 1024 bytes; `turn` is what it does each time. */
function looping(id: string, turn: (this: Baseline, dev: Device) => void): State {
  return stateOf(
    id,
    class extends Baseline {
      override unmapSwiotlb(...[dev, handle, size, dir, attrs]: Parameters<Baseline['unmapSwiotlb']>): void {
        if (size === 1024) for (;;) turn.call(this, dev);
        super.unmapSwiotlb(dev, handle, size, dir, attrs);
      }
    },
  );
}

function crashOf(run: Run): unknown {
  if (run.crash === undefined) return undefined;
  const { kind, step, event } = run.crash;
  const line = traceOf(run).find((traced) => traced.event === event);
  return { kind, step, text: line?.raw, path: line?.path };
}

// Before the others: once something is stuck, every case of every state is tried alone.
test('a state that was slow once is not suspected for ever', () => {
  let isSlow = true;
  class Slow extends Baseline {
    override unmapPage(...args: Parameters<Baseline['unmapPage']>): void {
      const end = isSlow ? performance.now() + 2500 : 0;
      isSlow = false;
      while (performance.now() < end);
      super.unmapPage(...args);
    }
  }
  const kernels: unknown[] = [];
  const state = plainState('slow', (kernel) => {
    kernels.push(kernel);
    return new Slow(kernel);
  });
  const machine = new Machine();
  const runs = [...eachReturning(CASES, (scenario) => runScenario(machine, state, scenario))];
  expect(runs.map(crashOf)).toEqual([undefined, undefined, undefined]);
  // A case under suspicion is run once more, and what is called in it counted.
  expect(kernels.some((kernel) => kernel !== machine)).toBe(true);
  kernels.splice(0);
  const [first] = CASES as [Scenario];
  runScenario(machine, state, { ...first, machine: { ...first.machine, strict: false } });
  expect(kernels.length).toBe(1);
  expect(kernels[0]).toBe(machine);
});

describe('a state that does not return in one of three cases', () => {
  const crash = (id: string): unknown => ({
    kind: 'did-not-return',
    step: 1,
    text: 'CRASH: a function of the state did not return',
    path: ['baseline:unmapPage', `${id}.1:unmapSwiotlb`],
  });

  test.each<[string, string, (this: Baseline, dev: Device) => void]>([
    ['without a call', 'silent', () => undefined],
    [
      'with calls that are not recorded',
      'asking',
      function (dev) {
        this.kernel.iovaOffset(dev, 0);
      },
    ],
  ])('%s: a crash in that case, in the function that loops, the same each time', (_, id, turn) => {
    const state = looping(id, turn);
    const machine = new Machine();
    const runs = [...eachReturning(CASES, (scenario) => runScenario(machine, state, scenario))];
    expect(runs.map(crashOf)).toEqual([undefined, crash(id), undefined]);
    expect(runs.every((run) => repeats(machine, state, run))).toBe(true);
  });

  test('with recorded calls: no clock is needed', () => {
    const state = looping('calling', function () {
      this.kernel.archSyncDmaForCpu(0, 0, 1);
    });
    const machine = new Machine();
    const runs = CASES.map((scenario) => runScenario(machine, state, scenario));
    expect(runs.map(crashOf)).toEqual([undefined, crash('calling'), undefined]);
    const fresh = new Machine();
    expect(runs.every((run) => repeats(fresh, state, run))).toBe(true);
  });

  test('by calling itself', () => {
    class Recursive extends Baseline {
      override unmapPage(...args: Parameters<Baseline['unmapPage']>): void {
        this.unmapPage(...args);
      }
    }
    const [scenario] = CASES;
    if (scenario === undefined) throw new Error('no case');
    const run = runScenario(new Machine(), stateOf('recursive', Recursive), scenario);
    expect(run.crash).toMatchObject({ kind: 'did-not-return', step: 1 });
  });

  test('before the first step', () => {
    class Stuck extends Baseline {
      override initDomain(): void {
        for (;;);
      }
    }
    const [scenario] = CASES;
    if (scenario === undefined) throw new Error('no case');
    const state = stateOf('stuck', Stuck);
    const run = returning(() => runScenario(new Machine(), state, scenario));
    expect(run.crash).toMatchObject({ kind: 'did-not-return', step: -1 });
  });

  test('a comparison goes on, and finds it', () => {
    const state = looping('compared', () => undefined);
    const { findings, cases } = compare(DMA_IOMMU.root, state, CASES);
    expect(cases).toBe(3);
    const found = findings.find(({ clause }) => clause === 'no-crash');
    expect(found).toMatchObject({ kind: 'regressed', cause: 'did-not-return' });
    expect(found?.cases.map(({ scenario }) => scenario.id)).toEqual(['map/test[size=1024]']);
  });
});

test('work that only takes long is done', () => {
  let tries = 0;
  const slow = (): number => {
    tries++;
    const end = performance.now() + 2500;
    while (performance.now() < end);
    return lookAt(new Machine(), DMA_IOMMU.root, CASES[0] as Scenario).steps.length;
  };
  expect(returning(slow)).toBe(2);
  expect(tries).toBe(2);
});

test('a run that was ended anywhere leaves a machine that is as good as new', () => {
  const [scenario] = casesOf(`device: { untrusted: true, coherent: false, scribble: true }
buffers: { a: { size: 0x8000, offset: 8 } }
steps:
  - repeat:
      times: 12
      steps: [cpu_write: a, map_page: { id: m, buffer: a, dir: FROM_DEVICE }, device_write: m, unmap_page: m, cpu_read: a]
`);
  if (scenario === undefined) throw new Error('no case');
  const state = stateOf('ended', class extends Baseline {});
  const expected = runScenario(new Machine(), state, scenario);
  for (let limit = 1; limit <= 40; limit++) {
    const machine = new Machine();
    for (let tries = 0; tries < 3; tries++) {
      within(limit, () => lookAt(machine, state, scenario));
      machine.built.length = 0;
    }
    expect(repeats(machine, state, expected)).toBe(true);
  }
});
