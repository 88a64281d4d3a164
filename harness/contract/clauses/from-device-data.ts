// SPDX-License-Identifier: GPL-2.0-only
import type { Clause } from '../clause.ts';
import { judgeBytes, notSeenByCpu } from './wrong-bytes.ts';

export const fromDeviceData: Clause = {
  id: 'from-device-data',
  title: 'after the hand-over to the CPU it reads what the device wrote last',
  why: 'Otherwise a driver parses stale bytes: silent data corruption.',
  judge(facts, findings) {
    judgeBytes('from-device-data', facts, findings, (_, home) => notSeenByCpu(facts, home));
  },
};
