// SPDX-License-Identifier: GPL-2.0-only
/** States that are honest but for one thing, which several tests need. */
import {
  DMA_FROM_DEVICE,
  type Attrs,
  type Device,
  type Direction,
  type DmaAddr,
  type PhysAddr,
  type Scatterlist,
  type Size,
} from '../../../variants/dma-ops.ts';
import { HonestOps } from './honest-ops.ts';

export class NeverCopiesOut extends HonestOps {
  protected override copyOut(): void {
    // The bounce buffer stays cleared.
  }
}

/** Copies at the first hand-over to the device, never again. */
export class CopiesOutOnce extends HonestOps {
  private copies = 0;

  protected override copyOut(dev: Device, tlb: PhysAddr, size: Size, dir: Direction): void {
    if (this.copies++ === 0) super.copyOut(dev, tlb, size, dir);
  }
}

export class NeverCopiesBack extends HonestOps {
  protected override copyBack(): void {
    // What the device wrote stays in the bounce buffer.
  }
}

export class NeverClears extends HonestOps {
  protected override fillSlots(): void {
    // The slots keep what they held before.
  }
}

/** Clears 100 bytes of the buffer before the data is taken from it. */
export class ClearsTooEarly extends HonestOps {
  protected override takeSlots(dev: Device, phys: PhysAddr, length: Size, dir: Direction): PhysAddr {
    this.kernel.memset(phys, 100);
    return super.takeSlots(dev, phys, length, dir);
  }
}

export class NeverCleans extends HonestOps {
  protected override writeBack(): void {
    // What the CPU wrote stays in its cache.
  }
}

/** What arm64 does for a from-device mapping, done for every one. */
export class InvalidatesInsteadOfCleaning extends HonestOps {
  protected override writeBack(phys: PhysAddr, size: Size): void {
    this.kernel.archSyncDmaForDevice(phys, size, DMA_FROM_DEVICE);
  }
}

export class NeverInvalidates extends HonestOps {
  protected override invalidate(): void {
    // The cache keeps what it had before the device wrote.
  }
}

export class NeverBounces extends HonestOps {
  protected override bounces(): boolean {
    return false;
  }
}

export class ForgetsTheIotlb extends HonestOps {
  protected override syncIotlb(): void {
    // The IOTLB keeps what the page table lost.
  }
}

/** Leaves the last granule of every mapping in the page table. */
export class UnmapsOneGranuleLess extends HonestOps {
  protected override revoke(dev: Device, iova: DmaAddr, length: Size): void {
    const granule = 2 ** this.kernel.iovaShift(dev);
    this.kernel.iommuUnmap(dev, iova, length - granule);
    this.syncIotlb(dev);
    this.freeIova(dev, iova / granule, this.iovaPages(length / granule));
  }
}

/** Maps the granule behind the buffer as well, and never gives it back. */
export class MapsOneGranuleMore extends HonestOps {
  protected override install(dev: Device, phys: PhysAddr, length: Size, prot: number): DmaAddr {
    return super.install(dev, phys, length + 2 ** this.kernel.iovaShift(dev), prot);
  }
}

/** The first dma segment of a list is 64 bytes longer than its entry. */
export class ReturnsALongSegment extends HonestOps {
  override mapSg(dev: Device, sgl: Scatterlist, nents: number, dir: Direction, attrs: Attrs): number {
    const count = super.mapSg(dev, sgl, nents, dir, attrs);
    const first = sgl[0];
    if (first !== undefined) first.dmaLength += 64;
    return count;
  }
}

/** Copies the whole granules that the buffer touches, not just the buffer. */
export class CopiesWholeGranules extends HonestOps {
  protected override copyOut(dev: Device, tlb: PhysAddr, size: Size, dir: Direction): void {
    const offset = this.kernel.iovaOffset(dev, tlb);
    super.copyOut(dev, tlb - offset, this.kernel.iovaAlign(dev, offset + size), dir);
  }

  protected override copyBack(dev: Device, tlb: PhysAddr, size: Size, dir: Direction): void {
    const offset = this.kernel.iovaOffset(dev, tlb);
    super.copyBack(dev, tlb - offset, this.kernel.iovaAlign(dev, offset + size), dir);
  }
}
