// SPDX-License-Identifier: GPL-2.0-only
/** The states side by side, clause by clause: a mark leads to its finding, a cell says what is behind it. */
import type { VNode } from 'preact';
import { useState } from 'preact/hooks';
import type { PageCell, PageData } from '../page-data.ts';
import { plural } from './model.ts';

/** A cell, by row and column. */
interface Position {
  readonly row: number;
  readonly column: number;
}

export function MatrixView({ data }: { readonly data: PageData }): VNode {
  const { states, here, rows } = data.matrix;
  const [at, setAt] = useState<Position>(() => firstChange(data));
  const clause = rows[at.row];
  const cell = clause?.cells[at.column];
  return (
    <section aria-label="Matrix">
      <h1>Clause by clause</h1>
      <p class="sub">
        Cases that break the clause, of those that put it to the test. <span class="broke">✗</span> broken, ✓
        mended against the state to the left; ? hidden on one side or a matter of layout. ×2: two findings. A
        mark opens the first, the cell lists them all below.
      </p>
      <table class="mx">
        <caption class="sr">States against clauses</caption>
        <thead>
          <tr>
            <th scope="col">clause</th>
            {states.map((state, column) => (
              <th scope="col" class={here.includes(column) ? 'here' : ''}>
                {state}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ clause: id, cells }, row) => (
            <tr>
              <th scope="row" title={data.clauses.find((one) => one.id === id)?.promise}>
                {id}
              </th>
              {cells.map((one, column) => (
                <Cell
                  cell={one}
                  isHere={here.includes(column)}
                  isSelected={at.row === row && at.column === column}
                  choose={() => setAt({ row, column })}
                />
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {clause !== undefined && cell !== undefined && (
        <Panel clause={clause.clause} state={states[at.column] ?? ''} cell={cell} />
      )}
    </section>
  );
}

function firstChange({ matrix: { rows, here } }: PageData): Position {
  const column = here.at(-1) ?? 0;
  const row = rows.findIndex(({ cells }) => cells[column]?.marks.some(({ sign }) => sign === '✗'));
  return { row: Math.max(0, row), column };
}

interface CellProps {
  readonly cell: PageCell;
  readonly isHere: boolean;
  readonly isSelected: boolean;
  readonly choose: () => void;
}

const SIGNS = ['✗', '✓', '?'] as const;

function Cell({ cell, isHere, isSelected, choose }: CellProps): VNode {
  const { broken, exercised, marks } = cell;
  return (
    <td
      class={`${broken > 0 ? 'brkn' : 'ok'}${isHere ? ' here' : ''}`}
      tabIndex={isSelected ? 0 : -1}
      aria-selected={isSelected}
      onClick={choose}
      onFocus={choose}
      onKeyDown={moveFocus}
    >
      <span class="v">
        {exercised === 0 ? (
          '–'
        ) : broken === 0 ? (
          'holds'
        ) : (
          <>
            <b>{broken}</b> <span class="of">of {exercised}</span>
          </>
        )}
      </span>
      <span class="mk">
        {SIGNS.map((sign) => {
          const all = marks.filter((mark) => mark.sign === sign);
          const [first] = all;
          if (first === undefined) return null;
          const name = sign === '✗' ? 'broke' : 'mend';
          const text = `${sign}${all.length > 1 ? `×${all.length}` : ''}`;
          return first.href === '' ? (
            <span class={name}>{text}</span>
          ) : (
            <a class={name} href={first.href} title={first.cause}>
              {text}
            </a>
          );
        })}
      </span>
    </td>
  );
}

/** Moves the focus between cells with the arrow keys; Enter follows the first mark. */
function moveFocus(event: KeyboardEvent): void {
  const cell = event.currentTarget;
  if (!(cell instanceof HTMLTableCellElement)) return;
  const row = cell.parentElement as HTMLTableRowElement;
  const next = (
    {
      ArrowRight: cell.nextElementSibling,
      ArrowLeft: cell.previousElementSibling,
      ArrowDown: row.nextElementSibling?.children[cell.cellIndex],
      ArrowUp: row.previousElementSibling?.children[cell.cellIndex],
    } as Readonly<Record<string, Element | null | undefined>>
  )[event.key];
  if (event.key === 'Enter') cell.querySelector('a')?.click();
  if (next instanceof HTMLTableCellElement && next.tagName === 'TD') {
    event.preventDefault();
    next.focus();
  }
}

function Panel({
  clause,
  state,
  cell,
}: {
  readonly clause: string;
  readonly state: string;
  readonly cell: PageCell;
}): VNode {
  const { broken, exercised, hidden, causes, marks } = cell;
  const verdict =
    exercised === 0
      ? 'not put to the test'
      : broken > 0
        ? `broken in ${broken} of ${exercised} cases`
        : `holds in ${plural(exercised, 'case')}`;
  return (
    <div class="panel" aria-live="polite">
      <h2>
        {clause} in {state}: {verdict}
      </h2>
      <ul>
        {marks.map(({ sign, cause, cases, href }) => (
          <li>
            <span class={sign === '✗' ? 'broke' : ''}>{sign}</span>{' '}
            {href === '' ? cause : <a href={href}>{cause}</a>}, {plural(cases, 'case')}
          </li>
        ))}
        {marks.length === 0 && <li class="sub">Nothing changed against the state to the left.</li>}
      </ul>
      {hidden > 0 && <p class="sub">Hidden by a crash in {plural(hidden, 'case')}.</p>}
      {causes.length > 0 && (
        <p class="sub">Broken for: {causes.map(([cause, cases]) => `${cause} ${cases}`).join(', ')}</p>
      )}
    </div>
  );
}
