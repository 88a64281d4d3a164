// SPDX-License-Identifier: GPL-2.0-only
/** Programs with something in them replaced. */
import type { AccessStep, BufferRange, Step } from '../run/scenario.ts';
import { duringOf, type Program } from './program.ts';

/** The program with another step number `at`. */
export function withStep(program: Program, at: number, step: Step): Program {
  return { ...program, steps: program.steps.map((each, index) => (index === at ? step : each)) };
}

/** The program with every range of a buffer changed. */
export function mapRanges(program: Program, change: (range: BufferRange) => BufferRange): Program {
  const inPlace = <T extends object>(step: T): T => {
    if (!('buffer' in step)) return step;
    return { ...step, ...change(step as unknown as BufferRange) };
  };
  const steps = program.steps.map((step): Step => {
    const changed = step.op === 'map_sg' ? { ...step, sgl: step.sgl.map(change) } : inPlace(step);
    if (duringOf(changed).length === 0 || !('during' in changed)) return changed;
    const during = changed.during.map((point) => ({ ...point, steps: point.steps.map(inPlace) }));
    return { ...changed, during };
  });
  return { ...program, steps };
}

/** The program with every step and every access inside one changed. */
export function eachStep(program: Program, change: <T extends Step | AccessStep>(step: T) => T): Program {
  const steps = program.steps.map((step): Step => {
    const changed = change(step);
    if (duringOf(changed).length === 0 || !('during' in changed)) return changed;
    const during = changed.during.map((point) => ({
      ...point,
      steps: point.steps.map((each) => change(each)),
    }));
    return { ...changed, during };
  });
  return { ...program, steps };
}
