// SPDX-License-Identifier: GPL-2.0-only
/** Small C of our own through the whole tool chain: lowering, traps, fuel, call paths, snapshots. */
import { beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { KernelCrash, describeCrash } from '../machine/crash.ts';
import { textOfNumber } from '../machine/texts.ts';
import { UserError } from '../text/user-error.ts';
import { CompiledModule, type CFunction } from './compiled-module.ts';
import { CHECKS, FLAGS, exportsOf, linkArgs } from './flags.ts';
import { formatMessage } from './printk.ts';
import { machineImports, type Host } from './machine-imports.ts';
import { ourFiles } from './files-of-ours.ts';
import { runToolchain, type Job, type Linked } from './toolchain.ts';
import { fromI64 } from './wasm-numbers.ts';

/** The compiler starts in two seconds, on a busy machine in twenty, milliseconds. */
const PATIENCE = 120_000;

const SMALL = `#include "machine.h"
typedef machine_u64 u64;
extern int some_kernel_function(int, u64);
extern void kernel_c_report(const char *format, ...);
extern void *kernel_c_allocate(u64 size);
extern void *memset(void *to, int byte, u64 size);
static int counter = 7;
static int *kept;
static int table[4];

int kernel_c_count(void) { return counter++; }
int kernel_c_keep(void) { if (!kept) kept = kernel_c_allocate(100000); return ++kept[20000]; }
u64 kernel_c_minus(u64 a, u64 b) { return a - b; }
int kernel_c_read(int *p) { return *p; }
int kernel_c_index(int i)
{
	return table[i];
}
int kernel_c_recurse(int n) { volatile char a[4096]; a[n & 7] = n; return kernel_c_recurse(n + 1) + a[0]; }
static int never_ends(volatile int *p) { for (;;) ++*p; }
int kernel_c_hang(void) { return never_ends(&counter); }
int kernel_c_unknown(int n) { return some_kernel_function(n, -1); }
void kernel_c_forget(u64 size) { memset((void *)(MACHINE_LINEAR_MAP + 0x1000), 0, size); }
void kernel_c_say(void) { kernel_c_report("%s: %zu of %lu, %d %x %pad", "name", (u64)-1, 5UL, -3, 255, &counter); }
`;

function jobOf(text: string, frames: readonly string[] = []): Job & { link: NonNullable<Job['link']> } {
  const shim = ourFiles('shim');
  const files = {
    'small.c': text,
    '.ours/shim/machine.h': shim.get('machine.h') ?? '',
    '.ours/shim/runtime.c': shim.get('runtime.c') ?? '',
  };
  return {
    files,
    units: [
      { name: 'small.o', flags: [...FLAGS, ...CHECKS, '-I/.ours/shim'], before: [], file: 'small.c' },
      { name: 'runtime.o', flags: [...FLAGS, '-I/.ours/shim'], before: [], file: '.ours/shim/runtime.c' },
    ],
    link: {
      args: linkArgs(['small.o', 'runtime.o'], [], exportsOf(new Map(Object.entries(files)))),
      objects: {},
      frames,
    },
  };
}

let linked: Linked;
beforeAll(() => {
  linked = runToolchain(jobOf(SMALL, ['kernel_c_hang', 'never_ends', 'kernel_c_index']));
}, PATIENCE);

let module: CompiledModule;
let entered: string[];
const call = (name: string, ...args: (number | bigint)[]): number | bigint => {
  module.armed();
  return module.function(name)(...args);
};

/** How a call ends that does not return, as the machine would record it. */
function crashOf(name: string, ...args: (number | bigint)[]): string {
  try {
    call(name, ...args);
  } catch (error) {
    const crash = module.unwound(error, `${name}()`);
    if (crash instanceof KernelCrash) return describeCrash(crash.kind, crash.a, crash.b);
    throw crash;
  }
  return 'it returned';
}

let cleared: [number, number][];
let said: string[];

beforeEach(() => {
  cleared = [];
  entered = [];
  said = [];
  const build = {
    module: new Uint8Array(Buffer.from(linked.module, 'base64')),
    frames: linked.frames,
    archSync: 'clean' as const,
    key: '',
  };
  const host: Partial<Host> = {
    enter: (frame) => void entered.push(build.frames[frame] ?? '?'),
    leave: () => void entered.push('.'),
    endless: () => new KernelCrash('search-never-ends', entered.length, 2),
    set: (phys, _byte, size) => void cleared.push([phys, size]),
    get module() {
      return module;
    },
  };
  const kernel_c_report: CFunction = (format, list) => {
    const { text } = formatMessage(module, module.string(BigInt(format ?? 0)), BigInt(list ?? 0));
    said.push(text);
    return 0;
  };
  module = new CompiledModule(build, { ...machineImports(host as Host), kernel_c_report });
});

describe('lowered C', () => {
  test('keeps 64 bits where a size underflows', () => {
    expect(fromI64(BigInt(call('kernel_c_minus', 512n, 1024n)))).toBe(-512);
  });

  test('a memset of the machine reaches the machine, whatever its size', () => {
    call('kernel_c_forget', -1024n);
    expect(cleared).toEqual([[0x1000, -1024]]);
  });

  test('formats as the kernel does', () => {
    call('kernel_c_say');
    expect(said).toEqual([expect.stringMatching(/^name: 18446744073709551615 of 5, -3 ff 0x[0-9a-f]+$/)]);
  });

  test('functions of the kernel announce themselves, those of ours do not', () => {
    call('kernel_c_index', 1);
    call('kernel_c_count');
    expect(entered).toEqual(['kernel_c_index', '.']);
  });
});

describe('guards', () => {
  test('memory of the machine cannot be dereferenced', () => {
    expect(crashOf('kernel_c_read', 0xffff888080001000n)).toMatch(
      /^wild access: .*out of bounds.* in kernel_c_read\(\)$/,
    );
  });

  test.each([
    ['NULL', 0n],
    ['a misaligned pointer', 66001n],
  ])('%s is found, with file and line', (_, address) => {
    expect(crashOf('kernel_c_read', address)).toBe(
      'wild access: a null, misaligned or too small object at small.c:14',
    );
  });

  test('an index out of its array is found, with file and line', () => {
    expect(crashOf('kernel_c_index', 4)).toBe('wild access: an index out of its array at small.c:17');
  });

  test('a stack that overflows is a crash, and the next call has all of it again', () => {
    expect(crashOf('kernel_c_recurse', 0)).toMatch(/^wild access: .* in kernel_c_recurse\(\)$/);
    expect(call('kernel_c_count')).toBe(7);
  });

  test('a function that does not return runs out of fuel', () => {
    expect(crashOf('kernel_c_hang')).toMatch(/search for 2 slots never ends/);
    expect(entered).toEqual(['kernel_c_hang', 'never_ends']);
    expect(call('kernel_c_minus', 3n, 1n)).toBe(2n);
  });

  test('a kernel function that nobody models is named with its arguments', () => {
    expect(() => call('kernel_c_unknown', 3)).toThrow(
      new UserError('call to unmodelled kernel function some_kernel_function(3, 0xffffffffffffffff)'),
    );
  });

  test('a crash of the machine comes out as the same object', () => {
    const crash = new KernelCrash('kernel-bug', 0);
    const through = new CompiledModule(
      {
        module: new Uint8Array(Buffer.from(linked.module, 'base64')),
        frames: [],
        key: '',
      },
      {
        machine_memset() {
          throw crash;
        },
      },
    );
    through.armed();
    let caught: unknown;
    try {
      through.function('kernel_c_forget')(1n);
    } catch (error) {
      caught = through.unwound(error, '');
    }
    expect(caught).toBe(crash);
  });
});

describe('restoring', () => {
  test('brings data and heap back to how they were after boot, per size of the pool', () => {
    let boots = 0;
    const life = (slots: number): void => {
      module.restore(slots, () => {
        boots++;
        for (let i = 0; i < slots; i++) module.function('kernel_c_count')();
      });
    };
    life(2);
    expect(call('kernel_c_count')).toBe(9);
    expect([call('kernel_c_keep'), call('kernel_c_keep')]).toEqual([1, 2]);
    life(2);
    expect(call('kernel_c_count')).toBe(9);
    expect(call('kernel_c_keep')).toBe(1);
    life(5);
    expect(call('kernel_c_count')).toBe(12);
    life(2);
    expect(call('kernel_c_count')).toBe(9);
    expect(boots).toBe(2);
  });
});

describe('what does not compile', () => {
  test.each([
    ['int f(void)\n{\n\treturn x;\n}\n', /^small\.c:3:9: error: use of undeclared identifier 'x'$/],
    [
      'extern int datum; int kernel_c_f(void) { return datum; }',
      /^wasm-ld: error: .*undefined symbol: datum$/,
    ],
    ['extern int memcmp(int); int kernel_c_f(void) { return memcmp(1); }', /signature mismatch: memcmp/],
  ])(
    '%j is refused in one line',
    (text, expected) => {
      let message = '';
      try {
        const { units, link, ...job } = jobOf(text);
        const objects = { 'runtime.o': linked.objects['runtime.o'] ?? '' };
        runToolchain({ ...job, units: units.slice(0, 1), link: { ...link, objects } });
      } catch (error) {
        if (error instanceof UserError) ({ message } = error);
      }
      expect(message).toMatch(expected);
    },
    PATIENCE,
  );
});

describe('an opening', () => {
  const object = (header: string, keepsOpening: boolean): string | undefined => {
    const unit = {
      name: 'a.o',
      flags: [...FLAGS, ...CHECKS],
      before: ['before.h'],
      file: 'a.c',
      opening: { key: header, text: '#include "a.h"\n' },
    };
    const files = {
      'before.h': '#define ONE 1\n',
      'a.h': header,
      'a.c': '#include "a.h"\nint f(int i)\n{\n\treturn table[i + ONE];\n}\n',
    };
    return runToolchain({ files, units: [unit], keepsOpening, link: undefined }).objects['a.o'];
  };
  const GUARDED = '#ifndef A_H\n#define A_H\nextern int table[4];\nstatic int *kept = &table[ONE];\n#endif\n';
  // The second definition is an error where the opening has it already.
  const UNGUARDED = 'extern int table[4];\nstruct a { int i; };\n';

  test.each([
    ['is read once, and the object is the same', GUARDED],
    ['with a header that cannot be included twice does no harm', UNGUARDED],
  ])(
    '%s',
    (_what, header) => {
      const plain = object(header, false);
      expect(plain).toBeDefined();
      expect(object(header, true)).toBe(plain);
    },
    PATIENCE,
  );
});

test('numbers of texts stay', () => {
  expect(() => textOfNumber(-1)).toThrow(RangeError);
});
