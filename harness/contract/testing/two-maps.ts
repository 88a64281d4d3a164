// SPDX-License-Identifier: GPL-2.0-only
/** Two maps whose outcomes are written by hand, and what a clause says of them. */
import type { EventLog } from '../../machine/event-log.ts';
import type { Recording, StepOutcome } from '../../run/recording.ts';
import { judge } from '../contract.ts';
import type { ClauseId } from '../verdict.ts';
import { caseOf } from './judging.ts';
import { logged, outcome } from './recordings.ts';

export type Write = (log: EventLog) => void;
export const nothing: Write = () => {};

/** The status, or each cause with its evidence. */
export function said(clause: ClauseId, yaml: string, write: Write, instead: Partial<Recording>): unknown {
  const [verdict] = judge(logged(write, caseOf(yaml), instead), [clause]);
  if (verdict?.status !== 'broken') return verdict?.status;
  return verdict.breaks.map(({ cause, evidence }) => [cause, evidence]);
}

/** Two devices, each with a mapping: 0 of 64 bytes at 0x200010, 1 of 32 at 0x300020. */
export const two = (one = '', other = '', machine = '', dir = 'TO_DEVICE', attrs = 'NONE'): string => `
machine: { ${machine} }
devices: { one: { ${one} }, other: { ${other} } }
buffers: { a: { size: 64, at: 0x200010 }, b: { size: 32, at: 0x300020 } }
steps:
  - cpu_read: a
  - map_page: { id: m, buffer: a, dir: ${dir}, device: one }
  - map_page: { id: n, buffer: b, dir: ${dir}, device: other, attrs: ${attrs} }
  - unmap_page: m
  - unmap_page: n
  - cpu_read: b
`;
export const done = (from: number, to: number, address: number, length: number): StepOutcome =>
  outcome('done', from, to, [{ address, length }]);
export const BOTH = [
  outcome('done', 0, 0),
  done(0, 1, 0xf010, 64),
  done(1, 2, 0xe020, 32),
  outcome('done', 2, 2),
  outcome('done', 2, 2),
  outcome('done', 2, 2),
];
