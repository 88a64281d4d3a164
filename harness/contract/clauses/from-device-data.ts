// SPDX-License-Identifier: GPL-2.0-only
import { makeClause } from '../clause.ts';
import { judgeBytes, NOT_SEEN_BY_CPU, notSeenByCpu } from './wrong-bytes.ts';

export const fromDeviceData = makeClause({
  id: 'from-device-data',
  title: 'after the hand-over to the CPU it reads what the device wrote last',
  why: 'Otherwise a driver parses stale bytes: silent data corruption.',
  causes: NOT_SEEN_BY_CPU,
  judge(facts, findings) {
    judgeBytes('from-device-data', facts, findings, (_, home) => notSeenByCpu(facts, home));
  },
});
