// SPDX-License-Identifier: GPL-2.0-only
/** What holds of the CPU cache whatever is done with it. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { LABEL_ZERO } from './labels.ts';
import { CHUNK } from './memory.ts';
import { BASE, LINE, type Cells, fromTo, untouched, cpu, Bench } from './testing/cache-bench.ts';

/** Where the property tests play: a chunk border in the middle. Positions count from here. */
const ORIGIN = BASE + CHUNK - 4 * LINE;
const SPAN = 8 * LINE;
const CPU_OPS = ['store', 'load', 'copy', 'clear', 'clean'] as const;
const OTHER_OPS = ['invalidate', 'drop clean', 'device', 'coherent device'] as const;

type Operation = Record<'at' | 'size' | 'from' | 'label', number> & {
  readonly op: (typeof CPU_OPS)[number] | (typeof OTHER_OPS)[number];
};

/** The cache's rules once more, byte by byte. */
class Model {
  readonly ram = untouched(ORIGIN, SPAN);
  readonly lines = new Map<number, { cells: Cells; dirty: boolean }>();

  fill(n: number): { cells: Cells; dirty: boolean } {
    const line = this.lines.get(n) ?? { cells: this.ram.slice(n * LINE, (n + 1) * LINE), dirty: false };
    this.lines.set(n, line);
    return line;
  }
  view(i: number): number {
    return this.lines.get(i >> 6)?.cells[i % LINE] ?? this.ram[i] ?? -1;
  }
  write(i: number, cell: number): void {
    this.fill(i >> 6).cells[i % LINE] = cell;
    this.fill(i >> 6).dirty = true;
  }
  writeBack(n: number): void {
    const line = this.lines.get(n);
    if (line?.dirty !== true) return;
    this.ram.splice(n * LINE, LINE, ...line.cells);
    line.dirty = false;
  }
  run({ op, at, size, from, label }: Operation): unknown {
    const bytes = fromTo(at, size);
    const lines = [...new Set(bytes.map((i) => i >> 6))];
    const cell = (i: number): number => (label + i - at) * 256 + 0xaa;
    if (op === 'load' || op === 'device') for (const n of lines) this.fill(n);
    if (op === 'load') return bytes.map((i) => this.view(i));
    if (op === 'store') for (const i of bytes) this.write(i, cell(i));
    if (op === 'clear') for (const i of bytes) this.write(i, LABEL_ZERO * 256);
    if (op === 'copy') {
      for (const i of bytes) this.fill((i - at + from) >> 6);
      const changed = bytes.filter((i) => this.view(i) !== this.view(i - at + from));
      for (const i of bytes) this.write(i, this.view(i - at + from));
      return changed.length > 0;
    }
    for (const i of op === 'device' || op === 'coherent device' ? bytes : []) {
      if (op === 'coherent device' && this.lines.has(i >> 6)) this.write(i, cell(i));
      else this.ram[i] = cell(i);
    }
    if (op === 'clean' || op === 'device') for (const n of lines) this.writeBack(n);
    for (const n of op === 'drop clean' ? lines : []) if (!this.fill(n).dirty) this.lines.delete(n);
    for (const n of op === 'invalidate' ? lines : []) {
      if (n * LINE < at || (n + 1) * LINE > at + size) this.writeBack(n);
      this.lines.delete(n);
    }
    return op === 'clean' || op === 'invalidate' ? lines.length : undefined;
  }
}

function perform(bench: Bench, { op, at, size, from, label }: Operation): unknown {
  const { cache } = bench;
  const phys = ORIGIN + at;
  if (op === 'load') return bench.load(phys, size);
  if (op === 'store') return bench.store(phys, size, 0xaa, label);
  if (op === 'clear') return cache.clear(phys, size);
  if (op === 'copy') return cache.copy(phys, ORIGIN + from, size);
  if (op === 'clean') return cache.clean(phys, size);
  if (op === 'invalidate') return cache.invalidate(phys, size);
  if (op === 'drop clean') return cache.dropClean(phys, size);
  const first = Math.max(0, Math.min(size, SPAN / 2 - at));
  bench.device(phys, first, op === 'coherent device', 0xaa, label);
  return bench.device(phys + first, size - first, op === 'coherent device', 0xaa, label + first);
}

/** Per chunk: what the CPU and what a device sees of it, and when it changed last. */
function looksOf(bench: Bench): { readonly shown: string; readonly changed: number }[] {
  return [ORIGIN, ORIGIN + SPAN / 2].map((phys) => ({
    shown: [true, false].map((coherent) => bench.see(coherent, phys, SPAN / 2).join(' ')).join(' | '),
    changed: bench.memory.lastChange(phys),
  }));
}

/** Operations inside the span; a copy does not overlap itself. */
function operations(ops: readonly Operation['op'][]): fc.Arbitrary<Operation[]> {
  const place = fc.nat(SPAN - 1);
  const one = fc.record({ op: fc.constantFrom(...ops), at: place, size: fc.nat(150), from: place });
  return fc.array(one, { maxLength: 25 }).map((list) =>
    list.map(({ op, at, size, from }, i) => {
      const room = op === 'copy' ? Math.min(SPAN - from, Math.abs(at - from)) : SPAN;
      return { op, at, from, size: Math.min(size, SPAN - at, room), label: 1000 * (i + 1) };
    }),
  );
}

describe('properties', () => {
  test('any mix of operations does what the model does', () => {
    fc.assert(
      fc.property(operations([...CPU_OPS, ...OTHER_OPS]), (list) => {
        const bench = new Bench();
        const model = new Model();
        for (const operation of list) {
          const before = looksOf(bench);
          expect(perform(bench, operation)).toEqual(model.run(operation));
          for (const [i, after] of looksOf(bench).entries()) {
            if (after.shown === before[i]?.shown) continue;
            expect(after.changed).toBeGreaterThan(before[i]?.changed ?? NaN);
          }
        }
        expect(bench.ram(ORIGIN, SPAN)).toEqual(model.ram);
        expect(bench.see(true, ORIGIN, SPAN)).toEqual(fromTo(0, SPAN).map((i) => model.view(i)));
      }),
    );
  });

  test('after CPU accesses and a clean of everything, memory is what the CPU sees, as with no cache', () => {
    fc.assert(
      fc.property(operations(CPU_OPS), (list) => {
        const [bench, plain] = [new Bench(), new Bench(false)];
        for (const operation of list) expect(perform(bench, operation)).toEqual(perform(plain, operation));
        bench.cache.clean(ORIGIN, SPAN);
        expect(bench.ram(ORIGIN, SPAN)).toEqual(bench.see(true, ORIGIN, SPAN));
        expect(bench.ram(ORIGIN, SPAN)).toEqual(plain.ram(ORIGIN, SPAN));
      }),
    );
  });

  test('what is stored or copied is what is loaded', () => {
    fc.assert(
      fc.property(fc.nat(300), fc.nat(9000), fc.nat(9000), fc.boolean(), (size, a, b, on) => {
        const bench = new Bench(on);
        bench.store(BASE + a, size);
        bench.cache.copy(BASE + 0x10000 + b, BASE + a, size);
        expect(bench.load(BASE + a, size)).toEqual(cpu(size));
        expect(bench.load(BASE + 0x10000 + b, size)).toEqual(cpu(size));
      }),
    );
  });
});
