// SPDX-License-Identifier: GPL-2.0-only
/** The lines that decide: a sentence, the counts, and what they rest on. */
import { isUnchanged as isSame, type Comparison, type Finding } from '../compare/comparison.ts';
import { RUN_BUDGET } from '../machine/budget.ts';
import type { Scenario } from '../run/scenario.ts';
import type { State } from '../subject/state.ts';
import {
  code,
  joined,
  paragraph,
  plural,
  spansOf,
  strong,
  table,
  type Block,
  type Span,
  type Text,
} from '../text/document.ts';
import { wordsOf } from './clause-words.ts';
import { costLines, costText, riseOf, whereText } from './cost-lines.ts';
import { countsOf, kindWords, type Count } from './counts.ts';
import { anchorOf, COMES_FIRST, nameOf, rootName } from './kinds.ts';
import { mailOf, messageIdOf, placeSpan } from './links.ts';
import { unexplainedRegressions, type Report } from './report.ts';
import { notExercised, worked } from './summary.ts';

/** Most things that the sentence names. */
const NAMED = 3;

/** Heading, sentence, counts, what it rests on; three lines where there is no difference. */
export function head(report: Report): Block[] {
  const { from, to } = report.comparison;
  const heading: Block = { kind: 'heading', level: 1, text: `${from.id} → ${to.id}` };
  const { notes = [] } = report.context;
  if (isUnchanged(report)) {
    return [
      heading,
      { kind: 'lines', lines: [sameLine(report), codeLine(report), ...notes, restsOn(report)] },
    ];
  }
  return [
    heading,
    paragraph(...sentence(report)),
    countsTable(report),
    paragraph('Each case counts once, in the first of its rows. ', ...restsOn(report)),
    { kind: 'list', items: [...notes, ['from ', ...provenance(from)], ['to ', ...provenance(to)]] },
  ];
}

/** Nothing that a reader would call a difference, accepted or not. */
export function isUnchanged({ comparison: { findings, different, costs }, expected }: Report): boolean {
  return (
    [...findings, ...expected.flatMap(({ cases }) => cases)].every(isSame) &&
    different.length === 0 &&
    costLines(costs, true).length === 0
  );
}

function sameLine({ comparison: { from, to, cases, scenarios } }: Report): Text {
  return [
    strong(`${to.id} behaves as ${from.id}`),
    ` on ${plural(cases, 'case')} of ${plural(scenarios, 'scenario')}: no finding, no cost and no call differs.`,
  ];
}

/** What changed in the code all the same. */
function codeLine({ code: diffs, comparison: { from, to } }: Report): Text {
  if (diffs === undefined) {
    return ['How their code differs: ', code(`npx bouncediff source ${from.id} --diff ${to.id}`), '.'];
  }
  if (diffs.length === 0) return 'Their functions are the same.';
  const said = diffs.map(({ method, kernelFunction, kind, note }): Text => [
    code(kernelFunction ?? method),
    ` ${note === '' ? kind : note}`,
  ]);
  const more = said.length - NAMED;
  return [
    `${plural(diffs.length, 'function')} of the code ${diffs.length === 1 ? 'differs' : 'differ'}: `,
    ...joined(said.slice(0, NAMED), '; '),
    more > 0 ? `; and ${more} more.` : '.',
  ];
}

/** What breaks and by which patch, what is fixed, what an operation costs. */
export function sentence(report: Report): Span[] {
  const { from, to, findings, costs, different } = report.comparison;
  const regressed = unexplainedRegressions(report);
  const fixed = findings.filter(({ kind }) => kind === 'fixed');
  const parts: Span[][] = [];
  if (regressed.length > 0) parts.push(named(report, regressed, to.id, 'breaks'));
  if (fixed.length > 0) {
    parts.push(named(report, fixed, regressed.length > 0 ? 'It fixes' : `${to.id} fixes`, 'fixes'));
  }
  if (parts.length === 0) {
    const declared = findings.some(({ kind }) => kind === 'regressed');
    const calls = different.length > 0 ? 'other calls' : 'the same calls';
    const verdict = declared
      ? `${to.id} regresses only where its cover letter says so.`
      : `${to.id} breaks and fixes nothing against ${from.id}; it makes ${calls}.`;
    parts.push([strong(verdict)]);
  }
  const [cost] = worked(costs);
  if (cost !== undefined) {
    const how = riseOf(cost) > 0 ? 'costs more' : 'costs less';
    const change = `${cost.title} ${costText(cost, 0)} → ${costText(cost, 1)}`;
    parts.push([`${cost.operation} ${how}: ${change} (${whereText(cost)}).`]);
  }
  return joined(parts, ' ');
}

/** What is said of several findings at once, and the patches that turn them. */
interface Said {
  readonly words: string;
  readonly by: readonly Span[];
}

/** The first few in words, and whose doing they are: `v3 crashes in map_page and …, by v3 5/5.` */
function named(
  report: Report,
  findings: readonly Finding[],
  subject: string,
  form: 'breaks' | 'fixes',
): Span[] {
  const groups = new Map<string, Finding[]>();
  for (const finding of findings) {
    const words = wordsOf(finding, form);
    groups.set(words, [...(groups.get(words) ?? []), finding]);
  }
  const all = [...groups].map(([words, same]): Said => ({
    words: form === 'breaks' ? `${words}${moreWords(report.comparison, same)}` : words,
    by: placesOf(report, same),
  }));
  const shown = all.slice(0, NAMED);
  const more = all.length - shown.length;
  const isOnes = new Set(shown.map(({ by }) => JSON.stringify(by))).size === 1;
  const items = shown.map(({ words, by }, at): Text => [
    strong(at === 0 ? `${subject} ${words}` : words),
    ...(isOnes ? [] : inBrackets(by)),
  ]);
  const [last = ''] = items.slice(-1);
  const list =
    items.length === 1 ? spansOf(last) : [...joined(items.slice(0, -1), ', '), ' and ', ...spansOf(last)];
  const by = shown[0]?.by ?? [];
  return [
    ...list,
    ...(isOnes && by.length > 0 ? [', by ', ...listed(by)] : []),
    more > 0 ? `; and ${more} more.` : '.',
  ];
}

/** That the first state breaks the clause in the same cases, for other bytes, and nothing is fixed there; else ''. */
function moreWords({ from, findings }: Comparison, same: readonly Finding[]): string {
  const isMore = ({ clause, cases: [first] }: Finding): boolean => {
    const beside = findings.filter(
      (other) => other.clause === clause && other.cases.some(({ scenario }) => scenario === first?.scenario),
    );
    return beside.some(({ kind }) => kind === 'still-broken') && beside.every(({ kind }) => kind !== 'fixed');
  };
  if (!same.every(isMore)) return '';
  const [only, ...others] = same;
  const count = others.length > 0 ? undefined : only?.cases[0]?.to?.count;
  return `, ${count === undefined ? '' : `${count} `}more than ${from.id}`;
}

function inBrackets(by: readonly Span[]): Span[] {
  return by.length === 0 ? [] : [' (', ...listed(by), ')'];
}

function listed(spans: readonly Span[]): Span[] {
  return joined(
    spans.map((span): Text => [span]),
    ', ',
  );
}

/** The patches of the second state that turn these findings, leading to their mails. */
function placesOf({ account, comparison }: Report, findings: readonly Finding[]): Span[] {
  const patches = findings.flatMap((finding) =>
    (account.attributions.get(finding)?.forth ?? []).map(({ stage }) => stage.patch),
  );
  return comparison.to.chain.filter(({ id }) => patches.some((patch) => patch.id === id)).map(placeSpan);
}

const EMPTY_SAID = new Set(['unexplained', 'fixed']);

/** A row for each outcome; the columns add up to the last one. */
function countsTable(report: Report): Block {
  const counts = countsOf(report);
  const rows = counts.filter(
    ({ outcome, findings, cases }) => findings.length > 0 || cases > 0 || EMPTY_SAID.has(outcome),
  );
  const total = rows.reduce((sum, { findings }) => sum + findings.length, 0);
  return table(
    ['', '>findings', '>cases', ''],
    [
      ...rows.map((count): Text[] => [
        titleOf(report, count),
        String(count.findings.length),
        String(count.cases),
        remarkOn(report, count),
      ]),
      ['all', String(total), String(report.comparison.cases), costRemark(report.comparison)],
    ],
  );
}

function titleOf({ comparison: { from, to } }: Report, { outcome }: Count): string {
  switch (outcome) {
    case 'unexplained':
      return 'regressed';
    case 'declared':
      return 'regressed, as the cover letter says';
    case 'accepted':
      return 'accepted';
    case 'of-bases':
      return 'of no patch';
    case 'different':
      return 'other calls, no finding';
    case 'same':
      return 'the same calls';
    case 'uncovered':
    case 'fixed':
    case 'still-broken':
    case 'hidden':
    case 'layout-dependent':
      return kindWords(outcome, from.id, to.id);
  }
}

function remarkOn(report: Report, { outcome, findings }: Count): Text {
  if (outcome === 'unexplained' || outcome === 'declared') {
    const links = findings
      .slice(0, NAMED)
      .map((finding): Text => [{ link: nameOf(finding), to: anchorOf(report, finding) }]);
    const more = findings.length - NAMED;
    return [...joined(links, ', '), more > 0 ? ` and ${more} more` : ''];
  }
  if (outcome === 'still-broken') {
    const inherited = findings.filter((finding) => finding.inherited).length;
    const changed = findings.filter(({ was }) => was !== undefined).length;
    const parts = [
      ...(inherited > 0 ? [`${inherited} of them in ${rootName(report.comparison.to)}, too`] : []),
      ...(changed > 0 ? [`${changed} for another cause`] : []),
    ];
    return parts.join('; ');
  }
  if (outcome === 'uncovered' || outcome === 'hidden') {
    return `${COMES_FIRST}: not judged there`;
  }
  if (outcome === 'layout-dependent') {
    return 'not so where pool and IOVA space are taken otherwise or larger, or the cache keeps other lines';
  }
  return '';
}

/** How many rows of the costs rise and fall. */
function costRemark({ costs }: Comparison): string {
  const changed = worked(costs);
  if (changed.length === 0) return 'no operation costs more or less';
  const less = changed.filter((line) => riseOf(line) < 0).length;
  const more = changed.length - less;
  const parts = [
    ...(less > 0 ? [`less in ${plural(less, 'row')}`] : []),
    ...(more > 0 ? [`more in ${plural(more, 'row')}`] : []),
  ];
  return `operations cost ${parts.join(', ')} of the costs`;
}

function restsOn({ comparison, context }: Report): Span[] {
  const { cases, scenarios, comparedOperations, from, to, ...alone } = comparison;
  const { crashedOnlyFrom, crashedOnlyTo, failedOnlyFrom, failedOnlyTo } = alone;
  const missing = notExercised(comparison);
  const only = (id: string, how: string, list: readonly Scenario[]): string[] =>
    list.length === 0 ? [] : [`only ${id} ${how} in ${list.length}`];
  const apart = [
    ...only(from.id, 'crashes', crashedOnlyFrom),
    ...only(to.id, 'crashes', crashedOnlyTo),
    ...only(from.id, 'fails a map', failedOnlyFrom),
    ...only(to.id, 'fails a map', failedOnlyTo),
  ];
  const behind = apart.length === 0 ? '' : ` Of the cases, ${apart.join(', ')}.`;
  const coverage =
    missing.length === 0 ? 'every clause is put to the test' : `not put to the test: ${missing.join(', ')}`;
  const limits = 'what the model leaves out';
  return [
    `Rests on ${plural(cases - (comparison.explored?.found.length ?? 0), 'case')} of ${plural(scenarios, 'scenario')}; ${coverage}; costs on ${plural(comparedOperations, 'operation')}.${behind}`,
    exploredText(comparison),
    ...(context.power === undefined ? [] : [` Of power: ${context.power}.`]),
    ` Corpus ${context.corpusHash}, bouncediff ${context.version}; a model, not the kernel`,
    ...(context.files === undefined
      ? ['.']
      : [': ', { link: limits, href: `${context.files}docs/machine.md#${LIMITS}` }, '.']),
  ];
}

/** How many programs were run beside the corpus, and what they add; '': none were. */
export function exploredText({ explored, findings, different }: Comparison): string {
  if (explored === undefined) return '';
  const { programs, seed, found, tooMuch } = explored;
  const isFound = new Set(found.map(({ scenario }) => scenario.id));
  const added = findings.filter(
    ({ cases: [first] }) => first !== undefined && isFound.has(first.scenario.id),
  );
  const calls = different.some(({ id }) => isFound.has(id)) ? ', and other calls' : '';
  const what = added.length === 0 ? 'no finding more' : `${plural(added.length, 'finding')} more`;
  const where =
    found.length === 0
      ? ''
      : found.length === 1
        ? ', in a program that counts as a case'
        : `, in ${found.length} programs that count as cases`;
  const left = tooMuch.length === 0 ? '' : ` ${tooMuchText(tooMuch)}`;
  return ` Exploration, seed ${seed}, stopped at ${plural(programs, 'program')}: ${what}${calls}${where}.${left}`;
}

/** Which generated programs say nothing, and why. */
export function tooMuchText(programs: readonly number[]): string {
  const more = programs.length > MOST_NUMBERS ? ', …' : '';
  const numbers = programs.slice(0, MOST_NUMBERS).join(', ');
  return `${plural(programs.length, 'program')} left out, in which a run takes more than ${RUN_BUDGET / 2 ** 20} MiB: number ${numbers}${more}.`;
}

/** Programs that are named where some were left out. */
const MOST_NUMBERS = 6;

/** The heading of docs/machine.md about the limits. */
const LIMITS = 'what-it-leaves-out-and-what-that-means-for-a-finding';

/** Where a state comes from, in a line. */
function provenance(state: State): Span[] {
  const last = state.chain.at(-1);
  if (last === undefined) return [strong(state.id), `: ${state.origin}`];
  const alias = state.alias === undefined ? '' : ` (= ${state.alias})`;
  const { place, subject, author, date } = last;
  const mail = mailOf(last);
  const posted = `${alias}: ${place} “${subject}”, ${author}, ${date}`;
  if (mail === undefined) return [strong(state.id), posted];
  return [strong(state.id), `${posted}, `, { link: messageIdOf(last) ?? 'mail', href: mail }];
}
