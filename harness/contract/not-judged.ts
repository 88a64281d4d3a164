// SPDX-License-Identifier: GPL-2.0-only
/** What no clause looked at in a run: a driver's own mistakes above all. */
import type { PhysAddr, Size } from '../machine/vocabulary.ts';
import { describeStep } from '../run/trace.ts';
import type { Run } from '../run/run.ts';
import { isMisuse, mappingOfStep, type Buffer, type BufferRange, type Scenario } from '../run/scenario.ts';
import { elementAt } from '../text/element.ts';
import { code, plural, type Text } from '../text/document.ts';
import { Facts } from './facts.ts';
import { WHY_LEFT_OUT, type LeftOut } from './left-out.ts';
import { ownershipOf } from './ownership.ts';

/** One sentence per step and reason, in the order of the steps; empty: every byte was judged throughout. */
export function notJudged(run: Run): Text[] {
  return leftOutOf(new Facts(run)).map((leftOut) => leftOutSentence(run.scenario, leftOut));
}

/** What no clause looked at, per step and reason, in the order of the steps. */
export function leftOutOf(facts: Facts): readonly LeftOut[] {
  const walked = ownershipOf(facts).leftOut.all;
  const others = [...misused(facts), ...inTwoBuffers(facts)];
  return others.length === 0 ? walked : [...others, ...walked].toSorted((a, b) => a.step - b.step);
}

/** What was left out of a run of the scenario, in a sentence without its full stop. */
export function leftOutSentence(scenario: Scenario, { why, step, buffer, mapping, size }: LeftOut): Text {
  const bytes = `${plural(size, 'byte')} of ${elementAt(scenario.buffers, buffer)?.name ?? '?'}`;
  const { device: index } = elementAt(scenario.mappings, mapping) ?? {};
  const device = elementAt(scenario.deviceNames, index) ?? 'the device';
  const said = WHY_LEFT_OUT[why](bytes, device);
  const at = scenario.steps[step];
  return at === undefined ? said : [`Step ${step + 1} (`, code(describeStep(scenario, at)), `): ${said}`];
}

/** The calls that a scenario marks as misuse. */
function misused({ run: { scenario, steps }, completeSteps }: Facts): LeftOut[] {
  return scenario.steps.flatMap((_, step): LeftOut[] => {
    if (!isMisuse(scenario, step) || step >= completeSteps || steps[step]?.status === 'skipped') return [];
    return [{ why: 'misuse', step, buffer: undefined, mapping: mappingOfStep(scenario, step), size: 0 }];
  });
}

/** What is mapped of bytes that two buffers have. */
function inTwoBuffers({ run: { scenario }, mappings, completeSteps }: Facts): LeftOut[] {
  const { buffers } = scenario;
  return mappings
    .filter(({ mapped, mapStep }) => mapped && mapStep < completeSteps)
    .flatMap(({ ranges, mapStep: step, index: mapping }) =>
      [...new Set(ranges.map(({ buffer }) => buffer))].map((buffer): LeftOut => {
        const own = ranges.filter((range) => range.buffer === buffer);
        const size = own.reduce((sum, range) => sum + sharedBytes(buffers, range), 0);
        return { why: 'two-buffers', step, buffer, mapping, size };
      }),
    )
    .filter(({ size }) => size > 0);
}

/** How many bytes of the range other buffers have, too. */
function sharedBytes(buffers: readonly Buffer[], { buffer, offset, size }: BufferRange): Size {
  const start = (buffers[buffer]?.phys ?? 0) + offset;
  let shared = 0;
  let counted = start;
  for (const other of buffers.filter((_, at) => at !== buffer).toSorted((a, b) => a.phys - b.phys)) {
    const from = Math.max(counted, other.phys);
    const to = Math.min(start + size, endOf(other));
    if (from >= to) continue;
    shared += to - from;
    counted = to;
  }
  return shared;
}

function endOf({ phys, size }: Buffer): PhysAddr {
  return phys + size;
}
