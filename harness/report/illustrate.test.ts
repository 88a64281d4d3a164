// SPDX-License-Identifier: GPL-2.0-only
import { expect, test } from '@jest/globals';
import { describeStep } from '../run/trace.ts';
import { reportOf } from './testing/make.ts';

test.each([
  ['baseline', 'v1', 'lifecycle/nic-rx-ring*'],
  ['v2', 'v3', 'min-align-mask/neighbour*'],
])('%s → %s, %s: the diff shows the step that the sentence names', (from, to, glob) => {
  const { illustrations } = reportOf(from, to, glob);
  const differing = illustrations.filter(({ diff }) => diff.length > 0);
  expect(differing.length).toBeGreaterThan(0);
  for (const { finding, scenario, diff } of differing) {
    const [first] = finding.cases;
    const { step = -1 } = first?.to ?? first?.from ?? {};
    const named = scenario.steps[step];
    if (named === undefined) throw new Error('no step');
    expect(diff.map((line) => line.slice(1))).toContain(`${step + 1}. ${describeStep(scenario, named)}`);
  }
});
