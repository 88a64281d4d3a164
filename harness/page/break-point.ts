// SPDX-License-Identifier: GPL-2.0-only
/** Where in the two traces, and in which bytes, a clause breaks. */
import type { Cause, ClauseId, Evidence } from '../contract/verdict.ts';
import type { Victim } from '../contract/victim.ts';
import { FIRST_LABEL } from '../machine/labels.ts';
import { isAboutReach } from '../picture/memory-picture.ts';
import { placesOf } from '../picture/places.ts';
import { elementAt } from '../text/element.ts';
import type { CaseOnPage } from './case-data.ts';
import type { PageFinding } from './page-data.ts';

/** What is broken, on which side. */
export interface BrokenThing {
  readonly clause: ClauseId;
  readonly cause: Cause;
  readonly evidence: Evidence;
  readonly victims: readonly Victim[];
  readonly side: 0 | 1;
}

/** The row of the traces, and what of the map the finding is about. */
export type BreakPoint = Pick<PageFinding, 'row' | 'stretches' | 'reach'>;

export function breakPointOf(shown: CaseOnPage, broken: BrokenThing): BreakPoint {
  const isReach = isAboutReach(broken);
  const candidates = isReach ? [] : stretchesAt(shown, broken);
  const row = rowOf(shown, broken, candidates, isReach);
  const stretches = holding(shown, broken, candidates, row);
  return { row, stretches, reach: isReach ? reachOf(shown, broken, row) : [] };
}

/** Stretches that the bytes of the finding lie in: the caller's and the bounce buffer's. */
function stretchesAt({ data, sides }: CaseOnPage, { side, evidence, victims }: BrokenThing): number[] {
  const { run } = sides[side];
  const [first] = victims;
  const isBytes = evidence.buffer !== undefined && evidence.offset !== undefined;
  const size = isBytes && first !== undefined ? Math.max(1, first.to - first.from) : 1;
  return placesOf(run, evidence).flatMap((place) => {
    const bounce = run.bounceBuffers.find(({ start, end }) => place >= start && place < end);
    const end = Math.min(place + size, bounce === undefined ? Infinity : bounce.tlb + bounce.size);
    return [...data.stretches.keys()].filter((index) => {
      const [start, length] = data.stretches[index] ?? [0, 0];
      return start < Math.max(end, place + 1) && start + length > place;
    });
  });
}

/** Of several places those that hold in that row what was seen; all, where none does. */
function holding(
  { data, sides }: CaseOnPage,
  { side, evidence: { observed } }: BrokenThing,
  candidates: readonly number[],
  row: number,
): number[] {
  if (observed === undefined) return [...candidates];
  const { timeline } = sides[side];
  const { contents } = data.sides[side];
  const moment = momentAt({ data }, side, row);
  const seen = contents[timeline.contentOf(observed)];
  const found = candidates.filter((stretch) =>
    (['memory', 'cpu'] as const).some((view) => {
      const label = timeline.label(moment, stretch, view);
      const content = contents[timeline.contentOf(label)];
      return (
        content?.letter === seen?.letter &&
        content?.step === seen?.step &&
        (observed >= FIRST_LABEL || label === observed)
      );
    }),
  );
  return found.length > 0 ? found : [...candidates];
}

/** The moment that a side shows in a row: that of its last line up to there. */
function momentAt({ data }: Pick<CaseOnPage, 'data'>, side: 0 | 1, row: number): number {
  for (let at = row; at >= 0; at--) {
    const line = elementAt(data.sides[side].lines, data.rows[at]?.[side]);
    if (line !== undefined) return line.at;
  }
  return 0;
}

function rowOf(
  shown: CaseOnPage,
  { side, clause, evidence }: BrokenThing,
  candidates: readonly number[],
  isReach: boolean,
): number {
  const { data, sides } = shown;
  const { lines } = data.sides[side];
  const rowOfLine = (line: number): number => data.rows.findIndex((row) => row[side] === line);
  if (clause === 'no-crash') {
    const crash = lines.findIndex(({ kind }) => kind === 'crash');
    // The call that never returned says more than the crash itself.
    const cause = lines[crash - 1]?.kind === 'call' ? crash - 1 : crash;
    if (crash >= 0) return rowOfLine(cause);
  }
  const event = evidence.event ?? evidence.took;
  if (event !== undefined) {
    const line = sides[side].lines.lineOf(event);
    if (line !== undefined) return rowOfLine(line);
  }
  const inStep = [...data.rows.keys()].filter((row) => {
    const line = elementAt(lines, data.rows[row]?.[side]);
    return line?.step === evidence.step;
  });
  const changed = inStep.findLast((row) => {
    const [before, now] = [momentAt(shown, side, row - 1), momentAt(shown, side, row)];
    const since = data.sides[side].moments.slice(before + 1, now + 1);
    const reachBefore = data.sides[side].moments[before]?.reach;
    return since.some(({ reach, changes }) =>
      isReach ? reach !== reachBefore : changes.some(([stretch]) => candidates.includes(stretch)),
    );
  });
  return changed ?? inStep.at(-1) ?? 0;
}

/** What the device reaches wrongly in that row. */
function reachOf(
  shown: CaseOnPage,
  { side, evidence: { device, iova } }: BrokenThing,
  row: number,
): PageFinding['reach'] {
  const data = shown.data.sides[side];
  const windows = elementAt(data.reaches, data.moments[momentAt(shown, side, row)]?.reach) ?? [];
  return windows
    .filter(
      ([who, from, , size]) =>
        (device === undefined || who === device) &&
        (iova === undefined || (iova >= from && iova < from + size)),
    )
    .map(([who, from, , size]) => ({ device: who, iova: from, size }));
}
