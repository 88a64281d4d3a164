// SPDX-License-Identifier: GPL-2.0-only
/** Operations that cost more or less on one side than on the other, and what makes two of them one finding. */
import type { StepIx } from '../machine/vocabulary.ts';
import { COSTS, costsOf, type CostName } from '../run/costs.ts';
import type { Run } from '../run/run.ts';
import type { Scenario } from '../run/scenario.ts';
import { situationOf, type Operation } from '../run/situation.ts';
import { mechanismKey, type Shown } from './mechanism.ts';

/** One cost of an operation that was done on both sides. */
export interface CostDifference {
  readonly step: StepIx;
  readonly operation: Operation;
  /** `untrusted, bounced, coherent, FROM_DEVICE`. */
  readonly situation: string;
  readonly name: CostName;
  readonly title: string;
  readonly from: number;
  readonly to: number;
}

/** Every cost that differs, by step and in the order of COSTS. */
export function costDifferences(x: Run, y: Run): CostDifference[] {
  const after = new Map(costsOf(y).map(({ step, costs }) => [step, costs]));
  return costsOf(x).flatMap(({ step, costs }): CostDifference[] => {
    const others = after.get(step);
    const where = operationOf(x.scenario, step);
    if (others === undefined || where === undefined) return [];
    return COSTS.filter(({ name }) => costs[name] !== others[name]).map(({ name, title }) => ({
      step,
      ...where,
      name,
      title,
      from: costs[name],
      to: others[name],
    }));
  });
}

/** The mechanism: operation, situation, kind of cost, and which side it is that costs more. */
export function shownByCost({ operation, situation, name, title, from, to }: CostDifference): Shown {
  const kind = to > from ? 'costlier' : 'cheaper';
  const through = `${operation} (${situation}): ${title}`;
  return {
    key: mechanismKey(kind, operation, situation, name),
    kind,
    clause: undefined,
    cause: undefined,
    through,
  };
}

/** The operation and its situation, without how many entries a list has. */
function operationOf(
  scenario: Scenario,
  step: StepIx,
): Pick<CostDifference, 'operation' | 'situation'> | undefined {
  const found = situationOf(scenario, step);
  if (found === undefined) return undefined;
  const { operation, device, entries, bounced, coherent, direction, skip, minAlignMask } = found;
  const fate = bounced === 0 ? 'not bounced' : bounced === entries ? 'bounced' : 'partly bounced';
  const parts = [
    device,
    ...(device === 'untrusted' ? [fate] : []),
    coherent ? 'coherent' : 'non-coherent',
    direction,
    ...(skip ? ['SKIP_CPU_SYNC'] : []),
    ...(minAlignMask ? ['min_align_mask'] : []),
  ];
  return { operation, situation: parts.join(', ') };
}
