// SPDX-License-Identifier: GPL-2.0-only
/** What a device that scribbles leaves alone: the memory that it may write anyway. */
import { expect, test } from '@jest/globals';
import { MapsOneGranuleMore } from '../contract/testing/fakes.ts';
import { recordingOf } from '../contract/testing/judging.ts';

/** Pages of m and n lie side by side; what is mapped for m reaches into n's. */
const sideBySide = (dir: string, device: string): string => `
devices: { one: { untrusted: true, scribble: true }, other: { untrusted: true } }
buffers: { a: { size: 4096, at: 0x200000 }, b: { size: 4096, at: 0x201000 } }
steps:
  - map_page: { id: n, buffer: b, size: 4096, dir: ${dir}, device: ${device} }
  - map_page: { id: m, buffer: a, size: 4096, dir: BIDIRECTIONAL, device: one }
`;

test.each([
  ['BIDIRECTIONAL', 'one', [0x202000]],
  ['TO_DEVICE', 'one', [0x201000]],
  ['BIDIRECTIONAL', 'other', [0x201000]],
])('%s, of the device %s', (dir, device, written) => {
  const { events, steps } = recordingOf(MapsOneGranuleMore, sideBySide(dir, device));
  const { from = 0, to = 0 } = steps[1] ?? {};
  // The last scribble: all is handed over by then.
  const last = events.of('device_write', from, to).at(-1);
  expect(last?.mapping).toBe(-1);
  const pages = events.of('device_write_run', last?.index ?? to, to).map(({ phys }) => phys & ~0xfff);
  expect([...new Set(pages)]).toEqual(written);
});
