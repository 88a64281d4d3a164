// SPDX-License-Identifier: GPL-2.0-only
/** A comparison as JUnit XML: a test case per clause, failed where something regressed that counts. */
import { CLAUSE_IDS } from '../contract/verdict.ts';
import { CLAUSES } from '../contract/contract.ts';
import { plain } from '../text/document.ts';
import { visible } from '../text/visible.ts';
import { failing, type FailOn, type Report } from './report.ts';
import { CAUSE_WORDS } from '../contract/words.ts';

/** `failOn`: which regressions fail a test case, as they do the command; one that has only others is skipped. */
export function toJunit(report: Report, { failOn = 'regressed' }: { readonly failOn?: FailOn } = {}): string {
  const { comparison, illustrations } = report;
  const suite = `${comparison.from.id} → ${comparison.to.id}`;
  const counts = new Set(failing(report, failOn));
  const failed = new Set([...counts].map(({ clause }) => clause));
  const others = new Set(
    comparison.findings.flatMap(({ kind, clause }) => (kind === 'regressed' ? [clause] : [])),
  );
  const cases = CLAUSE_IDS.map((clause) => {
    const name = `    <testcase classname="${escape(suite)}" name="${escape(`${clause}: ${CLAUSES[clause].title}`)}"`;
    if (comparison.exercised[clause] === 0) return `${name}><skipped message="not exercised"/></testcase>`;
    if (!failed.has(clause)) {
      return others.has(clause)
        ? `${name}><skipped message="regressed, which --fail-on ${failOn} leaves out"/></testcase>`
        : `${name}/>`;
    }
    const failures = illustrations
      .filter(({ finding }) => finding.clause === clause && counts.has(finding))
      .map(
        ({ finding, scenario, because }) =>
          `      <failure type="${finding.cause}" message="${escape(`${CAUSE_WORDS[finding.cause]}; smallest: ${scenario.id}`)}">${escape(plain(because))}</failure>`,
      );
    return [`${name}>`, ...failures, '    </testcase>'].join('\n');
  });
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<testsuites>',
    `  <testsuite name="${escape(suite)}" tests="${CLAUSE_IDS.length}" failures="${failed.size}">`,
    ...cases,
    '  </testsuite>',
    '</testsuites>',
    '',
  ].join('\n');
}

function escape(value: string): string {
  return visible(value)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
