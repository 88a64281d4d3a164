// SPDX-License-Identifier: GPL-2.0-only
/** Scenario files and folders of them. */
import { createHash } from 'node:crypto';
import { readdirSync, statSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { firstProblem } from '../text/issues.ts';
import { checkAllUsed, expandMatrix, readMatrix } from './dimensions.ts';
import { Scope } from './placeholders.ts';
import { makeSteps } from './repeats.ts';
import { resolveCase } from './resolve.ts';
import { MAX_PIECES, PIECES, piecesOf } from './resolve-steps.ts';
import type { Scenario } from '../run/scenario.ts';
import type { BrokenFile } from './select.ts';
import { quoted } from '../text/input-error.ts';
import { FILE_SCHEMA, HEADER_SCHEMA } from './schema.ts';
import { attempt, decode, readBytes } from '../text/read-file.ts';
import { MAX_SCENARIO_SIZE, YamlSource } from '../text/yaml-source.ts';
import { Template } from './template.ts';
import { UserError } from '../text/user-error.ts';

export { InputError } from '../text/input-error.ts';
export { fileIn, selectScenarios, unselected } from './select.ts';

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
  /** Files that have no cases because something is wrong with them. */
  readonly broken: readonly BrokenFile[];
}

const IS_YAML = /\.ya?ml$/i;
/** What stands beside the topics. */
const EXPECTATIONS = 'expectations.yaml';
const TOPIC_NAME = /^[a-z0-9]+(-[a-z0-9]+)*$/;
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
      throw new UserError(`${path}: a scenario stands in the folder of its topic, like map/${topic}`);
    }
    const names = attempt(path, () => readdirSync(path)).filter((name) => IS_YAML.test(name));
    if (names.length > 0 && !TOPIC_NAME.test(topic)) {
      throw new UserError(`${path}: ${quoted(topic)} is not a topic: small letters, digits and hyphens`);
    }
    for (const name of names) {
      if (!FILE_NAME.test(name)) {
        throw new UserError(`${path}/${name}: ${quoted(name)} is not like kebab-name.yaml`);
      }
      files.push(`${topic}/${name}`);
    }
  }
  return files.sort();
}

/** A place for the cases of files whose names and bytes have this digest. */
export type Keep = (
  digest: string,
) => { read(): readonly Scenario[] | undefined; write(scenarios: readonly Scenario[]): void } | undefined;

/** All scenarios of a folder. Throws UserError for a folder or file that cannot be used. */
export function loadCorpus(dir: string, keep?: Keep): Corpus {
  const corpus = openCorpus(dir, keep);
  const [broken] = corpus.broken;
  if (broken !== undefined) throw broken.error;
  return corpus;
}

/** The same, with what is wrong with single files in `broken`. */
export function openCorpus(dir: string, keep?: Keep): Corpus {
  const files = listFiles(dir);
  if (files.length === 0) throw new UserError(`${dir}: no scenario in it; expected <topic>/<name>.yaml`);
  return readFiles(
    dir,
    files.map((name) => ({ name, path: `${dir}/${name}` })),
    keep,
  );
}

/** The cases of a file anywhere, a corpus by itself. Throws UserError when it cannot be used. */
export function loadScenarioFile(path: string): Corpus {
  const corpus = readFiles(dirname(path), [{ name: basename(path), path }]);
  const [broken] = corpus.broken;
  if (broken !== undefined) throw broken.error;
  return corpus;
}

function readFiles(dir: string, files: readonly { name: string; path: string }[], keep?: Keep): Corpus {
  const hash = createHash('sha256');
  const broken: BrokenFile[] = [];
  const reading = <T>(path: string, read: () => T): T | undefined => {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      broken.push({ scenario: scenarioId(path), error });
      return undefined;
    }
  };
  const read = files.flatMap(({ name, path }) => {
    const bytes = reading(path, () => readBytes(path, MAX_SCENARIO_SIZE));
    if (bytes === undefined) return [];
    hash.update(`${name}\0${bytes.length}\0`).update(bytes);
    return [{ path, bytes }];
  });
  const digest = hash.digest('hex');
  const kept = broken.length === 0 ? keep?.(digest) : undefined;
  const known = kept?.read();
  const scenarios =
    known ??
    read.flatMap(({ path, bytes }) => reading(path, () => loadScenarioText(decode(bytes, path), path)) ?? []);
  if (known === undefined && broken.length === 0) kept?.write(scenarios);
  return { dir, hash: digest.slice(0, 12), scenarios, files: files.length, broken };
}
