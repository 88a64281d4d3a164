// SPDX-License-Identifier: GPL-2.0-only
/** The swiotlb code and its pool by themselves, without a machine. */
import { SlotPool } from '../slot-pool.ts';
import { Swiotlb } from '../swiotlb.ts';

export class Pool extends Swiotlb {
  constructor(slots: number, pageSize = 4096) {
    const unused = (): never => {
      throw new Error('not without a machine');
    };
    super({
      slots: new SlotPool(),
      poolUser: unused,
      copyBounced: unused,
      memset: unused,
      warn: unused,
      warnOnce: unused,
      enter: unused,
      leave: unused,
    });
    this.reset(slots, pageSize);
  }

  reset(slots: number, pageSize: number): void {
    this.slots.reset(slots, pageSize);
  }

  get used(): number {
    return this.slots.used;
  }

  get total(): number {
    return this.slots.total;
  }

  holds(phys: number): boolean {
    return this.slots.holds(phys);
  }
}
