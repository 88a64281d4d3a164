// SPDX-License-Identifier: GPL-2.0-only
/** What the standing adversary takes of a run's budget: 128 for a look at a translation, 1 for one at a byte, 4 for one at a range. */
import { expect, test } from '@jest/globals';
import { Bench, IOVA, PHYS, READ, WRITE } from './testing/device-bench.ts';

/** What the work takes. */
function taken({ log }: Bench, work: () => void): number {
  const before = log.budget.taken;
  work();
  return log.budget.taken - before;
}

test('a scan: each translation, also those that the IOTLB alone has, and the bytes of what has changed', () => {
  const bench = new Bench({ untrusted: true });
  // Cleared memory has nothing to expose.
  bench.cache.clear(PHYS, 0x5000);
  bench.map(IOVA, PHYS, 0x5000, READ);
  bench.device.domain.unmap(IOVA, 0x2000);
  const attack = (): number => taken(bench, () => bench.device.attack());
  expect(attack()).toBe(5 * 128 + 5 * 4096);
  expect(attack()).toBe(5 * 128);
  bench.cache.clear(PHYS + 0x1000, 1);
  expect(attack()).toBe(5 * 128 + 4096);
  bench.device.domain.sync();
  expect(attack()).toBe(3 * 128);
});

test('in small granules no more bytes than these have', () => {
  const bench = new Bench({ untrusted: true }, 512);
  bench.cache.clear(PHYS, 4096);
  bench.map(IOVA, PHYS, 1024, READ);
  expect(taken(bench, () => bench.device.attack())).toBe(2 * 128 + 2 * 512);
});

test('a scribble: each range for each stretch that it writes or leaves alone, and what it writes', () => {
  const bench = new Bench({ untrusted: true, scribble: true });
  bench.cache.clear(PHYS, 0x1000);
  bench.map(IOVA, PHYS, 0x1000, WRITE);
  bench.device.handedOver = [
    { start: PHYS + 0x100, size: 0x200 },
    { start: PHYS + 0xf00, size: 0x100 },
  ];
  // Stretches from 0, 0x100, 0x300 and 0xf00 on, of which 0x100 and 0xc00 bytes are written.
  expect(taken(bench, () => bench.device.attack())).toBe(128 + 4 * 2 * 4 + 5 * (0x100 + 0xc00));
});

test('of a trusted device there is none', () => {
  const bench = new Bench();
  bench.cache.clear(PHYS, 0x1000);
  bench.map(IOVA, PHYS, 0x1000, READ);
  expect(taken(bench, () => bench.device.attack())).toBe(0);
});
