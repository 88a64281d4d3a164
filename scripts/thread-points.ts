// SPDX-License-Identifier: GPL-2.0-only
/** The review of v3, mail by mail: what is asked or said, and the comparison that answers it. */
import type { ClauseId } from '../harness/contract/verdict.ts';

/** A technical point of a mail. */
export interface Point {
  /** What it says, in our words. */
  readonly says: string;
  /** The states whose comparison answers it; absent: no run can. */
  readonly compare?: readonly [from: string, to: string];
  /** What the comparison has to come to; clauses that it must fix, break, or break as before for another cause, or `same` on every case. */
  readonly expects?: {
    readonly same?: true;
    readonly fixes?: readonly ClauseId[];
    readonly breaks?: readonly ClauseId[];
    readonly otherCause?: readonly ClauseId[];
    readonly regressed?: 0;
    readonly costs?: 'lower' | 'higher' | 'mixed' | 'the same';
  };
  /** The answer, without numbers; or why there is none. */
  readonly answer: string;
}

/** A mail of the thread. */
interface Mail {
  readonly messageId: string;
  readonly date: string;
  readonly who: string;
  /** The patch it is about: `2/5`; `0/5` is the cover letter. */
  readonly on: string;
  readonly points: readonly Point[];
}

const STEVENS = 'David Stevens';
const HELLWIG = 'Christoph Hellwig';
const MURPHY = 'Robin Murphy';

export const MAILS: readonly Mail[] = [
  {
    messageId: '20210811024247.1144246-1-stevensd@google.com',
    date: '2021-08-11',
    who: STEVENS,
    on: '0/5',
    points: [
      {
        says: 'The min_align_mask bug showed with fio on an untrusted NVMe device, in blocks of 512 bytes.',
        compare: ['v3.4', 'v3'],
        expects: { fixes: ['map-succeeds'] },
        answer:
          'Without 5/5 a map fails where IOVA space is used again; 5/5 mends that, and breaks other things.',
      },
    ],
  },
  {
    messageId: 'YRNmxU9Ou2OcvBq2@infradead.org',
    date: '2021-08-11',
    who: HELLWIG,
    on: '1/5',
    points: [
      {
        says: 'Drop the check in front, and fold the coherent check into the else line of both sync_sg functions.',
        compare: ['v3.1', 'review/fold-coherent-check'],
        expects: { same: true },
        answer: 'The same in every case: a change of form. v4 1/6 posts it.',
      },
    ],
  },
  {
    messageId: 'YRNnwn71E+v6kXYq@infradead.org',
    date: '2021-08-11',
    who: HELLWIG,
    on: '2/5',
    points: [
      { says: 'A Reviewed-by, nothing else.', answer: 'Nothing is asked, so that there is nothing to run.' },
    ],
  },
  {
    messageId: 'YRNpHcskc0Vv1ofa@infradead.org',
    date: '2021-08-11',
    who: HELLWIG,
    on: '3/5',
    points: [
      {
        says: 'On unmap, call the raw cache helper instead of sync_single_for_cpu.',
        compare: ['v3.3', 'review/raw-arch-sync-on-unmap'],
        expects: { regressed: 0, costs: 'lower' },
        answer: 'Nothing regresses. The state contains the move that Murphy asks for; v5 3/7 posts it.',
      },
      {
        says: 'The same without that move: unmap_sg keeps syncing before the swiotlb path.',
        compare: ['v3.3', 'v3.3+review/raw-arch-sync-on-unmap:unmapSwiotlb,unmapPage'],
        expects: { regressed: 0, costs: 'lower' },
        answer:
          'Nothing regresses: a page is unmapped with one page-table walk fewer. A list is still synced in front, and copied once, since 3/5 sets the flag.',
      },
      {
        says: 'Both suggestions for unmap_sg together are the one that contains the move.',
        compare: [
          'review/raw-arch-sync-on-unmap',
          'v3.3+review/raw-arch-sync-on-unmap+review/unmap-sg-sync-below',
        ],
        expects: { same: true },
        answer: 'The same in every case.',
      },
      {
        says: '"Same for the map side": map_sg cleans the entries itself where the device is trusted.',
        compare: ['v3.3', 'review/raw-arch-sync-on-map'],
        expects: { same: true },
        answer:
          'The same in every case: for a trusted device sync_sg_for_device does nothing else. In map_page 2/5 has done it.',
      },
    ],
  },
  {
    messageId: 'PH0PR11MB48249799E5C66534F9C37D8BCDF89@PH0PR11MB4824.namprd11.prod.outlook.com',
    date: '2021-08-11',
    who: 'Dapeng Mi',
    on: '5/5',
    points: [{ says: 'Where a comment should stand.', answer: 'No run can tell: comments are not code.' }],
  },
  {
    messageId: '0340855f-def5-d5cf-0f2a-6d978df2c5c6@arm.com',
    date: '2021-08-11',
    who: MURPHY,
    on: '1/5',
    points: [
      {
        says: 'Agrees with Hellwig on the coherent check.',
        compare: ['v3.1', 'review/fold-coherent-check'],
        expects: { same: true },
        answer: 'As for Hellwig: the same in every case.',
      },
    ],
  },
  {
    messageId: '5b4fd891-a86a-42cd-5b69-bc08d351dd3a@arm.com',
    date: '2021-08-11',
    who: MURPHY,
    on: '2/5',
    points: [
      {
        says: 'Make the cache sync at map an "else if": not for what is bounced.',
        compare: ['v3.2', 'review/else-if-arch-sync'],
        expects: { breaks: ['to-device-data'] },
        answer:
          'A device that is not coherent reads stale memory: swiotlb copies, it does no cache maintenance.',
      },
      {
        says: 'Fold the map helper into map_page, and let map_sg call that.',
        compare: ['v3.2', 'review/fold-map-swiotlb'],
        expects: { same: true },
        answer: 'The same in every case: a change of form. v4 2/6 posts it.',
      },
    ],
  },
  {
    messageId: 'd8f07858-e8e7-9989-b95f-c512ba3904cf@arm.com',
    date: '2021-08-11',
    who: MURPHY,
    on: '3/5',
    points: [
      {
        says: 'Fold the unmap helper, and put the cache sync into the else of the is_swiotlb_buffer check.',
        compare: ['v3.3', 'review/arch-sync-else-swiotlb'],
        expects: { breaks: ['from-device-data'] },
        answer:
          'The invalidate of the bounce buffer is what is left out: stale bytes are copied to the caller.',
      },
      {
        says: 'attrs need not be set in map_sg: nothing reads it afterwards.',
        compare: ['v3.3', 'review/no-dead-attrs'],
        expects: { same: true },
        answer: 'The same in every case: it is dead.',
      },
      {
        says: 'In unmap_sg, move the sync out of the swiotlb path.',
        compare: ['v3.3', 'review/unmap-sg-sync-below'],
        expects: { breaks: ['from-device-data'] },
        answer:
          'By itself it takes the invalidate of bounced lists away with the sync; the raw helper has to come with it.',
      },
    ],
  },
  {
    messageId: '681553ad-df37-a469-8cbd-51e321e5b087@arm.com',
    date: '2021-08-11',
    who: MURPHY,
    on: '4/5',
    points: [
      { says: 'A Reviewed-by, nothing else.', answer: 'Nothing is asked, so that there is nothing to run.' },
    ],
  },
  {
    messageId: 'b5fff839-3242-7080-13f7-61c0e40af304@arm.com',
    date: '2021-08-11',
    who: MURPHY,
    on: '5/5',
    points: [
      {
        says: 'With a granule not larger than min_align_mask, is the padding mapped instead of the data?',
        compare: ['v3.4', 'v3'],
        expects: { fixes: ['map-succeeds'] },
        answer: 'No: phys is the start of the data in the bounce buffer by then. He says so the next day.',
      },
    ],
  },
  {
    messageId: 'CAD=HUj7u71cdPfJ5t2tC8A26YOgwDe8H7i-h78f_MeRmuNUySQ@mail.gmail.com',
    date: '2021-08-12',
    who: STEVENS,
    on: '5/5',
    points: [
      {
        says: 'Slots in front of the data may be mapped with it, where a slot is smaller than a granule and that smaller than a page.',
        compare: ['v3', 'review/granule-aligned-bounce'],
        expects: { fixes: ['isolation'] },
        answer:
          'Bounce buffers that are aligned to the granule mend that; v4 posts it. Such a place is harder to find, and a map may fail for want of it.',
      },
    ],
  },
  {
    messageId: 'CAD=HUj7RLtRkKwRHOAeuJXiiLp9WujOysYAoU0s2Nx5qR1_B7g@mail.gmail.com',
    date: '2021-08-12',
    who: STEVENS,
    on: '2/5',
    points: [
      {
        says: 'swiotlb does no cache maintenance, so that the sync is needed for what is bounced, too.',
        compare: ['v3.2', 'review/else-if-arch-sync'],
        expects: { breaks: ['to-device-data'] },
        answer: 'Without it a device that is not coherent reads stale memory.',
      },
      {
        says: 'The third hunk is an optimisation of its own, to be split out: this is the patch without it.',
        compare: ['v3.2', 'v3.1+v3.2:mapSwiotlb,mapPage'],
        expects: { breaks: ['no-crash'] },
        answer:
          'The rest does not stand without it: since 1/5 the sync in front of the map goes by dma addresses that the list does not have yet.',
      },
      {
        says: 'The third hunk as a patch of its own, before the rest.',
        compare: ['v3.1', 'v3.1+v3.2:mapSg'],
        expects: { fixes: ['no-crash'], regressed: 0, costs: 'lower' },
        answer:
          'By itself it ends the crash that 1/5 brings. What lay behind that, bounce buffers that nobody cleans, is left to the other hunks.',
      },
    ],
  },
  {
    messageId: 'f13552b1-b582-8134-a87d-c3fca494a86d@arm.com',
    date: '2021-08-12',
    who: MURPHY,
    on: '2/5',
    points: [
      {
        says: 'Takes the "else if" back.',
        compare: ['v3.2', 'review/else-if-arch-sync'],
        expects: { breaks: ['to-device-data'] },
        answer: 'Rightly: it breaks what the device reads.',
      },
      {
        says: 'The third hunk belongs to the change: it removes a sync that may be wrong.',
        compare: ['v3.1+v3.2:mapSwiotlb,mapPage', 'v3.2'],
        expects: { fixes: ['no-crash'], regressed: 0 },
        answer: 'It does belong to it: 1/5 has made that sync a wrong one, and this hunk is what removes it.',
      },
    ],
  },
  {
    messageId: 'e69aa3e9-00c6-4551-2362-c88eb5f88721@arm.com',
    date: '2021-08-12',
    who: MURPHY,
    on: '5/5',
    points: [
      {
        says: 'Map the aligned size from the start of the bounce buffer.',
        compare: ['v3', 'review/map-aligned-from-start'],
        expects: {
          fixes: ['no-crash', 'isolation', 'own-memory'],
          otherCause: ['map-succeeds'],
          costs: 'mixed',
        },
        answer:
          'It mends what 5/5 breaks in a map that is padded in front, and takes fewer slots; more is cleared. Where the pool is nearly full, one map fails in both: in v3 for want of as many free slots in a row, here although they are there.',
      },
    ],
  },
];
