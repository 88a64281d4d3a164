// SPDX-License-Identifier: GPL-2.0-only
/** What the states on the way from one to another make of cases: each evaluated once, whoever asks. */
import { assertReady } from '../subject/not-ready.ts';
import type { ChainLink, Frame, State } from '../subject/state.ts';
import { CLAUSE_IDS, type ClauseId, type Verdict } from '../contract/verdict.ts';
import { shared, splitBy, type Victim } from '../contract/victim.ts';
import { judgeFacts } from '../contract/contract.ts';
import { Facts } from '../contract/facts.ts';
import type { Machine } from '../machine/machine.ts';
import { costsOf, type StepCosts } from '../run/costs.ts';
import { keep, KeptRun } from '../run/run.ts';
import { sameBehaviour } from '../run/same.ts';
import { partedAt, triggeredIn } from '../run/triggers.ts';
import { readsTheSame } from '../run/trace.ts';
import { lookAt } from '../run/interpreter.ts';
import { returning } from '../run/returning.ts';
import type { Scenario } from '../run/scenario.ts';
import type { Evaluation } from './evaluate.ts';
import { courseOf, sideOf, wentAsFar, type Side, isAsFull, slotsHeld } from './side.ts';

/** How a state stands towards a defect in a case; `hidden`: it crashes first, its map fails, or its run does not show it. */
export type Standing = 'broken' | 'holds' | 'hidden';

/** What is wrong with whom. */
export interface Harm {
  readonly clause: ClauseId;
  readonly victims: readonly Victim[];
}

/** What follows from a run, each worked out when first asked for; states that behave alike share it. */
export class Judged implements Evaluation {
  private readonly found: {
    readonly run: KeptRun;
    facts?: Facts;
    verdicts?: readonly Verdict[];
    costs?: readonly StepCosts[];
    readonly one: Map<ClauseId, Verdict>;
  };
  readonly run: KeptRun;

  constructor(run: KeptRun, like?: Judged) {
    this.run = run;
    this.found = like?.found ?? { run, one: new Map() };
  }

  get verdicts(): readonly Verdict[] {
    return (this.found.verdicts ??= judgeFacts(this.facts, CLAUSE_IDS));
  }

  private get facts(): Facts {
    return (this.found.facts ??= new Facts(this.found.run));
  }

  get costs(): readonly StepCosts[] {
    return (this.found.costs ??= costsOf(this.found.run));
  }

  /** All that was observed of the two is equal, so all that follows from it is. */
  isLike(other: Judged): boolean {
    return this.found === other.found;
  }

  /** The verdict of one clause, without the others where nobody asked for them. */
  verdict(clause: ClauseId): Verdict | undefined {
    const { verdicts, one } = this.found;
    if (verdicts !== undefined) return verdicts.find((verdict) => verdict.clause === clause);
    const known = one.get(clause) ?? judgeFacts(this.facts, [clause])[0];
    if (known !== undefined) one.set(clause, known);
    return known;
  }
}

/** What states make of cases, evaluated when first asked for. */
export class Prefixes {
  private readonly machine: Machine;
  private readonly known = new Map<string, Judged>();
  /** Per case: the evaluations that differ in what was observed. */
  private readonly distinct = new Map<string, Judged[]>();
  /** States with some patches more, by name. */
  private readonly made = new Map<string, State>();
  private readonly functions = new WeakMap<State, ReadonlySet<string>>();

  constructor(machine: Machine) {
    this.machine = machine;
  }

  of(state: State, scenario: Scenario): Judged {
    const key = `${state.id} ${nameOf(scenario)}`;
    let evaluation = this.known.get(key);
    if (evaluation === undefined) {
      assertReady(state, scenario.machine);
      evaluation = this.sameCode(state, scenario) ?? this.evaluate(state, scenario);
      this.known.set(key, evaluation);
    }
    return evaluation;
  }

  /** The state's side of a comparison; `clauses`: the verdicts of these only. */
  sideOf(state: State, scenario: Scenario, clauses?: readonly ClauseId[]): Side {
    const evaluation = this.of(state, scenario);
    const verdicts = clauses?.flatMap((clause) => evaluation.verdict(clause) ?? []);
    return sideOf(evaluation.run, verdicts ?? evaluation.verdicts);
  }

  /** The state and some more patches; throws where these do not apply. */
  with(state: State, patches: readonly ChainLink[]): State {
    const name = [state.id, ...patches.map(({ id }) => id)].join(' + ');
    const found = this.made.get(name) ?? state.with(patches);
    this.made.set(name, found);
    return found;
  }

  /**
   * What a state below this one makes of the case, if that is known and ran none of the functions that the
   * patches since have changed: then this state's run is the same. A class has only methods, and every one that
   * runs is on a call path; of C that was compiled, nothing of the kind is known.
   */
  private sameCode(state: State, scenario: Scenario): Judged | undefined {
    if (state.code === undefined) return undefined;
    for (let below = state.below; below !== undefined; below = below.below) {
      const known = this.known.get(`${below.id} ${nameOf(scenario)}`);
      if (known === undefined) continue;
      const own = this.functionsOf(state);
      const isSame = known.run.paths.every((path) => path.method === '' || own.has(functionName(path)));
      return isSame ? new Judged(new KeptRun(known.run, { state: state.id }), known) : undefined;
    }
    return undefined;
  }

  private functionsOf(state: State): ReadonlySet<string> {
    const found = this.functions.get(state) ?? new Set(state.frames.map(functionName));
    this.functions.set(state, found);
    return found;
  }

  /** Most patches change nothing in a case: what another state's run was found to be holds for this one. */
  private evaluate(state: State, scenario: Scenario): Judged {
    const run = returning(() => lookAt(this.machine, state, scenario));
    const name = nameOf(scenario);
    const others = this.distinct.get(name) ?? [];
    const same = others.find((other) => sameBehaviour(run, other.run));
    if (same !== undefined) return new Judged(keep(run, same.run), same);
    const evaluation = new Judged(keep(run));
    this.distinct.set(name, [...others, evaluation]);
    return evaluation;
  }

  /** Broken when the state breaks the clause for some of these victims, whatever the cause; `shownBy` does. */
  standing(state: State, scenario: Scenario, { clause, victims }: Harm, shownBy: State): Standing {
    const evaluation = this.of(state, scenario);
    const { run } = evaluation;
    const { status, breaks: found = [], unknown = [] } = evaluation.verdict(clause) ?? {};
    if (found.some((b) => victims.some((victim) => shared(victim, b.victims).length > 0))) return 'broken';
    const shown = this.of(shownBy, scenario).run;
    const end = Math.min(run.crash?.step ?? Infinity, partedAt(triggeredIn(run), triggeredIn(shown)));
    const reached = victims.filter(({ evidence }) => evidence.step < end);
    if (reached.every((victim) => splitBy(victim, unknown).outside.length === 0)) return 'hidden';
    const isEndless = clause === 'no-crash' && shown.crash?.kind === 'search-never-ends';
    if (isEndless && !isAsFull(slotsHeld(run), slotsHeld(shown), shown.crash.step)) return 'hidden';
    const maps = reached.flatMap(({ evidence: { mapping } }) => mapping ?? []);
    if (clause === 'map-succeeds') {
      if (maps.some((mapping) => courseOf(run, mapping).returned === 'failed')) return 'broken';
    } else if (maps.some((mapping) => !wentAsFar(courseOf(run, mapping), courseOf(shown, mapping)))) {
      return 'hidden';
    }
    // Nobody looked, as with no-leftovers where the mapping is live in the end.
    return status === 'not-exercised' ? 'hidden' : 'holds';
  }

  /** True when the two states' traces of the case read the same. */
  sameTrace(a: State, b: State, scenario: Scenario): boolean {
    const [x, y] = [this.of(a, scenario), this.of(b, scenario)];
    return x.isLike(y) || readsTheSame(x.run, y.run);
  }
}

/** The case, in the layout that it is run in. */
function nameOf({ id, layout }: Scenario): string {
  return layout === undefined ? id : `${id} ${JSON.stringify(layout)}`;
}

function functionName({ patch, method }: Frame): string {
  return `${patch} ${method}`;
}
