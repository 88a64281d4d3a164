// SPDX-License-Identifier: GPL-2.0-only
/** A mail about a finding, ready to be sent: ASCII, 72 columns where nothing longer has to be quoted. */
import { ascii, wrap } from '../text/mail-text.ts';
import type { PageCase, PageFinding, PagePosted, Piece, Words } from './page-data.ts';

/** Most calls that are quoted. */
const CALLS = 16;

/** What a mail is made of. */
export interface Matter {
  readonly finding: Omit<PageFinding, 'reply'>;
  readonly shown: PageCase;
  readonly promise: string;
  /** The patch that is answered; undefined: none did it. */
  readonly patch: (PagePosted & { readonly author: string; readonly date: string }) | undefined;
  readonly from: string;
  readonly to: string;
}

export function replyTo(matter: Matter): string[] {
  const { finding, shown, patch, from, to } = matter;
  const { side, row } = finding;
  const line = shown.sides[side].lines[shown.rows[row]?.[side] ?? -1];
  const step = line?.step ?? 0;
  const headings = shown.sides[side].lines.filter((one) => one.kind === 'step' && one.step <= step);
  const more = finding.count > 1 ? `; ${finding.count} cases like it` : '';
  return [
    ...(patch === undefined ? [] : quoted(patch)),
    ...wrap(opening(matter)),
    '',
    ...wrap(shown.why),
    '',
    // The promise stands above.
    ...wrap(proseOf(finding.because).replace(` Promise: ${matter.promise}.`, '')),
    '',
    ...headings.flatMap((one) => wrap(`${one.step + 1}. ${one.text}`, '  ', '     ')),
    '',
    ...calls(shown, step),
    '',
    ...wrap(`(- ${from}, + ${to}, step ${step + 1}${more}. Found on a modelled machine, not on hardware.)`),
    'To replay:',
    '',
    `  npx bouncediff compare ${from} ${to} \\`,
    `    --clause ${finding.clause} \\`,
    `    --scenario '${ascii(shown.id)}'`,
  ];
}

function quoted({ date, author, place, subject }: NonNullable<Matter['patch']>): string[] {
  return [
    ascii(`On ${date}, ${author} wrote:`),
    ...wrap(`Subject: [PATCH ${place}] ${subject}`, '> ', '> '),
    '',
  ];
}

function opening({ finding: { kind }, promise, from, to }: Matter): string {
  switch (kind) {
    case 'regressed':
      return `${to} breaks a promise that ${from} kept: ${promise}.`;
    case 'fixed':
      return `${to} mends what ${from} broke: ${promise}.`;
    case 'uncovered':
      return `Broken in ${to}, and could not be judged in ${from}: ${promise}.`;
    case 'hidden':
      return `Broken in ${from}, and can no longer be judged in ${to}: ${promise}.`;
    case 'layout-dependent':
      return `Depends on where slots and IOVAs lie, in ${from} and ${to}: ${promise}.`;
    case 'inherited':
    case 'still-broken':
      return `Still broken in ${to}: ${promise}.`;
  }
}

/** The calls of a step, those that differ with - and +. */
function calls({ rows, sides: [old, now] }: PageCase, step: number): string[] {
  const put = (sign: string, text: string): string[] => wrap(text.trim(), `  ${sign}  `, '         ');
  const said = rows.flatMap(([a, b, differs]): string[][] => {
    const [left, right] = [old.lines[a], now.lines[b]];
    const one = left ?? right;
    if (one === undefined || one.step !== step || one.kind === 'step') return [];
    if (differs === 0) return [put(' ', one.text)];
    return [
      [
        ...(left === undefined ? [] : put('-', left.text)),
        ...(right === undefined ? [] : put('+', right.text)),
      ],
    ];
  });
  const more = said.length - CALLS;
  return [...said.slice(0, CALLS).flat(), ...(more > 0 ? [`     ... ${more} more`] : [])];
}

function proseOf(words: Words): string {
  return words
    .map((piece: Piece) => (typeof piece === 'string' ? piece : 'code' in piece ? piece.code : piece.to))
    .join('');
}
