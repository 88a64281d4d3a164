// SPDX-License-Identifier: GPL-2.0-only
/** Everything on the page of a comparison, as plain data. */
import { findingIds } from '../compare/finding-ids.ts';
import type { Finding } from '../compare/comparison.ts';
import type { Prefixes } from '../compare/prefixes.ts';
import { CLAUSES } from '../contract/contract.ts';
import { CLAUSE_IDS } from '../contract/verdict.ts';
import { eachReturning } from '../run/returning.ts';
import { exploredText, sentence } from '../report/head.ts';
import type { Illustration } from '../report/illustrate.ts';
import type { Report } from '../report/report.ts';
import { mailOf } from '../report/links.ts';
import { toMail } from '../report/mail.ts';
import { notJudgedGroups, notJudgedItem, notJudgedLead } from '../report/not-judged-section.ts';
import { notExercised, summarise } from '../report/summary.ts';
import type { ChainLink, State } from '../subject/state.ts';
import { plain } from '../text/document.ts';
import { breakPointOf } from './break-point.ts';
import { caseOnPage, type CaseOnPage } from './case-data.ts';
import { codeOf, findingInWords, kindOf, wordsOf, type FindingInWords } from './finding-data.ts';
import {
  NONE,
  type PageCase,
  type PageClaim,
  type PageData,
  type PageFinding,
  type PageMatrix,
  type PagePosted,
  type PageState,
  type Words,
} from './page-data.ts';
import { PAGE_KINDS } from './kinds.ts';
import { sizeOnPage } from './html.ts';
import { costsOf, sumsOf } from './summary-data.ts';

/** Bytes that cases and findings take together: 3 MB are a page's. */
const ROOM = 2_400_000;
/** Most findings on a page. */
const MOST_FINDINGS = 500;

/** The page of a comparison; `matrix`: its states side by side with others. */
export function pageOf(report: Report, prefixes: Prefixes, matrix: PageMatrix): PageData {
  const { comparison, context } = report;
  const { from, to } = comparison;
  const ids = findingIds(comparison.findings);
  const rank = ({ finding }: Illustration): number => PAGE_KINDS.indexOf(kindOf(finding));
  const sorted = report.illustrations.toSorted((a, b) => rank(a) - rank(b));
  const room = new Room();
  // The list first, then what there is behind it, worst first.
  const told = sorted
    .slice(0, MOST_FINDINGS)
    .map(({ finding, ...shown }) => ({
      finding,
      words: findingInWords(report, { finding, ...shown }, ids.get(finding) ?? ''),
    }))
    .filter(({ words }) => room.take(words));
  const cases = new Cases(prefixes, from, to, room);
  const findings = [
    ...eachReturning(told, ({ finding, words }): PageFinding => ({
      ...words,
      ...detailsOf(report, finding, words, cases),
    })),
  ];
  const left = sorted.length - findings.length;
  const withoutCase = findings.filter(({ at }) => at < 0).length;
  return {
    schema: 'bouncediff/page/1',
    from: stateOf(from),
    to: stateOf(to),
    verdict: verdictOf(report),
    notes: [
      ...(context.notes ?? []).map(wordsOf),
      ...(left > 0
        ? [[`${left} more findings are not on this page: `, { code: `${commandOf(report)} --json` }]]
        : []),
      ...(withoutCase > 0
        ? [
            [
              `To keep this page small, ${withoutCase} findings far down the list are without traces, code and reply: `,
              { code: commandOf(report) },
            ],
          ]
        : []),
    ],
    sums: sumsOf(comparison),
    costs: costsOf(comparison),
    findings,
    cases: cases.shown,
    clauses: CLAUSE_IDS.map((id) => ({
      id,
      promise: CLAUSES[id].title,
      why: CLAUSES[id].why,
      exercised: comparison.exercised[id],
    })),
    patches: [...to.chain, ...from.chain].map(postedOf),
    claims: claimsOf(report),
    notJudged: notJudgedIn(report),
    rests: restsOn(report),
    matrix,
    command: commandOf(report),
  };
}

/** What a page still has room for. */
class Room {
  private left = ROOM;

  /** Takes the data in, unless there is no room for it any more. */
  take(data: unknown): boolean {
    const size = sizeOnPage(data);
    if (size > this.left) return false;
    this.left -= size;
    return true;
  }
}

/** Cases of the page, each made once, as long as there is room. */
class Cases {
  readonly shown: PageCase[] = [];
  private readonly prefixes: Prefixes;
  private readonly from: State;
  private readonly to: State;
  private readonly made = new Map<string, { at: number; page: CaseOnPage }>();
  private readonly room: Room;

  constructor(prefixes: Prefixes, from: State, to: State, room: Room) {
    this.prefixes = prefixes;
    this.from = from;
    this.to = to;
    this.room = room;
  }

  /** The finding's smallest case, and its place on the page; undefined: there is no room for it and what comes with it. */
  of(finding: Finding, beside: unknown): { at: number; page: CaseOnPage } | undefined {
    const [smallest] = finding.cases;
    if (smallest === undefined) return undefined;
    const { scenario } = smallest;
    const found = this.made.get(scenario.id);
    if (found !== undefined) return this.room.take(beside) ? found : undefined;
    const side = (state: State): { state: State; run: CaseOnPage['sides'][0]['run'] } => ({
      state,
      run: this.prefixes.of(state, scenario).run,
    });
    const page = caseOnPage(side(this.from), side(this.to));
    if (!this.room.take([page.data, beside])) return undefined;
    const made = { at: this.shown.push(page.data) - 1, page };
    this.made.set(scenario.id, made);
    return made;
  }
}

/** What stands behind a finding's row; without what there is no room for. */
function detailsOf(
  report: Report,
  finding: Finding,
  words: FindingInWords,
  cases: Cases,
): Pick<PageFinding, 'at' | 'row' | 'stretches' | 'reach' | 'code' | 'reply'> {
  const [smallest] = finding.cases;
  const evidence = smallest?.to ?? smallest?.from;
  const reply = toMail(report, { only: new Set([finding]) }).split('\n');
  const told = { code: codeOf(report, finding), reply };
  const found = evidence === undefined ? undefined : cases.of(finding, told);
  if (smallest === undefined || evidence === undefined || found === undefined) {
    return { at: NONE, row: 0, stretches: [], reach: [], code: [], reply: [] };
  }
  const { clause, cause } = finding;
  const { at, page } = found;
  const broken = { clause, cause, evidence, victims: smallest.victims, side: words.side };
  return { at, ...breakPointOf(page, broken), ...told };
}

function verdictOf(report: Report): Words {
  const { from, to } = report.comparison;
  return [`${from.id} → ${to.id}: ${summarise(report.comparison).word}. ${plain(sentence(report))}`];
}

function stateOf({ id, chain, origin }: State): PageState {
  const last = chain.at(-1);
  const about =
    last === undefined ? origin : `${last.date}, ${chain.length} ${chain.length === 1 ? 'patch' : 'patches'}`;
  return { id, about };
}

function postedOf(patch: ChainLink): PagePosted {
  const { id, place, subject } = patch;
  return { id, place, subject, link: mailOf(patch) ?? null };
}

function claimsOf({ account }: Report): PageClaim[] {
  return account.ledger.flatMap(({ stage, claims }) =>
    claims.map(({ claim, status, shownBy, contradictedBy }) => ({
      patch: stage.patch.id,
      text: claim.text,
      status,
      shown: shownBy.length,
      contradicted: contradictedBy.length,
    })),
  );
}

/** What no clause looked at: a line before the reasons, then each of them; empty: nothing. */
function notJudgedIn({ comparison, context: { files } }: Report): Words[] {
  const items = notJudgedGroups(comparison).map((group) => wordsOf(notJudgedItem(files, group)));
  return items.length === 0 ? [] : [[notJudgedLead(comparison)], ...items];
}

function restsOn({ comparison, context }: Report): Words[] {
  const { cases, scenarios, comparedOperations, from, to, crashedOnlyFrom, crashedOnlyTo } = comparison;
  const missing = notExercised(comparison);
  const crashes = [
    ...(crashedOnlyFrom.length > 0 ? [`only ${from.id} crashes in ${crashedOnlyFrom.length} cases`] : []),
    ...(crashedOnlyTo.length > 0 ? [`only ${to.id} crashes in ${crashedOnlyTo.length}`] : []),
  ];
  return [
    [
      `${cases - (comparison.explored?.found.length ?? 0)} cases of ${scenarios} scenarios, costs of ${comparedOperations} operations; ${
        missing.length === 0
          ? 'every clause was put to the test'
          : `not put to the test: ${missing.join(', ')}`
      }.`,
    ],
    ...(comparison.explored === undefined ? [] : [[exploredText(comparison).trim()] satisfies Words]),
    ...(context.power === undefined ? [] : [[`Of power: ${context.power}.`] satisfies Words]),
    ...(crashes.length === 0
      ? []
      : [[`What lies behind a crash is not judged: ${crashes.join(', ')}.`] satisfies Words]),
    ['A modelled machine, not the kernel. “Same” and “holds” are said of the cases that ran.'],
    ['Corpus ', { code: context.corpusHash }, `, bouncediff ${context.version}.`],
  ];
}

function commandOf({ context, comparison: { from, to } }: Report): string {
  return context.command ?? `npx bouncediff compare ${from.id} ${to.id}`;
}
