// SPDX-License-Identifier: GPL-2.0-only
/** What no clause looked at, over all cases: what the drivers did against the API above all. */
import type { Comparison } from '../compare/comparison.ts';
import { leftOutWords, type LeftOut, type WhyLeftOut } from '../contract/left-out.ts';
import type { Scenario } from '../run/scenario.ts';
import { plural, type Block, type Text } from '../text/document.ts';
import type { Section } from './budget.ts';
import { caseSpan, type Files } from './links.ts';
import type { Report } from './report.ts';

/** Most reasons that are named. */
const LISTED = 6;

/** All that is not judged for one reason. */
export interface NotJudgedGroup {
  readonly why: WhyLeftOut;
  /** The smallest first. */
  readonly cases: readonly Scenario[];
  /** Where it is met first in the smallest case, and in how much. */
  readonly example: LeftOut;
}

/** By reason, what most cases have first. */
export function notJudgedGroups({ notJudged }: Pick<Comparison, 'notJudged'>): NotJudgedGroup[] {
  const groups = new Map<WhyLeftOut, { why: WhyLeftOut; cases: Scenario[]; example: LeftOut }>();
  for (const { scenario, leftOut } of notJudged) {
    for (const example of leftOut) {
      const { why } = example;
      const group = groups.get(why) ?? { why, cases: [], example };
      if (group.cases.at(-1) !== scenario) group.cases.push(scenario);
      groups.set(why, group);
    }
  }
  return [...groups.values()].toSorted((a, b) => b.cases.length - a.cases.length);
}

/** What precedes the reasons. */
export function notJudgedLead({ notJudged }: Pick<Comparison, 'notJudged'>): string {
  return `In ${plural(notJudged.length, 'case')} a driver or a device does what no clause looks at; that is neither right nor wrong, and puts no clause to the test:`;
}

/** A point for each reason, or for the first alone. */
export function notJudgedSection({ comparison, context: { files } }: Report): Section | undefined {
  const groups = notJudgedGroups(comparison);
  if (groups.length === 0) return undefined;
  const heading: Block = { kind: 'heading', level: 2, text: 'Not judged' };
  const lead = notJudgedLead(comparison);
  const items = groups.map((group) => notJudgedItem(files, group));
  const blocks = (count: number): Block[] => {
    const more = Math.max(0, items.length - count);
    const rest: Text[] = more > 0 ? [`and for ${plural(more, 'more reason')}`] : [];
    return [heading, { kind: 'list', lead, items: [...items.slice(0, count), ...rest] }];
  };
  return {
    levels: [
      { blocks: blocks(LISTED) },
      ...(items.length > 1
        ? [{ blocks: blocks(1), lost: 'reason why something is not judged', count: items.length - 1 }]
        : []),
      { blocks: [], lost: 'what is not judged' },
    ],
  };
}

/** `the CPU read bytes that a device owns: sync/without-the-sync, step 3, and 4 more cases` */
export function notJudgedItem(files: Files, { why, cases, example }: NotJudgedGroup): Text {
  const [smallest, ...others] = cases;
  if (smallest === undefined) return leftOutWords(why);
  const more = others.length === 0 ? '' : `, and ${plural(others.length, 'more case')}`;
  return [`${leftOutWords(why)}: `, caseSpan(files, smallest), `, step ${example.step + 1}${more}`];
}
