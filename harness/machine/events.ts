// SPDX-License-Identifier: GPL-2.0-only
/**
 * What can happen in a run, a row a kind: arguments, what comes back, who calls whom, what becomes of
 * memory, how a trace says it. Everything that reads events goes by this table.
 */
import type { Meaning, Meanings } from './meanings.ts';
import {
  DMA_FROM_DEVICE,
  DMA_TO_DEVICE,
  type EventIx,
  type PhysAddr,
  type Size,
  type StepIx,
} from './vocabulary.ts';

/** Name and meaning. */
type Arg = `${string}: ${Meaning}`;
type NameOf<A extends Arg> = A extends `${infer Name}: ${string}` ? Name : never;
type MeaningOf<A extends Arg> = A extends `${string}: ${infer M extends Meaning}` ? M : never;

/** Who takes part. */
export type Party = 'cpu' | 'dma-iommu' | 'swiotlb' | 'iommu' | 'device';

/** What an event does to a stretch of memory. */
export type Treatment =
  | 'cleared'
  | 'written'
  | 'copied'
  | 'loaded'
  | 'cleaned'
  | 'invalidated'
  /** By a device. */
  | 'stored'
  /** A device can reach it from now on. */
  | 'reached'
  /** swiotlb gave it out. */
  | 'taken';

/** Physical memory and what an event does to it. */
export interface Touch {
  readonly how: Treatment;
  readonly phys: PhysAddr;
  /** Bytes. */
  readonly size: Size;
}

/** The arguments of a row by name. */
type Named<A extends readonly Arg[]> = { readonly [P in A[number] as NameOf<P>]: Meanings[MeaningOf<P>] };
/** The arguments of a row in order. */
type InOrder<A extends readonly Arg[]> = { [I in keyof A]: Meanings[MeaningOf<A[I]>] };

interface Row<A extends readonly Arg[], During extends boolean, Text extends string | undefined> {
  /** At most six. */
  readonly args: A;
  /** What the kernel function returns. */
  readonly returns?: Meaning;
  /** What the log notes of it instead. */
  readonly notes?: Meaning;
  /** From whom to whom it goes. */
  readonly between: readonly [from: Party, to: Party];
  /** Anything but a call. */
  readonly as?: 'answer' | 'note';
  /** Its line of a trace, arguments and `{result}` in braces; undefined: run/event-text.ts words it. */
  readonly text: Text;
  /** A scenario may let something happen right after it (`during`); the machine calls its hook there. */
  readonly during: During;
  /** What it does to memory, in order. */
  readonly memory?: (event: Named<A> & { readonly result: number }) => readonly Touch[];
  /** Whether this result means that there was nothing to give, or that it refused. */
  readonly failed?: (result: number) => boolean;
}

function row<
  const A extends readonly Arg[],
  During extends boolean = false,
  Text extends string | undefined = undefined,
>(
  given: Omit<Row<A, During, Text>, 'during' | 'text'> & { readonly during?: During; readonly text?: Text },
): Row<A, During, Text> {
  return { ...given, during: (given.during ?? false) as During, text: given.text as Text };
}

const SYNC = ['tlb: phys', 'size: bytes', 'dir: dir'] as const satisfies readonly Arg[];
const ARCH_SYNC = [
  'phys: phys',
  'size: bytes',
  'dir: dir',
  'cleans: cleans',
] as const satisfies readonly Arg[];
const RANGE = ['pfn: pfn', 'pages: pages'] as const satisfies readonly Arg[];
/** What a device meant to access. `bytes`: the first in the byte log. */
const DEVICE_ACCESS = [
  'iova: dma',
  'size: bytes',
  'bytes: place',
  'mapping: mapping',
  'offset: offset',
] as const satisfies readonly Arg[];

/** `dir`: to or from the device. */
const BOUNCE = ['original: phys', 'tlb: phys', 'size: bytes', 'dir: dir'] as const satisfies readonly Arg[];

/** The kernel functions that a state calls, what comes of them, and what the CPU and the devices do. */
export const EVENTS = {
  swiotlb_tbl_map_single: row({
    args: [
      'phys: phys',
      'mappingSize: bytes',
      'allocSize: bytes',
      'alignMask: mask',
      'dir: dir',
      'attrs: attrs',
    ],
    returns: 'tlb',
    between: ['dma-iommu', 'swiotlb'],
    text: 'swiotlb_tbl_map_single({phys}, mapping size {mappingSize}, alloc size {allocSize}, align mask {alignMask}, {dir}{attrs}) = {result}',
    during: true,
    memory: ({ result, allocSize }) => (result >= 0 ? [{ how: 'taken', phys: result, size: allocSize }] : []),
    failed: (result) => result < 0,
  }),
  swiotlb_tbl_unmap_single: row({
    args: [...SYNC, 'attrs: attrs'],
    // Slots.
    notes: 'count',
    between: ['dma-iommu', 'swiotlb'],
    text: 'swiotlb_tbl_unmap_single({tlb}, size {size}, {dir}{attrs})',
    during: true,
  }),
  swiotlb_sync_single_for_device: row({
    args: SYNC,
    between: ['dma-iommu', 'swiotlb'],
    text: 'swiotlb_sync_single_for_device({tlb}, size {size}, {dir})',
    during: true,
  }),
  swiotlb_sync_single_for_cpu: row({
    args: SYNC,
    between: ['dma-iommu', 'swiotlb'],
    text: 'swiotlb_sync_single_for_cpu({tlb}, size {size}, {dir})',
    during: true,
  }),
  memset: row({
    args: ['phys: phys', 'size: bytes'],
    between: ['dma-iommu', 'dma-iommu'],
    text: 'memset({phys}, 0, size {size})',
    during: true,
    memory: ({ phys, size }) => [{ how: 'cleared', phys, size }],
  }),
  /** arm64, v5.14: invalidates for a from-device mapping, else cleans; later kernels always clean. */
  arch_sync_dma_for_device: row({
    args: ARCH_SYNC,
    // Cache lines.
    notes: 'count',
    between: ['dma-iommu', 'cpu'],
    text: 'arch_sync_dma_for_device({phys}, size {size}, {dir}){cleans}',
    during: true,
    memory: ({ phys, size, dir, cleans }) => [
      { how: dir === DMA_FROM_DEVICE && cleans === 0 ? 'invalidated' : 'cleaned', phys, size },
    ],
  }),
  /** arm64, v5.14: nothing for a to-device mapping, else invalidates. */
  arch_sync_dma_for_cpu: row({
    args: ARCH_SYNC,
    // Cache lines.
    notes: 'count',
    between: ['dma-iommu', 'cpu'],
    text: 'arch_sync_dma_for_cpu({phys}, size {size}, {dir}){cleans}',
    during: true,
    memory: ({ phys, size, dir }) => (dir === DMA_TO_DEVICE ? [] : [{ how: 'invalidated', phys, size }]),
  }),
  alloc_iova_fast: row({
    args: ['pages: pages', 'limit: limit'],
    returns: 'pfn',
    between: ['dma-iommu', 'iommu'],
    text: 'alloc_iova_fast(pages {pages}, limit {limit}) = {result}',
    during: true,
    failed: (result) => result === 0,
  }),
  iommu_map: row({
    args: ['iova: dma', 'phys: phys', 'size: span', 'prot: prot'],
    returns: 'errno',
    between: ['dma-iommu', 'iommu'],
    text: 'iommu_map({iova} → {phys}, size {size}, {prot}) = {result}',
    during: true,
    memory: ({ phys, size, result }) => (result === 0 ? [{ how: 'reached', phys, size }] : []),
    failed: (result) => result !== 0,
  }),
  /** Its entries follow. */
  iommu_map_sg: row({
    args: ['iova: dma', 'nents: count', 'prot: prot'],
    returns: 'span',
    between: ['dma-iommu', 'iommu'],
    text: 'iommu_map_sg({iova}, nents {nents}, {prot}) = {result}',
    during: true,
    failed: (result) => result === 0,
  }),
  iommu_unmap: row({
    args: ['iova: dma', 'size: span'],
    returns: 'span',
    between: ['dma-iommu', 'iommu'],
    text: 'iommu_unmap({iova}, size {size}) = {result}',
    during: true,
  }),
  iommu_iotlb_sync: row({
    args: [],
    between: ['dma-iommu', 'iommu'],
    text: 'iommu_iotlb_sync()',
    during: true,
  }),
  iommu_iova_to_phys: row({
    args: ['iova: dma'],
    returns: 'phys',
    between: ['dma-iommu', 'iommu'],
    text: 'iommu_iova_to_phys({iova}) = {result}',
    during: true,
  }),
  free_iova_fast: row({
    args: RANGE,
    between: ['dma-iommu', 'iommu'],
    text: 'free_iova_fast({pfn}, pages {pages})',
  }),
  queue_iova: row({
    args: RANGE,
    between: ['dma-iommu', 'iommu'],
    text: 'queue_iova({pfn}, pages {pages})',
  }),
  iommu_flush_iotlb_all: row({
    args: [],
    between: ['dma-iommu', 'iommu'],
    text: 'iommu_flush_iotlb_all()',
  }),
  sg_entry: row({
    args: ['phys: phys', 'length: span'],
    // Its list was mapped.
    notes: 'flag',
    between: ['dma-iommu', 'iommu'],
    text: '  entry {phys}, length {length}',
    memory: ({ phys, length, result }) => (result === 1 ? [{ how: 'reached', phys, size: length }] : []),
  }),
  swiotlb_bounce: row({
    args: BOUNCE,
    // A byte changed.
    notes: 'flag',
    between: ['swiotlb', 'swiotlb'],
    memory: (event) => {
      const { from, to, size } = copyOf(event);
      return [
        { how: 'copied', phys: to, size },
        { how: 'loaded', phys: from, size },
      ];
    },
  }),
  /** Of a pool that keeps larger offsets than a slot: padding in front of the bounce address. */
  swiotlb_pad_slots: row({
    args: ['tlb: phys', 'count: count'],
    between: ['swiotlb', 'swiotlb'],
    as: 'note',
    text: '  the slots in front of {tlb} are padding of it: {count}',
  }),
  warn: row({
    args: ['which: warning', 'a: detail', 'b: detail', 'c: detail'],
    between: ['dma-iommu', 'dma-iommu'],
    as: 'note',
  }),
  crash: row({
    args: ['which: crash', 'a: detail', 'b: detail'],
    between: ['dma-iommu', 'dma-iommu'],
    as: 'note',
  }),
  iommu_fault: row({
    args: ['iova: dma', 'reason: reason'],
    between: ['iommu', 'device'],
    as: 'answer',
    text: 'IOMMU fault at {iova}: {reason}',
  }),
  /** `first`, `second`: what each of two looks saw, in the byte log. */
  cpu_read: row({
    args: ['buffer: buffer', 'offset: offset', 'size: bytes', 'first: place', 'second: place', 'phys: phys'],
    between: ['cpu', 'cpu'],
    memory: ({ phys, size }) => [{ how: 'loaded', phys, size }],
  }),
  cpu_write: row({
    args: ['buffer: buffer', 'offset: offset', 'size: bytes', 'bytes: place', 'phys: phys'],
    between: ['cpu', 'cpu'],
    memory: ({ phys, size }) => [{ how: 'written', phys, size }],
  }),
  device_read: row({ args: DEVICE_ACCESS, between: ['iommu', 'device'], as: 'answer' }),
  device_write: row({ args: DEVICE_ACCESS, between: ['device', 'iommu'] }),
  /** The part of a device write that reached memory in one piece. */
  device_write_run: row({
    args: ['iova: dma', 'phys: phys', 'size: bytes', 'label: label'],
    between: ['device', 'iommu'],
    memory: ({ phys, size }) => [{ how: 'stored', phys, size }],
  }),
} as const;

type Table = typeof EVENTS;
export type EventKind = keyof Table;
type ArgsOf<K extends EventKind> = Table[K]['args'];
/** What the log is given of an event of that kind. */
export type Given<K extends EventKind> = InOrder<ArgsOf<K>>;

/** Every kind, in the order of the table. */
export const EVENT_KINDS = Object.keys(EVENTS) as readonly EventKind[];

/** The kernel functions after which something may happen inside an operation. */
export type InterleavePoint = {
  [K in EventKind]: Table[K]['during'] extends true ? K : never;
}[EventKind];
/** Kinds whose row has no text. */
export type Untexted = { [K in EventKind]: Table[K]['text'] extends string ? never : K }[EventKind];
export const INTERLEAVE_POINTS = EVENT_KINDS.filter((kind): kind is InterleavePoint => EVENTS[kind].during);

/** Why a device access found no way. */
export const FAULT_REASONS = ['unmapped', 'not_readable', 'not_writable'] as const;

/** One event, decoded, its arguments by name. */
export type EventOf<K extends EventKind> = { [Kind in K]: One<Kind> }[K];
export type Event = EventOf<EventKind>;
type One<K extends EventKind> = Named<ArgsOf<K>> & {
  readonly index: EventIx;
  readonly kind: K;
  /** -1: none. */
  readonly device: number;
  readonly path: number;
  /** -1: before the first step. */
  readonly step: StepIx;
  /** What the row returns or notes; NaN when the call never returned, or there is nothing to say. */
  readonly result: number;
  /** The scenario made it fail. */
  readonly injected: boolean;
};

/** An argument of a row. */
export interface Argument {
  readonly name: string;
  readonly meaning: Meaning;
}

/** The arguments of a kind, in order. */
export function argumentsOf(kind: EventKind): Argument[] {
  return EVENTS[kind].args.map((arg) => {
    const [name = '', meaning = ''] = arg.split(': ');
    return { name, meaning: meaning as Meaning };
  });
}

/** What the event does to memory, in order. */
export function touchesOf(event: Event): readonly Touch[] {
  const { memory } = EVENTS[event.kind] as { memory?: (event: Event) => readonly Touch[] };
  return memory?.(event) ?? [];
}

/** Kinds that do something to memory. */
export const TOUCHING: ReadonlySet<EventKind> = new Set(EVENT_KINDS.filter((kind) => EVENTS[kind].memory));

/** The call had nothing to give, or refused. */
export function hasFailed({ kind, result }: Event): boolean {
  return EVENTS[kind].failed?.(result) === true;
}

/** A call of that kind can fail. */
export function canFail(kind: EventKind): boolean {
  return EVENTS[kind].failed !== undefined;
}

/** Where a bounce copy takes its bytes from and puts them. */
export function copyOf({ original, tlb, size, dir }: Named<typeof BOUNCE>): {
  from: PhysAddr;
  to: PhysAddr;
  size: Size;
} {
  return dir === DMA_TO_DEVICE ? { from: original, to: tlb, size } : { from: tlb, to: original, size };
}
