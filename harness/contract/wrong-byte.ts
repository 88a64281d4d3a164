// SPDX-License-Identifier: GPL-2.0-only
/** Bytes that were not what their owner should have found. */
import { FIRST_LABEL } from '../machine/labels.ts';

/** The clauses that this walk decides. */
export type OwnershipClause =
  | 'to-device-data'
  | 'from-device-data'
  | 'cpu-owned-stability'
  | 'partial-write-preserved'
  | 'isolation'
  | 'failed-map-harmless';

/** Bytes in a row that were not what their owner should have found, for the same reason. */
export interface WrongBytes {
  readonly clause: OwnershipClause;
  readonly step: number;
  /** Event of the read that shows it, -1: the memory after the step does. */
  readonly event: number;
  /** -1: none is involved. */
  readonly mapping: number;
  readonly buffer: number;
  /** The first one, in the buffer. */
  readonly offset: number;
  size: number;
  /** Labels of the first one; the next bytes' count up, or stay the same for what no write wrote. */
  readonly expected: number;
  readonly observed: number;
}

/** What a walk over the bytes found. */
export class Ownership {
  /** Clauses that were put to the test. */
  readonly exercised = new Set<OwnershipClause>();
  readonly wrong: WrongBytes[] = [];

  private last: OwnershipClause | undefined;
  private lastButOne: OwnershipClause | undefined;
  private readonly lastWrong = new Map<OwnershipClause, WrongBytes>();

  /** A byte was looked at on behalf of a clause, and was right. */
  exercise(clause: OwnershipClause): void {
    // Asked per byte, and mostly for the same clauses as before.
    if (clause === this.last || clause === this.lastButOne) return;
    this.lastButOne = this.last;
    this.last = clause;
    this.exercised.add(clause);
  }

  /** A byte was wrong; it joins the bytes before it that were wrong in the same look and way. */
  miss(
    clause: OwnershipClause,
    step: number,
    event: number,
    mapping: number,
    buffer: number,
    offset: number,
    expected: number,
    observed: number,
  ): void {
    this.exercise(clause);
    const before = this.lastWrong.get(clause);
    if (
      before !== undefined &&
      before.offset + before.size === offset &&
      before.step === step &&
      before.event === event &&
      before.mapping === mapping &&
      before.buffer === buffer &&
      nextLabel(before.expected, before.size) === expected &&
      nextLabel(before.observed, before.size) === observed
    ) {
      before.size++;
      return;
    }
    const bytes = { clause, step, event, mapping, buffer, offset, size: 1, expected, observed };
    this.wrong.push(bytes);
    this.lastWrong.set(clause, bytes);
  }
}

/** Label `size` bytes further on in the same write; what nobody wrote has one label. */
function nextLabel(label: number, size: number): number {
  return label >= FIRST_LABEL ? label + size : label;
}
