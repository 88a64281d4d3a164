// SPDX-License-Identifier: GPL-2.0-only
/** Which of what the second side breaks its root breaks, too, and for which cause. */
import type { ClauseId } from '../contract/verdict.ts';
import { shared, without, type Victim } from '../contract/victim.ts';
import type { CaseFinding, Part, Parting } from './classify.ts';
import type { InCache } from './layouts.ts';

/**
 * Parts what the second side breaks: what is still broken between the root and that side is inherited, a part for
 * each cause that the root breaks it for, and what is not is the rest. `sinceRoot`: the findings between these two,
 * asked for once, and only where something is broken.
 */
export function partingBy(sinceRoot: () => readonly CaseFinding[]): Parting {
  let known: readonly CaseFinding[] | undefined;
  return (clause, cause, victims) => {
    known ??= sinceRoot();
    // What the root breaks for two causes, it breaks for the same one.
    const both = known
      .filter((other) => isStillBroken(other, clause) && other.cause === cause)
      .toSorted((a, b) => Number(a.was !== undefined) - Number(b.was !== undefined));
    const parts: Part[] = [];
    let left = victims;
    for (const { was, victims: others } of both) {
      const own = left.flatMap((victim) => split(clause, victim, others, shared));
      if (own.length > 0) parts.push({ victims: own, inherited: true, inRoot: was });
      left = left.flatMap((victim) => split(clause, victim, others, without));
    }
    if (left.length > 0) parts.push({ victims: left, inherited: false, inRoot: undefined });
    return parts;
  };
}

/**
 * The findings, those inherited as well of which the root and the second side both break all where lines stay in
 * the cache for a shorter or a longer time: that it holds is no merit of the root's then. For which cause it breaks
 * them is not said: in this case it does not.
 */
export function inheritedInCaches(
  findings: readonly CaseFinding[],
  caches: () => readonly InCache[],
): readonly CaseFinding[] {
  if (!findings.some(isOwn)) return findings;
  const known = caches();
  return findings.map((finding): CaseFinding => {
    if (!isOwn(finding)) return finding;
    const layouts = known.filter(({ found }) => breakBoth(finding, found)).map(({ layout }) => layout);
    return layouts.length === 0 ? finding : { ...finding, inherited: true, inheritedIn: layouts };
  });
}

/** Clauses whose findings other caches may show to be inherited. */
export function ownClauses(findings: readonly CaseFinding[]): ReadonlySet<ClauseId> {
  return new Set(findings.filter(isOwn).map(({ clause }) => clause));
}

/** Broken on the second side, whatever the layout, and not inherited as far as is known. */
function isOwn({ kind, to, inherited }: CaseFinding): boolean {
  return to !== undefined && !inherited && kind !== 'layout-dependent';
}

/** Each byte that the finding is about is broken on both sides. */
function breakBoth({ clause, victims }: CaseFinding, found: readonly CaseFinding[]): boolean {
  const both = found.filter((other) => isStillBroken(other, clause)).flatMap((other) => other.victims);
  return victims.every((victim) => split(clause, victim, both, without).length === 0);
}

function isStillBroken({ kind, clause }: CaseFinding, wanted: ClauseId): boolean {
  return kind === 'still-broken' && clause === wanted;
}

/** The part of the victim that one of the others has, too (`shared`), or none has (`without`). */
function split(
  clause: ClauseId,
  victim: Victim,
  others: readonly Victim[],
  how: typeof shared | typeof without,
): Victim[] {
  const at = byAddress(clause, victim);
  const known = others.map((other) => byAddress(clause, other));
  return how(at, known).flatMap((part) => {
    const [from, to] = [victim.from + part.from - at.from, victim.from + part.to - at.from];
    return shared(victim, [{ ...victim, from, to }]);
  });
}

/** What is exposed, by its bus address: inSamePlaces() gives it other names beside another side. */
function byAddress(clause: ClauseId, victim: Victim): Victim {
  const { from, to, evidence } = victim;
  const { device, mapping, iova } = evidence;
  if (clause !== 'confinement-read' || iova === undefined) return victim;
  return { of: `device ${device}, mapping ${mapping}`, from: iova, to: iova + to - from, evidence };
}
