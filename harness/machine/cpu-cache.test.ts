// SPDX-License-Identifier: GPL-2.0-only
import { describe, expect, test } from '@jest/globals';
import { Budget } from './budget.ts';
import { CpuCache } from './cpu-cache.ts';
import { CHUNK, Memory } from './memory.ts';
import { BASE, LINE, untouched, cpu, dev, zeros, Bench } from './testing/cache-bench.ts';

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

test('where dirty lines stay when a device writes, they hide it until they are dropped', () => {
  const bench = new Bench();
  bench.cache.keepsDirty = true;
  bench.store(BASE, 8);
  bench.device(BASE + 4, 8);
  expect(bench.ram(BASE, 12)).toEqual([...untouched(BASE, 4), ...dev(8)]);
  expect(bench.load(BASE, 8)).toEqual(cpu(8));
  bench.cache.invalidate(BASE, LINE);
  expect(bench.load(BASE, 12)).toEqual([...untouched(BASE, 4), ...dev(8)]);
  bench.cache.reset(true);
  expect(bench.cache.keepsDirty).toBe(false);
});

test('switched off, it touches no memory to drop lines', () => {
  const budget = new Budget();
  const cache = new CpuCache(new Memory(budget));
  cache.reset(false);
  cache.dropClean(BASE, CHUNK);
  expect(budget.taken).toBe(0);
});

test('evict changes the chunks of the lines that it drops, and no others', () => {
  const bench = new Bench();
  bench.load(BASE, LINE);
  bench.store(BASE + CHUNK, LINE);
  const [clean, dirty] = [BASE, BASE + CHUNK].map((phys) => bench.memory.lastChange(phys));
  bench.cache.evict();
  expect(bench.memory.lastChange(BASE)).toBeGreaterThan(clean ?? Infinity);
  expect(bench.memory.lastChange(BASE + CHUNK)).toBe(dirty);
});

test('evict drops clean lines, and those alone', () => {
  const bench = new Bench();
  for (const start of [BASE, BASE + CHUNK - LINE]) {
    bench.load(start, LINE);
    bench.store(start + LINE, LINE);
    bench.device(start, LINE);
    expect(bench.see(true, start, LINE)).toEqual(untouched(start, LINE));
  }
  bench.cache.evict();
  for (const start of [BASE, BASE + CHUNK - LINE]) {
    expect(bench.see(true, start, 2 * LINE)).toEqual([...dev(LINE), ...cpu(LINE)]);
    expect(bench.ram(start + LINE, LINE)).toEqual(untouched(start + LINE, LINE));
  }
});

test.each([
  ['one line', 0, 64, 'lost kept lost lost'],
  ['its first byte and the last one before it', -1, 2, 'kept kept lost lost'],
  ['from the last byte of a line on', 63, 65, 'lost kept kept lost'],
  ['up to the end of a line', 1, 127, 'lost kept kept lost'],
  ['nothing', 0, 0, 'lost lost lost lost'],
])('a clean of %s writes back the lines that it touches', (_, offset, size, inMemory) => {
  // Four dirty lines, the range counts from the second; whichever of them a chunk begins with.
  for (const ahead of [1, 2, 3, 4]) {
    const start = BASE + CHUNK - ahead * LINE;
    const bench = new Bench();
    bench.store(start, 4 * LINE);
    bench.cache.clean(start + LINE + offset, size);
    for (const [i, fate] of inMemory.split(' ').entries()) {
      const stored = cpu(4 * LINE).slice(i * LINE, (i + 1) * LINE);
      const phys = start + i * LINE;
      expect(bench.ram(phys, LINE)).toEqual(fate === 'kept' ? stored : untouched(phys, LINE));
    }
  }
});

describe('a change is noted', () => {
  const HERE = BASE + CHUNK - LINE;
  const THERE = BASE + CHUNK;
  const size = 2 * LINE;
  // One line in each of two chunks: what the CPU has of them is clean here and dirty there.
  test.each<[string, (bench: Bench) => unknown, string]>([
    ['a load', (bench) => bench.load(HERE, size), 'same same'],
    ['a store', (bench) => bench.store(HERE, size), 'changed changed'],
    ['a clear', ({ cache }) => cache.clear(HERE, size), 'changed changed'],
    ['a copy to them', ({ cache }) => cache.copy(HERE, BASE, size), 'changed changed'],
    ['a copy from them', ({ cache }) => cache.copy(BASE + 2 * CHUNK, HERE, size), 'same same'],
    ['a clean', ({ cache }) => cache.clean(HERE, size), 'same changed'],
    ['an invalidate', ({ cache }) => cache.invalidate(HERE, size), 'changed changed'],
    ['what drops clean lines', ({ cache }) => cache.dropClean(HERE, size), 'changed same'],
    ['a device', (bench) => bench.device(THERE, LINE), 'same changed'],
    ['a coherent device', (bench) => bench.device(HERE, LINE, true), 'changed same'],
  ])('of %s', (_, operate, expected) => {
    const bench = new Bench();
    bench.load(HERE, LINE);
    bench.store(THERE, LINE);
    const before = [HERE, THERE].map((phys) => bench.memory.lastChange(phys));
    operate(bench);
    const after = [HERE, THERE].map((phys) => bench.memory.lastChange(phys));
    expect(after.map((at, i) => (at > (before[i] ?? 0) ? 'changed' : 'same')).join(' ')).toBe(expected);
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

  test('and ends there with the line of the last byte', () => {
    const bench = new Bench();
    const behind = BASE + CHUNK;
    bench.device(behind, 2 * LINE);
    bench.cache.dropClean(behind - LINE, LINE + 1);
    expect(bench.load(behind, LINE)).toEqual(dev(LINE));
    expect(bench.load(behind + LINE, LINE)).toEqual(untouched(behind + LINE, LINE));
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
