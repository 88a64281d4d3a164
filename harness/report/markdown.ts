// SPDX-License-Identifier: GPL-2.0-only
/** A comparison as Markdown. A pure function of its input. */
import { markdownTable } from 'markdown-table';
import type { State } from '../../variants/registry.ts';
import type { FindingKind } from '../compare/classify.ts';
import type { Account } from '../compare/account.ts';
import type { Comparison, CostChange, Finding } from '../compare/comparison.ts';
import { CLAUSES } from '../contract/contract.ts';
import { COSTS } from '../recording/costs.ts';
import type { Scenario } from '../scenario/scenario.ts';
import type { Illustration } from './illustrate.ts';
import { behind, expectedSection, ledgerSection } from './account-section.ts';
import { codeSection } from './code-section.ts';
import { code, fence, plural, text } from './escape.ts';
import { pictureSections } from './picture-section.ts';
import { anchorOf, unexplainedRegressions, type Report } from './report.ts';
import { change, notExercised, summarise } from './summary.ts';
import { CAUSE_WORDS } from './words.ts';

/** Most cases that a list names. */
const LISTED = 8;

const KIND_TITLES: Readonly<Record<FindingKind, string>> = {
  regressed: 'Regressed',
  unmasked: 'Broken, could not be judged before',
  'still-broken': 'Still broken',
  fixed: 'Fixed',
  masked: 'Broken before, can no longer be judged',
};

/** Characters that a GitHub comment takes, with room to spare. */
const COMMENT_BUDGET = 60_000;

export interface MarkdownOptions {
  /** Without a limit; else as much as a comment takes. */
  readonly full: boolean;
  /** Files beside the report, by finding: memory maps. */
  readonly maps?: ReadonlyMap<Finding, string>;
}

/** The whole report, or as much of it as a comment takes; what was cut is said. */
export function toMarkdown(report: Report, { full, maps }: MarkdownOptions): string {
  const { comparison, illustrations, account, expected } = report;
  if (isUnchanged(comparison)) return unchanged(report);
  const own = illustrations.filter(({ finding }) => !isBackground(finding));
  const essential = [
    head(report),
    ...(['regressed', 'unmasked', 'fixed', 'masked'] as const).map((kind) => overview(own, kind)),
    costTable(comparison),
    crashNote(comparison),
  ];
  const background = [
    overview(own, 'still-broken'),
    inheritedTable(illustrations),
    differentList(comparison),
    expectedSection(expected),
  ];
  const codeShown = new Set<string>();
  const findings = own.map((shown) => detail(shown, report, codeShown));
  const optional = [
    ...(findings.length > 0 ? ['## Findings'] : []),
    ...findings,
    ledgerSection(account),
    ...background,
  ];
  const pictures = new Map(
    own.map((shown, i) => [findings[i] ?? '', pictureSections(shown, maps?.get(shown.finding))]),
  );
  return fit(essential, optional, pictures, full ? Infinity : COMMENT_BUDGET);
}

/**
 * The sections in order as far as they fit; whole sections only, so that no fence stays open. What is
 * left of the room goes to the pictures of sections: the first of several forms that fits.
 */
function fit(
  essential: readonly string[],
  optional: readonly string[],
  pictures: ReadonlyMap<string, readonly string[]>,
  budget: number,
): string {
  const kept: string[] = [];
  let cut = 0;
  // Room for the note that something was cut.
  let left = budget - 200;
  for (const [index, section] of [...essential, ...optional].entries()) {
    if (section === '') continue;
    const room = index < essential.length ? shortened(section, Math.min(left, budget / 6)) : section;
    if (room.length + 2 > left) {
      cut++;
      continue;
    }
    kept.push(room);
    left -= room.length + 2;
  }
  let undrawn = 0;
  for (const [index, section] of kept.entries()) {
    const forms = pictures.get(section) ?? [];
    const form = forms.find(({ length }) => length + 2 <= left);
    if (form !== forms[0]) undrawn++;
    if (form === undefined) continue;
    kept[index] = `${section}\n\n${form}`;
    left -= form.length + 2;
  }
  const missing = [
    ...(cut > 0 ? [plural(cut, 'section')] : []),
    ...(undrawn > 0 ? [plural(undrawn, 'picture')] : []),
  ];
  if (missing.length > 0) {
    kept.push(`_${missing.join(' and ')} cut to fit a comment; \`--full\` prints everything._`);
  }
  return `${kept.join('\n\n')}\n`;
}

/** A table without its last rows, when it is longer than the room there is. */
function shortened(section: string, room: number): string {
  if (section.length + 2 <= room) return section;
  const lines = section.split('\n');
  let length = 0;
  const kept = lines.filter((line) => (length += line.length + 1) < room - 100);
  return [...kept, '', `… and ${plural(lines.length - kept.length, 'more row')}.`].join('\n');
}

/** Three lines. */
function unchanged(report: Report): string {
  const { comparison, context } = report;
  const { from, to, cases } = comparison;
  return [
    verdictLine(comparison, report.account),
    `No difference on ${plural(cases, 'case')}; corpus ${context.corpusHash}, bouncediff ${context.version}; modelled, not the kernel.`,
    `From ${provenance(from)} to ${provenance(to)}.`,
  ]
    .join('  \n')
    .concat('\n');
}

/** The lines that decide: the verdict, what to look at, what it costs, and what was compared. */
function head(report: Report): string {
  const { comparison, account, context } = report;
  return [
    verdictLine(comparison, account),
    '',
    `- ${nextStep(report)}`,
    `- ${costHeadline(comparison)}`,
    `- from ${provenance(comparison.from)}`,
    `- to ${provenance(comparison.to)}`,
    `- corpus ${context.corpusHash}, bouncediff ${context.version}; modelled, not the kernel`,
  ].join('\n');
}

function nextStep(report: Report): string {
  const unexplained = unexplainedRegressions(report);
  const regressed = report.comparison.findings.filter(({ kind }) => kind === 'regressed').length;
  const links = unexplained
    .slice(0, 4)
    .map((finding) => `[${finding.clause}: ${finding.cause}](#${anchorOf(finding)})`);
  if (unexplained.length > 0) {
    return `${plural(unexplained.length, 'unexplained regression')}: look at ${links.join(', ')}`;
  }
  if (regressed > 0) return `${plural(regressed, 'regression')}, declared as unsolved by the cover letter`;
  return 'nothing regressed';
}

/** The costs that changed most, by their share. */
function costHeadline({ costs }: Comparison): string {
  const changed = costs.filter((cost) => change(cost) !== 0);
  const share = (cost: CostChange): number => Math.abs(change(cost)) / Math.max(cost.from, cost.to);
  const most = changed.toSorted((a, b) => share(b) - share(a)).slice(0, 3);
  if (most.length === 0) return 'no cost changed';
  const title = (cost: CostChange): string =>
    COSTS.find(({ name }) => name === cost.name)?.title ?? cost.name;
  return `costs: ${most.map((cost) => `${title(cost)} ${cost.from} → ${cost.to}`).join(', ')}`;
}

/** Nothing that a reader would call a difference. */
function isUnchanged({ findings, different, costs }: Comparison): boolean {
  return (
    findings.every(({ kind }) => kind === 'still-broken') &&
    different.length === 0 &&
    costs.every((cost) => change(cost) === 0)
  );
}

/** Still broken, and so it was in the baseline. */
function isBackground({ kind, inherited }: Finding): boolean {
  return inherited && kind === 'still-broken';
}

/** Line 1: better or worse, in numbers, and why. */
function verdictLine(comparison: Comparison, account: Account): string {
  const s = summarise(comparison);
  const parts = [
    `${s.fixed} fixed`,
    `${s.regressed} regressed`,
    `${s.stillBroken} still broken (${s.inherited} inherited)`,
    ...(s.unmasked > 0 ? [`${s.unmasked} unmasked`] : []),
    ...(s.masked > 0 ? [`${s.masked} masked`] : []),
    `${s.cheaper} cheaper`,
    `${s.dearer} dearer`,
    `${s.different} different`,
    `${s.same} same`,
  ];
  const missing = notExercised(comparison);
  const coverage = missing.length === 0 ? 'every clause exercised' : `not exercised: ${missing.join(', ')}`;
  return (
    `**${comparison.from.id} → ${comparison.to.id}: ${s.word}** — ${parts.join(', ')}; ` +
    `${plural(s.scenarios, 'scenario')}, ${plural(s.cases, 'case')} × ${s.clauses} clauses; ${coverage}.${reasonFor(comparison, account)}`
  );
}

/** The finding, or the cost, that weighs most. */
function reasonFor({ findings, costs }: Comparison, account: Account): string {
  const weighty =
    findings.find(({ kind }) => kind === 'regressed') ?? findings.find(({ kind }) => kind === 'fixed');
  if (weighty !== undefined) {
    const { forth = [], back = [] } = account.attributions.get(weighty) ?? {};
    const patch = [...forth, ...back].at(-1)?.stage.patch.id;
    const by = patch === undefined ? '' : ` by ${patch}`;
    return ` First of all: ${weighty.kind}${by}, ${weighty.clause} (${CAUSE_WORDS[weighty.cause]}).`;
  }
  const cost = costs.find((found) => change(found) !== 0);
  if (cost === undefined) return '';
  const title = COSTS.find(({ name }) => name === cost.name)?.title ?? cost.name;
  return ` First of all: ${title} ${cost.from} → ${cost.to}.`;
}

/** Where a state comes from, in a line. */
function provenance(state: State): string {
  const last = state.chain.at(-1);
  if (last === undefined) return `**${state.id}**: drivers/iommu/dma-iommu.c of v5.14-rc, before the series`;
  const alias = state.alias === undefined ? '' : ` (= ${state.alias})`;
  return `**${state.id}**${alias}: ${last.place} “${text(last.subject)}”, ${last.author}, ${last.date}, \`${last.messageId}\``;
}

function overview(illustrations: readonly Illustration[], kind: FindingKind): string {
  const rows = illustrations.filter(({ finding }) => finding.kind === kind);
  if (rows.length === 0) return '';
  const table = rows.map(({ finding, scenario }) => [
    `[${finding.clause}](#${anchorOf(finding)})`,
    `${finding.cause}: ${CAUSE_WORDS[finding.cause]}`,
    String(finding.cases.length),
    code(scenario.id),
  ]);
  return `## ${KIND_TITLES[kind]}\n\n${markdownTable([['clause', 'cause', 'cases', 'smallest case'], ...table], { align: ['l', 'l', 'r', 'l'] })}`;
}

function costTable(comparison: Comparison): string {
  const changed = comparison.costs.filter((cost) => change(cost) !== 0);
  const rest = `over the ${plural(comparison.comparableCases, 'case')} that went the same way on both sides`;
  if (changed.length === 0) return `## Costs\n\nNo cost differs ${rest}.`;
  const rows = COSTS.flatMap(({ name, title, unit }) => {
    const cost = comparison.costs.find((c) => c.name === name);
    if (cost === undefined || (cost.from === 0 && cost.to === 0)) return [];
    const delta = change(cost);
    const percent =
      cost.from === 0 ? '' : ` (${delta > 0 ? '+' : ''}${Math.round((delta / cost.from) * 100)} %)`;
    const difference = delta === 0 ? '=' : `${delta > 0 ? '+' : ''}${delta}${percent}`;
    const witness = cost.shownBy === undefined ? '' : code(cost.shownBy.id);
    return [[title, unit, String(cost.from), String(cost.to), difference, witness]];
  });
  const table = markdownTable(
    [['cost', 'unit', comparison.from.id, comparison.to.id, 'difference', 'smallest case'], ...rows],
    { align: ['l', 'l', 'r', 'r', 'r', 'l'] },
  );
  return `## Costs\n\nSums ${rest}.\n\n${table}`;
}

function crashNote({ from, to, crashedOnlyFrom, crashedOnlyTo }: Comparison): string {
  const note = (id: string, cases: readonly Scenario[]): string[] =>
    cases.length === 0
      ? []
      : [
          `In ${plural(cases.length, 'case')} only ${id} crashed; what lies behind the crash is not called fixed or regressed.`,
        ];
  return [...note(from.id, crashedOnlyFrom), ...note(to.id, crashedOnlyTo)].join('\n');
}

function detail(
  { finding, scenario, because, diff }: Illustration,
  { account, code: diffs }: Report,
  codeShown: Set<string>,
): string {
  const attribution = account.attributions.get(finding);
  const { clause, cause, kind, inherited, cases } = finding;
  const label = `${KIND_TITLES[kind].toLowerCase()}${inherited ? ', inherited from the baseline' : ''}`;
  const others = cases.slice(1, 1 + LISTED).map((c) => code(c.scenario.id));
  const more = cases.length - 1 - others.length;
  return [
    `### ${clause}: ${cause}\n<a id="${anchorOf(finding)}"></a>`,
    `**${label}**, ${plural(cases.length, 'case')}; smallest: ${code(scenario.id)} — ${text(scenario.why)}`,
    because,
    attribution === undefined ? '' : behind(attribution),
    diff.length === 0 ? 'The traces do not differ.' : fence('diff', diff),
    codeSection(diffs, attribution, codeShown),
    others.length === 0 ? '' : `Also in ${others.join(', ')}${more > 0 ? ` and ${more} more` : ''}.`,
    `Why it matters: ${CLAUSES[clause].why}`,
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

function inheritedTable(illustrations: readonly Illustration[]): string {
  const rows = illustrations.filter(({ finding }) => isBackground(finding));
  if (rows.length === 0) return '';
  const table = rows.map(({ finding, scenario }) => [
    finding.clause,
    finding.cause,
    String(finding.cases.length),
    code(scenario.id),
  ]);
  return `## Inherited\n\nBroken for the same cause in the baseline and on both sides.\n\n${markdownTable([['clause', 'cause', 'cases', 'smallest case'], ...table], { align: ['l', 'l', 'r', 'l'] })}`;
}

function differentList({ different }: Comparison): string {
  if (different.length === 0) return '';
  const named = different.slice(0, LISTED).map(({ id }) => `- ${code(id)}`);
  const more = different.length - named.length;
  return [
    `## Different, no clause touched`,
    `${plural(different.length, 'case')} took another path to the same verdicts:`,
    [...named, ...(more > 0 ? [`- and ${more} more`] : [])].join('\n'),
  ].join('\n\n');
}
