// SPDX-License-Identifier: GPL-2.0-only
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ByteSet } from './byte-set.ts';

const RUN = fc.record({ address: fc.nat(40), size: fc.nat(12) });

describe('a set of bytes', () => {
  it('counts what is new, and knows what is in', () => {
    fc.assert(
      fc.property(fc.array(RUN, { maxLength: 12 }), RUN, (runs, asked) => {
        const set = new ByteSet();
        const bytes = new Set<number>();
        for (const { address, size } of runs) {
          const added = Array.from({ length: size }, (_, i) => address + i).filter((at) => !bytes.has(at));
          for (const at of added) bytes.add(at);
          const told = set.add(address, size);
          expect(
            told.flatMap((one) => Array.from({ length: one.size }, (_, i) => address + one.from + i)),
          ).toEqual(added);
          // As few as there can be, and none empty.
          expect(told).toHaveLength(added.filter((at) => !added.includes(at - 1)).length);
        }
        const wanted = Array.from({ length: asked.size }, (_, i) => asked.address + i);
        expect(set.has(asked.address, asked.size)).toBe(wanted.every((at) => bytes.has(at)));
      }),
    );
  });

  it('joins runs that touch', () => {
    const set = new ByteSet();
    set.add(0x40, 0x40);
    set.add(0xc0, 0x40);
    expect(set.has(0x40, 0xc0)).toBe(false);
    expect(set.add(0x80, 0x40)).toEqual([{ from: 0, size: 0x40 }]);
    expect([set.has(0x40, 0xc0), set.has(0x3f, 1)]).toEqual([true, false]);
  });

  it('tells what is new on both sides of what is in', () => {
    const set = new ByteSet();
    set.add(0x50, 0x10);
    expect(set.add(0x40, 0x40)).toEqual([
      { from: 0, size: 0x10 },
      { from: 0x20, size: 0x20 },
    ]);
  });
});
