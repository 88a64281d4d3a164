// SPDX-License-Identifier: GPL-2.0-only
/** What a scenario lets happen at kernel calls, on the baseline. */
import { describe, expect, test } from '@jest/globals';
import { findState } from '../../variants/registry.ts';
import { caseOf } from '../contract/testing/judging.ts';
import { Machine } from '../machine/machine.ts';
import { runScenario } from './interpreter.ts';
import { partedAt, triggeredIn, type Triggered } from './triggers.ts';

function triggered(yaml: string): readonly Triggered[] {
  const baseline = findState('baseline');
  if (baseline === undefined) throw new Error('no baseline');
  return triggeredIn(runScenario(new Machine(), baseline, caseOf(yaml)));
}

describe('what came about', () => {
  const HEAD = `
device: { untrusted: true, coherent: false }
buffers: { a: { size: 64 } }
steps:
`;
  test('accesses after a call that is made, and not after one that is not', () => {
    // The unmap of a page looks up the address twice, and copies nothing to the device.
    const yaml = `${HEAD}
  - map_page: { id: m, buffer: a, dir: FROM_DEVICE }
  - unmap_page: { id: m, during: [
      { after: iommu_iova_to_phys, nth: 2, steps: [{ device_write: m }] },
      { after: iommu_iova_to_phys, nth: 3, steps: [{ device_write: m }] },
      { after: swiotlb_sync_single_for_device, steps: [{ device_write: m }] } ] }
`;
    expect(triggered(yaml)).toEqual([
      { ran: true, at: [] },
      { ran: true, at: ['iommu_iova_to_phys 2'] },
    ]);
  });

  test('a call that the scenario lets fail, in the step that makes it; the unmap after it does not run', () => {
    const yaml = `${HEAD}
  - fail_next: alloc_iova_fast
  - cpu_read: a
  - map_page: { id: m, buffer: a, dir: FROM_DEVICE }
  - unmap_page: m
`;
    expect(triggered(yaml)).toEqual([
      { ran: true, at: [] },
      { ran: true, at: [] },
      { ran: true, at: ['alloc_iova_fast fails'] },
      { ran: false, at: [] },
    ]);
  });

  test('a scenario that asks for nothing of the kind', () => {
    expect(triggered(`${HEAD}  - map_page: { id: m, buffer: a, dir: FROM_DEVICE }`)).toEqual([]);
  });
});

describe('the two part', () => {
  const ran = (...at: string[]): Triggered => ({ ran: true, at });
  const skipped: Triggered = { ran: false, at: [] };

  test.each<[string, Triggered[], Triggered[], number]>([
    ['never: nothing came about', [ran(), ran()], [ran(), ran()], Infinity],
    ['never: the same did', [ran(), ran('x', 'y')], [ran(), ran('y', 'x')], Infinity],
    ['where it did on one side alone', [ran(), ran(), ran('x')], [ran(), ran(), ran()], 2],
    ['where it did on that side first', [ran(), ran('x'), ran()], [ran(), ran(), ran('x')], 1],
    ['where it did once more', [ran('x'), ran('x', 'x')], [ran('x'), ran('x')], 1],
    ['where something else did', [ran('x')], [ran('y')], 0],
    ['not where the other did not run the step to its end', [ran('x')], [skipped], Infinity],
    ['not where the other run had ended', [ran(), ran('x')], [ran()], Infinity],
  ])('%s', (_, a, b, step) => {
    expect([partedAt(a, b), partedAt(b, a)]).toEqual([step, step]);
  });
});
