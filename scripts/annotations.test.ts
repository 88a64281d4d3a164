// SPDX-License-Identifier: GPL-2.0-only
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import fc from 'fast-check';
import type { Report } from '../harness/report/report.ts';
import { unexplainedRegressions } from '../harness/report/report.ts';
import { hostile } from '../harness/report/testing/hostile.ts';
import { reportOf } from '../harness/report/testing/make.ts';
import type { Sources } from '../harness/source/effective-source.ts';
import { openSources } from '../harness/source/sources.ts';
import { ALL_UNSEEN, hostileName, RAW } from '../harness/text/testing/raw.ts';
import { annotationsOf } from './annotations.ts';
import type { ChangedLines } from './changed.ts';
import { printAnnotation, type Annotation } from './print.ts';
import { ROOT } from './testing/run.ts';

const PATCH = 'variants/v3/account-for-min-align-mask.ts';
const OTHER = 'variants/v3/fix-sync-sg.ts';
const SCENARIO = 'corpus/min-align-mask/neighbour-slot.yaml';

const report = reportOf('v2', 'v3', 'min-align-mask/neighbour-slot');
const regressed = unexplainedRegressions(report).length;
let sources: Sources;
beforeAll(async () => {
  sources = await openSources();
});

/** The first line of the file that has the text, from 1. */
function lineOf(file: string, text: string): number {
  const lines = readFileSync(join(ROOT, file), 'utf8').split('\n');
  return lines.findIndex((line) => line.includes(text)) + 1;
}

function at(line: number): { from: number; to: number } {
  return { from: line, to: line };
}

function places(changed: ChangedLines, counts = true, of: Report = report): string[] {
  return annotationsOf([{ report: of, counts }], changed, sources).map(
    ({ level, place }) => `${level} ${place?.file}:${place?.line}`,
  );
}

describe('a regression stands', () => {
  const method = lineOf(PATCH, 'override mapSwiotlb');
  const memset = lineOf(PATCH, 'this.kernel.memset(start, offset)');
  const all = (place: string): string[] => Array.from({ length: regressed }, () => place);

  test('there is one', () => {
    expect(regressed).toBeGreaterThan(0);
  });

  test('at the changed line of the method that ran, of the patch that did it', () => {
    const changed = new Map([
      [PATCH, [at(2), at(memset)]],
      [OTHER, [at(30)]],
    ]);
    expect(places(changed)).toEqual(all(`error ${PATCH}:${memset}`));
  });

  test('at its head, where more than the method has changed', () => {
    expect(places(new Map([[PATCH, [{ from: 1, to: memset }]]]))).toEqual(all(`error ${PATCH}:${method}`));
  });

  test('at another line of the patch, where the method has not changed', () => {
    expect(places(new Map([[PATCH, [at(2)]]]))).toEqual(all(`error ${PATCH}:2`));
  });

  test('at another patch of the state, then at a scenario, then at what lists patches', () => {
    const scenario = [SCENARIO, [at(5)]] as const;
    const list = ['variants/v3/index.ts', [at(70)]] as const;
    const other = [OTHER, [at(30)]] as const;
    expect(places(new Map([list, scenario, other]))).toEqual(all(`error ${OTHER}:30`));
    expect(places(new Map([list, scenario]))).toEqual(all(`error ${SCENARIO}:5`));
    expect(places(new Map([list]))).toEqual(all('error variants/v3/index.ts:70'));
  });

  test('nowhere, when nothing of it has changed', () => {
    expect(places(new Map([['harness/machine/swiotlb.ts', [at(1)]]]))).toEqual([]);
  });

  test('as a warning at a scenario, when the change is not about the state', () => {
    expect(places(new Map([[SCENARIO, [at(5)]]]), false)).toEqual(all(`warning ${SCENARIO}:5`));
    expect(places(new Map([[PATCH, [at(memset)]]]), false)).toEqual([]);
  });
});

test('says what, by which patch, and how to see it', () => {
  const [first] = annotationsOf([{ report, counts: true }], new Map([[PATCH, [at(2)]]]), sources);
  const [finding] = unexplainedRegressions(report);
  expect(first?.title).toBe(`v2 → v3: regressed: ${finding?.clause}: ${finding?.cause}`);
  expect(first?.lines).toEqual([
    expect.stringMatching(/^broken by v3\.5/),
    expect.stringMatching(/\w/),
    `npx bouncediff trace v3 '${finding?.cases[0]?.scenario.id}'`,
  ]);
});

test('ten at most, errors first, and how many there are beside them', () => {
  const changed = new Map([
    [PATCH, [at(2)]],
    [SCENARIO, [at(5)]],
  ]);
  const many = Array.from({ length: 12 }, (_, index) => ({ report, counts: index % 2 === 1 }));
  const annotations = annotationsOf(many, changed, sources);
  const errors = Math.min(10, 6 * regressed);
  expect(annotations.map(({ level }) => level)).toEqual([
    ...Array.from({ length: errors }, () => 'error'),
    ...Array.from({ length: 10 - errors }, () => 'warning'),
    'notice',
  ]);
  expect(annotations.at(-1)?.lines).toEqual([`${12 * regressed - 10} more on changed lines: see the report`]);
});

describe('printed', () => {
  afterEach(() => {
    jest.restoreAllMocks();
  });

  function printed(annotation: Annotation, inActions: boolean): string {
    const { GITHUB_ACTIONS: _, ...rest } = process.env;
    const env = jest.replaceProperty(process, 'env', inActions ? { ...rest, GITHUB_ACTIONS: 'true' } : rest);
    let text = '';
    const write = jest.spyOn(process.stdout, 'write').mockImplementation((said) => {
      text += String(said);
      return true;
    });
    printAnnotation(annotation);
    write.mockRestore();
    env.restore();
    return text;
  }

  const some: Annotation = {
    level: 'error',
    place: { file: 'a,b:c.ts', line: 7 },
    title: '100%, or: more',
    lines: ['first: 1, 50%', '::error::second'],
  };

  test('as a workflow command, escaped', () => {
    expect(printed(some, true)).toBe(
      '::error file=a%2Cb%3Ac.ts,line=7,title=100%25%2C or%3A more::first: 1, 50%25%0A::error::second\n',
    );
    expect(printed({ level: 'notice', lines: ['2 more'] }, true)).toBe('::notice::2 more\n');
  });

  test('as lines, elsewhere', () => {
    expect(printed(some, false)).toBe('a,b:c.ts:7: 100%, or: more\n  first: 1, 50%\n  ::error::second\n');
    expect(printed({ level: 'notice', lines: ['2 more'] }, false)).toBe('2 more\n');
  });

  test('one command, whatever the names are', () => {
    fc.assert(
      fc.property(hostileName, (name) => {
        const evil = hostile(report, name);
        const changed = new Map([['variants/v3/index.ts', [at(70)]]]);
        const none: Sources = { ...sources, effectiveSource: () => ({ state: name, functions: new Map() }) };
        const annotations = annotationsOf([{ report: evil, counts: true }], changed, none);
        expect(annotations).toHaveLength(regressed);
        for (const annotation of annotations) {
          const text = printed({ ...annotation, place: { file: name, line: 1 } }, true);
          expect(text).toMatch(/^::error file=[^\n:,]*,line=1,title=[^\n:,]*::[^\n]*\n$/);
          expect(text.slice(0, -1)).not.toMatch(RAW);
        }
      }),
      { numRuns: 30, examples: [[ALL_UNSEEN]] },
    );
  });
});
