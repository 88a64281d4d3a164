// SPDX-License-Identifier: GPL-2.0-only
/** What each state costs, as SVG: one panel a cost, the states in their order down each of them. */
import { coalesce, type Matrix, type Stretch } from '../compare/matrix.ts';
import { COSTS, type CostName, type Costs } from '../run/costs.ts';
import { CHARACTER, fitText, rect, svg, text } from './svg.ts';
import { wrap } from './mermaid.ts';
import { visible } from '../text/visible.ts';

const MARGIN = 14;
/** Height of a state's row. */
const ROW = 18;
/** Width of a panel, and of the longest bar in it. */
const PANEL = 172;
const BAR = 74;
/** Panels beside each other. */
const ACROSS = 5;
const HEAD = 44;

const FILLS = {
  same: { light: '#8c959f', dark: '#6e7681' },
  less: { light: '#4a9e5c', dark: '#3f9b54' },
  more: { light: '#d9822b', dark: '#d07a24' },
  band: { light: '#f3f5f7', dark: '#161b22' },
};

/** The costs that vary; undefined: none does. */
export function costChartSvg({ states, costs, comparableCases }: Matrix): string | undefined {
  const varying = COSTS.filter(({ name }) => new Set(costs.map((cost) => cost[name])).size > 1);
  if (varying.length === 0) return undefined;
  const groups = coalesce(costs, (cost) => varying.map(({ name }) => cost[name]).join('|'));
  const names = groups.map(({ from, to }) => nameOf(states[from]?.id ?? '', states[to]?.id ?? ''));
  const labels = Math.ceil(Math.max(...names.map((name) => name.length)) * CHARACTER) + 16;
  // As many in each band.
  const across = Math.ceil(varying.length / Math.ceil(varying.length / ACROSS));
  const width = MARGIN * 2 + labels + across * PANEL;
  const band = HEAD + groups.length * ROW + 18;
  const body: string[] = [];
  const title = `Costs per state, over the ${comparableCases} cases that went the same way in every state`;
  body.push(text(MARGIN, 24, fitText(title, (width - 2 * MARGIN) * 0.84), 'ink big'));
  for (let at = 0, y = 40; at < varying.length; at += across, y += band) {
    for (const [i, name] of names.entries()) {
      const top = y + HEAD + i * ROW;
      if (i % 2 === 0) body.push(rect(MARGIN - 4, top, width - 2 * MARGIN + 8, ROW, 'band'));
      body.push(text(MARGIN, top + 13, name));
    }
    for (const [i, cost] of varying.slice(at, at + across).entries()) {
      body.push(...panel(cost, groups, MARGIN + labels + i * PANEL, y));
    }
  }
  const bottom = 40 + Math.ceil(varying.length / across) * band;
  const [first = ''] = names;
  body.push(
    text(
      MARGIN,
      bottom + 8,
      `Bars begin at 0. ▼ less, ▲ more than ${first}. States that cost the same in everything shown share a row.`,
      'dim',
    ),
  );
  const description = varying
    .map(
      ({ title: what, name }) =>
        `${what}: ${groups.map((g, i) => `${names[i] ?? ''} ${g.value[name]}`).join(', ')}`,
    )
    .join('. ');
  return svg({ width, height: bottom + 24, title, description: `${description}.`, fills: FILLS, body });
}

function nameOf(first: string, last: string): string {
  return visible(first === last ? first : `${first} … ${last}`);
}

/** One cost: a bar and a number for each row, and by how much it differs from the first. */
function panel(
  { name, title, unit }: { readonly name: CostName; readonly title: string; readonly unit: string },
  groups: readonly Stretch<Costs>[],
  x: number,
  y: number,
): string[] {
  const values = groups.map(({ value }) => value[name]);
  const most = Math.max(1, ...values);
  const [first = 0] = values;
  // A panel stands alone: `of these redundant` follows nothing here.
  const alone = title.replace(/^of these /, '');
  const head = wrap(`${alone} (${unit})`, Math.floor((PANEL - 10) / CHARACTER)).slice(0, 2);
  return [
    ...head.map((line, i) => text(x, y + HEAD - 20 + (i - head.length + 1) * 14 + 12, line, 'ink strong')),
    ...values.flatMap((value, i) => {
      const top = y + HEAD + i * ROW;
      const kind = value === first ? 'same' : value < first ? 'less' : 'more';
      const length = Math.round((value / most) * BAR);
      return [
        rect(x, top + 4, length, ROW - 8, kind),
        text(x + length + 5, top + 13, `${value}${shareOf(value, first)}`),
      ];
    }),
  ];
}

/** ` ▲4%`; nothing when it is the same. */
function shareOf(value: number, first: number): string {
  if (value === first) return '';
  const sign = value < first ? '▼' : '▲';
  if (first === 0) return ` ${sign}`;
  const percent = Math.abs((value / first - 1) * 100);
  return ` ${sign}${percent < 1 ? '<1' : Math.round(percent)}%`;
}
