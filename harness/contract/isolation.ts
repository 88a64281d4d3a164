// SPDX-License-Identifier: GPL-2.0-only
/** An operation on one mapping changes nothing of other mappings and buffers, as their owners see it. */
import { equalLabels } from '../machine/labels.ts';
import type { BufferIx, Label, MappingIx, Size } from '../machine/vocabulary.ts';
import type { StepOutcome } from '../run/recording.ts';
import { covers, sharesLine, type BufferBytes } from './bytes.ts';
import type { Facts } from './facts.ts';
import type { Views } from './views.ts';
import type { Ownership } from './wrong-byte.ts';

/** The ownership walk at a step: what is known of the bytes before it, and the views after it. */
export interface Moment {
  readonly facts: Facts;
  readonly bytes: readonly BufferBytes[];
  readonly views: Views;
  readonly found: Ownership;
  readonly step: number;
}

/** Looks for bytes that the operation on mapping `map` changed and had no business with. */
export function checkIsolation(moment: Moment, map: number, outcome: StepOutcome): void {
  checkBuffers(moment, map, outcome);
  checkMappings(moment, map, outcome);
}

function checkBuffers(moment: Moment, map: number, outcome: StepOutcome): void {
  const { facts, views } = moment;
  const { scenario } = facts.run;
  const coherent = facts.coherent(facts.mappings[map]?.device ?? 0);
  for (let buffer = 0; buffer < moment.bytes.length; buffer++) {
    if (!views.isNew('buffer', buffer)) continue;
    const before = views.labelsBefore('buffer', buffer);
    const after = views.labels('buffer', buffer);
    for (const run of moment.bytes[buffer]?.runs ?? []) {
      if (!run.isCpuOwned || !run.isSettled) continue;
      const { from, to } = run;
      for (let at = from + equalLabels(after, from, before, from, to - from); at < to; at++) {
        const now = after[at] ?? 0;
        // What it should hold comes to light, perhaps by its own device's write: no harm.
        if (now === before[at] || now === moment.bytes[buffer]?.content[at]) continue;
        if (covers(scenario, map, buffer, at)) continue;
        if (!coherent && sharesLine(scenario, map, buffer, at)) continue;
        const expected = before[at];
        if (expected === undefined) continue;
        checkUnchanged(moment, outcome, { mapping: run.mappings[0], buffer, offset: at }, expected, now);
      }
    }
  }
}

function checkMappings(moment: Moment, map: number, outcome: StepOutcome): void {
  const { facts, views, found, step } = moment;
  for (const other of facts.mappings) {
    if (other.index === map || !facts.liveAt(other, step) || other.mapStep >= step) continue;
    found.exercise('isolation');
    if (!views.isNew('mapping', other.index)) continue;
    const before = views.labelsBefore('mapping', other.index);
    const after = views.labels('mapping', other.index);
    for (let byte = equalLabels(after, 0, before, 0, after.length); byte < after.length; byte++) {
      const now = after[byte] ?? 0;
      if (now === before[byte]) continue;
      const place = facts.bufferByte(other.index, byte);
      if (place === undefined) continue;
      const { buffer, offset } = place;
      const run = moment.bytes[buffer]?.runAt(offset);
      if (run?.owners.includes(other.index) !== true || !run.judged || run.attacked) continue;
      if (now === moment.bytes[buffer]?.content[offset]) continue;
      if (covers(facts.run.scenario, map, buffer, offset)) continue;
      const expected = before[byte];
      if (expected === undefined) continue;
      checkUnchanged(moment, outcome, { mapping: other.index, buffer, offset }, expected, now);
    }
  }
}

/** A byte that has another label than before the operation: somebody wrote it in this step, or it is a break. */
function checkUnchanged(
  { facts, found, step }: Moment,
  outcome: StepOutcome,
  { mapping, buffer, offset }: { mapping: MappingIx | undefined; buffer: BufferIx; offset: Size },
  expected: Label,
  observed: Label,
): void {
  const origin = facts.run.provenance.of(observed);
  // Written by somebody in this very step: not the operation's doing.
  if ('event' in origin && origin.event >= outcome.from) return;
  found.miss({ clause: 'isolation', step, mapping, buffer }, offset, expected, observed, 1);
}
