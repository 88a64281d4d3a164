// SPDX-License-Identifier: GPL-2.0-only
import { expect, test } from '@jest/globals';
import type { Device, Direction, Scatterlist } from '../machine/vocabulary.ts';
import { HonestOps } from '../contract/testing/honest-ops.ts';
import { recordingOf } from '../contract/testing/judging.ts';

/** Fails the first list, and leaves it as it should not. */
class SpoilsTheList extends HonestOps {
  private failed = false;
  override mapSg(dev: Device, sgl: Scatterlist, nents: number, dir: Direction): number {
    if (this.failed) {
      this.kernel.iommuMapSg(dev, 0x10000, sgl, nents, this.protection(dev, dir));
      return 0;
    }
    this.failed = true;
    for (const sg of sgl) sg.length = 64;
    return 0;
  }
}

const yaml = (second: string): string => `
device: {}
buffers: { a: { size: 4096 }, b: { size: 4096 } }
steps:
  - map_sg: { id: m, sgl: [a, b], dir: TO_DEVICE }
  - map_sg: { id: n, sgl: ${second}, dir: TO_DEVICE }
`;

test.each([
  ['its own list again', '[a, b]', [64, 64]],
  ['another list', '[b, a]', [4096, 4096]],
])('after a map that failed a driver maps %s', (_, second, lengths) => {
  const { events } = recordingOf(SpoilsTheList, yaml(second));
  expect(events.of('sg_entry').map(({ length }) => length)).toEqual(lengths);
});
