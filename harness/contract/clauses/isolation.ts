// SPDX-License-Identifier: GPL-2.0-only
import { makeClause } from '../clause.ts';
import { judgeBytes } from './wrong-bytes.ts';

export const isolation = makeClause({
  id: 'isolation',
  title: 'an operation on one mapping changes no byte of another',
  why: 'Drivers do not know of each other; a map in one must not damage what another has in flight.',
  causes: {
    'cleared-by-operation': 'the operation cleared it',
    'overwritten-by-operation': 'the operation copied over it',
  },
  judge(facts, findings) {
    judgeBytes('isolation', facts, findings, ({ observed }) => {
      const origin = facts.run.provenance.of(observed);
      return origin.by === 'zero' ? 'cleared-by-operation' : 'overwritten-by-operation';
    });
  },
});
