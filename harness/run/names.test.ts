// SPDX-License-Identifier: GPL-2.0-only
import { expect, test } from '@jest/globals';
import { findState } from '../../variants/registry.ts';
import { Machine } from '../machine/machine.ts';
import { loadScenarioText } from '../scenario/load.ts';
import { runScenario } from './interpreter.ts';
import { traceOf } from './trace.ts';

/** What the trace of the steps says about kernel functions of that name. */
function calls(steps: string, kind: string): string[] {
  const yaml = `name: names\nwhy: a test\ndevices: { one: { untrusted: true }, two: { untrusted: true } }\nbuffers: { a: { size: 512 }, b: { size: 512 } }\nsteps:\n${steps}`;
  const [scenario] = loadScenarioText(yaml, 'corpus/map/names.yaml');
  const baseline = findState('baseline');
  if (scenario === undefined || baseline === undefined) throw new Error('no scenario');
  return traceOf(runScenario(new Machine(), baseline, scenario))
    .filter(({ text }) => text.startsWith(kind))
    .map(({ text }) => text.replace(/, size.*/, ''));
}

test('an address that is used again goes by the name of the mapping that has it at the time', () => {
  const again = `
  - map_page: { id: first, device: one, buffer: a, dir: TO_DEVICE }
  - unmap_page: first
  - map_page: { id: second, device: one, buffer: b, dir: TO_DEVICE }`;
  expect(calls(again, 'iommu_map')).toEqual([
    'iommu_map(iova(first) → bounce(first)',
    'iommu_map(iova(second) → bounce(second)',
  ]);
  expect(calls(again, 'iommu_unmap')).toEqual(['iommu_unmap(iova(first)']);
});

test('the same bus address of two devices goes by two names', () => {
  const both = `
  - map_page: { id: m1, device: one, buffer: a, dir: TO_DEVICE }
  - map_page: { id: m2, device: two, buffer: b, dir: TO_DEVICE }
  - unmap_page: m1
  - unmap_page: m2`;
  expect(calls(both, 'iommu_unmap')).toEqual(['iommu_unmap(iova(m1)', 'iommu_unmap(iova(m2)']);
});
