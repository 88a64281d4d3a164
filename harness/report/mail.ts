// SPDX-License-Identifier: GPL-2.0-only
/** A comparison as a reply to the patch that did it: plain text, to be sent as it is or edited. */
import type { Turn } from '../compare/attribute.ts';
import { foundCase } from '../compare/comparison.ts';
import type { ChainLink } from '../subject/state.ts';
import { plain, plural } from '../text/document.ts';
import { ascii, wrap } from '../text/mail-text.ts';
import { visible } from '../text/visible.ts';
import { summarise } from './summary.ts';
import type { Illustration } from './illustrate.ts';
import { anchorOf } from './kinds.ts';
import { mailOf, messageIdOf } from './links.ts';
import type { DocumentOptions } from './report-document.ts';
import { unexplainedRegressions, type Report } from './report.ts';

/** Most findings in full. */
const FINDINGS = 3;
/** Most calls, and lines of a hunk, that are quoted. */
const CALLS = 16;
const HUNK_LINES = 12;

/**
 * The findings that are asked for, else what regressed, worst first, else what was fixed: at most three in full,
 * the rest in a line.
 */
export function toMail(report: Report, { only }: Pick<DocumentOptions, 'only'> = {}): string {
  const { from, to } = report.comparison;
  const told =
    only === undefined ? toldOf(report) : report.illustrations.filter(({ finding }) => only.has(finding));
  const patch = patchOf(report, told[0]);
  const shown = told.slice(0, FINDINGS);
  const lines = [
    ...(patch === undefined ? [] : header(patch)),
    ...(patch === undefined ? [] : quoted(report, shown[0])),
    ...(shown.length === 0 ? wrap(`${to.id} breaks and fixes nothing against ${from.id}.`) : []),
    ...shown.flatMap((illustration, at) => [
      ...(at === 0 ? [] : ['', '']),
      ...findingLines(report, illustration),
    ]),
    '',
    ...numbers(report, told.length - shown.length),
  ];
  return `${lines.map((line) => visible(line)).join('\n')}\n`;
}

function toldOf(report: Report): Illustration[] {
  const regressed = new Set(unexplainedRegressions(report));
  const of = (isTold: (one: Illustration) => boolean): Illustration[] => report.illustrations.filter(isTold);
  const bad = of(({ finding }) => regressed.has(finding));
  return bad.length > 0 ? bad : of(({ finding }) => finding.kind === 'fixed');
}

/** Who turned the finding last. */
function turnOf({ account }: Report, illustration: Illustration | undefined): Turn | undefined {
  return illustration && account.attributions.get(illustration.finding)?.forth.at(-1);
}

function patchOf(report: Report, illustration: Illustration | undefined): ChainLink | undefined {
  return turnOf(report, illustration)?.stage.patch;
}

function header(patch: ChainLink): string[] {
  const { place, subject, author, date } = patch;
  const messageId = messageIdOf(patch);
  return [
    `Subject: Re: [PATCH ${place}] ${subject}`,
    ...(messageId === undefined ? [] : [`In-Reply-To: <${messageId}>`]),
    '',
    ...wrap(`On ${date}, ${author} wrote:`),
  ];
}

/** The posted lines, where the state was made from mails; else where they are. */
function quoted(report: Report, illustration: Illustration | undefined): string[] {
  const turn = turnOf(report, illustration);
  if (turn === undefined) return [];
  const { stage, touched, executed } = turn;
  const { patch, after } = stage;
  const [hunk] = after.c?.hunks(patch.id, executed.length > 0 ? executed : touched) ?? [];
  if (hunk === undefined) {
    const link = mailOf(patch);
    return [...wrap(`> ${patch.subject}`, '', '> '), ...(link === undefined ? [] : [`> ${link}`]), ''];
  }
  const more = hunk.lines.length - HUNK_LINES;
  return [
    `> ${hunk.file}:${hunk.line}`,
    ...hunk.lines.slice(0, HUNK_LINES).map((line) => `> ${line}`),
    ...(more > 0 ? [`> [... ${plural(more, 'line')}]`] : []),
    '',
  ];
}

function findingLines(report: Report, illustration: Illustration): string[] {
  const { finding, scenario, because, calls } = illustration;
  const { from, to } = report.comparison;
  const more = calls.length - CALLS;
  const inState = finding.kind === 'fixed' ? from : to;
  return [
    ...wrap(inC(report, plain(because).replaceAll('`', ''))),
    '',
    ...wrap(scenario.why),
    '',
    ...calls.slice(0, CALLS).map((line) => ascii(`  ${line}`)),
    ...(more > 0 ? [`   [... ${plural(more, 'call')}]`] : []),
    '',
    ...wrap(`(- ${from.id}, + ${to.id}; ${plural(finding.cases.length, 'case')}.)`),
    ...(foundCase(report.comparison, finding) === undefined
      ? [`Reproduce: npx bouncediff trace ${inState.id} \\`, `  '${scenario.id}'`]
      : [
          `Reproduce: ${report.context.command ?? `npx bouncediff compare ${from.id} ${to.id}`} \\`,
          `  --finding ${anchorOf(report, finding)}`,
        ]),
  ];
}

/** Methods of this repository's own code by the names that they have in the kernel. */
function inC({ code }: Report, text: string): string {
  const names = new Map(
    (code ?? []).flatMap(({ method, kernelFunction }) =>
      kernelFunction === undefined ? [] : [[method, `${kernelFunction}()`] as const],
    ),
  );
  return text.replaceAll(/\b[a-z]\w+\b/g, (word) => names.get(word) ?? word);
}

function numbers(report: Report, left: number): string[] {
  const { comparison } = report;
  const { from, to } = comparison;
  const { regressed, fixed, stillBroken, scenarios, cases } = summarise(comparison);
  const compiled =
    to.c === undefined
      ? 'A model of 5.14, not the kernel'
      : 'The C of these mails, compiled, on a model of the machine';
  return [
    ...wrap(
      `${from.id} against ${to.id}: ${regressed} regressed, ${fixed} fixed, ${stillBroken} still broken, on ${plural(cases, 'case')} of ${plural(scenarios, 'scenario')}. ${compiled}.`,
    ),
    ...(left > 0 ? wrap(`${left} more: npx bouncediff compare ${from.id} ${to.id}`) : []),
  ];
}
