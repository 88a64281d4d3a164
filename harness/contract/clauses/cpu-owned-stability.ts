// SPDX-License-Identifier: GPL-2.0-only
import { makeClause } from '../clause.ts';
import { judgeBytes, notSeenByCpu } from './wrong-bytes.ts';

export const cpuOwnedStability = makeClause({
  id: 'cpu-owned-stability',
  title: 'while the CPU owns a buffer, reading it twice gives the same bytes',
  why: 'A value that changes after it was checked is a double fetch, the classic way past a validation.',
  causes: [
    'changed-by-operation',
    'changed-in-memory',
    'not-invalidated',
    'overwritten-by-write-back',
    'not-copied',
  ],
  judge(facts, findings) {
    judgeBytes('cpu-owned-stability', facts, findings, ({ event }, home) => {
      if (event < 0) return 'changed-by-operation';
      const cause = notSeenByCpu(facts, home);
      return cause === 'wrong-data' ? 'changed-in-memory' : cause;
    });
  },
});
