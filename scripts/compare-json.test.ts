// SPDX-License-Identifier: GPL-2.0-only
import { beforeAll, describe, expect, test } from '@jest/globals';
import { join } from 'node:path';
import { WHY_LEFT_OUT } from '../harness/contract/left-out.ts';
import { loadCorpus } from '../harness/scenario/load.ts';
import { COSTS } from '../harness/run/costs.ts';
import type { Scenario } from '../harness/run/scenario.ts';
import {
  compareSchema,
  documentedFields,
  type Report,
  type ReportedFinding,
} from './testing/compare-schema.ts';
import { ROOT, run, type Outcome } from './testing/run.ts';

const corpus = loadCorpus(join(ROOT, 'corpus'));
const byId = new Map(corpus.scenarios.map((scenario) => [scenario.id, scenario]));

/** The whole corpus, once for each pair. */
const outcomes = new Map<string, Outcome>();
beforeAll(async () => {
  for (const from of ['v2', 'baseline']) {
    outcomes.set(from, await run('compare', [from, 'v3', '--json'], { long: true }));
  }
}, 240_000);

function report(from: string): Report {
  const { stdout = '', stderr = '' } = outcomes.get(from) ?? {};
  if (stdout === '') throw new Error(`compare ${from} v3 said nothing but: ${stderr}`);
  return compareSchema.parse(JSON.parse(stdout));
}

/** By how much an operation costs more. */
function meanRise({ sides }: Report['costs'][number]['costs'][number]): number {
  return (sides[1]?.mean ?? 0) - (sides[0]?.mean ?? 0);
}

/** The finding of that kind, clause and cause: `fixed no-crash slot-index-out-of-pool`. */
function finding(from: string, what: string): ReportedFinding {
  const found = report(from).findings.filter((f) => `${f.kind} ${f.clause} ${f.cause}` === what);
  expect(found).toHaveLength(1);
  return found[0]!;
}

function casesOf({ cases }: ReportedFinding): Scenario[] {
  return cases.map((id) => {
    const scenario = byId.get(id);
    if (scenario === undefined) throw new Error(`no case ${id}`);
    return scenario;
  });
}

describe.each(['v2', 'baseline'])('compare %s v3 --json, the whole corpus', (from) => {
  test('something regressed: 1, and nothing on standard error', () => {
    expect(outcomes.get(from)).toMatchObject({ exitCode: 1, stderr: '' });
  });

  test('is what docs/json.md describes', () => {
    const json: unknown = JSON.parse(outcomes.get(from)?.stdout ?? '');
    expect(compareSchema.safeParse(json).error?.issues).toBeUndefined();
  });

  test('has every field that docs/json.md names, and no other', () => {
    const fields = documentedFields('# The JSON');
    const { summary, findings, ...rest } = report(from);
    expect(Object.keys({ summary, findings, ...rest }).sort()).toEqual([...fields.keys()].sort());
    for (const name of Object.keys(summary)) expect(fields.get('summary')).toContain(`\`${name}\``);
    const ofFinding = documentedFields('\nA finding:');
    for (const found of findings) {
      expect(Object.keys(found).sort()).toEqual([...ofFinding.keys()].sort());
      for (const side of [found.evidence.from, found.evidence.to]) {
        const documented = ofFinding.get('evidence');
        for (const name of Object.keys(side ?? {})) expect(documented).toContain(`\`${name}\``);
      }
    }
    for (const why of Object.keys(WHY_LEFT_OUT)) expect(fields.get('notJudged')).toContain(`\`${why}\``);
  });

  test('names the states, the corpus and its size', () => {
    const { from: x, to: y, corpusHash, summary } = report(from);
    expect(x).toMatchObject(
      from === 'v2' ? { id: 'v2', alias: 'v2.4' } : { id: from, alias: null, patches: [] },
    );
    expect(y).toMatchObject({ id: 'v3', alias: 'v3.5' });
    expect(y.patches.map(({ id }) => id)).toEqual(['v3.1', 'v3.2', 'v3.3', 'v3.4', 'v3.5']);
    expect(y.patches.at(-1)?.messageId).toBe('20210811024247.1144246-6-stevensd@google.com');
    expect(corpusHash).toBe(corpus.hash);
    expect(summary).toMatchObject({ scenarios: corpus.files, cases: corpus.scenarios.length });
  });

  test('leaves no clause unexercised', () => {
    const { exercised, notExercised, summary } = report(from);
    expect(notExercised).toEqual([]);
    expect(Object.keys(exercised)).toHaveLength(summary.clauses);
    expect(Object.entries(exercised).filter(([, cases]) => cases === 0)).toEqual([]);
  });

  test('counts what it lists', () => {
    const { summary, findings, costs, different, comparedOperations } = report(from);
    const count = (kind: string): number => findings.filter((f) => f.kind === kind).length;
    expect(summary).toMatchObject({
      fixed: count('fixed'),
      regressed: count('regressed'),
      stillBroken: count('still-broken'),
      inherited: findings.filter((f) => f.kind === 'still-broken' && f.inherited).length,
      hidden: count('hidden'),
      uncovered: count('uncovered'),
      layoutDependent: count('layout-dependent'),
      causeChanged: findings.filter((f) => f.was !== null).length,
      different: different.length,
    });
    const asides = new Set(COSTS.filter(({ isAside }) => isAside).map(({ name }) => name));
    const ofCalls = costs
      .filter(({ of }) => of === 'call')
      .flatMap((row) => row.costs.filter(({ name }) => !asides.has(name)));
    expect(summary.costsLess > 0).toBe(ofCalls.some((cost) => meanRise(cost) < 0));
    expect(summary.costsMore > 0).toBe(ofCalls.some((cost) => meanRise(cost) > 0));
    const counted = costs.filter(({ of }) => of === 'call').reduce((sum, row) => sum + row.operations, 0);
    expect(comparedOperations).toBe(counted);
    expect(summary.same + summary.different).toBeLessThanOrEqual(summary.cases);
  });

  test('every finding has its smallest case first, and evidence on the sides that break', () => {
    for (const found of report(from).findings) {
      expect(found.cases[0]).toBe(found.case);
      expect(byId.get(found.case)?.scenario).toBe(found.scenario);
      expect(new Set(found.cases).size).toBe(found.cases.length);
      expect(casesOf(found)).toHaveLength(found.cases.length);
      if (found.kind === 'layout-dependent') continue;
      expect(found.evidence.from !== null).toBe(['fixed', 'hidden', 'still-broken'].includes(found.kind));
      expect(found.evidence.to !== null).toBe(
        ['regressed', 'uncovered', 'still-broken'].includes(found.kind),
      );
    }
  });

  test('what no clause looked at, in every case: by reason, the smallest case first', () => {
    const { notJudged } = report(from);
    const all = corpus.scenarios.map((scenario) => scenario.id);
    for (const { cases } of notJudged) {
      expect(new Set(cases).size).toBe(cases.length);
      expect(all).toEqual(expect.arrayContaining(cases));
      const sizes = cases.map((id) => byId.get(id)?.steps.length ?? 0);
      expect(sizes[0]).toBe(Math.min(...sizes));
    }
    const reads = notJudged.find(({ why }) => why === 'cpu-read');
    expect(reads?.words).toBe('the CPU read bytes that a device owns');
    expect(reads?.cases).toContain('sync/without-the-sync');
    expect(reads?.example).toMatch(
      /^Step \d+ \(`cpu_read .*`\): the CPU read \d+ bytes of \w+ that \w+ owns$/,
    );
    const counts = notJudged.map(({ cases }) => cases.length);
    expect(counts).toEqual(counts.toSorted((a, b) => b - a));
  });

  test('what no other layout can judge is fixed or regressed', () => {
    const kinds = report(from).findings.map(({ unrepeated, kind }) => (unrepeated ? kind : 'fixed'));
    expect(['fixed', 'regressed']).toEqual(expect.arrayContaining(kinds));
  });

  test('every cost that changed has a case that shows it', () => {
    for (const cost of report(from).costs.flatMap((row) => row.costs)) {
      expect(cost.case !== null).toBe(cost.differing > 0);
      expect(cost.sides).toHaveLength(2);
      if (meanRise(cost) !== 0) expect(cost.case).not.toBeNull();
    }
  });
});

/** A driver's own sync_sg, not the one that an unmap does. */
function syncsList({ steps }: Scenario): boolean {
  return steps.some(({ op }) => op === 'sync_sg_for_cpu');
}

describe('compare v2 v3: what v3 set out to mend', () => {
  test('sync_sg of a trusted non-coherent device asks swiotlb about a buffer that never bounced', () => {
    const found = finding('v2', 'fixed no-crash slot-index-out-of-pool');
    expect(found.because).toContain('`syncSgForCpu` (v2.4)');
    expect(found.traceDiff.join('\n')).toMatch(/^- +swiotlb_sync_single_for_cpu\(.*\n- +CRASH: /m);
    for (const { machine } of casesOf(found)) {
      expect(machine.swiotlb).toBe(true);
      expect(machine.devices.some(({ untrusted, coherent }) => !untrusted && !coherent)).toBe(true);
    }
    expect(casesOf(found).filter(syncsList).length).toBeGreaterThanOrEqual(4);
  });

  test('sync_sg calls swiotlb although there is none', () => {
    const found = finding('v2', 'fixed no-crash sync-without-swiotlb');
    expect(found.because).toContain('`syncSgForCpu` (v2.4)');
    for (const { machine } of casesOf(found)) {
      expect(machine.swiotlb).toBe(false);
      expect(machine.devices.some(({ coherent }) => !coherent)).toBe(true);
    }
    expect(casesOf(found).filter(syncsList)).not.toEqual([]);
  });

  test.each([
    'no-leftovers iommu-pages-left',
    'revocation page-table-entry-left',
    'map-succeeds already-mapped',
  ])('%s under min_align_mask', (what) => {
    const found = finding('v2', `fixed ${what}`);
    for (const { machine } of casesOf(found)) {
      const masked = machine.devices.filter(({ untrusted, minAlignMask }) => untrusted && minAlignMask > 0);
      expect(masked).not.toEqual([]);
    }
  });
});

describe('compare baseline v3: what the series is for', () => {
  test.each(['from-device-data', 'to-device-data'])('%s not-copied, in a sync of the corpus', (clause) => {
    const found = finding('baseline', `fixed ${clause} not-copied`);
    expect(found.inherited).toBe(false);
    expect(found.cases).toContainEqual(expect.stringMatching(/^sync\//));
    expect(found.because).toMatch(/: it was not copied/);
  });

  test('to-device-data not-cleaned, of non-coherent devices', () => {
    const found = finding('baseline', 'fixed to-device-data not-cleaned');
    for (const { machine } of casesOf(found)) {
      expect(machine.devices.some(({ coherent }) => !coherent)).toBe(true);
    }
  });

  test('unmap_page copies once from the bounce buffer, not twice, with a case that shows it', () => {
    const rows = report('baseline').costs.filter(
      ({ operation, bounced, direction, skip }) =>
        operation === 'unmap_page' && bounced === 1 && direction !== 'TO_DEVICE' && !skip,
    );
    expect(rows).not.toEqual([]);
    for (const { costs } of rows) {
      const cost = costs.find(({ name }) => name === 'copies-from-bounce');
      expect(cost?.sides).toEqual([
        { least: 2, most: 2, mean: 2 },
        { least: 1, most: 1, mean: 1 },
      ]);
      expect(byId.has(cost?.case ?? '')).toBe(true);
    }
  });
});
