// SPDX-License-Identifier: GPL-2.0-only
/** A comparison as JSON, in a versioned form that docs/json.md describes. */
import type { Account } from '../compare/account.ts';
import type { LedgerEntry } from '../compare/ledger.ts';
import type { Effect } from '../compare/ledger-effects.ts';
import { foundCase, type Comparison, type Finding } from '../compare/comparison.ts';
import { findingIds } from '../compare/finding-ids.ts';
import { leftOutWords } from '../contract/left-out.ts';
import { leftOutSentence } from '../contract/not-judged.ts';
import { plain } from '../text/document.ts';
import { jsonText } from '../text/visible.ts';
import { evidenceInJson, withEvent } from './events-in-json.ts';
import { unexplainedEffects, type Report } from './report.ts';
import { costRow } from './costs-page.ts';
import { messageIdOf } from './links.ts';
import { notJudgedGroups } from './not-judged-section.ts';
import { notExercised, summarise } from './summary.ts';

/** Version of the form; a change that breaks readers raises it. */
const JSON_SCHEMA = 'bouncediff/compare/3';

export function toJson(report: Report): string {
  const { comparison, illustrations, account, expected, ofBases } = report;
  const { notes = [], command: _command, files: _files, ...context } = report.context;
  const { from, to } = comparison;
  const ids = findingIds(comparison.findings);
  const state = ({ id, alias, chain }: typeof from): object => ({
    id,
    alias: alias ?? null,
    patches: chain.map((patch) => ({
      id: patch.id,
      subject: patch.subject,
      author: patch.author,
      // Left out where there is none.
      messageId: messageIdOf(patch),
      link: patch.link ?? null,
      date: patch.date,
    })),
  });
  const json = {
    schema: JSON_SCHEMA,
    ...context,
    notes: notes.map(plain),
    from: state(from),
    to: state(to),
    summary: summarise(comparison),
    findings: illustrations.map(({ finding, scenario, because, diff, breaksAt, changedAt, traces }) => ({
      id: ids.get(finding),
      kind: finding.kind,
      clause: finding.clause,
      cause: finding.cause,
      was: finding.was ?? null,
      luck: finding.luck ?? null,
      hiddenBy: finding.cases[0]?.hiddenBy ?? null,
      partedBy: finding.cases[0]?.partedBy ?? null,
      unrepeated: finding.cases[0]?.unrepeated ?? false,
      inherited: finding.inherited,
      inRoot: finding.inRoot ?? null,
      inheritedIn: finding.cases[0]?.inheritedIn ?? null,
      scenario: scenario.scenario,
      case: scenario.id,
      because: plain(because),
      patches: patchesOf(account, finding),
      breaksAt: breaksAt === null ? null : { side: breaksAt.side, ...withEvent(breaksAt) },
      changedAt: changedAt === null ? null : withEvent(changedAt),
      traceDiff: diff,
      traces:
        traces === undefined ? null : { from: traces.from.map(withEvent), to: traces.to.map(withEvent) },
      evidence: evidenceInJson(finding.cases[0]),
      cases: finding.cases.map((c) => c.scenario.id),
      found: foundAs(comparison, finding),
    })),
    explored: exploredAs(comparison),
    costs: comparison.costs.map((row) => costRow(row)),
    comparedOperations: comparison.comparedOperations,
    operationsOfOneSide: comparison.operationsOfOneSide,
    different: comparison.different.map(({ id }) => id),
    crashedOnly: {
      from: comparison.crashedOnlyFrom.map(({ id }) => id),
      to: comparison.crashedOnlyTo.map(({ id }) => id),
    },
    failedOnly: {
      from: comparison.failedOnlyFrom.map(({ id }) => id),
      to: comparison.failedOnlyTo.map(({ id }) => id),
    },
    claims: account.ledger.map((entry) => claimsOf(report, entry)),
    brokenOnTheWay: account.passing.map(({ clause, cause, made, takenBack, scenarios }) => ({
      clause,
      cause,
      brokenBy: made.patch.id,
      mendedBy: takenBack.patch.id,
      cases: scenarios.map(({ id }) => id),
    })),
    expected: expected.map(({ entry, cases }) => ({
      ...entry,
      cases: cases.map((found) => found.scenario.id),
    })),
    ofBases: ofBases.findings.map(({ kind, clause, cause, cases }) => ({
      kind,
      clause,
      cause,
      cases: cases.map((found) => found.scenario.id),
    })),
    differentOfBases: ofBases.different.map(({ id }) => id),
    notJudged: notJudgedGroups(comparison).map(({ why, cases, example }) => ({
      why,
      words: leftOutWords(why),
      cases: cases.map(({ id }) => id),
      example: cases
        .slice(0, 1)
        .map((smallest) => plain(leftOutSentence(smallest, example)))
        .join(''),
    })),
    exercised: comparison.exercised,
    notExercised: notExercised(comparison),
  };
  return jsonText(json);
}

/** What a patch promises, and what else it does. */
function claimsOf(report: Report, entry: LedgerEntry): object {
  const { stage, claims, unannounced, declared } = entry;
  const { open, accepted } = unexplainedEffects(report, entry);
  return {
    patch: stage.patch.id,
    claims: claims.map(({ claim, status, shownBy, contradictedBy }) => ({
      text: claim.text,
      status,
      shownBy: shownBy.map(({ id }) => id),
      contradictedBy: contradictedBy.map(({ id }) => id),
    })),
    unexplained: open.map(effect),
    accepted: accepted.map(effect),
    declared: declared.map(effect),
    unannounced: unannounced.map(effect),
  };
}

function patchesOf(account: Account, finding: Finding): object[] {
  const { forth = [], back = [] } = account.attributions.get(finding) ?? {};
  return [...forth, ...back].map(({ stage, effect: turn, after, touched, executed, together }) => ({
    patch: stage.patch.id,
    effect: turn,
    after,
    touched,
    executed,
    hunks: stage.after.c?.hunks(stage.patch.id, executed.length > 0 ? executed : touched) ?? [],
    together: together.map(({ id }) => id),
  }));
}

function exploredAs({ explored }: Comparison): object | null {
  if (explored === undefined) return null;
  const { seed, programs, tooMuch } = explored;
  return { seed, programs, tooMuch };
}

function foundAs(comparison: Comparison, finding: Finding): object | null {
  const found = foundCase(comparison, finding);
  return found === undefined ? null : { program: found.program, yaml: found.yaml };
}

function effect({ scenario, ...what }: Effect): object {
  return { ...what, case: scenario.id };
}
