// SPDX-License-Identifier: GPL-2.0-only
/** What the two states cost. */
import type { Comparison, CostChange } from '../compare/comparison.ts';
import { COSTS } from '../run/costs.ts';
import type { Scenario } from '../run/scenario.ts';
import type { Section } from './budget.ts';
import {
  code,
  joined,
  paragraph,
  plural,
  table,
  type Block,
  type Span,
  type Text,
} from '../text/document.ts';
import { change } from './summary.ts';

/** All that was spent, only what changed, nothing. */
export function costSection(comparison: Comparison): Section {
  const { costs, comparableCases, from, to } = comparison;
  const heading: Block = { kind: 'heading', level: 2, text: 'Costs' };
  const rest = `over the ${plural(comparableCases, 'case')} that went the same way on both sides`;
  const changed = costs.filter((cost) => change(cost) !== 0);
  if (changed.length === 0) {
    const blocks = [heading, paragraph(`No cost differs ${rest}.`, ...leftOut(comparison))];
    return { levels: [{ blocks }, { blocks: [], lost: 'the table of costs' }] };
  }
  const titles = ['cost', 'unit', `>${from.id}`, `>${to.id}`, '>difference', 'smallest case'];
  const lead = paragraph(`Sums ${rest}.`, ...leftOut(comparison));
  const spent = costs.filter((cost) => cost.from > 0 || cost.to > 0);
  return {
    levels: [
      { blocks: [heading, lead, table(titles, spent.map(rowOf))] },
      { blocks: [heading, lead, table(titles, changed.map(rowOf))], lost: 'the costs that did not change' },
      { blocks: [], lost: 'the table of costs' },
    ],
  };
}

/** Most cases that are named. */
const NAMED = 3;

/** What the sums lack because a map fails on one side only: how many cases, and which. */
function leftOut({ from, to, failedOnlyFrom, failedOnlyTo }: Comparison): Span[] {
  const of = (id: string, cases: readonly Scenario[]): Span[] => {
    if (cases.length === 0) return [];
    const named = joined(
      cases.slice(0, NAMED).map((scenario): Text => [code(scenario.id)]),
      ', ',
    );
    const more = cases.length > NAMED ? ` and ${cases.length - NAMED} more` : '';
    return [
      ` Left out: ${plural(cases.length, 'case')} in which only ${id} fails a map: `,
      ...named,
      `${more}.`,
    ];
  };
  return [...of(from.id, failedOnlyFrom), ...of(to.id, failedOnlyTo)];
}

function rowOf(cost: CostChange): Text[] {
  const { name, from, to, shownBy, there } = cost;
  const { title = name, unit = '' } = COSTS.find((known) => known.name === name) ?? {};
  const delta = change(cost);
  const sign = delta > 0 ? '+' : '';
  const percent = from === 0 ? '' : ` (${sign}${Math.round((delta / from) * 100)} %)`;
  const witness: Text =
    shownBy === undefined || there === undefined ? '' : [`${there.from} → ${there.to} in `, code(shownBy.id)];
  return [title, unit, String(from), String(to), delta === 0 ? '=' : `${sign}${delta}${percent}`, witness];
}
