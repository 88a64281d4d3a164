// SPDX-License-Identifier: GPL-2.0-only
/** What a scenario lets happen at a kernel call: accesses right after it (`during`), and its failure (`fail_next`). */
import type { StepIx } from '../machine/vocabulary.ts';
import type { Run } from './run.ts';
import type { Scenario } from './scenario.ts';

/** What of that came about in a step. */
export interface Triggered {
  /** The step ran to its end. */
  readonly ran: boolean;
  /** Calls that failed so, and that accesses came after, by name. */
  readonly at: readonly string[];
}

/** Per step that began; nothing where the scenario asks for nothing of the kind. */
export function triggeredIn({ scenario, steps, events, crash }: Run): readonly Triggered[] {
  if (!hasTriggers(scenario)) return [];
  return steps.map(({ status, from, to }, index) => {
    const step = scenario.steps[index];
    const during = step !== undefined && 'during' in step ? step.during : [];
    return {
      ran: (status === 'done' || status === 'failed') && crash?.step !== index,
      at: [
        ...during.flatMap(({ after, nth }) =>
          events.of(after, from, to).length >= nth ? [`${after} ${nth}`] : [],
        ),
        ...events.between(from, to).flatMap(({ kind, injected }) => (injected ? [`${kind} fails`] : [])),
      ],
    };
  });
}

function hasTriggers({ steps }: Scenario): boolean {
  return steps.some((step) => step.op === 'fail_next' || ('during' in step && step.during.length > 0));
}

/**
 * The first step in which something of it came about in one run alone, or more often than in the other, although
 * that one ran the step to its end: from there on the two are not put to the same test. Infinity: there is none.
 */
export function partedAt(a: readonly Triggered[], b: readonly Triggered[]): StepIx {
  const isLess = ({ ran, at }: Triggered, other: Triggered): boolean =>
    ran && other.at.some((what) => timesOf(what, at) < timesOf(what, other.at));
  const index = a.findIndex((one, step) => {
    const other = b[step];
    return other !== undefined && (isLess(one, other) || isLess(other, one));
  });
  return index < 0 ? Infinity : index;
}

function timesOf(what: string, all: readonly string[]): number {
  return all.filter((one) => one === what).length;
}
