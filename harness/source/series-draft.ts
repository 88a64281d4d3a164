// SPDX-License-Identifier: GPL-2.0-only
/** A series that is to be written. */
import type { StateRef } from './effective-source.ts';

/** A series to be. */
export interface SeriesDraft {
  /** Its name, which is also its last state's: `v9`. */
  readonly name: string;
  /** The state that its first patch stands on. */
  readonly from: StateRef;
  readonly patches: readonly PatchDraft[];
}

export interface PatchDraft {
  readonly subject: string;
  /** Functions to copy in, by method or kernel name. */
  readonly overrides: readonly string[];
}
