// SPDX-License-Identifier: GPL-2.0-only
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Break, Cause, Verdict } from '../contract/verdict.ts';
import type { Placed, Victim } from '../contract/victim.ts';
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

function side(...data: readonly Placed[]): Side {
  return { verdicts: [], crashStep: Infinity, maps: [], data, slots: [], triggered: [] };
}

/** The bytes of both sides, as `cause name from-to`. */
function said(x: Verdict, from: Side, y: Verdict, to: Side): string[][] {
  return inSamePlaces(x, from, y, to).map(({ breaks }) =>
    breaks.flatMap(({ cause, victims }) => victims.map((v) => `${cause} ${v.of} ${v.from}-${v.to}`)),
  );
}

/** What became of how many bytes. */
function kinds(x: Verdict, from: Side, y: Verdict, to: Side): unknown[] {
  const found = classify({ ...from, verdicts: [x] }, { ...to, verdicts: [y] });
  return found.map((finding) => [finding.kind, (finding.to ?? finding.from)?.count]);
}

const at = (from: number, to: number, end = 4096): Placed => ({ of: OF, from, to, end });

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

test('whole cache lines move with the data that they hold', () => {
  // 512 bytes at 0x885 and at 0x085; the lines that hold them were written back, all the rest is exposed.
  const x = verdict(['cleared-not-cleaned', exposed(0, 0x880), exposed(0xac0, 0x1000)]);
  const y = verdict(['cleared-not-cleaned', exposed(0, 0x80), exposed(0x2c0, 0x1000)]);
  const [from, to] = [side(at(0x885, 0xa85)), side(at(0x85, 0x285))];
  expect(kinds(x, from, y, to)).toEqual([['still-broken', 3520]]);
  expect(kinds(y, to, x, from)).toEqual([['still-broken', 3520]]);
  // 64 bytes more, 0x40 behind the last line of the data, are told by themselves.
  const more = verdict(['cleared-not-cleaned', exposed(0, 0x880), exposed(0xb00, 0x1000)]);
  expect(kinds(more, from, y, to)).toEqual([
    ['still-broken', 3456],
    ['regressed', 64],
  ]);
});

test('padding in front moves with the data to another place in the granules', () => {
  // 64 bytes behind 768 of padding: at 0x1300 behind another mapping's data and at 0x300, in a granule of 16 KiB.
  const inUse = exposed(0, 0x180, { of: 'device 0, data of buffer 1', reached: { of: OF, from: 0 } });
  const x = verdict(['other-mapping', inUse], ['never-cleared', exposed(0x1000, 0x1300)]);
  const y = verdict(['never-cleared', exposed(0, 0x300)]);
  const [from, to] = [side(at(0x1300, 0x1340, 0x4000)), side(at(0x300, 0x340, 0x4000))];
  expect(kinds(x, from, y, to)).toEqual([
    ['still-broken', 768],
    ['fixed', 0x180],
  ]);
});

test('what stays where it is while the data moves is the same as well', () => {
  const both = verdict(['never-cleared', exposed(0xc00, 0xd00)]);
  expect(kinds(both, side(at(0x800, 0x840)), both, side(at(0, 0x40)))).toEqual([['still-broken', 0x100]]);
});

test('every byte keeps a place of its own, the data that of the data', () => {
  const small = fc.integer({ min: 0, max: 20 });
  const known = fc.uniqueArray(fc.integer({ min: 0, max: 31 }), { maxLength: 32 });
  fc.assert(
    fc.property(small, small, fc.integer({ min: 1, max: 8 }), known, (a, b, size, before) => {
      const each = (i: number): Victim => exposed(i, i + 1);
      const x = before.length === 0 ? verdict() : verdict(['not-cleaned', ...before.map(each)]);
      const y = verdict(['never-cleared', ...Array.from({ length: 32 }, (_, i) => each(i))]);
      const [, { breaks }] = inSamePlaces(x, side(at(a, a + size, 32)), y, side(at(b, b + size, 32)));
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
  const found = classify(before, broken(verdict(['never-cleared', exposed(90, 164)])));
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
  const found = classify(both, both);
  expect(found.map(({ kind, cause, was }) => [kind, cause, was])).toEqual([
    ['still-broken', 'never-cleared', undefined],
    ['still-broken', 'other-mapping', undefined],
  ]);
});

test.each([
  // The second entry of a list stands at another offset in its granule; as much is exposed around it.
  ['v3', 'review/map-aligned-from-start', 'found/next-segment-behind-the-data', ['still-broken']],
  // 64 bytes in a granule of 16 KiB, with 768 of padding in front of them on both sides.
  ['baseline', 'v8', 'min-align-mask/two-devices-side-by-side', ['still-broken', 'fixed'], 'never-cleared'],
  // Cleared in the cache alone on both sides; what lies in memory is whatever was there before. A page less.
  [
    'baseline',
    'v8',
    'lifecycle/command-without-data-phase[dir=BIDIRECTIONAL,coherent=false,minAlignMask=4095]',
    ['still-broken', 'fixed'],
  ],
])(
  '%s → %s, %s: stale bytes around the data: %j',
  (from, to, id, expected, cause = 'cleared-not-cleaned') => {
    const corpus = loadCorpus(join(import.meta.dirname, '..', '..', 'corpus'));
    const prefixes = new Prefixes(new Machine());
    const [a, b] = [findState(from), findState(to)];
    const scenario = corpus.scenarios.find((one) => one.id === id);
    if (a === undefined || b === undefined || scenario === undefined) throw new Error(id);
    const found = classify(prefixes.sideOf(a, scenario), prefixes.sideOf(b, scenario));
    const about = found.filter((finding) => finding.clause === 'confinement-read' && finding.cause === cause);
    expect(about.map(({ kind }) => kind)).toEqual(expected);
  },
);
