// SPDX-License-Identifier: GPL-2.0-only
import { expect, test } from '@jest/globals';
import type { Finding } from './comparison.ts';
import { findingIds } from './finding-ids.ts';

function finding(kind: string, clause: string, id: string, of: string, from: number): Finding {
  const found = { scenario: { id }, victims: [{ of, from }] };
  return { kind, clause, cases: [found] } as unknown as Finding;
}

const ids = (...findings: Finding[]): (string | undefined)[] => {
  const found = findingIds(findings);
  return findings.map((one) => found.get(one));
};

test('a defect has the same id whatever became of it', () => {
  const [regressed] = ids(finding('regressed', 'isolation', 'a/b', 'buffer 0', 4));
  const [fixed] = ids(finding('fixed', 'isolation', 'a/b', 'buffer 0', 4));
  expect(regressed).toBe(fixed);
  expect(regressed).toMatch(/^isolation-[0-9a-f]{6}$/);
});

test('clause, case, whose bytes and the first of them tell defects apart', () => {
  const found = ids(
    finding('regressed', 'isolation', 'a/b', 'buffer 0', 4),
    finding('regressed', 'direction', 'a/b', 'buffer 0', 4),
    finding('regressed', 'isolation', 'a/c', 'buffer 0', 4),
    finding('regressed', 'isolation', 'a/b', 'buffer 1', 4),
    finding('regressed', 'isolation', 'a/b', 'buffer 0', 5),
  );
  expect(new Set(found).size).toBe(5);
});

test('two findings of one defect are numbered', () => {
  const one = finding('fixed', 'isolation', 'a/b', 'buffer 0', 4);
  const [first, second, third] = ids(one, { ...one }, { ...one });
  expect([second, third]).toEqual([`${first}-2`, `${first}-3`]);
});
