// SPDX-License-Identifier: GPL-2.0-only
import { describe, expect, test } from '@jest/globals';
import { HonestOps } from '../contract/testing/honest-ops.ts';
import { recordingOf } from '../contract/testing/judging.ts';
import { describeStep } from '../run/trace.ts';
import { loadScenarioText } from './load.ts';

const MAPPED = `name: n
why: w
device: { coherent: false }
buffers: { a: { size: 512 }, b: { size: 512 } }
steps:
  - map_page: { id: m, buffer: a, dir: FROM_DEVICE }
  - map_sg: { id: s, sgl: [a, b], dir: FROM_DEVICE }
`;

function load(...steps: string[]) {
  const [scenario] = loadScenarioText(MAPPED + steps.map((step) => `  - ${step}\n`).join(''), 'map/a.yaml');
  if (scenario === undefined) throw new Error('no case');
  return scenario;
}

describe('a marked misuse', () => {
  test.each([
    ['unmap_page: { id: m, misuse: true, size: 64 }', 'unmap_page m (misuse: size 64)'],
    ['unmap_page: { id: m, misuse: true, dir: TO_DEVICE }', 'unmap_page m (misuse: TO_DEVICE)'],
    ['unmap_page: { id: s, misuse: true }', 'unmap_page s (misuse)'],
    ['unmap_sg: { id: m, misuse: true }', 'unmap_sg m (misuse)'],
    ['unmap_sg: { id: s, misuse: true, entries: 1 }', 'unmap_sg s (misuse: 1 entries)'],
    [
      'sync_single_for_cpu: { id: m, misuse: true, offset: 256, size: 4096 }',
      'sync_single_for_cpu m[0x100, +4096] (misuse)',
    ],
    [
      'sync_single_for_device: { id: m, misuse: true, offset: -64, size: 64, dir: TO_DEVICE }',
      'sync_single_for_device m[-0x40, +64] (misuse: TO_DEVICE)',
    ],
    ['sync_sg_for_cpu: { id: s, misuse: true, entries: 1 }', 'sync_sg_for_cpu s (misuse: 1 entries)'],
  ])('%s', (step, told) => {
    const scenario = load(step);
    const last = scenario.steps.at(-1);
    expect(last === undefined ? '' : describeStep(scenario, last)).toBe(told);
    expect(recordingOf(HonestOps, yamlOf(step)).steps.at(-1)?.status).toBe('done');
  });

  test('after the unmap', () => {
    const yaml = yamlOf('unmap_page: m', 'sync_single_for_cpu: { id: m, misuse: true }');
    const { steps, events } = recordingOf(HonestOps, yaml);
    expect(steps.at(-1)?.status).not.toBe('skipped');
    expect(events.of('arch_sync_dma_for_cpu', steps.at(-1)?.from)).toHaveLength(1);
  });
});

function yamlOf(...steps: string[]): string {
  return MAPPED.replace('name: n\nwhy: w\n', '') + steps.map((step) => `  - ${step}\n`).join('');
}

describe('what is not marked is refused', () => {
  test.each([
    ['unmap_page: { id: m, size: 64 }', 'size is what was mapped; to say otherwise is misuse'],
    ['unmap_page: { id: m, dir: TO_DEVICE }', 'dir is what was mapped; to say otherwise is misuse'],
    ['unmap_sg: { id: s, entries: 1 }', 'entries is what was mapped; to say otherwise is misuse'],
    ['unmap_page: s', '"s" was mapped by map_sg; use unmap_sg'],
    ['unmap_sg: m', '"m" was mapped by map_page; use unmap_page'],
    ['sync_single_for_cpu: { id: m, offset: 256, size: 4096 }', 'bytes 256 to 4352 are not inside mapping m'],
    ['sync_single_for_cpu: { id: m, offset: -64, size: 64 }', '-64 is not inside mapping m'],
    ['sync_single_for_cpu: { id: m, dir: TO_DEVICE }', 'dir is what was mapped; to say otherwise is misuse'],
    ['unmap_page: { id: m, misuse: true, entries: 1 }', 'unmap_page has no entries'],
    ['unmap_sg: { id: s, misuse: true, entries: 3 }', 's has 2 entries, not more'],
    ['unmap_page: { id: x, misuse: true }', '"x" is not mapped so far'],
  ])('%s', (step, message) => {
    expect(() => load(step)).toThrow(message);
  });
});

test('nothing at all: zero bytes, zero entries of time', () => {
  const scenario = load(
    'map_page: { id: z, buffer: a, offset: 512, size: 0, dir: TO_DEVICE }',
    'map_sg: { id: y, sgl: [{ buffer: b, size: 0 }], dir: TO_DEVICE }',
    'sync_single_for_cpu: { id: m, size: 0 }',
    'repeat: { times: 0, steps: [{ unmap_page: m }] }',
  );
  expect(scenario.steps.slice(2)).toMatchObject([
    { op: 'map_page', offset: 512, size: 0 },
    { op: 'map_sg', sgl: [{ size: 0 }] },
    { op: 'sync_single_for_cpu', offset: 0, size: 0 },
  ]);
});

test('a driver maps no more than it was told', () => {
  const yaml = yamlOf(
    'dma_max_mapping_size: dev',
    'dma_max_mapping_size: { size: 600 }',
    'map_page: { id: fits, buffer: b, dir: TO_DEVICE }',
    'map_sg: { id: large, sgl: [{ buffer: a, size: 300 }, { buffer: b, size: 301 }], dir: TO_DEVICE }',
  );
  const { steps } = recordingOf(HonestOps, yaml);
  expect(steps.slice(2).map(({ status, told }) => [status, told])).toEqual([
    ['done', Infinity],
    ['done', 600],
    ['done', undefined],
    ['skipped', undefined],
  ]);
});
