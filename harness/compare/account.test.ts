// SPDX-License-Identifier: GPL-2.0-only
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import type { State } from '../subject/state.ts';
import { findState } from '../../variants/registry.ts';
import { Machine } from '../machine/machine.ts';
import { loadCorpus, selectScenarios } from '../scenario/load.ts';
import type { Scenario } from '../run/scenario.ts';
import { accountFor, type Account } from './account.ts';
import { compare } from './comparison.ts';
import type { LedgerEntry } from './ledger.ts';
import { Prefixes } from './prefixes.ts';

const corpus = loadCorpus(join(import.meta.dirname, '..', '..', 'corpus'));
const machine = new Machine();

function state(id: string): State {
  const found = findState(id);
  if (found === undefined) throw new Error(id);
  return found;
}

function account(from: string, to: string, scenarios: readonly Scenario[]): Account {
  const comparison = compare(state(from), state(to), scenarios);
  return accountFor(new Prefixes(machine), comparison, { scenarios }, () => undefined);
}

/** Clauses that the patch fixes or breaks somewhere. */
function touched({ effects }: LedgerEntry): string[] {
  return [...new Set(effects.flatMap((effect) => ('clause' in effect ? [effect.clause] : [])))];
}

describe('baseline → v3', () => {
  let made: Account;
  beforeAll(() => {
    const globs = [
      'min-align-mask/two*',
      'min-align-mask/padding',
      'sync/sg-for*',
      'config/no-swiotlb-sg',
      'map/page-untrusted',
    ];
    made = account(
      'baseline',
      'v3',
      globs.flatMap((glob) => selectScenarios(corpus, glob)),
    );
  });

  test('findings split over patches 1, 2 and 5; patch 3 only saves copies', () => {
    const patches = [...made.attributions.values()].flatMap(({ forth }) =>
      forth.map(({ stage }) => stage.patch.id),
    );
    expect([...new Set(patches)].toSorted()).toEqual(['v3.1', 'v3.2', 'v3.5']);
    const third = made.ledger[2];
    expect(third && touched(third)).toEqual([]);
    expect(third?.claims.map(({ status }) => status)).toEqual(['shown', 'shown']);
  });

  test('patch 4 touches no clause, and changes something only with CONFIG_SWIOTLB=n', () => {
    const fourth = made.ledger[3];
    expect(fourth && touched(fourth)).toEqual([]);
    expect(fourth?.effects.length).toBeGreaterThan(0);
    expect(fourth?.effects.filter(({ scenario }) => scenario.machine.swiotlb)).toEqual([]);
  });

  test('what patch 1 breaks and patch 2 mends is reported with both', () => {
    const pairs = made.passing.map(({ made: by, takenBack }) => `${by.patch.id} ${takenBack.patch.id}`);
    expect(new Set(pairs)).toEqual(new Set(['v3.1 v3.2']));
  });

  test('what patch 5 breaks is explained by no claim', () => {
    const fifth = made.ledger[4];
    const broken = fifth?.unexplained.filter(({ kind }) => kind === 'regressed') ?? [];
    expect(new Set(broken.map((effect) => ('clause' in effect ? effect.clause : '')))).toContain('no-crash');
  });

  test('an attribution names the functions of the patch, and those that ran', () => {
    const turns = [...made.attributions.values()].flatMap(({ forth }) => forth);
    for (const { touched: all, executed } of turns) {
      expect(all.length).toBeGreaterThan(0);
      expect(all).toEqual(expect.arrayContaining([...executed]));
    }
  });
});

test('v6 → v7: the patch is the seventh of each', () => {
  const made = account('v6', 'v7', selectScenarios(corpus, 'min-align-mask/n*'));
  const ids = [...made.attributions.values()].flatMap(({ forth, back, counterparts }) => [
    ...forth.map(({ stage }) => stage.patch.id),
    ...back.map(({ stage }) => stage.patch.id),
    ...counterparts.map(({ patch }) => patch.id),
  ]);
  expect(new Set(ids)).toEqual(new Set(['v6.7', 'v7.7']));
});

test('a patch that crashes first hides, and mends nothing', () => {
  const made = account('v2', 'v3', selectScenarios(corpus, 'min-align-mask/**'));
  const hidden = [...made.attributions].filter(([{ kind }]) => kind === 'hidden');
  expect(hidden.length).toBeGreaterThan(0);
  for (const [, { forth }] of hidden) {
    expect(forth.map(({ stage, effect, after }) => [stage.patch.id, effect, after])).toEqual([
      ['v3.5', 'hides', 'hidden'],
    ]);
  }
});

// In v8 the second map works, and nobody unmaps it: what is left over is not looked at.
test('a patch with which nobody looks any more hides, and mends nothing', () => {
  const scenarios = selectScenarios(corpus, 'found/retry-after-the-iova-space-is-full[iommu=arm]');
  const made = account('baseline', 'v8', scenarios);
  const found = [...made.attributions].filter(([{ clause }]) => clause === 'no-leftovers');
  expect(found.map(([{ kind }, { forth }]) => [kind, forth.map(({ effect }) => effect)])).toEqual([
    ['hidden', ['hides']],
  ]);
});

test('a map that fails all the same hides nothing of what failing maps promise', () => {
  const made = account(
    'baseline',
    'v1',
    selectScenarios(
      corpus,
      'errors/bounced-map-fails[what=alloc_iova_fast,dir=BIDIRECTIONAL,coherent=false,attrs=NONE]',
    ),
  );
  const changed = [...made.attributions].filter(([{ clause }]) => clause === 'failed-map-harmless');
  expect(changed.map(([{ kind }, { forth }]) => [kind, forth.map(({ effect }) => effect)])).toEqual([
    ['regressed', ['breaks']],
  ]);
});

test('what only two patches together make names both; what one makes alone names no other', () => {
  const made = account('v2', 'v3', selectScenarios(corpus, 'found/sync-shows-the-page-left-mapped'));
  const turns = [...made.attributions].flatMap(([{ clause, cause }, { forth }]) =>
    forth.map(({ stage, together }) => [clause, cause, stage.patch.id, together.map(({ id }) => id)]),
  );
  // With v3.1 alone the state crashes before it shows.
  expect(turns).toContainEqual(['confinement-read', 'other-mapping', 'v3.1', ['v3.2']]);
  expect(turns).toContainEqual(['revocation', 'page-table-entry-left', 'v3.5', []]);
});

// v8.1 crashes when it unmaps the list whose syncs copy at last, and v8.2 takes only the crash away.
test('a patch that mends and crashes has mended it, and who takes the crash away has not', () => {
  const scenarios = selectScenarios(corpus, 'found/device-writes-again-into-a-cached-list');
  const made = account('baseline', 'v8', scenarios);
  const fixed = [...made.attributions].filter(([{ clause }]) => clause === 'from-device-data');
  const turns = fixed.flatMap(([{ kind }, { forth }]) =>
    forth.map(({ effect, after, stage, together, executed }) => ({
      kind,
      by: [stage.patch.id, effect, after],
      together: together.map(({ id }) => id),
      executed,
    })),
  );
  expect(turns).toEqual([
    { kind: 'fixed', by: ['v8.1', 'mends', 'holds'], together: ['v8.2'], executed: ['syncSgForCpu'] },
  ]);
});

// What v8.1 breaks by itself cannot be seen in a case in which it crashes; v8.2 breaks it without v8.1 as well.
test('who uncovers what it breaks without the patch that hides it has broken it', () => {
  const made = account(
    'baseline',
    'v8',
    selectScenarios(corpus, 'sg/one-entry[untrusted=true,dir=FROM_DEVICE]'),
  );
  const broken = [...made.attributions].filter(([{ kind }]) => kind === 'regressed');
  const turns = broken.flatMap(([{ clause }, { forth }]) =>
    forth.map(({ effect, stage, together }) => [
      clause,
      stage.patch.id,
      effect,
      together.map(({ id }) => id),
    ]),
  );
  expect(turns).toEqual([['partial-write-preserved', 'v8.2', 'breaks', []]]);
});
