// SPDX-License-Identifier: GPL-2.0-only
import { describe, expect, test } from '@jest/globals';
import { DEVICE_DEFAULTS, MACHINE_DEFAULTS } from '../machine/config.ts';
import { DMA_TO_DEVICE } from '../machine/vocabulary.ts';
import type { Step } from '../run/scenario.ts';
import { bulkOf, isMap, mappedSize, MOST_BYTES, rangesOf, type Program } from './program.ts';
import { SeededChoices } from './random.ts';
import { seededPrograms } from './source.ts';
import { isCorrectUse, longestEntry } from './usage.ts';
import { vary } from './vary.ts';

const SOURCE = seededPrograms(17);
const PROGRAMS = Array.from({ length: 1500 }, (_, index) => SOURCE.at(index));

function count(holds: (program: Program) => boolean): number {
  return PROGRAMS.filter(holds).length;
}

/** Most mappings that live at the same time. */
function mostAlive({ steps }: Program): number {
  let most = 0;
  let alive = 0;
  for (const step of steps) {
    alive += isMap(step) ? 1 : step.op.startsWith('unmap') ? -1 : 0;
    most = Math.max(most, alive);
  }
  return most;
}

describe('among the programs of a seed are, not once but often,', () => {
  test('several mappings alive at once', () => {
    expect(count((program) => mostAlive(program) >= 3)).toBeGreaterThan(150);
    expect(count((program) => mostAlive(program) >= 5)).toBeGreaterThan(50);
  });

  test('devices of different kinds side by side', () => {
    const differ = (program: Program, key: 'minAlignMask' | 'untrusted' | 'coherent'): boolean =>
      new Set(program.machine.devices.map((device) => device[key])).size > 1;
    for (const key of ['minAlignMask', 'untrusted', 'coherent'] as const) {
      expect(count((program) => differ(program, key))).toBeGreaterThan(150);
    }
  });

  test('mappings in one direction only, in each of the three, and in all of them', () => {
    const directions = ({ steps }: Program): string =>
      [...new Set(steps.filter(isMap).map(({ dir }) => dir))].toSorted((a, b) => a - b).join(' ');
    const several = PROGRAMS.filter(({ steps }) => steps.filter(isMap).length >= 4);
    for (const those of ['0', '1', '2', '0 1 2']) {
      const share = several.filter((program) => directions(program) === those).length / several.length;
      expect(share).toBeGreaterThan(0.1);
    }
  });

  test('devices that ask for an alignment beside some that do not, with granules smaller than a page', () => {
    const isShared = ({ machine: { pageSize, granule, devices } }: Program): boolean =>
      granule < pageSize && new Set(devices.map(({ minAlignMask }) => minAlignMask > 0)).size === 2;
    expect(count((program) => isShared(program) && mostAlive(program) >= 3)).toBeGreaterThan(150);
  });

  test('small pools and little IOVA space with several mappings', () => {
    const isCrowded = (program: Program): boolean => mostAlive(program) >= 3;
    expect(count((it) => it.machine.swiotlbSlots === 128 && isCrowded(it))).toBeGreaterThan(30);
    const isNarrow = ({ machine }: Program): boolean =>
      machine.devices.some(({ dmaMask }) => dmaMask > 0 && dmaMask < 0x100000);
    expect(count((it) => isNarrow(it) && isCrowded(it))).toBeGreaterThan(10);
  });

  test('segments, boundaries, sizes and offsets a byte beside what code rounds to', () => {
    const devices = PROGRAMS.flatMap(({ machine }) => machine.devices);
    expect(new Set(devices.map(({ segBoundary }) => segBoundary)).size).toBeGreaterThan(6);
    expect(new Set(devices.map(({ maxSegSize }) => maxSegSize)).size).toBeGreaterThan(20);
    expect(new Set(devices.map(({ dmaMask }) => dmaMask)).size).toBeGreaterThan(8);
    for (const key of ['size', 'offset'] as const) {
      for (const unit of [64, 2048, 4096]) {
        for (const by of [1, unit - 1]) {
          const isBeside = ({ buffers }: Program): boolean =>
            buffers.some((buffer) => buffer[key] > unit / 2 && buffer[key] % unit === by);
          expect(count(isBeside)).toBeGreaterThan(5);
        }
      }
    }
  });

  test('lists with an entry of no byte, or of one', () => {
    for (const size of [0, 1]) {
      const isCut = (step: Step): boolean =>
        step.op === 'map_sg' && step.sgl.some((each) => each.size === size);
      expect(count(({ steps }) => steps.some(isCut))).toBeGreaterThan(10);
    }
  });

  test('lists of uneven entries for trusted devices, beyond a segment boundary or a largest segment', () => {
    const isBeyond = ({ machine }: Program, step: Step): boolean => {
      const device = step.op === 'map_sg' ? machine.devices[step.device] : undefined;
      if (step.op !== 'map_sg' || device === undefined || device.untrusted) return false;
      const [first, ...rest] = step.sgl.map(({ size }) => Math.ceil(size / machine.granule));
      return rest.some((granules) => granules !== first) && mappedSize(step) > longestEntry(device);
    };
    expect(count((program) => program.steps.some((step) => isBeyond(program, step)))).toBeGreaterThan(3);
  });

  test('the same mapped again once it has ended, after a failure, too', () => {
    const isAgain = ({ steps }: Program, fails: boolean): boolean =>
      steps.some((step, at) => {
        if (!isMap(step)) return false;
        const before = steps.slice(0, at);
        const same = before.findIndex(
          (one) => isMap(one) && JSON.stringify(rangesOf(one)) === JSON.stringify(rangesOf(step)),
        );
        return same >= 0 && (!fails || steps.slice(0, same).some(({ op }) => op === 'fail_next'));
      });
    expect(count((program) => isAgain(program, false))).toBeGreaterThan(150);
    expect(count((program) => isAgain(program, true))).toBeGreaterThan(15);
  });

  test('lists of many entries', () => {
    const isLong = (step: Step): boolean => step.op === 'map_sg' && step.sgl.length >= 5;
    expect(count(({ steps }) => steps.some(isLong))).toBeGreaterThan(20);
  });
});

test.each([
  ['a list of a trusted device', false, [64, 0], true],
  ['a list of an untrusted one, whose entries are mapped one by one', true, [64, 0], false],
  ['nothing but empty entries', false, [0, 0], false],
])('an empty entry: %s', (_, untrusted, sizes, expected) => {
  const program: Program = {
    machine: { ...MACHINE_DEFAULTS, devices: [{ ...DEVICE_DEFAULTS, untrusted }] },
    buffers: sizes.map(() => ({ size: 64, offset: 0 })),
    steps: [
      {
        line: 0,
        op: 'map_sg',
        map: 0,
        device: 0,
        dir: DMA_TO_DEVICE,
        attrs: 0,
        during: [],
        sgl: sizes.map((size, buffer) => ({ buffer, offset: 0, size })),
      },
    ],
  };
  expect(isCorrectUse(program)).toBe(expected);
});

describe('no program is larger than it needs to be', () => {
  test('of those by chance', () => {
    const several = PROGRAMS.filter(({ buffers }) => buffers.length > 1);
    expect(several.filter((program) => bulkOf(program) > MOST_BYTES)).toEqual([]);
  });

  test('nor does a variation grow beyond that', () => {
    for (let index = 0; index < 300; index++) {
      const choices = new SeededChoices(3, index);
      const from = PROGRAMS[index];
      if (from === undefined || from.steps.length === 0) continue;
      const varied = vary(choices, from, PROGRAMS);
      expect(bulkOf(varied)).toBeLessThanOrEqual(Math.max(MOST_BYTES, bulkOf(from)));
    }
  });

  test('bytes are counted in whole granules', () => {
    const machine = { ...MACHINE_DEFAULTS, devices: [DEVICE_DEFAULTS] };
    const buffers = [
      { size: 4097, offset: 0 },
      { size: 1, offset: 64 },
    ];
    expect(bulkOf({ machine, buffers })).toBe(8192 + 4096);
  });
});
