// SPDX-License-Identifier: GPL-2.0-only
/** A compiled kernel on the modelled machine: lives, devices, calls into C, call paths. */
import { KernelCrash, type CrashKind } from '../machine/crash.ts';
import { POOL_START } from '../machine/config.ts';
import type { Machine } from '../machine/machine.ts';
import { numberOfText } from '../machine/texts.ts';
import { DMA_TO_DEVICE, type DMA_FROM_DEVICE, type Device } from '../machine/vocabulary.ts';
import type { Make } from '../subject/state.ts';
import { UserError } from '../text/user-error.ts';
import type { Build } from './build.ts';
import { CompiledModule } from './compiled-module.ts';
import { knownMessage } from './known-messages.ts';
import { machineImports, type Host, type LastCalls } from './machine-imports.ts';
import { fromI64, toI64 } from './wasm-numbers.ts';
import { elementAt } from '../text/element.ts';

/** A call into the tree's code below dma-iommu.c, while it runs. */
interface Within {
  readonly dev: Device;
  /** Which way its memcpy goes. */
  readonly copy?: typeof DMA_TO_DEVICE | typeof DMA_FROM_DEVICE;
  /** The crash that it is when this call does not return. */
  readonly endless?: readonly [CrashKind, number, number];
}

/** Deeper than any call path that returns. */
const MAX_DEPTH = 256;

export class CompiledKernel implements Host {
  readonly module: CompiledModule;
  readonly archSync: Make['archSync'];
  lastUnmap?: NonNullable<LastCalls['lastUnmap']>;
  lastLookUp?: NonNullable<LastCalls['lastLookUp']>;
  private current: Machine | undefined;
  private devices: Device[] = [];
  private readonly running = new Int32Array(MAX_DEPTH);
  private depth = 0;
  private booting = false;
  /** What runs is asked by an observer: no call path of the run. */
  private observing = false;
  private inside: Within | undefined;
  /** What an observer saw last. */
  private readonly observed = new Map<string, number>();

  constructor(build: Build, archSync: Make['archSync']) {
    this.archSync = archSync;
    this.module = new CompiledModule(build, machineImports(this));
  }

  /** The machine of this life. */
  get kernel(): Machine {
    if (this.current === undefined) throw new RangeError('the compiled kernel is on no machine');
    return this.current;
  }

  /** A new life on `kernel`: the memory as it was right after boot. */
  start(kernel: Machine): void {
    this.current = kernel;
    this.devices = [];
    this.depth = 0;
    this.inside = undefined;
    this.observed.clear();
    delete this.lastUnmap;
    delete this.lastLookUp;
    const slots = kernel.slots.total;
    this.module.restore(slots, () => {
      this.booting = true;
      if (this.module.has('kernel_c_boot')) {
        this.module.function('kernel_c_boot')(toI64(POOL_START), toI64(slots));
      }
      if (this.module.has('kernel_c_boot_iova')) this.module.function('kernel_c_boot_iova')();
      this.booting = false;
    });
  }

  /** iommu_setup_dma_ops() for a device, as its configuration says. UserError when the kernel refuses. */
  attach(dev: Device): void {
    const { kernel } = this;
    this.devices[dev.index] = dev;
    const error = this.call(
      'kernel_c_attach',
      dev.index,
      Number(kernel.devIsUntrusted(dev)),
      Number(kernel.devIsDmaCoherent(dev)),
      toI64(kernel.dmaGetMask(dev)),
      toI64(kernel.dmaGetSegBoundary(dev)),
      kernel.dmaGetMaxSegSize(dev),
      kernel.dmaGetMinAlignMask(dev),
      toI64(kernel.iovaMask(dev) + 1),
      Number(kernel.dmaStrict),
    );
    if (error !== 0) throw new UserError(`the compiled kernel does not attach device ${dev.index}: ${error}`);
  }

  /** Calls a C function; what ends it ends the run as a KernelCrash. */
  call(name: string, ...args: (number | bigint)[]): number | bigint {
    this.module.armed();
    const { depth } = this;
    try {
      return this.module.function(name)(...args);
    } catch (error) {
      const where = this.where();
      this.depth = depth;
      throw this.module.unwound(error, where);
    }
  }

  /** call() of a function that returns 64 bits. */
  u64(name: string, ...args: (number | bigint)[]): number {
    return fromI64(BigInt(this.call(name, ...args)));
  }

  /** Runs a call into the code below dma-iommu.c. */
  within<T>(context: Within, run: () => T): T {
    const outer = this.inside;
    this.inside = context;
    const result = run();
    this.inside = outer;
    return result;
  }

  /** A number of the kernel's own book-keeping. Where a crash left that in disorder: what it was before. */
  observe(name: string, index?: number | bigint): number {
    const key = `${name} ${index}`;
    this.observing = true;
    try {
      const value = this.call(name, ...(index === undefined ? [] : [index]));
      this.observed.set(key, Number(value));
    } catch (error) {
      if (!(error instanceof KernelCrash)) throw error;
    } finally {
      this.observing = false;
    }
    return this.observed.get(key) ?? 0;
  }

  device(index: number): Device {
    const dev = this.devices[index];
    if (dev === undefined) throw this.wild(`device ${index}, which there is not,`);
    return dev;
  }

  enter(frame: number): void {
    this.running[this.depth++] = frame;
    if (!this.observing && !this.booting) this.current?.enter(frame);
  }

  leave(): void {
    this.depth--;
    if (!this.observing && !this.booting) this.current?.leave();
  }

  where(): string {
    const name = elementAt(this.module.frames, this.running[this.depth - 1]);
    return name === undefined ? 'the kernel' : `${name}()`;
  }

  endless(): KernelCrash {
    const known = this.inside?.endless;
    return known === undefined
      ? new KernelCrash('did-not-return', numberOfText(this.where()))
      : new KernelCrash(...known);
  }

  set(phys: number, byte: number, size: number): void {
    // The pool is what it was before the boot: somebody's old data.
    if (this.booting) return;
    if (byte !== 0) throw this.wild(`memset to ${byte}`);
    this.kernel.memset(phys, size);
  }

  copy(to: number, from: number, size: number): void {
    const { inside } = this;
    if (inside?.copy === undefined) throw this.wild(`memcpy of ${size} bytes`);
    const toDevice = inside.copy === DMA_TO_DEVICE;
    const [original, tlb] = toDevice ? [from, to] : [to, from];
    this.kernel.copyBounced(inside.dev, original, tlb, size, inside.copy);
  }

  knownMessage(format: string, values: readonly number[]): boolean {
    return this.booting || knownMessage(this, this.inside?.dev, format, values);
  }

  private wild(what: string): KernelCrash {
    return new KernelCrash('wild-access', numberOfText(`${what} in ${this.where()}`));
  }
}
