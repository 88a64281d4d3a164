// SPDX-License-Identifier: GPL-2.0-only
/** Cases of the corpus as programs: what exploration varies. */
import { isMisuse, type Scenario } from '../run/scenario.ts';
import { FIRST_HOME, HOME_SIZE, type Program, type ProgramBuffer } from './program.ts';
import { legal } from './vary.ts';

/** The programs of those cases that are correct use of the API, each once. */
export function programsOf(scenarios: readonly Scenario[]): Program[] {
  const found = new Map<string, Program>();
  for (const scenario of scenarios) {
    const program = programOf(scenario);
    if (program !== undefined) found.set(JSON.stringify(program), program);
  }
  return [...found.values()];
}

/** The case as a program; undefined: it misuses the API, its buffers are not placed as a program's, or it is too large. */
function programOf(scenario: Scenario): Program | undefined {
  const { machine, layout, buffers, steps } = scenario;
  if (layout !== undefined || steps.length > MOST_STEPS) return undefined;
  if (steps.some((_, step) => isMisuse(scenario, step))) return undefined;
  const placed: ProgramBuffer[] = [];
  let home = FIRST_HOME;
  for (const { phys, size } of buffers) {
    const offset = phys - home;
    if (offset < 0 || offset >= HOME_SIZE) return undefined;
    placed.push({ size, offset });
    home += Math.ceil((offset + size) / HOME_SIZE) * HOME_SIZE;
  }
  const program = legal({ machine, buffers: placed, steps: steps.map((step) => ({ ...step, line: 0 })) });
  return program.steps.length === 0 ? undefined : program;
}

/** Longer cases would make every variation slow. */
const MOST_STEPS = 24;
