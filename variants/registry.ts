// SPDX-License-Identifier: GPL-2.0-only
/** Every subject, and every state by id; the only place that lists the series. */
import type { State } from '../harness/subject/state.ts';
import { indexStates, type Subject } from '../harness/subject/subject.ts';
import { Baseline } from './baseline.ts';
import type { Series } from './patch.ts';
import { patchedSubject } from './patched-subject.ts';
import { review } from './review/index.ts';
import { v1 } from './v1/index.ts';
import { v2 } from './v2/index.ts';
import { v3 } from './v3/index.ts';
import { v4 } from './v4/index.ts';
import { v5 } from './v5/index.ts';
import { v6 } from './v6/index.ts';
import { v7 } from './v7/index.ts';
import { v8 } from './v8/index.ts';

/** The series in the order they were posted. */
const SERIES: readonly Series[] = [v1, v2, v3, v4, v5, v6, v7, v8];

/** The subject of this repository. */
export const DMA_IOMMU: Subject = patchedSubject({
  id: '',
  title: 'Fixes for dma-iommu swiotlb bounce buffers',
  module: import.meta.url,
  origin: 'drivers/iommu/dma-iommu.c of v5.14-rc, before the series',
  code: { dmaIommu: Baseline },
  series: SERIES,
  review,
});

/** Every subject that the commands know. */
export const SUBJECTS: readonly Subject[] = [DMA_IOMMU];

const STATES = SUBJECTS.flatMap(({ states }) => states);
const BY_NAME = indexStates(STATES);

/** Every state, in the order of the series. */
export function allStates(): readonly State[] {
  return STATES;
}

/** The state of that id or alias. */
export function findState(id: string): State | undefined {
  return BY_NAME.get(id);
}

/**
 * The state of that id or alias, or the one that an expression stands for; undefined when it begins with no
 * state. ExpressionError when there is no such state.
 */
export function findExpressed(text: string): State | undefined {
  const known = findState(text);
  if (known !== undefined) return known;
  for (const subject of SUBJECTS) {
    const state = subject.expressed?.(text);
    if (state !== undefined) return state;
  }
  return undefined;
}
