// SPDX-License-Identifier: GPL-2.0-only
/** Runs scenarios on hand-written states and asks the contract what it thinks of them. */
import type { DmaOpsClass } from '../../subject/dma-ops.ts';
import { stateOf } from '../../subject/testing/state-of.ts';
import { Machine } from '../../machine/machine.ts';
import type { Run } from '../../run/run.ts';
import { runScenario } from '../../run/interpreter.ts';
import { loadScenarioText } from '../../scenario/load.ts';
import type { Scenario } from '../../run/scenario.ts';
import type { Break, Cause, ClauseId, Evidence, Verdict } from '../verdict.ts';
import { judge } from '../contract.ts';

const machine = new Machine();

/** The cases of a scenario given as its YAML without the title. */
export function casesOf(yaml: string): Scenario[] {
  return loadScenarioText(`name: a test\nwhy: It is a test.\n${yaml}`, 'map/test.yaml');
}

/** The one case of a scenario. */
export function caseOf(yaml: string): Scenario {
  const [scenario, ...others] = casesOf(yaml);
  if (scenario === undefined || others.length > 0) throw new Error('not one case');
  return scenario;
}

/** Runs a case on a state of that class. */
export function runOn(Ops: DmaOpsClass, scenario: Scenario): Run {
  return runScenario(
    machine,
    stateOf(Ops.name, (fresh) => new Ops(fresh)),
    scenario,
  );
}

/** Runs the one case of `yaml` on a state of that class. */
export function recordingOf(Ops: DmaOpsClass, yaml: string): Run {
  return runOn(Ops, caseOf(yaml));
}

/** What `clause` says of `yaml` on a state of that class. */
export function verdictOf(clause: ClauseId, Ops: DmaOpsClass, yaml: string): Verdict {
  const verdict = judge(recordingOf(Ops, yaml)).find((v) => v.clause === clause);
  if (verdict === undefined) throw new Error(`no verdict of ${clause}`);
  return verdict;
}

/** `holds`, `not-exercised`, or the causes that break the clause. */
export function outcomeOf(clause: ClauseId, Ops: DmaOpsClass, yaml: string): string | readonly Cause[] {
  const { status, breaks } = verdictOf(clause, Ops, yaml);
  return status === 'broken' ? breaks.map(({ cause }) => cause) : status;
}

/** Every broken clause of a case in words: `clause: cause, cause`. */
export function brokenIn(Ops: DmaOpsClass, scenario: Scenario): string[] {
  return judge(runOn(Ops, scenario))
    .filter(({ status }) => status === 'broken')
    .map(({ clause, breaks }) => `${clause}: ${breaks.map(({ cause }) => cause).join(', ')}`);
}

/** The one break of a verdict. */
export function onlyBreak({ breaks }: Verdict): Break {
  const [only, ...others] = breaks;
  if (only === undefined || others.length > 0) {
    throw new Error(`not one break: ${breaks.map(({ cause }) => cause).join(', ') || 'none'}`);
  }
  return only;
}

/** The evidence of the one break, which must have that cause. */
export function evidenceOf(verdict: Verdict, cause: Cause): Evidence {
  const only = onlyBreak(verdict);
  if (only.cause !== cause) throw new Error(`broken by ${only.cause}, not by ${cause}`);
  return only.evidence;
}
