// SPDX-License-Identifier: GPL-2.0-only
/** Accesses after a call, and a call that fails, where only one of two states makes the call. */
import { expect, test } from '@jest/globals';
import { findState } from '../../variants/registry.ts';
import { caseOf } from '../contract/testing/judging.ts';
import { hiddenWords } from '../report/kinds.ts';
import { Machine } from '../machine/machine.ts';
import type { State } from '../subject/state.ts';
import { attribute } from './attribute.ts';
import { walkBetween } from './chain.ts';
import { Prefixes } from './prefixes.ts';
import { compare, type Comparison } from './comparison.ts';

function state(id: string): State {
  const found = findState(id);
  if (found === undefined) throw new Error(id);
  return found;
}
const compared = (from: string, to: string, yaml: string): Comparison =>
  compare(state(from), state(to), [caseOf(yaml)]);

// v1 maps a list and then syncs it, which looks the addresses up; v2 does not. It is broken in both without the write.
const LISTS = (during: string): string => `
device: { untrusted: true, coherent: false }
buffers: { a: { size: 4096 }, b: { size: 512 } }
steps:
  - map_sg: { id: m0, sgl: [{ buffer: a, offset: 0, size: 512 }, { buffer: a, offset: 512, size: 512 }], dir: FROM_DEVICE }
  - map_sg: { id: m1, sgl: [b], dir: TO_DEVICE${during} }
  - unmap_sg: m0
  - unmap_sg: m1
`;

test('a device that writes after a call of one state alone makes nothing fixed or regressed', () => {
  const kinds = (yaml: string): unknown =>
    compared('v1', 'v2', yaml).findings.flatMap(({ clause, kind }) =>
      clause === 'partial-write-preserved' ? [kind] : [],
    );
  expect(kinds(LISTS(''))).toEqual(['still-broken']);
  const comparison = compared(
    'v1',
    'v2',
    LISTS(', during: [{ after: iommu_iova_to_phys, steps: [{ device_write: m0 }] }]'),
  );
  const found = comparison.findings.find(({ clause }) => clause === 'partial-write-preserved');
  expect([found?.kind, found?.cases[0]?.partedBy]).toEqual(['uncovered', 1]);
  expect(found?.cases.map((one) => hiddenWords(comparison, one))).toEqual([
    'not put to the same test in v1: what the scenario lets happen at a kernel call in step 2 happens on one side alone',
  ]);
  const [first] = found?.cases ?? [];
  if (first === undefined) throw new Error('no case');
  const { forth, back } = attribute(
    new Prefixes(new Machine()),
    walkBetween(state('v1'), state('v2')),
    first.scenario,
    first,
  );
  expect([...back, ...forth].map(({ stage, effect }) => `${stage.patch.id} ${effect}`)).toEqual([
    'v1.1 hides',
    // Without v2.1, in which it cannot be seen, as well.
    'v2.2 breaks',
  ]);
});

// Without CONFIG_SWIOTLB the baseline maps an untrusted device's list page by page, v1.2 as one.
test('a map that fails because it alone makes the call that is to fail is no difference', () => {
  const yaml = `
machine: { swiotlb: false }
device: { untrusted: true }
buffers: { a: { size: 512 } }
steps:
  - fail_next: iommu_map_sg
  - map_sg: { id: m0, sgl: [a], dir: TO_DEVICE }
`;
  const { findings, failedOnlyTo } = compared('baseline', 'v1', yaml);
  expect(findings).toEqual([]);
  expect(failedOnlyTo).toHaveLength(1);
});
