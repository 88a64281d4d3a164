// SPDX-License-Identifier: GPL-2.0-only
import { describe, expect, test } from '@jest/globals';
import { toJson } from './json.ts';
import { CLAUSE_IDS } from '../contract/verdict.ts';
import { toJunit } from './junit.ts';
import { toMarkdown } from './markdown.ts';
import { unexplainedRegressions } from './report.ts';
import { reportOf } from './testing/make.ts';

const worse = reportOf('v2', 'v3', 'min-align-mask/two*');

/** The rows of the first table, cell by cell. */
function countRows(page: string): string[][] {
  const lines = page.split('\n');
  const from = lines.findIndex((line) => line.startsWith('|'));
  const rows = lines.slice(from + 2);
  return rows.slice(0, rows.indexOf('')).map((row) =>
    row
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim()),
  );
}

describe('toMarkdown', () => {
  const page = toMarkdown(worse);

  test('the first lines decide', () => {
    const [title, , sentence] = page.split('\n');
    expect(title).toBe('# v2 → v3');
    expect(sentence).toMatch(
      /^\*\*v3 crashes in map_page\*\*, \*\*leaks stale bytes to the caller .*\*\*, by \[v3 5\/5\]\(https:\/\/lore\.kernel\.org\/r\/20210811024247\.1144246-6-stevensd@google\.com\)\./,
    );
    expect(page).toMatch(
      /\nEach case counts once, .* Rests on \d+ cases of 2 scenarios; .* Corpus abc, bouncediff 1\.2\.3; a model, not the kernel\.\n/,
    );
    expect(page).toContain('\n- from **v2** (= v2.4): v2 4/4 “');
    expect(page).toContain('\n- to **v3** (= v3.5): v3 5/5 “');
  });

  test('more of what the first state breaks in that case already', () => {
    const more = toMarkdown(reportOf('baseline', 'v1', 'found/slot-in-front-of-a-list-entry*BIDIR*'));
    // In v1 the slot of the second entry as well, until its sync has copied.
    expect(more).toContain('leaves stale bytes where the device can read them, 512 more than baseline**');
  });

  test('the counts add up, findings and cases', () => {
    const rows = countRows(page);
    const last = rows.at(-1) ?? [];
    expect(last[0]).toBe('all');
    const sum = (column: number): number =>
      rows.slice(0, -1).reduce((total, row) => total + Number(row[column]), 0);
    expect([sum(1), sum(2)]).toEqual([Number(last[1]), Number(last[2])]);
    expect(Number(last[1])).toBe(worse.comparison.findings.length);
    expect(Number(last[2])).toBe(worse.comparison.cases);
  });

  test('regressions are open, the rest are tables; in full, everything is open', () => {
    const report = reportOf('v2', 'v3', 'min-align-mask/n*');
    const titles = (text: string): (string | undefined)[] =>
      [...text.matchAll(/^## (.*)$/gm)].map(([, title]) => title);
    const [short, full] = [toMarkdown(report, { budget: 100_000 }), toMarkdown(report, { full: true })];
    const groups = [
      'Broken, hidden in v2',
      'Fixed',
      'Still broken',
      'Still broken, for the same cause as in the baseline',
      'Hidden in v3',
      'Layout-dependent',
    ];
    const head = ['Regressed', 'What one operation costs'];
    const tail = ['Broken on the way', 'What the patches promise'];
    expect(titles(short)).toEqual([...head, ...groups, ...tail]);
    expect(titles(full)).toEqual([...head, ...groups, ...tail, 'Other calls, no clause touched']);
    const opened = (text: string): number => text.match(/^<a id=.*\n\n### /gm)?.length ?? 0;
    expect(opened(short)).toBe(unexplainedRegressions(report).length);
    expect(opened(full)).toBe(report.illustrations.length);
    // One fold a finding.
    expect(short.match(/^<details>/gm)).toHaveLength(opened(short));
  });

  test('names lead to mails, clauses, scenarios and modules, where there are files', () => {
    const text = toMarkdown({ ...worse, context: { ...worse.context, files: '../' } });
    expect(text).toContain('](../docs/clauses/no-crash.md)');
    expect(text).toContain('](../corpus/min-align-mask/two-sectors-across-pages.yaml)');
    expect(text).toContain('[v3.5](../variants/v3/account-for-min-align-mask.ts)');
    expect(page).not.toContain('](../');
  });

  test('only some findings, each whole', () => {
    const [first] = worse.comparison.findings;
    if (first === undefined) throw new Error('no finding');
    const text = toMarkdown(worse, { only: new Set([first]) });
    expect(text).toMatch(
      /^<a id="no-crash-[0-9a-f]{6}"><\/a>\n\n### Regressed: no-crash: memset-out-of-memory, broken by v3\.5\n/,
    );
    expect(text.match(/^#+ /gm)).toHaveLength(1);
  });

  test('every link leads to an anchor of the page', () => {
    const text = toMarkdown(worse, { full: true });
    const links = [...text.matchAll(/\]\(#([^)]+)\)/g)].map(([, anchor]) => anchor);
    const anchors = new Set([...text.matchAll(/<a id="([^"]+)">/g)].map(([, anchor]) => anchor));
    expect(links.length).toBeGreaterThan(0);
    expect(links.filter((link) => !anchors.has(link ?? ''))).toEqual([]);
  });

  test.each([
    ['baseline', 'v8', 'something changed'],
    ['v8', 'v8', 'nothing did'],
  ])('%s → %s: what no clause looked at is listed, where %s', (from, to) => {
    const text = toMarkdown(reportOf(from, to, 'sync/without-the-sync'));
    expect(text.split('## Not judged\n')[1]?.trim().split('\n')).toEqual([
      'In 1 case a driver or a device does what no clause looks at; that is neither right nor wrong, and puts no clause to the test:',
      '- the CPU read bytes that a device owns: `sync/without-the-sync`, step 3',
      '- the CPU wrote bytes that a device owns: `sync/without-the-sync`, step 4',
    ]);
    expect(toMarkdown(reportOf(from, to, 'map/short-packet*'))).not.toContain('Not judged');
  });

  test('no difference is three lines', () => {
    const [title, empty, ...lines] = toMarkdown(reportOf('v7', 'v8', 'min-align-mask/two*'))
      .trimEnd()
      .split('\n');
    expect([title, empty]).toEqual(['# v7 → v8', '']);
    expect(lines).toEqual([
      expect.stringMatching(/^\*\*v8 behaves as v7\*\* on 3 cases of 2 scenarios: /),
      expect.stringMatching(/^How their code differs: `npx bouncediff source v7 --diff v8`\./),
      expect.stringMatching(/^Rests on 3 cases of 2 scenarios; /),
    ]);
  });
});

test('a regression that the cover letter declares unsolved is not unexplained', () => {
  expect(unexplainedRegressions(worse).map(({ clause }) => clause)).toContain('no-crash');
  expect(unexplainedRegressions(reportOf('v6', 'v7', 'min-align-mask/n*'))).toEqual([]);
});

// A min_align_mask of 4 KiB under granules of 32 KiB; the cover letter speaks of larger ones.
test('what it does not name is unexplained: a map that works no more', () => {
  expect(unexplainedRegressions(reportOf('baseline', 'v8', 'errors/five-sectors*'))).toMatchObject([
    { clause: 'map-succeeds', cause: 'no-slots' },
  ]);
});

test('JUnit: as many test cases as clauses, failed where something regressed', () => {
  const xml = toJunit(worse);
  expect(xml.match(/<testcase /g)).toHaveLength(CLAUSE_IDS.length);
  const regressed = new Set(
    worse.comparison.findings.filter(({ kind }) => kind === 'regressed').map(({ clause }) => clause),
  );
  expect(xml).toContain(`failures="${regressed.size}"`);
});

test('JUnit fails on what the command fails on', () => {
  const announced = reportOf('v6', 'v7', 'min-align-mask/n*');
  const regressed = new Set(
    announced.comparison.findings.filter(({ kind }) => kind === 'regressed').map(({ clause }) => clause),
  );
  expect(regressed.size).toBeGreaterThan(0);
  expect(toJunit(announced)).toContain(`failures="${regressed.size}"`);
  const xml = toJunit(announced, { failOn: 'unexplained' });
  expect(xml).toContain(' failures="0"');
  expect(xml).not.toContain('<failure');
  expect(xml.match(/message="regressed, which --fail-on unexplained leaves out"/g)).toHaveLength(
    regressed.size,
  );
});

test('what no other layout can judge is said in JSON as on the page', () => {
  const report = reportOf('baseline', 'v1', 'errors/iova-exhausted[untrusted=true]');
  const { findings } = JSON.parse(toJson(report)) as {
    findings: { clause: string; cause: string; unrepeated: boolean }[];
  };
  const said = findings.filter(({ unrepeated }) => unrepeated);
  expect(said.map(({ clause }) => clause)).toEqual(['confinement-read', 'failed-map-harmless']);
  expect(toMarkdown(report, { full: true }).match(/^In no other layout /gm)).toHaveLength(said.length);
});

test('JSON is the same text for the same report', () => {
  expect(toJson(worse)).toBe(toJson(reportOf('v2', 'v3', 'min-align-mask/two*')));
});
