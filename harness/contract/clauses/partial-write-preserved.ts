// SPDX-License-Identifier: GPL-2.0-only
import { makeClause } from '../clause.ts';
import { judgeBytes, NOT_PRESERVED, notPreserved } from './wrong-bytes.ts';

export const partialWritePreserved = makeClause({
  id: 'partial-write-preserved',
  title: "bytes that the device did not write keep the CPU's content; after from-device they may be zero",
  why: "A short device write must not bring other owners' old data into the caller's buffer, nor lose the caller's.",
  causes: NOT_PRESERVED,
  judge(facts, findings) {
    judgeBytes('partial-write-preserved', facts, findings, (_, home) => notPreserved(facts, home));
  },
});
