// SPDX-License-Identifier: GPL-2.0-only
/** Differences tried again where pool and IOVA space have given out other things before. */
import { sameCause } from '../contract/defect.ts';
import { CLAUSE_IDS, type ClauseId } from '../contract/verdict.ts';
import { without, type Victim } from '../contract/victim.ts';
import type { Layout } from '../run/layout.ts';
import { unlessTooMuch } from '../run/over-budget.ts';
import type { Scenario } from '../run/scenario.ts';
import { classify, type CaseFinding } from './classify.ts';
import type { Side } from './side.ts';

/** Odd numbers of slots, below and above the slots of a page and of a granule; odd and even IOVAs. */
export const LAYOUTS: readonly Layout[] = [
  { passed: 3, taken: 0, iovas: [1] },
  { passed: 0, taken: 5, iovas: [2, 1] },
  { passed: 61, taken: 2, iovas: [4] },
];

/** Lines that may have left the cache by then, or be in it still, are no reason to hold. */
const CACHES: readonly Layout[] = [
  { passed: 0, taken: 0, iovas: [], evicts: true },
  { passed: 0, taken: 0, iovas: [], keepsDirty: true },
];

/** Nor is it that a search comes round to the very slots that hold the same bytes from before. */
const LARGER_POOL: Layout = { passed: 0, taken: 0, iovas: [], doublesPool: true };

/** Both sides of a case, which says in what layout; verdicts of these clauses only. */
export type BothSides = (scenario: Scenario, clauses: readonly ClauseId[]) => readonly [Side, Side];

/**
 * The findings between two sides, those called `layout-dependent` that are fixed or regressed here and not so
 * in some other layout, or of which both sides break every byte where lines stay in the cache for a shorter or a
 * longer time, or the pool is larger. A layout in which something fails that works here, in which one side cannot be
 * judged, or a run takes more than one may, says nothing; where none says anything, the finding is `unrepeated`.
 */
export function tryLayouts(
  plain: readonly [Side, Side],
  scenario: Scenario,
  findings: readonly CaseFinding[],
  sidesOf: BothSides,
): readonly CaseFinding[] {
  const doubtful = findings.filter(isDifference);
  if (doubtful.length === 0 || !hasLuck(scenario)) return findings;
  const trials = [...trialsOf(plain, scenario, () => doubtful, sidesOf)];
  return findings.map((finding) => {
    if (!isDifference(finding)) return finding;
    const denying = trials.filter((trial) => trial.denies(finding));
    const anyway = denying.filter(({ layout }) => !LAYOUTS.includes(layout));
    const layouts = (anyway.length > 0 ? anyway : denying).map(({ layout }) => layout);
    if (layouts.length > 0) {
      return { ...finding, kind: 'layout-dependent', luck: { kind: finding.kind, layouts } };
    }
    return trials.some((trial) => trial.repeats(finding)) ? finding : { ...finding, unrepeated: true };
  });
}

/** Those of the findings that tryLayouts() calls layout-dependent, for who asks for no more: few layouts will do. */
export function layoutDependent(
  plain: readonly [Side, Side],
  scenario: Scenario,
  findings: readonly CaseFinding[],
  sidesOf: BothSides,
): ReadonlySet<CaseFinding> {
  const found = new Set<CaseFinding>();
  let open = findings.filter(isDifference);
  if (open.length === 0 || !hasLuck(scenario)) return found;
  for (const trial of trialsOf(plain, scenario, () => open, sidesOf)) {
    for (const finding of open) if (trial.denies(finding)) found.add(finding);
    open = open.filter((finding) => !found.has(finding));
    if (open.length === 0) break;
  }
  return found;
}

/** A layout, and what came of the case in it. */
interface Trial {
  readonly layout: Layout;
  /** It shows that the finding is the layout's. */
  denies(finding: CaseFinding): boolean;
  /** It shows it once more. */
  repeats(finding: CaseFinding): boolean;
}

/** Each layout in its turn; only the clauses of what is asked about by then are judged. */
function* trialsOf(
  plain: readonly [Side, Side],
  scenario: Scenario,
  asked: () => readonly CaseFinding[],
  sidesOf: BothSides,
): Generator<Trial> {
  const clauses = (): ClauseId[] => CLAUSE_IDS.filter((id) => asked().some(({ clause }) => clause === id));
  for (const layout of LAYOUTS) {
    const sides = unlessTooMuch(() => sidesOf({ ...scenario, layout }, clauses()));
    if (sides === undefined) continue;
    const [from, to] = sides;
    const saysNothing = failsMore(from, plain[0]) || failsMore(to, plain[1]);
    // Nor does one in which the side that breaks does not get as far.
    const crashes = ({ kind, from: before, to: after }: CaseFinding): boolean =>
      kind === 'fixed'
        ? from.crashStep <= (before?.step ?? Infinity)
        : to.crashStep <= (after?.step ?? Infinity);
    const found = saysNothing ? undefined : classify(from, to);
    yield {
      layout,
      denies: (finding) => !crashes(finding) && found?.every((other) => !isSame(finding, other)) === true,
      repeats: (finding) => found?.some((other) => isRepetition(finding, other)) === true,
    };
  }
  for (const [layout, elsewhere] of anywayIn(scenario)) {
    const sides = unlessTooMuch(() => sidesOf(elsewhere, clauses()));
    if (sides === undefined) continue;
    const found = classify(...sides);
    yield { layout, denies: (finding) => breaksBoth(finding, found), repeats: () => false };
  }
}

/** What came of a case where lines stay in the cache for a shorter or a longer time. */
export interface InCache {
  readonly layout: Layout;
  readonly found: readonly CaseFinding[];
}

/** What comes of the case there, of these clauses only; empty where no device looks past the cache. */
export function inCaches(
  scenario: Scenario,
  clauses: readonly ClauseId[],
  sidesOf: BothSides,
): readonly InCache[] {
  return otherCaches(scenario).flatMap((layout) => {
    const sides = unlessTooMuch(() => sidesOf({ ...scenario, layout }, clauses));
    return sides === undefined ? [] : [{ layout, found: classify(...sides) }];
  });
}

/** The case with other lines in the cache, and with a larger pool, where either can make a difference. */
function anywayIn(scenario: Scenario): (readonly [Layout, Scenario])[] {
  const { machine } = scenario;
  const larger = { ...machine, swiotlbSlots: 2 * machine.swiotlbSlots };
  const isAttacked = machine.devices.some(({ untrusted }) => untrusted);
  return [
    ...otherCaches(scenario).map((layout) => [layout, { ...scenario, layout }] as const),
    ...(isAttacked ? [[LARGER_POOL, { ...scenario, machine: larger, layout: LARGER_POOL }] as const] : []),
  ];
}

function isDifference<F extends CaseFinding>(finding: F): finding is F & { kind: 'fixed' | 'regressed' } {
  return finding.kind === 'fixed' || finding.kind === 'regressed';
}

/** Where some device does not snoop the CPU cache, and lines stay in it. */
function otherCaches({ machine }: Scenario): readonly Layout[] {
  const hasCache = machine.cache === 'worst' && machine.devices.some(({ coherent }) => !coherent);
  return hasCache ? CACHES : [];
}

/** Each byte that the finding is about is broken on both sides there. */
function breaksBoth({ clause, victims }: CaseFinding, found: readonly CaseFinding[]): boolean {
  const both = found
    .filter((other) => other.kind === 'still-broken' && other.clause === clause)
    .flatMap((other) => other.victims);
  return victims.length > 0 && victims.every((victim) => without(victim, both).length === 0);
}

/** Some mapping gets an IOVA or slots. */
function hasLuck({ mappings }: Scenario): boolean {
  return mappings.length > 0;
}

/** Some map fails that works without the layout. */
function failsMore({ maps }: Side, plain: Side): boolean {
  return maps.some(({ returned }, at) => returned !== 'done' && plain.maps[at]?.returned === 'done');
}

/**
 * The same change of the same clause, for the same cause or about the same owner; or one side cannot be judged.
 * Where slots are elsewhere, it may be done to another mapping of the case.
 */
function isSame(finding: CaseFinding, other: CaseFinding): boolean {
  if (other.clause !== finding.clause) return false;
  if (other.kind === 'hidden' || other.kind === 'uncovered') return true;
  if (other.kind !== finding.kind) return false;
  const owners = new Set(finding.victims.flatMap(ownersOf));
  const isSameOwner = other.victims.flatMap(ownersOf).some((of) => owners.has(of));
  return isSameOwner || sameCause(other.cause, finding.cause);
}

/** Whose bytes they are, and whose place they are in. */
function ownersOf({ of, reached }: Victim): string[] {
  return reached === undefined ? [of] : [of, reached.of];
}

function isRepetition(finding: CaseFinding, other: CaseFinding): boolean {
  return other.kind === finding.kind && isSame(finding, other);
}

/** The layout in words that follow "not where". */
export function layoutWords({ passed, taken, iovas, evicts, keepsDirty, doublesPool }: Layout): string {
  const parts = [
    ...(passed > 0 ? [`the search for slots begins ${passed} slots on`] : []),
    ...(taken > 0 ? [`${taken} slots are taken`] : []),
    ...(evicts === true ? ['no clean line stays in the CPU cache'] : []),
    ...(keepsDirty === true ? ['no dirty line is written back over what a device writes'] : []),
    ...(doublesPool === true ? ['the pool is twice as large'] : []),
    ...(iovas.length > 0 ? [`IOVA ranges of ${iovas.join(' and ')} granules are taken`] : []),
  ];
  return parts.join(' and ');
}
