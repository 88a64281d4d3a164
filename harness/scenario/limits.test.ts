// SPDX-License-Identifier: GPL-2.0-only
import { expect, test } from '@jest/globals';
import { loadScenarioText } from './load.ts';

const HEAD = 'name: a\nwhy: b\nbuffers: { a: { size: 64 } }\n';
const names = (length: number): string[] => Array.from({ length }, (_, i) => `d${i}`);

test.each<[string, string, string]>([
  [
    'a list of 20,000 entries',
    `${HEAD}steps:\n  - map_sg: { id: m, dir: TO_DEVICE, sgl: [${'a,'.repeat(20_000)}] }\n`,
    '5:43: steps[0].map_sg.sgl: longer than a scatterlist: a list of buffers may be: 256 at most',
  ],
  [
    'a list of 120,000 entries',
    `${HEAD}steps:\n  - map_sg: { id: m, dir: TO_DEVICE, sgl: [${'a,'.repeat(120_000)}] }\n`,
    '1:1: larger than 64 KiB',
  ],
  [
    '5,000 devices',
    `name: a\nwhy: b\ndevices: { ${names(5000)
      .map((name) => `${name}: {}`)
      .join(', ')} }\nsteps: [flush_queue: d1]\n`,
    '3:10: devices: longer than a mapping from device names to devices may be: 16 at most',
  ],
  [
    '300 buffers',
    `name: a\nwhy: b\nbuffers: { ${names(300)
      .map((name) => `${name}: { size: 1 }`)
      .join(', ')} }\nsteps: [cpu_read: d1]\n`,
    '3:10: buffers: longer than a mapping from buffer names to buffers may be: 256 at most',
  ],
  [
    'a key that is there twice, among many',
    `${HEAD}steps: [flush_queue]\n${names(3000)
      .map((name) => `${name}: 1\n`)
      .join('')}d7: 1\n`,
    '3005:1: not valid YAML: Map keys must be unique: "d7"',
  ],
  [
    'accesses inside operations, repeated',
    `${HEAD}steps:\n  - repeat:\n      times: 2000\n      as: i\n      steps:\n        - map_page: { id: m$i, buffer: a, dir: TO_DEVICE, during: [{ after: memset, steps: [${'{ cpu_read: a }, '.repeat(100)}] }] }\n`,
    ': more than the 65536 steps, scatterlist entries and accesses inside operations a case may have',
  ],
  [
    'many steps in many cases',
    `${HEAD}matrix: { x: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17] }\nsteps:\n  - repeat: { times: 4095, steps: [cpu_read: { buffer: a, size: $x }] }\n`,
    'steps: all cases together have more than 65536 steps, scatterlist entries and accesses inside operations',
  ],
])('%s: refused in one line', (_, text, problem) => {
  expect(() => loadScenarioText(text, 'map/big.yaml')).toThrow(problem);
});
