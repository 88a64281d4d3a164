// SPDX-License-Identifier: GPL-2.0-only
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { findState } from '../../variants/registry.ts';
import { syncedBeforeMapped } from '../../variants/claims.ts';
import { Machine } from '../machine/machine.ts';
import { loadCorpus, selectScenarios } from '../scenario/load.ts';
import type { Scenario } from '../run/scenario.ts';
import type { Claim } from '../subject/claim.ts';
import { Together } from '../subject/not-ready.ts';
import { Prefixes } from './prefixes.ts';
import { walkBetween } from './chain.ts';
import { isInScope } from './claims.ts';
import { ledgerOf, measuresOf, type LedgerEntry, type Measure } from './ledger.ts';

const corpus = loadCorpus(join(import.meta.dirname, '..', '..', 'corpus'));
const prefixes = new Prefixes(new Machine());

function cases(...globs: readonly string[]): Scenario[] {
  return globs.flatMap((glob) => selectScenarios(corpus, glob));
}

/** The page of a patch as if it had made these claims only. */
function entryOf(id: string, claims: readonly Claim[], scenarios: readonly Scenario[]): LedgerEntry {
  const [baseline, state] = [findState('baseline'), findState(id)];
  if (baseline === undefined || state === undefined) throw new Error(id);
  const stage = walkBetween(baseline, state).forth.at(-1);
  if (stage === undefined) throw new Error(id);
  const claiming = { ...stage, patch: { ...stage.patch, claims } };
  const measured = scenarios.map((scenario): [Scenario, Measure] => {
    const [measure] = measuresOf(prefixes, [claiming], scenario, new Together());
    if (measure === undefined) throw new Error(scenario.id);
    return [scenario, measure];
  });
  return ledgerOf(claiming, new Map(measured));
}

function statusOf(
  id: string,
  claim: Omit<Claim, 'text'>,
  scenarios: readonly Scenario[],
): string | undefined {
  return entryOf(id, [{ ...claim, text: 'a claim' }], scenarios).claims[0]?.status;
}

const UNMAP = {
  operations: ['unmap_page'],
  untrusted: true,
  bounced: true,
  skip: false,
  directions: ['FROM_DEVICE', 'BIDIRECTIONAL'],
};
const PAGES = cases('map/page-untrusted');

describe('a cost that falls in every operation in scope', () => {
  const oneCopy = { scope: UNMAP, effects: [{ lowers: ['copies-from-bounce'], always: true as const }] };
  test('shown by the patch that does it', () => {
    expect(statusOf('v3.3', oneCopy, PAGES)).toBe('shown');
  });
  test('contradicted by a patch that does not', () => {
    expect(statusOf('v3.2', oneCopy, PAGES)).toBe('contradicted');
  });
  test('not measured where nothing is in scope', () => {
    expect(statusOf('v3.3', oneCopy, cases('map/page-trusted'))).toBe('not measured');
    const skipping = { ...oneCopy, scope: { ...UNMAP, skip: true } };
    expect(statusOf('v3.3', skipping, PAGES)).toBe('not measured');
  });
});

describe('a clause that is mended', () => {
  const seesData = {
    scope: { operations: ['sync_sg_for_cpu', 'sync_sg_for_device'], bounced: true },
    effects: [{ fixes: ['from-device-data', 'to-device-data'], causes: ['not-copied'] }],
  };
  test('shown where it was broken for that cause, through this patch', () => {
    expect(statusOf('v3.1', seesData, cases('lifecycle/map-once-sync-by-hand-list'))).toBe('shown');
  });
  test('a patch after it shows nothing', () => {
    expect(statusOf('v3.3', seesData, cases('lifecycle/map-once-sync-by-hand-list'))).toBe('not measured');
  });
  test('another clause that breaks in scope is no contradiction', () => {
    const scenarios = cases('lifecycle/map-once-sync-by-hand-list', 'min-align-mask/two*', 'sync/sg-for*');
    expect(statusOf('v3.1', seesData, scenarios)).toBe('shown');
  });
});

test('a place: what stays exposed behind the data says nothing of what is in front', () => {
  const inFront = cases('min-align-mask/nvme-page-crossing-skip[offset=0x200,dir=BIDIRECTIONAL]');
  const fixes = { fixes: ['confinement-read'], causes: ['never-cleared'] };
  const scope = { untrusted: true, minAlignMask: true };
  expect(statusOf('v3.5', { scope, effects: [{ ...fixes, place: 'in front of the data' }] }, inFront)).toBe(
    'shown',
  );
  expect(statusOf('v3.5', { scope, effects: [{ ...fixes, place: 'behind the data' }] }, inFront)).toBe(
    'contradicted',
  );
});

test('what the cover letter names as unsolved contradicts no promise', () => {
  const behind = cases('min-align-mask/half-page-behind-a-message[dir=TO_DEVICE]');
  const claim = {
    scope: { untrusted: true, minAlignMask: true },
    effects: [{ lowers: ['pages-mapped'] }, { fixes: ['confinement-read'], causes: ['other-mapping'] }],
  };
  expect(statusOf('v7.7', claim, behind)).toBe('shown');
});

test('v8 promises that no stale data is seen, and the cleared padding stays in the cache', () => {
  const { claims } = entryOf('v8.2', [syncedBeforeMapped], cases('min-align-mask/padding'));
  expect(claims).toMatchObject([{ status: 'contradicted' }]);
});

describe('that nothing is broken', () => {
  const kept = { scope: { operations: ['unmap_page'] }, effects: [{ keeps: ['revocation'] }] };
  test('a case that crashes shows nothing', () => {
    const crashing = cases('min-align-mask/two-sectors-across-pages[dir=TO_DEVICE]');
    expect(statusOf('v3.5', kept, crashing)).toBe('not measured');
    expect(statusOf('v3.4', kept, PAGES)).toBe('shown');
  });
});

describe('that nothing differs', () => {
  const nothing = { scope: { untrusted: false }, effects: [{ nothing: true as const }] };
  test('is about cases that are in scope as a whole', () => {
    expect(statusOf('v3.1', nothing, PAGES)).toBe('not measured');
    expect(statusOf('v3.1', nothing, cases('map/page-trusted'))).toBe('shown');
    expect(statusOf('v2.1', nothing, cases('sync/sg-trusted'))).toBe('contradicted');
  });
});

test('good news that nobody announced is unannounced, bad news unexplained', () => {
  const { unexplained, unannounced } = entryOf(
    'v3.5',
    [],
    cases('min-align-mask/two*', 'min-align-mask/padding'),
  );
  expect(new Set(unexplained.map(({ kind }) => kind))).toContain('regressed');
  expect(new Set(unannounced.map(({ kind }) => kind))).toContain('fixed');
  expect(unannounced.filter(({ kind }) => kind === 'regressed')).toEqual([]);
});

test('every property of a scope must be met by one and the same operation', () => {
  const mixed = cases('config/lazy-mixed-devices*');
  expect(mixed).not.toEqual([]);
  for (const scenario of mixed) {
    expect(isInScope({ untrusted: true }, scenario)).toBe(true);
    expect(isInScope({ untrusted: false }, scenario)).toBe(true);
    expect(isInScope({ untrusted: false, bounced: true }, scenario)).toBe(false);
  }
});
