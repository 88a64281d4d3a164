// SPDX-License-Identifier: GPL-2.0-only
/** A matrix as a page and as JSON. */
import type { ClauseCell, Matrix } from '../compare/matrix.ts';
import { CLAUSES } from '../contract/contract.ts';
import type { Cause, ClauseId } from '../contract/verdict.ts';
import type { State } from '../subject/state.ts';
import { code, joined, paragraph, plural, table, type Block, type Text } from '../text/document.ts';
import { renderMarkdown } from '../text/render-markdown.ts';
import { jsonText } from '../text/visible.ts';
import { costLines, costText, whereText } from './cost-lines.ts';
import { costRow } from './costs-page.ts';
import { clauseSpan, placeSpan, type Files } from './links.ts';
import { elementAt } from '../text/element.ts';

interface MatrixContext {
  readonly corpusHash: string;
  readonly version: string;
  readonly files?: Files;
}

/** Most findings that a row names. */
const NAMED = 6;

/** The matrix as a page. */
export function matrixToMarkdown(matrix: Matrix, context: MatrixContext): string {
  return `${renderMarkdown(matrixDocument(matrix, context))}\n`;
}

/** What each revision breaks, which patch broke it and which mended it; what each suggestion changes. */
export function matrixDocument(matrix: Matrix, context: MatrixContext): Block[] {
  const { states, cases, clauses, notExercised } = matrix;
  const missing =
    notExercised.length === 0
      ? 'every clause put to the test'
      : `not put to the test: ${notExercised.join(', ')}`;
  return [
    { kind: 'heading', level: 1, text: 'States side by side' },
    paragraph(
      `${plural(states.length, 'state')} on ${plural(cases, 'case')}, ${plural(clauses.size, 'clause')}; ${missing}. Corpus ${context.corpusHash}, bouncediff ${context.version}; a model, not the kernel. Scenarios and costs: `,
      code('npx bouncediff matrix --format html'),
      ', or ',
      code('--json'),
      '.',
    ),
    ...revisionsSection(matrix, context.files),
    ...unbrokenSection(matrix, context.files),
    ...suggestionsSection(matrix, context.files),
  ];
}

/** A clause broken for a cause, and in how many cases in each state. */
interface Row {
  readonly clause: ClauseId;
  readonly cause: Cause;
  readonly cells: readonly number[];
  /** Cases in which a crash comes before it. */
  readonly hidden: readonly number[];
}

function rowsOf({ clauses }: Matrix): Row[] {
  return [...clauses].flatMap(([clause, cells]) =>
    [...new Set(cells.flatMap(({ broken }) => [...broken.keys()]))].map((cause) => ({
      clause,
      cause,
      cells: cells.map(({ broken }) => broken.get(cause) ?? 0),
      hidden: cells.map(({ hidden }) => hidden.get(cause) ?? 0),
    })),
  );
}

/** Held against another state than the one before every patch. */
function isSuggestion({ root }: State): boolean {
  return root.below !== undefined;
}

/** The states that no other one goes on from: the ends of series, and what stands alone. */
function ends(states: readonly State[]): State[] {
  const below = new Set<string>();
  for (const state of states.filter((one) => !isSuggestion(one))) {
    for (let at = state.below; at?.below !== undefined; at = at.below) below.add(at.id);
  }
  return states.filter((state) => !isSuggestion(state) && !below.has(state.id));
}

/** A state and those below it, the lowest first. */
function lineOf(state: State): State[] {
  return state.below === undefined ? [state] : [...lineOf(state.below), state];
}

function revisionsSection(matrix: Matrix, files: Files): Block[] {
  const { states } = matrix;
  const revisions = ends(states);
  if (revisions.length === 0) return [];
  const numberOf = new Map(states.map((state, at) => [state.id, at]));
  const rows = rowsOf(matrix).flatMap(({ clause, cause, cells, hidden }): Text[][] => {
    const of = (state: State): number => elementAt(cells, numberOf.get(state.id)) ?? 0;
    const counts = revisions.map(of);
    if (counts.every((n) => n === 0)) return [];
    const turns = (isBreak: boolean): string =>
      revisions
        .flatMap((state, at) => {
          const before = at === 0 ? 0 : (counts[at - 1] ?? 0);
          const now = counts[at] ?? 0;
          const isTurn = isBreak ? before === 0 && now > 0 : before > 0 && now === 0;
          if (!isTurn) return [];
          const knows = (one: State): boolean => numberOf.has(one.id);
          return [turnedBy(state, isBreak, at === 0, (one) => of(one) > 0, knows)];
        })
        .join(', ');
    return [
      [
        [clauseSpan(files, clause, `${clause}: ${cause}`)],
        ...counts.map((n, at) => {
          const behind = elementAt(hidden, numberOf.get(revisions[at]?.id ?? '')) ?? 0;
          return [...(n === 0 ? [] : [String(n)]), ...(behind === 0 ? [] : [`(${behind})`])].join(' ');
        }),
        turns(true),
        turns(false),
      ],
    ];
  });
  const held = revisions.map(({ id }) => cellsHeld(matrix, numberOf.get(id)));
  return [
    { kind: 'heading', level: 2, text: 'Revisions' },
    paragraph(
      'Cases in which each breaks a clause, in brackets those in which a crash comes before what the state below breaks; the patch, or the revision, that broke it and that mended it.',
    ),
    table(
      ['finding', ...revisions.map(({ id }) => `>${id}`), 'broken by', 'mended by'],
      [...rows, ['clauses that hold', ...held.map(String), '', '']],
    ),
  ];
}

/** The clauses that hold wherever they are put to the test. */
function unbrokenSection({ clauses }: Matrix, files: Files): Block[] {
  const unbroken = [...clauses].filter(([, cells]) => cells.every(({ brokenCases }) => brokenCases === 0));
  if (unbroken.length === 0) return [];
  const names = unbroken.map(([clause]): Text => [clauseSpan(files, clause, clause)]);
  return [paragraph('Broken by no state: ', ...joined(names, ', '), '.')];
}

/** Clauses that were put to the test in a state and hold. */
function cellsHeld({ clauses }: Matrix, state: number | undefined): number {
  const holds = (cell: ClauseCell | undefined): boolean =>
    cell !== undefined && cell.exercised > 0 && cell.brokenCases === 0;
  return [...clauses.values()].filter((cells) => holds(elementAt(cells, state))).length;
}

/** The patch of the state's series from which on it is so; that it is so in all of the series. */
function turnedBy(
  state: State,
  isBroken: boolean,
  isFirst: boolean,
  breaks: (state: State) => boolean,
  isKnown: (state: State) => boolean,
): string {
  const line = lineOf(state).filter(isKnown);
  const from = line.findLastIndex((one) => breaks(one) !== isBroken) + 1;
  const turning = line[from] ?? state;
  const isExact = turning.below === undefined || isKnown(turning.below);
  if (from > 0 || isFirst) return isExact ? (turning.chain.at(-1)?.id ?? turning.id) : turning.id;
  // The patch before it is no part of this series.
  return isBroken ? `again in ${state.id}` : `gone in ${state.id}`;
}

function suggestionsSection(matrix: Matrix, files: Files): Block[] {
  const { states } = matrix;
  const suggestions = states.filter((state) => isSuggestion(state));
  if (suggestions.length === 0) return [];
  const all = rowsOf(matrix);
  const rows = suggestions.map((state): Text[] => {
    const [own, base] = [states.indexOf(state), states.findIndex(({ id }) => id === state.root.id)];
    const changed = (isMore: boolean): Text => {
      const found = all.filter(({ cells }) => {
        const rise = (cells[own] ?? 0) - (cells[base] ?? 0);
        return isMore ? rise > 0 : rise < 0;
      });
      const named = found
        .slice(0, NAMED)
        .map(({ clause, cause, cells }): Text => [
          clauseSpan(files, clause, `${clause}: ${cause}`),
          ` ${cells[base] ?? 0} → ${cells[own] ?? 0}`,
        ]);
      const more = found.length - NAMED;
      return [...joined(named, '; '), more > 0 ? `; and ${more} more` : ''];
    };
    const patch = state.chain.at(-1);
    return [
      [state.id.replace(/^review\//, '')],
      patch === undefined ? '' : [placeSpan(patch)],
      state.root.id,
      base < 0 ? 'its base is not among the states' : changed(true),
      base < 0 ? '' : changed(false),
    ];
  });
  return [
    { kind: 'heading', level: 2, text: 'Suggestions' },
    paragraph(
      'Each against the state that it was asked of: where it breaks a clause in more cases, or in fewer.',
    ),
    table(['suggestion', 'mail', 'on', 'breaks more', 'breaks less'], rows),
  ];
}

/** What a page has room for besides: what each state breaks, scenario by scenario, and the costs that differ. */
export function matrixDetails({ states, scenarios, costs }: Matrix): Block[] {
  const folds = [...scenarios].map(([id, row]): Block => {
    const rows = row.map((broken, at): Text[] => [
      states[at]?.id ?? '',
      [...broken].map(([what, cases]) => `${what} ${cases}`).join('; '),
    ]);
    return {
      kind: 'fold',
      summary: [code(id)],
      blocks: [table(['state', 'broken, and in how many cases'], rows)],
    };
  });
  const lines = costLines(costs, true);
  const ids = states.map(({ id }) => `>${id}`);
  const costRows = lines.map((line): Text[] => [
    line.operation,
    whereText(line),
    line.title,
    ...line.sides.map((_, side) => costText(line, side)),
  ]);
  return [
    { kind: 'heading', level: 2, text: 'Scenarios' },
    paragraph(`${plural(scenarios.size, 'scenario')} on which the states differ.`),
    ...folds,
    { kind: 'heading', level: 2, text: 'Costs' },
    lines.length === 0
      ? paragraph('No cost differs.')
      : table(['operation', 'situation', 'cost', ...ids], costRows),
  ];
}

/** The same as JSON, with scenarios and costs. */
export function matrixToJson(matrix: Matrix, { corpusHash, version }: MatrixContext): string {
  const { states, clauses, scenarios, costs, ...rest } = matrix;
  return jsonText({
    schema: 'bouncediff/matrix/1',
    corpusHash,
    version,
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
