// SPDX-License-Identifier: GPL-2.0-only
import { expect, test } from '@jest/globals';
import { indexHtml } from './index-page.ts';
import type { PageData } from './page-data.ts';

function entry(from: string, kinds: readonly string[]): { file: string; data: PageData } {
  const data = {
    from: { id: from, about: '' },
    to: { id: 'v3', about: '' },
    verdict: ['breaks ', { code: 'map_page' }, ' & more'],
    findings: kinds.map((kind) => ({ kind })),
  } as unknown as PageData;
  return { file: `${from}-v3.html`, data };
}

test('a row for each page, its counts lead to the filtered list', () => {
  const html = indexHtml([entry('v2', ['regressed', 'fixed', 'regressed']), entry('v1', [])], {
    script: '',
    style: '',
  });
  expect(html).toContain('<a href="v2-v3.html"><b>v2 → v3</b></a>');
  expect(html).toContain('<a href="v2-v3.html#report?kind=regressed">2</a>');
  expect(html).toContain('<a href="v2-v3.html#report?kind=fixed">1</a>');
  expect(html).toContain('breaks <code>map_page</code> &#38; more');
  expect(html.match(/<tr>/g)).toHaveLength(3);
});

test('names are text', () => {
  const html = indexHtml([entry('"><img src=x>\u202e', [])], { script: '', style: '' });
  expect(html).not.toContain('<img');
  expect(html).not.toContain('\u202e');
});
