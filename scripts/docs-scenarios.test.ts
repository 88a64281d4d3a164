// SPDX-License-Identifier: GPL-2.0-only
/** docs/scenarios.md says what the schema allows. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { judge } from '../harness/contract/contract.ts';
import { DEVICE_DEFAULTS, MACHINE_DEFAULTS } from '../harness/machine/config.ts';
import { Machine } from '../harness/machine/machine.ts';
import { runScenario } from '../harness/run/interpreter.ts';
import { loadScenarioText } from '../harness/scenario/load.ts';
import { scenarioJsonSchema } from '../harness/scenario/schema.ts';
import { stateNamed } from './cli.ts';
import { blocksOf, codeOf } from './testing/pages.ts';
import { ROOT } from './testing/run.ts';

const page = readFileSync(join(ROOT, 'docs', 'scenarios.md'), 'utf8');
const blocks = blocksOf(page);
const example = blocks.find(({ language }) => language === 'yaml')?.lines.join('\n') ?? '';
const FILE = 'corpus/map/my-case.yaml';

/** Every key that the JSON Schema knows, and every word that one of them may have. */
function namesIn(schema: unknown, found = new Set<string>()): Set<string> {
  if (typeof schema !== 'object' || schema === null) return found;
  for (const [key, value] of Object.entries(schema)) {
    if (key === 'properties') for (const name of Object.keys(value as object)) found.add(name);
    if (key === 'enum') for (const word of value as unknown[]) if (typeof word === 'string') found.add(word);
    namesIn(value, found);
  }
  return found;
}

describe('the example', () => {
  const cases = loadScenarioText(example, FILE);

  test('is four cases that load, and that put clauses to the test', () => {
    expect(cases).toHaveLength(4);
    for (const scenario of cases) {
      const run = runScenario(new Machine(), stateNamed('v3'), scenario);
      const tested = judge(run).filter(({ status }) => status !== 'not-exercised');
      expect(tested.map(({ clause }) => clause)).toEqual(expect.arrayContaining(['from-device-data']));
      expect(run.crash).toBeUndefined();
    }
  });

  test('with a mistake in it is refused as the page shows', () => {
    const shown = blocks.find(({ language }) => language === 'text')?.lines.join('\n') ?? '';
    const wrong = example.replace('dir: $dir', 'dir: TO_DEVCE');
    expect(() => loadScenarioText(wrong, FILE)).toThrow(shown.replace(/^bouncediff: /, ''));
  });
});

test('names every key and every word of the schema', () => {
  const said = codeOf(page).join(' ') + example;
  // The kernel functions of `after` are in the trace, and in the error of one that is none.
  const after = /^(swiotlb|arch|iommu|alloc|memset)/;
  const missing = [...namesIn(scenarioJsonSchema())].filter(
    (name) => !after.test(name) && !new RegExp(`(?<![\\w-])${name}(?![\\w-])`).test(said),
  );
  expect(missing).toEqual([]);
});

test.each(Object.entries({ ...MACHINE_DEFAULTS, ...DEVICE_DEFAULTS }))(
  '%s is %j by default',
  (key, value) => {
    const said = new RegExp(`^\\| \`${key}\` +\\| ([^ ]+) +\\|`, 'm').exec(page)?.[1];
    expect(Number.isNaN(Number(said)) ? said : Number(said)).toBe(
      typeof value === 'boolean' ? String(value) : value,
    );
  },
);

test('names every topic of the corpus', () => {
  const topics = readdirSync(join(ROOT, 'corpus'), { withFileTypes: true }).filter((entry) =>
    entry.isDirectory(),
  );
  expect(codeOf(page)).toEqual(expect.arrayContaining(topics.map(({ name }) => name)));
});
