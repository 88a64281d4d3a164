// SPDX-License-Identifier: GPL-2.0-only
/** What differs between two bases is listed apart, and nothing of it is lost. */
import { expect, test } from '@jest/globals';
import { casesOf } from '../contract/testing/judging.ts';
import { findState } from '../../variants/registry.ts';
import { compare, isUnchanged, type Comparison } from './comparison.ts';
import { withoutBases } from './of-bases.ts';

const CASES = [
  ...casesOf(`
device: { untrusted: true, coherent: true }
buffers: { packet: { size: 512 } }
steps:
  - map_page: { id: m, buffer: packet, dir: FROM_DEVICE }
  - unmap_page: { id: m }
`),
  ...casesOf(`
device: { untrusted: true, minAlignMask: 4095 }
buffers: { sector: { size: 1024, offset: 0xe00 } }
steps:
  - map_page: { id: m, buffer: sector, dir: TO_DEVICE }
`),
];

function between(from: string, to: string): Comparison {
  const [a, b] = [findState(from), findState(to)];
  if (a === undefined || b === undefined) throw new Error(`${from} ${to}`);
  return compare(a, b, CASES);
}

const series = between('baseline', 'v3');
const changed = series.findings.filter((finding) => !isUnchanged(finding));

test('the cases have findings and other calls', () => {
  expect(changed).not.toEqual([]);
  expect(series.different).not.toEqual([]);
});

test('what the bases have, too, is theirs: findings, and the traces that differ', () => {
  const { comparison, ofBases } = withoutBases(series, series);
  expect(comparison.findings.filter((finding) => !isUnchanged(finding))).toEqual([]);
  expect(comparison.different).toEqual([]);
  expect(ofBases).toEqual({ findings: changed, different: series.different });
});

test('bases that agree take nothing away', () => {
  const { comparison, ofBases } = withoutBases(series, between('baseline', 'baseline'));
  expect(comparison).toEqual(series);
  expect(ofBases).toEqual({ findings: [], different: [] });
});
