// SPDX-License-Identifier: GPL-2.0-only
import { makeClause } from '../clause.ts';
import { judgeBytes, notSeenByCpu } from './wrong-bytes.ts';

export const cpuOwnedStability = makeClause({
  id: 'cpu-owned-stability',
  title: 'while the CPU owns a buffer, reading it twice gives the same bytes',
  why: 'A value that changes after it was checked is a double fetch, the classic way past a validation.',
  causes: {
    'changed-by-operation': 'a call that hands nothing over changed it',
    'changed-in-memory': 'memory changed under the CPU',
    'not-invalidated': 'the CPU cache still held the line, nobody invalidated it',
    'overwritten-by-write-back': "a dirty cache line was written back over the device's data",
    'not-copied': 'it was not copied',
  },
  judge(facts, findings) {
    judgeBytes('cpu-owned-stability', facts, findings, ({ event, attacked }, home) => {
      if (event === undefined) return 'changed-by-operation';
      // Whatever the cache made of it.
      if (attacked === true) return 'changed-in-memory';
      const cause = notSeenByCpu(facts, home);
      return cause === 'wrong-data' ? 'changed-in-memory' : cause;
    });
  },
});
