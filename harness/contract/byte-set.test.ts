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
          const before = bytes.size;
          for (let at = address; at < address + size; at++) bytes.add(at);
          expect(set.add(address, size)).toBe(bytes.size - before);
        }
        const wanted = Array.from({ length: asked.size }, (_, i) => asked.address + i);
        expect(set.has(asked.address, asked.size)).toBe(wanted.every((at) => bytes.has(at)));
      }),
    );
  });

  it('joins runs that touch', () => {
    const set = new ByteSet();
    expect([set.add(0x40, 0x40), set.add(0xc0, 0x40), set.has(0x40, 0xc0)]).toEqual([0x40, 0x40, false]);
    expect([set.add(0x80, 0x40), set.has(0x40, 0xc0), set.has(0x3f, 1)]).toEqual([0x40, true, false]);
  });
});
