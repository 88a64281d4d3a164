// SPDX-License-Identifier: GPL-2.0-only
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { CAUSES } from '../contract/words.ts';
import type { Finding } from '../compare/comparison.ts';
import { FINDING_KINDS } from '../compare/classify.ts';
import { fit, PAGE_BUDGET, shrink, type Section } from './budget.ts';
import { paragraph, plain } from '../text/document.ts';
import { toJson } from './json.ts';
import { toMarkdown } from './markdown.ts';
import type { Report } from './report.ts';
import { hostile } from './testing/hostile.ts';
import { reportOf } from './testing/make.ts';
import { outsideFences } from './testing/read-markdown.ts';

const honest = reportOf('v2', 'v3', 'min-align-mask/neighbour*');

/** The report with that many times each kind of finding, for each cause that there is. */
function crowded(report: Report, times: number): Report {
  const [first] = report.illustrations;
  if (first === undefined) throw new Error('no finding');
  const many = FINDING_KINDS.flatMap((kind) =>
    CAUSES.flatMap((cause) =>
      Array.from({ length: times }, () => ({
        ...first,
        finding: { ...first.finding, kind, cause, inherited: false } satisfies Finding,
      })),
    ),
  );
  return {
    ...report,
    illustrations: [first, ...many],
    comparison: { ...report.comparison, findings: [first.finding, ...many.map(({ finding }) => finding)] },
  };
}

describe('hundreds of findings', () => {
  const report = crowded(honest, 3);
  const text = toMarkdown(report);
  const [worst] = report.illustrations;

  test('stay within a page, with no fence and no fold left open', () => {
    expect(report.illustrations.length).toBeGreaterThan(500);
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(PAGE_BUDGET);
    expect(Buffer.byteLength(text)).toBeGreaterThan(PAGE_BUDGET - 5_000);
    const lines = outsideFences(text);
    expect(lines.filter((line) => line.startsWith('<details>')).length).toBe(
      lines.filter((line) => line === '</details>').length,
    );
  });

  test('keep the worst one with all that is behind it', () => {
    expect(text).toMatch(
      new RegExp(`^### Regressed: ${worst?.finding.clause}: ${worst?.finding.cause}, broken by v3\\.5$`, 'm'),
    );
    expect(text).toContain(plain(worst?.because ?? ''));
    expect(text).toContain((worst?.diff ?? []).join('\n'));
  });

  test('end in counts, and in what was cut and where it is', () => {
    expect(text).toMatch(/^And \d+ more findings: \d+ [a-z-]+\.$/m);
    expect(text).toMatch(
      /\nCut to fit: .*\d+ detailed findings.*\. `--full` prints everything, `--json` has it as data: `npx bouncediff compare v2 v3 --full`\.\n$/,
    );
  });

  test('are all there in full and as data', () => {
    const full = toMarkdown(report, { full: true });
    expect(full.match(/^<a id=.*\n\n### /gm)).toHaveLength(report.illustrations.length);
    expect(full).not.toContain('Cut to fit');
    const { findings } = JSON.parse(toJson(report)) as { findings: unknown[] };
    expect(findings).toHaveLength(report.illustrations.length);
  });
});

test.each([
  ['names', 'x'.repeat(20_000)],
  ['paths', 'very/long/path/'.repeat(5_000)],
  ['backticks', '`'.repeat(20_000)],
  ['mentions', '@somebody '.repeat(5_000)],
])('monstrous %s fit, and the beginning and the end of each are there', (_, name) => {
  const text = toMarkdown(hostile(crowded(honest, 1), name));
  expect(Buffer.byteLength(text)).toBeLessThanOrEqual(PAGE_BUDGET);
  expect(text).toContain('…');
  outsideFences(text);
});

test('a diff of a hundred thousand lines fits', () => {
  const illustrations = honest.illustrations.map((shown) => ({
    ...shown,
    diff: Array.from({ length: 100_000 }, (__, line) => `+ line ${line}`),
  }));
  const text = toMarkdown({ ...honest, illustrations });
  expect(Buffer.byteLength(text)).toBeLessThanOrEqual(PAGE_BUDGET);
  expect(text).toMatch(/^ … \d+ more lines$/m);
});

test('any budget from a few lines up is kept, and more room never shows less', () => {
  const report = crowded(honest, 1);
  const sizes = [4_000, 8_000, 16_000, 32_000, 64_000, 128_000, 256_000].map(
    (budget) => [budget, toMarkdown(report, { budget }).length] as const,
  );
  for (const [budget, length] of sizes) expect(length).toBeLessThanOrEqual(budget);
  expect(sizes.map(([, length]) => length)).toEqual(
    sizes.map(([, length]) => length).toSorted((a, b) => a - b),
  );
});

test('sections give way in the order of the plan, and only as far as they must', () => {
  const section = (name: string): Section => ({
    levels: [
      { blocks: [paragraph(name.repeat(1000))] },
      { blocks: [paragraph(name.repeat(100))], lost: name, count: 1 },
      { blocks: [], lost: name, count: 2 },
    ],
  });
  const [a, b] = [section('a'), section('b')];
  const shrinking = [...shrink([b], 1), ...shrink([a, b], 0)];
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 5000 }), (budget) => {
      const { lost } = fit({ sections: [a, b], shrinking }, budget);
      const room = budget - 800;
      const expected =
        room >= 2004 ? [] : room >= 1104 ? ['1 b'] : room >= 1004 ? ['2 bs'] : ['2 as', '2 bs'];
      expect(lost).toEqual(expected);
    }),
  );
});
