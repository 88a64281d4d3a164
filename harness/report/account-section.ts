// SPDX-License-Identifier: GPL-2.0-only
/** The ledger, what was expected, and the patches behind findings. */
import type { ChainLink } from '../subject/state.ts';
import type { Account } from '../compare/account.ts';
import type { Expected } from '../compare/expectations.ts';
import type { Attribution, Turn } from '../compare/attribute.ts';
import type { ClaimRecord, LedgerEntry } from '../compare/ledger.ts';
import type { Effect } from '../compare/ledger-effects.ts';
import type { Section } from './budget.ts';
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
  hides: 'hides it: from here on a crash or a failed map comes first',
  uncovers: 'ends the crash or failed map that hid it, and after it it is',
} as const;

function describe({ stage, effect, after, touched, executed, together }: Turn, isBack: boolean): Text {
  const { id, place, subject } = stage.patch;
  const verb =
    effect === 'uncovers' ? `${VERBS.uncovers} ${after === 'broken' ? 'broken' : 'mended'}` : VERBS[effect];
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

/** A heading per patch, its claims, and what no claim covers; or a table of how many of each. */
export function ledgerSection(account: Account): Section | undefined {
  const { ledger, walk, cases } = account;
  const end = walk.forth.at(-1);
  if (end === undefined) return undefined;
  const blocks = [
    heading(2, 'Ledger'),
    paragraph(
      'What the patches of ',
      code(end.after.id),
      ` promise and what was measured, on ${plural(cases, 'case')}.`,
    ),
  ];
  return {
    levels: [
      { blocks: [...blocks, ...ledger.flatMap(entryBlocks), ...passingBlocks(account)] },
      { blocks: [...blocks, countsOf(ledger)], lost: 'the words of the ledger' },
      { blocks: [], lost: 'the ledger' },
    ],
  };
}

function heading(level: 2 | 3, text: Text): Block {
  return { kind: 'heading', level, text };
}

function entryBlocks({ stage, claims, unexplained, unannounced, declared, effects }: LedgerEntry): Block[] {
  const items = [
    ...effectItems(claims.length === 0 ? 'measured' : 'unexplained', unexplained),
    ...claims.map(claimItem),
    ...(claims.length === 0 ? effectItems('measured', unannounced) : effectItems('unannounced', unannounced)),
    ...effectItems('declared unsolved', declared),
    ...(effects.length === 0 ? ['measured: no difference'] : []),
  ];
  return [heading(3, `${stage.patch.id} ${stage.patch.subject}`), { kind: 'list', items }];
}

function claimItem({ claim, status, shownBy, contradictedBy }: ClaimRecord): Text {
  const by = (what: string, cases: ClaimRecord['shownBy']): Span[] =>
    cases.length === 0 ? [] : [`, ${what} ${plural(cases.length, 'case')} like `, code(cases[0]?.id ?? '')];
  const shown: Span = status === 'contradicted' ? strong(status) : status;
  return [shown, `: ${claim.text}`, ...by('shown by', shownBy), ...by('contradicted by', contradictedBy)];
}

/** Effects of the same kind together, regressions first. */
function effectItems(what: string, effects: readonly Effect[]): Text[] {
  const order = ['regressed', 'raises', 'differs', 'lowers', 'fixed'];
  const groups = new Map<string, Effect[]>();
  for (const effect of effects.toSorted((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind))) {
    const key = plainWords(effect);
    groups.set(key, [...(groups.get(key) ?? []), effect]);
  }
  return [...groups].map(([words, found]) => [
    strong(what),
    `: ${words} in ${plural(found.length, 'case')}, like `,
    code(found[0]?.scenario.id ?? ''),
  ]);
}

function plainWords(effect: Effect): string {
  switch (effect.kind) {
    case 'fixed':
    case 'regressed':
      return `${effect.kind} ${effect.clause} (${effect.cause})`;
    case 'lowers':
    case 'raises':
      return `${effect.kind} ${effect.cost}`;
    case 'differs':
      return 'other calls, no clause or cost touched';
  }
}

function countsOf(ledger: readonly LedgerEntry[]): Block {
  const rows = ledger.map(({ stage, claims, unexplained, unannounced, declared }) => {
    const of = (status: ClaimRecord['status']): string =>
      String(claims.filter((claim) => claim.status === status).length);
    const regressed = unexplained.filter(({ kind }) => kind === 'regressed').length;
    const effects = `${unexplained.length} (${regressed} regressed)`;
    return [
      `${stage.patch.id} ${stage.patch.subject}`,
      of('shown'),
      of('not measured'),
      of('contradicted'),
      effects,
      String(unannounced.length),
      String(declared.length),
    ];
  });
  return table(
    [
      'patch',
      '>claims shown',
      '>not measured',
      '>contradicted',
      '>unexplained effects',
      '>unannounced',
      '>declared',
    ],
    rows,
  );
}

function passingBlocks({ passing }: Account): Block[] {
  if (passing.length === 0) return [];
  const rows = passing.map(({ clause, cause, made, takenBack, scenarios }): Text[] => [
    clause,
    cause,
    made.patch.id,
    takenBack.patch.id,
    String(scenarios.length),
    [code(scenarios[0]?.id ?? '')],
  ]);
  return [
    heading(3, 'Broken on the way'),
    paragraph('Who bisects between these patches finds breakage that neither end has.'),
    table(['clause', 'cause', 'broken by', 'mended by', '>cases', 'like'], rows),
  ];
}

/** What was accepted beforehand, folded away. */
export function expectedSection(expected: readonly Expected[]): Section | undefined {
  if (expected.length === 0) return undefined;
  const items = expected.map(({ entry, cases }): Text => {
    const { clause, cause, reason, link } = entry;
    const said = `${cause === undefined ? '' : ` (${cause})`} in ${plural(cases.length, 'case')}: ${reason}`;
    return [code(clause), said, link === undefined ? '' : ` — ${link}`];
  });
  const summary = `Expected: ${plural(expected.length, 'accepted outcome')}`;
  return {
    levels: [
      { blocks: [{ kind: 'fold', summary, blocks: [{ kind: 'list', items }] }] },
      { blocks: [paragraph(`${summary}.`)], lost: 'the list of accepted outcomes' },
      { blocks: [], lost: 'the list of accepted outcomes' },
    ],
  };
}
