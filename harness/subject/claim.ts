// SPDX-License-Identifier: GPL-2.0-only
/** What a patch promises, bound to what can be measured. */

/** The names that a claim may use: of clauses, causes, costs and operations. */
export interface ClaimNames {
  readonly clause: string;
  readonly cause: string;
  readonly cost: string;
  readonly operation: string;
}

/** Where a claim is made: a case is in scope when one of its DMA operations has every given property. */
export interface ClaimScope<Names extends ClaimNames = ClaimNames> {
  readonly operations?: readonly Names['operation'][];
  readonly untrusted?: boolean;
  readonly coherent?: boolean;
  readonly directions?: readonly string[];
  /** DMA_ATTR_SKIP_CPU_SYNC. */
  readonly skip?: boolean;
  /** The operation is on something that must be bounced. */
  readonly bounced?: boolean;
  /** The device sets min_align_mask. */
  readonly minAlignMask?: boolean;
  /** The device's min_align_mask has bits that the IOVA granule does not keep. */
  readonly maskAboveGranule?: boolean;
  /** CONFIG_SWIOTLB. */
  readonly swiotlb?: boolean;
  /** IO_TLB_SIZE < granule < PAGE_SIZE. */
  readonly granuleBelowPage?: boolean;
}

/** A measurable effect. */
export type ClaimEffect<Names extends ClaimNames = ClaimNames> =
  /** These clauses hold where they were broken for these causes; `place`: of bytes there, as findings call it. */
  | {
      readonly fixes: readonly Names['clause'][];
      readonly causes: readonly Names['cause'][];
      readonly place?: string;
    }
  /** One of these costs falls; `always`: in every operation in scope. */
  | { readonly lowers: readonly Names['cost'][]; readonly always?: true }
  /** These clauses are not broken by it. */
  | { readonly keeps: readonly Names['clause'][] }
  /** These costs may change with it: promised by nobody, and no surprise. */
  | { readonly allows: readonly Names['cost'][] }
  /** Calls differ. */
  | { readonly differs: true }
  /** Nothing differs at all where every operation of a case is in scope. */
  | { readonly nothing: true };

export interface Claim<Names extends ClaimNames = ClaimNames> {
  readonly text: string;
  readonly scope: ClaimScope<Names>;
  readonly effects: readonly ClaimEffect<Names>[];
}

/** Something that a cover letter names as unsolved: findings about it are no surprise. */
export interface Declaration<Names extends ClaimNames = ClaimNames> {
  readonly text: string;
  readonly clauses: readonly Names['clause'][];
  /** Left out: whatever these clauses are broken for. */
  readonly causes?: readonly Names['cause'][];
  readonly scope: ClaimScope<Names>;
}
