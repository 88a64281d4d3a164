// SPDX-License-Identifier: GPL-2.0-only
import type { Scenario } from '../run/scenario.ts';

/** Smaller cases say more: fewer steps, mappings, buffers and bytes; then by id. */
export function bySize(a: Scenario, b: Scenario): number {
  const size = (s: Scenario): number[] => [
    s.steps.length,
    s.mappings.length,
    s.buffers.length,
    s.buffers.reduce((sum, buffer) => sum + buffer.size, 0),
  ];
  const [x, y] = [size(a), size(b)];
  for (const [i, n] of x.entries()) if (n !== y[i]) return n - (y[i] ?? 0);
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
}
