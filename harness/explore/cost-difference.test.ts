// SPDX-License-Identifier: GPL-2.0-only
import { describe, expect, test } from '@jest/globals';
import { findState } from '../../variants/registry.ts';
import { Prefixes } from '../compare/prefixes.ts';
import { DEVICE_DEFAULTS, MACHINE_DEFAULTS } from '../machine/config.ts';
import { Machine } from '../machine/machine.ts';
import { lookAt } from '../run/interpreter.ts';
import type { Step } from '../run/scenario.ts';
import { costDifferences, shownByCost, type CostDifference } from './cost-difference.ts';
import { costIn } from './cost-section.ts';
import { Prober, type Assignment } from './prober.ts';
import { toScenario, type Program } from './program.ts';
import { Search } from './search.ts';
import { isCorrectUse } from './usage.ts';
import { inThisThread } from './workers.ts';

function state(id: string) {
  const found = findState(id);
  if (found === undefined) throw new Error(`no state ${id}`);
  return found;
}

/** A sector at 0x40 is mapped for an untrusted device that insists on the low nine bits, and unmapped. */
const SECTOR: Program = {
  machine: {
    ...MACHINE_DEFAULTS,
    devices: [{ ...DEVICE_DEFAULTS, untrusted: true, minAlignMask: 511 }],
  },
  buffers: [{ size: 512, offset: 0x40 }],
  steps: [
    {
      line: 0,
      op: 'map_page',
      map: 0,
      device: 0,
      dir: 1,
      attrs: 0,
      during: [],
      buffer: 0,
      offset: 0,
      size: 512,
    },
    { line: 0, op: 'unmap_page', map: 0, attrs: 0, during: [] },
  ] satisfies Step[],
};

function differences(from: string, to: string): CostDifference[] {
  const scenario = toScenario(SECTOR);
  return costDifferences(
    lookAt(new Machine(), state(from), scenario),
    lookAt(new Machine(), state(to), scenario),
  );
}

describe('costs of an operation on two sides', () => {
  // v2 maps the granule-sized buffer from its offset on: it crosses into a second granule.
  test('differ by step and kind', () => {
    const found = differences('v2', 'v3').map(({ step, name, from, to }) => [step, name, from, to]);
    expect(found).toContainEqual([0, 'pages-mapped', 2, 1]);
    expect(found).toContainEqual([0, 'iova', 2, 1]);
    expect(differences('v3', 'v3')).toEqual([]);
  });

  test('are one finding by operation, situation, kind and direction', () => {
    const [there] = differences('v2', 'v3');
    const [back] = differences('v3', 'v2');
    if (there === undefined || back === undefined) throw new Error('no difference');
    const shown = shownByCost(there);
    expect(shown.kind).toBe('cheaper');
    expect(shownByCost(back).kind).toBe('costlier');
    expect(shownByCost({ ...there, from: 7, to: 3, step: 5 })).toEqual(shown);
    for (const other of [{ operation: 'map_sg' }, { situation: 'trusted' }, { name: 'walks' }] as const) {
      expect(shownByCost({ ...there, ...other }).key).not.toBe(shown.key);
    }
  });

  test('are told with both amounts, the patch, and the clauses that change with them', () => {
    const found = differences('v2', 'v3').find(({ name }) => name === 'pages-mapped');
    if (found === undefined) throw new Error('no difference');
    const target = { from: state('v2'), to: state('v3') };
    const cost = costIn(new Prefixes(new Machine()), target, toScenario(SECTOR), shownByCost(found));
    expect(cost).toMatchObject({ from: 2, to: 1, patches: [{ patch: 'v3.5', from: 2, to: 1 }] });
    const back = costIn(
      new Prefixes(new Machine()),
      { from: target.to, to: target.from },
      toScenario(SECTOR),
      shownByCost({ ...found, from: 1, to: 2 }),
    );
    expect(back).toMatchObject({ from: 1, to: 2, patches: [{ patch: 'v3.5', from: 1, to: 2 }] });
  });
});

describe('a search for costs', () => {
  const run = async (from: string, to: string): Promise<Search> => {
    const assignment: Assignment = {
      from,
      to,
      clause: undefined,
      different: false,
      costs: true,
      programs: { seed: 3 },
    };
    const search = new Search(inThisThread(Prober.of(assignment)));
    await search.run(0, 60);
    return search;
  };

  test('finds costs only, each in a small program that shows it', async () => {
    const { findings } = await run('v2', 'v3');
    expect(new Set(findings.map(({ shown: { kind } }) => kind))).toEqual(new Set(['cheaper', 'costlier']));
    for (const { program, shown } of findings) {
      expect(program.steps.length).toBeLessThanOrEqual(4);
      expect(isCorrectUse(program)).toBe(true);
      const scenario = toScenario(program);
      const target = { from: state('v2'), to: state('v3') };
      expect(costIn(new Prefixes(new Machine()), target, scenario, shown)).toBeDefined();
    }
  });

  test('finds nothing between a state and itself', async () => {
    expect((await run('v3', 'v3')).findings).toEqual([]);
  });
});
