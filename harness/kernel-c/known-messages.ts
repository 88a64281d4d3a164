// SPDX-License-Identifier: GPL-2.0-only
/** Messages of the kernel that the machine has kinds of its own for. */
import type { Device } from '../machine/vocabulary.ts';
import type { Host } from './machine-imports.ts';

/** Records what a message says when it is one of those; else false. `dev`: the device that it is about. */
export function knownMessage(
  host: Host,
  dev: Device | undefined,
  format: string,
  values: readonly number[],
): boolean {
  const { kernel, lastUnmap, lastLookUp } = host;
  if (format === 'WARN_ON(unmapped != size)' && lastUnmap !== undefined) {
    kernel.warnUnmapped(lastUnmap.dev, lastUnmap.unmapped, lastUnmap.asked);
    return true;
  }
  if (format === 'WARN_ON(!phys)' && lastLookUp !== undefined) {
    kernel.warnNotMapped(lastLookUp.dev, lastLookUp.iova);
    return true;
  }
  if (dev === undefined) return false;
  const [a = 0, b = 0, c = 0] = values.filter((value) => !Number.isNaN(value));
  if (/swiotlb buffer is full/.test(format)) kernel.warn('pool-full', dev, a, b, c);
  else if (format.startsWith('Invalid sizes (mapping')) kernel.warn('mapping-larger-than-alloc', dev, a, b);
  else if (/Buffer overflow detected/.test(format)) kernel.warn('bounce-overflow', dev, b, a);
  else return false;
  return true;
}
