// SPDX-License-Identifier: GPL-2.0-only
/** What a comparison notices of a state that is not quite the state. */
import type { FindingKind } from '../compare/classify.ts';
import { Pair, type CaseResult } from '../compare/pair.ts';
import { Machine } from '../machine/machine.ts';
import { behaveAlike } from '../run/alike.ts';
import { COSTS } from '../run/costs.ts';
import { execute } from '../run/interpreter.ts';
import { returning } from '../run/returning.ts';
import { isMisuse, type Scenario } from '../run/scenario.ts';
import type { State } from '../subject/state.ts';
import { UserError } from '../text/user-error.ts';

/** How much a comparison would say of it, most first: a finding or a cost is in its report, a trace for who looks. */
export type Notice = 'finding' | 'cost' | 'trace' | 'nothing';

/** What is noticed, and where. */
export interface Noticed {
  readonly notice: Notice;
  /** The case that shows it; undefined: none does. */
  readonly scenario: string | undefined;
  /** `regressed no-crash: memset-out-of-memory`, `step 1: IOMMU pages mapped 1 → 2`; '' where there is no more to say. */
  readonly what: string;
}

const NOTHING: Noticed = { notice: 'nothing', scenario: undefined, what: '' };
/** What is no change, or may be one for where things happened to be allocated alone. */
const UNCHANGED: ReadonlySet<FindingKind> = new Set(['still-broken', 'layout-dependent']);
/** Cases that run until somebody looks whether one of them has not returned. */
const PIECE = 32;

/** Holds mutants of a state against it; the cases that noticed most mistakes come first. */
export class Gauge {
  readonly #state: State;
  readonly #cases: readonly Scenario[];
  readonly #one = new Machine();
  readonly #other = new Machine();
  /** Mistakes that a case was the first to notice: of a method, and of all. */
  readonly #scores = new Map<string, Map<Scenario, number>>();

  constructor(state: State, cases: readonly Scenario[]) {
    this.#state = state;
    this.#cases = cases;
  }

  /** The cases in which `watched`, the state itself, tells of a call. */
  casesThat(watched: (tell: () => void) => State): readonly Scenario[] {
    let told = false;
    const state = watched(() => void (told = true));
    return this.#cases.filter((scenario) => {
      told = false;
      returning(() => execute(this.#one, state, scenario, undefined));
      return told;
    });
  }

  /** What is noticed first of a mutant of `method` in the cases that come to it: a finding or a cost, if any is. */
  measure(mutant: State, method: string, reached: readonly Scenario[]): Noticed {
    const ordered = this.#strongestFirst(method, reached);
    const pair = new Pair(this.#state, mutant);
    let found = NOTHING;
    for (let at = 0; at < ordered.length; at += PIECE) {
      const piece = ordered.slice(at, at + PIECE);
      const noticed = returning(() => this.#ofPiece(pair, mutant, piece));
      if (noticed.notice === 'finding' || noticed.notice === 'cost') return this.#credit(method, noticed);
      if (found.notice === 'nothing') found = noticed;
    }
    return found;
  }

  #ofPiece(pair: Pair, mutant: State, cases: readonly Scenario[]): Noticed {
    let found = NOTHING;
    for (const scenario of cases) {
      const noticed = this.#ofCase(pair, mutant, scenario);
      if (noticed.notice === 'finding' || noticed.notice === 'cost') return noticed;
      if (found.notice === 'nothing') found = noticed;
    }
    return found;
  }

  #ofCase(pair: Pair, mutant: State, scenario: Scenario): Noticed {
    const { id } = scenario;
    try {
      const [x, y] = [
        { machine: this.#one, state: this.#state },
        { machine: this.#other, state: mutant },
      ];
      if (behaveAlike(x, y, scenario)) return NOTHING;
      const { findings, costs, sameTrace } = pair.compare(scenario);
      const finding = findings.find(({ kind }) => !UNCHANGED.has(kind));
      if (finding !== undefined) {
        const { kind, clause, cause } = finding;
        return { notice: 'finding', scenario: id, what: `${kind} ${clause}: ${cause}` };
      }
      const change = costChange(scenario, costs);
      if (change !== '') return { notice: 'cost', scenario: id, what: change };
      return sameTrace ? NOTHING : { notice: 'trace', scenario: id, what: '' };
    } catch (error) {
      // The state itself has run this case; that it does not run now is what a comparison would end with.
      if (!(error instanceof UserError)) throw error;
      return { notice: 'finding', scenario: id, what: error.message };
    }
  }

  #strongestFirst(method: string, cases: readonly Scenario[]): Scenario[] {
    const [own, all] = [this.#scores.get(method), this.#scores.get('')];
    const score = (scenario: Scenario): number =>
      (own?.get(scenario) ?? 0) * this.#cases.length + (all?.get(scenario) ?? 0);
    return cases.toSorted((a, b) => score(b) - score(a));
  }

  #credit(method: string, noticed: Noticed): Noticed {
    const scenario = this.#cases.find(({ id }) => id === noticed.scenario);
    if (scenario === undefined) return noticed;
    for (const key of [method, '']) {
      const scores = this.#scores.get(key) ?? new Map<Scenario, number>();
      scores.set(scenario, (scores.get(scenario) ?? 0) + 1);
      this.#scores.set(key, scores);
    }
    return noticed;
  }
}

/** The first cost of an operation that is another one, of those that a report counts and both sides did; '': none. */
function costChange(scenario: Scenario, { from, to }: CaseResult['costs']): string {
  for (const { step, costs } of from) {
    if (isMisuse(scenario, step)) continue;
    const other = to.find((one) => one.step === step)?.costs;
    const cost = other && COSTS.find(({ name }) => costs[name] !== other[name]);
    if (other === undefined || cost === undefined) continue;
    return `step ${step + 1}: ${cost.title} ${costs[cost.name]} → ${other[cost.name]}`;
  }
  return '';
}
