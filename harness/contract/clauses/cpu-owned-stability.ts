// SPDX-License-Identifier: GPL-2.0-only
import { makeClause } from '../clause.ts';
import { judgeBytes, lostInCache } from './wrong-bytes.ts';

export const cpuOwnedStability = makeClause({
  id: 'cpu-owned-stability',
  title: 'while the CPU owns a buffer, reading it twice gives the same bytes',
  why: 'A value that changes after it was checked is a double fetch, the classic way past a validation.',
  causes: {
    'changed-by-operation': 'a call that hands nothing over changed it',
    'changed-in-memory': 'memory changed under the CPU',
    'not-invalidated': 'the CPU cache still held the line, nobody invalidated it',
    'overwritten-by-write-back': "a dirty cache line was written back over the device's data",
  },
  judge(facts, findings) {
    judgeBytes(
      'cpu-owned-stability',
      facts,
      findings,
      ({ event, attacked }, { mapping, original, until }) => {
        if (event === undefined) return 'changed-by-operation';
        // Whatever the cache made of it.
        if (attacked === true || mapping === undefined) return 'changed-in-memory';
        // The CPU reads its own memory, whatever the device uses.
        return lostInCache(facts, original, 0, until, mapping.device) ?? 'changed-in-memory';
      },
    );
  },
});
