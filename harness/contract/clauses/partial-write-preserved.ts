// SPDX-License-Identifier: GPL-2.0-only
import { DMA_FROM_DEVICE } from '../../machine/vocabulary.ts';
import { makeClause } from '../clause.ts';
import { decidedAt, isNotCopiedOut, judgeBytes, STALE_CAUSES, staleCause } from './wrong-bytes.ts';

export const partialWritePreserved = makeClause({
  id: 'partial-write-preserved',
  title: "bytes that the device did not write keep the CPU's content; after from-device they may be zero",
  why: "A short device write must not bring other owners' old data into the caller's buffer, nor lose the caller's.",
  causes: {
    'wrong-data': 'something else was put there',
    'not-copied': 'it was not copied',
    ...STALE_CAUSES,
  },
  judge(facts, findings) {
    judgeBytes('partial-write-preserved', facts, findings, (_, home) => {
      const { mapping, device, original } = home;
      if (mapping === undefined || device === undefined) return 'wrong-data';
      if (mapping.dir !== DMA_FROM_DEVICE && isNotCopiedOut(facts, home)) return 'not-copied';
      const from = device === original ? 0 : (facts.run.steps[mapping.mapStep]?.from ?? 0);
      return staleCause(facts, device, from, decidedAt(facts, home), mapping.device);
    });
  },
});
