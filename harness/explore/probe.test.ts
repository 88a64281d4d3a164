// SPDX-License-Identifier: GPL-2.0-only
/** What is done to look at fewer runs and layouts changes no answer. */
import { expect, test } from '@jest/globals';
import { findState } from '../../variants/registry.ts';
import { classify } from '../compare/classify.ts';
import { lookAtBoth } from '../compare/evaluate.ts';
import { layoutDependent, tryLayouts, type BothSides } from '../compare/layouts.ts';
import { CLAUSE_IDS } from '../contract/verdict.ts';
import { Machine } from '../machine/machine.ts';
import { behaveAlike, type Life } from '../run/alike.ts';
import { runScenario } from '../run/interpreter.ts';
import { sameBehaviour } from '../run/same.ts';
import { Machines } from './probe.ts';
import { toScenario } from './program.ts';
import { seededPrograms } from './source.ts';

const PROGRAMS = 150;

function lifeOf(id: string, machine = new Machine()): Life {
  const state = findState(id);
  if (state === undefined) throw new Error(`no state ${id}`);
  return { machine, state };
}

test.each([
  ['baseline', 'v8', 'most programs differ'],
  ['v7', 'v8', 'hardly any does'],
])('%s and %s are looked at where they differ, and nowhere else: %s', (before, after) => {
  const machines = new Machines();
  const [from, to] = [lifeOf(before, machines.one), lifeOf(after, machines.other)];
  const [x, y] = [lifeOf(before), lifeOf(after)];
  const source = seededPrograms(5);
  for (let index = 0; index < PROGRAMS; index++) {
    const scenario = toScenario(source.at(index));
    const runs = machines.runBoth(from, to, scenario);
    expect(runs === undefined).toBe(behaveAlike(x, y, scenario));
    if (runs === undefined) continue;
    expect(sameBehaviour(runs[0], runScenario(x.machine, x.state, scenario))).toBe(true);
    expect(sameBehaviour(runs[1], runScenario(y.machine, y.state, scenario))).toBe(true);
  }
});

test('the same findings are layout-dependent for who asks which, and for who asks in which layouts', () => {
  const [from, to] = [lifeOf('v3'), lifeOf('review/map-aligned-from-start')];
  const source = seededPrograms(8);
  const kinds = new Set<boolean>();
  for (let index = 0; index < PROGRAMS; index++) {
    const scenario = toScenario(source.at(index));
    const sidesOf: BothSides = (where, clauses) => lookAtBoth(from, to, where, clauses);
    const plain = sidesOf(scenario, CLAUSE_IDS);
    const findings = classify(...plain);
    const tried = tryLayouts(plain, scenario, findings, sidesOf);
    const few = layoutDependent(plain, scenario, findings, sidesOf);
    for (const [at, finding] of findings.entries()) {
      const isLucky = tried[at]?.kind === 'layout-dependent';
      expect(few.has(finding)).toBe(isLucky);
      if (finding.kind === 'fixed' || finding.kind === 'regressed') kinds.add(isLucky);
    }
  }
  expect(kinds).toEqual(new Set([true, false]));
});
