// SPDX-License-Identifier: GPL-2.0-only
import { describe, expect, test } from '@jest/globals';
import type { PageCase, PageData, PageFinding, PageLine } from './page-data.ts';
import { page, pageOfReport } from './testing/make.ts';
import { findingIds } from '../compare/finding-ids.ts';
import { toMail } from '../report/mail.ts';
import { reportOf } from '../report/testing/make.ts';

const report = reportOf('v2', 'v3', 'min-align-mask/neighbour-slot');
const data = pageOfReport(report);
const crashing = page('v2', 'v3', 'min-align-mask/two-sectors*');

function found(where: PageData, kind: string, clause: string): { finding: PageFinding; shown: PageCase } {
  const finding = where.findings.find((one) => one.kind === kind && one.clause === clause);
  const shown = where.cases[finding?.at ?? -1];
  if (finding === undefined || shown === undefined) throw new Error(`no ${kind} ${clause}`);
  return { finding, shown };
}

function lineAt({ rows, sides }: PageCase, row: number, side: 0 | 1): PageLine | undefined {
  return sides[side].lines[rows[row]?.[side] ?? -1];
}

describe('v3 clears what another mapping holds', () => {
  const { finding, shown } = found(data, 'regressed', 'isolation');

  test('it breaks at the memset in front of its own slots, in the stretch that the disk had written', () => {
    expect(finding.side).toBe(1);
    expect(lineAt(shown, finding.row, 1)?.text).toBe('memset(bounce(rx)-0x800, 0, size 2048)');
    expect(finding.stretches.map((index) => shown.stretches[index])).toEqual([[0x1001000, 0x200]]);
  });

  test('before it the stretch holds the data of the disk, behind it zeros; on the other side the data stays', () => {
    const [old, now] = shown.sides;
    const [stretch = -1] = finding.stretches;
    const holds = (side: PageCase['sides'][0], moment: number): string => {
      const change = side.moments
        .slice(0, moment + 1)
        .flatMap(({ changes }) => changes)
        .findLast(([row]) => row === stretch);
      return side.contents[change?.[1] ?? -1]?.short ?? '';
    };
    const at = lineAt(shown, finding.row, 1)?.at ?? -1;
    expect([holds(now, at - 1), holds(now, at)]).toEqual(['read+0xe00', 'cleared']);
    const last = old.lines.at(-1)?.at ?? -1;
    expect(holds(old, last)).not.toBe('cleared');
    // Who put it there: the memset itself.
    const by = now.moments[at]?.changes.find(([row]) => row === stretch)?.[3];
    expect(now.lines[by ?? -1]?.text).toBe('memset(bounce(rx)-0x800, 0, size 2048)');
  });

  test('what a call touches has addresses', () => {
    expect(lineAt(shown, finding.row, 1)?.touches).toEqual([['0', 0x1001000, 0x800]]);
  });
});

test('a memset whose size underflowed is where it crashes, and keeps its negative size', () => {
  const { finding, shown } = found(crashing, 'regressed', 'no-crash');
  const line = lineAt(shown, finding.row, 1);
  expect(line?.name).toBe('memset');
  expect(line?.touches).toEqual([['0', 0x1001200, -512]]);
  expect(lineAt(shown, finding.row + 1, 1)?.kind ?? shown.sides[1].lines.at(-1)?.kind).toBe('crash');
  expect(shown.sides.map(({ crashStep }) => crashStep)).toEqual([-1, 0]);
});

test('what no clause looked at is said, by reason', () => {
  expect(data.notJudged).toEqual([]);
  const misuse = page('baseline', 'v8', 'errors/unmap-of-a-failed-map*');
  const [lead, ...reasons] = misuse.notJudged.map((words) =>
    words.map((word) => (typeof word === 'string' ? word : 'code' in word ? word.code : word.link)).join(''),
  );
  expect(lead).toMatch(/^In 2 cases a driver or a device does what no clause looks at/);
  expect(reasons[0]).toMatch(/: errors[/]unmap-of-a-failed-map.*, step \d+, and 1 more case$/);
});

test('the sums add up', () => {
  for (const { total, parts } of [...data.sums, ...crashing.sums]) {
    expect(parts.reduce((sum, { count }) => sum + count, 0)).toBe(total);
  }
});

test('every finding has an id of its own, a row, and stretches or reach or a mapping as a whole', () => {
  expect(new Set(data.findings.map(({ id }) => id)).size).toBe(data.findings.length);
  for (const { at, row, side, stretches } of data.findings) {
    const shown = data.cases[at];
    expect(shown?.rows[row]?.[side]).toBeGreaterThanOrEqual(0);
    for (const stretch of stretches) expect(shown?.stretches[stretch]).toBeDefined();
  }
});

test('stretches lie in order and do not overlap, and the first moment has them all', () => {
  for (const { stretches, sides } of data.cases) {
    for (const [index, [start, size]] of stretches.entries()) {
      expect(size).toBeGreaterThan(0);
      expect(stretches[index + 1]?.[0] ?? Infinity).toBeGreaterThanOrEqual(start + size);
    }
    for (const { moments } of sides) expect(moments[0]?.changes).toHaveLength(stretches.length);
  }
});

test('the reply about a finding is the mail about it', () => {
  const { findings } = report.comparison;
  const ids = findingIds(findings);
  expect(data.findings).toHaveLength(findings.length);
  for (const finding of findings) {
    const shown = data.findings.find(({ id }) => id === ids.get(finding));
    expect(shown?.reply.join('\n')).toBe(toMail(report, { only: new Set([finding]) }));
  }
  const { finding } = found(data, 'regressed', 'isolation');
  expect(finding.reply[0]).toBe('Subject: Re: [PATCH v3 5/5] dma-iommu: account for min_align_mask');
  expect(finding.reply).toContain('  +memset(0x1001000, 0, size 2048)');
});

test('the same comparison gives the same page', () => {
  expect(pageOfReport(report)).toEqual(data);
});
