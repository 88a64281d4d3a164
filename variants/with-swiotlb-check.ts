// SPDX-License-Identifier: GPL-2.0-only
import type { Baseline } from './baseline.ts';
import type { Device } from './dma-ops.ts';

/** A state that "Check CONFIG_SWIOTLB more broadly" has been applied to. */
export interface WithSwiotlbCheck extends Baseline {
  /** dev_use_swiotlb(): CONFIG_SWIOTLB is set and the device is untrusted. */
  devUseSwiotlb(dev: Device): boolean;
}
