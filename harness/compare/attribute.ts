// SPDX-License-Identifier: GPL-2.0-only
/** Which patch did it: differences walked through the prefixes of a series. */
import { NotReady } from '../subject/not-ready.ts';
import type { ChainLink, State } from '../subject/state.ts';
import type { Scenario } from '../run/scenario.ts';
import type { Stage, Walk } from './chain.ts';
import type { CaseFinding } from './classify.ts';
import type { Harm, Prefixes, Standing } from './prefixes.ts';

type Effect = 'breaks' | 'mends' | 'hides' | 'uncovers';

/** A patch that changes something on the way. */
export interface Turn {
  readonly stage: Stage;
  /**
   * `breaks`: the bytes are as promised before the patch and not after it; `mends`: the other way round.
   * `hides`: from this patch on nothing can be said, as a crash, a failed map or other wrong bytes come first;
   * `uncovers`: until this patch.
   */
  readonly effect: Effect;
  /** What can be said after the patch. */
  readonly after: Standing;
  /** Methods that the patch has its own version of. */
  readonly touched: readonly string[];
  /** Of these, the ones that ran in the case, as far as it can be seen. */
  readonly executed: readonly string[];
  /** Patches of the walk without which it works, but turns nothing, or nobody sees it. */
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

/** Walks a finding in one case through both chains; the second state shows it, if it is broken there. */
export function attribute(
  prefixes: Prefixes,
  walk: Walk,
  scenario: Scenario,
  harm: Harm & Pick<CaseFinding, 'to'>,
): Attribution {
  const shownBy = (harm.to === undefined ? walk.back : walk.forth).at(-1)?.after ?? walk.common;
  const standing = (state: State): Standing => prefixes.standing(state, scenario, harm, shownBy);
  const turns = (stages: readonly Stage[]): Turn[] => {
    const trial = (patches: readonly ChainLink[]): Standing =>
      standing(prefixes.with(stages[0]?.before ?? walk.common, patches));
    return seen(changes(stages, standing), stages, trial).map(({ stage, index, before, after, seenWith }) => {
      const together =
        seenWith === undefined ? partnersOf(stages.slice(0, index), stage, after, trial) : [seenWith.patch];
      const functions = functionsOf(prefixes, stage.patch, (seenWith ?? stage).after, scenario);
      return { stage, effect: effectOf(before, after), after, ...functions, together };
    });
  };
  const forth = turns(walk.forth);
  const back = turns(walk.back);
  const [turned, others] =
    forth.length === 0 ? [back, walk.forth] : back.length === 0 ? [forth, walk.back] : [[], []];
  const counterparts = others.filter((other) => turned.some(({ stage }) => isSameSubject(stage, other)));
  return { scenario, forth, back, counterparts };
}

/** A stage that changes how the defect stands. */
interface Change {
  readonly stage: Stage;
  readonly index: number;
  readonly before: Standing;
  readonly after: Standing;
  /** The later stage that lets it be seen. */
  readonly seenWith?: Stage;
}

/**
 * The stages that change something. A crash that comes and goes on the way and leaves all as it was changes
 * nothing; whoever bisects finds it among what is broken on the way.
 */
function changes(stages: readonly Stage[], standing: (state: State) => Standing): Change[] {
  const found: Change[] = [];
  for (const [index, stage] of stages.entries()) {
    const [before, after] = [standing(stage.before), standing(stage.after)];
    if (before === after) continue;
    const last = found.at(-1);
    if (before === 'hidden' && last?.after === 'hidden' && last.before === after) found.pop();
    else found.push({ stage, index, before, after });
  }
  return found;
}

/**
 * The same, where one stage hides a defect and a later one uncovers it changed: whichever of the two changes it, as
 * found out by leaving the first one out. Where that says nothing, both stay.
 */
function seen(
  found: readonly Change[],
  stages: readonly Stage[],
  trial: (patches: readonly ChainLink[]) => Standing,
): Change[] {
  return found.flatMap((change, at): Change[] => {
    const [hider, uncoverer] = change.before === 'hidden' ? [found[at - 1], change] : [change, found[at + 1]];
    if (hider?.after !== 'hidden' || uncoverer?.before !== 'hidden') return [change];
    const { before } = hider;
    const { after, stage: seenWith } = uncoverer;
    const others = stages.slice(0, uncoverer.index + 1).filter((_, index) => index !== hider.index);
    switch (tried(() => trial(others.map(({ patch }) => patch)))) {
      case before:
        return change === hider ? [{ ...hider, after, seenWith }] : [];
      case after:
        return change === uncoverer ? [{ ...uncoverer, before }] : [];
      default:
        return [change];
    }
  });
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
  earlier: readonly Stage[],
  { patch, after }: Stage,
  result: Standing,
  trial: (patches: readonly ChainLink[]) => Standing,
): ChainLink[] {
  const touched = touchedBy(after, patch);
  const partners: ChainLink[] = [];
  let needed = earlier.map((stage) => stage.patch);
  for (const stage of earlier) {
    const rest = needed.filter((other) => other !== stage.patch);
    const [missing, whole] = [tried(() => trial(rest)), tried(() => trial([...rest, patch]))];
    if (missing === undefined || whole === undefined) continue;
    if (missing !== result && whole === result) needed = rest;
    else if (!touchedBy(stage.after, stage.patch).some((method) => touched.includes(method))) {
      partners.push(stage.patch);
    }
  }
  return partners;
}

/** Undefined where a patch calls what one that was left out would have added, or does not apply without it. */
function tried(trial: () => Standing): Standing | undefined {
  try {
    return trial();
  } catch (error) {
    if (error instanceof NotReady) throw error;
    return undefined;
  }
}

/** Methods that the patch has its own version of, in the state right after it. */
function touchedBy({ frames }: State, { id }: ChainLink): string[] {
  return frames.filter((frame) => frame.patch === id).map(({ method }) => method);
}

/** Posted under the same subject, give or take what was appended to it. */
function isSameSubject({ patch: a }: Stage, { patch: b }: Stage): boolean {
  return a.subject.startsWith(b.subject) || b.subject.startsWith(a.subject);
}

/** The functions that the state has from a patch, and which of them the case runs. */
function functionsOf(
  prefixes: Prefixes,
  patch: ChainLink,
  state: State,
  scenario: Scenario,
): { touched: string[]; executed: string[] } {
  const touched = touchedBy(state, patch);
  const ran = new Set(
    prefixes
      .of(state, scenario)
      .run.paths.filter((path) => path.patch === patch.id)
      .map(({ method }) => method),
  );
  return { touched, executed: touched.filter((method) => ran.has(method)) };
}
