// SPDX-License-Identifier: GPL-2.0-only
/** A comparison as JUnit XML: a test case per clause, failed where something regressed. */
import { CLAUSE_IDS } from '../contract/verdict.ts';
import { CLAUSES } from '../contract/contract.ts';
import { plain } from '../text/document.ts';
import { visible } from '../text/visible.ts';
import type { Report } from './report.ts';
import { CAUSE_WORDS } from '../contract/words.ts';

export function toJunit({ comparison, illustrations }: Report): string {
  const suite = `${comparison.from.id} → ${comparison.to.id}`;
  const cases = CLAUSE_IDS.map((clause) => {
    const regressed = illustrations.filter(
      ({ finding }) => finding.kind === 'regressed' && finding.clause === clause,
    );
    const name = `    <testcase classname="${escape(suite)}" name="${escape(`${clause}: ${CLAUSES[clause].title}`)}"`;
    if (comparison.exercised[clause] === 0) return `${name}><skipped message="not exercised"/></testcase>`;
    if (regressed.length === 0) return `${name}/>`;
    const failures = regressed.map(
      ({ finding, scenario, because }) =>
        `      <failure type="${finding.cause}" message="${escape(`${CAUSE_WORDS[finding.cause]}; smallest: ${scenario.id}`)}">${escape(plain(because))}</failure>`,
    );
    return [`${name}>`, ...failures, '    </testcase>'].join('\n');
  });
  const failed = CLAUSE_IDS.filter((clause) =>
    illustrations.some(({ finding }) => finding.kind === 'regressed' && finding.clause === clause),
  ).length;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<testsuites>',
    `  <testsuite name="${escape(suite)}" tests="${CLAUSE_IDS.length}" failures="${failed}">`,
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
