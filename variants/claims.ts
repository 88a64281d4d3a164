// SPDX-License-Identifier: GPL-2.0-only
/** What the patches promise, in our words, bound to what can be measured. Data: nothing here knows an answer. */
import type { ClauseId } from '../harness/contract/verdict.ts';
import type { CostName } from '../harness/run/costs.ts';
import type { Claim as ClaimOf, Declaration as DeclarationOf } from '../harness/subject/claim.ts';

/** Clause and cost names are those of the contract and of the cost table: the compiler checks them. */
type Claim = ClaimOf<ClauseId, CostName>;
type Declaration = DeclarationOf<ClauseId>;

const DATA = [
  'to-device-data',
  'from-device-data',
  'partial-write-preserved',
  'cpu-owned-stability',
] as const;
const COPIES_BACK = ['copies-from-bounce', 'copied-from-bounce', 'redundant-copies'] as const;

export const syncSgReachesBounceBuffer: Claim = {
  text: 'sync_sg for cpu and for device on a bounced buffer copies and maintains the bounce buffer',
  scope: { untrusted: true, swiotlb: true },
  effects: [
    { fixes: [...DATA, 'confinement-read'] },
    {
      raises: [
        'copies-to-bounce',
        'copied-to-bounce',
        'copies-from-bounce',
        'copied-from-bounce',
        'cleaned-lines',
        'invalidated-lines',
        'walks',
      ],
    },
    { lowers: ['misdirected-lines'] },
  ],
};

export const skipWithListsSeesData: Claim = {
  text: 'drivers that use SKIP_CPU_SYNC with sg lists, or sync_sg, now see the data',
  scope: { untrusted: true, swiotlb: true },
  effects: [{ fixes: DATA }],
};

export const trustedUnchanged: Claim = {
  text: 'trusted devices are unchanged',
  scope: { untrusted: false },
  effects: [{ nothing: true }],
};

export const mapMaintainsBounceBuffer: Claim = {
  text: 'cache maintenance at map goes to the bounce buffer, in map_page and in map_sg of untrusted devices',
  scope: { untrusted: true, coherent: false },
  effects: [
    { fixes: [...DATA, 'confinement-read'] },
    { raises: ['cleans', 'invalidates', 'cleaned-lines', 'invalidated-lines'] },
    { differs: true },
  ],
};

export const originalNotMaintained: Claim = {
  text: 'the original buffer is no longer maintained for nothing',
  scope: { untrusted: true },
  effects: [
    {
      lowers: [
        'misdirected-lines',
        'cleans',
        'invalidates',
        'cleaned-lines',
        'invalidated-lines',
        'idle-maintenance',
        'walks',
        ...COPIES_BACK,
        'copies-to-bounce',
        'copied-to-bounce',
      ],
    },
  ],
};

export const oneCopyAtUnmap: Claim = {
  text: 'one copy out of the bounce buffer at unmap instead of two',
  scope: { untrusted: true },
  effects: [{ lowers: [...COPIES_BACK, 'walks'] }],
};

export const nothingSyncsTwice: Claim = {
  text: 'after syncing at map or unmap nothing syncs again',
  scope: { untrusted: true },
  effects: [{ lowers: [...COPIES_BACK, 'redundant-copies'] }, { differs: true }],
};

export const maintenanceKept: Claim = {
  text: 'cache maintenance is kept',
  scope: { coherent: false },
  effects: [{ keeps: DATA }],
};

export const mapDoesNotCopy: Claim = {
  text: 'map and unmap of swiotlb no longer copy by themselves',
  scope: { untrusted: true },
  effects: [{ lowers: COPIES_BACK }, { differs: true }],
};

export const helpersFolded: Claim = {
  text: 'helpers are folded into their callers: no behaviour change',
  scope: {},
  effects: [{ nothing: true }],
};

export const compiledOut: Claim = {
  text: 'with CONFIG_SWIOTLB=n the swiotlb code is compiled out more widely',
  scope: { swiotlb: false },
  effects: [
    { lowers: ['walks', 'iommu-maps', 'pages-mapped', 'iommu-unmaps', 'iotlb-syncs', 'iova'] },
    { differs: true },
  ],
};

export const strictKept: Claim = {
  text: 'strict invalidation of untrusted devices is kept',
  scope: { untrusted: true },
  effects: [{ keeps: ['revocation'] }],
};

export const unchangedWithSwiotlb: Claim = {
  text: 'with CONFIG_SWIOTLB=y nothing changes',
  scope: { swiotlb: true },
  effects: [{ nothing: true }],
};

export const alignedToGranule: Claim = {
  text: 'bounce buffers are aligned to the IOVA granule: neighbouring slots are not exposed when slot size < granule < page size',
  scope: { untrusted: true },
  effects: [
    { fixes: ['confinement-read', 'confinement-write', 'isolation', 'from-device-data'] },
    { differs: true },
  ],
};

export const offsetCountedOnce: Claim = {
  text: 'with min_align_mask the offset is no longer counted twice: no extra page is exposed to the device',
  scope: { untrusted: true },
  effects: [{ fixes: ['confinement-read'] }, { lowers: ['pages-mapped', 'iova'] }],
};

export const nothingLeftMapped: Claim = {
  text: 'nothing is left mapped after unmap',
  scope: { untrusted: true },
  effects: [{ fixes: ['revocation', 'no-leftovers'] }],
};

export const mapsSucceedOnReuse: Claim = {
  text: 'maps no longer fail when the IOVA is reused',
  scope: { untrusted: true },
  effects: [{ fixes: ['map-succeeds'] }],
};

export const frontPaddingCleared: Claim = {
  text: 'padding in front of the data is cleared',
  scope: { untrusted: true },
  effects: [{ fixes: ['confinement-read'] }, { raises: ['cleared'] }, { differs: true }],
};

export const largeMaskUnsolved: Declaration = {
  text: 'min_align_mask larger than the IOVA granule stays unsolved',
  clauses: [
    'min-align',
    'confinement-read',
    'confinement-write',
    'revocation',
    'no-leftovers',
    'map-succeeds',
  ],
  scope: { minAlignMask: true },
};

export const neighboursUnsolved: Declaration = {
  text: 'slots next to a bounce buffer stay reachable by untrusted devices whose driver sets min_align_mask',
  clauses: ['confinement-read', 'confinement-write', 'isolation', 'from-device-data', 'to-device-data'],
  scope: { untrusted: true, minAlignMask: true },
};
