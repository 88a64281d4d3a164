// SPDX-License-Identifier: GPL-2.0-only
import { describe, expect, test } from '@jest/globals';
import { CLAUSE_IDS, type Break, type Cause, type ClauseId, type Verdict } from '../contract/verdict.ts';
import { classify, type FindingKind, type Part } from './classify.ts';
import type { Placed } from '../contract/victim.ts';
import type { Triggered } from '../run/triggers.ts';
import type { MapCourse, MapOutcome, Side } from './side.ts';

const CLAUSE: ClauseId = 'to-device-data';

/** Bytes [from, to) of the mapping, wrong for that cause in that step. */
function wrong(cause: Cause, from = 0, to = 64, step = 1, mapping = 0): Break {
  const evidence = { step, mapping, offset: from, count: to - from };
  return { cause, evidence, victims: [{ of: `mapping ${mapping}`, from, to, evidence }] };
}

/** A side on which every clause holds, but for what is said of CLAUSE. */
function side(
  broken: readonly Break[] | 'holds' | 'not-exercised',
  {
    crashStep = Infinity,
    clause = CLAUSE,
    maps = [] as readonly MapOutcome[],
    data = [] as readonly Placed[],
    slots = [] as readonly number[],
    triggered = [] as readonly Triggered[],
  } = {},
): Side {
  const verdicts = CLAUSE_IDS.map((id): Verdict => {
    if (id !== clause || broken === 'holds') return { clause: id, status: 'holds', breaks: [] };
    if (broken === 'not-exercised') return { clause: id, status: broken, breaks: [] };
    return { clause: id, status: 'broken', breaks: broken };
  });
  return { verdicts, crashStep, maps, data, slots, triggered };
}

type Said = [FindingKind, Cause, string, Cause?];

/** Kind, cause, whose bytes, and the cause before where it is another. */
function said(from: Side, to: Side): Said[] {
  return classify(from, to).map(({ kind, cause, victims, was }) => {
    const whose = victims.map((v) => `${v.of} ${v.from}-${v.to}`).join(', ');
    return was === undefined ? [kind, cause, whose] : [kind, cause, whose, was];
  });
}

const NOT_COPIED = side([wrong('not-copied')]);
const WHOLE = 'mapping 0 0-64';

describe('classify', () => {
  test.each<[string, Side, Side, Said[]]>([
    ['both hold', side('holds'), side('holds'), []],
    ['broken, then holds', NOT_COPIED, side('holds'), [['fixed', 'not-copied', WHOLE]]],
    ['holds, then broken', side('holds'), NOT_COPIED, [['regressed', 'not-copied', WHOLE]]],
    ['the same bytes for the same cause', NOT_COPIED, NOT_COPIED, [['still-broken', 'not-copied', WHOLE]]],
    [
      'the same bytes for another cause',
      NOT_COPIED,
      side([wrong('not-cleaned')]),
      [['still-broken', 'not-cleaned', WHOLE, 'not-copied']],
    ],
    [
      'zeros that stay in the cache and zeros that are thrown away are one cause',
      side([wrong('cleared-not-cleaned')]),
      side([wrong('dropped-by-arch-invalidate')]),
      [['still-broken', 'dropped-by-arch-invalidate', WHOLE]],
    ],
    [
      'other bytes for the same cause',
      NOT_COPIED,
      side([wrong('not-copied', 0, 64, 1, 1)]),
      [
        ['regressed', 'not-copied', 'mapping 1 0-64'],
        ['fixed', 'not-copied', WHOLE],
      ],
    ],
    [
      'some of the bytes, and more',
      NOT_COPIED,
      side([wrong('not-copied', 48, 80)]),
      [
        ['still-broken', 'not-copied', 'mapping 0 48-64'],
        ['regressed', 'not-copied', 'mapping 0 64-80'],
        ['fixed', 'not-copied', 'mapping 0 0-48'],
      ],
    ],
    [
      'two causes become one',
      side([wrong('not-copied', 0, 32), wrong('not-cleaned', 32, 64)]),
      NOT_COPIED,
      [
        ['still-broken', 'not-copied', 'mapping 0 0-32'],
        ['still-broken', 'not-copied', 'mapping 0 32-64', 'not-cleaned'],
      ],
    ],
    ['not exercised before', side('not-exercised'), NOT_COPIED, [['uncovered', 'not-copied', WHOLE]]],
    ['not exercised after', NOT_COPIED, side('not-exercised'), [['hidden', 'not-copied', WHOLE]]],
  ])('%s', (_, from, to, expected) => {
    expect(said(from, to)).toEqual(expected);
  });

  test.each<[string, Side, Side, [FindingKind, number | undefined]]>([
    ['crashed before it showed', side('holds', { crashStep: 0 }), NOT_COPIED, ['uncovered', 0]],
    ['crashed in that step', side('holds', { crashStep: 1 }), NOT_COPIED, ['uncovered', 1]],
    ['crashed after it showed', side('holds', { crashStep: 2 }), NOT_COPIED, ['regressed', undefined]],
    ['the side that holds crashed before', NOT_COPIED, side('holds', { crashStep: 0 }), ['hidden', 0]],
    ['the side that holds crashed later', NOT_COPIED, side('holds', { crashStep: 3 }), ['fixed', undefined]],
  ])('%s', (_, from, to, expected) => {
    expect(classify(from, to).map(({ kind, hiddenBy }) => [kind, hiddenBy])).toEqual([expected]);
  });

  test.each<[string, number, FindingKind, FindingKind]>([
    ['in the step', 1, 'uncovered', 'hidden'],
    ['before it', 0, 'uncovered', 'hidden'],
    ['after it', 2, 'regressed', 'fixed'],
  ])('what the scenario does to one side alone %s', (_, step, after, before) => {
    const triggered = (...at: string[]): Triggered[] =>
      Array.from({ length: 3 }, (__, i) => ({ ran: true, at: i === step ? at : [] }));
    const broken = side([wrong('not-copied')], { triggered: triggered('iommu_map fails') });
    const holds = side('holds', { triggered: triggered() });
    const partedBy = after === 'regressed' ? undefined : step;
    const found = (from: Side, to: Side): unknown =>
      classify(from, to).map((each) => [each.kind, each.partedBy]);
    expect(found(holds, broken)).toEqual([[after, partedBy]]);
    expect(found(broken, holds)).toEqual([[before, partedBy]]);
    expect(found(broken, side('holds', { triggered: triggered('iommu_map fails') }))).toEqual([
      ['fixed', undefined],
    ]);
  });

  test.each<[string, number[], FindingKind, FindingKind]>([
    ['as full', [9, 5], 'regressed', 'fixed'],
    ['fuller', [8, 6], 'regressed', 'fixed'],
    ['not as full', [9, 4], 'uncovered', 'hidden'],
  ])('a search without an end, where the other pool is %s', (_, slots, after, before) => {
    const clause = 'no-crash';
    const endless = side([wrong('search-never-ends', 0, 1, 2)], { clause, slots: [8, 5] });
    const ends = side('holds', { clause, slots });
    expect(said(ends, endless)).toEqual([[after, 'search-never-ends', 'mapping 0 0-1']]);
    expect(said(endless, ends)).toEqual([[before, 'search-never-ends', 'mapping 0 0-1']]);
  });

  test('what one side cannot tell of is neither fixed nor regressed, the rest is', () => {
    const unknownOf = (from: number, to: number, step = 1): Side => {
      const { verdicts, ...rest } = side('holds');
      const unknown = wrong('not-copied', from, to).victims.map(({ evidence, ...victim }) => ({
        ...victim,
        evidence: { ...evidence, step },
      }));
      return { verdicts: verdicts.map((verdict) => ({ ...verdict, unknown })), ...rest };
    };
    expect(said(unknownOf(0, 48), NOT_COPIED)).toEqual([
      ['regressed', 'not-copied', 'mapping 0 48-64'],
      ['uncovered', 'not-copied', 'mapping 0 0-48'],
    ]);
    expect(said(NOT_COPIED, unknownOf(0, 64))).toEqual([['hidden', 'not-copied', WHOLE]]);
    // It was looked at in another step, and could be told then.
    expect(said(unknownOf(0, 64, 2), NOT_COPIED)).toEqual([['regressed', 'not-copied', WHOLE]]);
  });

  test('a crash hides a later crash, and is itself told', () => {
    const crash = (cause: Cause, step: number): Side => {
      const evidence = { step, event: 5, count: 1 };
      const victims = [{ of: `step ${step}`, from: 0, to: 1, evidence }];
      return side([{ cause, evidence, victims }], { crashStep: step, clause: 'no-crash' });
    };
    const [early, late] = [crash('memset-out-of-memory', 1), crash('copy-out-of-memory', 2)];
    const kinds = (from: Side, to: Side): unknown =>
      classify(from, to).map(({ kind, cause, hiddenBy }) => [kind, cause, hiddenBy]);
    expect(kinds(early, late)).toEqual([
      ['uncovered', 'copy-out-of-memory', 1],
      ['fixed', 'memset-out-of-memory', undefined],
    ]);
    expect(kinds(late, early)).toEqual([
      ['regressed', 'memset-out-of-memory', undefined],
      ['hidden', 'copy-out-of-memory', 1],
    ]);
    const other = crash('kernel-bug', 1);
    expect(said(early, other)).toEqual([
      ['still-broken', 'kernel-bug', 'step 1 0-1', 'memset-out-of-memory'],
    ]);
  });

  test('bytes of a mapping whose map failed on the other side are neither fixed nor regressed', () => {
    const done: MapOutcome = { returned: 'done', calls: [], refusal: undefined, steps: [0, Infinity] };
    const evidence = { step: 0, event: 3, mapping: 0, count: 1, asked: 17, used: 68, free: 60 };
    const failed: MapOutcome = {
      returned: 'failed',
      calls: [],
      refusal: { cause: 'no-slots', evidence },
      steps: [0, Infinity],
    };
    const broken = side([wrong('not-copied')], { maps: [done] });
    expect(said(broken, side('holds', { maps: [failed] }))).toEqual([
      ['hidden', 'not-copied', WHOLE],
      ['regressed', 'no-slots', 'mapping 0 0-1'],
    ]);
  });

  describe('of a map that is not done on one side at least', () => {
    const went = (returned: MapCourse['returned'], ...calls: MapCourse['calls']): MapOutcome => ({
      returned,
      calls,
      refusal: undefined,
      steps: [0, Infinity],
    });
    const [slots, iova, page] = ['swiotlb_tbl_map_single', 'alloc_iova_fast', 'iommu_map'] as const;
    const done = went('done');
    const skipped = went('unknown');
    const atSlots = went('failed', slots);
    const atPage = went('failed', slots, iova, page);
    const atSecondSlots = went('failed', slots, iova, page, slots);
    test.each<[string, MapOutcome, MapOutcome, FindingKind, FindingKind]>([
      ['failed at the same call', atSecondSlots, atSecondSlots, 'regressed', 'fixed'],
      ['failed before it made that call', atSlots, atPage, 'uncovered', 'hidden'],
      ['failed at an earlier call of that kind', atSlots, atSecondSlots, 'uncovered', 'hidden'],
      ['failed later', atSecondSlots, atPage, 'regressed', 'fixed'],
      ['worked', done, atSlots, 'regressed', 'fixed'],
      ['failed, which here works', atPage, done, 'uncovered', 'hidden'],
      ['did not run, and here works', skipped, done, 'uncovered', 'hidden'],
      [
        'failed before it made the call that crashed',
        atSlots,
        went('unknown', slots, iova),
        'uncovered',
        'hidden',
      ],
    ])('the other %s', (_, other, own, broken, before) => {
      const [holds, breaks] = [
        side('holds', { maps: [other] }),
        side([wrong('not-copied')], { maps: [own] }),
      ];
      const kinds = (from: Side, to: Side): FindingKind[] =>
        classify(from, to).flatMap(({ clause, kind }) => (clause === CLAUSE ? [kind] : []));
      expect(kinds(holds, breaks)).toEqual([broken]);
      expect(kinds(breaks, holds)).toEqual([before]);
    });
  });

  test('bytes that are broken twice on either side are as many as they are', () => {
    const twice = side([
      { ...wrong('not-copied'), victims: [1, 2].flatMap(() => wrong('not-copied').victims) },
    ]);
    const once = side([wrong('not-copied', 16, 32)]);
    expect(classify(twice, once)).toMatchObject([
      { kind: 'still-broken', to: { count: 16 } },
      { kind: 'fixed' },
    ]);
  });

  test('the root is not asked when nothing is broken on the right', () => {
    const ask = (): readonly Part[] => {
      throw new Error('asked');
    };
    expect(() => classify(NOT_COPIED, side('holds'), ask)).not.toThrow();
  });
});

describe('what maps return', () => {
  const done: MapOutcome = { returned: 'done', calls: [], refusal: undefined, steps: [0, Infinity] };
  const evidence = { step: 4, event: 30, mapping: 0, count: 1, asked: 17, used: 68, free: 60 };
  const failed: MapOutcome = {
    returned: 'failed',
    calls: [],
    refusal: { cause: 'no-slots', evidence },
    steps: [0, Infinity],
  };
  const unknown: MapOutcome = { returned: 'unknown', calls: [], refusal: undefined, steps: [0, Infinity] };
  const only = (map: MapOutcome): Side => side('holds', { maps: [map] });

  test.each<[string, number, Said[]]>([
    ['it is still mapped', Infinity, []],
    ['it is unmapped in that step', 4, []],
    ['it was unmapped before', 3, [['regressed', 'no-slots', 'mapping 1 0-1']]],
  ])('that fails beside a mapping that the other side could not map: %s', (_, until, expected) => {
    const evidenceOfSecond = { ...evidence, mapping: 1 };
    const second: MapOutcome = { ...failed, refusal: { cause: 'no-slots', evidence: evidenceOfSecond } };
    const first: MapOutcome = { ...done, steps: [2, until] };
    const atFirst: MapOutcome = {
      ...failed,
      refusal: { cause: 'no-slots', evidence: { ...evidence, step: 2 } },
    };
    const before = side('holds', { maps: [atFirst, { ...done, steps: [4, Infinity] }] });
    const after = side('holds', { maps: [first, second] });
    const fixed: Said = ['fixed', 'no-slots', 'mapping 0 0-1'];
    expect(said(before, after)).toEqual(expect.arrayContaining([fixed, ...expected]));
    expect(said(before, after)).toHaveLength(1 + expected.length);
  });

  test('that fails on both sides is no difference, even where only one has an excuse', () => {
    const broken: Break = { ...wrong('not-found'), victims: [{ of: 'mapping 0', from: 0, to: 1, evidence }] };
    const atFault = side([broken], { clause: 'map-succeeds', maps: [failed] });
    const worse = ['still-broken', 'not-found', 'mapping 0 0-1', 'no-slots'];
    expect(said(only(failed), atFault)).toEqual([worse]);
    const better = ['still-broken', 'no-slots', 'mapping 0 0-1', 'not-found'];
    expect(said(atFault, only(failed))).toEqual([better]);
    expect(said(only(done), atFault)).toEqual([['regressed', 'not-found', 'mapping 0 0-1']]);
  });

  test.each<[string, MapOutcome, MapOutcome, FindingKind[]]>([
    ['worked, then failed', done, failed, ['regressed']],
    ['failed, then worked', failed, done, ['fixed']],
    ['failed twice', failed, failed, []],
    ['worked twice', done, done, []],
    ['worked, then crashed', done, unknown, []],
    ['crashed, then failed', unknown, failed, []],
  ])('%s', (_, before, after, kinds) => {
    const found = classify(only(before), only(after));
    expect(found.map(({ kind }) => kind)).toEqual(kinds);
    for (const { clause, cause, from, to } of found) {
      expect([clause, cause, from ?? to]).toEqual(['map-succeeds', 'no-slots', evidence]);
    }
  });

  test('a failure that breaks the clause by itself is told once', () => {
    const refused: Break = {
      ...wrong('refused-by-iommu'),
      victims: [{ of: 'mapping 0', from: 0, to: 1, evidence }],
    };
    const after = side([{ ...refused, evidence }], { clause: 'map-succeeds', maps: [failed] });
    expect(said(only(done), after)).toEqual([['regressed', 'refused-by-iommu', 'mapping 0 0-1']]);
  });
});
