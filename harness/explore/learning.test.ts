// SPDX-License-Identifier: GPL-2.0-only
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { findState } from '../../variants/registry.ts';
import { DEVICE_DEFAULTS, MACHINE_DEFAULTS } from '../machine/config.ts';
import { Machine } from '../machine/machine.ts';
import { execute } from '../run/interpreter.ts';
import type { Step } from '../run/scenario.ts';
import { loadCorpus, loadScenarioText } from '../scenario/load.ts';
import { packageRoot } from '../text/package-root.ts';
import { programsOf } from './from-scenario.ts';
import { Prober } from './prober.ts';
import { toScenario, type Program } from './program.ts';
import { SeededChoices } from './random.ts';
import { Search } from './search.ts';
import { addSignature } from './signature.ts';
import { LearningPrograms, seededPrograms, type Lesson } from './source.ts';
import { isCorrectUse } from './usage.ts';
import { legal, vary } from './vary.ts';
import { inThisThread, type Workers } from './workers.ts';
import { toYaml } from './yaml.ts';

const CORPUS = loadCorpus(join(packageRoot(), 'corpus')).scenarios;
const START = programsOf(CORPUS);

function state(id: string) {
  const found = findState(id);
  if (found === undefined) throw new Error(`no state ${id}`);
  return found;
}

/** A page of one buffer is mapped and unmapped. */
function mapped(size: number, offset = 0): Program {
  const steps: Step[] = [
    { line: 0, op: 'map_page', map: 0, device: 0, dir: 1, attrs: 0, during: [], buffer: 0, offset: 0, size },
    { line: 0, op: 'unmap_page', map: 0, attrs: 0, during: [] },
  ];
  const device = { ...DEVICE_DEFAULTS, untrusted: true };
  return { machine: { ...MACHINE_DEFAULTS, devices: [device] }, buffers: [{ size, offset }], steps };
}

describe('programs of the corpus', () => {
  test('are most of its cases, and run as these do', () => {
    expect(START.length).toBeGreaterThan(CORPUS.length * 0.8);
    const byText = new Set(START.map((program) => JSON.stringify(toScenario(program).steps)));
    const whole = CORPUS.filter(({ steps }) =>
      byText.has(JSON.stringify(steps.map((step) => ({ ...step, line: 0 })))),
    );
    expect(whole.length).toBeGreaterThan(CORPUS.length * 0.7);
    for (const program of START) expect(isCorrectUse(program)).toBe(true);
  });
});

describe('variations', () => {
  test('use the API correctly, load from their YAML as they are, and mostly differ', () => {
    const telling = { id: 'found/program', name: 'generated', why: 'generated' };
    const seen = new Set<string>();
    let runs = 0;
    for (let index = 0; index < 400; index++) {
      const choices = new SeededChoices(5, index);
      const from = START[choices.below(START.length)];
      const program = from && vary(choices, from, START);
      if (program === undefined || program.steps.length === 0) continue;
      runs++;
      seen.add(JSON.stringify(program));
      expect(isCorrectUse(program)).toBe(true);
      const [loaded] = loadScenarioText(toYaml(program, telling), 'corpus/found/program.yaml');
      const steps = loaded?.steps.map((step) => ({ ...step, line: 0 }));
      const { steps: expected, machine, buffers } = toScenario(program, telling);
      expect(isDeepStrictEqual([steps, loaded?.machine, loaded?.buffers], [expected, machine, buffers])).toBe(
        true,
      );
    }
    expect(runs).toBeGreaterThan(350);
    expect(seen.size).toBeGreaterThan(runs * 0.9);
  });

  test('what the API refuses is left out, and mappings are numbered anew', () => {
    const { steps, ...rest } = mapped(512);
    const [map, unmap] = steps as [Step, Step];
    // Unmapped before it is mapped; mapping 7 does not exist.
    const wild = [
      unmap,
      { ...map, map: 3 } as Step,
      { ...unmap, map: 7 } as Step,
      { ...unmap, map: 3 } as Step,
    ];
    expect(legal({ ...rest, steps: wild }).steps).toEqual([map, unmap]);
  });
});

describe('what is new about a run', () => {
  const machine = new Machine();
  const of = (program: Program, id = 'v8'): Set<number> => {
    const features = new Set<number>();
    const scenario = toScenario(program);
    execute(machine, state(id), scenario, undefined);
    addSignature(features, { machine, state: state(id) }, scenario, 0);
    return features;
  };
  const isNew = (a: Set<number>, b: Set<number>): boolean => [...b].some((feature) => !a.has(feature));

  test('nothing, when it runs again; sizes and places of another class are', () => {
    expect(of(mapped(512))).toEqual(of(mapped(512)));
    // Below a slot, both whole sectors; one byte less is no whole line any more.
    expect(isNew(of(mapped(512)), of(mapped(1024)))).toBe(false);
    expect(isNew(of(mapped(512)), of(mapped(511)))).toBe(true);
    expect(isNew(of(mapped(512)), of(mapped(512, 8)))).toBe(true);
  });

  test('calls that nobody has made are', () => {
    const { steps, ...rest } = mapped(512);
    expect(isNew(of({ ...rest, steps: steps.slice(0, 1) }), of(mapped(512)))).toBe(true);
  });
});

/** A search that learns, done by so many probers in turn. */
async function searched(probers: number, programs: number, start: readonly Program[] = []) {
  const target = { from: state('v7'), to: state('v8'), clause: undefined, different: true };
  const all = Array.from({ length: probers }, () =>
    inThisThread(new Prober(target, new LearningPrograms(1, start))),
  );
  const learned: string[] = [];
  let next = 0;
  const workers: Workers = {
    count: probers,
    probe: async (first, end) => all[next++ % probers]!.probe(first, end),
    shrink: async (index, key) => all[next++ % probers]!.shrink(index, key),
    learn: async (lesson) => {
      learned.push(JSON.stringify(lesson));
      await Promise.all(all.map(async (each) => each.learn(lesson)));
    },
    close: async () => Promise.resolve(),
  };
  const search = new Search(workers, { learns: true });
  await search.run(0, programs);
  return { search, learned };
}

test('what told something is varied most', () => {
  const programs = new LearningPrograms(3, []);
  programs.learn({ telling: [mapped(1237)], unlike: [mapped(3331)] });
  const count = { told: 0, unlike: 0, other: 0 };
  for (let index = 0; index < 1000; index++) {
    const sizes = new Set(programs.at(index).buffers.map(({ size }) => size));
    count[sizes.has(1237) ? 'told' : sizes.has(3331) ? 'unlike' : 'other']++;
  }
  // Variations change the size, too, and one lends its steps to the other.
  expect(count.unlike).toBeGreaterThan(20);
  expect(count.told).toBeGreaterThan(5 * count.unlike);
});

test('kept is who told or did something first, as one of the two', async () => {
  const [first, second, third] = [mapped(1), mapped(2), mapped(3)];
  const novel = [
    { program: first, shown: ['isolation'], ways: [1] },
    { program: second, shown: ['isolation'], ways: [1, 2] },
    { program: third, shown: [], ways: [2] },
  ];
  const lessons: Lesson[] = [];
  const workers: Workers = {
    count: 1,
    probe: async (from) => Promise.resolve({ hits: [], novel: from % 512 === 0 ? novel : [], tooMuch: [] }),
    shrink: async () => Promise.reject(new Error('nothing to shrink')),
    learn: async (lesson) => Promise.resolve(void lessons.push(lesson)),
    close: async () => Promise.resolve(),
  };
  await new Search(workers, { learns: true }).run(0, 1024);
  expect(lessons).toEqual([
    { telling: [first], unlike: [second] },
    { telling: [], unlike: [] },
  ]);
});

describe('a search that learns', () => {
  test('finds and keeps the same with any number of workers', async () => {
    const [one, two, three] = [await searched(1, 1100), await searched(2, 1100), await searched(3, 1100)];
    // Of 1100 programs, two whole generations.
    expect(one.learned.length).toBe(2);
    expect((JSON.parse(one.learned[0] ?? '') as Lesson).unlike).not.toEqual([]);
    expect(two.learned).toEqual(one.learned);
    expect(three.learned).toEqual(one.learned);
    expect(two.search.findings).toEqual(one.search.findings);
    expect(three.search.findings).toEqual(one.search.findings);
  });

  test('one program of a later generation is the same alone', async () => {
    const make = (): LearningPrograms => new LearningPrograms(1, START);
    const target = { from: state('v7'), to: state('v8'), clause: undefined, different: true };
    const [whole, alone] = [make(), make()];
    await new Search(inThisThread(new Prober(target, whole)), { learns: true }).run(0, 600);
    await new Search(inThisThread(new Prober(target, alone)), { learns: true }).run(599, 600);
    const later = Array.from({ length: 88 }, (_, at) => 512 + at);
    for (const index of later) expect(alone.at(index)).toEqual(whole.at(index));
    const untaught = make();
    expect(later.some((index) => !isDeepStrictEqual(untaught.at(index), whole.at(index)))).toBe(true);
  });

  test('without anything to vary it is by chance alone', () => {
    const [learning, seeded] = [new LearningPrograms(4, []), seededPrograms(4)];
    for (let index = 0; index < 50; index++) expect(learning.at(index)).toEqual(seeded.at(index));
  });
});
