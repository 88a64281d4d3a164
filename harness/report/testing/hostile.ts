// SPDX-License-Identifier: GPL-2.0-only
/** A report whose every name comes from somebody who means harm. */
import type { State } from '../../subject/state.ts';
import type { Attribution, Turn } from '../../compare/attribute.ts';
import type { Stage } from '../../compare/chain.ts';
import type { Finding } from '../../compare/comparison.ts';
import type { Effect } from '../../compare/ledger-effects.ts';
import type { Scenario } from '../../run/scenario.ts';
import { code } from '../../text/document.ts';
import type { Report } from '../report.ts';

/** The report with `name` in the place of each name, subject, reason, path and line of code. */
export function hostile(report: Report, name: string): Report {
  const { comparison, account, illustrations, context } = report;
  const rename = (scenario: Scenario): Scenario => ({ ...scenario, id: name, name, why: name });
  const state = (old: State): State => ({
    ...old,
    id: name,
    alias: name,
    chain: old.chain.map((link) => ({ ...link, subject: name, author: name, messageId: name, place: name })),
  });
  const stage = (old: Stage): Stage => ({
    patch: { ...old.patch, id: name, subject: name, place: name },
    before: state(old.before),
    after: state(old.after),
  });
  const turn = (old: Turn): Turn => ({
    ...old,
    stage: stage(old.stage),
    touched: [name],
    executed: [name],
    together: old.together.map((link) => ({ ...link, id: name })),
  });
  const effect = (old: Effect): Effect => ({ ...old, scenario: rename(old.scenario) });
  const findings = new Map(
    comparison.findings.map((finding): [Finding, Finding] => [
      finding,
      { ...finding, cases: finding.cases.map((found) => ({ ...found, scenario: rename(found.scenario) })) },
    ]),
  );
  const renamed = (finding: Finding): Finding => findings.get(finding) ?? finding;
  const attribution = (old: Attribution): Attribution => ({
    scenario: rename(old.scenario),
    forth: old.forth.map(turn),
    back: old.back.map(turn),
    counterparts: old.counterparts.map(stage),
  });
  const [first] = comparison.findings;
  return {
    comparison: {
      ...comparison,
      from: state(comparison.from),
      to: state(comparison.to),
      findings: [...findings.values()],
      costs: comparison.costs.map((row) => ({
        ...row,
        costs: row.costs.map(({ shownBy, ...cost }) => ({
          ...cost,
          shownBy: shownBy && { ...shownBy, scenario: rename(shownBy.scenario) },
        })),
      })),
      different: comparison.different.map(rename),
    },
    ofBases: { findings: [...findings.values()], different: [], what: name },
    illustrations: illustrations.map(({ finding, scenario, diff, ...pictures }) => ({
      ...pictures,
      finding: renamed(finding),
      scenario: rename(scenario),
      because: [name, code(name), ` ${name} `, code(name)],
      diff: [...diff, `+${name}`, ` ${name}`],
    })),
    account: {
      ...account,
      walk: { ...account.walk, forth: account.walk.forth.map(stage) },
      attributions: new Map([...account.attributions].map(([f, a]) => [renamed(f), attribution(a)])),
      ledger: account.ledger.map((entry) => ({
        ...entry,
        stage: stage(entry.stage),
        claims: entry.claims.map((record) => ({ ...record, claim: { ...record.claim, text: name } })),
        unexplained: entry.unexplained.map(effect),
        unannounced: entry.unannounced.map(effect),
        declared: entry.unexplained.map(effect),
      })),
      passing: account.passing.map((old) => ({
        ...old,
        made: stage(old.made),
        scenarios: old.scenarios.map(rename),
      })),
    },
    expected: [
      {
        entry: { states: 'all', scenario: name, clause: 'no-crash', reason: name, link: name, line: 1 },
        cases: first?.cases ?? [],
      },
    ],
    code: [...account.attributions.values()].slice(0, 1).map(() => ({
      method: name,
      kernelFunction: name,
      kind: 'changed',
      note: name,
      from: name,
      to: name,
      lines: [` ${name}`, `+${name}`],
    })),
    context: { ...context, version: name },
  };
}
