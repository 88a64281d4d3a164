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
import { notExercised, summarise } from '../report/summary.ts';
import type { ChainLink, State } from '../subject/state.ts';
import { plain } from '../text/document.ts';
import { breakPointOf } from './break-point.ts';
import { caseOnPage, type CaseOnPage } from './case-data.ts';
import { codeOf, findingInWords, kindOf, wordsOf, type FindingInWords } from './finding-data.ts';
import type {
  PageCase,
  PageClaim,
  PageData,
  PageFinding,
  PageMatrix,
  PagePosted,
  PageState,
  Words,
} from './page-data.ts';
import { PAGE_KINDS } from './kinds.ts';
import { replyTo } from './reply.ts';
import { costsOf, sumsOf } from './summary-data.ts';

/** Most characters of JSON that cases and findings take: 3 MB are a page's. */
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
  const shown = sorted.slice(0, MOST_FINDINGS);
  const cases = new Cases(prefixes, from, to);
  const findings = [
    ...eachReturning(shown, (illustration): PageFinding => {
      const { finding } = illustration;
      const words = findingInWords(report, illustration, ids.get(finding) ?? '');
      return { ...words, ...detailsOf(report, finding, words, cases), code: codeOf(report, finding) };
    }),
  ];
  const left = sorted.length - shown.length;
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
              `To keep this page small, ${withoutCase} findings, the last in the list, are without their traces.`,
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
    rests: restsOn(report),
    matrix,
    command: commandOf(report),
  };
}

/** Cases of the page, each made once, as long as there is room. */
class Cases {
  readonly shown: PageCase[] = [];
  private readonly prefixes: Prefixes;
  private readonly from: State;
  private readonly to: State;
  private readonly made = new Map<string, { at: number; page: CaseOnPage }>();
  private room = ROOM;

  constructor(prefixes: Prefixes, from: State, to: State) {
    this.prefixes = prefixes;
    this.from = from;
    this.to = to;
  }

  /** The finding's smallest case, and its place on the page; undefined: there is no more room. */
  of(finding: Finding): { at: number; page: CaseOnPage } | undefined {
    const [smallest] = finding.cases;
    if (smallest === undefined) return undefined;
    const { scenario } = smallest;
    const found = this.made.get(scenario.id);
    if (found !== undefined) return found;
    const side = (state: State): { state: State; run: CaseOnPage['sides'][0]['run'] } => ({
      state,
      run: this.prefixes.of(state, scenario).run,
    });
    const page = caseOnPage(side(this.from), side(this.to));
    const size = JSON.stringify(page.data).length;
    if (size > this.room) return undefined;
    this.room -= size;
    const made = { at: this.shown.push(page.data) - 1, page };
    this.made.set(scenario.id, made);
    return made;
  }
}

function detailsOf(
  report: Report,
  finding: Finding,
  words: FindingInWords,
  cases: Cases,
): Pick<PageFinding, 'at' | 'row' | 'stretches' | 'reach' | 'reply'> {
  const [smallest] = finding.cases;
  const evidence = smallest?.to ?? smallest?.from;
  const found = evidence === undefined ? undefined : cases.of(finding);
  if (smallest === undefined || evidence === undefined || found === undefined) {
    return { at: -1, row: 0, stretches: [], reach: [], reply: [] };
  }
  const { clause, cause } = finding;
  const { at, page } = found;
  const broken = { clause, cause, evidence, victims: smallest.victims, side: words.side };
  const point = breakPointOf(page, broken);
  const { from, to } = report.comparison;
  const { forth = [], back = [] } = report.account.attributions.get(finding) ?? {};
  const patch = (forth.at(-1) ?? back.at(-1))?.stage.patch;
  const reply = replyTo({
    finding: { ...words, ...point, at, code: [] },
    shown: page.data,
    promise: CLAUSES[clause].title,
    patch: patch && { ...postedOf(patch), author: patch.author, date: patch.date },
    from: from.id,
    to: to.id,
  });
  return { at, ...point, reply };
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

function postedOf({ id, place, subject, link, messageId }: ChainLink): PagePosted {
  const archived = link ?? (messageId === '' ? undefined : `https://lore.kernel.org/r/${messageId}`);
  return { id, place, subject, link: archived ?? null };
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
