// SPDX-License-Identifier: GPL-2.0-only
/**
 * What the page of a comparison is made of: plain JSON, written once by `comparison-page.ts`, read by the
 * browser. Addresses and sizes are bytes; a size that underflowed is negative (docs/architecture.md). Sides
 * are 0, the old state, and 1, the new one. docs/page.md says how the page reads it.
 */

import type { PageKind } from './kinds.ts';

/** In the place of an index or a moment: there is none; JSON has no `undefined` to put into an array. */
export const NONE = -1;

/** A piece of a sentence: words, code, or a link. */
export type Piece = string | { readonly code: string } | { readonly link: string; readonly to: string };
export type Words = readonly Piece[];

/** A patch, and what it does to a finding. */
export interface PagePatch {
  readonly id: string;
  /** `breaks`, `mends`, `hides`, `uncovers`. */
  readonly effect: string;
  /** Patches without which it does nothing. */
  readonly together: readonly string[];
  /** It is one of the old state: without it, it is so. */
  readonly isTakenBack: boolean;
}

/** A diff of code: the posted C, or the function as it was modelled. */
export interface PageCode {
  readonly title: string;
  readonly link: string | null;
  readonly lines: readonly string[];
}

export interface PageFinding {
  readonly id: string;
  readonly kind: PageKind;
  readonly clause: string;
  readonly cause: string;
  /** The cause in words that follow a colon. */
  readonly causeWords: string;
  readonly patches: readonly PagePatch[];
  /** What was seen, in a sentence. */
  readonly because: Words;
  /** What else is to be said: hidden by a crash, only in some layouts, not judged. */
  readonly notes: readonly Words[];
  /** Cases that show it, the smallest first; at most SHOWN_CASES of them. */
  readonly cases: readonly string[];
  readonly count: number;
  /** Index into `cases` of the page; NONE: left out, the page would be too large. */
  readonly at: number;
  /** Which side it is of. */
  readonly side: 0 | 1;
  /** The row of the trace where the clause breaks. */
  readonly row: number;
  /** Rows of the map that hold the bytes; empty: it is not about bytes. */
  readonly stretches: readonly number[];
  /** Bus addresses [iova, iova + size) of that device are the finding. */
  readonly reach: readonly { readonly device: number; readonly iova: number; readonly size: number }[];
  /** Empty: nothing that ran differs, or left out, as `at`. */
  readonly code: readonly PageCode[];
  /** Lines of a mail about it, as `--format mail --finding` writes it; empty: left out, the page would be too large. */
  readonly reply: readonly string[];
}

/** What a call does to memory: `0` clears, `>` reads, `<` writes, `m` maps, `$` cleans or invalidates, `+` takes, `-` gives back. */
export type Mark = '0' | '>' | '<' | 'm' | '$' | '+' | '-';

/** A line of a trace. */
export interface PageLine {
  /** From 0. */
  readonly step: number;
  readonly kind: 'step' | 'call' | 'result' | 'crash' | 'device';
  /** What jumps and headings call it: `memset`. */
  readonly name: string;
  readonly text: string;
  /** With addresses; absent: the same. */
  readonly raw?: string;
  /** Index into `paths` of the side. */
  readonly path: number;
  /** How many moments of the side have happened when it is over. */
  readonly at: number;
  readonly touches: readonly (readonly [mark: Mark, phys: number, size: number])[];
}

/** A row of the two traces: lines of the sides, NONE: that side has none; and how they differ. */
export type PageRow = readonly [old: number, now: number, differs: 0 | 1];

/** Whose bytes: `C` the CPU's and `D` a device's of buffer n, `X` scribbled, `0` cleared, `s` earlier use, `-` nobody's. */
export interface PageContent {
  readonly letter: 'C' | 'D' | 'X' | '0' | 's' | '-';
  /** Index of the buffer that it belongs to, or NONE. */
  readonly buffer: number;
  /** Whose byte the first one is: `data+0x40` of a buffer, or of the mapping that a device wrote through. */
  readonly short: string;
  /** In words that follow “holds”. */
  readonly long: string;
  /** Step in which it was written, from 1; 0: before the first. */
  readonly step: number;
}

/** What a device reaches: bus address, physical address, size, 1: reads, 2: writes, 3: both, and whether the page table has it (else only the IOTLB). */
export type PageReach = readonly [
  device: number,
  iova: number,
  phys: number,
  size: number,
  rights: number,
  inPageTable: 0 | 1,
];

/** A stretch that changes in a moment: its row, contents of memory and cache (NONE: as memory), the line that put them there (NONE: nobody did). */
export type PageChange = readonly [row: number, memory: number, cache: number, by: number];

/** One moment after another; the first has every row. */
export interface PageMoment {
  /** Index into `reaches`. */
  readonly reach: number;
  readonly changes: readonly PageChange[];
}

/** swiotlb's slots of a mapping. */
export interface PageBounce {
  readonly mapping: string;
  /** Moments: from `taken` on, until `released`; NONE: to the end. */
  readonly taken: number;
  readonly released: number;
  readonly start: number;
  readonly tlb: number;
  readonly size: number;
  readonly end: number;
}

export interface PageSide {
  readonly lines: readonly PageLine[];
  readonly paths: readonly (readonly (readonly [method: string, patch: string])[])[];
  readonly contents: readonly PageContent[];
  readonly reaches: readonly (readonly PageReach[])[];
  readonly moments: readonly PageMoment[];
  readonly bounces: readonly PageBounce[];
  /** The step that it crashed in, from 0; NONE: it did not. */
  readonly crashStep: number;
}

/** A case on both sides. */
export interface PageCase {
  readonly id: string;
  readonly why: string;
  /** Machine and devices in a sentence. */
  readonly machine: string;
  readonly refs: readonly string[];
  readonly devices: readonly string[];
  readonly buffers: readonly { readonly name: string; readonly phys: number; readonly size: number }[];
  readonly rows: readonly PageRow[];
  /** Stretches of physical memory [start, start + size), in order. */
  readonly stretches: readonly (readonly [start: number, size: number])[];
  /** Why there is no map; empty: there is. */
  readonly noMap: string;
  readonly sides: readonly [PageSide, PageSide];
}

/** A line of the table of costs. */
export interface PageCost {
  readonly operation: string;
  readonly where: string;
  readonly title: string;
  readonly old: string;
  readonly now: string;
  /** Over so many operations. */
  readonly operations: number;
  readonly differs: boolean;
  readonly rise: -1 | 0 | 1;
}

/** A count and its parts; they add up. */
export interface PageSum {
  readonly total: number;
  readonly unit: string;
  readonly parts: readonly {
    readonly count: number;
    readonly words: string;
    readonly isBad: boolean;
    /** Kind of findings that it leads to; null: nowhere. */
    readonly kind: PageKind | null;
  }[];
}

/** A state at an end of the comparison. */
export interface PageState {
  readonly id: string;
  /** `2021-08-11, 5 patches`. */
  readonly about: string;
}

/** A patch as it was posted. */
export interface PagePosted {
  readonly id: string;
  readonly place: string;
  readonly subject: string;
  readonly link: string | null;
}

/** What a changelog promises, and what was measured. */
export interface PageClaim {
  readonly patch: string;
  readonly text: string;
  readonly status: string;
  readonly shown: number;
  readonly contradicted: number;
}

export interface PageClause {
  readonly id: string;
  readonly promise: string;
  readonly why: string;
  /** Cases that put it to the test on both sides. */
  readonly exercised: number;
}

/** What a state makes of a clause, and what changed against the state to the left. */
export interface PageCell {
  readonly broken: number;
  readonly exercised: number;
  /** Cases in which the state crashes before what it stands on breaks the clause. */
  readonly hidden: number;
  readonly causes: readonly (readonly [cause: string, cases: number])[];
  /** `✗` broken, `✓` mended, `?` hidden on one side or a matter of layout, and where that is told. */
  readonly marks: readonly {
    readonly sign: '✗' | '✓' | '?';
    readonly cause: string;
    readonly cases: number;
    readonly href: string;
  }[];
}

/** States side by side. */
export interface PageMatrix {
  readonly states: readonly string[];
  /** The columns of the two states of the page. */
  readonly here: readonly number[];
  /** A cell per state, by clause. */
  readonly rows: readonly { readonly clause: string; readonly cells: readonly PageCell[] }[];
}

export interface PageData {
  readonly schema: 'bouncediff/page/1';
  readonly from: PageState;
  readonly to: PageState;
  readonly verdict: Words;
  readonly notes: readonly Words[];
  readonly sums: readonly PageSum[];
  readonly costs: readonly PageCost[];
  /** Worst first. */
  readonly findings: readonly PageFinding[];
  readonly cases: readonly PageCase[];
  readonly clauses: readonly PageClause[];
  readonly patches: readonly PagePosted[];
  readonly claims: readonly PageClaim[];
  readonly notJudged: readonly Words[];
  readonly rests: readonly Words[];
  readonly matrix: PageMatrix;
  /** What prints the comparison again. */
  readonly command: string;
}
