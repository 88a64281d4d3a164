// SPDX-License-Identifier: GPL-2.0-only
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  InputError,
  loadCorpus,
  loadScenarioFile,
  loadScenarioText,
  openCorpus,
  selectScenarios,
  unselected,
  type Keep,
} from './load.ts';
import type { Scenario } from '../run/scenario.ts';
import { UserError, nearest } from '../text/user-error.ts';

const TEXT = 'name: n\nwhy: w\nsteps: [flush_queue]\n';
const MATRIX = 'name: n\nwhy: w\nmatrix: { far: [true, false] }\ndevice: { untrusted: $far }\nsteps: [flush_queue]\n'; // prettier-ignore

describe('what is not a scenario file', () => {
  test.each([
    ['', '1:1: an empty value is not a scenario'],
    ['- a', '1:1: a list is not a scenario'],
    ['name: [a', '1:9: not valid YAML: Flow sequence in block collection must be sufficiently indented and end with a ]'], // prettier-ignore
    ['name: x\n\twhy: y', '2:1: not valid YAML: Tabs are not allowed as indentation'],
    ['name: a\nname: b', '2:1: not valid YAML: Map keys must be unique: "name"'],
    ['name: a\n---\nname: b', '2:1: not valid YAML: Source contains multiple documents'],
    ['name: !js x', '1:7: not valid YAML: Unresolved tag: !js'],
    ['name: n\n1: x', '2:1: 1 is not a key; a key is a letter, then letters, digits, _ and -'],
    ['__proto__: x', '1:1: "__proto__" is not a key; a key is a letter, then letters, digits, _ and -'],
    ['name: &x n', '1:10: name: anchor "&x": anchors and aliases are not allowed; use matrix or repeat'],
    [
      'a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\n',
      '1:7: a: anchor "&a": anchors and aliases are not allowed; use matrix or repeat',
    ],
    ['a: [*a]', '1:5: a[0]: alias "*a": anchors and aliases are not allowed; use matrix or repeat'],
    [`name: ${'['.repeat(70)}${']'.repeat(70)}`, '1:71: name: nested too deeply'],
    [`name: ${'x'.repeat(64 * 1024)}`, '1:1: larger than 64 KiB'],
  ])('%.40s', (text, message) => {
    expect(() => loadScenarioText(text, 'corpus/map/x.yaml')).toThrow(InputError);
    expect(() => loadScenarioText(text, 'corpus/map/x.yaml')).toThrow(
      new Error(`corpus/map/x.yaml:${message}`),
    );
  });

  test('the error knows its place', () => {
    try {
      loadScenarioText('name: n\nwhy: 3\nsteps: [flush_queue]', 'x.yaml');
    } catch (error) {
      expect(error).toBeInstanceOf(UserError);
      expect(error).toMatchObject({ file: 'x.yaml', line: 2, column: 6, path: ['why'] });
    }
    expect.assertions(2);
  });
});

describe('a corpus', () => {
  let dir = '';
  beforeEach(() => {
    dir = mkdtempSync(path.join(tmpdir(), 'corpus-'));
  });
  afterEach(() => {
    rmSync(dir, { recursive: true });
  });

  function write(file: string, content: string | Uint8Array): void {
    mkdirSync(path.dirname(path.join(dir, file)), { recursive: true });
    writeFileSync(path.join(dir, file), content);
  }

  test('is in code point order, whatever else lies there', () => {
    write('sync/b.yaml', TEXT);
    write('sync/a.yaml', MATRIX);
    write('map/z.yaml', TEXT);
    write('map/README.md', 'x');
    write('scenario.schema.json', '{}');
    write('.cache/x.yaml', 'x');
    const corpus = loadCorpus(dir);
    expect(corpus).toMatchObject({ dir, files: 3 });
    expect(corpus.scenarios.map(({ id }) => id)).toEqual([
      'map/z',
      'sync/a[far=true]',
      'sync/a[far=false]',
      'sync/b',
    ]);
  });

  test('may have topics of its own', () => {
    write('my-driver/a.yaml', TEXT);
    expect(loadCorpus(dir).scenarios.map(({ id }) => id)).toEqual(['my-driver/a']);
  });

  test('opened with a broken file: the others are there, and it breaks what selects it', () => {
    write('map/a.yaml', TEXT);
    write('sync/broken.yaml', 'name: 3');
    const corpus = openCorpus(dir);
    expect(corpus.scenarios.map(({ id }) => id)).toEqual(['map/a']);
    expect(corpus.broken.map(({ scenario }) => scenario)).toEqual(['sync/broken']);
    expect(() => loadCorpus(dir)).toThrow(`${dir}/sync/broken.yaml:1:7: name: 3`);
    expect(selectScenarios(corpus, 'map/*')).toEqual(corpus.scenarios);
    expect(unselected(corpus, 'map/*')).toEqual(corpus.broken);
    for (const glob of ['sync/*', '**', 'sync/broken[dir=TO_DEVICE]']) {
      expect(() => selectScenarios(corpus, glob)).toThrow(`${dir}/sync/broken.yaml:1:7: name: 3`);
      expect(unselected(corpus, glob)).toEqual([]);
    }
  });

  test('may be a file anywhere, with a case of it', () => {
    write('any where/My case.yml', MATRIX);
    const file = path.join(dir, 'any where/My case.yml');
    const corpus = loadScenarioFile(file);
    expect(corpus).toMatchObject({ files: 1, broken: [] });
    expect(selectScenarios(corpus, file)).toEqual(corpus.scenarios);
    expect(selectScenarios(corpus, `${file}[far=false]`)).toEqual(corpus.scenarios.slice(1));
    expect(() => selectScenarios(corpus, `${file}[far=maybe]`)).toThrow('no scenario matches');
    expect(() => loadScenarioFile(path.join(dir, 'none.yaml'))).toThrow('none.yaml: cannot be read (ENOENT)');
  });

  test('may have a topic that is a link to a folder', () => {
    write('elsewhere/a.yaml', TEXT);
    renameSync(path.join(dir, 'elsewhere'), path.join(dir, '.elsewhere'));
    symlinkSync('.elsewhere', path.join(dir, 'map'));
    symlinkSync('nowhere', path.join(dir, 'sync'));
    expect(loadCorpus(dir).scenarios.map(({ id }) => id)).toEqual(['map/a']);
  });

  test('has a hash of its names and bytes', () => {
    write('map/a.yaml', TEXT);
    const { hash } = loadCorpus(dir);
    expect(hash).toBe('ee5355b85fe3');
    expect(loadCorpus(`${dir}/`).hash).toBe(hash);
    write('map/a.yaml', `${TEXT}# more\n`);
    expect(loadCorpus(dir).hash).not.toBe(hash);
    rmSync(path.join(dir, 'map/a.yaml'));
    write('map/b.yaml', TEXT);
    expect(loadCorpus(dir).hash).not.toBe(hash);
  });

  test('is taken from where its cases are kept, by names and bytes, and kept when all is right with it', () => {
    const places = new Map<string, readonly Scenario[]>();
    const keep: Keep = (digest) => ({
      read: () => places.get(digest),
      write: (scenarios) => void places.set(digest, scenarios),
    });
    write('map/a.yaml', TEXT);
    const first = loadCorpus(dir, keep);
    expect([...places]).toEqual([[expect.stringMatching(/^ee5355b85fe3[0-9a-f]{52}$/), first.scenarios]]);
    const again = loadCorpus(dir, keep);
    expect(again).toEqual(first);
    expect(again.scenarios).toBe(first.scenarios);
    write('map/b.yaml', TEXT);
    expect(loadCorpus(dir, keep).scenarios.map(({ id }) => id)).toEqual(['map/a', 'map/b']);
    write('sync/broken.yaml', 'name: 3');
    for (let time = 0; time < 2; time++) {
      expect(() => loadCorpus(dir, keep)).toThrow(`${dir}/sync/broken.yaml:1:7: name: 3`);
    }
    expect(places.size).toBe(2);
  });

  test.each<[string, string, string | Uint8Array, string]>([
    ['nothing', 'map/notes.txt', '', ': no scenario in it; expected <topic>/<name>.yaml'],
    ['a wrong topic', 'My_topic/a.yaml', TEXT, '/My_topic: "My_topic" is not a topic: small letters, digits'],
    [
      'a scenario without a topic',
      'a.yaml',
      TEXT,
      '/a.yaml: a scenario stands in the folder of its topic, like map/a.yaml',
    ],
    [
      'a wrong name',
      'map/Two_words.yaml',
      TEXT,
      '/map/Two_words.yaml: "Two_words.yaml" is not like kebab-name.yaml',
    ],
    ['a wrong ending', 'map/a.yml', TEXT, '/map/a.yml: "a.yml" is not like kebab-name.yaml'],
    ['bytes that are no text', 'map/a.yaml', new Uint8Array([0xff]), '/map/a.yaml: not UTF-8'],
    ['a mistake', 'map/a.yaml', 'name: 3', '/map/a.yaml:1:7: name: 3 is not a one-line title'],
  ])('with %s is refused', (_, file, content, message) => {
    write(file, content);
    expect(() => loadCorpus(dir)).toThrow(UserError);
    expect(() => loadCorpus(dir)).toThrow(dir + message);
  });

  test('that is not there is refused', () => {
    expect(() => loadCorpus(`${dir}/none`)).toThrow(new UserError(`${dir}/none: cannot be read (ENOENT)`));
  });

  test('with a folder in place of a file is refused', () => {
    mkdirSync(path.join(dir, 'map/a.yaml'), { recursive: true });
    expect(() => loadCorpus(dir)).toThrow(`${dir}/map/a.yaml: a folder, not a file`);
  });
});

describe('selectScenarios', () => {
  const scenarios = ['corpus/map/one.yaml', 'corpus/sync/one.yaml', 'corpus/sync/two.yaml'].flatMap((file) =>
    loadScenarioText(MATRIX, file),
  );
  const all = scenarios.map(({ id }) => id);
  test.each([
    ['sync/one', ['sync/one[far=true]', 'sync/one[far=false]']],
    ['sync/one[far=true]', ['sync/one[far=true]']],
    ['sync/*', all.slice(2)],
    ['*/t?o', all.slice(4)],
    ['**far=true]', all.filter((id) => id.includes('true'))],
    ['**', all],
  ])('%s', (glob, ids) => {
    expect(selectScenarios({ scenarios }, glob).map(({ id }) => id)).toEqual(ids);
  });

  test.each([
    ['*', 'no scenario matches "*"; one of the 3 there are: map/one'],
    ['synch/one', 'no scenario matches "synch/one"; nearest: sync/one, sync/two'],
    ['two*', 'no scenario matches "two*"; nearest: sync/two'],
    [
      'sync/one[far=no]',
      'no scenario matches "sync/one[far=no]"; nearest: sync/one[far=true], sync/one[far=false]',
    ],
    ['a.c', 'no scenario matches "a.c"; one of'],
  ])('%s matches nothing', (glob, message) => {
    expect(() => selectScenarios({ scenarios }, glob)).toThrow(UserError);
    expect(() => selectScenarios({ scenarios }, glob)).toThrow(message);
  });
});

test.each([
  ['sinc', ['sync', 'sg'], 3, ['sync']],
  [
    'iommu_mapp',
    ['iommu_unmap', 'iommu_map', 'iommu_map_sg'],
    3,
    ['iommu_map', 'iommu_unmap', 'iommu_map_sg'],
  ],
  ['iommu_mapp', ['iommu_unmap', 'iommu_map'], 1, ['iommu_map']],
  ['Sync', ['sync'], 1, ['sync']],
  ['xyz', ['sync'], 3, []],
])('nearest(%p, %p, %p)', (name, candidates, max, expected) => {
  expect(nearest(name, candidates, max)).toEqual(expected);
});
