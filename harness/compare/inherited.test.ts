// SPDX-License-Identifier: GPL-2.0-only
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import type { Cause, ClauseId } from '../contract/verdict.ts';
import type { Victim } from '../contract/victim.ts';
import { inheritedWords } from '../report/kinds.ts';
import type { Layout } from '../run/layout.ts';
import { loadCorpus } from '../scenario/load.ts';
import { findState } from '../../variants/registry.ts';
import type { CaseFinding, FindingKind } from './classify.ts';
import { compare, isBackground } from './comparison.ts';
import { inheritedInCaches, partingBy } from './inherited.ts';
import type { InCache } from './layouts.ts';

/** Bytes [from, to) of a buffer. */
function bytes(from: number, to: number, of = 'mapping 0, buffer 0'): Victim {
  const evidence = { step: 1, mapping: 0, buffer: 0, offset: from, count: to - from };
  return { of, from, to, evidence };
}

/** What both break, or the second side alone. */
function found(
  kind: FindingKind,
  cause: Cause,
  victims: readonly Victim[],
  { was, clause = 'to-device-data' }: { was?: Cause; clause?: ClauseId } = {},
): CaseFinding {
  const [first] = victims;
  const nothing = {
    from: undefined,
    hiddenBy: undefined,
    luck: undefined,
    inherited: false,
    inRoot: undefined,
  };
  return { ...nothing, kind, clause, cause, was, victims, to: first?.evidence };
}

describe('what the second side breaks, in parts', () => {
  const WHOLE = [bytes(0, 64)];
  const parts = (
    sinceRoot: readonly CaseFinding[],
    victims = WHOLE,
    clause: ClauseId = 'to-device-data',
  ): unknown =>
    partingBy(() => sinceRoot)(clause, 'not-copied', victims).map((part) => [
      part.inherited,
      part.inRoot,
      ...part.victims.map(({ from, to, evidence }) => [from, to, evidence.count]),
    ]);

  test('by the cause that the root breaks it for; each byte once; what is not broken there is the rest', () => {
    const sinceRoot = [
      found('still-broken', 'not-copied', [bytes(8, 32)], { was: 'not-cleaned' }),
      found('still-broken', 'not-copied', [bytes(0, 16)]),
      found('regressed', 'not-copied', [bytes(32, 64)]),
    ];
    expect(parts(sinceRoot)).toEqual([
      [true, undefined, [0, 16, 16]],
      [true, 'not-cleaned', [16, 32, 16]],
      [false, undefined, [32, 64, 32]],
    ]);
  });

  test('all of it is the rest where the root holds, or breaks something else', () => {
    const rest = [[false, undefined, [0, 64, 64]]];
    expect(parts([])).toEqual(rest);
    expect(parts([found('still-broken', 'not-cleaned', WHOLE)])).toEqual(rest);
    expect(parts([found('still-broken', 'not-copied', [bytes(0, 64, 'mapping 1, buffer 0')])])).toEqual(rest);
    expect(parts([found('still-broken', 'not-copied', WHOLE, { clause: 'isolation' })])).toEqual(rest);
  });

  test('what is exposed goes by its bus address, whatever it is called', () => {
    const exposed = (of: string, from: number, iova: number, size: number): Victim => ({
      of,
      from,
      to: from + size,
      evidence: { step: 1, mapping: 0, device: 0, iova, count: size },
    });
    const clause = 'confinement-read';
    const inRoot = found('still-broken', 'not-copied', [exposed('device 0, mapping 0', 96, 0x1060, 32)], {
      clause,
    });
    expect(parts([inRoot], [exposed('device 0, data of buffer 3', 7, 0x1050, 64)], clause)).toEqual([
      [true, undefined, [23, 55, 32]],
      [false, undefined, [7, 23, 16], [55, 71, 16]],
    ]);
  });
});

describe('with other lines in the cache', () => {
  const EVICTS: Layout = { passed: 0, taken: 0, iovas: [], evicts: true };
  const DIRTY: Layout = { passed: 0, taken: 0, iovas: [], keepsDirty: true };
  const own = found('still-broken', 'not-copied', [bytes(0, 64)]);
  const tried = (...caches: readonly InCache[]): unknown =>
    inheritedInCaches([own], () => caches).map(({ inherited, inRoot, inheritedIn }) => [
      inherited,
      inRoot,
      inheritedIn,
    ]);

  test('inherited is what both break all of there, with these caches', () => {
    const all = [bytes(0, 48), bytes(48, 64)];
    expect(
      tried(
        { layout: EVICTS, found: [found('still-broken', 'not-copied', all.slice(0, 1))] },
        { layout: DIRTY, found: [found('still-broken', 'not-copied', all, { was: 'not-cleaned' })] },
      ),
    ).toEqual([[true, undefined, [DIRTY]]]);
  });

  test('nothing is where one of the two holds there', () => {
    expect(tried({ layout: EVICTS, found: [found('regressed', 'not-copied', [bytes(0, 64)])] })).toEqual([
      [false, undefined, undefined],
    ]);
  });

  test('nobody is asked where all is inherited, or nothing is broken on the second side', () => {
    const asked = (): never => {
      throw new Error('asked');
    };
    const known = { ...own, inherited: true };
    const fixed = { ...own, kind: 'fixed', to: undefined } as const;
    const lucky = { ...own, kind: 'layout-dependent' } as const;
    expect(inheritedInCaches([known, fixed, lucky], asked)).toEqual([known, fixed, lucky]);
  });
});

describe('in the corpus', () => {
  const corpus = loadCorpus(join(import.meta.dirname, '..', '..', 'corpus'));
  const said = (from: string, to: string, id: string, clause: ClauseId, cause: Cause): unknown => {
    const [before, after] = [findState(from), findState(to)];
    if (before === undefined || after === undefined) throw new Error('no such state');
    const comparison = compare(
      before,
      after,
      corpus.scenarios.filter((scenario) => scenario.id === id),
    );
    return comparison.findings
      .filter((finding) => finding.clause === clause && finding.cause === cause)
      .map((finding) => [finding.kind, isBackground(finding), inheritedWords(comparison, finding)]);
  };

  test('the baseline clears from the data on, v3 from the granule on: what is in front of it was never cleared', () => {
    const id = 'lifecycle/nvme-queue[untrusted=true,coherent=false]';
    expect(said('v3', 'v4', id, 'confinement-read', 'cleared-not-cleaned')).toEqual([
      [
        'still-broken',
        false,
        'The baseline breaks the promise for the same, too, for another cause: nobody cleared the memory.',
      ],
    ]);
  });

  test('a baseline that holds only as a dirty line is written back over what the device wrote', () => {
    const id = 'sync/shared-cache-line-page[untrusted=true,dir=FROM_DEVICE]';
    const clause = 'partial-write-preserved';
    expect(said('v2', 'v3', id, clause, 'dropped-by-arch-invalidate')).toEqual([
      [
        'still-broken',
        false,
        'The baseline breaks the promise for the same, too, but only where no dirty line is written back over what a device writes.',
      ],
    ]);
  });
});
