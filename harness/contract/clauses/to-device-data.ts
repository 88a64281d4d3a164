// SPDX-License-Identifier: GPL-2.0-only
import { makeClause } from '../clause.ts';
import { judgeBytes, NOT_SEEN_BY_DEVICE, notSeenByDevice } from './wrong-bytes.ts';

export const toDeviceData = makeClause({
  id: 'to-device-data',
  title: 'after the hand-over to the device it reads exactly what the CPU wrote last',
  why: 'Otherwise the device acts on old or foreign data: a wrong command, a wrong packet on the wire.',
  causes: NOT_SEEN_BY_DEVICE,
  judge(facts, findings) {
    judgeBytes('to-device-data', facts, findings, ({ observed }, home) =>
      notSeenByDevice(facts, observed, home),
    );
  },
});
