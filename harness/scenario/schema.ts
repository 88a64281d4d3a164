// SPDX-License-Identifier: GPL-2.0-only
/** What a scenario file may say, and the same as JSON Schema for editors. */
import * as z from 'zod';
import { IOMMUS, POOL_START, RAM_SIZE, SLOTS_PER_SEGMENT, SLOT_SIZE } from '../machine/config.ts';
import { PLACEHOLDER_NAME, SchemaKit } from './schema-kit.ts';
import { MAX_STEPS, stepFields } from './schema-steps.ts';

const MAX_SLOTS = (RAM_SIZE - POOL_START) / SLOT_SIZE;
const GRANULES = [512, 1024, 2048, 4096, 8192, 16384, 32768, 65536];
const STEP = 'a step: flush_queue, or a mapping like cpu_read: a';
/** Most devices and buffers of a case. */
const MAX_DEVICES = 16;
const MAX_BUFFERS = 256;
const BIT_32 = 2 ** 32;

/** 2^n - 1 with n > 0, all-ones included. */
function isLowMask(mask: number): boolean {
  return mask === -1 || (mask > 0 && (BigInt(mask) & (BigInt(mask) + 1n)) === 0n);
}

function isMinAlignMask(mask: number): boolean {
  return mask === 0 || (isLowMask(mask) && mask > 0 && mask < BIT_32);
}

function machine(kit: SchemaKit) {
  const slots = `a pool size in slots: a multiple of ${SLOTS_PER_SEGMENT} up to ${MAX_SLOTS}`;
  return kit.mapping('the kernel configuration', {
    pageSize: kit.number('a PAGE_SIZE in bytes', [4096, 16384, 65536]).optional(),
    granule: kit.number('an IOVA granule in bytes', GRANULES).optional(),
    swiotlb: kit.flag('CONFIG_SWIOTLB').optional(),
    swiotlbSlots: kit
      .scalar(slots, (params) =>
        z.int(params).min(0, params).max(MAX_SLOTS, params).multipleOf(SLOTS_PER_SEGMENT, params),
      )
      .optional(),
    iommu: kit.word('an IOMMU', IOMMUS).optional(),
    strict: kit.flag('an unmap invalidates the IOTLB at once (iommu.strict=1)').optional(),
    cache: kit.word('a cache model', ['worst', 'off']).optional(),
  });
}

function device(kit: SchemaKit) {
  const boundary = "a segment boundary mask: 2^n - 1 below 2^53, or '0xffffffffffffffff'";
  const dmaMask = "a DMA mask: not 0, below 2^53 or in the top 2^53 like '0xffffffffffffffff'";
  return kit.mapping('a device', {
    untrusted: kit.flag('behind an external port').optional(),
    coherent: kit.flag('snoops the CPU cache').optional(),
    minAlignMask: kit.mask('a min_align_mask: 0 or 2^n - 1 below 2^32', isMinAlignMask).optional(),
    dmaMask: kit.mask(dmaMask, (mask) => mask !== 0).optional(),
    segBoundary: kit.mask(boundary, isLowMask).optional(),
    maxSegSize: kit.integer('a longest dma segment in bytes', 1, BIT_32 - 1).optional(),
    iovaBase: kit.integer('the lowest bus address of the device', 0, BIT_32 - 1).optional(),
    scribble: kit.flag('keeps writing all it may write outside its buffers').optional(),
  });
}

function buffer(kit: SchemaKit) {
  return kit.mapping('a buffer', {
    size: kit.integer('a size in bytes', 1, RAM_SIZE),
    offset: kit.integer('an offset in bytes into the 64 KiB homes the loader picks', 0, RAM_SIZE).optional(),
    at: kit.integer('a physical address', 0, RAM_SIZE - 1).optional(),
    overlaps: kit.flag('it may share bytes with earlier buffers').optional(),
  });
}

/** All of a case but its steps. */
function headerFields(kit: SchemaKit) {
  const oneDevice = kit.shared('device', device(kit));
  return {
    name: kit.text('a one-line title', /^\S.*$/),
    why: kit.text('a sentence or two for the reviewer'),
    refs: kit.list('a list of mails or patches, as text', kit.text('a mail or patch, as text')).optional(),
    watch: kit
      .list('a list of things to look at, as text', kit.text('a thing to look at, as text'))
      .optional(),
    machine: machine(kit).optional(),
    device: oneDevice.optional(),
    devices: kit.named('a mapping from device names to devices', oneDevice, { max: MAX_DEVICES }).optional(),
    buffers: kit
      .named('a mapping from buffer names to buffers', buffer(kit), { max: MAX_BUFFERS })
      .optional(),
  };
}

function makeHeader(kit: SchemaKit) {
  return kit.mapping('a scenario', headerFields(kit));
}

function makeStep(kit: SchemaKit) {
  return kit.either(STEP, z.literal('flush_queue'), kit.one('a step', stepFields(kit)));
}

function makeTimes(kit: SchemaKit) {
  return kit.integer('a number of times', 0, MAX_STEPS);
}

function makeFile(kit: SchemaKit) {
  const step: z.ZodType = z.lazy(() => full);
  const repeat = kit.mapping('steps done several times', {
    times: makeTimes(kit),
    as: PLACEHOLDER_NAME.optional(),
    steps: kit.list('a list of steps', step),
  });
  const oneStep = kit.one('a step', { ...stepFields(kit), repeat: repeat.optional() });
  const full = kit.shared('step', kit.either(STEP, z.literal('flush_queue'), oneStep));
  const scalar = z.union([z.boolean(), z.number(), z.string()], { error: 'a matrix has scalars only' });
  const dimension = kit.list('a list of values', scalar);
  return kit.mapping('a scenario', {
    ...headerFields(kit),
    matrix: kit
      .named('a mapping from names to lists of values', dimension, { name: PLACEHOLDER_NAME })
      .optional(),
    steps: kit.list('a list of steps', step),
  });
}

/** A whole file, with its matrix, repeats and placeholders. */
export const FILE_SCHEMA = makeFile(new SchemaKit(true));

const exact = new SchemaKit(false);
/** All of a case but its steps, placeholders replaced. */
export const HEADER_SCHEMA = makeHeader(exact);
/** A step of a case, placeholders replaced and repeats unrolled. */
export const STEP_SCHEMA = makeStep(exact);
/** The `times` of a repeat, placeholders replaced. */
export const TIMES_SCHEMA = makeTimes(exact);

export type RawHeader = z.infer<typeof HEADER_SCHEMA>;
export type RawStep = z.infer<typeof STEP_SCHEMA>;

/** JSON Schema (draft 7) of a scenario file: what editors complete and check. */
export function scenarioJsonSchema(): Record<string, unknown> {
  return { ...z.toJSONSchema(FILE_SCHEMA, { target: 'draft-7', io: 'input' }) };
}
