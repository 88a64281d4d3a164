// SPDX-License-Identifier: GPL-2.0-only
import type { Direction, Scatterlist } from '../machine/vocabulary.ts';
import type { DmaSegment } from './recording.ts';

/** A mapping while the scenario runs. */
export interface Mapping {
  readonly device: number;
  readonly dir: Direction;
  /** undefined: map_page. */
  readonly sgl: Scatterlist | undefined;
  /** Bytes. */
  readonly size: number;
  /** Empty when the map failed. */
  segments: readonly DmaSegment[];
  live: boolean;
}
