// SPDX-License-Identifier: GPL-2.0-only
/** A compiled kernel in WebAssembly: its memory, its functions, and its return to how it was after boot. */
import { KernelCrash } from '../machine/crash.ts';
import { numberOfText } from '../machine/texts.ts';
import type { Build } from './build.ts';
import { UserError } from '../text/user-error.ts';

type I64 = bigint;
/** A C function as WebAssembly has it: `int` is a number, 64 bits and pointers are a BigInt. */
export type CFunction = (...args: (number | I64)[]) => number | I64;

/** Steps that an entry point may take; 5000 is ten times what the longest of the corpus takes. */
const FUEL = 200_000;

export class CompiledModule {
  /** C functions that announce themselves, by number. */
  readonly frames: readonly string[];
  private readonly memory: WebAssembly.Memory;
  private readonly stackPointer: WebAssembly.Global;
  private readonly stackTop: number | I64;
  private readonly functions: Readonly<Record<string, unknown>>;
  private readonly refuel: CFunction;
  private readonly heapTop: CFunction;
  /** Memory right after boot, per size of the pool. */
  private readonly booted = new Map<number, Uint8Array>();
  private pristine: Uint8Array | undefined;

  constructor({ module, frames }: Build, imports: Readonly<Record<string, CFunction>>) {
    this.frames = frames;
    const compiled = new WebAssembly.Module(module);
    const env: Record<string, CFunction> = {};
    for (const { name, kind } of WebAssembly.Module.imports(compiled)) {
      if (kind !== 'function') throw new UserError(`the compiled kernel wants ${name}, which is no function`);
      env[name] = imports[name] ?? unmodelled(name);
    }
    const { exports } = new WebAssembly.Instance(compiled, { env });
    this.functions = exports;
    this.memory = exports['memory'] as WebAssembly.Memory;
    this.stackPointer = exports['__stack_pointer'] as WebAssembly.Global;
    this.stackTop = this.stackPointer.value as number | I64;
    this.refuel = this.function('kernel_c_refuel');
    this.heapTop = this.function('kernel_c_heap_top');
  }

  /** A C function by name. */
  function(name: string): CFunction {
    const found = this.functions[name];
    if (typeof found !== 'function') throw new RangeError(`the compiled kernel has no ${name}()`);
    return found as CFunction;
  }

  /** True when that C function is there. */
  has(name: string): boolean {
    return typeof this.functions[name] === 'function';
  }

  /** The kernel as it is right after its boot with a pool of `slots`; `boot` runs the first time. */
  restore(slots: number, boot: () => void): void {
    const top = Number(this.heapTop());
    const bytes = new Uint8Array(this.memory.buffer);
    this.pristine ??= bytes.slice(0, top);
    const snapshot = this.booted.get(slots);
    const from = snapshot ?? this.pristine;
    bytes.set(from);
    if (top > from.length) bytes.fill(0, from.length, top);
    this.stackPointer.value = this.stackTop;
    if (snapshot !== undefined) return;
    this.armed();
    boot();
    this.booted.set(slots, new Uint8Array(this.memory.buffer).slice(0, Number(this.heapTop())));
  }

  /** The fuel of one entry point. */
  armed(): void {
    this.refuel(FUEL);
  }

  /** After an unwind: the stack is empty again; what the engine threw becomes a crash of the kernel. */
  unwound(error: unknown, where: string): unknown {
    this.stackPointer.value = this.stackTop;
    this.armed();
    const overflow = error instanceof RangeError && /stack/i.test(error.message);
    if (overflow || error instanceof WebAssembly.RuntimeError) {
      const reason = overflow ? 'stack overflow' : error.message;
      return new KernelCrash('wild-access', numberOfText(`${reason} in ${where}`));
    }
    return error;
  }

  /** The C string at an address; empty for NULL. */
  string(address: I64): string {
    const at = Number(BigInt.asUintN(32, address));
    if (at === 0) return '';
    const bytes = new Uint8Array(this.memory.buffer, at);
    return new TextDecoder().decode(bytes.subarray(0, bytes.indexOf(0)));
  }

  /** Numbers of 64 and 32 bits in the memory. */
  view(): DataView {
    return new DataView(this.memory.buffer);
  }
}

/** A kernel function that nobody gave: fine until it is called. */
function unmodelled(name: string): CFunction {
  return (...args) => {
    throw new UserError(`call to unmodelled kernel function ${name}(${args.map(shown).join(', ')})`);
  };
}

function shown(argument: number | I64): string {
  return typeof argument === 'number' ? String(argument) : `0x${BigInt.asUintN(64, argument).toString(16)}`;
}
