// SPDX-License-Identifier: GPL-2.0-only
/** What each operation costs in some states, as a page and as JSON. */
import type { MeasuredCosts, OperationCosts } from '../compare/operation-costs.ts';
import { code, joined, paragraph, plural, table, type Block, type Text } from '../text/document.ts';
import { jsonText } from '../text/visible.ts';
import { costLines, costText, whereText, type CostLine } from './cost-lines.ts';

interface PageOptions {
  /** Only what is not the same in all states. */
  readonly differing: boolean;
  readonly context: { readonly corpusHash: string; readonly version: string };
}

/** What stands above the tables. */
export const HOW_TO_READ =
  'Of one operation: calls, and what they did on average; two numbers in brackets are the least and the most.';

/** A table per operation. */
export function costsDocument(measured: MeasuredCosts, { differing, context }: PageOptions): Block[] {
  const { states, operations, onSomeSides, rows } = measured;
  const lines = costLines(rows, differing);
  const names = joined(
    states.map(({ id }): Text => [code(id)]),
    ', ',
  );
  const others = onSomeSides === 0 ? '' : `, without ${onSomeSides} that did not work in every state`;
  const head = [
    paragraph('What an operation costs in ', ...names, `: ${plural(operations, 'operation')}${others}.`),
    paragraph(
      `${HOW_TO_READ} Corpus ${context.corpusHash}, bouncediff ${context.version}; modelled, not the kernel.`,
    ),
  ];
  const none = lines.length === 0 ? [paragraph(differing ? 'No cost differs.' : 'No operation worked.')] : [];
  const sections = [...new Set(lines.map(({ operation }) => operation))].flatMap((operation): Block[] => [
    { kind: 'heading', level: 2, text: operation },
    table(
      ['situation', 'cost', ...states.map(({ id }) => `>${id}`), '>operations'],
      lines.filter((line) => line.operation === operation).map((line) => rowOf(line)),
    ),
  ]);
  return [...head, ...none, ...sections];
}

function rowOf(line: CostLine): Text[] {
  const { title, sides, operations } = line;
  return [whereText(line), title, ...sides.map((_, side) => costText(line, side)), String(operations)];
}

/** All rows, a situation each. */
export function costsToJson(measured: MeasuredCosts, { differing, context }: PageOptions): string {
  const { states, operations, onSomeSides, rows } = measured;
  return jsonText({
    schema: 'bouncediff/costs/1',
    ...context,
    states: states.map(({ id }) => id),
    operations,
    onSomeSides,
    rows: rows.map((row) => costRow(row, differing)).filter(({ costs }) => costs.length > 0),
  });
}

/** A row as JSON. */
export function costRow({ of, situation, operations, costs }: OperationCosts, differing = false) {
  return {
    of,
    ...situation,
    operations,
    costs: costs
      .filter(({ shownBy }) => !differing || shownBy !== undefined)
      .map(({ name, sides, differing: n, shownBy }) => ({
        name,
        sides,
        differing: n,
        case: shownBy?.scenario.id ?? null,
        step: shownBy?.step ?? null,
      })),
  };
}
