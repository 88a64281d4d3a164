// SPDX-License-Identifier: GPL-2.0-only
import { describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { loadScenarioText } from './load.ts';
import { scenarioJsonSchema } from './schema.ts';

test('corpus/scenario.schema.json is up to date', () => {
  const url = new URL('../../corpus/scenario.schema.json', import.meta.url);
  expect(JSON.parse(readFileSync(url, 'utf8'))).toEqual(scenarioJsonSchema());
});

test('the JSON Schema lets editors complete steps and accept placeholders', () => {
  expect(scenarioJsonSchema()).toMatchObject({
    $schema: 'http://json-schema.org/draft-07/schema#',
    required: ['name', 'why', 'steps'],
    additionalProperties: false,
    properties: { machine: { properties: { pageSize: { anyOf: [{ enum: [4096, 16384, 65536] }, {}] } } } },
    definitions: {
      step: {
        anyOf: [
          { const: 'flush_queue' },
          { minProperties: 1, maxProperties: 1, properties: { map_page: {}, repeat: {} } },
        ],
      },
    },
  });
});

describe('refused', () => {
  const words = 'cpu_read, cpu_write, device_read, device_write';
  // Each step is line 4, and its text begins in column 5.
  test.each([
    [
      'map_page: { id: m, buffer: a, dir: SIDEWAYS }',
      '4:40: steps[0].map_page.dir: "SIDEWAYS" is not a direction; allowed: TO_DEVICE, FROM_DEVICE, BIDIRECTIONAL',
    ],
    [
      'map_page: { id: m, bufer: a, dir: TO_DEVICE }',
      '4:24: steps[0].map_page: unknown key "bufer" (did you mean buffer?); allowed: id, buffer, offset, size, dir, attrs, device, during',
    ],
    [
      'map_page: { id: m, buffer: a }',
      '4:15: steps[0].map_page.dir: missing; expected a direction; allowed: TO_DEVICE, FROM_DEVICE, BIDIRECTIONAL',
    ],
    [
      'map_page: { id: 3, buffer: a, dir: TO_DEVICE }',
      '4:21: steps[0].map_page.id: 3 is not a mapping id: a letter, then letters, digits, _ and -',
    ],
    [
      'map_page: { id: m, buffer: a, dir: TO_DEVICE, attrs: [SKIP_SYNC] }',
      '4:59: steps[0].map_page.attrs[0]: "SKIP_SYNC" is not an attribute (did you mean SKIP_CPU_SYNC?); allowed: SKIP_CPU_SYNC, NO_WARN, PRIVILEGED',
    ],
    [
      'map_sg: { id: m, sgl: [], dir: TO_DEVICE }',
      '4:27: steps[0].map_sg.sgl: an empty list is not a scatterlist: a list of buffers',
    ],
    [
      'map_sg: { id: m, sgl: [a, { buffer: a, sze: 1 }], dir: TO_DEVICE }',
      '4:44: steps[0].map_sg.sgl[1]: unknown key "sze" (did you mean size?); allowed: buffer, offset, size',
    ],
    [
      'unmap_page: { id: m, during: [{ after: iommu_map, nth: 0, steps: [cpu_read: a] }] }',
      '4:60: steps[0].unmap_page.during[0].nth: 0 is not the number of a call within the operation: a whole number from 1 to 4096',
    ],
    [
      'unmap_page: { id: m, during: [{ after: iommu_map, steps: [unmap_page: a] }] }',
      `4:63: steps[0].unmap_page.during[0].steps[0]: unknown key "unmap_page"; allowed: ${words}`,
    ],
    ['fail_next: iommu_nap', '4:16: steps[0].fail_next: "iommu_nap" is not a fault or {what, device} (did you mean iommu_map?); allowed: alloc_iova_fast, iommu_map, iommu_map_sg'], // prettier-ignore
    ['{ cpu_read: a, cpu_write: a }', '4:5: steps[0]: a step has one key, this has cpu_read, cpu_write'],
    ['{}', '4:5: steps[0]: a step has one key, this has none'],
    ['flush', '4:5: steps[0]: "flush" is not a step: flush_queue, or a mapping like cpu_read: a'],
    ['repeat: { times: 3 }', '4:13: steps[0].repeat.steps: missing; expected a list of steps'],
    [
      'repeat: { times: 3, steps: [cpu_reed: a] }',
      '4:33: steps[0].repeat.steps[0]: unknown key "cpu_reed" (did you mean cpu_read?); allowed: cpu_read,',
    ],
    ['flush_queue\nwatch: text', '5:8: watch: "text" is not a list of things to look at, as text'],
    ['flush_queue\nrefs: [5.14]', '5:8: refs[0]: 5.14 is not a mail or patch, as text'],
    [
      'flush_queue\ndevices: {}',
      '5:10: devices: an empty mapping is not a mapping from device names to devices',
    ],
    ['flush_queue\ndevice: { untrusted: yes }', '5:22: device.untrusted: "yes" is not true or false (behind an external port)'], // prettier-ignore
    [
      'flush_queue\ntitle: x',
      '5:1: unknown key "title"; allowed: name, why, refs, watch, machine, device, devices, buffers, matrix, steps',
    ],
  ])('%s', (step, message) => {
    const text = `name: n\nwhy: w\nsteps:\n  - ${step}\n`;
    expect(() => loadScenarioText(text, 'corpus/sync/x.yaml')).toThrow(`corpus/sync/x.yaml:${message}`);
  });

  test('of two mistakes the first in the file is told', () => {
    const text = 'steps: [cpu_reed: a]\nname: 3\nwhy: w\n';
    expect(() => loadScenarioText(text, 'x.yaml')).toThrow('x.yaml:1:9: steps[0]: unknown key "cpu_reed"');
  });
});
