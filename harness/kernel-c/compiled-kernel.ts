// SPDX-License-Identifier: GPL-2.0-only
/** A compiled kernel on the modelled machine: lives, devices, calls into C, call paths. */
import { KernelCrash } from '../machine/crash.ts';
import { POOL_START } from '../machine/config.ts';
import type { Kernel } from '../machine/kernel.ts';
import { numberOfText } from '../machine/texts.ts';
import type { Device } from '../machine/vocabulary.ts';
import { UserError } from '../text/user-error.ts';
import type { Build } from './build.ts';
import { CompiledModule } from './compiled-module.ts';
import { knownMessage } from './known-messages.ts';
import { machineImports, type Host, type LastCalls } from './machine-imports.ts';
import { toI64 } from './wasm-numbers.ts';

/** Deeper than any call path that returns. */
const MAX_DEPTH = 256;

export class CompiledKernel implements Host {
  readonly module: CompiledModule;
  lastUnmap?: NonNullable<LastCalls['lastUnmap']>;
  lastLookUp?: NonNullable<LastCalls['lastLookUp']>;
  private current: Kernel | undefined;
  private devices: Device[] = [];
  private readonly running = new Int32Array(MAX_DEPTH);
  private depth = 0;
  private booting = false;

  constructor(build: Build) {
    this.module = new CompiledModule(build, machineImports(this));
  }

  /** The machine of this life. */
  get kernel(): Kernel {
    if (this.current === undefined) throw new RangeError('the compiled kernel is on no machine');
    return this.current;
  }

  /** A new life on `kernel`: the memory as it was right after boot. */
  start(kernel: Kernel): void {
    this.current = kernel;
    this.devices = [];
    this.depth = 0;
    const slots = kernel.swiotlbSlots;
    this.module.restore(slots, () => {
      this.booting = true;
      this.module.function('kernel_c_boot')(toI64(POOL_START), toI64(slots));
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

  device(index: number): Device {
    const dev = this.devices[index];
    if (dev === undefined) {
      throw new KernelCrash('wild-access', numberOfText(`device ${index}, which there is not, in ${this.where()}`));
    }
    return dev;
  }

  enter(frame: number): void {
    this.running[this.depth++] = frame;
    this.current?.enter(frame);
  }

  leave(): void {
    this.depth--;
    this.current?.leave();
  }

  where(): string {
    const name = this.module.frames[this.running[this.depth - 1] ?? -1];
    return name === undefined ? 'the kernel' : `${name}()`;
  }

  copy(to: number, from: number, size: number): void {
    throw new KernelCrash('wild-access', numberOfText(`memcpy(${to}, ${from}, ${size}) in ${this.where()}`));
  }

  knownMessage(format: string, values: readonly number[]): boolean {
    return this.booting || knownMessage(this, format, values);
  }
}
