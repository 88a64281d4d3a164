// SPDX-License-Identifier: GPL-2.0-only
/**
 * Whose byte is whose. What is judged shows through states that never copy: a clause is then broken
 * for exactly the bytes that were handed over.
 */
import { describe, expect, test } from '@jest/globals';
import type { DmaOpsClass } from '../../variants/dma-ops.ts';
import type { ClauseId } from './verdict.ts';
import { CopiesOutOnce, NeverCopiesBack, NeverCopiesOut, NeverInvalidates } from './testing/fakes.ts';
import { HonestOps } from './testing/honest-ops.ts';
import { brokenIn, caseOf, onlyBreak, outcomeOf, recordingOf, verdictOf } from './testing/judging.ts';
import { Facts } from './facts.ts';
import { leftOutOf } from './not-judged.ts';

/** 256 bytes of an untrusted device. */
const bounced = (...steps: string[]): string => `
device: { untrusted: true }
buffers: { a: { size: 256 }, b: { size: 256 } }
steps:
${steps.map((step) => `  - ${step}\n`).join('')}
`;
const map = (dir: string): string => `map_page: { id: m, buffer: a, dir: ${dir} }`;
const SKIP = 'attrs: SKIP_CPU_SYNC';
const part = (op: string, offset: number, size: number, id = 'm'): string =>
  `${op}: { ${id === 'a' ? 'buffer' : 'id'}: ${id}, offset: ${offset}, size: ${size} }`;
const FOR_DEVICE = 'sync_single_for_device';
const FOR_CPU = 'sync_single_for_cpu';

/** `not-exercised`, `holds`, or the first byte and the number of bytes for which the clause is broken. */
function broken(clause: ClauseId, Ops: DmaOpsClass, yaml: string): string | [number, number] {
  const verdict = verdictOf(clause, Ops, yaml);
  if (verdict.status !== 'broken') return verdict.status;
  const { offset = -1, count } = onlyBreak(verdict).evidence;
  return [offset, count];
}

describe('the hand-over to the device', () => {
  test.each<[string, DmaOpsClass, string[], unknown]>([
    ['a map: all of it', NeverCopiesOut, [map('TO_DEVICE')], [0, 256]],
    ['a bidirectional map: all of it', NeverCopiesOut, [map('BIDIRECTIONAL')], [0, 256]],
    ['a map of a part: that part', NeverCopiesOut, [map('TO_DEVICE, offset: 32, size: 64')], [32, 64]],
    ['a map with SKIP: nothing', NeverCopiesOut, [map(`TO_DEVICE, ${SKIP}`)], 'not-exercised'],
    [
      'a sync: what it covers',
      NeverCopiesOut,
      [map(`TO_DEVICE, ${SKIP}`), part(FOR_DEVICE, 64, 128)],
      [64, 128],
    ],
    [
      'two syncs: what either covers',
      NeverCopiesOut,
      [map(`TO_DEVICE, ${SKIP}`), part(FOR_DEVICE, 64, 64), part(FOR_DEVICE, 96, 64)],
      [64, 96],
    ],
    [
      'a sync after it came back',
      CopiesOutOnce,
      [map('BIDIRECTIONAL'), FOR_CPU + ': m', 'cpu_write: a', part(FOR_DEVICE, 0, 32)],
      [0, 32],
    ],
    [
      'what came back in part is handed over in part',
      CopiesOutOnce,
      [map('BIDIRECTIONAL'), part(FOR_CPU, 64, 64), part('cpu_write', 64, 64, 'a'), FOR_DEVICE + ': m'],
      [64, 64],
    ],
    [
      'a read shows it, too',
      NeverCopiesOut,
      [map(`TO_DEVICE, ${SKIP}`), part(FOR_DEVICE, 64, 128), 'device_read: m'],
      [64, 128],
    ],
  ])('%s', (_, Ops, steps, bytes) => {
    expect(broken('to-device-data', Ops, bounced(...steps))).toEqual(bytes);
  });

  test.each([
    ['a list', 'sync_sg_for_device: m', 96],
    ['a list with SKIP', 'cpu_read: b', 'not-exercised'],
  ])('%s', (_, step, count) => {
    const yaml = bounced(
      `map_sg: { id: m, sgl: [{ buffer: a, size: 64 }, { buffer: b, size: 32 }], dir: TO_DEVICE, ${SKIP} }`,
      step,
    );
    const verdict = broken('to-device-data', NeverCopiesOut, yaml);
    expect(typeof verdict === 'string' ? verdict : verdict[1]).toBe(count);
  });
});

describe('the hand-over to the CPU', () => {
  const receive = [map('FROM_DEVICE'), 'device_write: m'];
  test.each<[string, string[], unknown]>([
    ['an unmap: all of it', [...receive, 'unmap_page: m'], [0, 256]],
    [
      'an unmap with SKIP: nothing',
      [...receive, `unmap_page: { id: m, ${SKIP} }`, 'cpu_read: a'],
      'not-exercised',
    ],
    ['a sync: what it covers', [...receive, part(FOR_CPU, 32, 100), 'cpu_read: a'], [32, 100]],
    [
      'a sync and an unmap with SKIP: what the sync covers',
      [...receive, part(FOR_CPU, 32, 100), `unmap_page: { id: m, ${SKIP} }`, 'cpu_read: a'],
      [32, 100],
    ],
    [
      'only what the device wrote',
      [map('FROM_DEVICE'), part('device_write', 10, 20), 'unmap_page: m'],
      [10, 20],
    ],
    ['to-device: nothing', [map('TO_DEVICE'), 'device_write: m', 'unmap_page: m'], 'not-exercised'],
    [
      'handed over by a sync, written, unmapped',
      [map(`FROM_DEVICE, ${SKIP}`), part(FOR_DEVICE, 0, 64), part('device_write', 0, 64), 'unmap_page: m'],
      [0, 64],
    ],
  ])('%s', (_, steps, bytes) => {
    expect(broken('from-device-data', NeverCopiesBack, bounced(...steps))).toEqual(bytes);
  });

  test('before the device ever had it, there is nothing to hand back', () => {
    const steps = [
      map(`BIDIRECTIONAL, ${SKIP}`),
      'cpu_write: a',
      FOR_CPU + ': m',
      'cpu_read: a',
      'unmap_page: m',
    ];
    expect(brokenIn(HonestOps, caseOf(bounced(...steps)))).toEqual([]);
  });
});

describe('out of turn: not judged from then on', () => {
  /** The CPU writes bytes 0 to 63 while the device owns them; the buffer is mapped anew. */
  const again = [map('TO_DEVICE'), part('cpu_write', 0, 64, 'a'), 'unmap_page: m'];

  test.each<[string, string[], unknown]>([
    ['a CPU write while the device owns it', [...again, map('TO_DEVICE')], [64, 192]],
    ['also when the CPU writes it again', [...again, 'cpu_write: a', map('TO_DEVICE')], [64, 192]],
    ['not a CPU read', [map('TO_DEVICE'), 'cpu_read: a', 'unmap_page: m', map('TO_DEVICE')], [0, 256]],
    [
      'not a CPU write elsewhere',
      [map('TO_DEVICE'), 'cpu_write: b', 'unmap_page: m', map('TO_DEVICE')],
      [0, 256],
    ],
  ])('%s', (_, steps, bytes) => {
    expect(broken('to-device-data', CopiesOutOnce, bounced(...steps))).toEqual(bytes);
  });

  test('a device write while the CPU owns it', () => {
    const steps = [
      map('FROM_DEVICE'),
      part(FOR_CPU, 0, 64),
      'device_write: m',
      part(FOR_DEVICE, 0, 64),
      part('device_write', 0, 32),
      'unmap_page: m',
    ];
    const trusted = bounced('cpu_read: a', ...steps).replace('{ untrusted: true }', '{ coherent: false }');
    expect(broken('from-device-data', NeverInvalidates, trusted)).toEqual([64, 192]);
    // What an untrusted device writes is judged again as soon as it is in turn.
    expect(broken('from-device-data', NeverCopiesBack, bounced(...steps))).toEqual([0, 224]);
  });

  test.each(['{ untrusted: true }', '{}', '{ coherent: false }'])(
    'nobody is blamed on a device %s',
    (device) => {
      const steps = [
        map('BIDIRECTIONAL'),
        part('cpu_write', 0, 64, 'a'),
        'device_read: m',
        part('device_write', 0, 128),
        FOR_CPU + ': m',
        part('device_write', 128, 64),
        'device_read: m',
        'cpu_read: a',
        FOR_DEVICE + ': m',
        'device_read: m',
        'unmap_page: m',
        'cpu_read: a',
      ];
      const yaml = bounced(...steps).replace('{ untrusted: true }', device);
      expect(brokenIn(HonestOps, caseOf(yaml))).toEqual([]);
    },
  );
});

describe('handed over twice', () => {
  const twice = (dir: string): string =>
    bounced(map(dir), 'device_write: m', part(FOR_DEVICE, 0, 64), 'unmap_page: m', 'cpu_read: a');

  test.each<[string, DmaOpsClass, unknown]>([
    ['BIDIRECTIONAL', HonestOps, 'holds'],
    ['BIDIRECTIONAL', NeverCopiesBack, [64, 192]],
    ['FROM_DEVICE', HonestOps, 'holds'],
    ['FROM_DEVICE', NeverCopiesBack, [0, 256]],
  ])("to the device, %s: the device's bytes are at stake with bidirectional (%#)", (dir, Ops, bytes) => {
    expect(broken('from-device-data', Ops, twice(dir))).toEqual(bytes);
  });

  test.each([
    ['a sync', FOR_CPU + ': m'],
    ['the unmap', 'unmap_page: m'],
  ])('to the CPU by %s, which wrote meanwhile: nobody is blamed', (_, step) => {
    const yaml = bounced(map('BIDIRECTIONAL'), FOR_CPU + ': m', 'cpu_write: a', step, 'cpu_read: a');
    expect(brokenIn(HonestOps, caseOf(yaml))).toEqual([]);
    expect(outcomeOf('partial-write-preserved', HonestOps, yaml)).toBe('holds');
  });
});

describe('copybreak: look at the head, give it back, use the buffer again', () => {
  const yaml = (device: string): string =>
    bounced(
      map('FROM_DEVICE'),
      'device_write: m',
      part(FOR_CPU, 0, 64),
      part('cpu_read', 0, 64, 'a'),
      part(FOR_DEVICE, 0, 64),
      part('device_write', 0, 128),
      FOR_CPU + ': m',
      'cpu_read: a',
      FOR_DEVICE + ': m',
      'device_write: m',
      'unmap_page: m',
      'cpu_read: a',
    ).replace('{ untrusted: true }', device);
  test.each(['{ untrusted: true }', '{ untrusted: true, coherent: false }', '{}', '{ coherent: false }'])(
    '%s',
    (device) => {
      expect(brokenIn(HonestOps, caseOf(yaml(device)))).toEqual([]);
      for (const clause of ['from-device-data', 'cpu-owned-stability'] as const) {
        expect(outcomeOf(clause, HonestOps, yaml(device))).toBe('holds');
      }
    },
  );

  test('each use is judged', () => {
    const stale = verdictOf('from-device-data', NeverInvalidates, yaml('{ coherent: false }'));
    expect(stale.breaks[0]).toMatchObject({ cause: 'not-invalidated', evidence: { step: 2, count: 256 } });
  });
});

describe('others', () => {
  test('bytes that buffers share are judged by nobody', () => {
    const yaml = `
device: { untrusted: true }
buffers: { a: { size: 256, at: 0x200000 }, b: { size: 256, at: 0x200080, overlaps: true } }
steps: [{ map_page: { id: m, buffer: a, dir: TO_DEVICE } }]
`;
    expect(broken('to-device-data', NeverCopiesOut, yaml)).toEqual([0, 128]);
  });

  test('a map that fails leaves the buffer to the CPU', () => {
    const steps = [
      'fail_next: iommu_map',
      map('BIDIRECTIONAL'),
      'device_read: m',
      'cpu_write: a',
      'cpu_read: a',
    ];
    const yaml = bounced(...steps, 'map_page: { id: n, buffer: a, dir: TO_DEVICE }');
    expect(brokenIn(HonestOps, caseOf(yaml))).toEqual([]);
    expect(broken('to-device-data', NeverCopiesOut, yaml)).toEqual([0, 256]);
  });

  test("a device write in a trusted device's lazy window is nobody's stability", () => {
    const yaml = `machine: { strict: false }\n${bounced(map('FROM_DEVICE'), 'unmap_page: m', 'cpu_read: a', 'device_write: m', 'cpu_read: a')}`;
    const lazy = yaml.replace('{ untrusted: true }', '{}');
    expect(brokenIn(HonestOps, caseOf(lazy))).toEqual([]);
    expect(outcomeOf('cpu-owned-stability', HonestOps, lazy)).toBe('not-exercised');
  });

  test('what is not mapped of a buffer stays with the CPU', () => {
    const yaml = bounced(
      map('TO_DEVICE, offset: 0, size: 64'),
      'cpu_write: { buffer: a, offset: 64 }',
      'unmap_page: m',
      map('TO_DEVICE'),
    );
    expect(broken('to-device-data', CopiesOutOnce, yaml)).toEqual([0, 256]);
  });

  test.each([
    ['a page', 'map_page: { id: m, buffer: a, dir: BIDIRECTIONAL }', 'single'],
    ['a list', 'map_sg: { id: m, sgl: [a], dir: BIDIRECTIONAL }', 'sg'],
  ])(
    '%s that came back by a sync is mapped still: it shares its bytes with who maps them again',
    (_, mapped, kind) => {
      const again = ['map_page: { id: n, buffer: a, dir: BIDIRECTIONAL }', 'unmap_page: n'];
      const unmap = kind === 'sg' ? 'unmap_sg: m' : 'unmap_page: m';
      const sharing = (...steps: string[]): unknown =>
        leftOutOf(new Facts(recordingOf(HonestOps, bounced(mapped, ...steps, ...again)))).filter(
          ({ why }) => why === 'two-mappings',
        );
      const all = { why: 'two-mappings', buffer: 0, mapping: 1, size: 256 };
      for (const to of ['cpu', 'device']) {
        expect(sharing(`sync_${kind}_for_cpu: m`, `sync_${kind}_for_${to}: m`)).toMatchObject([
          { ...all, step: 3 },
        ]);
      }
      expect(sharing()).toMatchObject([{ ...all, step: 1 }]);
      expect(sharing(`sync_${kind}_for_cpu: m`, unmap)).toEqual([]);
    },
  );
});
