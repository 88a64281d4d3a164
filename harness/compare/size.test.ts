// SPDX-License-Identifier: GPL-2.0-only
import { expect, test } from '@jest/globals';
import { caseOf } from '../contract/testing/judging.ts';
import type { Scenario } from '../run/scenario.ts';
import { bySize } from './size.ts';

/** One map, and so many syncs. */
function sized(machine: string, device: string, syncs: number): Scenario {
  const sync = '  - sync_single_for_cpu: m\n'.repeat(syncs);
  return caseOf(
    `machine: { ${machine} }\ndevice: { untrusted: true${device} }\nbuffers: { b: { size: 512 } }\nsteps:\n  - map_page: { id: m, buffer: b, dir: TO_DEVICE }\n${sync}`,
  );
}

test('a realistic case leads, however much smaller an odd one is; then the smaller one', () => {
  const usual = sized('granule: 4096', ', minAlignMask: 4095', 2);
  const smaller = sized('granule: 4096', ', minAlignMask: 4095', 1);
  const odd = [
    sized('pageSize: 65536, granule: 16384', '', 0),
    sized('granule: 1024', '', 0),
    sized('granule: 4096', ', minAlignMask: 32767', 0),
    sized('granule: 4096', ', dmaMask: 32767', 0),
  ];
  for (const other of odd) expect(bySize(usual, other)).toBeLessThan(0);
  expect(bySize(smaller, usual)).toBeLessThan(0);
});
