// SPDX-License-Identifier: GPL-2.0-only
/** A second subject: two made-up series about kernel/dma/swiotlb.c, and a suggestion. */
import { Swiotlb } from '../../harness/machine/swiotlb.ts';
import type { State } from '../../harness/subject/state.ts';
import { Baseline } from '../baseline.ts';
import type { PostedPatch, Series } from '../patch.ts';
import { patchedSubject } from '../patched-subject.ts';
import { noDeadAttrs } from '../review/no-dead-attrs.ts';
import { forgetBidirectional } from './forget-bidirectional.ts';
import { zeroTheSlot } from './zero-the-slot.ts';

const mail = { author: 'A Tester', date: '2021-10-01', messageId: 'tiny@example.org' };

const zero: PostedPatch = {
  ...mail,
  applyToSwiotlb: zeroTheSlot,
  subject: 'swiotlb: zero the slot',
  claims: [
    {
      text: 'nothing of other users leaks',
      scope: {},
      effects: [{ fixes: ['confinement-read'], causes: ['never-cleared'] }],
    },
  ],
};
const forget: PostedPatch = {
  ...mail,
  applyToSwiotlb: forgetBidirectional,
  subject: 'swiotlb: copy less',
  claims: [],
};

function series(id: string, ...patches: readonly PostedPatch[]): Series {
  return { ...mail, module: import.meta.url, id, subject: 'a test', base: 'baseline', patches };
}

export const TINY = patchedSubject({
  id: 'tiny',
  title: 'Made-up changes to swiotlb',
  module: import.meta.url,
  origin: 'drivers/iommu/dma-iommu.c and kernel/dma/swiotlb.c of v5.14, for tests',
  code: { dmaIommu: Baseline, swiotlb: Swiotlb },
  series: [series('v1', zero), series('v2', zero, forget)],
  review: {
    module: import.meta.url,
    suggestions: [
      { ...mail, name: 'nothing', base: 'v2', on: 'v2 2/2', subject: 'no', claims: [], apply: noDeadAttrs },
    ],
  },
});

/** A state of it by its name inside the subject. */
export function tiny(name: string): State {
  const found = TINY.states.find(({ id, alias }) => [id, alias].includes(`tiny/${name}`));
  if (found === undefined) throw new Error(`no state tiny/${name}`);
  return found;
}
