// SPDX-License-Identifier: GPL-2.0-only
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import type { State } from '../subject/state.ts';
import { findState } from '../../variants/registry.ts';
import { Machine } from '../machine/machine.ts';
import { drawMemoryMap } from '../picture/memory-picture.ts';
import { loadCorpus, selectScenarios } from '../scenario/load.ts';
import { makeReport } from './make-report.ts';
import { toMarkdown } from './markdown.ts';
import type { Illustration } from './illustrate.ts';
import { pictureSection } from './picture-section.ts';
import { renderMarkdown } from '../text/render-markdown.ts';
import type { Report } from './report.ts';

const corpus = loadCorpus(join(import.meta.dirname, '..', '..', 'corpus'));

function state(id: string): State {
  const found = findState(id);
  if (found === undefined) throw new Error(id);
  return found;
}

function reportOf(maps: boolean): Report {
  return makeReport(new Machine(), state('v2'), state('v3'), {
    scenarios: selectScenarios(corpus, 'min-align-mask/two*'),
    expectations: [],
    wholeLedger: false,
    context: { corpusHash: 'abc', version: '1.2.3' },
    ...(maps && { drawMap: drawMemoryMap }),
  }).report;
}

const report = reportOf(true);
const [worst] = report.illustrations;
if (worst === undefined) throw new Error('no finding');
const MERMAID = /^```mermaid$/gm;

/** The forms of a finding's pictures as Markdown, the richest first. */
function forms(shown: Illustration, map: string | undefined): string[] {
  return pictureSection(shown, map)?.levels.map(({ blocks }) => renderMarkdown(blocks)) ?? [];
}

describe('pictureSection', () => {
  test('with a file: the map and the calls, else the map alone, else nothing', () => {
    const [both = '', map = '', ...more] = forms(worst, 'pictures/a.svg');
    expect(more).toEqual(['']);
    expect(both).toMatch(/^<details><summary>Pictures: .*<\/summary>\n\n!\[Memory map\. /);
    expect(both).toMatch(
      /\]\(pictures\/a\.svg\)\n\n```mermaid\nsequenceDiagram\n[\s\S]*\n```\n\n<\/details>$/,
    );
    expect(map).not.toMatch(MERMAID);
    expect(map).toContain('(pictures/a.svg)');
  });

  test('without a file: the calls, else nothing', () => {
    const [calls = '', ...more] = forms(worst, undefined);
    expect(more).toEqual(['']);
    expect(calls).toMatch(MERMAID);
    expect(calls).not.toContain('![');
  });

  test('without either, there is none', () => {
    expect(pictureSection({ ...worst, sequence: [] }, undefined)).toBeUndefined();
  });

  test('the alternative text cannot leave its brackets', () => {
    const [, map = ''] = forms({ ...worst, because: 'a `b](x) <i> | c' }, 'pictures/a.svg');
    expect(map).toMatch(/!\[Memory map\. a b\\\]\(x\).* c\]\(pictures\/a\.svg\)/);
    expect(map).not.toContain('<i>');
  });
});

describe('in a report', () => {
  test('each finding has its picture, after its text', () => {
    const text = toMarkdown(report, { full: true });
    expect(text.match(MERMAID)).toHaveLength(text.match(/^### .*\n<a id/gm)?.length ?? -1);
  });

  test('maps are drawn when asked for', () => {
    expect(worst.map).toMatch(/^<svg /);
    expect(
      reportOf(false)
        .illustrations.map(({ map }) => map)
        .join(''),
    ).toBe('');
  });

  test('pictures go before any text does, and it is said', () => {
    const bare = {
      ...report,
      illustrations: report.illustrations.map((shown) => ({ ...shown, sequence: [] })),
    };
    const wide = Array.from({ length: 2000 }, () => `C->>C: ${'x'.repeat(40)}`);
    const heavy = {
      ...report,
      illustrations: report.illustrations.map((shown) => ({ ...shown, sequence: wide })),
    };
    const text = toMarkdown(heavy, { full: false });
    expect(text.length).toBeLessThanOrEqual(60_000);
    expect(text).not.toMatch(MERMAID);
    const notes = /\n\nCut to fit: .*\n$/;
    expect(notes.exec(text)?.[0]).toContain(' picture');
    expect(text.replace(notes, '\n')).toBe(toMarkdown(bare, { full: false }).replace(notes, '\n'));
    expect(toMarkdown(heavy, { full: true }).match(MERMAID)?.length).toBeGreaterThan(0);
  });
});
