// SPDX-License-Identifier: GPL-2.0-only
/** Scenario files and folders of them. */
import { createHash } from 'node:crypto';
import { readdirSync, statSync } from 'node:fs';
import { firstProblem } from '../text/issues.ts';
import { checkAllUsed, expandMatrix, readMatrix } from './dimensions.ts';
import { Scope } from './placeholders.ts';
import { makeSteps } from './repeats.ts';
import { resolveCase } from './resolve.ts';
import { MAX_PIECES, PIECES, piecesOf } from './resolve-steps.ts';
import type { Scenario } from '../run/scenario.ts';
import { quoted } from '../text/input-error.ts';
import { FILE_SCHEMA, HEADER_SCHEMA } from './schema.ts';
import { attempt, decode, readBytes } from '../text/read-file.ts';
import { MAX_SCENARIO_SIZE, YamlSource } from '../text/yaml-source.ts';
import { Template } from './template.ts';
import { UserError, didYouMean } from '../text/user-error.ts';

export { InputError } from '../text/input-error.ts';
export { selectScenarios } from './select.ts';

/** The folders of a corpus. */
const TOPICS = [
  'map',
  'unmap',
  'sync',
  'sg',
  'min-align-mask',
  'errors',
  'lifecycle',
  'config',
  'found',
] as const;

/** Every case of a folder of scenario files. */
export interface Corpus {
  /** The folder, as it was given. */
  readonly dir: string;
  /** Twelve hex digits that change with any byte or name of a scenario file. */
  readonly hash: string;
  /** By file name in code point order, then in the order of the matrix. */
  readonly scenarios: readonly Scenario[];
  /** Number of scenario files. */
  readonly files: number;
}

const IS_YAML = /\.ya?ml$/i;
/** What stands beside the topics. */
const EXPECTATIONS = 'expectations.yaml';
const FILE_NAME = /^[a-z0-9]+(-[a-z0-9]+)*\.yaml$/;

function scenarioId(file: string): string {
  const [name = '', topic] = file.split(/[/\\]/).toReversed();
  const stem = name.replace(/\.yaml$/, '');
  return topic === undefined ? stem : `${topic}/${stem}`;
}

/**
 * The cases of one scenario file. `file` is its path as error messages shall show it; the last
 * folder and the name without `.yaml` are the scenario's id. Throws InputError.
 */
export function loadScenarioText(text: string, file: string): Scenario[] {
  const source = new YamlSource(text, file);
  const { success, data, error } = FILE_SCHEMA.safeParse(source.data);
  if (!success) throw firstProblem(source, error, []);
  const { matrix = {}, steps, ...header } = data;
  const dimensions = readMatrix(source, matrix);
  const scope = new Scope([...dimensions.keys()]);
  const template = {
    source,
    scenario: scenarioId(file),
    header: new Template(source, header, [], scope, HEADER_SCHEMA),
    steps: makeSteps(source, steps, ['steps'], scope),
  };
  checkAllUsed(source, dimensions, scope);
  let pieces = 0;
  return expandMatrix(dimensions).map((bindings) => {
    const scenario = resolveCase(template, bindings);
    for (const step of scenario.steps) pieces += piecesOf(step);
    if (pieces > MAX_PIECES) {
      throw source.error(['steps'], `all cases together have more than ${MAX_PIECES} ${PIECES}`);
    }
    return scenario;
  });
}

/** Relative names of the scenario files, in code point order. Other files are left alone. */
function listFiles(dir: string): string[] {
  const files: string[] = [];
  for (const topic of attempt(dir, () => readdirSync(dir))) {
    const path = `${dir}/${topic}`;
    if (topic.startsWith('.')) continue;
    if (attempt(path, () => statSync(path, { throwIfNoEntry: false }))?.isDirectory() !== true) {
      if (!IS_YAML.test(topic) || topic === EXPECTATIONS) continue;
      throw new UserError(`${path}: a scenario stands in the folder of its topic: ${TOPICS.join(', ')}`);
    }
    if (!TOPICS.some((known) => known === topic)) {
      throw new UserError(`${path}: not a topic${didYouMean(topic, TOPICS)}; topics: ${TOPICS.join(', ')}`);
    }
    for (const name of attempt(path, () => readdirSync(path))) {
      if (!IS_YAML.test(name)) continue;
      if (!FILE_NAME.test(name)) {
        throw new UserError(`${path}/${name}: ${quoted(name)} is not like kebab-name.yaml`);
      }
      files.push(`${topic}/${name}`);
    }
  }
  return files.sort();
}

/** All scenarios of a folder. Throws UserError for a folder or file that cannot be used. */
export function loadCorpus(dir: string): Corpus {
  const files = listFiles(dir);
  if (files.length === 0) throw new UserError(`${dir}: no scenario in it; expected <topic>/<name>.yaml`);
  const hash = createHash('sha256');
  const scenarios = files.flatMap((file) => {
    const path = `${dir}/${file}`;
    const bytes = readBytes(path, MAX_SCENARIO_SIZE);
    hash.update(`${file}\0${bytes.length}\0`).update(bytes);
    return loadScenarioText(decode(bytes, path), path);
  });
  return { dir, hash: hash.digest('hex').slice(0, 12), scenarios, files: files.length };
}
