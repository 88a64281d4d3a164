// SPDX-License-Identifier: GPL-2.0-only
import { describe, expect, test } from '@jest/globals';
import { toJson } from './json.ts';
import { CLAUSE_IDS } from '../contract/verdict.ts';
import { toJunit } from './junit.ts';
import { toMarkdown } from './markdown.ts';
import { unexplainedRegressions } from './report.ts';
import { reportOf } from './testing/make.ts';

const worse = reportOf('v2', 'v3', 'min-align-mask/two*');

describe('toMarkdown', () => {
  test('the first lines decide', () => {
    const [verdict, next, costs, rest, from, to, empty] = toMarkdown(worse, { full: false }).split('\n');
    expect(verdict).toMatch(
      /^\*\*v2 → v3: worse\*\* — \d+ fixed, \d+ regressed, .*; \d+ scenarios?, \d+ cases × \d+ clauses;.* Breaks no-crash, /,
    );
    expect(next).toMatch(/^- \d+ unexplained regressions?: look at no-crash: memset-out-of-memory \(v3\.5\)/);
    expect(costs).toMatch(/^- (no operation costs more or less|cheaper: |dearer: )/);
    expect(rest).toMatch(
      /^- rests on \d+ cases of \d+ scenarios?, .*; corpus abc, bouncediff 1\.2\.3; modelled, /,
    );
    expect([from, to]).toEqual([
      expect.stringContaining('**v2** (= v2.4)'),
      expect.stringContaining('**v3** (= v3.5)'),
    ]);
    expect(empty).toBe('');
  });

  test('the worst comes first, and the details are folded', () => {
    const text = toMarkdown(reportOf('v2', 'v3', 'min-align-mask/n*'), { full: true });
    const titles = [...text.matchAll(/^## (.*)$/gm)].map(([, title]) => title);
    expect(titles).toEqual([
      'Unexplained regressions',
      'Broken, hidden before',
      'Still broken',
      'Fixed',
      'Broken before, hidden now',
      'Layout-dependent',
      'Costs',
      'Different, no clause touched',
      'Ledger',
      'Findings',
    ]);
    const folded = [
      ...text.matchAll(
        /^<details><summary>(regressed|broken, could|still broken|fixed|broken before|layout-dependent)/gm,
      ),
    ];
    const kinds = folded.map(([, label]) => label);
    expect(kinds.length).toBe(text.match(/^### .*\n<a id=/gm)?.length);
    const order = [
      'regressed',
      'broken, could',
      'still broken',
      'fixed',
      'broken before',
      'layout-dependent',
    ];
    expect(kinds).toEqual(kinds.toSorted((a = '', b = '') => order.indexOf(a) - order.indexOf(b)));
  });

  test('every link leads to an anchor of the page', () => {
    const text = toMarkdown(worse, { full: true });
    const links = [...text.matchAll(/\]\(#([^)]+)\)/g)].map(([, anchor]) => anchor);
    const anchors = new Set([...text.matchAll(/<a id="([^"]+)">/g)].map(([, anchor]) => anchor));
    expect(links.length).toBeGreaterThan(0);
    expect(links.filter((link) => !anchors.has(link ?? ''))).toEqual([]);
  });

  test('no difference is three lines', () => {
    const text = toMarkdown(reportOf('v7', 'v8', 'min-align-mask/two*'), { full: false });
    expect(text.trimEnd().split('\n')).toHaveLength(3);
    expect(text).toContain('same');
  });
});

test('a regression that the cover letter declares unsolved is not unexplained', () => {
  expect(unexplainedRegressions(worse).map(({ clause }) => clause)).toContain('no-crash');
  expect(unexplainedRegressions(reportOf('v6', 'v7', 'min-align-mask/n*'))).toEqual([]);
});

test('JUnit: as many test cases as clauses, failed where something regressed', () => {
  const xml = toJunit(worse);
  expect(xml.match(/<testcase /g)).toHaveLength(CLAUSE_IDS.length);
  const regressed = new Set(
    worse.comparison.findings.filter(({ kind }) => kind === 'regressed').map(({ clause }) => clause),
  );
  expect(xml).toContain(`failures="${regressed.size}"`);
});

test('JSON is the same text for the same report', () => {
  expect(toJson(worse)).toBe(toJson(reportOf('v2', 'v3', 'min-align-mask/two*')));
});
