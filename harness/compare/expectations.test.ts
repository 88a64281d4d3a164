// SPDX-License-Identifier: GPL-2.0-only
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import type { State } from '../subject/state.ts';
import { findState } from '../../variants/registry.ts';
import { loadCorpus, selectScenarios } from '../scenario/load.ts';
import { compare, type Comparison } from './comparison.ts';
import { accept, applyExpectations, loadExpectations, unmatched, type Expectation } from './expectations.ts';

const folder = mkdtempSync(join(tmpdir(), 'expectations-'));
afterAll(() => rmSync(folder, { recursive: true }));

const corpus = loadCorpus(join(import.meta.dirname, '..', '..', 'corpus'));
const scenarios = selectScenarios(corpus, 'min-align-mask/two-sectors*');

function state(id: string): State {
  const found = findState(id);
  if (found === undefined) throw new Error(id);
  return found;
}

function compared(from: string, to: string): Comparison {
  return compare(state(from), state(to), scenarios);
}

function load(text: string): Expectation[] {
  const file = join(folder, 'expectations.yaml');
  writeFileSync(file, text);
  return loadExpectations(file);
}

const CRASH = (states: string): string =>
  `- { states: ${states}, scenario: 'min-align-mask/**', clause: no-crash, reason: known }\n`;

describe('applyExpectations', () => {
  test.each([
    ['v3', 0],
    ['v3..v6', 0],
    ['v4..v6', 1],
    // What every state has is no excuse for a state that has just got it.
    ['all', 1],
  ])('an entry for %s leaves %i regressed no-crash findings of v2 → v3', (states, left) => {
    const { comparison } = applyExpectations(compared('v2', 'v3'), load(CRASH(states)));
    const crashes = comparison.findings.filter(
      ({ kind, clause }) => kind === 'regressed' && clause === 'no-crash',
    );
    expect(crashes).toHaveLength(left);
  });

  test('an entry for all folds what is still broken', () => {
    const { expected } = applyExpectations(compared('v3', 'v4'), load(CRASH('all')));
    expect(expected).toHaveLength(1);
  });

  test('an entry about neither state is not asked for; one that matches nothing is', () => {
    const entries = load(`${CRASH('v1')}${CRASH('v3')}${CRASH('v2')}`);
    expect(unmatched(entries, compared('v2', 'v3')).map(({ line }) => line)).toEqual([]);
    const missing = load(`- { states: v3, scenario: sg/x, clause: no-crash, reason: gone }\n`);
    expect(unmatched(missing, compared('v2', 'v3')).map(({ line }) => line)).toEqual([1]);
  });
});

describe('a file that lets nothing be said', () => {
  test.each([
    ['v3..v4..v1', 'no range: a range has two ends, like v3..v6'],
    ['v6..v3', 'holds no state: v6 comes after v3'],
    ['v3..', 'no state ""; allowed: all, a state, or a range like v3..v6'],
  ])('states %s', (states, problem) => {
    expect(() => load(CRASH(states))).toThrow(problem);
  });

  test('a dangling link', () => {
    const link = join(folder, 'link.yaml');
    symlinkSync('nowhere', link);
    expect(() => loadExpectations(link)).toThrow(`${link}: cannot be read (ENOENT)`);
  });

  test('bytes that are no UTF-8', () => {
    const file = join(folder, 'latin.yaml');
    writeFileSync(file, Buffer.from(CRASH('v3').replace('known', 'Grüße'), 'latin1'));
    expect(() => loadExpectations(file)).toThrow(`${file}: not UTF-8`);
  });

  test('a pattern of stars does not take for ever', () => {
    const entries = load(CRASH('v3').replace('min-align-mask/**', `${'*'.repeat(30)}!`));
    expect(unmatched(entries, compared('v2', 'v3'))).toHaveLength(1);
  });
});

test.each([
  ['- { states: v33, scenario: a, clause: no-crash, reason: r }', /:1:\d+: .*no state "v33"/],
  ['- { states: v3, scenario: a, clause: no-crush, reason: r }', /:1:\d+: .*no-crush/],
  ['- { states: v3, scenario: a, clause: no-crash }', /:1:\d+: .*reason/],
  ['states: v3', /:1:\d+: /],
])('%s is refused in one line', (text, message) => {
  expect(() => load(text)).toThrow(message);
});

test('accept writes entries that make the regressions expected, and keeps what is there', () => {
  const comparison = compared('v2', 'v3');
  const { text, added } = accept(CRASH('v1'), comparison, 'to be fixed in v4');
  expect(added).toBeGreaterThan(0);
  const entries = load(text);
  expect(entries[0]).toMatchObject({ states: 'v1', reason: 'known' });
  const after = applyExpectations(comparison, entries).comparison;
  expect(after.findings.filter(({ kind }) => kind === 'regressed')).toEqual([]);
});
