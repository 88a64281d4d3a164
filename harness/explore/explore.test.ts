// SPDX-License-Identifier: GPL-2.0-only
import { isDeepStrictEqual } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { findState } from '../../variants/registry.ts';
import { Machine } from '../machine/machine.ts';
import { sameBehaviour } from '../run/same.ts';
import { behaveAlike } from '../run/alike.ts';
import { runScenario } from '../run/interpreter.ts';
import { loadScenarioText } from '../scenario/load.ts';
import { programs } from './testing/arbitraries.ts';
import { DEFAULT_GRID, enumerate } from './enumerate.ts';
import type { Shown } from './mechanism.ts';
import { Machines, probe } from './probe.ts';
import { Prober, targetOf, type Assignment } from './prober.ts';
import { toScenario, type Program, type Telling } from './program.ts';
import { Search } from './search.ts';
import { shrink } from './shrink.ts';
import { seededPrograms } from './source.ts';
import { isCorrectUse } from './usage.ts';
import { inThisThread } from './workers.ts';
import { toYaml } from './yaml.ts';

const TELLING: Telling = { id: 'found/program', name: 'generated', why: "it's generated" };

function assignment(from: string | undefined, to: string): Assignment {
  return { from, to, clause: undefined, different: true, programs: { seed: 1 } };
}

/** The scenario that the program's YAML loads as, without where it stands in a file. */
function loaded(program: Program) {
  const [scenario] = loadScenarioText(toYaml(program, TELLING), 'corpus/found/program.yaml');
  if (scenario === undefined) return undefined;
  const { file, ...rest } = scenario;
  expect(file).toBe('corpus/found/program.yaml');
  return { ...rest, steps: rest.steps.map((step) => ({ ...step, line: 0 })) };
}

describe('generated programs', () => {
  test('use the API correctly and load from their YAML as they are', () => {
    fc.assert(
      fc.property(programs(), (program) => {
        expect(isCorrectUse(program)).toBe(true);
        expect(isDeepStrictEqual(loaded(program), toScenario(program, TELLING))).toBe(true);
      }),
      { numRuns: 100, seed: 1 },
    );
  });

  test('depend on seed and number alone', () => {
    const [one, other] = [seededPrograms(7), seededPrograms(7)];
    expect(one.at(41)).toEqual(other.at(41));
    expect(seededPrograms(8).at(41)).not.toEqual(one.at(41));
    for (let index = 0; index < 150; index++) {
      const program = one.at(index);
      if (program.steps.length > 0) expect(isCorrectUse(program)).toBe(true);
    }
  });
});

test('behaving alike unobserved is behaving alike observed', () => {
  const [one, other] = [new Machine(), new Machine()];
  const [x, y] = [findState('v2'), findState('v3')];
  if (x === undefined || y === undefined) throw new Error('no such states');
  const programsOf = seededPrograms(3);
  const seen = new Set<boolean>();
  for (let index = 0; index < 200; index++) {
    const scenario = toScenario(programsOf.at(index));
    const alike = behaveAlike({ machine: one, state: x }, { machine: other, state: y }, scenario);
    expect(alike).toBe(sameBehaviour(runScenario(one, x, scenario), runScenario(one, y, scenario)));
    seen.add(alike);
  }
  expect(seen.size).toBe(2);
});

/** A search in which each program shows one of these. */
async function searched(all: readonly Shown[]): Promise<Search> {
  const search = new Search({
    count: 1,
    probe: async (first, end) =>
      Promise.resolve({
        hits: all.map((shown, index) => ({ index, steps: 1, shown })).slice(first, end),
        novel: [],
        tooMuch: [],
      }),
    learn: async () => Promise.resolve(),
    shrink: async (index) => Promise.resolve({ program: seededPrograms(1).at(index), tries: 1, also: [] }),
    close: async () => Promise.resolve(),
  });
  await search.run(0, all.length);
  return search;
}

describe('search', () => {
  const run = async (count: number, of: Assignment) => {
    const search = new Search(inThisThread(Prober.of(of)));
    await search.run(0, count);
    return search;
  };

  test('finds the same in the same order, shrunk to a few steps', async () => {
    const one = await run(15, assignment('v2', 'v3'));
    const other = await run(15, assignment('v2', 'v3'));
    expect(one.findings.length).toBeGreaterThan(3);
    expect(one.findings).toEqual(other.findings);
    for (const { program } of one.findings) expect(program.steps.length).toBeLessThanOrEqual(6);
  });

  test('shrunk programs show the mechanism, use the API correctly, and shrink no further', async () => {
    const of = assignment(undefined, 'v3');
    const machines = new Machines();
    const { findings } = await run(15, of);
    for (const { program, shown } of findings) {
      const shows = (candidate: Program): boolean =>
        probe(machines, targetOf(of), candidate).some(({ key }) => key === shown.key);
      expect(shows(program)).toBe(true);
      expect(isCorrectUse(program)).toBe(true);
      expect(shrink(program, shows).program).toEqual(program);
      expect(loaded(program)).toEqual(toScenario(program, TELLING));
    }
  });

  test('what flips with the layout is layout-dependent, and nothing else any more', async () => {
    const { findings } = await run(30, {
      ...assignment('v3', 'review/map-aligned-from-start'),
      clause: 'own-memory',
      different: false,
      programs: { seed: 8 },
    });
    const lucky = findings.filter(({ shown }) => shown.kind === 'layout-dependent');
    expect(lucky.map(({ shown }) => `${shown.clause} ${shown.cause}`)).toContain('own-memory foreign-slot');
    const known = new Set(findings.map(({ shown }) => shown.key));
    for (const { shown } of lucky) for (const key of shown.elsewhere ?? []) expect(known).not.toContain(key);
  });

  test('a mechanism that one program shows in every layout is layout-dependent no longer', async () => {
    const through = 'mapPage → iommu_map';
    const shown = (kind: 'fixed' | 'layout-dependent', elsewhere: readonly string[]): Shown => {
      const key = `${kind} | confinement-read | other-mapping | ${through}`;
      return { key, kind, clause: 'confinement-read', cause: 'other-mapping', through, elsewhere };
    };
    const certain = shown('fixed', []);
    const lucky = shown('layout-dependent', [certain.key]);
    // In one piece of work, in either order.
    for (const hits of [
      [lucky, certain],
      [certain, lucky],
    ]) {
      const { findings } = await searched(hits);
      expect(findings.map(({ shown: { kind } }) => kind)).toEqual(['fixed']);
    }
  });

  test('alone, a suggestion is held against the state that it stands on: all is inherited', async () => {
    const { findings } = await run(30, assignment(undefined, 'review/no-dead-attrs'));
    expect(new Set(findings.map(({ shown: { kind } }) => kind))).toEqual(new Set(['inherited']));
  });

  test('alone, a suggestion has broken what it breaks beside that state, and inherited the rest', async () => {
    const suggestion = findState('review/else-if-arch-sync');
    expect(suggestion?.root.id).toBe('v3.2');
    const alone = await run(15, assignment(undefined, 'review/else-if-arch-sync'));
    const beside = await run(15, assignment('v3.2', 'review/else-if-arch-sync'));
    const named = ({ findings }: Search, kinds: readonly string[]): string[] => {
      const found = findings.filter(({ shown: { kind } }) => kinds.includes(kind));
      return [...new Set(found.map(({ shown: { clause, cause } }) => `${clause}: ${cause}`))].toSorted();
    };
    const broken = named(alone, ['broken']);
    expect(broken).toContain('to-device-data: not-cleaned');
    expect(broken).toEqual(named(beside, ['regressed', 'uncovered']));
    expect(named(alone, ['inherited']).length).toBeGreaterThan(3);
  });

  test('finds nothing between a state and itself', async () => {
    const { findings } = await run(20, assignment('v3', 'v3'));
    expect(findings).toEqual([]);
  });
});

describe('enumeration', () => {
  const grid = {
    ...DEFAULT_GRID,
    operations: 1,
    granules: [4096],
    buffers: 1,
    minAlignMasks: [0],
    classes: [{ size: 512, offset: 0 }],
  };

  test('counts what it says', () => {
    // 3 directions × 2 attributes × (map_page, map_sg) on 16 machines.
    expect(enumerate(grid).size).toBe(3 * 2 * 2 * 16);
    expect(enumerate({ ...grid, buffers: 2 }).size).toBe(3 * 2 * 3 * 16);
  });

  test('every program is another one, correct and loadable', () => {
    const all = enumerate({ ...DEFAULT_GRID, operations: 2, minAlignMasks: [4095] });
    const seen = new Set<string>();
    for (let index = 0; index < all.size; index += 7) {
      const program = all.at(index);
      expect(isCorrectUse(program)).toBe(true);
      seen.add(JSON.stringify(program));
    }
    expect(seen.size).toBe(Math.ceil(all.size / 7));
    expect(loaded(all.at(all.size - 1))).toEqual(toScenario(all.at(all.size - 1), TELLING));
  });
});
