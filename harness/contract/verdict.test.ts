// SPDX-License-Identifier: GPL-2.0-only
/** How findings become a verdict. */
import { expect, test } from '@jest/globals';
import { Findings, type Evidence } from './verdict.ts';

const at = (step: number, count: number): Evidence => ({ step, count });
const findings = (): Findings =>
  new Findings((cause, evidence) => ({
    of: `${cause ?? 'unknown'} ${evidence.step}`,
    from: 0,
    to: evidence.count,
    evidence,
  }));

test('nothing was put to the test', () => {
  expect(findings().verdict('no-warn')).toEqual({ clause: 'no-warn', status: 'not-exercised', breaks: [] });
});

test('it was, and holds', () => {
  const found = findings();
  found.exercise();
  expect(found.verdict('no-warn')).toEqual({ clause: 'no-warn', status: 'holds', breaks: [] });
});

test('a break for each cause, in order: the first evidence, and all that it counts', () => {
  const found = findings();
  found.breaks('not-copied', at(1, 2));
  found.breaks('not-cleaned', at(2, 3));
  found.breaks('not-copied', at(4, 5));
  expect(found.verdict('to-device-data')).toEqual({
    clause: 'to-device-data',
    status: 'broken',
    breaks: [
      {
        cause: 'not-copied',
        evidence: at(1, 7),
        victims: [
          { of: 'not-copied 1', from: 0, to: 2, evidence: at(1, 2) },
          { of: 'not-copied 4', from: 0, to: 5, evidence: at(4, 5) },
        ],
      },
      {
        cause: 'not-cleaned',
        evidence: at(2, 3),
        victims: [{ of: 'not-cleaned 2', from: 0, to: 3, evidence: at(2, 3) }],
      },
    ],
  });
});

test('of whom nobody can tell, whether it holds or was put to no test', () => {
  const found = findings();
  found.cannotTell(at(3, 4));
  const unknown = [{ of: 'unknown 3', from: 0, to: 4, evidence: at(3, 4) }];
  expect(found.verdict('isolation')).toEqual({
    clause: 'isolation',
    status: 'not-exercised',
    breaks: [],
    unknown,
  });
  found.exercise();
  expect(found.verdict('isolation')).toMatchObject({ status: 'holds', unknown });
});
