// SPDX-License-Identifier: GPL-2.0-only
/** What became of each broken thing between two sides, clause by clause. */
import type { Break, Cause, ClauseId, Evidence, Verdict } from '../contract/verdict.ts';
import { keyOf, sameCause, type Defect } from '../contract/defect.ts';
import { shared, splitBy, without, type Victim } from '../contract/victim.ts';
import type { Layout } from '../run/layout.ts';
import { partedAt } from '../run/triggers.ts';
import { inSamePlaces } from './same-places.ts';
import { holdsMore, isAsFull, wentAsFar, wentBothWays, type Side } from './side.ts';
import { elementAt } from '../text/element.ts';

/**
 * `hidden`/`uncovered`: broken on one side, while the other side could not be judged: it crashed, or its
 * map failed, before the clause was put to the test, or what it left does not show it.
 * `layout-dependent`: it differs, but not so where pool and IOVA space are taken otherwise.
 */
export const FINDING_KINDS = [
  'regressed',
  'uncovered',
  'still-broken',
  'fixed',
  'hidden',
  'layout-dependent',
] as const;
export type FindingKind = (typeof FINDING_KINDS)[number];

/** Bytes, or other things, that a clause is broken for, for one cause, on one side or on both. */
export interface CaseFinding extends Defect {
  readonly kind: FindingKind;
  /** What the first side breaks the clause for where that is another cause than the second side's. */
  readonly was: Cause | undefined;
  readonly from: Evidence | undefined;
  readonly to: Evidence | undefined;
  /** Whom it is about; on both sides, as the second one shows it. */
  readonly victims: readonly Victim[];
  /** The step in which the other side crashed before it could be judged; undefined: no crash hides it. */
  readonly hiddenBy: number | undefined;
  /** A step before or in which what the scenario lets happen at a kernel call came about on one side alone. */
  readonly partedBy?: number;
  /** Of a layout-dependent one: what it is without a layout, and those in which it is not so. */
  readonly luck: { readonly kind: 'fixed' | 'regressed'; readonly layouts: readonly Layout[] } | undefined;
  /** The root of the second state breaks the clause for the same. */
  readonly inherited: boolean;
  /** Of what is inherited: what the root breaks it for, where that is known to be another cause. */
  readonly inRoot: Cause | undefined;
  /** Of what is inherited: the caches that it takes for the root to break it; undefined: none. */
  readonly inheritedIn?: readonly Layout[];
  /** Of what is fixed or regressed: no other layout can be judged, so it is said of this one alone. */
  readonly unrepeated?: true;
}

/** Some of what the second side breaks, and how its root stands towards that. */
export interface Part extends Pick<CaseFinding, 'inherited' | 'inRoot'> {
  readonly victims: readonly Victim[];
}

/** Parts what the second side breaks for a cause. */
export type Parting = (clause: ClauseId, cause: Cause, victims: readonly Victim[]) => readonly Part[];

const NOTHING_INHERITED: Parting = (_clause, _cause, victims) => [
  { victims, inherited: false, inRoot: undefined },
];

/**
 * What changed between two sides. Two breaks of a clause are one defect where they are about the same bytes;
 * the cause only explains it. A map that works on one side only is a difference, whatever its excuse; one that
 * fails on both is none, even where only one side has an excuse.
 * `parting` is asked only when something is broken on the right side.
 */
export function classify(from: Side, to: Side, parting: Parting = NOTHING_INHERITED): CaseFinding[] {
  const findings: CaseFinding[] = [];
  for (const [index, before] of from.verdicts.entries()) {
    const after = to.verdicts[index];
    if (after === undefined || (before.breaks.length === 0 && after.breaks.length === 0)) continue;
    const [x, y] = inSamePlaces(withExcuses(before, from, after), from, withExcuses(after, to, before), to);
    findings.push(...brokenOnBoth(x, y, parting));
    for (const { cause, victims } of y.breaks) {
      for (const { judged, alone, ...why } of brokenAlone(cause, victims, x, to, from)) {
        const kind = judged ? 'regressed' : 'uncovered';
        for (const part of parting(x.clause, cause, alone)) {
          const found = finding(kind, x.clause, cause, part.victims);
          findings.push({ ...found, ...why, ...part, to: evidenceOf(part.victims) });
        }
      }
    }
    for (const { cause, victims } of x.breaks) {
      for (const { judged, alone, ...why } of brokenAlone(cause, victims, y, from, to)) {
        const kind = judged ? 'fixed' : 'hidden';
        findings.push({ ...finding(kind, x.clause, cause, alone), from: evidenceOf(alone), ...why });
      }
    }
  }
  return together([...findings, ...otherReturns(from, to, findings)]);
}

/** The verdict, and the maps that failed with an excuse where the other side has none for failing them. */
function withExcuses(verdict: Verdict, { maps }: Side, other: Verdict): Verdict {
  if (verdict.clause !== 'map-succeeds') return verdict;
  const failed = victimsOf(other).flatMap((victim): Break[] => {
    const { refusal } = elementAt(maps, victim.evidence.mapping) ?? {};
    if (refusal === undefined || shared(victim, victimsOf(verdict)).length > 0) return [];
    return [{ ...refusal, victims: [{ ...victim, evidence: refusal.evidence }] }];
  });
  return { ...verdict, breaks: [...verdict.breaks, ...failed] };
}

/** One for all victims of the same kind and cause, the first one's evidence with the count of all. */
function together(findings: readonly CaseFinding[]): CaseFinding[] {
  const merged = new Map<string, CaseFinding>();
  for (const found of findings) {
    const key = `${found.kind} ${keyOf(found)} ${found.was ?? ''} ${found.inherited} ${found.inRoot ?? ''}`;
    const before = merged.get(key);
    if (before === undefined) merged.set(key, found);
    else {
      const victims = [...before.victims, ...found.victims];
      const sum = (a: Evidence | undefined, b: Evidence | undefined): Evidence | undefined =>
        a && { ...a, count: a.count + (b?.count ?? 0) };
      const [a, b] = [sum(before.from, found.from), sum(before.to, found.to)];
      merged.set(key, { ...before, victims, from: a, to: b });
    }
  }
  return [...merged.values()];
}

function finding(kind: FindingKind, clause: ClauseId, cause: Cause, victims: readonly Victim[]): CaseFinding {
  const nothing = {
    was: undefined,
    from: undefined,
    to: undefined,
    hiddenBy: undefined,
    luck: undefined,
    inherited: false,
    inRoot: undefined,
  };
  return { kind, clause, cause, victims, ...nothing };
}

/**
 * Maps that worked on one side and failed on the other, but for those that are in the findings already, those
 * that the two sides were not put to the same test by, and those that failed where more is mapped, because an
 * earlier map works there.
 */
function otherReturns(from: Side, to: Side, findings: readonly CaseFinding[]): CaseFinding[] {
  const isKnown = (mapping: number): boolean =>
    findings.some(
      ({ kind, clause, from: a, to: b }) =>
        (kind === 'regressed' || kind === 'fixed') &&
        clause === 'map-succeeds' &&
        (a ?? b)?.mapping === mapping,
    );
  const parted = partedAt(from.triggered, to.triggered);
  return to.maps.flatMap(({ returned, refusal }, mapping): CaseFinding[] => {
    const before = from.maps[mapping];
    if (!wentBothWays(returned, before?.returned) || isKnown(mapping)) return [];
    const { cause, evidence } = refusal ?? before?.refusal ?? {};
    if (cause === undefined || evidence === undefined || evidence.step >= parted) return [];
    const regressed = returned === 'failed';
    const [failing, working] = regressed ? [to, from] : [from, to];
    if (holdsMore(failing, working, evidence.step)) return [];
    const victims = [{ of: `mapping ${mapping}`, from: 0, to: 1, evidence }];
    const found = finding(regressed ? 'regressed' : 'fixed', 'map-succeeds', cause, victims);
    return [{ ...found, ...(regressed ? { to: evidence } : { from: evidence }) }];
  });
}

/** What both sides break for some of the same victims, the cause of each. */
function brokenOnBoth(x: Verdict, y: Verdict, parting: Parting): CaseFinding[] {
  return y.breaks.flatMap(({ cause, victims }) => {
    const byCause = new Map<Cause | undefined, { before: Victim[]; after: Victim[] }>();
    for (const { cause: old, victims: others } of x.breaks) {
      const after = victims.flatMap((victim) => shared(victim, others));
      if (after.length === 0) continue;
      const before = others.flatMap((other) => shared(other, victims));
      const was = sameCause(old, cause) ? undefined : old;
      const sofar = byCause.get(was) ?? { before: [], after: [] };
      byCause.set(was, { before: [...sofar.before, ...before], after: [...sofar.after, ...after] });
    }
    return [...byCause].flatMap(([was, { before, after }]) =>
      parting(x.clause, cause, after).map((part): CaseFinding => {
        const known = before.flatMap((victim) => shared(victim, part.victims));
        const both = { from: evidenceOf(known), to: evidenceOf(part.victims) };
        return { ...finding('still-broken', x.clause, cause, part.victims), was, ...both, ...part };
      }),
    );
  });
}

interface Alone {
  readonly judged: boolean;
  readonly alone: Victim[];
  readonly hiddenBy: number | undefined;
  readonly partedBy?: number;
}

/**
 * The victims of one side that the other does not have, `verdict` being the other's: those on which that was
 * judged, those that its crash hides, those since the two are not put to the same test, and the rest. It was
 * judged when it was put to the test, its run shows whether it holds for them, the map of the mapping went as far
 * there, and it ran past the step where this one broke; a search that never ends is put to the test by a pool that
 * is as full.
 */
function brokenAlone(
  cause: Cause,
  victims: readonly Victim[],
  verdict: Verdict,
  own: Side,
  other: Side,
): Alone[] {
  const others = victimsOf(verdict);
  const alone = victims.flatMap((victim) => without(victim, others));
  const isHidden = ({ evidence }: Victim): boolean => other.crashStep <= evidence.step;
  const isTested = ({ evidence: { mapping, step } }: Victim): boolean => {
    if (verdict.status === 'not-exercised') return false;
    if (cause === 'search-never-ends' && !isAsFull(other.slots, own.slots, step)) return false;
    const [there, here] = [elementAt(other.maps, mapping), elementAt(own.maps, mapping)];
    const isAny = there === undefined || here === undefined;
    return isAny || verdict.clause === 'map-succeeds' || wentAsFar(there, here);
  };
  const partedBy = partedAt(own.triggered, other.triggered);
  const isApart = (victim: Victim): boolean => !isHidden(victim) && victim.evidence.step >= partedBy;
  const seen = alone.filter((victim) => !isHidden(victim) && !isApart(victim));
  const tested = seen.filter(isTested).map((victim) => splitBy(victim, verdict.unknown ?? []));
  const untested = seen.filter((victim) => !isTested(victim));
  return [
    { judged: true, alone: tested.flatMap(({ outside }) => outside), hiddenBy: undefined },
    { judged: false, alone: alone.filter(isHidden), hiddenBy: other.crashStep },
    { judged: false, alone: alone.filter(isApart), hiddenBy: undefined, partedBy },
    { judged: false, alone: [...untested, ...tested.flatMap(({ inside }) => inside)], hiddenBy: undefined },
  ].filter((group) => group.alone.length > 0);
}

/** The first one's evidence, with the count of all. */
function evidenceOf(victims: readonly Victim[]): Evidence {
  const [first] = victims;
  if (first === undefined) throw new RangeError('nobody is harmed');
  return { ...first.evidence, count: victims.reduce((sum, { evidence }) => sum + evidence.count, 0) };
}

function victimsOf(verdict: Verdict | undefined): Victim[] {
  return verdict?.breaks.flatMap(({ victims }) => victims) ?? [];
}
