// SPDX-License-Identifier: GPL-2.0-only
import { describe, expect, test } from '@jest/globals';
import { COMMENT_MARKER, toComment } from './comment.ts';
import { unexplainedRegressions } from './report.ts';
import { hostile } from './testing/hostile.ts';
import { reportOf } from './testing/make.ts';
import { outsideFences } from './testing/read-markdown.ts';

const GLOB = 'min-align-mask/n*';
const better = reportOf('v3', 'v4', GLOB);
const worse = reportOf('v2', 'v3', GLOB);
const same = reportOf('v7', 'v8', GLOB);

describe('toComment', () => {
  test('one comparison is its report', () => {
    const [marker, empty, verdict] = toComment([worse], undefined).split('\n');
    expect([marker, empty]).toEqual([COMMENT_MARKER, '']);
    expect(verdict).toMatch(/^\*\*v2 → v3: mixed\*\* — /);
  });

  test('several are a table, the worst first, and a fold each', () => {
    const text = toComment([same, better, worse], 'https://example.org/run');
    expect(unexplainedRegressions(worse).length).toBeGreaterThan(0);
    expect(text).toMatch(/^3 comparisons touched by this change; \d+ unexplained regressions?\.$/m);
    const folds = [...text.matchAll(/^<details><summary>(v\d → v\d): /gm)].map(([, pair]) => pair);
    expect(folds).toEqual(['v2 → v3', 'v7 → v8', 'v3 → v4']);
    expect(text.endsWith('\n[Everything, and the data](https://example.org/run)\n')).toBe(true);
  });

  test('every link leads to one anchor', () => {
    const text = toComment([better, worse], undefined);
    const anchors = [...text.matchAll(/<a id="([^"]+)">/g)].map(([, anchor]) => anchor);
    expect(new Set(anchors).size).toBe(anchors.length);
    const links = [...text.matchAll(/\]\(#([^)]+)\)/g)].map(([, anchor]) => anchor);
    expect(links.length).toBeGreaterThan(0);
    expect(links.filter((link) => !anchors.includes(link))).toEqual([]);
  });

  test.each([
    ['2', [worse, better]],
    ['18', Array.from({ length: 18 }, () => ({ ...worse }))],
    ['60 with long names', Array.from({ length: 60 }, () => hostile(worse, '`'.repeat(1000)))],
  ])('%s comparisons fit into a comment, closed', (_, reports) => {
    const text = toComment(reports, 'https://example.org/run');
    expect(text.length).toBeLessThanOrEqual(60_000);
    expect(text.length).toBeGreaterThan(12_000);
    const lines = outsideFences(text);
    const opened = lines.filter((line) => line.startsWith('<details>')).length;
    expect(lines.filter((line) => line === '</details>')).toHaveLength(opened);
  });

  test('no comparison is a sentence', () => {
    expect(toComment([], undefined)).toBe(`${COMMENT_MARKER}\n\nThe change touches no state of a series.\n`);
  });
});
