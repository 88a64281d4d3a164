// SPDX-License-Identifier: GPL-2.0-only
/** What a step of a scenario file may say. */
import { RAM_SIZE } from '../machine/config.ts';
import type { AttrName, DirectionName } from '../machine/vocabulary.ts';
import { ATTR_BITS } from '../machine/vocabulary.ts';
import { INTERLEAVE_POINTS } from '../machine/events.ts';
import { FAULTS } from '../run/scenario.ts';
import type { SchemaKit } from './schema-kit.ts';

/** Most steps that a case may have once its repeats are unrolled. */
export const MAX_STEPS = 4096;

/** Most entries of a scatterlist. */
const MAX_ENTRIES = 256;

const DIRECTIONS = ['TO_DEVICE', 'FROM_DEVICE', 'BIDIRECTIONAL'] as const satisfies DirectionName[];
const ATTR_NAMES = Object.keys(ATTR_BITS) as AttrName[];
/** Bus addresses have 48 bits: nothing is farther away. */
const FARTHEST = 2 ** 48;

/** What several kinds of step are made of. */
function makeParts(kit: SchemaKit) {
  const buffer = kit.name('a buffer name');
  const offset = kit.integer('an offset in bytes', 0, RAM_SIZE).optional();
  const size = kit.integer('a size in bytes', 0, RAM_SIZE).optional();
  const attr = kit.word('an attribute', ATTR_NAMES);
  return {
    id: kit.name('a mapping id'),
    device: kit.name('a device name'),
    buffer,
    offset,
    size,
    range: kit.shared(
      'range',
      kit.either(
        'a buffer name or {buffer, offset, size}',
        buffer,
        kit.mapping('bytes of a buffer', { buffer, offset, size }),
      ),
    ),
    dir: kit.word('a direction', DIRECTIONS),
    attrs: kit
      .either(
        'an attribute or a list of them',
        kit.word('an attribute', [...ATTR_NAMES, 'NONE']),
        kit.list('a list of attributes', attr, { min: 0 }),
        [...ATTR_NAMES, 'NONE'],
      )
      .optional(),
  };
}
type Parts = ReturnType<typeof makeParts>;

function accessFields(kit: SchemaKit, { id, range, size }: Parts) {
  const full = kit.mapping('bytes of a mapping', {
    id,
    segment: kit.integer('a dma segment number', 0, RAM_SIZE).optional(),
    offset: kit.integer('an offset in bytes', -FARTHEST, FARTHEST).optional(),
    size,
  });
  const mapped = kit.shared('mapped', kit.either('a mapping id or {id, segment, offset, size}', id, full));
  return {
    cpu_read: range.optional(),
    cpu_write: range.optional(),
    device_read: mapped.optional(),
    device_write: mapped.optional(),
  };
}
type AccessFields = ReturnType<typeof accessFields>;

function duringList(kit: SchemaKit, accesses: AccessFields) {
  const interruption = kit.mapping('accesses inside the operation', {
    after: kit.word('one of the kernel functions', INTERLEAVE_POINTS),
    nth: kit.integer('the number of a call within the operation', 1, MAX_STEPS).optional(),
    steps: kit.list('a list of cpu_* and device_* steps', kit.one('a cpu_* or device_* step', accesses)),
  });
  return kit.shared('during', kit.list('a list of {after, nth, steps}', interruption)).optional();
}

/** The operations of dma-iommu: map, unmap, sync. */
function operationFields(kit: SchemaKit, parts: Parts, accesses: AccessFields) {
  const { id, buffer, offset, size, range, dir, attrs } = parts;
  const during = duringList(kit, accesses);
  const map = { dir, attrs, device: parts.device.optional(), during };
  const mapPage = kit.mapping('a map_page', { id, buffer, offset, size, ...map });
  const mapSg = kit.mapping('a map_sg', {
    id,
    sgl: kit.list('a scatterlist: a list of buffers', range, { max: MAX_ENTRIES }),
    ...map,
  });
  const wrong = {
    misuse: kit.flag('what the API does not allow is meant').optional(),
    dir: dir.optional(),
  };
  const entries = kit.integer('a number of entries', 0, MAX_ENTRIES).optional();
  const anywhere = kit.integer('an offset in bytes', -FARTHEST, FARTHEST).optional();
  const unmapFull = kit.mapping('an unmap', { id, attrs, during, ...wrong, size, entries });
  const unmap = kit.either('a mapping id or {id, attrs, during}', id, unmapFull);
  const singleFull = kit.mapping('a sync', { id, offset: anywhere, size, during, ...wrong });
  const syncSingle = kit.either('a mapping id or {id, offset, size, during}', id, singleFull);
  const sgFull = kit.mapping('a sync', { id, during, ...wrong, entries });
  const syncSg = kit.either('a mapping id or {id, during}', id, sgFull);
  return {
    map_page: mapPage.optional(),
    map_sg: mapSg.optional(),
    unmap_page: unmap.optional(),
    unmap_sg: unmap.optional(),
    sync_single_for_cpu: syncSingle.optional(),
    sync_single_for_device: syncSingle.optional(),
    sync_sg_for_cpu: syncSg.optional(),
    sync_sg_for_device: syncSg.optional(),
  };
}

/** The keys of a step, one of which each step has. */
export function stepFields(kit: SchemaKit) {
  const parts = makeParts(kit);
  const accesses = accessFields(kit, parts);
  const what = kit.word('a fault', FAULTS);
  const fault = kit.mapping('a fault', { what, device: parts.device.optional() });
  return {
    ...accesses,
    ...operationFields(kit, parts, accesses),
    fail_next: kit.either('a fault or {what, device}', what, fault, FAULTS).optional(),
    flush_queue: parts.device.optional(),
    dma_max_mapping_size: kit
      .either(
        'a device or {device, size}',
        parts.device,
        kit.mapping('the largest mapping', { device: parts.device.optional(), size: parts.size }),
      )
      .optional(),
  };
}
