// SPDX-License-Identifier: GPL-2.0-only
import { CRASHES } from '../../machine/crash.ts';
import { makeClause } from '../clause.ts';

export const noCrash = makeClause({
  id: 'no-crash',
  title: 'no crash, no hang, no BUG',
  why: 'Correct use of the API never takes the machine down.',
  causes: CRASHES,
  judge(facts, findings) {
    findings.exercise();
    const { crash } = facts.run;
    if (crash !== undefined) findings.breaks(crash.kind, { step: crash.step, event: crash.event, count: 1 });
  },
});
