// SPDX-License-Identifier: GPL-2.0-only
/** Runs that differ in anything that was observed do not count as the same behaviour. */
import { describe, expect, test } from '@jest/globals';
import { casesOf } from '../contract/testing/judging.ts';
import { EXPOSURE_STRIDE } from '../machine/event-log.ts';
import { Machine } from '../machine/machine.ts';
import { DMA_IOMMU } from '../../variants/registry.ts';
import { runScenario } from './interpreter.ts';
import type { Recording, StepOutcome } from './recording.ts';
import { sameBehaviour } from './same.ts';

const [scenario] = casesOf(`
device: { untrusted: true, coherent: false }
buffers: { packet: { size: 512 } }
steps:
  - map_page: { id: m, buffer: packet, dir: FROM_DEVICE }
  - device_write: { id: m }
  - unmap_page: { id: m }
  - cpu_read: { buffer: packet }
`);
if (scenario === undefined) throw new Error('no case');
const run: Recording = runScenario(new Machine(), DMA_IOMMU.root, scenario);

function firstStep(change: Partial<StepOutcome>): Partial<Recording> {
  return { steps: run.steps.map((step, index) => (index === 0 ? { ...step, ...change } : step)) };
}

function increased<A extends Float64Array | Uint8Array | Uint32Array>(numbers: A): A {
  const copy = numbers.slice() as A;
  copy[0] = (copy[0] ?? 0) + 1;
  return copy;
}

describe('sameBehaviour', () => {
  test('a run and itself', () => {
    expect(sameBehaviour(run, { ...run })).toBe(true);
  });

  test.each<[string, Partial<Recording>]>([
    ['a call', { records: increased(run.records) }],
    ['a byte', { bytes: increased(run.bytes) }],
    ['who wrote it', { labels: increased(run.labels) }],
    ['what a device could read', { exposures: new Float64Array(EXPOSURE_STRIDE) }],
    ['what is seen after a step', { viewLabels: increased(run.viewLabels) }],
    ['a view', { views: run.views.slice(1) }],
    [
      'what is left over',
      { leftovers: [{ step: 2, device: 0, iova: 0, phys: 0, mapping: 0, inPageTable: true }] },
    ],
    ['how many steps there were', { steps: run.steps.slice(1) }],
    ['what came of a step', firstStep({ status: 'failed' })],
    ['what a map returned', firstStep({ segments: [] })],
    ['what a driver is told of the largest mapping', firstStep({ told: 0x40000 })],
    ['what it would have been told', firstStep({ limit: 0x40000 })],
    ['what is held', firstStep({ held: { slots: 99, granules: [], iovas: [], queued: [] } })],
    ['a flush queue', { flushQueue: [true] }],
  ])('%s differs', (_, change) => {
    expect(sameBehaviour(run, { ...run, ...change })).toBe(false);
  });
});
