// SPDX-License-Identifier: GPL-2.0-only
import { describe, expect, test } from '@jest/globals';
import type { DmaOpsClass } from '../../../variants/dma-ops.ts';
import { FIRST_LABEL } from '../../machine/labels.ts';
import type { Cause, Evidence } from '../verdict.ts';
import { CopiesWholeGranules, ForgetsTheIotlb, MapsOneGranuleMore, NeverBounces } from '../testing/fakes.ts';
import { HonestOps } from '../testing/honest-ops.ts';
import { evidenceOf, outcomeOf, verdictOf } from '../testing/judging.ts';

const CLAUSE = 'confinement-write';
const IOVA = 0xfffff000;

/** a and b share a granule; the device has a and writes around it. */
const neighbours = (device: string, steps: string): string => `
device: ${device}
buffers: { a: { size: 256, at: 0x200100 }, b: { size: 64, at: 0x200200 } }
steps:
  - map_page: { id: m, buffer: a, dir: BIDIRECTIONAL }
${steps}
`;
const BOTH_SIDES = `
  - device_write: { id: m, offset: -32, size: 32 }
  - device_write: { id: m, offset: 256, size: 64 }
  - unmap_page: m
  - cpu_read: b
`;
const UNTRUSTED = neighbours('{ untrusted: true }', BOTH_SIDES);
const SCRIBBLING = neighbours('{ untrusted: true, scribble: true }', '  - unmap_page: m\n  - cpu_read: b');
const TRUSTED = neighbours('{}', BOTH_SIDES);
const FAR = neighbours('{}', '  - device_write: { id: m, offset: 4096, size: 64 }');
const INSIDE = neighbours('{ untrusted: true }', '  - device_write: m\n  - unmap_page: m');

describe('holds', () => {
  test.each<[string, DmaOpsClass, string]>([
    ['inside the buffer', HonestOps, INSIDE],
    ['untrusted, into the padding', HonestOps, UNTRUSTED],
    ['untrusted, scribbling', HonestOps, SCRIBBLING],
    ['trusted, in its granule', HonestOps, TRUSTED],
    ['trusted, beyond it', HonestOps, FAR],
    ['no swiotlb, in its granule', HonestOps, `machine: { swiotlb: false }\n${UNTRUSTED}`],
    ['no swiotlb, scribbling in its granule', HonestOps, `machine: { swiotlb: false }\n${SCRIBBLING}`],
    [
      'a lazy window',
      HonestOps,
      `machine: { strict: false }${neighbours('{}', '  - unmap_page: m\n  - device_write: m')}`,
    ],
  ])('%s', (_, Ops, yaml) => {
    expect(outcomeOf(CLAUSE, Ops, yaml)).toBe('holds');
  });

  test.each([
    ['bounced', 100],
    ['not bounced', 4096],
  ])('a buffer that another buffer is part of, %s', (_, size) => {
    const yaml = `
device: { untrusted: true }
buffers: { a: { size: ${size}, at: 0x200000 }, part: { size: 50, at: 0x200010, overlaps: true } }
steps:
  - map_page: { id: m, buffer: a, dir: FROM_DEVICE }
  - device_write: m
  - unmap_page: m
`;
    expect(outcomeOf(CLAUSE, HonestOps, yaml)).toBe('holds');
  });
});

describe('not exercised', () => {
  test.each([
    ['no device writes', neighbours('{ untrusted: true }', '  - device_read: m')],
    ['nothing is mapped', 'buffers: { a: { size: 64 } }\nsteps: [{ cpu_read: a }]'],
  ])('%s', (_, yaml) => {
    expect(outcomeOf(CLAUSE, NeverBounces, yaml)).toBe('not-exercised');
  });
});

describe('broken', () => {
  const written = FIRST_LABEL + 256 + 64;
  const back = neighbours(
    '{ untrusted: true }',
    '  - device_write: { id: m, offset: 256, size: 64 }\n  - unmap_page: m',
  );
  test.each<[string, DmaOpsClass, string, Cause, Partial<Evidence>]>([
    [
      'padding is copied back',
      CopiesWholeGranules,
      back,
      'reached-a-buffer',
      {
        step: 2,
        buffer: 1,
        offset: 0,
        count: 64,
        device: 0,
        iova: IOVA + 0x200,
        observed: written,
      },
    ],
    [
      'a granule too many, trusted',
      MapsOneGranuleMore,
      FAR,
      'outside-the-buffers',
      { step: 1, device: 0, iova: IOVA + 0x100, phys: 0x201100, count: 64 },
    ],
  ])('%s', (_, Ops, yaml, cause, evidence) => {
    const found = evidenceOf(verdictOf(CLAUSE, Ops, yaml), cause);
    expect(found).toMatchObject(evidence);
    // The device's own write shows the one, memory after the step the other.
    expect(found?.event !== undefined).toBe(cause === 'outside-the-buffers');
  });

  test('not bounced: outside, and into the other buffer', () => {
    const { breaks } = verdictOf(CLAUSE, NeverBounces, UNTRUSTED);
    expect(breaks.map(({ cause, evidence }) => [cause, evidence.step])).toEqual([
      ['outside-the-buffers', 1],
      ['reached-a-buffer', 2],
    ]);
    expect(breaks[0]?.evidence).toMatchObject({ iova: IOVA + 0x100 - 32, phys: 0x200100 - 32, count: 96 });
    expect(breaks[1]?.evidence).toMatchObject({ buffer: 1, offset: 0, count: 64 });
  });

  test('not bounced: a scribble', () => {
    const causes = outcomeOf(CLAUSE, NeverBounces, SCRIBBLING);
    expect(causes).toEqual(['outside-the-buffers', 'reached-a-buffer']);
  });

  /** A granule too many is mapped for m: the bounce buffer of n. */
  const slotsOf = (device: string, dir: string, step = ''): string => `
devices: { one: { untrusted: true, scribble: ${step === ''} }, other: { untrusted: true } }
buffers: { a: { size: 100 }, b: { size: 100 } }
steps:
  - map_page: { id: m, buffer: a, dir: BIDIRECTIONAL, device: one }
  - map_page: { id: n, buffer: b, dir: ${dir}, device: ${device} }
${step}
`;

  test.each(['', '  - device_write: { id: m, offset: 0x1000, size: 64 }'])(
    "what a device may write anyway it may reach in a wrong way, too, but not another's (%#)",
    (step) => {
      expect(outcomeOf(CLAUSE, MapsOneGranuleMore, slotsOf('one', 'BIDIRECTIONAL', step))).toBe('holds');
      expect(outcomeOf(CLAUSE, MapsOneGranuleMore, slotsOf('one', 'TO_DEVICE', step))).toContain(
        'reached-another-mapping',
      );
      expect(outcomeOf(CLAUSE, MapsOneGranuleMore, slotsOf('other', 'BIDIRECTIONAL', step))).toContain(
        'reached-another-mapping',
      );
    },
  );

  test('a granule too many, untrusted: the next bounce buffer', () => {
    const yaml = slotsOf('other', 'BIDIRECTIONAL');
    const { breaks } = verdictOf(CLAUSE, MapsOneGranuleMore, yaml);
    const reached = breaks.find(({ cause }) => cause === 'reached-another-mapping');
    expect(reached?.evidence).toMatchObject({
      step: 1,
      mapping: 1,
      buffer: 1,
      offset: 0,
      count: 100,
      device: 0,
    });
  });

  test.each([
    ['one write, seen after each of three steps', 1, 64],
    ['three writes of the same bytes', 3, 64],
  ])('bytes count once: %s', (_, writes, count) => {
    const write = '  - device_write: { id: m, offset: 0x1000, size: 64 }\n';
    const steps = `${write.repeat(writes)}  - device_read: n\n  - cpu_read: a\n`;
    const verdict = verdictOf(CLAUSE, MapsOneGranuleMore, slotsOf('other', 'BIDIRECTIONAL', steps));
    const { evidence, victims } =
      verdict.breaks.find(({ cause }) => cause === 'reached-another-mapping') ?? {};
    expect(evidence).toMatchObject({ step: 2, mapping: 1, buffer: 1, offset: 0, count });
    expect(victims).toMatchObject([{ from: 0, to: 64 }]);
  });

  test.each([
    [
      'it ends outside',
      '{ id: m, offset: 224, size: 64 }',
      { iova: IOVA + 0x200, phys: 0x200200, count: 32 },
    ],
    [
      'it begins outside',
      '{ id: m, offset: -16, size: 64 }',
      { iova: IOVA + 0xf0, phys: 0x2000f0, count: 16 },
    ],
  ])('only the bytes outside count when %s', (_, write, evidence) => {
    const yaml = neighbours('{ untrusted: true }', `  - device_write: ${write}`);
    const outside = verdictOf(CLAUSE, NeverBounces, yaml).breaks.find(
      (b) => b.cause === 'outside-the-buffers',
    );
    expect(outside?.evidence).toMatchObject(evidence);
  });

  test('a write through the IOTLB after the unmap', () => {
    const yaml = `
device: { untrusted: true, scribble: true }
buffers: { a: { size: 4096 } }
steps:
  - map_page: { id: m, buffer: a, dir: FROM_DEVICE }
  - unmap_page: m
  - cpu_read: a
`;
    expect(verdictOf(CLAUSE, ForgetsTheIotlb, yaml).status).toBe('broken');
  });
});
