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
