// SPDX-License-Identifier: GPL-2.0-only
/** Whom a piece of evidence is about, clause by clause. */
import { expect, test } from '@jest/globals';
import { FIRST_LABEL, LABEL_STALE } from '../machine/labels.ts';
import { EV } from '../machine/event-log.ts';
import type { Evidence } from './clause.ts';
import { Facts } from './facts.ts';
import { caseOf } from './testing/judging.ts';
import { logged, outcome } from './testing/recordings.ts';
import { victimOf } from './victim.ts';

/** Mappings 0 and 1 are lists of two entries, of an untrusted device and of a trusted one. */
const SCENARIO = caseOf(`
devices: { one: { untrusted: true }, two: {} }
buffers: { a: { size: 0x80, at: 0x200040 }, b: { size: 0x100, at: 0x210000 } }
steps:
  - map_sg: { id: l, sgl: [a, b], dir: TO_DEVICE, device: one }
  - map_sg: { id: m, sgl: [a, b], dir: TO_DEVICE, device: two }
`);
const RW = 3;
const TWO_SEGMENTS = (base: number) => [
  { address: base + 0x40, length: 0x80 },
  { address: base + 0x5000, length: 0x100 },
];
/** The CPU wrote b from label 16 on; each list is one granule at its base, and one 0x5000 behind. */
const facts = new Facts(
  logged(
    (log) => {
      const at = log.reserve(0x100);
      for (let i = 0; i < 0x100; i++) log.labels[at + i] = FIRST_LABEL + i;
      log.step = -1;
      log.push(EV.cpu_write, -1, 1, 0, 0x100, at, 0x210000);
      for (const [device, base] of [
        [0, 0xa0000],
        [1, 0xb0000],
      ] as const) {
        log.step = device;
        log.result(log.push(EV.iommu_map, device, base, 0x1000000, 0x1000, RW), 0);
        log.result(log.push(EV.iommu_map, device, base + 0x5000, 0x1008000, 0x1000, RW), 0);
      }
    },
    SCENARIO,
    {
      steps: [outcome('done', 1, 3, TWO_SEGMENTS(0xa0000)), outcome('done', 3, 5, TWO_SEGMENTS(0xb0000))],
    },
  ),
);

const some = { step: 4, event: 9, count: 7 };
const buffer = { mapping: 1, buffer: 1, offset: 0x10 };

test.each<[string, string, string | undefined, Partial<Evidence>, [string, number, number]]>([
  ['a crash: its step', 'no-crash', 'bug', { device: 0, mapping: 1 }, ['step 4', 0, 1]],
  ['a warning: its step', 'no-warn', 'warn', buffer, ['step 4', 0, 1]],
  ['what is left over: what it is, of all', 'no-leftovers', 'slots', {}, ['slots', 0, 7]],
  ['and of a device', 'no-leftovers', 'iova', { device: 1 }, ['device 1, iova', 0, 7]],
  ['a map that fails: the mapping', 'map-succeeds', 'no-iova', { device: 1, ...buffer }, ['mapping 1', 0, 1]],
  ['a wrong length', 'iova-accounting', 'x', { mapping: 0, iova: 0xa0040 }, ['mapping 0', 0, 1]],
  ['a segment too long', 'segments', 'x', { mapping: 0, iova: 0xa0040 }, ['mapping 0', 0, 1]],
  ['a wrong attribute', 'attributes', 'x', { mapping: 0, iova: 0xa0040 }, ['mapping 0', 0, 1]],
  ['bytes of a buffer', 'from-device-data', 'x', buffer, ['mapping 1, buffer 1', 0x10, 0x17]],
  [
    'as a device sees them',
    'to-device-data',
    'x',
    { device: 0, ...buffer },
    ['device 0, mapping 1, buffer 1', 0x10, 0x17],
  ],
  ['a buffer alone is no place', 'own-memory', 'x', { mapping: 1, buffer: 1 }, ['mapping 1, step 4', 0, 1]],
  ['nor is an offset', 'own-memory', 'x', { mapping: 1, offset: 3 }, ['mapping 1, step 4', 0, 1]],
  [
    'an address of no mapping',
    'x',
    'x',
    { iova: 0xa0040, device: 1 },
    ['device 1, mapping undefined, step 4', 0, 1],
  ],
])('%s', (_, clause, cause, evidence, [of, from, to]) => {
  const all = { ...some, ...evidence };
  expect(victimOf(facts, clause, cause, all)).toEqual({ of, from, to, evidence: all });
});

const UNTRUSTED = { device: 0, mapping: 0 };
const TRUSTED = { device: 1, mapping: 1 };
test.each<[string, Partial<Evidence>, [string, number]]>([
  ['before the data of the first entry', { ...UNTRUSTED, iova: 0xa0010 }, ['device 0, mapping 0', 0x10]],
  ['behind it', { ...UNTRUSTED, iova: 0xa00c0 }, ['device 0, mapping 0', 0xc0]],
  ['of the second entry', { ...UNTRUSTED, iova: 0xa5200 }, ['device 0, mapping 0, segment 1', 0x200]],
  ['its last byte', { ...UNTRUSTED, iova: 0xa5fff }, ['device 0, mapping 0, segment 1', 0xfff]],
  ['of what no map installed', { ...UNTRUSTED, iova: 0xa6000 }, ['device 0, mapping 0', 0x6000]],
  [
    'of a trusted device: of the list as a whole',
    { ...TRUSTED, iova: 0xb5200 },
    ['device 1, mapping 1', 0x5200],
  ],
  ['of nobody in particular', { mapping: 1, iova: 0xb5200 }, ['mapping 1', 0x5200]],
])('a place that a device reaches: %s', (_, evidence, [of, from]) => {
  const all = { ...some, ...evidence };
  expect(victimOf(facts, 'confinement-read', 'x', all)).toEqual({ of, from, to: from + 7, evidence: all });
  const stale = { ...all, observed: LABEL_STALE };
  expect(victimOf(facts, 'confinement-read', 'x', stale)).toEqual({
    of,
    from,
    to: from + 7,
    evidence: stale,
  });
  const data = { ...all, observed: FIRST_LABEL + 0x20 };
  const whose = evidence.device === undefined ? '' : `device ${evidence.device}, `;
  expect(victimOf(facts, 'confinement-read', 'x', data)).toEqual({
    of: `${whose}data of buffer 1`,
    from: 0x20,
    to: 0x27,
    evidence: data,
    reached: { of, from },
  });
});

test('a mapping that nobody knows begins at zero', () => {
  const evidence = { ...some, device: 0, mapping: 9, iova: 0x30 };
  expect(victimOf(facts, 'confinement-read', 'x', evidence)).toMatchObject({
    of: 'device 0, mapping 9',
    from: 0x30,
  });
});
