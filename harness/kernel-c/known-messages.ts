// SPDX-License-Identifier: GPL-2.0-only
/** Messages of the kernel that the machine has kinds of its own for. */
import type { Host } from './machine-imports.ts';

/** Records what a message says when it is one of those; else false. */
export function knownMessage(host: Host, format: string, _values: readonly number[]): boolean {
  const { lastUnmap, lastLookUp } = host;
  if (format === 'WARN_ON(unmapped != size)' && lastUnmap !== undefined) {
    host.kernel.warnUnmapped(lastUnmap.dev, lastUnmap.unmapped, lastUnmap.asked);
    return true;
  }
  if (format === 'WARN_ON(!phys)' && lastLookUp !== undefined) {
    host.kernel.warnNotMapped(lastLookUp.dev, lastLookUp.iova);
    return true;
  }
  return false;
}
