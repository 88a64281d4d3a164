// SPDX-License-Identifier: GPL-2.0-only
import { describe, expect, test } from '@jest/globals';
import { COMMENT_LINES, COMMENT_MARKER, NOTHING_COMPARED, toComment } from './comment.ts';
import { unexplainedRegressions } from './report.ts';
import { hostile } from './testing/hostile.ts';
import { reportOf } from './testing/make.ts';
import { outsideFences } from './testing/read-markdown.ts';

const GLOB = 'min-align-mask/n*';
const better = reportOf('v3', 'v4', GLOB);
const worse = reportOf('v2', 'v3', GLOB);
const same = reportOf('v7', 'v8', GLOB);

describe('toComment', () => {
  test('one comparison: counts, the sentence, the regressions', () => {
    const text = toComment([worse], undefined);
    const unexplained = unexplainedRegressions(worse).length;
    expect(text).toMatch(
      new RegExp(
        `^${COMMENT_MARKER}\n\n1 comparison touched by this change; ${unexplained} regressions? that nobody`,
      ),
    );
    expect(text).toMatch(/^\*\*v3 /m);
    expect(text.match(/^\| `v2 → v3` +\| [a-z-]+: /gm)).toHaveLength(unexplained);
  });

  test('several: the worst first, and where everything is', () => {
    const text = toComment([same, better, worse], 'https://example.org/run');
    expect(text).toMatch(/^3 comparisons touched by this change; \d+ regressions? /m);
    const rows = [...text.matchAll(/^\| `(v\d → v\d)` +\| +\d/gm)].map(([, pair]) => pair);
    expect(rows).toEqual(['v2 → v3', 'v7 → v8', 'v3 → v4']);
    expect(text.endsWith('\n[Everything, and the data](https://example.org/run)\n')).toBe(true);
  });

  test.each([
    ['2', [worse, better]],
    ['18', Array.from({ length: 18 }, () => ({ ...worse }))],
    ['60 with long names', Array.from({ length: 60 }, () => hostile(worse, '`'.repeat(1000)))],
  ])(
    '%s comparisons: at most forty lines with who has made it, of which GitHub takes them all',
    (_, reports) => {
      const text = toComment(reports, 'https://example.org/run');
      expect(text.trimEnd().split('\n').length).toBeLessThanOrEqual(COMMENT_LINES - 2);
      expect(text.length).toBeLessThanOrEqual(60_000);
      outsideFences(text);
    },
  );

  test('no comparison is a sentence', () => {
    expect(toComment([], 'https://example.org/run')).toBe(NOTHING_COMPARED);
    expect(NOTHING_COMPARED).toBe(`${COMMENT_MARKER}\n\nNothing changed in what is compared.\n`);
  });
});
