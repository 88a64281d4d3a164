// SPDX-License-Identifier: GPL-2.0-only
/** docs/clauses: a page for each clause, and nothing in it that is not so. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { CLAUSE_IDS, type ClauseId } from '../harness/contract/verdict.ts';
import { CLAUSES } from '../harness/contract/contract.ts';
import { npmScript, runHere } from './testing/in-process.ts';
import { blocksOf, proseOf, readPages, sectionOf } from './testing/pages.ts';
import { ROOT } from './testing/run.ts';

/** Said of a clause that the report of all states side by side has nothing against. */
const UNBROKEN = 'No revision and no suggestion breaks it on the corpus';
const pages = new Map(readPages('docs', 'reports').map(({ path, text }) => [path, text]));

function pageOf(name: string): string {
  return pages.get(`docs/clauses/${name}.md`) ?? '';
}

/** Text as it reads, wherever its lines break. */
function unwrapped(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim();
}

/** The same without the marks of inline code, which a trace may or may not have. */
function plain(text: string): string {
  return unwrapped(text).replaceAll('`', '');
}

/** The sentence as it stands at the head of a page. */
function promiseOf(id: ClauseId): string {
  const { title } = CLAUSES[id];
  return `${title.charAt(0).toUpperCase()}${title.slice(1)}.`;
}

test('the index has no commands', () => {
  expect(blocksOf(pageOf('README'))).toEqual([]);
});

test('every clause has a page, and no page is another', () => {
  const expected = ['README', ...CLAUSE_IDS].map((name) => `${name}.md`);
  expect(readdirSync(join(ROOT, 'docs', 'clauses')).toSorted()).toEqual(expected.toSorted());
});

test('the index has every clause and its promise, in order', () => {
  const rows = [...pageOf('README').matchAll(/^\| \[(.*?)\]\((.*?)\) +\| (.*?) +\|$/gm)];
  expect(rows.map(([, ...cells]) => cells)).toEqual(
    CLAUSE_IDS.map((id) => [id, `${id}.md`, CLAUSES[id].title]),
  );
});

describe.each(CLAUSE_IDS)('%s', (id) => {
  const page = pageOf(id);
  const example = sectionOf(page, '## Example');

  test('has the promise and the sections', () => {
    expect(page.startsWith(`# ${id}\n\n${promiseOf(id)}\n`)).toBe(true);
    expect(page.match(/^## .*$/gm)).toEqual([
      '## Why it matters',
      '## How it breaks',
      '## What it does not judge',
      '## Example',
    ]);
  });

  test('explains each cause in the words of the reports, and no other', () => {
    const items = sectionOf(page, '## How it breaks').split(/^- /m).slice(1).map(unwrapped);
    const heads = items.map((item) => /^`([\w-]+)` \((.*?)\): \S/.exec(item)?.slice(1) ?? [item]);
    const expected = Object.entries(CLAUSES[id].causes);
    expect(Object.fromEntries(heads)).toEqual(Object.fromEntries(expected));
    expect(heads).toHaveLength(expected.length);
  });

  test('has one command, and what it prints', () => {
    expect(
      blocksOf(page).map(({ language, lines }) => [language, language === 'sh' ? lines.length : 1]),
    ).toEqual([
      ['sh', 1],
      ['text', 1],
    ]);
  });

  describe('the example', () => {
    let lines: string[] = [];
    beforeAll(async () => {
      const command = blocksOf(example)[0]?.lines[0] ?? '';
      const { name, args } = npmScript(command);
      const { stdout, ...rest } = await runHere(name, args);
      expect(rest).toEqual({ exitCode: 0, stderr: '' });
      // The call paths at the end of the lines are left out on the page.
      lines = stdout.split('\n').map((line) => line.replace(/ {3}\[[^\]]*→?[^\]]*\]$/, ''));
    });

    test('is what the command prints, in order; … stands for what is left out', () => {
      const [, output] = blocksOf(example);
      let at = 0;
      let skips = true;
      for (const line of output?.lines ?? []) {
        if (line === '…') skips = true;
        else {
          const next = lines.indexOf(line, at);
          expect({ line, next }).toEqual({ line, next: skips ? expect.any(Number) : at });
          expect({ line, isThere: next >= at }).toEqual({ line, isThere: true });
          at = next + 1;
          skips = false;
        }
      }
    });

    test('breaks the clause as it is quoted, or no state does', () => {
      const quote = plain(
        proseOf(example)
          .match(/^> .*$/gm)
          ?.join(' ')
          .replaceAll('> ', '') ?? '',
      );
      const verdicts = lines.filter((line) => line.startsWith(`  ${id} (`));
      if (example.includes(UNBROKEN)) expect([quote, verdicts]).toEqual(['', []]);
      else expect(verdicts.some((line) => plain(line).includes(`: ${quote} Promise: `))).toBe(true);
    });
  });

  test('the example says that nobody breaks it if that is so', () => {
    const [, unbroken = ''] =
      /^Broken by no state: (.*)\.$/m.exec(pages.get('reports/matrix.md') ?? '') ?? [];
    expect(unbroken).not.toBe('');
    expect(unbroken.includes(`[${id}](`)).toBe(example.includes(UNBROKEN));
  });
});
