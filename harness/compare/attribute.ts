// SPDX-License-Identifier: GPL-2.0-only
/** Which patch did it: differences walked through the prefixes of a series. */
import { assertReady, NotReady } from '../subject/not-ready.ts';
import type { ChainLink, State } from '../subject/state.ts';
import type { ClauseId, Verdict } from '../contract/verdict.ts';
import { shared, type Victim } from '../contract/victim.ts';
import { judge } from '../contract/contract.ts';
import type { Machine } from '../machine/machine.ts';
import type { MappingIx } from '../machine/vocabulary.ts';
import { costsOf, type StepCosts } from '../run/costs.ts';
import type { Run } from '../run/run.ts';
import { sameBehaviour } from '../run/same.ts';
import { behaviourOf } from '../run/trace.ts';
import { runScenario } from '../run/interpreter.ts';
import { returning } from '../run/returning.ts';
import type { Scenario } from '../run/scenario.ts';
import type { Stage, Walk } from './chain.ts';
import type { Evaluation } from './evaluate.ts';

type Effect = 'breaks' | 'mends' | 'hides' | 'uncovers';

/** How a state stands towards a defect in a case; `hidden`: it crashes first, or its map fails. */
export type Standing = 'broken' | 'holds' | 'hidden';

/** What is wrong with whom. */
export interface Harm {
  readonly clause: ClauseId;
  readonly victims: readonly Victim[];
}

/** A patch that changes something on the way. */
export interface Turn {
  readonly stage: Stage;
  /**
   * `breaks`: the bytes are as promised before the patch and not after it; `mends`: the other way round.
   * `hides`: from this patch on a crash or a failed map comes first, so nothing can be said; `uncovers`:
   * until this patch.
   */
  readonly effect: Effect;
  /** What can be said after the patch. */
  readonly after: Standing;
  /** Methods that the patch has its own version of. */
  readonly touched: readonly string[];
  /** Of these, the ones that ran in the case. */
  readonly executed: readonly string[];
  /** Earlier patches of the walk without which it works, but turns nothing. */
  readonly together: readonly ChainLink[];
}

/** Who is behind a finding in one case. */
export interface Attribution {
  readonly scenario: Scenario;
  /** Patches of the second state's chain that turn it, in order; more than one: it comes and goes. */
  readonly forth: readonly Turn[];
  /** The same of the first state's chain. */
  readonly back: readonly Turn[];
  /** The other chain's patches of the same subject, when just one chain turns it. */
  readonly counterparts: readonly Stage[];
}

/** What follows from a run, each worked out when first asked for; states that behave alike share it. */
class Judged implements Evaluation {
  private readonly found: {
    readonly run: Run;
    verdicts?: Verdict[];
    costs?: readonly StepCosts[];
    one: Map<ClauseId, Verdict>;
  };
  readonly run: Run;

  constructor(run: Run, like?: Judged) {
    this.run = run;
    this.found = like?.found ?? { run, one: new Map() };
  }

  get verdicts(): readonly Verdict[] {
    return (this.found.verdicts ??= judge(this.found.run));
  }

  get costs(): readonly StepCosts[] {
    return (this.found.costs ??= costsOf(this.found.run));
  }

  /** The verdict of one clause, without the others where nobody asked for them. */
  verdict(clause: ClauseId): Verdict | undefined {
    const { verdicts, one, run } = this.found;
    if (verdicts !== undefined) return verdicts.find((verdict) => verdict.clause === clause);
    const known = one.get(clause) ?? judge(run, [clause])[0];
    if (known !== undefined) one.set(clause, known);
    return known;
  }
}

/** What a state makes of a case, evaluated when first asked for. */
export class Prefixes {
  private readonly machine: Machine;
  private readonly known = new Map<string, Judged>();
  /** Per scenario: the evaluations that differ in what was observed. */
  private readonly distinct = new Map<string, Judged[]>();

  constructor(machine: Machine) {
    this.machine = machine;
  }

  of(state: State, scenario: Scenario): Judged {
    const key = `${state.id} ${scenario.id}`;
    let evaluation = this.known.get(key);
    if (evaluation === undefined) {
      assertReady(state, scenario.machine);
      evaluation = this.evaluate(returning(() => runScenario(this.machine, state, scenario)));
      this.known.set(key, evaluation);
    }
    return evaluation;
  }

  /** Most patches change nothing in a case: what another state's run was found to be holds for this one. */
  private evaluate(run: Run): Judged {
    const others = this.distinct.get(run.scenario.id) ?? [];
    const same = others.find((other) => sameBehaviour(run, other.run));
    if (same !== undefined) return new Judged(run, same);
    const evaluation = new Judged(run);
    this.distinct.set(run.scenario.id, [...others, evaluation]);
    return evaluation;
  }

  /** Broken when the state breaks the clause for some of these victims, whatever the cause. */
  standing(state: State, scenario: Scenario, { clause, victims }: Harm): Standing {
    const evaluation = this.of(state, scenario);
    const { run } = evaluation;
    const found = evaluation.verdict(clause)?.breaks ?? [];
    if (found.some((b) => victims.some((victim) => shared(victim, b.victims).length > 0))) return 'broken';
    const first = Math.min(...victims.map(({ evidence }) => evidence.step));
    if ((run.crash?.step ?? Infinity) <= first) return 'hidden';
    const failed = victims.some(({ evidence: { mapping = -1 } }) => hasFailed(run, mapping));
    if (!failed) return 'holds';
    return clause === 'map-succeeds' ? 'broken' : 'hidden';
  }

  /** True when the two states' traces of the case read the same. */
  sameTrace(a: State, b: State, scenario: Scenario): boolean {
    const [x, y] = [this.of(a, scenario).run, this.of(b, scenario).run];
    return behaviourOf(x).join('\n') === behaviourOf(y).join('\n');
  }
}

function hasFailed({ scenario, steps }: Run, mapping: MappingIx): boolean {
  return steps[scenario.mappings[mapping]?.step ?? -1]?.status === 'failed';
}

/** Walks a finding in one case through both chains. */
export function attribute(prefixes: Prefixes, walk: Walk, scenario: Scenario, harm: Harm): Attribution {
  const standing = (state: State): Standing => prefixes.standing(state, scenario, harm);
  const turns = (stages: readonly Stage[]): Turn[] =>
    stages.flatMap((stage, index): Turn[] => {
      const [before, after] = [standing(stage.before), standing(stage.after)];
      if (before === after) return [];
      const together = partnersOf(stages[0]?.before ?? stage.before, stages.slice(0, index), stage, standing);
      const functions = functionsOf(prefixes, stage, scenario);
      return [{ stage, effect: effectOf(before, after), after, ...functions, together }];
    });
  const forth = turns(walk.forth);
  const back = turns(walk.back);
  const [turned, others] =
    forth.length === 0 ? [back, walk.forth] : back.length === 0 ? [forth, walk.back] : [[], []];
  const counterparts = others.filter((other) => turned.some(({ stage }) => isSameSubject(stage, other)));
  return { scenario, forth, back, counterparts };
}

function effectOf(before: Standing, after: Standing): Effect {
  if (after === 'hidden') return 'hides';
  if (before === 'hidden') return 'uncovers';
  return after === 'broken' ? 'breaks' : 'mends';
}

/**
 * The earlier patches that a turn needs: each is left out on trial, and stays out as long as the patch
 * still turns the finding. Those that it is written on top of do not count: it rewrites one of their
 * methods, or cannot run without what they add.
 */
function partnersOf(
  start: State,
  earlier: readonly Stage[],
  { patch, after }: Stage,
  standing: (state: State) => Standing,
): ChainLink[] {
  const result = standing(after);
  const touched = touchedBy(after, patch);
  const partners: ChainLink[] = [];
  let needed = earlier.map((stage) => stage.patch);
  for (const stage of earlier) {
    const rest = needed.filter((other) => other !== stage.patch);
    try {
      const missing = standing(start.with(rest));
      const whole = standing(start.with([...rest, patch]));
      if (missing !== result && whole === result) needed = rest;
      else if (!touchedBy(stage.after, stage.patch).some((method) => touched.includes(method))) {
        partners.push(stage.patch);
      }
    } catch (error) {
      if (error instanceof NotReady) throw error;
      // It calls what the patch left out would have added, or does not apply without it.
    }
  }
  return partners;
}

/** Methods that the patch has its own version of, in the state right after it. */
function touchedBy({ frames }: State, { id }: ChainLink): string[] {
  return frames.filter((frame) => frame.patch === id).map(({ method }) => method);
}

/** Posted under the same subject, give or take what was appended to it. */
function isSameSubject({ patch: a }: Stage, { patch: b }: Stage): boolean {
  return a.subject.startsWith(b.subject) || b.subject.startsWith(a.subject);
}

/** The functions of a patch, and which of them the case runs. */
function functionsOf(
  prefixes: Prefixes,
  { patch, after }: Stage,
  scenario: Scenario,
): { touched: string[]; executed: string[] } {
  const touched = touchedBy(after, patch);
  const ran = new Set(
    prefixes
      .of(after, scenario)
      .run.paths.filter((path) => path.patch === patch.id)
      .map(({ method }) => method),
  );
  return { touched, executed: touched.filter((method) => ran.has(method)) };
}
