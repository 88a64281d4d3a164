// SPDX-License-Identifier: GPL-2.0-only
/** Two states on a corpus: findings by cause, costs, and how much it rests on. */
import type { State } from '../subject/state.ts';
import { CLAUSE_IDS, type Cause, type ClauseId } from '../contract/verdict.ts';
import type { LeftOut } from '../contract/left-out.ts';
import { keyOf, type Defect } from '../contract/defect.ts';
import { eachReturning } from '../run/returning.ts';
import type { Scenario } from '../run/scenario.ts';
import { OperationCostTally, type OperationCosts } from './operation-costs.ts';
import { FINDING_KINDS, type CaseFinding, type FindingKind } from './classify.ts';
import { Pair, type CaseResult } from './pair.ts';
import { bySize } from './size.ts';

/** A finding in one case. */
export interface FindingCase extends CaseFinding {
  readonly scenario: Scenario;
}

/** All cases of the same kind of change, of the same clause, for the same cause. */
export interface Finding extends Defect {
  readonly kind: FindingKind;
  /** What the first side breaks the clause for, where that is another cause. */
  readonly was: Cause | undefined;
  /** Of a layout-dependent one, in its smallest case. */
  readonly luck: CaseFinding['luck'];
  readonly inherited: boolean;
  /** Of what is inherited: what the root breaks the clause for, where that is another cause. */
  readonly inRoot: Cause | undefined;
  /** It takes other caches for the root to break it, in each case, and for whichever cause. */
  readonly isInCaches: boolean;
  /** The smallest first. */
  readonly cases: readonly FindingCase[];
}

/** What no clause looked at in a case, on either side. */
export interface NotJudged {
  readonly scenario: Scenario;
  /** In the order of the steps. */
  readonly leftOut: readonly LeftOut[];
}

/** A generated program that shows what no case of the corpus does, made small. */
export interface FoundCase {
  readonly scenario: Scenario;
  /** As a file of the corpus. */
  readonly yaml: string;
  /** Number of the program that showed it first. */
  readonly program: number;
}

/** Generated programs that were run beside the corpus. */
export interface Explored {
  readonly seed: number;
  /** How many were run. */
  readonly programs: number;
  /** Numbers of those that say nothing: some run takes more than one may. */
  readonly tooMuch: readonly number[];
  /** Cases of the comparison that came of it. */
  readonly found: readonly FoundCase[];
}

export interface Comparison {
  readonly from: State;
  readonly to: State;
  /** Cases that ran, those included that exploration has found. */
  readonly cases: number;
  readonly scenarios: number;
  /** In the order of FINDING_KINDS, then of the clauses. */
  readonly findings: readonly Finding[];
  /** What an operation costs on both sides, by situation. */
  readonly costs: readonly OperationCosts[];
  /** Operations that were done on both sides, and those that were on one only. */
  readonly comparedOperations: number;
  readonly operationsOfOneSide: number;
  /** Cases whose traces differ although no clause changed, the smallest first. */
  readonly different: readonly Scenario[];
  /** Cases without any difference. */
  readonly same: number;
  /** Cases in which just one side crashed. */
  readonly crashedOnlyFrom: readonly Scenario[];
  readonly crashedOnlyTo: readonly Scenario[];
  /** Cases in which a map fails on just that side: left out of the costs. */
  readonly failedOnlyFrom: readonly Scenario[];
  readonly failedOnlyTo: readonly Scenario[];
  /** Cases in which there is something that no clause looked at, the smallest first. */
  readonly notJudged: readonly NotJudged[];
  /** Cases that put a clause to the test on both sides. */
  readonly exercised: Readonly<Record<ClauseId, number>>;
  /** undefined: nobody asked for generated programs. */
  readonly explored?: Explored;
}

/** The generated program that shows the finding; undefined: the corpus does. */
export function foundCase({ explored }: Comparison, { cases: [smallest] }: Finding): FoundCase | undefined {
  return explored?.found.find(({ scenario }) => scenario.id === smallest?.scenario.id);
}

/** What a comparison looks at, and whom it tells how far it is. */
export interface CompareOptions {
  /** Only findings of this clause. */
  readonly clause?: ClauseId | undefined;
  /** What came of the cases, one by one, where that is known already. */
  readonly results?: readonly CaseResult[] | undefined;
  progress?(done: number, total: number): void;
}

/** Compares two states on the cases. */
export function compare(
  from: State,
  to: State,
  scenarios: readonly Scenario[],
  options: CompareOptions = {},
): Comparison {
  const pair = new Pair(from, to);
  const tally = new Tally(options.clause);
  let done = 0;
  const compared = eachReturning(scenarios, (scenario, index) => ({
    scenario,
    result: options.results?.[index] ?? pair.compare(scenario),
  }));
  for (const { scenario, result } of compared) {
    options.progress?.(done++, scenarios.length);
    tally.add(scenario, result);
  }
  options.progress?.(scenarios.length, scenarios.length);
  return {
    from,
    to,
    cases: scenarios.length,
    scenarios: new Set(scenarios.map(({ scenario }) => scenario)).size,
    ...tally.result(),
  };
}

/** Broken on both sides, for the same cause, as in the root. */
export function isBackground(finding: Finding): boolean {
  const { inherited, inRoot, isInCaches } = finding;
  return inherited && inRoot === undefined && !isInCaches && isUnchanged(finding);
}

/** Broken on both sides, for the same cause. */
export function isUnchanged({ kind, was }: Pick<Finding, 'kind' | 'was'>): boolean {
  return kind === 'still-broken' && was === undefined;
}

/** The order of a comparison's findings: of their kinds, what is inherited last, the worst clause first. */
export function inOrder(findings: readonly Finding[]): Finding[] {
  const rank = (f: Finding): number =>
    FINDING_KINDS.indexOf(f.kind) * 1000 + Number(f.inherited) * 500 + severity(f.clause);
  return findings.toSorted((a, b) => rank(a) - rank(b) || (a.cause < b.cause ? -1 : 1));
}

/** Worst first: a crash, then the order of the contract. */
function severity(clause: ClauseId): number {
  return clause === 'no-crash' ? -1 : CLAUSE_IDS.indexOf(clause);
}

class Tally {
  private readonly clause: ClauseId | undefined;
  private readonly findings = new Map<string, FindingCase[]>();
  private readonly costs = new OperationCostTally(2);
  private same = 0;
  private readonly different: Scenario[] = [];
  private readonly crashedOnlyFrom: Scenario[] = [];
  private readonly crashedOnlyTo: Scenario[] = [];
  private readonly failedOnlyFrom: Scenario[] = [];
  private readonly failedOnlyTo: Scenario[] = [];
  private readonly notJudged: NotJudged[] = [];
  private readonly exercised = Object.fromEntries(CLAUSE_IDS.map((id) => [id, 0])) as Record<
    ClauseId,
    number
  >;

  constructor(clause: ClauseId | undefined) {
    this.clause = clause;
  }

  add(scenario: Scenario, result: CaseResult): void {
    const { findings, exercised, crashed, failed, costs, notJudged, sameTrace } = result;
    for (const finding of findings) {
      if (this.clause !== undefined && finding.clause !== this.clause) continue;
      const key = `${finding.kind} ${keyOf(finding)} ${finding.was ?? ''} ${finding.luck?.kind ?? ''} ${finding.inherited} ${finding.inRoot ?? ''} ${finding.inheritedIn !== undefined}`;
      const cases = this.findings.get(key) ?? [];
      cases.push({ ...finding, scenario });
      this.findings.set(key, cases);
    }
    for (const clause of exercised) this.exercised[clause]++;
    if (crashed === 'from') this.crashedOnlyFrom.push(scenario);
    if (crashed === 'to') this.crashedOnlyTo.push(scenario);
    if (failed.from) this.failedOnlyFrom.push(scenario);
    if (failed.to) this.failedOnlyTo.push(scenario);
    if (notJudged.length > 0) this.notJudged.push({ scenario, leftOut: notJudged });
    this.costs.add(scenario, [costs.from, costs.to]);
    if (sameTrace) this.same++;
    else if (findings.every(isUnchanged)) this.different.push(scenario);
  }

  result(): Omit<Comparison, 'from' | 'to' | 'cases' | 'scenarios'> {
    const findings = [...this.findings.values()].flatMap((cases): Finding[] => {
      const sorted = cases.toSorted((a, b) => bySize(a.scenario, b.scenario));
      const [first] = sorted;
      if (first === undefined) return [];
      const { kind, clause, cause, was, luck, inherited, inRoot } = first;
      const isInCaches = first.inheritedIn !== undefined;
      return [{ kind, clause, cause, was, luck, inherited, inRoot, isInCaches, cases: sorted }];
    });
    const { rows, operations, onSomeSides } = this.costs.result();
    return {
      findings: inOrder(findings),
      costs: rows,
      comparedOperations: operations,
      operationsOfOneSide: onSomeSides,
      different: this.different.toSorted(bySize),
      same: this.same,
      crashedOnlyFrom: this.crashedOnlyFrom.toSorted(bySize),
      crashedOnlyTo: this.crashedOnlyTo.toSorted(bySize),
      failedOnlyFrom: this.failedOnlyFrom.toSorted(bySize),
      failedOnlyTo: this.failedOnlyTo.toSorted(bySize),
      notJudged: this.notJudged.toSorted((a, b) => bySize(a.scenario, b.scenario)),
      exercised: this.exercised,
    };
  }
}
