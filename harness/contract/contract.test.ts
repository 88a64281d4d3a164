// SPDX-License-Identifier: GPL-2.0-only
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { CRASHES, WARNINGS } from '../machine/crash.ts';
import { CLAUSE_IDS, Findings, type Cause, type Evidence } from './verdict.ts';
import type { Victim } from './victim.ts';
import { CAUSE_WORDS, CAUSES } from './words.ts';
import { CLAUSES, judge } from './contract.ts';
import { HonestOps } from './testing/honest-ops.ts';
import { recordingOf } from './testing/judging.ts';

const QUIET = 'buffers: { a: { size: 64 } }\nsteps: [{ cpu_write: a }]';

describe('the contract', () => {
  test.each(CLAUSE_IDS)('%s', (id) => {
    const clause = CLAUSES[id];
    expect(clause.id).toBe(id);
    expect(clause.title).toMatch(/^\S.*\S$/);
    expect(clause.why).toMatch(/[.?]$/);
    expect(Object.keys(clause.causes).length).toBeGreaterThan(0);
  });

  test('no id twice', () => {
    expect(new Set(CLAUSE_IDS).size).toBe(CLAUSE_IDS.length);
  });

  test('a cause means the same in every clause, and every crash and warning is a cause, but for the one that drivers handle', () => {
    for (const id of CLAUSE_IDS) {
      for (const [cause, words] of Object.entries(CLAUSES[id].causes)) {
        expect([cause, words]).toEqual([cause, CAUSE_WORDS[cause as Cause]]);
      }
    }
    const missing = [...CRASHES, ...WARNINGS].filter((kind) => !(CAUSES as readonly string[]).includes(kind));
    expect(missing).toEqual(['pool-full']);
  });

  test('each clause is a module in clauses/, by its name', () => {
    const modules = readdirSync(join(import.meta.dirname, 'clauses')).filter(
      (file) => !file.endsWith('.test.ts'),
    );
    const others = new Set(['index.ts', 'wrong-bytes.ts']);
    expect(modules.filter((file) => !others.has(file)).toSorted()).toEqual(
      CLAUSE_IDS.map((id) => `${id}.ts`).toSorted(),
    );
  });

  test('every clause has a verdict, in order', () => {
    expect(judge(recordingOf(HonestOps, QUIET)).map(({ clause }) => clause)).toEqual(CLAUSE_IDS);
  });

  test('what nothing puts to the test is not exercised', () => {
    const exercised = judge(recordingOf(HonestOps, QUIET)).filter(({ status }) => status !== 'not-exercised');
    expect(exercised.map(({ clause, status }) => [clause, status])).toEqual([
      ['no-crash', 'holds'],
      ['no-warn', 'holds'],
    ]);
  });

  test('the same recording is judged the same', () => {
    const run = recordingOf(HonestOps, QUIET);
    expect(judge(run)).toEqual(judge(run));
  });
});

describe('Findings', () => {
  const someone = (_: Cause | undefined, evidence: Evidence): Victim => ({
    of: `step ${evidence.step}`,
    from: 0,
    to: evidence.count,
    evidence,
  });

  test('nothing, then exercised', () => {
    const findings = new Findings(someone);
    expect(findings.verdict('no-warn')).toEqual({ clause: 'no-warn', status: 'not-exercised', breaks: [] });
    findings.exercise();
    expect(findings.verdict('no-warn')).toEqual({ clause: 'no-warn', status: 'holds', breaks: [] });
  });

  test('evidence of one cause adds up, and the first one is shown', () => {
    const findings = new Findings(someone);
    findings.breaks('writable', { step: 1, event: 5, count: 2, iova: 100 });
    findings.breaks('readable', { step: 2, event: 6, count: 1 });
    findings.breaks('writable', { step: 3, event: 7, count: 3, iova: 200 });
    expect(findings.verdict('direction')).toEqual({
      clause: 'direction',
      status: 'broken',
      breaks: [
        {
          cause: 'writable',
          evidence: { step: 1, event: 5, count: 5, iova: 100 },
          victims: [
            { of: 'step 1', from: 0, to: 2, evidence: { step: 1, event: 5, count: 2, iova: 100 } },
            { of: 'step 3', from: 0, to: 3, evidence: { step: 3, event: 7, count: 3, iova: 200 } },
          ],
        },
        {
          cause: 'readable',
          evidence: { step: 2, event: 6, count: 1 },
          victims: [{ of: 'step 2', from: 0, to: 1, evidence: { step: 2, event: 6, count: 1 } }],
        },
      ],
    });
  });
});
