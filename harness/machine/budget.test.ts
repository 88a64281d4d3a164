// SPDX-License-Identifier: GPL-2.0-only
import { expect, test } from '@jest/globals';
import { DMA_IOMMU } from '../../variants/registry.ts';
import { lookAt } from '../run/interpreter.ts';
import { loadScenarioText } from '../scenario/load.ts';
import { Budget, RUN_BUDGET } from './budget.ts';
import { Machine } from './machine.ts';

const BIG = 'the run records and looks at more than 128 MiB';
const MAPS = `  - repeat: { times: 1365, as: i, steps: [map_page: { id: m$i, buffer: a, dir: TO_DEVICE }] }`;

test.each<[string, string, string]>([
  [
    '4096 reads of 1 MiB',
    'buffers: { a: { size: 0x100000 } }\nsteps:\n  - repeat: { times: 4096, steps: [cpu_read: a] }',
    `5: by step 11 ${BIG}`,
  ],
  [
    'maps of 2 MiB at granule 512',
    `machine: { granule: 512 }\nbuffers: { a: { size: 0x200000 } }\nsteps:\n${MAPS}`,
    `6: by step 9 ${BIG}`,
  ],
  [
    'a buffer of 8 MiB',
    'buffers: { a: { size: 0x800000 } }\nsteps: [cpu_read: a]',
    ` with such buffers ${BIG}`,
  ],
  [
    'overlapping buffers of 16 MiB',
    `buffers:\n${Array.from({ length: 250 }, (_, i) => `  b${i}: { size: 0x1000000, at: 0x2000000, overlaps: true }\n`).join('')}steps: [cpu_read: b0]`,
    ` with such buffers ${BIG}`,
  ],
  [
    'reads of 2 MiB inside operations',
    `buffers: { a: { size: 0x200000 } }\nsteps:\n  - map_page: { id: m, buffer: a, dir: TO_DEVICE, during: [{ after: alloc_iova_fast, steps: [${'{ cpu_read: a }, '.repeat(100)}] }] }`,
    `5: by step 1 ${BIG}`,
  ],
  [
    'a scribble over many mappings',
    `device: { untrusted: true, scribble: true }\nbuffers: { a: { size: 0x30000 } }\nsteps:\n  - repeat: { times: 60, as: i, steps: [map_page: { id: m$i, buffer: a, dir: FROM_DEVICE }] }\n  - repeat: { times: 4000, steps: [cpu_write: { buffer: a, size: 1 }] }`,
    BIG,
  ],
])('%s: refused with file, line and step', (_, yaml, problem) => {
  const [scenario] = loadScenarioText(`name: a\nwhy: b\n${yaml}\n`, 'corpus/map/big.yaml');
  if (scenario === undefined) throw new Error('no case');
  expect(() => lookAt(new Machine(), DMA_IOMMU.root, scenario)).toThrow(problem);
  expect(() => lookAt(new Machine(), DMA_IOMMU.root, scenario)).toThrow('corpus/map/big.yaml:');
});

test('a budget is used up, and full again', () => {
  const budget = new Budget();
  budget.take(RUN_BUDGET);
  expect(() => budget.take(1)).toThrow(BIG);
  budget.reset();
  budget.take(RUN_BUDGET);
});

test('what is taken adds up, and is none again after a reset', () => {
  const budget = new Budget();
  budget.take(5);
  budget.take(7);
  expect(budget.taken).toBe(12);
  budget.reset();
  expect(budget.taken).toBe(0);
});
