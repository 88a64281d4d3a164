// SPDX-License-Identifier: GPL-2.0-only
/** A state that in some programs takes more than a run may: they say nothing, and the search goes on. */
import { expect, test } from '@jest/globals';
import { Baseline } from '../../variants/baseline.ts';
import { findState } from '../../variants/registry.ts';
import { RUN_BUDGET } from '../machine/budget.ts';
import type { Machine } from '../machine/machine.ts';
import type { State } from '../subject/state.ts';
import { stateOf } from '../subject/testing/state-of.ts';
import { Prober } from './prober.ts';
import type { Program } from './program.ts';
import { Search } from './search.ts';
import { probeShard } from './shards.ts';
import { seededPrograms } from './source.ts';
import { inThisThread, type Workers } from './workers.ts';

/** Pages smaller than this are too much for it. */
const SMALLEST = 1024;

/** Syncs nothing for the CPU, and takes all that there is for a small page. */
class Greedy extends Baseline {
  private readonly machine: Machine;

  constructor(machine: Machine) {
    super(machine);
    this.machine = machine;
  }

  override syncSingleForCpu(): void {}

  override mapPage(...args: Parameters<Baseline['mapPage']>): number {
    if (args[2] < SMALLEST) this.machine.log.budget.take(RUN_BUDGET);
    return super.mapPage(...args);
  }
}

function baseline(): State {
  const found = findState('baseline');
  if (found === undefined) throw new Error('no baseline');
  return found;
}

function hasSmallPage({ steps }: Program): boolean {
  return steps.some((step) => step.op === 'map_page' && step.size < SMALLEST);
}

function workers(): Workers {
  const greedy = stateOf('greedy', (machine) => new Greedy(machine));
  const target = { from: baseline(), to: greedy, clause: undefined, different: false };
  return inThisThread(new Prober(target, seededPrograms(1)));
}

async function searched(programs: number): Promise<Search> {
  const search = new Search(workers());
  await search.run(0, programs);
  return search;
}

test('a program in which a run takes too much is left out, and named', async () => {
  const { programs, tooMuch } = await searched(40);
  const source = seededPrograms(1);
  const small = Array.from({ length: 40 }, (_, index) => index).filter((index) =>
    hasSmallPage(source.at(index)),
  );
  expect(programs).toBe(40);
  expect(tooMuch.length).toBeGreaterThan(3);
  expect(small).toEqual(expect.arrayContaining(tooMuch));
});

test('what others show is found, and shrunk to none of those', async () => {
  const { findings } = await searched(40);
  expect(findings.map(({ shown: { kind, clause } }) => `${kind} ${clause}`)).toContain(
    'regressed from-device-data',
  );
  for (const { program } of findings) expect(hasSmallPage(program)).toBe(false);
});

test('shards have those of their programs', async () => {
  const { tooMuch } = await searched(128);
  const shard = async (index: number) => probeShard(workers(), { index, of: 2 }, 128, () => {});
  const [first, second] = [await shard(1), await shard(2)];
  expect(first.tooMuch.length).toBeGreaterThan(0);
  expect(second.tooMuch.length).toBeGreaterThan(0);
  expect([...first.tooMuch, ...second.tooMuch]).toEqual(tooMuch);
});
