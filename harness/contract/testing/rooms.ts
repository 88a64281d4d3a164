// SPDX-License-Identifier: GPL-2.0-only
/** Two maps of a device beside another one: what of the pool and of bus addresses is free is written by hand. */
import type { EventLog } from '../../machine/event-log.ts';

export type Write = (log: EventLog) => void;

/** One segment of slots by default. Mapping 0 is of a, mapping 1 of b. */
export const machine = (settings: string, device: string, a: string): string => `
machine: { swiotlbSlots: 128${settings} }
devices: { dev: { untrusted: true${device} }, other: { untrusted: true } }
buffers: { a: { ${a} }, b: { size: 64, at: 0x300000 } }
steps:
  - map_page: { id: m, buffer: a, dir: TO_DEVICE, device: dev }
  - map_page: { id: n, buffer: b, dir: TO_DEVICE, device: dev }
`;
