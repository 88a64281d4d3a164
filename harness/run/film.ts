// SPDX-License-Identifier: GPL-2.0-only
/** A run, looked at after every event. */
import type { State } from '../subject/state.ts';
import { Seen, type Area, type Snapshot } from './camera.ts';
import { runScenario } from './interpreter.ts';
import { returning } from './returning.ts';
import type { Scenario } from './scenario.ts';

/**
 * Runs the case and shows what is in the areas, and what every device can reach, before its first event, after
 * each one and at the end. What an event does is done when the next one is shown.
 */
export function film(
  state: State,
  scenario: Scenario,
  areas: readonly Area[],
  look: (snapshot: Snapshot) => void,
): void {
  returning(() => {
    const machine = new Film(areas, look);
    runScenario(machine, state, scenario);
    look(machine.take());
  });
}

class Film extends Seen {
  constructor(areas: readonly Area[], look: (snapshot: Snapshot) => void) {
    super(areas);
    const { log } = this;
    const push = log.push.bind(log) as (...record: number[]) => number;
    log.push = (...record: number[]) => {
      look(this.take());
      return push(...record);
    };
  }
}
