// SPDX-License-Identifier: GPL-2.0-only
/** What no clause looked at in a run, in sentences: a driver's own mistakes above all. */
import { describeStep } from '../run/trace.ts';
import type { Run } from '../run/run.ts';
import { code, plural, type Text } from '../text/document.ts';
import { Facts } from './facts.ts';
import { WHY_LEFT_OUT, type LeftOut } from './left-out.ts';
import { ownershipOf } from './ownership.ts';

/** One sentence per step and reason, in the order of the steps; empty: every byte was judged throughout. */
export function notJudged(run: Run): Text[] {
  return ownershipOf(new Facts(run)).leftOut.all.map((leftOut) => sentence(run, leftOut));
}

function sentence({ scenario }: Run, { why, step, buffer, mapping, size }: LeftOut): Text {
  const bytes = `${plural(size, 'byte')} of ${scenario.buffers[buffer]?.name ?? '?'}`;
  const device = scenario.deviceNames[scenario.mappings[mapping]?.device ?? -1] ?? 'the device';
  const said = WHY_LEFT_OUT[why](bytes, device);
  const at = scenario.steps[step];
  return at === undefined ? said : [`Step ${step + 1} (`, code(describeStep(scenario, at)), `): ${said}`];
}
