// SPDX-License-Identifier: GPL-2.0-only
/** The ledger and the patches behind findings, as Markdown. */
import { markdownTable } from 'markdown-table';
import type { ChainLink } from '../../variants/registry.ts';
import type { Account } from '../compare/account.ts';
import type { Expected } from '../compare/expectations.ts';
import type { Attribution, Turn } from '../compare/attribute.ts';
import type { ClaimRecord, Effect, LedgerEntry } from '../compare/ledger.ts';
import { code, plural, text } from './escape.ts';

/** Which patch is behind a finding, in a sentence or two. */
export function behind({ forth, back, counterparts }: Attribution): string {
  const said = [...forth.map((turn) => describe(turn, false)), ...back.map((turn) => describe(turn, true))];
  if (said.length === 0) return '';
  const others = counterparts.map(({ patch }) => `${patch.id} (${patch.place} “${text(patch.subject)}”)`);
  const unlike = others.length === 0 ? '' : ` Unlike it, ${others.join(', ')} leaves it as it is.`;
  const comesAndGoes = forth.length > 1 ? ' It comes and goes on the way.' : '';
  return `Patch: ${said.join('; ')}.${unlike}${comesAndGoes}`;
}

function describe({ stage, effect, touched, executed, together }: Turn, isBack: boolean): string {
  const { id, place, subject } = stage.patch;
  const verb = effect === 'breaks' ? 'breaks it' : 'mends it';
  const where = isBack ? ` on the side that is left behind` : '';
  const ran = executed.length === 0 ? 'none ran here' : `ran here: ${executed.map(code).join(', ')}`;
  return `**${id}** (${place} “${text(subject)}”) ${verb}${where}${only(together)}; it touches ${touched.map(code).join(', ')}, ${ran}`;
}

/** Which patches it takes besides. */
function only(together: readonly ChainLink[]): string {
  return together.length === 0 ? '' : `, only together with ${together.map(({ id }) => id).join(' and ')}`;
}

/** The ledger: a heading per patch, its claims, and what no claim covers. */
export function ledgerSection(account: Account): string {
  if (account.ledger.length === 0) return '';
  return [
    '## Ledger',
    `What the patches of ${code(account.walk.forth.at(-1)?.after.id ?? '')} promise and what was measured, on ${plural(account.cases, 'case')}.`,
    ...account.ledger.map(entrySection),
    passingSection(account),
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

function entrySection({ stage, claims, unexplained, declared, effects }: LedgerEntry): string {
  const { id, subject } = stage.patch;
  const lines = claims.map(claimLine);
  for (const [what, of] of [
    [claims.length === 0 ? 'measured' : 'unexplained', unexplained],
    ['declared unsolved', declared],
  ] as const) {
    for (const [effect, cases] of grouped(of)) {
      lines.push(`- **${what}**: ${effect} in ${plural(cases.length, 'case')}, like ${code(cases[0] ?? '')}`);
    }
  }
  if (effects.length === 0) lines.push('- measured: no difference');
  return `### ${id} ${text(subject)}\n\n${lines.join('\n')}`;
}

function claimLine({ claim, status, shownBy, contradictedBy }: ClaimRecord): string {
  const by = (what: string, cases: ClaimRecord['shownBy']): string =>
    cases.length === 0 ? '' : `, ${what} ${plural(cases.length, 'case')} like ${code(cases[0]?.id ?? '')}`;
  return `- ${status}: ${text(claim.text)}${by('shown by', shownBy)}${by('contradicted by', contradictedBy)}`;
}

/** Effects of the same kind together, regressions first. */
function grouped(effects: readonly Effect[]): [string, string[]][] {
  const order = ['regressed', 'raises', 'differs', 'lowers', 'fixed'];
  const groups = new Map<string, string[]>();
  for (const effect of effects.toSorted((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind))) {
    const key = inWords(effect);
    groups.set(key, [...(groups.get(key) ?? []), effect.scenario.id]);
  }
  return [...groups];
}

function inWords(effect: Effect): string {
  switch (effect.kind) {
    case 'fixed':
    case 'regressed':
      return `${effect.kind} ${code(effect.clause)} (${effect.cause})`;
    case 'lowers':
    case 'raises':
      return `${effect.kind} ${effect.cost}`;
    case 'differs':
      return 'other calls, no clause or cost touched';
  }
}

/** What was accepted beforehand, folded away. */
export function expectedSection(expected: readonly Expected[]): string {
  if (expected.length === 0) return '';
  const lines = expected.map(
    ({ entry, cases }) =>
      `- ${code(entry.clause)}${entry.cause === undefined ? '' : ` (${entry.cause})`} in ${plural(cases.length, 'case')}: ${text(entry.reason)}${entry.link === undefined ? '' : ` — ${text(entry.link)}`}`,
  );
  return `<details><summary>Expected: ${plural(expected.length, 'accepted outcome')}</summary>\n\n${lines.join('\n')}\n\n</details>`;
}

function passingSection({ passing }: Account): string {
  if (passing.length === 0) return '';
  const rows = passing.map(({ clause, cause, made, takenBack, scenarios }) => [
    clause,
    cause,
    made.patch.id,
    takenBack.patch.id,
    String(scenarios.length),
    code(scenarios[0]?.id ?? ''),
  ]);
  const table = markdownTable([['clause', 'cause', 'broken by', 'mended by', 'cases', 'like'], ...rows]);
  return `### Broken on the way\n\nWho bisects between these patches finds breakage that neither end has.\n\n${table}`;
}
