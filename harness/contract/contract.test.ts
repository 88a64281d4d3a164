// SPDX-License-Identifier: GPL-2.0-only
import { describe, expect, test } from '@jest/globals';
import { CAUSES, CLAUSE_IDS, Findings } from './clause.ts';
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
    expect(new Set(clause.causes).size).toBe(clause.causes.length);
  });

  test('every cause is one of some clause, but for the warning that drivers handle', () => {
    const used = new Set(CLAUSE_IDS.flatMap((id) => CLAUSES[id].causes));
    expect(CAUSES.filter((cause) => !used.has(cause))).toEqual(['pool-full']);
  });

  test('it has sixteen clauses, and no cause twice', () => {
    expect(CLAUSE_IDS).toHaveLength(16);
    expect(new Set(CAUSES).size).toBe(CAUSES.length);
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
  test('nothing, then exercised', () => {
    const findings = new Findings();
    expect(findings.verdict('no-warn')).toEqual({ clause: 'no-warn', status: 'not-exercised', breaks: [] });
    findings.exercise();
    expect(findings.verdict('no-warn')).toEqual({ clause: 'no-warn', status: 'holds', breaks: [] });
  });

  test('evidence of one cause adds up, and the first one is shown', () => {
    const findings = new Findings();
    findings.breaks('writable', { step: 1, event: 5, count: 2, iova: 100 });
    findings.breaks('readable', { step: 2, event: 6, count: 1 });
    findings.breaks('writable', { step: 3, event: 7, count: 3, iova: 200 });
    expect(findings.verdict('direction')).toEqual({
      clause: 'direction',
      status: 'broken',
      breaks: [
        { cause: 'writable', evidence: { step: 1, event: 5, count: 5, iova: 100 } },
        { cause: 'readable', evidence: { step: 2, event: 6, count: 1 } },
      ],
    });
  });
});
