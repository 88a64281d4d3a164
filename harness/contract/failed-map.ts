// SPDX-License-Identifier: GPL-2.0-only
/** A map that fails leaves the bytes that it was to map as they were. */
import { DMA_FROM_DEVICE, type MappingIx } from '../machine/vocabulary.ts';
import { differLength, equalLabels, LABEL_ZERO } from '../machine/labels.ts';
import type { Moment } from './isolation.ts';
import type { Look } from './wrong-byte.ts';

/** Looks for bytes that the map of mapping `map`, which failed in this step, has changed. */
export function checkFailedMap({ facts, bytes, views, found, step }: Moment, map: MappingIx): void {
  const dir = facts.mappings[map]?.dir;
  for (const { buffer, offset, size } of facts.pieces(map)) {
    const { content, seen } = bytes[buffer] ?? {};
    if (content === undefined || seen === undefined) continue;
    const now = views.labels('buffer', buffer);
    for (const run of bytes[buffer]?.between(offset, offset + size) ?? []) {
      if (!run.isCpuOwned || !run.isSettled) continue;
      found.exercise('failed-map-harmless');
      const look: Look = { clause: 'failed-map-harmless', step, mapping: map, buffer };
      for (let at = run.from, n; at < run.to; at += n) {
        n = equalLabels(seen, at, now, at, run.to - at);
        if (n > 0) continue;
        n = differLength(seen, at, now, at, run.to - at);
        const label = now[at] ?? 0;
        if (dir === DMA_FROM_DEVICE && label === LABEL_ZERO) continue;
        found.miss(look, at, seen[at] ?? 0, label, n);
      }
      seen.set(now.subarray(run.from, run.to), run.from);
      content.set(now.subarray(run.from, run.to), run.from);
    }
  }
}
