// SPDX-License-Identifier: GPL-2.0-only
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Illustration } from '../report/illustrate.ts';
import type { Report } from '../report/report.ts';
import { hostile } from '../report/testing/hostile.ts';
import { reportOf } from '../report/testing/make.ts';
import { hostileName, RAW } from '../text/testing/raw.ts';
import { toHtml } from './html.ts';
import type { PageData } from './page-data.ts';
import { assets, pageOfReport } from './testing/make.ts';

const honest = reportOf('v2', 'v3', 'min-align-mask/neighbour-slot');
const ours = assets();

function dataOf(html: string): unknown {
  const [, json = ''] = /<script type="application\/json" id="data">(.*?)<\/script>/s.exec(html) ?? [];
  return JSON.parse(json);
}

test('the data comes back as it was', () => {
  const data = pageOfReport(honest);
  expect(dataOf(toHtml(data, ours))).toEqual(JSON.parse(JSON.stringify(data)));
});

test('names change nothing but names', () => {
  const bare = toHtml(pageOfReport(honest), { script: '', style: '' });
  const tags = (html: string): string[] => [...html.matchAll(/<[^>]*>/g)].map(([tag]) => tag);
  fc.assert(
    fc.property(fc.oneof(hostileName, fc.constant('</script><img src=x onerror=alert(1)><!--')), (name) => {
      const html = toHtml(pageOfReport(hostile(honest, name)), { script: '', style: '' });
      expect(tags(html)).toEqual(tags(bare));
      expect(html).not.toMatch(RAW);
    }),
    { numRuns: 10 },
  );
});

test('a page asks nobody for anything', () => {
  const html = toHtml(pageOfReport(honest), ours);
  expect(html).toContain("default-src 'none'");
  expect(html.replace(/<script type="application\/json".*?<\/script>/s, '')).not.toMatch(
    /(?:src|href)="?https?:|@import|url\(|fetch\(|XMLHttpRequest|WebSocket/,
  );
});

/** The report with so many findings, each with a case of its own. */
function grown(report: Report, count: number): Report {
  const { comparison, illustrations } = report;
  const many = Array.from({ length: count }, (_, n): Illustration => {
    const old = illustrations[n % illustrations.length];
    if (old === undefined) throw new Error('nothing found');
    const scenario = { ...old.scenario, id: `${old.scenario.id} ${n}` };
    const [first, ...rest] = old.finding.cases;
    if (first === undefined) throw new Error('no case');
    return { ...old, scenario, finding: { ...old.finding, cases: [{ ...first, scenario }, ...rest] } };
  });
  return {
    ...report,
    comparison: { ...comparison, findings: many.map(({ finding }) => finding) },
    illustrations: many,
  };
}

test('a page that would be larger than three megabytes leaves out the traces that matter least, and says so', () => {
  const data = pageOfReport(grown(honest, 600));
  const html = toHtml(data, ours);
  expect(Buffer.byteLength(html)).toBeLessThanOrEqual(3_000_000);
  // Nothing but what does not fit is left out.
  expect(Buffer.byteLength(html)).toBeGreaterThan(2_300_000);
  expect(data.findings).toHaveLength(500);
  const kept = data.findings.filter(({ at }) => at >= 0);
  const rest = data.findings.filter(({ at }) => at < 0);
  expect(kept.length).toBeGreaterThan(20);
  expect(rest.length).toBeGreaterThan(20);
  expect(data.findings.slice(0, kept.length)).toEqual(kept);
  expect(kept.filter(({ reply }) => reply.length === 0)).toEqual([]);
  for (const { reply, code, because } of rest) {
    expect({ reply, code }).toEqual({ reply: [], code: [] });
    expect(because.length).toBeGreaterThan(0);
  }
  const notes = data.notes.map((words) =>
    words.map((word) => (typeof word === 'string' ? word : '')).join(''),
  );
  expect(notes).toContain('100 more findings are not on this page: ');
  expect(notes).toContain(
    `To keep this page small, ${rest.length} findings far down the list are without traces, code and reply: `,
  );
  expect(kept.map(({ at }) => at)).toEqual(data.cases.map((_, at) => at));
});

test('five hundred findings of one case stay within three megabytes, and the worst keep their traces', () => {
  const { comparison, illustrations } = honest;
  const many = Array.from({ length: 510 }, (_, n) => {
    const old = illustrations[n % illustrations.length];
    if (old === undefined) throw new Error('nothing found');
    return { ...old, finding: { ...old.finding } };
  });
  const report = {
    ...honest,
    comparison: { ...comparison, findings: many.map(({ finding }) => finding) },
    illustrations: many,
  };
  const data = pageOfReport(report);
  expect(data.findings).toHaveLength(500);
  expect(JSON.stringify(data.notes)).toContain('10 more findings are not on this page');
  expect(toHtml(data, ours).length).toBeLessThan(3_000_000);
  const rank = (findings: PageData['findings']): boolean[] => findings.map(({ at }) => at >= 0);
  expect(rank(data.findings.filter(({ kind }) => kind === 'regressed'))).not.toContain(false);
});
