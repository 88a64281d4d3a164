// SPDX-License-Identifier: GPL-2.0-only
import { describe, expect, test } from '@jest/globals';
import { CLAUSE_IDS, type Cause, type ClauseId, type Verdict } from '../contract/verdict.ts';
import { classify, type FindingKind, type Side } from './classify.ts';

const CLAUSE: ClauseId = 'to-device-data';

/** A side on which every clause holds, but for what `broken` says of CLAUSE. */
function side(broken: Cause | 'holds' | 'not-exercised', crashStep = Infinity, step = 1): Side {
  const verdicts = CLAUSE_IDS.map((clause): Verdict => {
    if (clause !== CLAUSE || broken === 'holds') return { clause, status: 'holds', breaks: [] };
    if (broken === 'not-exercised') return { clause, status: broken, breaks: [] };
    return { clause, status: 'broken', breaks: [{ cause: broken, evidence: { step, event: -1, count: 1 } }] };
  });
  return { verdicts, crashStep };
}

function kinds(from: Side, to: Side): [FindingKind, Cause][] {
  return classify(from, to, () => []).map(({ kind, cause }) => [kind, cause]);
}

describe('classify', () => {
  test.each<[string, Side, Side, [FindingKind, Cause][]]>([
    ['both hold', side('holds'), side('holds'), []],
    ['broken, then holds', side('not-copied'), side('holds'), [['fixed', 'not-copied']]],
    ['holds, then broken', side('holds'), side('not-copied'), [['regressed', 'not-copied']]],
    ['broken for the same cause', side('not-copied'), side('not-copied'), [['still-broken', 'not-copied']]],
    [
      'broken by a new cause',
      side('not-copied'),
      side('not-cleaned'),
      [
        ['regressed', 'not-cleaned'],
        ['fixed', 'not-copied'],
      ],
    ],
    [
      'zeros that stay in the cache and zeros that are thrown away are one defect',
      side('cleared-not-cleaned'),
      side('dropped-by-arch-invalidate'),
      [['still-broken', 'dropped-by-arch-invalidate']],
    ],
    ['not exercised before', side('not-exercised'), side('not-copied'), [['unmasked', 'not-copied']]],
    ['not exercised after', side('not-copied'), side('not-exercised'), [['masked', 'not-copied']]],
    ['crashed before it showed', side('holds', 1), side('not-copied'), [['unmasked', 'not-copied']]],
    ['crashed after it showed', side('holds', 2), side('not-copied'), [['regressed', 'not-copied']]],
    ['the side that holds crashed before', side('not-copied'), side('holds', 0), [['masked', 'not-copied']]],
    ['the side that holds crashed later', side('not-copied'), side('holds', 3), [['fixed', 'not-copied']]],
  ])('%s', (_, from, to, expected) => {
    expect(kinds(from, to)).toEqual(expected);
  });

  test('inherited is what the baseline breaks for the same cause', () => {
    const [same] = classify(side('not-copied'), side('not-copied'), () => side('not-copied').verdicts);
    const [other] = classify(side('not-copied'), side('not-copied'), () => side('not-cleaned').verdicts);
    expect([same?.inherited, other?.inherited]).toEqual([true, false]);
  });

  test('the baseline is not asked when nothing is broken on the right', () => {
    const ask = (): readonly Verdict[] => {
      throw new Error('asked');
    };
    expect(() => classify(side('not-copied'), side('holds'), ask)).not.toThrow();
  });
});
