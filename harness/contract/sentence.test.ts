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
    '(4096 bytes in all; a slot of nobody: 2048; in front of the data: 1536; behind the data: 512) of mapping io',
  );
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
    '(1728 bytes in all; device camera, mapping p: 64; device disk, mapping l: 1664)',
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
