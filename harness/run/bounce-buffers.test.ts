// SPDX-License-Identifier: GPL-2.0-only
import { expect, test } from '@jest/globals';
import { EV, EventLog, STRIDE } from '../machine/event-log.ts';
import { DMA_TO_DEVICE } from '../machine/vocabulary.ts';
import { loadScenarioText } from '../scenario/load.ts';
import { bounceBuffersOf, type BounceBuffer } from './bounce-buffers.ts';
import { EventIndex } from './event-index.ts';

const [scenario] = loadScenarioText(
  'name: a test\nwhy: a test\ndevice: { untrusted: true }\nbuffers: { a: { size: 512, offset: 0x800 } }\nsteps: [{ map_page: { id: m, buffer: a, dir: TO_DEVICE } }]',
  'corpus/map/slots.yaml',
);

/** The slots of 512 bytes from 0x100800 on, whose bounce address is 0x1000800, and of which `padding` lie in front. */
function slotsOf(allocSize: number, padding: number): Pick<BounceBuffer, 'start' | 'end'>[] {
  if (scenario === undefined) throw new Error('no scenario');
  const log = new EventLog();
  const call = log.push(EV.swiotlb_tbl_map_single, 0, 0x100800, 512, allocSize, 0xfff, DMA_TO_DEVICE, 0);
  if (padding > 0) log.push(EV.swiotlb_pad_slots, 0, 0x1000800, padding);
  log.result(call, 0x1000800);
  const events = new EventIndex(log.records.slice(0, log.length * STRIDE));
  return bounceBuffersOf(scenario, events).map(({ start, end }) => ({ start, end }));
}

test('slots begin with the one that the bounce address is in', () => {
  expect(slotsOf(4096, 0)).toEqual([{ start: 0x1000800, end: 0x1001800 }]);
});

test('or in front of it, where the pool pads', () => {
  expect(slotsOf(4096, 1)).toEqual([{ start: 0x1000000, end: 0x1001000 }]);
});
