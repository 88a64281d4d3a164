// SPDX-License-Identifier: GPL-2.0-only
/** A matrix as Markdown and JSON. */
import { markdownTable } from 'markdown-table';
import { coalesce, type ClauseCell, type Matrix } from '../compare/matrix.ts';
import { CLAUSES } from '../contract/contract.ts';
import { paragraph, plural, table as tableOf } from '../text/document.ts';
import { cellCode as code, text as prose } from '../text/escape.ts';
import { renderMarkdown } from '../text/render-markdown.ts';
import { jsonText } from '../text/visible.ts';
import { costLines, costText, whereText } from './cost-lines.ts';
import { costRow, HOW_TO_READ } from './costs-page.ts';

interface MatrixContext {
  readonly corpusHash: string;
  readonly version: string;
}

/** The matrix as a page. */
export function matrixToMarkdown(matrix: Matrix, { corpusHash, version }: MatrixContext): string {
  const { states, cases, notExercised } = matrix;
  const missing =
    notExercised.length === 0 ? 'every clause exercised' : `not exercised: ${notExercised.join(', ')}`;
  return [
    `**${plural(states.length, 'state')} on ${plural(cases, 'case')} × ${matrix.clauses.size} clauses**; ${missing}.`,
    `Corpus ${prose(corpusHash)}, bouncediff ${prose(version)}; modelled, not the kernel.`,
    clauseSection(matrix),
    historySection(matrix),
    scenarioSection(matrix),
    costSection(matrix),
  ]
    .join('\n\n')
    .concat('\n');
}

/** Clause by state; neighbouring states that agree in a whole column share it. */
function clauseSection({ states, clauses }: Matrix): string {
  const columns = states.map((_, state) => [...clauses.values()].map((row) => cellText(row[state])));
  const groups = coalesce(columns, (column) => column.join('|'));
  const rows = [...clauses.keys()].map((id, row) => [id, ...groups.map(({ value }) => value[row] ?? '')]);
  const head = groups.map(({ from, to }) => span(states, from, to));
  return `## Clauses\n\nCases in which the clause is broken, of those that put it to the test; – where none did. Hidden: a crash comes before what the state below breaks.\n\n${markdownTable([['clause', ...head], ...rows])}`;
}

function cellText(cell: ClauseCell | undefined): string {
  if (cell === undefined) return '–';
  const { exercised, brokenCases, hiddenCases } = cell;
  const hidden = hiddenCases === 0 ? '' : `, ${hiddenCases} hidden`;
  if (exercised === 0) return `–${hidden}`;
  return brokenCases === 0 ? `holds (${exercised})${hidden}` : `**${brokenCases}** / ${exercised}${hidden}`;
}

function span(states: Matrix['states'], from: number, to: number): string {
  const first = nameOf(states, from);
  return from === to ? first : `${first} … ${nameOf(states, to)}`;
}

function nameOf(states: Matrix['states'], at: number): string {
  return prose(states[at]?.id ?? '', code);
}

/** Clause and cause: in which states it is broken. */
function historySection({ states, clauses }: Matrix): string {
  const rows = [...clauses].flatMap(([id, cells]) => {
    const causes = new Set(cells.flatMap(({ broken }) => [...broken.keys()]));
    return [...causes].map((cause) => {
      const stretches = coalesce(
        cells.map(({ broken }) => broken.get(cause) ?? 0),
        (n) => String(n > 0),
      ).filter(({ from }) => (cells[from]?.broken.get(cause) ?? 0) > 0);
      const where = stretches.map(({ from, to }) => span(states, from, to)).join(', ');
      const first = nameOf(states, stretches[0]?.from ?? 0);
      const end = stretches.at(-1)?.to ?? 0;
      const hidden = cells[end + 1]?.hidden.get(cause) ?? 0;
      const note = hidden === 0 ? '' : ` (${plural(hidden, 'case')} hidden by a crash)`;
      const mended = end === states.length - 1 ? '–' : `${nameOf(states, end + 1)}${note}`;
      return [id, cause, first, mended, where];
    });
  });
  const head = ['clause', 'cause', 'first broken in', 'not broken from', 'broken in'];
  return `## Broken and mended\n\nIn the order of the columns above, not of a chain of patches.\n\n${markdownTable([head, ...rows])}`;
}

function scenarioSection({ states, scenarios }: Matrix): string {
  if (scenarios.size === 0) return '## Scenarios\n\nNo scenario tells the states apart.';
  const rows = [...scenarios].map(([id, row]) => {
    const groups = coalesce(row, (broken) => [...broken].join());
    const text = groups.map(({ from, to, value }) => {
      const broken = [...value].map(([what, n]) => `${what} ×${n}`).join(', ');
      return `${span(states, from, to)}: ${broken === '' ? 'holds' : broken}`;
    });
    return [code(id), text.join('<br>')];
  });
  // The cells are long: padded to the longest, the page would be three times as big.
  const table = markdownTable([['scenario', 'broken in'], ...rows], { alignDelimiters: false });
  return `## Scenarios\n\nThose in which the states differ.\n\n${table}`;
}

/** What does not cost the same in every state. */
function costSection({ states, costs, comparedOperations }: Matrix): string {
  const lines = costLines(costs, true);
  const lead = `Over the ${plural(comparedOperations, 'operation')} that worked in every state, what differs.`;
  if (lines.length === 0) return `## Costs\n\n${lead} Nothing does.`;
  const columns = states.map((_, side) => lines.map((line) => costText(line, side)));
  const groups = coalesce(columns, (column) => column.join('|'));
  const titles = groups.map(({ from, to }) => `>${span(states, from, to)}`);
  const rows = lines.map((line, row) => [
    line.operation,
    whereText(line),
    line.title,
    ...groups.map(({ value }) => value[row] ?? ''),
  ]);
  const all = tableOf(['operation', 'situation', 'cost', ...titles], rows);
  return `## Costs\n\n${renderMarkdown([paragraph(`${lead} ${HOW_TO_READ}`), all])}`;
}

/** The same as JSON. */
export function matrixToJson(matrix: Matrix, context: MatrixContext): string {
  const { states, clauses, scenarios, costs, ...rest } = matrix;
  return jsonText({
    schema: 'bouncediff/matrix/1',
    ...context,
    states: states.map(({ id }) => id),
    clauses: [...clauses].map(([id, cells]) => ({
      clause: id,
      title: CLAUSES[id].title,
      states: cells.map(({ broken, hidden, ...cell }) => ({
        ...cell,
        broken: Object.fromEntries(broken),
        hidden: Object.fromEntries(hidden),
      })),
    })),
    scenarios: [...scenarios].map(([id, row]) => ({
      scenario: id,
      states: row.map((broken) => Object.fromEntries(broken)),
    })),
    costs: costs.map((row) => costRow(row, true)).filter(({ costs: differing }) => differing.length > 0),
    ...rest,
  });
}
