// SPDX-License-Identifier: GPL-2.0-only
import { WARNINGS } from '../../machine/crash.ts';
import { makeClause } from '../clause.ts';

export const noWarn = makeClause({
  id: 'no-warn',
  title: 'no WARN that correct use of the API triggers',
  why: 'With panic_on_warn it is a crash, and elsewhere it hides the warnings that count.',
  causes: {
    'mapping-larger-than-alloc': 'the mapping is larger than what was allocated for it',
    'bounce-overflow': 'a copy was larger than what the slot had left, and was clipped',
    'unmapped-less-than-asked': 'the page table had less mapped than the unmap asked for',
    'unmap-of-nothing': 'the handle is not mapped',
    'already-mapped': 'something is mapped at that bus address already',
    'kernel-warning': 'the kernel warned in words of its own',
  },
  judge(facts, findings) {
    findings.exercise();
    for (const { which, step, device, index } of facts.run.events.of('warn')) {
      const kind = WARNINGS[which];
      // A full pool is an outcome that drivers handle, not a WARN.
      if (kind === undefined || kind === 'pool-full' || facts.isMisuse(step)) continue;
      findings.breaks(kind, { step, event: index, device, count: 1 });
    }
  },
});
