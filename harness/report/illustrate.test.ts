// SPDX-License-Identifier: GPL-2.0-only
import { expect, test } from '@jest/globals';
import { describeStep } from '../run/trace.ts';
import { reportOf } from './testing/make.ts';

test.each([
  ['baseline', 'v1', 'lifecycle/nic-rx-ring*'],
  ['v2', 'v3', 'min-align-mask/neighbour*'],
])('%s → %s, %s: the diff shows the step that the sentence names', (from, to, glob) => {
  const { illustrations } = reportOf(from, to, glob);
  const differing = illustrations.filter(({ diff }) => diff.length > 0);
  expect(differing.length).toBeGreaterThan(0);
  for (const { finding, scenario, diff } of differing) {
    const [first] = finding.cases;
    const { step = -1 } = first?.to ?? first?.from ?? {};
    const named = scenario.steps[step];
    if (named === undefined) throw new Error('no step');
    expect(diff.map((line) => line.slice(1))).toContain(`${step + 1}. ${describeStep(scenario, named)}`);
  }
});

/** What happens to memory, per line of the trace of the first finding's case that does anything to it. */
function touched(from: string, to: string, glob: string, side: 'from' | 'to'): unknown[] {
  const [first] = reportOf(from, to, glob, true).illustrations;
  const lines = first?.traces?.[side].filter(({ touches }) => touches.length > 0) ?? [];
  return lines.map(({ raw, touches }) => [raw.trim().replace(/\(.*/, ''), ...touches]);
}

test('an access of a device is the line of its step; an invalidate, a memset and a map are their calls', () => {
  const glob = 'found/device-writes-again-into-a-cached-list';
  const slot = { phys: 0x1000000, size: 512 };
  const whole = { phys: 0x1000000, size: 4096 };
  const own = { phys: 0x100000, size: 512 };
  expect(touched('baseline', 'v8', glob, 'from')).toEqual([
    ['arch_sync_dma_for_device', { how: 'invalidated', ...own }],
    ['swiotlb_tbl_map_single', { how: 'taken', ...whole }],
    ['memset', { how: 'cleared', ...whole }],
    ['iommu_map', { how: 'reached', ...whole }],
    ['device_write m0[0x0, +512]', { how: 'stored', ...slot }],
    ['device_write m0[0x0, +512]', { how: 'stored', ...slot }],
    ['arch_sync_dma_for_cpu', { how: 'invalidated', ...own }],
    ['sees 512 bytes that the CPU wrote to a at first', { how: 'loaded', ...own }],
  ]);
});

test('a list that is refused is not reached; a call that ran out of memory did nothing', () => {
  const glob = 'found/failed-list-map-throws-cached-bytes-away[untrusted=false]';
  const [from, to] = ['v2.1', 'review/v2-always-sync-single'];
  const own = { phys: 0x100000, size: 512 };
  expect(touched(from, to, glob, 'from')).toEqual([
    ['cpu_write a[0x0, +512]', { how: 'written', ...own }],
    ['arch_sync_dma_for_device', { how: 'invalidated', ...own }],
    ['sees 512 bytes that the CPU wrote to a at first', { how: 'loaded', ...own }],
  ]);
  expect(touched(from, to, glob, 'to')).toEqual([['cpu_write a[0x0, +512]', { how: 'written', ...own }]]);
});
