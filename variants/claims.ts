// SPDX-License-Identifier: GPL-2.0-only
/** What the patches promise, in our words, bound to what can be measured. Data: nothing here knows an answer. */
import type { Cause, ClauseId } from '../harness/contract/verdict.ts';
import type { CostName } from '../harness/run/costs.ts';
import type { Operation } from '../harness/run/situation.ts';
import type { Claim as ClaimOf, Declaration as DeclarationOf } from '../harness/subject/claim.ts';

/** The compiler checks the names. */
interface Names {
  readonly clause: ClauseId;
  readonly cause: Cause;
  readonly cost: CostName;
  readonly operation: Operation;
}
type Claim = ClaimOf<Names>;
type Declaration = DeclarationOf<Names>;

const DATA = [
  'to-device-data',
  'from-device-data',
  'partial-write-preserved',
  'cpu-owned-stability',
] as const;
const SYNC_SG = ['sync_sg_for_cpu', 'sync_sg_for_device'] as const;
const MAPS = ['map_page', 'map_sg'] as const;
const UNMAPS = ['unmap_page', 'unmap_sg'] as const;
const COPIES_BACK = ['copies-from-bounce', 'copied-from-bounce', 'redundant-copies'] as const;
const COPIES_FORTH = ['copies-to-bounce', 'copied-to-bounce', 'redundant-copies'] as const;
const MAINTENANCE = [
  'cleans',
  'cleaned-lines',
  'invalidates',
  'invalidated-lines',
  'idle-maintenance',
] as const;
const FROM_DEVICE = ['FROM_DEVICE', 'BIDIRECTIONAL'] as const;

export const syncSgReachesBounceBuffer: Claim = {
  text: 'sync_sg for cpu and for device on a bounced buffer copies and maintains the bounce buffer',
  scope: { operations: SYNC_SG, untrusted: true, bounced: true, swiotlb: true },
  effects: [
    { fixes: DATA, causes: ['not-copied', 'not-cleaned', 'not-invalidated', 'overwritten-by-write-back'] },
    { fixes: ['cpu-owned-stability'], causes: ['changed-by-operation'] },
    // An unmap of a list calls sync_sg, too.
    { allows: [...COPIES_BACK, ...COPIES_FORTH, ...MAINTENANCE, 'walks', 'misdirected-lines'] },
  ],
};

export const skipWithListsSeesData: Claim = {
  text: 'drivers that map lists with SKIP_CPU_SYNC, and sync them, now see the data',
  scope: { operations: ['map_sg', 'unmap_sg'], skip: true, untrusted: true, bounced: true, swiotlb: true },
  effects: [{ fixes: DATA, causes: ['not-copied'] }],
};

export const trustedUnchanged: Claim = {
  text: 'trusted devices are unchanged',
  scope: { untrusted: false },
  effects: [{ nothing: true }],
};

export const mapMaintainsBounceBuffer: Claim = {
  text: 'cache maintenance at map goes to the bounce buffer, in map_page and in map_sg of untrusted devices',
  scope: { operations: MAPS, untrusted: true, bounced: true, coherent: false, skip: false, swiotlb: true },
  effects: [
    { fixes: ['to-device-data'], causes: ['not-cleaned'] },
    {
      fixes: ['from-device-data', 'partial-write-preserved'],
      causes: ['not-invalidated', 'overwritten-by-write-back'],
    },
    { allows: [...MAINTENANCE, ...COPIES_FORTH, 'walks'] },
    { differs: true },
  ],
};

/** Of the patches since v4, whose changelog says so. */
export const syncedBeforeMapped: Claim = {
  text: 'caches are synced before the IOMMU maps: an untrusted device cannot see stale data that it should not',
  scope: { operations: MAPS, untrusted: true, bounced: true, coherent: false, skip: false, swiotlb: true },
  effects: [
    {
      fixes: ['confinement-read'],
      causes: ['not-cleaned', 'cleared-not-cleaned', 'dropped-by-arch-invalidate'],
    },
  ],
};

export const originalNotMaintained: Claim = {
  text: 'the original buffer is no longer maintained for nothing',
  scope: { operations: MAPS, untrusted: true, bounced: true, coherent: false, skip: false, swiotlb: true },
  effects: [{ lowers: ['misdirected-lines'], always: true }],
};

/** Of a series that had made sync_sg copy before. */
export const oneCopyAtUnmap: Claim = {
  text: 'one copy out of the bounce buffer at unmap instead of two',
  scope: {
    operations: UNMAPS,
    untrusted: true,
    bounced: true,
    skip: false,
    directions: FROM_DEVICE,
    swiotlb: true,
  },
  effects: [{ lowers: ['copies-from-bounce'], always: true }, { allows: [...COPIES_BACK, 'walks'] }],
};

/** Of the first version: a list was copied once before. */
export const oneCopyAtUnmapOfPage: Claim = {
  ...oneCopyAtUnmap,
  text: 'one copy out of the bounce buffer at unmap_page instead of two',
  scope: { ...oneCopyAtUnmap.scope, operations: ['unmap_page'] },
};

export const nothingSyncsTwice: Claim = {
  text: 'after syncing at map or unmap nothing syncs again',
  scope: { operations: [...MAPS, ...UNMAPS], untrusted: true, bounced: true, skip: false, swiotlb: true },
  effects: [{ lowers: ['redundant-copies'] }, { allows: COPIES_BACK }, { differs: true }],
};

export const maintenanceKept: Claim = {
  text: 'cache maintenance is kept',
  scope: { operations: UNMAPS, coherent: false, skip: false },
  effects: [{ keeps: DATA }],
};

export const mapDoesNotCopy: Claim = {
  text: 'map and unmap of swiotlb no longer copy by themselves: the syncs do',
  scope: { operations: [...MAPS, ...UNMAPS], untrusted: true, bounced: true, skip: false, swiotlb: true },
  effects: [{ allows: [...COPIES_FORTH, ...COPIES_BACK, 'walks'] }, { differs: true }],
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
    { allows: ['walks', 'iommu-maps', 'pages-mapped', 'iommu-unmaps', 'iotlb-syncs', 'iova', 'segments'] },
    { differs: true },
  ],
};

export const strictKept: Claim = {
  text: 'strict invalidation of untrusted devices is kept',
  scope: { operations: UNMAPS, untrusted: true },
  effects: [{ keeps: ['revocation'] }],
};

export const unchangedWithSwiotlb: Claim = {
  text: 'with CONFIG_SWIOTLB=y nothing changes',
  scope: { swiotlb: true },
  effects: [{ nothing: true }],
};

export const alignedToGranule: Claim = {
  text: 'bounce buffers are aligned to the IOVA granule: neighbouring slots are not exposed when slot size < granule < page size',
  // What min_align_mask adds is the matter of the patch behind it, and of neighboursUnsolved.
  scope: {
    operations: MAPS,
    untrusted: true,
    bounced: true,
    minAlignMask: false,
    granuleBelowPage: true,
    swiotlb: true,
  },
  effects: [
    { fixes: ['confinement-read'], causes: ['other-mapping', 'never-cleared', 'left-by-a-copy'] },
    { fixes: ['confinement-write'], causes: ['reached-another-mapping', 'reached-a-buffer'] },
    { allows: ['slots', 'cleaned-lines', 'invalidated-lines'] },
    { differs: true },
  ],
};

const WITH_MASK = { untrusted: true, bounced: true, minAlignMask: true, swiotlb: true } as const;

export const offsetCountedOnce: Claim = {
  text: 'with min_align_mask the offset is no longer counted twice: no extra page is exposed to the device',
  // Slots that share a granule are the matter of alignedToGranule.
  scope: { operations: MAPS, ...WITH_MASK, granuleBelowPage: false },
  effects: [
    { lowers: ['pages-mapped'] },
    { fixes: ['confinement-read'], causes: ['other-mapping', 'left-by-a-copy'] },
    { fixes: ['confinement-write'], causes: ['reached-another-mapping', 'reached-a-buffer'] },
    { allows: ['iova'] },
  ],
};

export const nothingLeftMapped: Claim = {
  text: 'nothing is left mapped after unmap',
  scope: { operations: UNMAPS, ...WITH_MASK },
  effects: [
    { fixes: ['revocation'], causes: ['page-table-entry-left'] },
    { fixes: ['no-leftovers'], causes: ['iommu-pages-left'] },
  ],
};

export const mapsSucceedOnReuse: Claim = {
  text: 'maps no longer fail when the IOVA is reused',
  scope: { operations: MAPS, ...WITH_MASK },
  effects: [{ fixes: ['map-succeeds'], causes: ['already-mapped'] }],
};

export const frontPaddingCleared: Claim = {
  text: 'padding in front of the data is cleared',
  scope: { operations: MAPS, ...WITH_MASK },
  effects: [
    { fixes: ['confinement-read'], causes: ['never-cleared'], place: 'in front of the data' },
    { allows: ['cleared'] },
    { differs: true },
  ],
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
  scope: { maskAboveGranule: true },
};

export const neighboursUnsolved: Declaration = {
  text: 'slots next to a bounce buffer stay reachable by untrusted devices whose driver sets min_align_mask, and the padding in front of it is not cleared',
  clauses: ['confinement-read', 'confinement-write', 'from-device-data', 'to-device-data'],
  // What somebody else's device reads there, and writes there.
  causes: ['other-mapping', 'left-by-a-copy', 'never-cleared', 'reached-another-mapping', 'wrong-data'],
  scope: { untrusted: true, bounced: true, minAlignMask: true, swiotlb: true },
};
