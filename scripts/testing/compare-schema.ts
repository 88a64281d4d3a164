// SPDX-License-Identifier: GPL-2.0-only
/** What docs/json.md says of `compare --json`, written down a second time, for readers that check. */
import { DIRECTION_NAMES } from '../../harness/machine/vocabulary.ts';
import { COSTS } from '../../harness/run/costs.ts';
import { OPERATIONS } from '../../harness/run/situation.ts';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { ROOT } from './run.ts';

const count = z.int().nonnegative();
/** From 0; -1: before the first, as where the kernel does not link. */
const step = z.int().min(-1);
const text = z.string().min(1);
const caseId = z.string().regex(/^[a-z-]+\/[a-z0-9-]+(\[[^\]]+\])?$/);
const caseIds = z.array(caseId);

const state = z.strictObject({
  id: text,
  alias: text.nullable(),
  patches: z.array(
    z.strictObject({
      id: text,
      subject: text,
      author: text,
      link: z.url().nullable(),
      messageId: z
        .string()
        .regex(/^[^\s<>@]+@[^\s<>@]+$/)
        .optional(),
      date: z.string().regex(/^\d{4}-\d\d-\d\d$/),
    }),
  ),
});

const evidence = z.strictObject({
  step,
  event: z.int().min(-1),
  count: count.min(1),
  mapping: count.optional(),
  buffer: count.optional(),
  offset: count.optional(),
  device: count.optional(),
  iova: z.int().optional(),
  phys: z.int().optional(),
  expected: z.int().optional(),
  observed: z.int().optional(),
  took: count.optional(),
  asked: count.optional(),
  needed: count.optional(),
  used: count.optional(),
  free: count.optional(),
  place: text.optional(),
});

const traceLine = z.strictObject({
  step,
  event: z.int().min(-1),
  text,
  raw: text,
  path: z.array(text),
  touches: z.array(z.strictObject({ how: text, phys: z.int(), size: z.int() })),
});

const layouts = z
  .array(
    z.strictObject({
      passed: count,
      taken: count,
      iovas: z.array(count),
      evicts: z.literal(true).optional(),
      keepsDirty: z.literal(true).optional(),
      doublesPool: z.literal(true).optional(),
    }),
  )
  .min(1);

const finding = z.strictObject({
  id: z.string().regex(/^[a-z-]+-[0-9a-f]{6}(-\d+)?$/),
  kind: z.enum(['regressed', 'uncovered', 'still-broken', 'fixed', 'hidden', 'layout-dependent']),
  clause: text,
  cause: text,
  was: text.nullable(),
  hiddenBy: step.nullable(),
  partedBy: step.nullable(),
  luck: z
    .strictObject({
      kind: z.enum(['fixed', 'regressed']),
      layouts,
    })
    .nullable(),
  unrepeated: z.boolean(),
  inherited: z.boolean(),
  inRoot: text.nullable(),
  inheritedIn: layouts.nullable(),
  scenario: z.string().regex(/^[a-z-]+\/[a-z0-9-]+$/),
  case: caseId,
  because: text,
  patches: z.array(
    z.strictObject({
      patch: text,
      effect: z.enum(['breaks', 'mends', 'hides', 'uncovers']),
      after: z.enum(['broken', 'holds', 'hidden']),
      touched: z.array(text),
      executed: z.array(text),
      hunks: z.array(
        z.strictObject({
          file: text,
          line: count.min(1),
          lines: z.array(z.string()),
          link: z.url().optional(),
          mailLine: count,
        }),
      ),
      together: z.array(text),
    }),
  ),
  breaksAt: z.strictObject({ side: z.enum(['from', 'to']), step, event: z.int().min(-1) }).nullable(),
  changedAt: z.strictObject({ step, event: z.int().min(-1) }).nullable(),
  traceDiff: z.array(z.string()),
  traces: z.strictObject({ from: z.array(traceLine), to: z.array(traceLine) }).nullable(),
  evidence: z.strictObject({ from: evidence.nullable(), to: evidence.nullable() }),
  cases: caseIds.min(1),
  found: z.strictObject({ program: count, yaml: text }).nullable(),
});

const leftOut = z.enum([
  'cpu-read',
  'cpu-wrote',
  'device-wrote',
  'wrote-to-device',
  'in-operation',
  'not-returned',
  'two-buffers',
  'two-mappings',
  'handed-over-twice',
  'taken-back-twice',
  'shared-line',
  'not-mapped',
  'misuse',
]);

const effect = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.enum(['fixed', 'regressed']), clause: text, cause: text, case: caseId }),
  z.strictObject({ kind: z.enum(['lowers', 'raises']), cost: text, case: caseId }),
  z.strictObject({ kind: z.literal('differs'), case: caseId }),
]);

const regression = z.strictObject({ kind: z.literal('regressed'), clause: text, cause: text, case: caseId });

const spread = z.strictObject({ least: count, most: count, mean: z.number().nonnegative() });

/** A row of costs, of `compare` and of `costs`. */
export const costRowSchema = z.strictObject({
  of: z.enum(['call', 'entry']),
  operation: z.enum(OPERATIONS),
  device: z.enum(['trusted', 'untrusted', 'untrusted, CONFIG_SWIOTLB=n']),
  coherent: z.boolean(),
  direction: z.enum(DIRECTION_NAMES),
  skip: z.boolean(),
  minAlignMask: z.boolean(),
  entries: z.int().positive(),
  bounced: count,
  operations: z.int().positive(),
  costs: z.array(
    z.strictObject({
      name: z.enum(COSTS.map(({ name }) => name)),
      sides: z.array(spread),
      differing: count,
      case: caseId.nullable(),
      step: count.nullable(),
    }),
  ),
});

export const compareSchema = z.strictObject({
  schema: z.literal('bouncediff/compare/3'),
  corpusHash: z.string().regex(/^[0-9a-f]{12}$/),
  version: z.string().regex(/^\d+\.\d+\.\d+/),
  notes: z.array(text),
  from: state,
  to: state,
  summary: z.strictObject({
    word: z.enum([
      'better',
      'worse',
      'mixed',
      'costs less',
      'costs more',
      'mixed costs',
      'same verdicts, other calls',
      'same',
    ]),
    fixed: count,
    regressed: count,
    stillBroken: count,
    inherited: count,
    causeChanged: count,
    hidden: count,
    uncovered: count,
    layoutDependent: count,
    costsLess: count,
    costsMore: count,
    different: count,
    same: count,
    scenarios: count,
    cases: count,
    clauses: count,
  }),
  findings: z.array(finding),
  explored: z.strictObject({ seed: count, programs: count.min(1), tooMuch: z.array(count) }).nullable(),
  costs: z.array(costRowSchema),
  comparedOperations: count,
  operationsOfOneSide: count,
  different: caseIds,
  crashedOnly: z.strictObject({ from: caseIds, to: caseIds }),
  failedOnly: z.strictObject({ from: caseIds, to: caseIds }),
  ofBases: z.array(
    z.strictObject({ kind: finding.shape.kind, clause: text, cause: text, cases: caseIds.min(1) }),
  ),
  differentOfBases: caseIds,
  claims: z.array(
    z.strictObject({
      patch: text,
      claims: z.array(
        z.strictObject({
          text,
          status: z.enum(['shown', 'not measured', 'contradicted']),
          shownBy: caseIds,
          contradictedBy: caseIds,
        }),
      ),
      unexplained: z.array(regression),
      accepted: z.array(regression),
      declared: z.array(regression),
      unannounced: z.array(effect),
    }),
  ),
  brokenOnTheWay: z.array(
    z.strictObject({ clause: text, cause: text, brokenBy: text, mendedBy: text, cases: caseIds.min(1) }),
  ),
  expected: z.array(
    z.strictObject({
      states: text,
      scenario: text,
      clause: text,
      cause: text.optional(),
      reason: text,
      link: text.optional(),
      line: count.min(1),
      cases: caseIds.min(1),
    }),
  ),
  notJudged: z.array(z.strictObject({ why: leftOut, words: text, cases: caseIds.min(1), example: text })),
  exercised: z.record(text, count),
  notExercised: z.array(text),
});

export type Report = z.infer<typeof compareSchema>;
export type ReportedFinding = z.infer<typeof finding>;

/** Names that the first column of the table after `heading` gives, with what the second says of them. */
export function documentedFields(heading: string): Map<string, string> {
  const page = readFileSync(join(ROOT, 'docs', 'json.md'), 'utf8');
  const [, after = ''] = page.split(heading);
  const [table = ''] = /(^\|.*\n)+/m.exec(after) ?? [];
  const fields = new Map<string, string>();
  for (const row of table.split('\n').slice(2, -1)) {
    const [, names = '', meaning = ''] = row.split(/(?<!\\)\|/);
    for (const [, name = ''] of names.matchAll(/`(\w+)`/g)) fields.set(name, meaning);
  }
  return fields;
}
