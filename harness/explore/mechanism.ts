// SPDX-License-Identifier: GPL-2.0-only
/** Counterexamples by mechanism: what makes two of them one finding. */
import { createHash } from 'node:crypto';
import type { FindingKind } from '../compare/classify.ts';
import { CLAUSE_IDS, type Cause, type ClauseId, type Evidence } from '../contract/verdict.ts';
import type { Defect } from '../contract/defect.ts';
import { EVENT_KINDS } from '../machine/events.ts';
import { F_KIND, F_PATH, F_STEP, STRIDE } from '../machine/event-log.ts';
import type { Run } from '../run/run.ts';
import { callPath } from '../run/recording.ts';
import { traceOf } from '../run/trace.ts';

/**
 * What a program shows. `broken`, `inherited`: one state looked at alone, whose baseline holds or breaks
 * as well; `different`: another trace, no clause touched; `costlier`, `cheaper`: an operation on the second side.
 */
export type ShownKind = FindingKind | 'broken' | 'inherited' | 'different' | 'costlier' | 'cheaper';

/** One thing that a program shows, and the mechanism behind it. */
export interface Shown {
  /** Equal for equal mechanisms. */
  readonly key: string;
  readonly kind: ShownKind;
  /** Of a layout-dependent one: its keys if it were so in every layout. */
  readonly elsewhere?: readonly string[];
  /** undefined: the traces or the costs differ. */
  readonly clause: ClauseId | undefined;
  readonly cause: Cause | undefined;
  /** Function, hand-over or place, for a reader. */
  readonly through: string;
}

/** The key of a mechanism that these tell from others. */
export function mechanismKey(kind: ShownKind, ...parts: readonly string[]): string {
  return [kind, ...parts].join(BETWEEN);
}

/** A short name for a mechanism, for commands and file names. */
export function mechanismId(key: string): string {
  return createHash('sha256').update(key).digest('hex').slice(0, 8);
}

/** Kind, clause and cause of a mechanism's key: what a comparison tells findings apart by; `different` of a trace. */
export function findingOf(key: string): string {
  const parts = key.split(BETWEEN);
  return parts[0] === 'different' ? 'different' : parts.slice(0, 3).join(BETWEEN);
}

/** The clause of a mechanism's key; undefined: of traces that differ. */
export function clauseOf(key: string): ClauseId | undefined {
  const named = key.split(BETWEEN)[1];
  return CLAUSE_IDS.find((id) => id === named);
}

/** What findingOf() makes of a mechanism of these. */
export function findingKey(kind: FindingKind, { clause, cause }: Defect): string {
  return [kind, clause, cause].join(BETWEEN);
}

const BETWEEN = ' | ';

/** What a layout-dependent finding may be in other programs. */
const CERTAIN = ['fixed', 'regressed', 'broken'] as const;

/** The mechanism of a broken clause. */
export function brokenBy(run: Run, kind: ShownKind, { clause, cause }: Defect, evidence: Evidence): Shown {
  const place = evidence.place === undefined ? '' : ` (${evidence.place})`;
  const through = `${throughOf(run, evidence)}${place}`;
  const keyAs = (as: ShownKind): string => [as, clause, cause, through].join(BETWEEN);
  const shown = { key: keyAs(kind), kind, clause, cause, through };
  return kind === 'layout-dependent' ? { ...shown, elsewhere: CERTAIN.map(keyAs) } : shown;
}

/** Kernel function and call path of the evidence, else the operation that handed the bytes over. */
function throughOf(run: Run, { event, step, mapping }: Evidence): string {
  if (event !== undefined) {
    const { kind, path } = run.events.at(event);
    const methods = methodsOf(run, path);
    if (methods !== '') return `${methods} → ${kind}`;
  }
  const { steps } = run.scenario;
  for (let at = step; at >= 0; at--) {
    const candidate = steps[at];
    if (candidate === undefined || !('during' in candidate)) continue;
    if (mapping === undefined || candidate.map === mapping) return candidate.op;
  }
  return steps[step]?.op ?? 'the end';
}

/** Methods on a call path, without the patches that wrote them. */
function methodsOf(run: Run, path: number): string {
  return callPath(run, path)
    .map(({ method }) => method)
    .join(' → ');
}

/** The mechanism of two traces that differ: the first kernel functions that do; undefined: they read the same. */
export function differenceOf(x: Run, y: Run): Shown | undefined {
  const at = firstOtherKind(x, y) ?? firstOtherText(x, y);
  if (at === undefined) return undefined;
  const { op = 'the end' } = x.scenario.steps[at.step] ?? {};
  const through = `${op}: ${at.from} / ${at.to}`;
  return {
    key: `different${BETWEEN}${through}`,
    kind: 'different',
    clause: undefined,
    cause: undefined,
    through,
  };
}

interface Place {
  readonly step: number;
  readonly from: string;
  readonly to: string;
}

/** The first event of another kind; cheap, nothing is decoded. */
function firstOtherKind(x: Run, y: Run): Place | undefined {
  const length = Math.max(x.records.length, y.records.length);
  for (let at = 0; at < length; at += STRIDE) {
    const [a, b] = [x.records[at + F_KIND], y.records[at + F_KIND]];
    if (a === b) continue;
    const step = Math.min(x.records[at + F_STEP] ?? Infinity, y.records[at + F_STEP] ?? Infinity);
    return { step, from: calledAt(x, at, step), to: calledAt(y, at, step) };
  }
  return undefined;
}

function calledAt(run: Run, at: number, step: number): string {
  if (run.records[at + F_STEP] !== step) return 'nothing more';
  const [last] = methodsOf(run, run.records[at + F_PATH] ?? 0)
    .split(' → ')
    .toReversed();
  const kind = EVENT_KINDS[run.records[at + F_KIND] ?? 0] ?? '';
  return last === undefined || last === '' ? kind : `${last} → ${kind}`;
}

/** The first line of the traces that reads otherwise. */
function firstOtherText(x: Run, y: Run): Place | undefined {
  const [a, b] = [traceOf(x), traceOf(y)];
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    if (a[i]?.text === b[i]?.text) continue;
    const [one, other] = [a[i], b[i]].map((line, side) => {
      if (line === undefined) return 'nothing more';
      return line.event === undefined
        ? 'the outcome'
        : calledAt(side === 0 ? x : y, line.event * STRIDE, line.step);
    });
    return { step: a[i]?.step ?? b[i]?.step ?? 0, from: one ?? '', to: other ?? '' };
  }
  return undefined;
}
