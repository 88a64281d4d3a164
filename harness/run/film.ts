// SPDX-License-Identifier: GPL-2.0-only
/** A run, looked at after every event. */
import type { State } from '../subject/state.ts';
import { Seen, type Area, type AreaLabels, type Snapshot } from './camera.ts';
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
    const machine = new Film(areas, () => {
      look(machine.take());
    });
    runScenario(machine, state, scenario);
    look(machine.take());
  });
}

/** The same with what is in the areas alone, and how many events have happened. */
export function filmContents(
  state: State,
  scenario: Scenario,
  areas: readonly Area[],
  look: (contents: readonly AreaLabels[], events: number) => void,
): void {
  returning(() => {
    const machine = new Film(areas, () => {
      look(machine.contents(), machine.log.length);
    });
    runScenario(machine, state, scenario);
    look(machine.contents(), machine.log.length);
  });
}

class Film extends Seen {
  /** `look`: called in front of each event. */
  constructor(areas: readonly Area[], look: () => void) {
    super(areas);
    const { log } = this;
    const push = log.push.bind(log) as (...record: number[]) => number;
    log.push = (...record: number[]) => {
      look();
      return push(...record);
    };
  }
}
