// SPDX-License-Identifier: GPL-2.0-only
/** Bytes that were not what their owner should have found. */
import { labelAfter } from '../machine/labels.ts';
import type { ByteRun } from './bytes.ts';
import { LeftOutBytes, type WhyLeftOut } from './left-out.ts';
import type { BufferIx, EventIx, Label, MappingIx, Size, StepIx } from '../machine/vocabulary.ts';

/** The clauses that this walk decides. */
export type OwnershipClause =
  | 'to-device-data'
  | 'from-device-data'
  | 'cpu-owned-stability'
  | 'partial-write-preserved'
  | 'isolation'
  | 'failed-map-harmless';

/** Who looked at bytes of a buffer, on behalf of which clause. */
export interface Look {
  readonly clause: OwnershipClause;
  readonly step: StepIx;
  /** Event of the read that shows it; absent: the memory after the step does. */
  readonly event?: EventIx | undefined;
  /** undefined: none is involved. */
  readonly mapping: MappingIx | undefined;
  readonly buffer: BufferIx;
  /** An untrusted device wrote the bytes out of turn. */
  readonly attacked?: boolean | undefined;
}

/** Bytes in a row that were not what their owner should have found, for the same reason. */
export interface WrongBytes extends Look {
  /** The first one, in the buffer. */
  readonly offset: Size;
  size: Size;
  /** Labels of the first one; the next bytes' count up, or stay the same for what no write wrote. */
  readonly expected: Label;
  readonly observed: Label;
}

/** What a walk over the bytes found. */
export class Ownership {
  /** Clauses that were put to the test. */
  readonly exercised = new Set<OwnershipClause>();
  readonly wrong: WrongBytes[] = [];
  /** Bytes in a row that a clause can say nothing of. */
  readonly unknown: { readonly look: Look; readonly offset: Size; size: Size }[] = [];
  readonly leftOut = new LeftOutBytes();

  private readonly lastWrong = new Map<OwnershipClause, WrongBytes>();

  /** A byte was looked at on behalf of a clause, and was right. */
  exercise(clause: OwnershipClause): void {
    this.exercised.add(clause);
  }

  /** No clause looks at the bytes again. */
  leaveOut(
    why: WhyLeftOut,
    step: StepIx,
    buffer: BufferIx,
    mapping: MappingIx | undefined,
    run: ByteRun,
  ): void {
    if (run.judged) this.pass(why, step, buffer, mapping, run);
    run.judged = false;
  }

  /** No clause looks at the bytes in this step. */
  pass(
    why: WhyLeftOut,
    step: StepIx,
    buffer: BufferIx,
    mapping: MappingIx | undefined,
    { size }: ByteRun,
  ): void {
    this.leftOut.add(why, step, buffer, mapping, size);
  }

  /** The clause can say nothing of bytes in a row; they join those before them of which the same look says nothing. */
  cannotTell(look: Look, offset: Size, size: Size): void {
    const last = this.unknown.at(-1);
    if (last?.look === look && last.offset + last.size === offset) last.size += size;
    else this.unknown.push({ look, offset, size });
  }

  /** Bytes in a row are what they should be, or were wrong; the labels of the first one given. */
  expect(look: Look, offset: Size, expected: Label, observed: Label, size: Size): void {
    if (expected === observed) this.exercise(look.clause);
    else this.miss(look, offset, expected, observed, size);
  }

  /**
   * Bytes in a row were wrong, the labels of the first one given (see WrongBytes); they join the bytes before
   * them that were wrong in the same look and way.
   */
  miss(look: Look, offset: Size, expected: Label, observed: Label, size: Size): void {
    const { clause, step, event, mapping, buffer, attacked } = look;
    this.exercise(clause);
    const before = this.lastWrong.get(clause);
    if (
      before !== undefined &&
      before.offset + before.size === offset &&
      before.step === step &&
      before.event === event &&
      before.mapping === mapping &&
      before.buffer === buffer &&
      before.attacked === attacked &&
      labelAfter(before.expected, before.size) === expected &&
      labelAfter(before.observed, before.size) === observed
    ) {
      before.size += size;
      return;
    }
    // Looks are of many shapes, these of one.
    const bytes = { clause, step, event, mapping, buffer, attacked, offset, size, expected, observed };
    this.wrong.push(bytes);
    this.lastWrong.set(clause, bytes);
  }
}
