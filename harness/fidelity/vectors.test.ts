// SPDX-License-Identifier: GPL-2.0-only
import { afterAll, describe, expect, test } from '@jest/globals';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { loadVectors, readProgram } from './vectors.ts';

const MAP = { op: 'map_page', id: 'a', phys: '0x200000', size: 512, dir: 'TO_DEVICE', attrs: [] };
const DEVICE = {
  untrusted: true,
  coherent: true,
  minAlignMask: 0,
  dmaMask: '0xffffffff',
  segBoundary: '0xffffffff',
  maxSegSize: 65536,
};
const MACHINE = { swiotlb: true, pageSize: 4096, granule: 4096, strict: true, swiotlbSlots: 1024 };

function program({ machine = {}, device = {}, steps = [MAP] as unknown[] }): string {
  return JSON.stringify({
    id: 'p',
    machine: { ...MACHINE, ...machine, device: { ...DEVICE, ...device } },
    program: steps,
  });
}

describe('a program that no recording can hold: file and line in one line', () => {
  test.each<[string, Parameters<typeof program>[0], string]>([
    ['a size of -1', { steps: [{ ...MAP, size: -1 }] }, 'program.0.size'],
    ['a size of 2^53 - 1', { steps: [{ ...MAP, size: 2 ** 53 - 1 }] }, 'program.0.size'],
    ['an address beyond RAM', { steps: [{ ...MAP, phys: '0x4000000' }] }, 'program.0.phys: beyond RAM'],
    ['a range beyond RAM', { steps: [{ ...MAP, phys: '0x3ffff00' }] }, 'ends beyond RAM'],
    ['more than 64 bits', { device: { dmaMask: '0x10000000000000000' } }, 'machine.device.dmaMask'],
    ['no double', { device: { segBoundary: '0x8000000000000000' } }, 'machine.device.segBoundary: between'],
    ['-4096 slots', { machine: { swiotlbSlots: -4096 } }, 'machine.swiotlbSlots'],
    ['half a slot', { machine: { swiotlbSlots: 128.5 } }, 'machine.swiotlbSlots'],
    ['a page of 5 bytes', { machine: { pageSize: 5 } }, 'machine.pageSize'],
    ['an unmap of nothing', { steps: [{ op: 'unmap_page', id: 'b', attrs: [] }] }, '"b" is not mapped'],
    [
      'an unmap for the other kind',
      { steps: [MAP, { op: 'unmap_sg', id: 'a', attrs: [] }] },
      'program.1.id: "a" is not mapped for that',
    ],
    [
      'fills without an end',
      { steps: Array.from({ length: 40 }, () => ({ op: 'cpu_fill', phys: '0x0', size: 131072, byte: 1 })) },
      'program.32: maps and fills more than 4 MiB by here',
    ],
  ])('%s', (_, changes, problem) => {
    const read = (): unknown => readProgram(program(changes), 'programs.jsonl.gz', 7);
    expect(read).toThrow('programs.jsonl.gz:7: damaged: ');
    expect(read).toThrow(problem);
  });

  test('this one can', () => {
    expect(readProgram(program({}), 'programs.jsonl.gz', 1).program).toEqual([MAP]);
  });
});

describe('a folder', () => {
  const folder = mkdtempSync(join(tmpdir(), 'bouncediff-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  mkdirSync(join(folder, 'vectors'));
  const write = (states: readonly string[]): void => {
    const manifest = { states, final: {}, alias: {}, vectors: {}, review: [] };
    writeFileSync(join(folder, 'manifest.json'), JSON.stringify(manifest));
    writeFileSync(join(folder, 'programs.jsonl.gz'), gzipSync(`${program({})}\n`));
  };

  test.each(['../../x', 'v1.100000', ''])('with a state called %j is damaged', (name) => {
    write([name]);
    expect(() => loadVectors(folder)).toThrow('manifest.json: damaged: states.0');
  });

  test('with a far prefix and nothing recorded has no result', () => {
    write(['v1.999']);
    expect(() => loadVectors(folder).results('v1.999')).toThrow('no result of program p for state v1.999');
  });

  test('with more unpacked than there may be is damaged', () => {
    write(['baseline']);
    writeFileSync(join(folder, 'programs.jsonl.gz'), gzipSync(Buffer.alloc(65 * 2 ** 20)));
    expect(() => loadVectors(folder)).toThrow('programs.jsonl.gz: damaged: ');
  });
});
