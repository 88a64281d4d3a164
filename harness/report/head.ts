// SPDX-License-Identifier: GPL-2.0-only
/** The lines that decide: the verdict, what to look at, what it costs, and what it rests on. */
import type { State } from '../subject/state.ts';
import { isUnchanged as isSame, type Comparison, type Finding } from '../compare/comparison.ts';
import type { Scenario } from '../run/scenario.ts';
import { code, plural, strong, type Block, type Span, type Text } from '../text/document.ts';
import { costLines, costText, riseOf, whereText, type CostLine } from './cost-lines.ts';
import { nameOf } from './kinds.ts';
import { patchesOf, unexplainedRegressions, type Report } from './report.ts';
import { notExercised, summarise, worked } from './summary.ts';

/** Most clauses or costs that a line names. */
const NAMED = 2;
/** Most findings that a reviewer is sent to at once. */
const LOOK_AT = 3;

/** Six lines, or three where there is no difference, and the notes of the context. */
export function head(report: Report): Block {
  const { comparison } = report;
  const { notes = [] } = report.context;
  if (isUnchanged(report)) {
    const rest = `No difference on ${plural(comparison.cases, 'case')}; ${contextOf(report)}.`;
    const ends: Text = ['From ', ...provenance(comparison.from), ' to ', ...provenance(comparison.to), '.'];
    return { kind: 'lines', lines: [verdictLine(report), ...notes, rest, ends] };
  }
  return {
    kind: 'list',
    lead: verdictLine(report),
    items: [
      ...notes,
      nextStep(report),
      costHeadline(comparison),
      restsOn(report),
      ['from ', ...provenance(comparison.from)],
      ['to ', ...provenance(comparison.to)],
    ],
  };
}

/** Nothing that a reader would call a difference, accepted or not. */
export function isUnchanged({ comparison: { findings, different, costs }, expected }: Report): boolean {
  return (
    [...findings, ...expected.flatMap(({ cases }) => cases)].every(isSame) &&
    different.length === 0 &&
    costLines(costs, true).length === 0
  );
}

/** Line 1: better or worse, why, and in numbers. */
function verdictLine({ comparison }: Report): Text {
  const s = summarise(comparison);
  const parts = [
    `${s.fixed} fixed`,
    `${s.regressed} regressed`,
    `${s.stillBroken} still broken (${s.inherited} inherited${s.causeChanged > 0 ? `, ${s.causeChanged} for another cause` : ''})`,
    ...(s.unmasked > 0 ? [`${s.unmasked} broken, hidden before`] : []),
    ...(s.masked > 0 ? [`${s.masked} broken before, hidden now`] : []),
    ...(s.layoutDependent > 0 ? [`${s.layoutDependent} layout-dependent`] : []),
    `${s.cheaper} cheaper`,
    `${s.dearer} dearer`,
    `${s.different} different`,
    `${s.same} same`,
  ];
  const missing = notExercised(comparison);
  const coverage = missing.length === 0 ? 'every clause exercised' : `not exercised: ${missing.join(', ')}`;
  return [
    strong(`${comparison.from.id} → ${comparison.to.id}: ${s.word}`),
    ` — ${parts.join(', ')}; ${plural(s.scenarios, 'scenario')}, ${plural(s.cases, 'case')} × ${s.clauses} clauses; ${coverage}.`,
    ` ${reasonFor(comparison)}.`,
  ];
}

/** Why it is better or worse: clauses first, then costs. */
export function reasonFor({ findings, costs, different }: Comparison): string {
  const clauses = (kind: Finding['kind']): string[] => [
    ...new Set(findings.filter((finding) => finding.kind === kind).map(({ clause }) => clause)),
  ];
  const reasons = [...some('breaks', clauses('regressed')), ...some('fixes', clauses('fixed'))];
  if (reasons.length > 0) return capital(reasons.join('; '));
  const [cost] = worked(costs);
  if (cost !== undefined) return `No clause changes; ${costChange(cost)}`;
  return different.length > 0 ? 'No clause and no cost changes, only the calls' : 'Nothing changes';
}

function some(verb: string, names: readonly string[]): string[] {
  return names.length === 0 ? [] : [`${verb} ${listed(names, NAMED)}`];
}

/** The first few, and how many more. */
function listed(names: readonly string[], most: number): string {
  const more = names.length - most;
  return more > 0 ? `${names.slice(0, most).join(', ')} and ${more} more` : names.join(', ');
}

/** What a reviewer has to do about it. */
function nextStep(report: Report): Text {
  const { findings } = report.comparison;
  const unexplained = unexplainedRegressions(report);
  const declared = findings.filter(({ kind }) => kind === 'regressed').length - unexplained.length;
  const unmasked = findings.filter(({ kind, inherited }) => kind === 'unmasked' && !inherited);
  const contradicted = report.account.ledger.filter(({ claims }) =>
    claims.some(({ status }) => status === 'contradicted'),
  );
  const named = (list: readonly Finding[]): string =>
    listed(
      list.map((finding) => `${nameOf(finding)}${by(report, finding)}`),
      LOOK_AT,
    );
  const steps = [
    ...(unexplained.length > 0
      ? [`${plural(unexplained.length, 'unexplained regression')}: look at ${named(unexplained)}`]
      : []),
    ...(declared > 0 ? [`${plural(declared, 'regression')}, declared as unsolved by the cover letter`] : []),
    ...(unexplained.length + declared === 0 ? ['nothing regressed'] : []),
    ...(unmasked.length > 0 ? [`broken, hidden before: ${named(unmasked)}`] : []),
    ...(contradicted.length > 0
      ? [
          `claims contradicted in ${listed(
            contradicted.map(({ stage }) => stage.patch.id),
            LOOK_AT,
          )}`,
        ]
      : []),
  ];
  return steps.join('; ');
}

function by(report: Report, finding: Finding): string {
  const { forth, back } = report.account.walk;
  const patches = forth.length + back.length > 1 ? patchesOf(report, finding) : [];
  return patches.length === 0 ? '' : ` (${patches.join(', ')})`;
}

/** What is cheaper and what is dearer, per operation. */
function costHeadline({ costs }: Comparison): Text {
  const changed = worked(costs);
  if (changed.length === 0) return 'no operation costs more or less';
  const of = (word: string, list: readonly CostLine[]): string[] => {
    const [first] = list;
    if (first === undefined) return [];
    return [`${word}: ${costChange(first)}${list.length > 1 ? ` and ${list.length - 1} more` : ''}`];
  };
  const cheaper = changed.filter((line) => riseOf(line) < 0);
  const dearer = changed.filter((line) => riseOf(line) > 0);
  return [...of('cheaper', cheaper), ...of('dearer', dearer)].join('; ');
}

function costChange(line: CostLine): string {
  return `${line.operation} (${whereText(line)}): ${line.title} ${costText(line, 0)} → ${costText(line, 1)}`;
}

function restsOn(report: Report): Text {
  const { cases, scenarios, comparedOperations, from, to, ...alone } = report.comparison;
  const { crashedOnlyFrom, crashedOnlyTo, failedOnlyFrom, failedOnlyTo } = alone;
  const failures = [...failing(from, failedOnlyFrom), ...failing(to, failedOnlyTo)].join(', ');
  const out = failures === '' ? '' : ` (left out: ${failures})`;
  const crashes = [
    ...(crashedOnlyFrom.length > 0 ? [`only ${from.id} crashes in ${crashedOnlyFrom.length}`] : []),
    ...(crashedOnlyTo.length > 0 ? [`only ${to.id} crashes in ${crashedOnlyTo.length}`] : []),
  ];
  const behind =
    crashes.length === 0 ? '' : `${crashes.join(', ')}: what lies behind a crash is not judged; `;
  return `rests on ${plural(cases, 'case')} of ${plural(scenarios, 'scenario')}, costs on ${plural(comparedOperations, 'operation')}${out}; ${behind}${contextOf(report)}`;
}

/** The cases that the costs lack because a map fails on one side only. */
function failing(state: State, cases: readonly Scenario[]): string[] {
  const [first] = cases;
  return first === undefined ? [] : [`only ${state.id} fails a map in ${cases.length}, like ${first.id}`];
}

function contextOf({ context: { corpusHash, version } }: Report): string {
  return `corpus ${corpusHash}, bouncediff ${version}; modelled, not the kernel`;
}

/** Where a state comes from, in a line. */
function provenance(state: State): Span[] {
  const last = state.chain.at(-1);
  if (last === undefined) {
    return [strong(state.id), `: ${state.origin}`];
  }
  const alias = state.alias === undefined ? '' : ` (= ${state.alias})`;
  const { place, subject, author, date, messageId, link } = last;
  const posted = `${alias}: ${place} “${subject}”, ${author}, ${date}`;
  if (messageId === '') return [strong(state.id), posted];
  return [strong(state.id), `${posted}, `, link === undefined ? code(messageId) : { url: link }];
}

function capital(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1);
}
