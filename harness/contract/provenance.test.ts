// SPDX-License-Identifier: GPL-2.0-only
/** From a label back to the write that it names. */
import { describe, expect, test } from '@jest/globals';
import { FIRST_LABEL, LABEL_FAULT, LABEL_NEVER_WRITTEN, LABEL_STALE, LABEL_ZERO } from '../machine/labels.ts';
import { describeLabel, describeLabels, Labels } from '../run/provenance.ts';
import { EventIndex } from '../run/event-index.ts';
import { HonestOps } from './testing/honest-ops.ts';
import { recordingOf } from './testing/judging.ts';

// Labels from 16 on: a 16 to 79, b 80 to 111; step 1: 112 to 119 (bytes 8 to 15 of a); the map's
// scribbles, if any; then what the device writes.
const run = recordingOf(
  HonestOps,
  `
device: { coherent: true }
buffers: { a: { size: 64, offset: 16 }, b: { size: 32 } }
steps:
  - cpu_write: { buffer: a, offset: 8, size: 8 }
  - map_page: { id: m, buffer: b, dir: FROM_DEVICE }
  - device_write: { id: m, offset: 4, size: 10 }
  - unmap_page: m
`,
);
const labels = run.provenance;
const [first, second, third] = run.events.of('cpu_write').map(({ index }) => index);
const [byDevice] = run.events.of('device_write').map(({ index }) => index);

describe('Labels.of', () => {
  test.each([
    [LABEL_ZERO, 'zero'],
    [LABEL_STALE, 'stale'],
    [LABEL_FAULT, 'fault'],
    [LABEL_NEVER_WRITTEN, 'nobody'],
    [FIRST_LABEL - 1, 'nobody'],
    [130, 'nobody'],
    [1e9, 'nobody'],
  ])('label %i', (label, by) => {
    expect(labels.of(label)).toEqual({ by });
  });

  test.each([
    [16, { by: 'cpu', event: first, step: -1, buffer: 0, offset: 0 }],
    [79, { by: 'cpu', event: first, step: -1, buffer: 0, offset: 63 }],
    [80, { by: 'cpu', event: second, step: -1, buffer: 1, offset: 0 }],
    [111, { by: 'cpu', event: second, step: -1, buffer: 1, offset: 31 }],
    [112, { by: 'cpu', event: third, step: 0, buffer: 0, offset: 8 }],
    [119, { by: 'cpu', event: third, step: 0, buffer: 0, offset: 15 }],
    [120, { by: 'device', event: byDevice, step: 2, device: 0, mapping: 0, iova: 0xfffff004 }],
    [129, { by: 'device', event: byDevice, step: 2, device: 0, mapping: 0, iova: 0xfffff00d }],
  ])('label %i', (label, origin) => {
    expect(labels.of(label)).toEqual(origin);
  });

  test('a scribble names no mapping', () => {
    const scribbled = recordingOf(
      HonestOps,
      `
device: { untrusted: true, scribble: true }
buffers: { a: { size: 64 } }
steps: [{ map_page: { id: m, buffer: a, dir: FROM_DEVICE } }]
`,
    );
    // It leaves the map that is under way alone and comes when it is over: behind the 64 bytes.
    const origin = scribbled.provenance.of(FIRST_LABEL + 64);
    expect(origin).toMatchObject({ by: 'device', device: 0, step: 0, mapping: -1, iova: 0xfffff040 });
    expect(describeLabel(scribbled.scenario, scribbled.provenance, FIRST_LABEL + 64)).toBe(
      'that dev scribbled in step 1',
    );
  });

  test('a recording without writes', () => {
    const empty = new Labels(run.labels, new EventIndex(new Float64Array(0)));
    expect(empty.of(16)).toEqual({ by: 'nobody' });
    expect(empty.span(16)).toBe(1);
  });
});

describe('Labels.span', () => {
  test.each([
    [16, 64],
    [79, 1],
    [100, 12],
    [112, 8],
    [125, 5],
    [130, 1],
    [LABEL_ZERO, Infinity],
  ])('label %i: %i', (label, span) => {
    expect(labels.span(label)).toBe(span);
  });
});

describe('Labels.together', () => {
  // Two bytes cleared, three of one write, and the write's behind it, whose labels go on.
  const seen = Uint32Array.from([LABEL_ZERO, LABEL_ZERO, 77, 78, 79, 80]);

  test.each([
    [0, 6, 2],
    [1, 1, 1],
    [2, 4, 3],
    [2, 2, 2],
    [5, 1, 1],
  ])('from %i on, of %i: %i', (at, size, together) => {
    expect(labels.together(seen, at, size)).toBe(together);
  });
});

describe('in words', () => {
  test.each([
    [LABEL_NEVER_WRITTEN, "of memory that is not the driver's"],
    [LABEL_ZERO, 'cleared by the kernel'],
    [LABEL_STALE, "of a slot's earlier use"],
    [LABEL_FAULT, 'of all-ones after an IOMMU fault'],
    [16, 'that the CPU wrote to a at first'],
    [115, 'that the CPU wrote to a in step 1'],
    [125, 'that dev wrote through m in step 3'],
  ])('label %i', (label, words) => {
    expect(describeLabel(run.scenario, labels, label)).toBe(words);
  });

  test('runs of one write', () => {
    const seen = Uint32Array.from([9, 16, 17, 18, 112, 113, 1, 1, 1, 17, 16]);
    expect(describeLabels(run.scenario, labels, seen.subarray(1))).toBe(
      '3 bytes that the CPU wrote to a at first, ' +
        '2 bytes that the CPU wrote to a in step 1, ' +
        '3 bytes cleared by the kernel, ' +
        '1 byte that the CPU wrote to a at first, ' +
        '1 byte that the CPU wrote to a at first',
    );
  });

  test('no bytes', () => {
    expect(describeLabels(run.scenario, labels, new Uint32Array(0))).toBe('');
  });
});
