// SPDX-License-Identifier: GPL-2.0-only
/** What the patches promise, what was accepted, and the patches behind findings. */
import type { ChainLink } from '../subject/state.ts';
import type { Expected } from '../compare/expectations.ts';
import type { Attribution, Turn } from '../compare/attribute.ts';
import type { ClaimRecord, LedgerEntry } from '../compare/ledger.ts';
import type { Effect } from '../compare/ledger-effects.ts';
import type { Section } from './budget.ts';
import { COMES_FIRST } from './kinds.ts';
import { caseSpan, patchSpan, type Files } from './links.ts';
import { unexplainedEffects, type Report } from './report.ts';
import {
  code,
  joined,
  paragraph,
  plural,
  strong,
  table,
  type Block,
  type Span,
  type Text,
} from '../text/document.ts';

/** Which patch is behind a finding, in a sentence or two. */
export function behind({ forth, back, counterparts }: Attribution): Block[] {
  const said = [...forth.map((turn) => describe(turn, false)), ...back.map((turn) => describe(turn, true))];
  if (said.length === 0) return [];
  const others = counterparts.map(({ patch }) => `${patch.id} (${patch.place} “${patch.subject}”)`);
  const unlike = others.length === 0 ? '' : ` Unlike it, ${others.join(', ')} leaves it as it is.`;
  const comesAndGoes = forth.length > 1 ? ' It comes and goes on the way.' : '';
  return [paragraph('Patch: ', ...joined(said, '; '), `.${unlike}${comesAndGoes}`)];
}

const VERBS = {
  breaks: 'breaks it',
  mends: 'mends it',
  hides: `hides it: from here on ${COMES_FIRST}`,
  uncovers: `uncovers it: until here ${COMES_FIRST}, from here on it`,
} as const;

function describe({ stage, effect, after, touched, executed, together }: Turn, isBack: boolean): Text {
  const { id, place, subject } = stage.patch;
  const verb =
    effect === 'uncovers' ? `${VERBS.uncovers} ${after === 'broken' ? 'is broken' : 'holds'}` : VERBS[effect];
  const where = isBack ? ` on the side that is left behind` : '';
  return [
    strong(id),
    ` (${place} “${subject}”) ${verb}${where}${only(together)}; it touches `,
    ...names(touched),
    ...(executed.length === 0 ? [', none ran here'] : [', ran here: ', ...names(executed)]),
  ];
}

/** Which patches it takes besides. */
function only(together: readonly ChainLink[]): string {
  return together.length === 0 ? '' : `, only together with ${together.map(({ id }) => id).join(' and ')}`;
}

function names(methods: readonly string[]): Span[] {
  return joined(
    methods.map((method): Text => [code(method)]),
    ', ',
  );
}

/** What each patch promises and what was measured: a table, or how many of each; in `full` what nobody promised, too. */
export function promisesSection(report: Report, full: boolean): Section | undefined {
  const { account, context } = report;
  const { files } = context;
  const { ledger, walk, cases } = account;
  const end = walk.forth.at(-1);
  if (end === undefined) return undefined;
  const heading: Block = { kind: 'heading', level: 2, text: 'What the patches promise' };
  const all = ledger.flatMap(({ claims }) => claims);
  const of = (status: ClaimRecord['status']): number => all.filter((one) => one.status === status).length;
  const counts = paragraph(
    `${plural(all.length, 'promise')} of the patches of `,
    code(end.after.id),
    `, measured on ${plural(cases, 'case')}: ${of('shown')} shown, ${of('contradicted')} contradicted, ${of('not measured')} not measured.`,
  );
  const rows = ledger.flatMap((entry) => [
    ...entry.claims.map((record) => claimRow(files, entry, record)),
    ...(full ? effectRows(report, entry) : []),
  ]);
  const head = ['patch', 'measured', 'what', '>cases', 'like'];
  return {
    levels: [
      { blocks: [heading, counts, ...(rows.length === 0 ? [] : [table(head, rows)])] },
      { blocks: [heading, counts], lost: 'the table of promises' },
      { blocks: [], lost: 'what the patches promise' },
    ],
  };
}

function claimRow(
  files: Files,
  { stage: { patch, after } }: LedgerEntry,
  { claim, status, shownBy, contradictedBy }: ClaimRecord,
): Text[] {
  const cases = status === 'contradicted' ? contradictedBy : shownBy;
  return [
    [patchSpan(files, patch, after)],
    [status === 'contradicted' ? strong(status) : status],
    claim.text,
    cases.length === 0 ? '' : String(cases.length),
    cases.slice(0, 1).map((scenario) => caseSpan(files, scenario)),
  ];
}

/** What no promise covers: effects of the same kind together, regressions first. */
function effectRows(report: Report, entry: LedgerEntry): Text[][] {
  const { files } = report.context;
  const { stage, claims, unannounced, declared } = entry;
  const { open, accepted } = unexplainedEffects(report, entry);
  const what = (status: string): string => (claims.length === 0 ? 'measured' : status);
  return [
    ...groupedEffects('unexplained', open),
    ...groupedEffects('accepted', accepted),
    ...groupedEffects(what('unannounced'), unannounced),
    ...groupedEffects('announced as unsolved', declared),
  ].map(({ status, words, found }) => [
    [patchSpan(files, stage.patch, stage.after)],
    status,
    words,
    String(found.length),
    found.slice(0, 1).map(({ scenario }) => caseSpan(files, scenario)),
  ]);
}

interface Effects {
  readonly status: string;
  readonly words: string;
  readonly found: readonly Effect[];
}

function groupedEffects(status: string, effects: readonly Effect[]): Effects[] {
  const order = ['regressed', 'raises', 'differs', 'lowers', 'fixed'];
  const groups = new Map<string, Effect[]>();
  for (const effect of effects.toSorted((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind))) {
    const key = plainWords(effect);
    groups.set(key, [...(groups.get(key) ?? []), effect]);
  }
  return [...groups].map(([words, found]) => ({ status, words, found }));
}

function plainWords(effect: Effect): string {
  switch (effect.kind) {
    case 'fixed':
    case 'regressed':
      return `${effect.kind} ${effect.clause}: ${effect.cause}`;
    case 'lowers':
    case 'raises':
      return `${effect.kind} ${effect.cost}`;
    case 'differs':
      return 'other calls, no clause or cost touched';
  }
}

/** What one patch breaks and a later one mends. */
export function passingSection({ account: { passing }, context: { files } }: Report): Section | undefined {
  if (passing.length === 0) return undefined;
  const rows = passing.map(({ clause, cause, made, takenBack, scenarios }): Text[] => [
    `${clause}: ${cause}`,
    [patchSpan(files, made.patch, made.after)],
    [patchSpan(files, takenBack.patch, takenBack.after)],
    String(scenarios.length),
    scenarios.slice(0, 1).map((scenario) => caseSpan(files, scenario)),
  ]);
  const heading: Block = { kind: 'heading', level: 2, text: 'Broken on the way' };
  const lead = paragraph('Who bisects between these patches finds what neither end breaks.');
  return {
    levels: [
      { blocks: [heading, lead, table(['finding', 'broken by', 'mended by', '>cases', 'like'], rows)] },
      {
        blocks: [heading, paragraph(`${plural(rows.length, 'finding')} that neither end has.`)],
        lost: 'table row',
        count: rows.length,
      },
      { blocks: [], lost: 'what is broken on the way' },
    ],
  };
}

/** What was accepted beforehand. */
export function expectedSection(expected: readonly Expected[]): Section | undefined {
  if (expected.length === 0) return undefined;
  const heading: Block = { kind: 'heading', level: 2, text: 'Accepted' };
  const items = expected.map(({ entry, cases }): Text => {
    const { clause, cause, reason, link } = entry;
    const said = `${cause === undefined ? '' : ` (${cause})`} in ${plural(cases.length, 'case')}: ${reason}`;
    return [code(clause), said, link === undefined ? '' : ` — ${link}`];
  });
  const summary = plural(expected.length, 'accepted outcome');
  return {
    levels: [
      { blocks: [heading, { kind: 'list', items }] },
      { blocks: [heading, paragraph(`${summary}.`)], lost: 'the list of accepted outcomes' },
      { blocks: [], lost: 'the list of accepted outcomes' },
    ],
  };
}
