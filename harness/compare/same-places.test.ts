// SPDX-License-Identifier: GPL-2.0-only
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Break, Cause, Verdict } from '../contract/verdict.ts';
import type { Stretch, Victim } from '../contract/victim.ts';
import { Machine } from '../machine/machine.ts';
import { loadCorpus } from '../scenario/load.ts';
import { findState } from '../../variants/registry.ts';
import { classify } from './classify.ts';
import { Prefixes } from './prefixes.ts';
import { inSamePlaces } from './same-places.ts';
import type { Side } from './side.ts';

const OF = 'device 0, mapping 0';

function exposed(from: number, to: number, more: Partial<Victim> = {}): Victim {
  return { of: OF, from, to, evidence: { step: 0, event: 0, mapping: 0, count: to - from }, ...more };
}

function verdict(...breaks: readonly (readonly [Cause, ...Victim[]])[]): Verdict {
  return {
    clause: 'confinement-read',
    status: 'broken',
    breaks: breaks.map(([cause, ...victims]): Break => {
      const [first] = victims;
      if (first === undefined) throw new Error('nobody');
      return { cause, evidence: first.evidence, victims };
    }),
  };
}

function side(...data: readonly Stretch[]): Side {
  return { verdicts: [], crashStep: Infinity, maps: [], data, triggered: [] };
}

/** The bytes of both sides, as `cause name from-to`. */
function said(x: Verdict, from: Side, y: Verdict, to: Side): string[][] {
  return inSamePlaces(x, from, y, to).map(({ breaks }) =>
    breaks.flatMap(({ cause, victims }) => victims.map((v) => `${cause} ${v.of} ${v.from}-${v.to}`)),
  );
}

const at = (from: number, to: number): Stretch => ({ of: OF, from, to });

test('padding moves with the data that it is around', () => {
  // 512 bytes at 0x800 on one side, at 0 on the other; all the rest of the granule is exposed.
  const x = verdict(['cleared-not-cleaned', exposed(0, 2048), exposed(2560, 4096)]);
  const y = verdict(['cleared-not-cleaned', exposed(512, 4096)]);
  expect(said(x, side(at(2048, 2560)), y, side(at(0, 512)))).toEqual([
    [`cleared-not-cleaned ${OF} 0-2048`, `cleared-not-cleaned ${OF} 2560-4096`],
    [
      `cleared-not-cleaned ${OF} 512-2048`,
      `cleared-not-cleaned ${OF} 2560-4096`,
      `cleared-not-cleaned ${OF} 0-512`,
    ],
  ]);
});

test('every byte keeps a place of its own, the data that of the data', () => {
  const small = fc.integer({ min: 0, max: 20 });
  fc.assert(
    fc.property(small, small, fc.integer({ min: 1, max: 8 }), (a, b, size) => {
      const y = verdict(['never-cleared', ...Array.from({ length: 32 }, (_, i) => exposed(i, i + 1))]);
      const [, { breaks }] = inSamePlaces(verdict(), side(at(a, a + size)), y, side(at(b, b + size)));
      const places = breaks.flatMap(({ victims }) => victims.map(({ from }) => from));
      expect(places.toSorted((p, q) => p - q)).toEqual(Array.from({ length: 32 }, (_, i) => i));
      expect(places.slice(b, b + size)).toEqual(Array.from({ length: size }, (_, i) => a + i));
    }),
  );
});

test('old data lies in the same place on both sides, whoever’s it was; data in use is somebody’s, too', () => {
  const reached = { of: OF, from: 100 };
  const old = exposed(0, 10, { of: 'device 0, data of buffer 1', reached });
  const nobodys = verdict(['cleared-not-cleaned', exposed(0, 4096)]);
  expect(said(nobodys, side(), verdict(['never-cleared', old]), side())[1]).toEqual([
    `never-cleared ${OF} 100-110`,
  ]);
  expect(said(nobodys, side(), verdict(['other-mapping', old]), side())[1]).toEqual([
    'other-mapping device 0, data of buffer 1 0-10',
    `other-mapping ${OF} 100-110`,
  ]);
  // The same data, wherever it is.
  const elsewhere = exposed(0, 4, { of: 'device 0, data of buffer 1', reached: { of: OF, from: 500 } });
  expect(
    said(verdict(['never-cleared', elsewhere]), side(), verdict(['never-cleared', old]), side())[1],
  ).toEqual([
    'never-cleared device 0, data of buffer 1 0-4',
    'never-cleared device 0, data of buffer 1 4-10',
  ]);
});

test('another mapping’s data that is exposed no more is fixed; what lies in its place was exposed before', () => {
  const reached = { of: OF, from: 100 };
  const inUse = exposed(0, 64, { of: 'device 0, data of buffer 1', reached });
  const broken = (one: Verdict): Side => ({ ...side(), verdicts: [one] });
  const before = broken(verdict(['other-mapping', inUse]));
  const found = classify(before, broken(verdict(['never-cleared', exposed(90, 164)])), () => []);
  expect(found.map(({ kind, cause, was, to, from: old }) => [kind, cause, was, (to ?? old)?.count])).toEqual([
    ['still-broken', 'never-cleared', 'other-mapping', 64],
    ['regressed', 'never-cleared', undefined, 10],
    ['fixed', 'other-mapping', undefined, 64],
  ]);
});

test('first left over, then in use: each is compared with its like', () => {
  const inUse = exposed(0, 64, { of: 'device 0, data of buffer 1', reached: { of: OF, from: 100 } });
  const both = {
    ...side(),
    verdicts: [verdict(['never-cleared', exposed(90, 164)], ['other-mapping', inUse])],
  };
  const found = classify(both, both, () => []);
  expect(found.map(({ kind, cause, was }) => [kind, cause, was])).toEqual([
    ['still-broken', 'never-cleared', undefined],
    ['still-broken', 'other-mapping', undefined],
  ]);
});

test.each([
  // The second entry of a list stands at another offset in its granule; as much is exposed around it.
  ['v3', 'review/map-aligned-from-start', 'found/next-segment-behind-the-data', ['still-broken']],
  // Cleared in the cache alone on both sides; what lies in memory is whatever was there before. A page less.
  [
    'baseline',
    'v8',
    'lifecycle/command-without-data-phase[dir=BIDIRECTIONAL,coherent=false,minAlignMask=4095]',
    ['still-broken', 'fixed'],
  ],
])('%s → %s, %s: stale bytes around the data: %j', (from, to, id, kinds) => {
  const corpus = loadCorpus(join(import.meta.dirname, '..', '..', 'corpus'));
  const prefixes = new Prefixes(new Machine());
  const [a, b] = [findState(from), findState(to)];
  const scenario = corpus.scenarios.find((one) => one.id === id);
  if (a === undefined || b === undefined || scenario === undefined) throw new Error(id);
  const found = classify(prefixes.sideOf(a, scenario), prefixes.sideOf(b, scenario), () => []);
  const about = found.filter(({ cause }) => cause === 'cleared-not-cleaned');
  expect(about.map(({ kind }) => kind)).toEqual(kinds);
});
