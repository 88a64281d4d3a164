// SPDX-License-Identifier: GPL-2.0-only
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { LABEL_ZERO } from './labels.ts';
import { CHUNK } from './memory.ts';
import { BASE, LINE, type Cells, fromTo, untouched, cpu, dev, zeros, Bench } from './testing/cache-bench.ts';

describe('write-back', () => {
  test('a store stays in the cache, on top of what its line held', () => {
    const bench = new Bench();
    bench.store(BASE + 10, 4);
    const line = [...untouched(BASE, 10), ...cpu(4), ...untouched(BASE + 14, 50)];
    expect(bench.see(true, BASE, LINE)).toEqual(line);
    expect(bench.load(BASE, LINE)).toEqual(line);
    expect(bench.ram(BASE, LINE)).toEqual(untouched(BASE, LINE));
    bench.cache.clean(BASE, 1);
    expect(bench.ram(BASE, LINE)).toEqual(line);
  });

  test('a cleaned line stays cached: a later device write does not show', () => {
    const bench = new Bench();
    bench.store(BASE, LINE);
    bench.cache.clean(BASE, LINE);
    bench.device(BASE, 8);
    expect(bench.ram(BASE, LINE)).toEqual([...dev(8), ...cpu(LINE).slice(8)]);
    expect(bench.load(BASE, LINE)).toEqual(cpu(LINE));
  });

  test('clean leaves clean lines alone: it does not undo a device write', () => {
    const bench = new Bench();
    bench.load(BASE, 2 * LINE);
    bench.device(BASE, LINE);
    bench.store(BASE + LINE, 2 * LINE);
    // One byte of a line is enough; the third line is not in the range.
    expect(bench.cache.clean(BASE, LINE + 1)).toBe(2);
    expect(bench.ram(BASE, 129)).toEqual([...dev(LINE), ...cpu(LINE), ...untouched(BASE + 128, 1)]);
  });
});

describe('invalidate', () => {
  // Three dirty lines. What memory has of each afterwards: kept (written back) or lost.
  test.each([
    ['nothing', 0, 0, 0, 'lost lost lost', 'dirty dirty dirty'],
    ['one whole line', 64, 64, 1, 'lost lost lost', 'dirty gone dirty'],
    ['a partial first line', 32, 96, 2, 'kept lost lost', 'gone gone dirty'],
    ['a partial last line', 64, 65, 2, 'lost lost kept', 'dirty gone gone'],
    ['both edges partial', 63, 66, 3, 'kept lost kept', 'gone gone gone'],
    ['inside one line', 74, 20, 1, 'lost kept lost', 'dirty gone dirty'],
    ['one byte short of a line', 64, 63, 1, 'lost kept lost', 'dirty gone dirty'],
  ])('%s', (_, offset, size, lines, inMemory, inCache) => {
    // Across a chunk border: the last line is in the next chunk.
    const start = BASE + CHUNK - 2 * LINE;
    const bench = new Bench();
    bench.store(start, 3 * LINE);
    expect(bench.cache.invalidate(start + offset, size)).toBe(lines);
    for (const [i, fate] of inMemory.split(' ').entries()) {
      const phys = start + i * LINE;
      const stored = cpu(3 * LINE).slice(i * LINE, (i + 1) * LINE);
      const memory = fate === 'kept' ? stored : untouched(phys, LINE);
      expect(bench.ram(phys, LINE)).toEqual(memory);
      expect(bench.load(phys, LINE)).toEqual(inCache.split(' ')[i] === 'dirty' ? stored : memory);
    }
  });

  test('a clean line that is partly covered is dropped without being written', () => {
    const bench = new Bench();
    bench.load(BASE, LINE);
    bench.device(BASE, 8);
    bench.cache.invalidate(BASE + 40, 4);
    expect(bench.load(BASE, 8)).toEqual(dev(8));
  });
});

describe('a non-coherent device writes', () => {
  test('uncached lines are filled first: without an invalidate the CPU reads stale bytes', () => {
    const bench = new Bench();
    bench.device(BASE + 60, 8);
    expect(bench.ram(BASE + 60, 8)).toEqual(dev(8));
    expect(bench.load(BASE + 60, 8)).toEqual(untouched(BASE + 60, 8));
    bench.cache.invalidate(BASE + 60, 8);
    expect(bench.load(BASE + 60, 8)).toEqual(dev(8));
  });

  test('a dirty line is written back whole over its data; then it is clean and cached', () => {
    const bench = new Bench();
    bench.store(BASE, 4);
    bench.device(BASE + 32, 8);
    expect(bench.ram(BASE, LINE)).toEqual([...cpu(4), ...untouched(BASE + 4, 60)]);
    bench.device(BASE + 32, 8);
    // Clean: the second write survives, also a clean by the CPU; cached: the CPU does not see it.
    bench.cache.clean(BASE, LINE);
    expect(bench.ram(BASE + 32, 8)).toEqual(dev(8));
    expect(bench.load(BASE + 32, 8)).toEqual(untouched(BASE + 32, 8));
  });

  test('of three lines only the dirty one destroys its part', () => {
    const bench = new Bench();
    bench.store(BASE + 69, 1);
    bench.device(BASE + 32, 128);
    expect(bench.ram(BASE, 192)).toEqual([
      ...untouched(BASE, 32),
      ...dev(32),
      ...untouched(BASE + 64, 5),
      ...cpu(1),
      ...untouched(BASE + 70, 58),
      ...dev(128).slice(96),
      ...untouched(BASE + 160, 32),
    ]);
  });
});

describe('copy', () => {
  test('carries values and labels through the cache and says whether anything changed', () => {
    const bench = new Bench();
    bench.store(BASE, 100);
    expect(bench.cache.copy(BASE + 0x800, BASE, 100)).toBe(true);
    expect(bench.load(BASE + 0x800, 100)).toEqual(cpu(100));
    expect(bench.ram(BASE + 0x800, 100)).toEqual(untouched(BASE + 0x800, 100));
    expect(bench.cache.copy(BASE + 0x800, BASE, 100)).toBe(false);
    // The same value from another write is a change as well.
    bench.store(BASE + 7, 2, 0xaa, 3000);
    expect(bench.cache.copy(BASE + 0x800, BASE, 100)).toBe(true);
    // A chunk apart the untouched pattern is the same, and nobody wrote either.
    expect(bench.cache.copy(BASE + 2 * CHUNK, BASE + 3 * CHUNK, 200)).toBe(false);
  });

  test.each([
    ['the source crosses a chunk', BASE + 3 * CHUNK, BASE + CHUNK - 10, CHUNK],
    ['the destination does', BASE + CHUNK - 10, BASE + 3 * CHUNK, CHUNK],
    ['both do, at different places', BASE + CHUNK - 30, BASE + 5 * CHUNK - 70, CHUNK],
    ['within one line', BASE + 40, BASE, 24],
  ])('%s', (_, to, from, size) => {
    const bench = new Bench();
    bench.store(from, size);
    expect(bench.cache.copy(to, from, size)).toBe(true);
    const expected = [...untouched(to - 1, 1), ...cpu(size), ...untouched(to + size, 1)];
    expect(bench.load(to - 1, size + 2)).toEqual(expected);
  });
});

describe('other accesses', () => {
  test('clear writes zeros of the kernel into the cache, across chunks', () => {
    const bench = new Bench();
    const start = BASE + CHUNK - 10;
    bench.cache.clear(start, 20);
    expect(bench.load(start, 21)).toEqual([...zeros(20), ...untouched(start + 20, 1)]);
    expect(bench.ram(start, 20)).toEqual(untouched(start, 20));
    bench.cache.clean(start, 20);
    expect(bench.ram(start, 20)).toEqual(zeros(20));
  });

  test('a copy or a clear of nothing changes nothing', () => {
    const bench = new Bench();
    const line = bench.memory.index(BASE) / LINE;
    bench.cache.clear(BASE, 0);
    expect(bench.cache.copy(BASE, BASE + 8, 0)).toBe(false);
    expect([bench.memory.clock, bench.memory.line[line]]).toEqual([0, 0]);
  });

  test('a coherent device writes what the CPU sees; in a cached line that must reach memory later', () => {
    const bench = new Bench();
    bench.load(BASE, 1);
    bench.device(BASE + 60, 8, true);
    const view = [...untouched(BASE, 60), ...dev(8)];
    expect(bench.see(true, BASE, 68)).toEqual(view);
    bench.cache.dropClean(BASE, LINE);
    expect(bench.load(BASE, 68)).toEqual(view);
    bench.cache.clean(BASE, LINE);
    expect(bench.ram(BASE, 68)).toEqual(view);
  });

  test('dropClean: clean lines look at memory again, dirty ones stay', () => {
    const bench = new Bench();
    bench.device(BASE, 2 * LINE);
    bench.store(BASE + LINE, 1);
    bench.cache.dropClean(BASE, 2 * LINE);
    expect(bench.load(BASE, LINE)).toEqual(dev(LINE));
    expect(bench.load(BASE + LINE, LINE)).toEqual([...cpu(1), ...untouched(BASE + LINE + 1, 63)]);
  });

  test('dropClean ends with the line of the last byte', () => {
    const bench = new Bench();
    bench.device(BASE, 2 * LINE);
    bench.cache.dropClean(BASE, LINE);
    expect(bench.load(BASE, LINE)).toEqual(dev(LINE));
    expect(bench.load(BASE + LINE, LINE)).toEqual(untouched(BASE + LINE, LINE));
  });

  test('dropClean goes on in the next chunk, wherever that lives', () => {
    const bench = new Bench();
    const [front, behind] = [BASE + CHUNK - LINE, BASE + CHUNK];
    // The chunk behind is touched first, and so it does not stand behind the other one.
    bench.device(behind, LINE);
    bench.device(front, LINE);
    bench.cache.dropClean(front, 2 * LINE);
    expect([bench.load(front, LINE), bench.load(behind, LINE)]).toEqual([dev(LINE), dev(LINE)]);
  });

  test('an invalidate is a change of what a coherent device sees', () => {
    const bench = new Bench();
    bench.device(BASE, LINE);
    const before = bench.memory.lastChange(BASE);
    expect(bench.see(true, BASE, LINE)).toEqual(untouched(BASE, LINE));
    bench.cache.invalidate(BASE, LINE);
    expect(bench.see(true, BASE, LINE)).toEqual(dev(LINE));
    expect(bench.memory.lastChange(BASE)).toBeGreaterThan(before);
  });

  test('peekLabels shows the labels of the cache or of memory and changes nothing', () => {
    const bench = new Bench();
    bench.store(BASE + 2, 2);
    const labels = new Uint32Array(LINE + 10).fill(7);
    bench.cache.peekLabels(BASE + 1, LINE, true, labels, 2);
    expect(Array.from(labels.subarray(0, 6))).toEqual([7, 7, 0, 1000, 1001, 0]);
    expect(Array.from(labels.subarray(LINE))).toEqual([0, 0, 7, 7, 7, 7, 7, 7, 7, 7]);
    bench.cache.peekLabels(BASE + 1, LINE, false, labels, 2);
    expect(Array.from(labels.subarray(0, 6))).toEqual([7, 7, 0, 0, 0, 0]);
    // Dirty and absent as before; the store is the only change.
    const line = bench.memory.index(BASE) / LINE;
    expect(Array.from(bench.memory.line.subarray(line, line + 2))).toEqual([2, 0]);
    expect(bench.memory.clock).toBe(1);
  });

  test('switched off, accesses go to memory and maintenance only counts lines', () => {
    const bench = new Bench(false);
    bench.store(BASE, LINE);
    expect(bench.ram(BASE, LINE)).toEqual(cpu(LINE));
    expect(bench.cache.invalidate(BASE, LINE)).toBe(1);
    expect(bench.cache.clean(BASE + 63, 2)).toBe(2);
    bench.device(BASE, 8);
    expect(bench.load(BASE, LINE)).toEqual([...dev(8), ...cpu(LINE).slice(8)]);
    bench.cache.clear(BASE, 4);
    expect(bench.cache.copy(BASE + 8, BASE, 4)).toBe(true);
    expect(bench.ram(BASE, 13)).toEqual([...zeros(4), ...dev(8).slice(4), ...zeros(4), ...cpu(13).slice(12)]);
  });
});

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
        for (const operation of list) expect(perform(bench, operation)).toEqual(model.run(operation));
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
