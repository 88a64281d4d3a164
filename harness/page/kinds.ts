// SPDX-License-Identifier: GPL-2.0-only
/** What became of a defect, as a page tells it. */

/**
 * The kinds of findings in words, worst first; inherited ones that stay broken for the same cause are a kind of
 * their own.
 */
export const KIND_WORDS = {
  regressed: 'regressed',
  uncovered: 'broken, hidden before',
  hidden: 'hidden now',
  'still-broken': 'still broken',
  'layout-dependent': 'layout-dependent',
  fixed: 'fixed',
  inherited: 'inherited',
} as const;

export type PageKind = keyof typeof KIND_WORDS;

export const PAGE_KINDS = Object.keys(KIND_WORDS) as readonly PageKind[];
