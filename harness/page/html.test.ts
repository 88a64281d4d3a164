// SPDX-License-Identifier: GPL-2.0-only
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
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

test('five hundred findings stay within three megabytes, and the worst keep their traces', () => {
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
