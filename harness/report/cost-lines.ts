// SPDX-License-Identifier: GPL-2.0-only
/** What operations cost, in lines: situations in which it is the same share one. */
import type { OperationCost, OperationCosts, Spread } from '../compare/operation-costs.ts';
import { COSTS } from '../run/costs.ts';
import type { Operation, Situation } from '../run/situation.ts';

/** A cost of an operation in one situation or several. */
export interface CostLine {
  readonly operation: Operation;
  /** Whole calls, or entries of lists. */
  readonly of: OperationCosts['of'];
  readonly title: string;
  /** Its place in COSTS. */
  readonly rank: number;
  /** No work of its own (COSTS). */
  readonly isAside: boolean;
  /** Calls or copies; else bytes, lines, granules, slots: they depend on sizes. */
  readonly isCount: boolean;
  readonly sides: readonly Spread[];
  /** Of calls: how much they did. */
  readonly amounts: { readonly unit: string; readonly sides: readonly Spread[] } | undefined;
  /** Operations that it is measured over. */
  readonly operations: number;
  readonly shownBy: OperationCost['shownBy'];
  readonly where: Where;
}

/** The labels of the situations that share a line. */
type Where = Readonly<Record<(typeof ASPECTS)[number], readonly string[]>>;
/** In the order in which they are put together. */
const ASPECTS = ['skip', 'direction', 'coherent', 'minAlignMask', 'shape'] as const;

/** A line per cost; `differing`: only what is not the same on all sides. */
export function costLines(rows: readonly OperationCosts[], differing: boolean): CostLine[] {
  const lines = rows.flatMap((row) => linesOf(row, differing));
  const order = [...new Set(lines.map(groupOf))];
  return ASPECTS.reduce((merged: readonly CostLine[], aspect) => together(merged, aspect), lines).toSorted(
    (a, b) => order.indexOf(groupOf(a)) - order.indexOf(groupOf(b)),
  );
}

/** What stands together: an operation on things of a shape. */
function groupOf({ operation, of, where }: CostLine): string {
  return `${operation} ${of} ${where.shape[0] ?? ''}`;
}

function linesOf({ of, situation, operations, costs }: OperationCosts, differing: boolean): CostLine[] {
  const costOf = (name: string | undefined): OperationCost | undefined =>
    costs.find((cost) => cost.name === name);
  return COSTS.flatMap(({ name, title, unit, amountOf, isAside }, rank): CostLine[] => {
    const cost = costOf(name);
    const calls = costOf(amountOf);
    // The calls say it, where they differ or everything is shown.
    const isSaid = amountOf !== undefined && !(differing && calls?.shownBy === undefined);
    if (cost === undefined || isSaid || (differing && cost.shownBy === undefined)) return [];
    const amount = COSTS.find((known) => known.amountOf === name);
    const amounts = costOf(amount?.name);
    return [
      {
        operation: situation.operation,
        of,
        title,
        rank,
        isAside: isAside === true,
        isCount: unit === 'calls' || unit === 'copies',
        sides: cost.sides,
        amounts: amount && amounts && { unit: amount.unit, sides: amounts.sides },
        operations,
        shownBy: cost.shownBy,
        where: whereOf(of, situation),
      },
    ];
  });
}

function whereOf(of: CostLine['of'], situation: Situation): Where {
  const { coherent, direction, skip, minAlignMask } = situation;
  return {
    shape: [shapeOf(of, situation)],
    coherent: [coherent ? 'coherent' : 'non-coherent'],
    direction: [direction],
    skip: [skip ? 'SKIP_CPU_SYNC' : ''],
    minAlignMask: [minAlignMask ? 'min_align_mask' : ''],
  };
}

function shapeOf(of: CostLine['of'], { operation, device, entries, bounced }: Situation): string {
  const isList = operation.includes('_sg');
  const fate = bounced > 0 ? 'bounced' : device === 'untrusted' ? 'not bounced' : device;
  if (!isList) return fate;
  if (of === 'entry') return `an entry, ${fate}`;
  const counted = `${entries} ${entries === 1 ? 'entry' : 'entries'}`;
  if (device !== 'untrusted') return `${counted}, ${device}`;
  return `${counted}, ${bounced === 0 ? 'none' : bounced === entries ? 'all' : bounced} bounced`;
}

/** Lines that differ in one aspect alone, as one. */
function together(lines: readonly CostLine[], aspect: keyof Where): CostLine[] {
  const groups = new Map<string, CostLine[]>();
  for (const line of lines) {
    const { operation, of, title, where } = line;
    const rest = ASPECTS.filter((other) => other !== aspect).map((other) => where[other].join('/'));
    const key = [operation, of, title, ...rest, deciding(line)].join('|');
    groups.set(key, [...(groups.get(key) ?? []), line]);
  }
  return [...groups.values()].map((group) => group.reduce((a, b) => joined(a, b, aspect)));
}

/** What lines must have in common: the calls where their number is fixed, else only which state costs more. */
function deciding({ sides, isCount }: CostLine): string {
  if (isCount && sides.every(({ least, most }) => least === most)) return sides.map(spreadText).join(' ');
  return sides.map(({ mean }, side) => Math.sign(mean - (sides[side - 1]?.mean ?? mean))).join(' ');
}

function joined(a: CostLine, b: CostLine, aspect: keyof Where): CostLine {
  const pooled = (x: readonly Spread[], y: readonly Spread[]): Spread[] =>
    x.map((one, side) => pool(one, a.operations, y[side] ?? one, b.operations));
  return {
    ...a,
    sides: pooled(a.sides, b.sides),
    amounts: a.amounts && b.amounts && { ...a.amounts, sides: pooled(a.amounts.sides, b.amounts.sides) },
    operations: a.operations + b.operations,
    shownBy: a.shownBy ?? b.shownBy,
    where: { ...a.where, [aspect]: [...new Set([...a.where[aspect], ...b.where[aspect]])] },
  };
}

function pool(a: Spread, n: number, b: Spread, m: number): Spread {
  return {
    least: Math.min(a.least, b.least),
    most: Math.max(a.most, b.most),
    mean: (a.mean * n + b.mean * m) / (n + m),
  };
}

/** By how much it rises per operation from one state to another. */
export function riseOf({ sides }: CostLine): number {
  return (sides[1]?.mean ?? 0) - (sides[0]?.mean ?? 0);
}

/** In which situations: `bounced, non-coherent, FROM_DEVICE or BIDIRECTIONAL`. */
export function whereText({ where }: CostLine): string {
  const parts = [
    where.shape.join(' / '),
    where.coherent.length > 1 ? 'coherent or not' : where.coherent.join(),
    where.direction.length > 2 ? 'any direction' : where.direction.join(' or '),
    flag(where.skip),
    flag(where.minAlignMask),
  ];
  return parts.filter((part) => part !== '').join(', ');
}

function flag(labels: readonly string[]): string {
  const set = labels.find((label) => label !== '') ?? '';
  return labels.length > 1 ? `with ${set} or without` : set;
}

/** A side's cost: `2`, `2, 1408 bytes`, `1.5 (1–2)`. */
export function costText({ sides, amounts }: CostLine, side: number): string {
  const calls = sides[side];
  const amount = amounts?.sides[side];
  if (calls === undefined) return '';
  if (amounts === undefined || amount === undefined || calls.most === 0) return spreadText(calls);
  return `${spreadText(calls)}, ${rounded(amount.mean)} ${amounts.unit}`;
}

function spreadText({ least, most, mean }: Spread): string {
  return least === most ? String(least) : `${rounded(mean)} (${least}–${most})`;
}

function rounded(n: number): string {
  return String(n >= 100 ? Math.round(n) : Math.round(n * 100) / 100);
}
