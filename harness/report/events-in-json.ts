// SPDX-License-Identifier: GPL-2.0-only
/** How JSON has what an event shows: there, and nowhere else, -1 stands for none (docs/json.md). */
import type { EventIx, StepIx } from '../machine/vocabulary.ts';

/** Something of a step that an event shows, or none. */
interface OfEvent {
  readonly step: StepIx;
  readonly event?: EventIx | undefined;
}

/** The same as JSON has it: step and event, then the rest. */
export function withEvent({ step, event = -1, ...rest }: OfEvent): object {
  return { step, event, ...rest };
}

/** The evidence of both sides as JSON has it, null where that side holds. */
export function evidenceInJson(
  found: { readonly from?: OfEvent | undefined; readonly to?: OfEvent | undefined } | undefined,
): object {
  const { from, to } = found ?? {};
  return { from: from === undefined ? null : withEvent(from), to: to === undefined ? null : withEvent(to) };
}
