// SPDX-License-Identifier: GPL-2.0-only
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { findState } from '../../variants/registry.ts';
import { Machine } from '../machine/machine.ts';
import { runScenario } from '../run/interpreter.ts';
import { loadCorpus, loadScenarioText, selectScenarios } from '../scenario/load.ts';
import { plain } from '../text/document.ts';
import type { Scenario } from '../run/scenario.ts';
import { judge } from './contract.ts';
import { sentence } from './sentence.ts';
import type { Cause } from './verdict.ts';

const corpus = loadCorpus(join(import.meta.dirname, '..', '..', 'corpus'));
const machine = new Machine();

/** What is said of the cause in the state's run of the only case. */
function said(id: string, [scenario]: readonly Scenario[], wanted: Cause): string {
  const state = findState(id);
  if (state === undefined || scenario === undefined) throw new Error(id);
  const run = runScenario(machine, state, scenario);
  const lines = judge(run).flatMap(({ clause, breaks }) =>
    breaks
      .filter(({ cause }) => cause === wanted)
      .map(({ cause, evidence, victims }) => plain(sentence(run, clause, cause, evidence, victims))),
  );
  return lines.join('\n');
}

test('bytes in different places are counted apart', () => {
  const scenarios = selectScenarios(corpus, 'sync/piece-by-piece[minAlignMask=4095,offset=0xe00]');
  expect(said('v2', scenarios, 'never-cleared')).toContain(
    '(the first of 4096 bytes; a slot of nobody: 2048; in front of the data: 1536; behind the data: 512) of mapping io',
  );
});

// Of baseline, 0x1000240 to 0x1001040 behind a, the end of which is in front of b, and 0x1001a00 to 0x1002800 behind b,
// whatever of that a's granules have exposed before; of v8, the granules of a and b to their ends.
test.each([
  ['baseline', '7232 bytes; behind the data: 7168; in front of the data: 64) of mapping m0'],
  ['v8', `${3520 + 3584} bytes) of mapping m0 (behind the data)`],
])('%s: padding of a list stands behind the data of its own entry', (id, bytes) => {
  const scenarios = selectScenarios(corpus, 'found/next-segment-behind-the-data');
  expect(said(id, scenarios, 'cleared-not-cleaned')).toContain(`(the first of ${bytes} is`);
});

test('what two devices are exposed to is counted apart, and each is named', () => {
  const scenarios = loadScenarioText(
    `
name: two devices, each of which reaches the other's bounce buffer
why: Two exposures, one to each device.
machine: { pageSize: 65536, granule: 16384 }
devices:
  camera: { untrusted: true, minAlignMask: 4095 }
  disk: { untrusted: true, minAlignMask: 4095 }
buffers:
  picture: { size: 16000, offset: 0x300 }
  label: { size: 64, offset: 0x300 }
steps:
  - cpu_write: picture
  - cpu_write: label
  - map_page: { id: p, buffer: picture, dir: TO_DEVICE, device: camera }
  - map_page: { id: l, buffer: label, dir: TO_DEVICE, device: disk }
`,
    'topic/two-exposures.yaml',
  );
  expect(said('v2', scenarios, 'other-mapping')).toContain(
    '(the first of 1728 bytes; device camera, mapping p: 64; device disk, mapping l: 1664)',
  );
});

// The granules of m1 … m4 begin 4096, 8192, 12288 and 16384 bytes in front of their slots.
test('what is cleared for several mappings is counted apart', () => {
  const scenarios = selectScenarios(corpus, 'errors/five-sectors-of-large-granules');
  expect(said('v3', scenarios, 'foreign-slot')).toContain(
    ': 40960 bytes in all (mapping m1: 4096; mapping m2: 8192; mapping m3: 12288; mapping m4: 16384), the first from phys 0x1008000 on, not of mapping m1 (cleared): ',
  );
  const one = selectScenarios(corpus, 'found/slot-in-front-of-a-list-entry[dir=BIDIRECTIONAL]');
  expect(said('v3', one, 'foreign-slot')).toContain(
    ': 2048 bytes from phys 0x1000000 on, not of mapping m0 (cleared): ',
  );
});

test('a size that underflowed is said with the subtraction; one that did not, in bytes', () => {
  const sectors = selectScenarios(corpus, 'min-align-mask/two-sectors-across-pages[dir=TO_DEVICE]');
  expect(said('v3', sectors, 'memset-out-of-memory')).toContain(
    'a memset ran out of physical memory (phys 0x1001200, the size underflowed to 0xfffffffffffffe00: 0x1000 − 0x1200), in',
  );
  const pieces = selectScenarios(corpus, 'sync/piece-by-piece[minAlignMask=4095,offset=0xe00]');
  expect(said('v2', pieces, 'copy-out-of-memory')).toContain('(phys 0x100101000, 128 bytes), in');
});

test('which IOVA range is left', () => {
  // 32768 bytes are all 8 pages of the IOVA space, from pfn 0 on.
  const scenarios = selectScenarios(corpus, 'found/list-that-takes-the-whole-iova-space');
  expect(said('baseline', scenarios, 'iova-left')).toContain(
    'an IOVA was never freed (8 pages at pfn 0x0). Promise',
  );
  // So they are here, of which the second map finds none: it fails as well, and the last two steps are skipped.
  const wider = selectScenarios(corpus, 'errors/buffer-wider-than-dma-mask[untrusted=false]');
  expect(said('baseline', wider, 'iova-left')).toContain(
    'Step 1 (`map_page try = large[0x0, +32768] TO_DEVICE on dev`): an IOVA was never freed (8 pages at pfn 0x0). Promise',
  );
});

// The first mapping bounces at 0x1000040, slot 0, and brings back what that held; the second one at 0x1003040, slot 6.
test('bytes of one kind are told apart from each other', () => {
  const scenarios = selectScenarios(corpus, 'found/retry-after-the-iova-space-is-full[iommu=arm]');
  expect(said('v1', scenarios, 'buffer-changed')).toContain(
    "is a byte of slot 6's earlier use instead of one of slot 0's: ",
  );
});
