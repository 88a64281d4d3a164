// SPDX-License-Identifier: GPL-2.0-only
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { loadScenarioText } from './load.ts';
import type { Dimensions } from './dimensions.ts';
import { caseSuffix, expandMatrix } from './dimensions.ts';
import type { Bindings, Scalar } from './placeholders.ts';
import { evaluate, placeholdersIn } from './placeholders.ts';

function bind(values: Record<string, Scalar>): Bindings {
  return new Map(Object.entries(values).map(([name, value]) => [name, { value, text: String(value) }]));
}

describe('evaluate', () => {
  const bindings = bind({ i: 3, dir: 'TO_DEVICE', on: true });
  test.each<[string, Scalar | undefined]>([
    ['$i', 3],
    ['$on', true],
    ['$dir', 'TO_DEVICE'],
    ['$i*512', 1536],
    ['$i*0x200', 1536],
    ['$i+8', 11],
    ['$i*512+0x10', 1552],
    ['$i-1', 2],
    ['$i*512-0x10', 1520],
    ['$i-4', -1],
    ['m$i', 'm3'],
    ['$i-$dir', '3-TO_DEVICE'],
    ['$i*', '3*'],
    ['5 $ a piece', '5 $ a piece'],
    ['$dir*2', undefined],
    ['$on+1', undefined],
    ['$i*9007199254740991', undefined],
  ])('%s is %p', (text, value) => {
    expect(evaluate(text, bindings)).toBe(value);
  });

  test('is the same sum as arithmetic says', () => {
    const small = fc.nat(0xffff);
    fc.assert(
      fc.property(small, small, small, (n, factor, summand) => {
        const sum = n * factor + summand;
        expect(evaluate(`$n*${factor}+${summand}`, bind({ n }))).toBe(sum);
        expect(evaluate(`$n*0x${factor.toString(16)}+0x${summand.toString(16)}`, bind({ n }))).toBe(sum);
      }),
    );
  });
});

test('placeholdersIn finds every name', () => {
  expect(placeholdersIn('m$i and $size*2, 5 $')).toEqual(['i', 'size']);
});

describe('expandMatrix', () => {
  const value = fc.nat(99).map((number) => ({ value: number, text: String(number) }));
  const values = fc.uniqueArray(value, { minLength: 1, maxLength: 4, selector: ({ text }) => text });
  const dimensions: fc.Arbitrary<Dimensions> = fc
    .dictionary(fc.stringMatching(/^[a-z]{1,3}$/), values, { maxKeys: 4 })
    .map((record) => new Map(Object.entries(record)));

  test('gives as many cases as the product of its dimensions, all different', () => {
    fc.assert(
      fc.property(dimensions, (matrix) => {
        const cases = expandMatrix(matrix);
        const product = [...matrix.values()].reduce((count, list) => count * list.length, 1);
        expect(cases).toHaveLength(product);
        expect(new Set(cases.map(caseSuffix)).size).toBe(product);
      }),
    );
  });

  test('changes the last dimension fastest', () => {
    const matrix = new Map([
      ['a', [...bind({ x: 1, y: 2 }).values()]],
      ['b', [...bind({ x: true, y: false }).values()]],
    ]);
    expect(expandMatrix(matrix).map(caseSuffix)).toEqual([
      '[a=1,b=true]',
      '[a=1,b=false]',
      '[a=2,b=true]',
      '[a=2,b=false]',
    ]);
    expect(expandMatrix(new Map()).map(caseSuffix)).toEqual(['']);
  });
});

describe('in a file', () => {
  function load(matrix: string, step: string) {
    const text = `name: n\nwhy: w\n${matrix}buffers: { a: { size: 4096 } }\nsteps:\n  - ${step}\n`;
    return loadScenarioText(text, 'corpus/sync/x.yaml');
  }

  test('values reach every kind of scalar, ids show them as they are written', () => {
    const scenarios = load(
      'matrix: { off: [0, 0x200], dir: [TO_DEVICE, FROM_DEVICE], attr: [NONE, SKIP_CPU_SYNC], far: [true] }\n',
      'map_page: { id: m$off, buffer: a, offset: $off+0x10, size: 8, dir: $dir, attrs: $attr }\ndevice: { untrusted: $far }',
    );
    expect(scenarios.map(({ id }) => id).slice(0, 5)).toEqual([
      'sync/x[off=0,dir=TO_DEVICE,attr=NONE,far=true]',
      'sync/x[off=0,dir=TO_DEVICE,attr=SKIP_CPU_SYNC,far=true]',
      'sync/x[off=0,dir=FROM_DEVICE,attr=NONE,far=true]',
      'sync/x[off=0,dir=FROM_DEVICE,attr=SKIP_CPU_SYNC,far=true]',
      'sync/x[off=0x200,dir=TO_DEVICE,attr=NONE,far=true]',
    ]);
    const last = scenarios.at(-1);
    expect(last?.mappings[0]?.name).toBe('m0x200');
    expect(last?.steps[0]).toMatchObject({ offset: 0x210, dir: 2, attrs: 32 });
    expect(last?.machine.devices[0]?.untrusted).toBe(true);
  });

  test('repeats are unrolled, the inner ones for each turn of the outer', () => {
    const [scenario] = load(
      '',
      `repeat: { times: 2, as: i, steps: [{ repeat: { times: 3, as: j, steps: [{ cpu_read: { buffer: a, offset: $j*16, size: $i+1 } }] } }] }`,
    );
    const reads = scenario?.steps.map((step) => (step.op === 'cpu_read' ? [step.offset, step.size] : []));
    expect(reads).toEqual([[0, 1], [16, 1], [32, 1], [0, 2], [16, 2], [32, 2]]); // prettier-ignore
    expect(scenario?.steps.map(({ line }) => line)).toEqual(Array<number>(6).fill(5));
  });

  const read = (offset: string): string => `cpu_read: { buffer: a, offset: ${offset}, size: 1 }`;
  const many = Array.from({ length: 23 }, (_, index) => index).join(', ');
  test.each([
    ['', read('$of'), '5:36: steps[0].cpu_read.offset: "$of": no placeholder $of; known: none'],
    [
      'matrix: { off: [1], to: [2] }\n',
      read('$of'),
      '6:36: steps[0].cpu_read.offset: "$of": no placeholder $of (did you mean off?); known: $off, $to',
    ],
    ['matrix: { off: [1], to: [2] }\n', read('$off'), '3:25: matrix.to: nothing uses $to'],
    ['matrix: { o: [] }\n', read('$o'), '3:14: matrix.o: an empty list is not a list of values'],
    ['matrix: { o: [{}] }\n', read('$o'), '3:15: matrix.o[0]: a matrix has scalars only'],
    ['matrix: { o: [0x10, 16] }\n', read('$o'), '3:21: matrix.o[1]: 16 is in the list already'],
    [
      'matrix: { o: [a b] }\n',
      read('$o'),
      '3:15: matrix.o[0]: "a b" cannot be part of an id; allowed: letters, digits, _ . + : -',
    ],
    [
      'matrix: { o-o: [1] }\n',
      read('1'),
      '3:11: matrix: "o-o" is not a placeholder name: a letter, then letters, digits and _',
    ],
    [
      `matrix: { o: [${many}], p: [${many}] }\n`,
      `${read('$o')}\n  - ${read('$p')}`,
      '3:101: matrix.p: the matrix has more than the 512 cases a scenario may have',
    ],
    [
      'matrix: { o: [1, x] }\n',
      read('$o'),
      '6:36: steps[0].cpu_read.offset: "x" is not an offset in bytes: a whole number from 0 to 67108864 (with o=x)',
    ],
    [
      'matrix: { o: [x] }\n',
      read('$o*2'),
      '6:36: steps[0].cpu_read.offset: "$o*2" is not a whole number below 2^53 (with o=x)',
    ],
    [
      '',
      `repeat: { times: 9, as: i, steps: [{ ${read('$i*512')} }] }`,
      '5:73: steps[0].repeat.steps[0].cpu_read.offset: 4096 is not inside buffer a, which has 4096 bytes (with i=8)',
    ],
    [
      'matrix: { i: [1] }\n',
      `repeat: { times: 9, as: i, steps: [{ ${read('$i')} }] }`,
      '6:29: steps[0].repeat.as: "i" is a placeholder already: i',
    ],
    [
      'matrix: { n: [-1] }\n',
      `repeat: { times: $n, steps: [{ ${read('1')} }] }`,
      '6:22: steps[0].repeat.times: -1 is not a number of times: a whole number from 0 to 4096 (with n=-1)',
    ],
    [
      '',
      `repeat: { times: 64, steps: [{ repeat: { times: 65, steps: [{ ${read('1')} }] } }] }`,
      '5:65: steps[0].repeat.steps[0].repeat.steps[0]: more than the 4096 steps a case may have',
    ],
  ])('%s%s is refused', (matrix, step, message) => {
    expect(() => load(matrix, step)).toThrow(`corpus/sync/x.yaml:${message}`);
  });
});
