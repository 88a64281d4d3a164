// SPDX-License-Identifier: GPL-2.0-only
/** Why a byte is not what its owner should find, from events written by hand. */
import { describe, expect, test } from '@jest/globals';
import { EV, type EventLog } from '../../machine/event-log.ts';
import { FIRST_LABEL, LABEL_FAULT, LABEL_STALE } from '../../machine/labels.ts';
import { DMA_BIDIRECTIONAL, DMA_FROM_DEVICE, DMA_TO_DEVICE } from '../../machine/vocabulary.ts';
import { Facts } from '../facts.ts';
import { judge } from '../contract.ts';
import { caseOf } from '../testing/judging.ts';
import { logged, outcome } from '../testing/recordings.ts';
import {
  broughtBack,
  isAtItsAddress,
  isNotCopiedOut,
  notPreserved,
  notSeenByCpu,
  notSeenByDevice,
  staleCause,
  type ByteHome,
} from './wrong-bytes.ts';

/** Mapping 0 is of a device that does not snoop, mapping 1 of one that does; each maps 64 bytes. */
const SCENARIO = caseOf(`
devices: { one: { untrusted: true, coherent: false }, two: { untrusted: true } }
buffers: { a: { size: 64, at: 0x200000 }, b: { size: 64, at: 0x300000 } }
steps:
  - cpu_read: a
  - map_page: { id: m, buffer: a, dir: BIDIRECTIONAL, device: one }
  - map_page: { id: n, buffer: b, dir: BIDIRECTIONAL, device: two }
`);
const ORIGINAL = 0x200014;
const TLB = 0x1000014;
const LINE = 0x1000000;
/** The map of mapping 0 begins at event 1, that of mapping 1 at event 2. */
const STEPS = [outcome('done', 0, 1), outcome('done', 1, 2), outcome('done', 2, 2)];

type Step = (log: EventLog) => void;
const other: Step = (log) => log.push(EV.iommu_iotlb_sync, 0);
const cleared: Step = (log) => log.push(EV.memset, -1, LINE, 64);
const clearedOriginal: Step = (log) => log.push(EV.memset, -1, 0x200000, 64);
const cleaned: Step = (log) => log.push(EV.arch_sync_dma_for_device, -1, LINE, 64, DMA_TO_DEVICE, 0);
const cleanedOriginal: Step = (log) =>
  log.push(EV.arch_sync_dma_for_device, -1, 0x200000, 64, DMA_TO_DEVICE, 0);
const invalidated: Step = (log) => log.push(EV.arch_sync_dma_for_cpu, -1, LINE, 64, DMA_FROM_DEVICE, 0);
const copied =
  (dir: typeof DMA_TO_DEVICE | typeof DMA_FROM_DEVICE, skip = 0, size = 64): Step =>
  (log) =>
    log.push(EV.swiotlb_bounce, 0, 0x200000 + skip, LINE + skip, size, dir);
const out = copied(DMA_TO_DEVICE);
const back = copied(DMA_FROM_DEVICE);
const invalidatedOriginal: Step = (log) =>
  log.push(EV.arch_sync_dma_for_cpu, -1, 0x200000, 64, DMA_FROM_DEVICE, 0);
/** A copy back to the same bytes, of the line behind the slot's first. */
const backFromElsewhere: Step = (log) =>
  log.push(EV.swiotlb_bounce, 0, 0x200000, LINE + 64, 64, DMA_FROM_DEVICE);
const writtenOriginal: Step = (log) => log.push(EV.cpu_write, -1, 0, 0, 64, 0, 0x200000);
const DROPPED = 'dropped-by-arch-invalidate';
const deviceWrote: Step = (log) => log.push(EV.device_write_run, 0, 0xf000, LINE, 64, FIRST_LABEL);
/** Brought back as the device wrote it; then `step`. */
const broughtThen = (step: Step): Step[] => [other, deviceWrote, invalidated, back, step];
const deviceWroteOriginal: Step = (log) =>
  log.push(EV.device_write_run, 0, 0xf000, 0x200000, 64, FIRST_LABEL);

/** swiotlb gave the slot at LINE for `size` bytes from `original` on; said by a call in step `step`. */
const given =
  (step: number, original = 0x200000, size = 64): Step =>
  (log) => {
    log.step = step;
    log.result(log.push(EV.swiotlb_tbl_map_single, 0, original, size, 0x1000, 0, DMA_BIDIRECTIONAL, 0), LINE);
  };

/** The events, and behind them, where no history looks, those that say whose slots are whose. */
function factsOf(steps: readonly Step[], slots: readonly Step[] = [given(1), given(2)]): Facts {
  return new Facts(
    logged(
      (log) => {
        for (const step of [...steps, ...slots]) step(log);
      },
      SCENARIO,
      { steps: STEPS },
    ),
  );
}

/** Byte 0x14 of a's line, bounced; written before the run, looked at when all has happened. */
function homeOf(facts: Facts, instead: Partial<ByteHome> = {}): ByteHome {
  return {
    mapping: facts.mappings[0],
    original: ORIGINAL,
    device: TLB,
    size: 1,
    written: 0,
    changed: 0,
    until: facts.run.events.count - facts.run.bounceBuffers.length,
    ...instead,
  };
}

describe('where the bus address of byte 0x14 leads', () => {
  test.each<[string, Step[], Partial<ByteHome>, boolean]>([
    ['to the byte itself', [], { device: ORIGINAL }, true],
    ['to the byte behind it', [], { device: ORIGINAL + 1 }, false],
    ['to its place in the slot', [given(1)], {}, true],
    ['to the place behind it', [given(1)], { device: TLB + 1 }, false],
    ['to the slot of another mapping', [given(2)], {}, false],
    ['to a slot for what ends with it', [given(1, 0x200000, 0x15)], {}, true],
    ['to a slot for what ends in front of it', [given(1, 0x200000, 0x14)], {}, false],
    ['to a slot for what begins with it', [given(1, ORIGINAL, 4)], { device: LINE }, true],
    ['to a slot for what begins behind it', [given(1, ORIGINAL + 1, 4)], { device: LINE - 1 }, false],
  ])('%s', (_, slots, instead, isRight) => {
    const facts = factsOf([other, other], slots);
    expect(isAtItsAddress(facts, homeOf(facts, instead))).toBe(isRight);
    const cause = notSeenByDevice(facts, LABEL_STALE, homeOf(facts, instead));
    expect(cause === 'wrong-address').toBe(!isRight);
    expect(notSeenByCpu(facts, homeOf(facts, instead)) === 'wrong-address').toBe(!isRight);
  });
});

describe('the copy to the bounce buffer', () => {
  test.each<[string, Step[], Partial<ByteHome>, boolean]>([
    ['there was none', [other, other], {}, true],
    ['there was one in the map', [other, out], {}, false],
    ['there was one before the map', [out, other], {}, true],
    ['and one before the write', [other, out, other], { written: 2 }, true],
    ['and one at the write', [other, out, other], { written: 1 }, false],
    ['and one before a device wrote there', [other, out, deviceWrote], { changed: 2 }, true],
    ['and one after a device wrote there', [other, deviceWrote, out], { changed: 1 }, false],
    ['and one after the look', [other, other, out], { until: 2 }, true],
    ['only one back', [other, back], {}, true],
    ['one that ends in front of the byte', [other, copied(DMA_TO_DEVICE, 0, 0x14)], {}, true],
    ['one that ends with it', [other, copied(DMA_TO_DEVICE, 0, 0x15)], {}, false],
    ['one that begins with it', [other, copied(DMA_TO_DEVICE, 0x14, 4)], {}, false],
    ['one that begins behind it', [other, copied(DMA_TO_DEVICE, 0x15, 4)], {}, true],
    ['not bounced', [other, other], { device: ORIGINAL }, false],
    ['the device has nothing', [other, other], { device: undefined }, false],
    ['of no mapping', [other, other], { mapping: undefined }, false],
  ])('%s', (_, steps, instead, isMissing) => {
    const facts = factsOf(steps);
    expect(isNotCopiedOut(facts, homeOf(facts, instead))).toBe(isMissing);
  });
});

describe('the copy that brought the byte back', () => {
  test.each<[string, Step[], Partial<ByteHome>, number | undefined]>([
    ['is the last one', [other, back, other, back, other], {}, 3],
    ['is the only one', [other, back, other], {}, 1],
    ['is none that goes out', [other, out, other], {}, undefined],
    ['is none before the map', [back, other], {}, undefined],
    ['is none after the look', [other, other, back], { until: 2 }, undefined],
    ['is none of other bytes', [other, copied(DMA_FROM_DEVICE, 0x15, 4)], {}, undefined],
    ['where nothing is bounced', [other, back, other], { device: ORIGINAL }, undefined],
    ['of no mapping', [other, back, other], { mapping: undefined }, undefined],
  ])('%s', (_, steps, instead, event) => {
    const facts = factsOf(steps);
    expect(broughtBack(facts, homeOf(facts, instead))?.index).toBe(event);
  });
});

describe('why a device does not see what the CPU wrote', () => {
  test.each<[string, Step[], Partial<ByteHome>, number, string]>([
    ['a fault', [other, out], {}, LABEL_FAULT, 'device-fault'],
    ['of no mapping', [other, out], { mapping: undefined }, LABEL_STALE, 'device-fault'],
    ['nothing is mapped there', [other, out], { device: undefined }, LABEL_STALE, 'device-fault'],
    ['never copied', [other, cleared], {}, LABEL_STALE, 'not-copied'],
    [
      'copied before a device wrote there',
      [other, out, cleaned, deviceWrote],
      { changed: 3 },
      LABEL_STALE,
      'not-copied',
    ],
    // After the hand-over.
    ['a device writes there later', [other, out, cleaned, deviceWrote], {}, LABEL_STALE, 'wrong-data'],
    ['not cleaned', [other, out], {}, LABEL_STALE, 'not-cleaned'],
    ['not cleaned, of what was cleared', [other, out, cleared], {}, LABEL_STALE, 'not-cleaned'],
    ['thrown away', [other, out, invalidated], {}, LABEL_STALE, 'dropped-by-arch-invalidate'],
    ['cleared after the copy', [other, out, cleared, cleaned], {}, LABEL_STALE, 'overwritten'],
    ['something else', [other, out, cleaned], {}, LABEL_STALE, 'wrong-data'],
    ['cleaned after the look', [other, out, cleaned], { until: 2 }, LABEL_STALE, 'not-cleaned'],
    // What happened to the slot before this mapping had it does not count.
    ['cleared before the map', [cleared, out], { written: 0 }, LABEL_STALE, 'not-cleaned'],
    // The buffer itself is followed from the beginning.
    [
      'not bounced, cleared in the beginning',
      [clearedOriginal, cleanedOriginal],
      { device: ORIGINAL },
      LABEL_STALE,
      'overwritten',
    ],
    ['not bounced, in the cache', [clearedOriginal, other], { device: ORIGINAL }, LABEL_STALE, 'not-cleaned'],
  ])('%s', (_, steps, instead, observed, cause) => {
    const facts = factsOf(steps);
    expect(notSeenByDevice(facts, observed, homeOf(facts, instead))).toBe(cause);
  });

  test('a device that snoops needs no cleaning', () => {
    const facts = factsOf([other, other, out]);
    const home = homeOf(facts, { mapping: facts.mappings[1] });
    expect(notSeenByDevice(facts, LABEL_STALE, home)).toBe('wrong-data');
  });
});

describe('why the CPU does not see what a device wrote', () => {
  test.each<[string, Step[], Partial<ByteHome>, string]>([
    ['of no mapping', [other, deviceWrote], { mapping: undefined }, 'wrong-data'],
    ['nothing is mapped there', [other, deviceWrote], { device: undefined }, 'wrong-data'],
    ['never copied back', [other, deviceWrote, invalidated], { written: 1 }, 'not-copied'],
    // What the cache does to a bounce buffer is nothing to a CPU that gets nothing from there.
    ['never copied back, stale', [other, deviceWrote], { written: 1 }, 'not-copied'],
    ['never copied back, written back', [other, cleared, deviceWrote], { written: 2 }, 'not-copied'],
    ['copied back before the write, stale', [other, back, deviceWrote], { written: 2 }, 'not-copied'],
    ['copied back, and then thrown away', broughtThen(invalidatedOriginal), { written: 1 }, DROPPED],
    ['copied back, and then cleared', broughtThen(clearedOriginal), { written: 1 }, 'wrong-data'],
    ['copied back, and then from elsewhere', broughtThen(backFromElsewhere), { written: 1 }, 'wrong-data'],
    ['copied back from elsewhere', [other, deviceWrote, backFromElsewhere], { written: 1 }, 'wrong-data'],
    ['copied back before the write', [other, back, deviceWrote, invalidated], { written: 2 }, 'not-copied'],
    ['copied back with the write', [other, deviceWrote, invalidated, back], { written: 1 }, 'wrong-data'],
    ['the line was stale', [other, deviceWrote, back], { written: 1 }, 'not-invalidated'],
    [
      'a dirty line was written back',
      [other, cleared, deviceWrote, back],
      { written: 2 },
      'overwritten-by-write-back',
    ],
    [
      'a dirty line was written back before this mapping had the slot',
      [cleared, deviceWrote, invalidated, back],
      { written: 1 },
      'wrong-data',
    ],
    [
      'invalidated after it was copied',
      [other, deviceWrote, back, invalidated],
      { written: 1 },
      'not-invalidated',
    ],
    ['not bounced, stale', [deviceWroteOriginal, other], { device: ORIGINAL }, 'not-invalidated'],
    [
      'not bounced, and a dirty line in the beginning',
      [clearedOriginal, deviceWroteOriginal],
      { device: ORIGINAL },
      'overwritten-by-write-back',
    ],
    ['not bounced, something else', [other, other], { device: ORIGINAL }, 'wrong-data'],
  ])('%s', (_, steps, instead, cause) => {
    const facts = factsOf(steps);
    expect(notSeenByCpu(facts, homeOf(facts, instead))).toBe(cause);
  });
});

describe('why a byte that the device did not write is not what it was', () => {
  test.each<[string, Step[], Partial<ByteHome>, string]>([
    // Copied back: what became of the bounce buffer until then.
    ['the slot, in the cache', [other, out, back], {}, 'not-cleaned'],
    ['the slot, of a copy', [other, out, cleaned, back], {}, 'left-by-a-copy'],
    ['the slot, written to by a device', [other, out, cleaned, deviceWrote, back], {}, 'wrong-data'],
    ['the slot, written to before the copy', [other, deviceWrote, out, cleaned, back], {}, 'left-by-a-copy'],
    [
      'the slot, not copied out after a device wrote there',
      [other, out, cleaned, deviceWrote, back],
      { changed: 3 },
      'not-copied',
    ],
    ['the slot, cleared again', [other, out, cleared, cleaned, back], {}, 'overwritten'],
    ['never copied out', [other, cleared, back], {}, 'not-copied'],
    ['copied out only after it came back', [other, cleared, back, out], {}, 'not-copied'],
    ['copied back from elsewhere', [other, out, backFromElsewhere], {}, 'wrong-data'],
    ['the device has nothing', [other, out, back], { device: undefined }, 'wrong-data'],
    // Afterwards the buffer is on its own.
    ['copied back, and then thrown away', [other, out, back, invalidatedOriginal], {}, DROPPED],
    ['copied back, and then cleared', [other, out, back, clearedOriginal], {}, 'wrong-data'],
    // Never copied back: the bounce buffer has nothing to do with it.
    ['thrown away at the map', [writtenOriginal, invalidatedOriginal, out, cleared], {}, DROPPED],
    ['thrown away, of no memory', [writtenOriginal, invalidatedOriginal], { device: undefined }, DROPPED],
    ['a copy of an earlier mapping', [back, other, out], {}, 'left-by-a-copy'],
    ['nobody knows', [writtenOriginal, other, out, cleared], {}, 'wrong-data'],
    ['of no mapping', [writtenOriginal, invalidatedOriginal], { mapping: undefined }, 'wrong-data'],
    // Not bounced.
    ['not bounced, thrown away', [writtenOriginal, invalidatedOriginal], { device: ORIGINAL }, DROPPED],
    ['not bounced, of a copy', [back, other], { device: ORIGINAL }, 'left-by-a-copy'],
    ['not bounced, cleared', [clearedOriginal, cleanedOriginal], { device: ORIGINAL }, 'wrong-data'],
  ])('%s', (_, steps, instead, cause) => {
    const facts = factsOf(steps);
    expect(notPreserved(facts, homeOf(facts, instead))).toBe(cause);
  });
});

describe('what has become of stale bytes', () => {
  const written: Step = (log) => log.push(EV.cpu_write, -1, 0, 0, 64, 0, LINE);
  test.each<[string, Step[], string]>([
    ['nothing', [], 'never-cleared'],
    ['in the cache', [cleared], 'cleared-not-cleaned'],
    ['thrown away', [cleared, invalidated], 'dropped-by-arch-invalidate'],
    ['copied, and in the cache', [cleared, out], 'not-cleaned'],
    ['written, and in the cache', [written], 'not-cleaned'],
    ['cleared and cleaned', [cleared, cleaned], 'overwritten'],
    ['copied and cleaned', [cleared, out, cleaned], 'left-by-a-copy'],
    ['written and cleaned', [written, cleaned], 'left-by-a-copy'],
  ])('%s', (_, steps, cause) => {
    const facts = factsOf([...steps, other]);
    expect(staleCause(facts, TLB, 0, steps.length, 0)).toBe(cause);
  });

  test('in these events, for this device', () => {
    const facts = factsOf([cleared, out, cleaned]);
    expect(staleCause(facts, TLB, 1, 2, 0)).toBe('not-cleaned');
    expect(staleCause(facts, TLB, 0, 1, 0)).toBe('cleared-not-cleaned');
    expect(staleCause(facts, TLB, 0, 1, 1)).toBe('overwritten');
    expect(staleCause(facts, TLB, 3, 3, 0)).toBe('never-cleared');
  });
});

describe('bytes that fared differently have causes of their own', () => {
  /** 128 bytes are looked at that are all stale for the device; `where` its memory is. */
  const causes = (where: number, steps: readonly Step[]): unknown => {
    const scenario = caseOf(`
device: { untrusted: true, coherent: false }
buffers: { a: { size: 128, at: 0x200000 } }
steps: [{ map_page: { id: m, buffer: a, dir: TO_DEVICE } }]
`);
    const labels = Array.from({ length: 128 }, (_, i) => FIRST_LABEL + i);
    const run = logged(
      (log) => {
        log.step = -1;
        const at = log.reserve(128);
        log.labels.set(labels, at);
        log.push(EV.cpu_write, -1, 0, 0, 128, at, 0x200000);
        log.step = 0;
        for (const step of steps) step(log);
        log.result(log.push(EV.iommu_map, 0, 0xf000, where, 0x1000, 1), 0);
        given(0, 0x200000, 128)(log);
      },
      scenario,
      {
        steps: [outcome('done', 1, 2 + steps.length, [{ address: 0xf000, length: 128 }])],
        views: [
          { step: -1, of: 'buffer', index: 0, start: 0, size: 128 },
          { step: 0, of: 'mapping', index: 0, start: 128, size: 128 },
        ],
        viewLabels: new Uint32Array([...labels, ...labels.map(() => LABEL_STALE)]),
      },
    );
    return judge(run, ['to-device-data'])[0]?.breaks.map(({ cause, evidence: { offset, count } }) => [
      cause,
      offset,
      count,
    ]);
  };

  test('in the bounce buffer', () => {
    const copies = copied(DMA_TO_DEVICE, 0, 128);
    expect(causes(LINE, [copies, cleaned])).toEqual([
      ['wrong-data', 0, 64],
      ['not-cleaned', 64, 64],
    ]);
    expect(causes(LINE, [copies])).toEqual([['not-cleaned', 0, 128]]);
  });

  test('in the buffer itself', () => {
    expect(causes(0x200000, [cleanedOriginal])).toEqual([
      ['wrong-data', 0, 64],
      ['not-cleaned', 64, 64],
    ]);
  });
});
