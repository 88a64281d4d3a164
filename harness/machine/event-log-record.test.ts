// SPDX-License-Identifier: GPL-2.0-only
import { expect, test } from '@jest/globals';
import { decode, EV, EventLog } from './event-log.ts';

test('a record, decoded: where it comes from, its arguments, and what came of it', () => {
  const log = new EventLog();
  log.path = 5;
  log.step = 7;
  log.push(EV.iommu_iotlb_sync, 2);
  log.result(log.push(EV.iommu_map, 3, 0xf000, 0x200000, 0x1000, 1), -12, true);
  expect(decode(log.records, 1)).toEqual({
    index: 1,
    kind: 'iommu_map',
    device: 3,
    path: 5,
    step: 7,
    result: -12,
    injected: true,
    iova: 0xf000,
    phys: 0x200000,
    size: 0x1000,
    prot: 1,
  });
  expect(decode(log.records, 0)).toEqual({
    index: 0,
    kind: 'iommu_iotlb_sync',
    device: 2,
    path: 5,
    step: 7,
    result: NaN,
    injected: false,
  });
});

test('the calls of the step that is under way are counted, and no others', () => {
  const log = new EventLog();
  log.step = 3;
  log.push(EV.iommu_iotlb_sync, 0);
  log.step = 4;
  expect(log.callsInStep()).toBe(0);
  log.push(EV.iommu_iotlb_sync, 0);
  log.push(EV.device_write_run, 0, 0xf000, 0x200000, 64, 16);
  log.push(EV.iommu_iotlb_sync, 0);
  expect(log.callsInStep()).toBe(2);
});

test('what is recorded is taken from the budget, as much as it takes', () => {
  const log = new EventLog();
  log.reserve(10);
  expect(log.budget.taken).toBe(50);
  log.reserveView(10);
  expect(log.budget.taken).toBe(90);
  log.expose(0, 0xf000, 0x200000, 64, 16, 0, 1);
  expect(log.budget.taken).toBe(90 + 72);
  // 256 records of 96 bytes are there; the next one doubles them.
  for (let i = 0; i < 256; i++) log.push(EV.device_write_run, 0, 0xf000, 0x200000, 64, 16);
  expect(log.budget.taken).toBe(162);
  log.push(EV.device_write_run, 0, 0xf000, 0x200000, 64, 16);
  expect(log.budget.taken).toBe(162 + 256 * 96);
});
