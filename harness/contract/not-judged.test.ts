// SPDX-License-Identifier: GPL-2.0-only
/** What no clause looks at is said, with its number. */
import { expect, test, describe } from '@jest/globals';
import { plain } from '../text/document.ts';
import { notJudged } from './not-judged.ts';
import { HonestOps } from './testing/honest-ops.ts';
import { outcomeOf, recordingOf } from './testing/judging.ts';

const run = (device: string, ...steps: string[]): string => `
device: ${device}
buffers: { a: { size: 256 }, b: { size: 32, at: 0x200020 }, c: { size: 32, at: 0x200000 } }
steps:
${steps.map((step) => `  - ${step}\n`).join('')}
`;
const said = (yaml: string): string[] =>
  notJudged(recordingOf(HonestOps, yaml)).map((line) => plain(line).replaceAll('`', ''));
const map = (dir: string, more = ''): string => `map_page: { id: m, buffer: a, dir: ${dir}${more} }`;

describe('each mistake', () => {
  test.each([
    [
      'the CPU reads what the device owns',
      [map('FROM_DEVICE'), 'device_write: m', 'cpu_read: { buffer: a, size: 100 }', 'unmap_page: m'],
      ['Step 3 (cpu_read a[0x0, +100]): the CPU read 100 bytes of a that dev owns'],
    ],
    [
      'the CPU writes what the device owns',
      [map('BIDIRECTIONAL'), 'cpu_write: { buffer: a, offset: 32, size: 64 }', 'unmap_page: m'],
      ['Step 2 (cpu_write a[0x20, +64]): the CPU wrote 64 bytes of a that dev owns'],
    ],
    [
      'the CPU reads what was unmapped without being handed over',
      [map('FROM_DEVICE'), 'unmap_page: { id: m, attrs: SKIP_CPU_SYNC }', 'cpu_read: a'],
      ['Step 3 (cpu_read a[0x0, +256]): the CPU read 256 bytes of a that it never got back'],
    ],
    [
      'a trusted device writes what the CPU owns',
      [map('FROM_DEVICE'), 'sync_single_for_cpu: { id: m, offset: 0, size: 64 }', 'device_write: m'],
      ['Step 3 (device_write m[0x0, +256]): dev wrote 64 bytes of a that the CPU owns'],
    ],
    [
      'two mappings, one of which is written',
      [map('TO_DEVICE'), 'map_page: { id: n, buffer: a, size: 128, dir: FROM_DEVICE }'],
      [
        'Step 2 (map_page n = a[0x0, +128] FROM_DEVICE on dev): 128 bytes of a are in two live mappings, and a device may write them',
      ],
    ],
    [
      'synced for the device, which had it and had written',
      [map('BIDIRECTIONAL'), 'device_write: { id: m, size: 64 }', 'sync_single_for_device: m'],
      [
        'Step 3 (sync_single_for_device m[0x0, +256]): 64 bytes of a were handed to dev, which had them and had written to them',
      ],
    ],
    [
      'in the middle of the map',
      [map('TO_DEVICE', ', during: [{ after: iommu_map, steps: [{ cpu_write: { buffer: a, size: 16 } }] }]')],
      [
        'Step 1 (map_page m = a[0x0, +256] TO_DEVICE on dev): 16 bytes of a were written in the middle of an operation on them',
      ],
    ],
  ])('%s', (_, steps, lines) => {
    expect(said(run('{}', ...steps))).toEqual(lines);
  });

  test('what is out of turn for two devices, and in two steps', () => {
    const yaml = `
devices: { one: {}, two: {} }
buffers: { a: { size: 256 } }
steps:
  - map_page: { id: m, device: one, buffer: a, size: 128, dir: FROM_DEVICE }
  - map_page: { id: n, device: two, buffer: a, offset: 128, size: 128, dir: FROM_DEVICE }
  - cpu_read: { buffer: a, offset: 120, size: 16 }
  - cpu_read: { buffer: a, size: 4 }
`;
    expect(said(yaml)).toEqual([
      'Step 3 (cpu_read a[0x78, +16]): the CPU read 8 bytes of a that one owns',
      'Step 3 (cpu_read a[0x78, +16]): the CPU read 8 bytes of a that two owns',
      'Step 4 (cpu_read a[0x0, +4]): the CPU read 4 bytes of a that one owns',
    ]);
  });

  // The write ends in the middle of the second line, whose other half is the device's.
  test('the last line of a write that begins in another', () => {
    const yaml = `
device: { coherent: false }
buffers: { w: { size: 64, at: 0x200020 }, a: { size: 32, at: 0x200060 } }
steps:
  - map_page: { id: m, buffer: a, dir: FROM_DEVICE }
  - cpu_write: w
`;
    expect(said(yaml)).toEqual([
      'Step 2 (cpu_write w[0x0, +64]): 32 bytes of a share a cache line with what somebody else wrote',
      'Step 2 (cpu_write w[0x0, +64]): 32 bytes of w share a cache line with what somebody else wrote',
    ]);
  });

  // a at 0x200000…0x2000ff; b from 0x10 to 0x2f of it, c from 0x20 to 0x3f and d from 0x80 to 0x9f: 0x30 + 0x20 bytes.
  test('bytes that another buffer has, too, once they are mapped', () => {
    const at = (name: string, offset: number, size = 32): string =>
      `${name}: { size: ${size}, at: ${0x200000 + offset}, overlaps: true }`;
    const buffers = [at('a', 0, 256), at('b', 0x10), at('d', 0x80), at('c', 0x20), at('e', 0x1000)].join(
      ', ',
    );
    const maps = ['a, size: 144', 'b', 'e'].map(
      (what, index) => `  - map_page: { id: m${index}, buffer: ${what}, dir: TO_DEVICE }`,
    );
    // One that fails maps nothing.
    maps.push('  - fail_next: iommu_map', '  - map_page: { id: m3, buffer: c, dir: TO_DEVICE }');
    expect(said(`\ndevice: {}\nbuffers: { ${buffers} }\nsteps:\n${maps.join('\n')}\n`)).toEqual([
      'Step 1 (map_page m0 = a[0x0, +144] TO_DEVICE on dev): 64 bytes of a are in another buffer as well',
      'Step 2 (map_page m1 = b[0x0, +32] TO_DEVICE on dev): 32 bytes of b are in another buffer as well',
    ]);
  });

  test('a call that the scenario marks as misuse, between the others', () => {
    const steps = [
      map('FROM_DEVICE'),
      'cpu_read: { buffer: a, size: 8 }',
      'unmap_page: { id: m, size: 128, misuse: true }',
      'unmap_page: { id: m, misuse: true }',
    ];
    expect(said(run('{}', ...steps))).toEqual([
      'Step 2 (cpu_read a[0x0, +8]): the CPU read 8 bytes of a that dev owns',
      'Step 3 (unmap_page m (misuse: size 128)): the driver makes a call that the API does not allow',
      'Step 4 (unmap_page m (misuse)): the driver makes a call that the API does not allow',
    ]);
  });

  test('one such call and nothing else', () => {
    const steps = [map('TO_DEVICE'), 'unmap_page: { id: m, size: 128, misuse: true }'];
    expect(said(run('{}', ...steps))).toEqual([
      'Step 2 (unmap_page m (misuse: size 128)): the driver makes a call that the API does not allow',
    ]);
  });

  test('nothing of a driver that does as it should', () => {
    const steps = ['cpu_write: a', map('BIDIRECTIONAL'), 'device_write: m', 'unmap_page: m', 'cpu_read: a'];
    expect(said(run('{}', ...steps))).toEqual([]);
  });

  test('a line that the device shares with what the CPU writes', () => {
    const steps = ['map_page: { id: m, buffer: b, dir: FROM_DEVICE }', 'cpu_write: c', 'unmap_page: m'];
    expect(said(run('{ coherent: false }', ...steps))).toEqual([
      'Step 2 (cpu_write c[0x0, +32]): 32 bytes of b share a cache line with what somebody else wrote',
      'Step 2 (cpu_write c[0x0, +32]): 32 bytes of c share a cache line with what somebody else wrote',
    ]);
  });

  test('an attack is no mistake of the driver', () => {
    const steps = [map('FROM_DEVICE'), 'sync_single_for_cpu: m', 'device_write: m', 'cpu_read: a'];
    expect(said(run('{ untrusted: true }', ...steps))).toEqual([]);
  });
});

test('what is not judged exercises nothing', () => {
  const read = run('{ untrusted: true }', map('FROM_DEVICE'), 'device_write: m', 'cpu_read: a');
  const written = run(
    '{}',
    map('BIDIRECTIONAL'),
    'device_write: m',
    'cpu_write: a',
    'unmap_page: m',
    'cpu_read: a',
  );
  for (const clause of ['from-device-data', 'cpu-owned-stability', 'partial-write-preserved'] as const) {
    expect([clause, outcomeOf(clause, HonestOps, read)]).toEqual([clause, 'not-exercised']);
    expect([clause, outcomeOf(clause, HonestOps, written)]).toEqual([clause, 'not-exercised']);
  }
});
