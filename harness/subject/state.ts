// SPDX-License-Identifier: GPL-2.0-only
/** A state of the kernel's code, however it was made: what runs, is compared and reported on. */
import type { Machine } from '../machine/machine.ts';
import type { SwiotlbCode } from '../machine/swiotlb.ts';
import type { Claim, Declaration } from './claim.ts';
import type { DmaOps } from './dma-ops.ts';

/** A patch as it was posted. */
export interface Posted {
  /** Subject line without the [PATCH …] tag. */
  readonly subject: string;
  readonly messageId: string;
  /** What its changelog promises. */
  readonly claims: readonly Claim[];
}

/** One patch on the way from the baseline to a state. */
export interface ChainLink extends Posted {
  /** The state right after it: `v3.2`, `review/no-dead-attrs`. */
  readonly id: string;
  /** Where it was posted: `v3 2/5`, `review of v3 3/5`. */
  readonly place: string;
  readonly author: string;
  /** YYYY-MM-DD. */
  readonly date: string;
  /** The archived mail; absent: its Message-Id stands for it. */
  readonly link?: string | undefined;
  /** What the cover letter of its series says it leaves unsolved. */
  readonly declared: readonly Declaration[];
}

/** A function of a state, as call paths name it. */
export interface Frame {
  readonly method: string;
  /** `baseline`, or the patch that wrote it last: `v3.2`. */
  readonly patch: string;
}

/** The kernel files that a state may bring its own code of. */
export const KERNEL_FILES = {
  dmaIommu: 'drivers/iommu/dma-iommu.c',
  swiotlb: 'kernel/dma/swiotlb.c',
  iova: 'drivers/iommu/iova.c',
} as const;
export type KernelFile = keyof typeof KERNEL_FILES;

/** Where a driver enters drivers/iommu/dma-iommu.c. */
export const DMA_OPS = [
  'initDomain',
  'mapPage',
  'unmapPage',
  'mapSg',
  'unmapSg',
  'syncSingleForCpu',
  'syncSingleForDevice',
  'syncSgForCpu',
  'syncSgForDevice',
] as const satisfies readonly (keyof DmaOps)[];

/** Where dma-iommu.c enters kernel/dma/swiotlb.c. */
export const SWIOTLB_CODE = [
  'swiotlbTblMapSingle',
  'swiotlbTblUnmapSingle',
  'swiotlbSyncSingleForDevice',
  'swiotlbSyncSingleForCpu',
] as const satisfies readonly (keyof SwiotlbCode)[];

/** A class that was written for a state: what the code of a kernel file was, or what a patch overrides of it. */
export interface CodeLayer {
  /** The subject's root, or the patch. */
  readonly id: string;
  readonly file: KernelFile;
  /** Its module's import.meta.url. */
  readonly module: string;
  /** The methods that the class itself has. */
  readonly methods: readonly string[];
  /** The state has only these methods of the class in the module; absent: all of that class. */
  readonly isPart?: true;
}

/** A function of a compiled state, as its C has it. */
export interface CText {
  readonly name: string;
  /** `drivers/iommu/dma-iommu.c` */
  readonly file: string;
  /** Where it begins, from 1. */
  readonly line: number;
  /** Head and body. */
  readonly text: string;
  /** The patch that wrote it last, or what stands below all patches. */
  readonly patch: string;
}

/** Lines of a posted patch, without mail addresses. */
export interface QuotedHunk {
  readonly file: string;
  /** Its first line in the file after the patch, from 1. */
  readonly line: number;
  /** `@@ -576,6 +576,9 @@ …` and the lines below it. */
  readonly lines: readonly string[];
  /** The archived mail. */
  readonly link: string | undefined;
}

/** A hunk of a posted patch, as expressions name it. */
export interface NumberedHunk extends QuotedHunk {
  /** From 1, in the order of the mail. */
  readonly number: number;
  /** The C functions that it changes. */
  readonly functions: readonly string[];
}

/** The C that a state was compiled from. */
export interface CCode {
  /** In the order of the files. */
  functions(): readonly CText[];
  /** The posted hunks of a patch of the chain that change one of these functions; without any, those of the compiled files. */
  hunks(patch: string, functions: readonly string[]): readonly QuotedHunk[];
  /** All hunks of a patch of the chain; a file that changes without one, as by a rename, has one without lines. */
  numberedHunks(patch: string): readonly NumberedHunk[];
}

/** What of a machine's configuration C is compiled for. */
export interface MachineBuild {
  /** PAGE_SIZE, bytes. */
  readonly pageSize: number;
  /** CONFIG_SWIOTLB. */
  readonly swiotlb: boolean;
}

/** What stands in for the processor and for the code that dma-iommu.c calls. */
export interface Make {
  /**
   * What arch_sync_dma_for_device() does to a from-device mapping: invalidates it, as that of arm64 did in 5.14
   * (`by-direction`), or cleans it, as that of newer kernels does.
   */
  readonly archSync: 'by-direction' | 'clean';
  /** The model of 5.14's swiotlb.c and iova.c, or the files of the state's own tree. */
  readonly below: 'machine' | 'tree';
}

/** Where results are kept. */
export interface Kept {
  readonly folder: string;
  /** This state, compiled from these files and no others. */
  readonly key: string;
}

/** That of states that were written for the model. */
export const MODEL: Make = { archSync: 'by-direction', below: 'machine' };

/** Every such configuration. */
export const ALL_BUILDS: readonly MachineBuild[] = [4096, 16384, 65536].flatMap((pageSize) =>
  [true, false].map((swiotlb) => ({ pageSize, swiotlb })),
);

/** A state. */
export interface State {
  /** Unique among all states: `SUBJECT/STATE`, plain `v3` for a state of this repository's subject. */
  readonly id: string;
  /** Another name of the same state: `v3.5` of `v3`. */
  readonly alias: string | undefined;
  /** What its code is, in a line, where no patch says so: `drivers/iommu/dma-iommu.c of v5.14-rc`. */
  readonly origin: string;
  /** What the reader of a report on it should know: a line each. */
  readonly notes?: readonly string[];
  /** What it breaks, this state has inherited; the state itself, where it is what others are held against. */
  readonly root: State;
  /** The state that its last patch stands on; undefined: no patch is known. */
  readonly below: State | undefined;
  /** The patches between the baseline and this state. */
  readonly chain: readonly ChainLink[];
  /** What the frame numbers in recorded call paths stand for. */
  readonly frames: readonly Frame[];
  /** What it was written as, the root's classes first; undefined: its code was not written here. */
  readonly code: readonly CodeLayer[] | undefined;
  /** What it was compiled from; absent: it was written as classes, or its text is not known. */
  readonly c?: CCode;
  /** Makes ready what runs on such a machine need, so that none of them waits for a compiler. */
  prepare?(build: MachineBuild): void;
  /** Whether that is done; absent: it always is. */
  isReady?(build: MachineBuild): boolean;
  /** Where results of its runs on such machines are kept, and a hash of what they follow from; absent: nowhere. */
  kept?(builds: readonly MachineBuild[]): Kept | undefined;
  /** Absent: MODEL. */
  readonly make?: Make;
  /** The same code with another make; undefined: it does not run with that. */
  madeAs?(make: Make): State | undefined;
  /** Makes a machine that was just reset run this state's code. */
  install(machine: Machine): DmaOps;
  /**
   * A state that nobody posted: this one and some more patches, from the chains of its subject's states.
   * A patch that calls what a patch left out would have added throws when it runs.
   */
  with(patches: readonly ChainLink[]): State;
}
