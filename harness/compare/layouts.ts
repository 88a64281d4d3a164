// SPDX-License-Identifier: GPL-2.0-only
/** Differences tried again where pool and IOVA space have given out other things before. */
import { sameCause } from '../contract/defect.ts';
import { CLAUSE_IDS, type ClauseId } from '../contract/verdict.ts';
import { without, type Victim } from '../contract/victim.ts';
import type { Layout } from '../run/layout.ts';
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
 * longer time, or the pool is larger. A layout in which something fails that works here, or in which one side cannot
 * be judged, says nothing; where none says anything, the finding is `unrepeated`.
 */
export function tryLayouts(
  plain: readonly [Side, Side],
  scenario: Scenario,
  findings: readonly CaseFinding[],
  sidesOf: BothSides,
): readonly CaseFinding[] {
  const doubtful = findings.filter(isDifference);
  if (doubtful.length === 0 || !hasLuck(scenario)) return findings;
  const clauses = CLAUSE_IDS.filter((id) => doubtful.some(({ clause }) => clause === id));
  const others = LAYOUTS.map((layout) => {
    const [from, to] = sidesOf({ ...scenario, layout }, clauses);
    const saysNothing = failsMore(from, plain[0]) || failsMore(to, plain[1]);
    // Nor does one in which the side that breaks does not get as far.
    const crashes = ({ kind, from: before, to: after }: CaseFinding): boolean =>
      kind === 'fixed'
        ? from.crashStep <= (before?.step ?? Infinity)
        : to.crashStep <= (after?.step ?? Infinity);
    return { layout, crashes, found: saysNothing ? undefined : classify(from, to) };
  });
  const caches = [...inCaches(scenario, clauses, sidesOf), ...inLargerPool(scenario, clauses, sidesOf)];
  return findings.map((finding) => {
    if (!isDifference(finding)) return finding;
    const anyway = caches.filter(({ found }) => breaksBoth(finding, found));
    const missing = others.filter(
      ({ found, crashes }) => !crashes(finding) && found?.every((other) => !isSame(finding, other)) === true,
    );
    const layouts = (anyway.length > 0 ? anyway : missing).map(({ layout }) => layout);
    if (layouts.length > 0) {
      return { ...finding, kind: 'layout-dependent', luck: { kind: finding.kind, layouts } };
    }
    const isRepeated = others.some(({ found }) => found?.some((other) => isRepetition(finding, other)));
    return isRepeated ? finding : { ...finding, unrepeated: true };
  });
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
  return (hasCache(scenario) ? CACHES : []).map((layout) => ({
    layout,
    found: classify(...sidesOf({ ...scenario, layout }, clauses)),
  }));
}

function inLargerPool(
  scenario: Scenario,
  clauses: readonly ClauseId[],
  sidesOf: BothSides,
): readonly InCache[] {
  const { machine } = scenario;
  if (!machine.devices.some(({ untrusted }) => untrusted)) return [];
  const larger = { ...scenario, machine: { ...machine, swiotlbSlots: 2 * machine.swiotlbSlots } };
  const found = classify(...sidesOf({ ...larger, layout: LARGER_POOL }, clauses));
  return [{ layout: LARGER_POOL, found }];
}

function isDifference<F extends CaseFinding>(finding: F): finding is F & { kind: 'fixed' | 'regressed' } {
  return finding.kind === 'fixed' || finding.kind === 'regressed';
}

/** Some device does not snoop the CPU cache, and lines stay in it. */
function hasCache({ machine }: Scenario): boolean {
  return machine.cache === 'worst' && machine.devices.some(({ coherent }) => !coherent);
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
