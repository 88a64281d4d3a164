// SPDX-License-Identifier: GPL-2.0-only
import type { Clause } from '../clause.ts';

export const noCrash: Clause = {
  id: 'no-crash',
  title: 'no crash, no hang, no BUG',
  why: 'Correct use of the API never takes the machine down.',
  judge(facts, findings) {
    findings.exercise();
    const { crash } = facts.run;
    if (crash !== undefined) findings.breaks(crash.kind, { step: crash.step, event: crash.event, count: 1 });
  },
};
