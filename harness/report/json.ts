// SPDX-License-Identifier: GPL-2.0-only
/** A comparison as JSON, in a versioned form that docs/json.md describes. */
import type { Comparison } from '../compare/comparison.ts';
import type { Illustration } from './illustrate.ts';
import type { ReportContext } from './markdown.ts';
import { notExercised, summarise } from './summary.ts';

/** Version of the form; a change that breaks readers raises it. */
const JSON_SCHEMA = 'bouncediff/compare/1';

export function toJson(
  comparison: Comparison,
  illustrations: readonly Illustration[],
  context: ReportContext,
): string {
  const { from, to } = comparison;
  const state = ({ id, alias, chain }: typeof from): object => ({
    id,
    alias: alias ?? null,
    patches: chain.map(({ id: patch, subject, messageId, date }) => ({
      id: patch,
      subject,
      messageId,
      date,
    })),
  });
  const report = {
    schema: JSON_SCHEMA,
    ...context,
    from: state(from),
    to: state(to),
    summary: summarise(comparison),
    findings: illustrations.map(({ finding, scenario, because, diff }) => ({
      kind: finding.kind,
      clause: finding.clause,
      cause: finding.cause,
      inherited: finding.inherited,
      scenario: scenario.scenario,
      case: scenario.id,
      because,
      traceDiff: diff,
      evidence: { from: finding.cases[0]?.from ?? null, to: finding.cases[0]?.to ?? null },
      cases: finding.cases.map((c) => c.scenario.id),
    })),
    costs: comparison.costs.map(({ shownBy, ...cost }) => ({ ...cost, case: shownBy?.id ?? null })),
    comparableCases: comparison.comparableCases,
    different: comparison.different.map(({ id }) => id),
    crashedOnly: {
      from: comparison.crashedOnlyFrom.map(({ id }) => id),
      to: comparison.crashedOnlyTo.map(({ id }) => id),
    },
    exercised: comparison.exercised,
    notExercised: notExercised(comparison),
  };
  return `${JSON.stringify(report, null, 2)}\n`;
}
