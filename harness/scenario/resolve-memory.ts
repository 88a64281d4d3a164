// SPDX-License-Identifier: GPL-2.0-only
/** Where the buffers of a scenario are in physical memory. */
import type { MachineConfig } from '../machine/config.ts';
import { POOL_START, RAM_SIZE, RAM_START, SLOT_SIZE } from '../machine/config.ts';
import { hex } from '../machine/u64.ts';
import type { PhysAddr } from '../machine/vocabulary.ts';
import type { Buffer } from '../run/scenario.ts';
import type { RawHeader } from './schema.ts';
import type { Site } from './site.ts';

type RawBuffer = NonNullable<RawHeader['buffers']>[string];

/** A placed buffer has 64 KiB homes of its own, so that it shares no page of any size. */
const HOME_SIZE = 0x10000;
const FIRST_HOME = 0x100000;

function checkPlace({ phys, size }: Buffer, { swiotlb, swiotlbSlots }: MachineConfig, site: Site): void {
  const where = `the buffer at ${hex(phys)} to ${hex(phys + size)}`;
  if (phys < RAM_START) throw site.error(`${where} begins below ${hex(RAM_START)}`, 'at');
  if (phys + size > RAM_SIZE) throw site.error(`${where} ends beyond RAM, at ${hex(RAM_SIZE)}`, 'at');
  const poolEnd = POOL_START + swiotlbSlots * SLOT_SIZE;
  if (swiotlb && phys < poolEnd && phys + size > POOL_START) {
    throw site.error(`${where} overlaps the swiotlb pool at ${hex(POOL_START)} to ${hex(poolEnd)}`, 'at');
  }
}

/** The buffers in order. Throws InputError when one does not fit where it is put. */
export function placeBuffers(
  raw: Readonly<Record<string, RawBuffer>>,
  machine: MachineConfig,
  site: Site,
): Buffer[] {
  const buffers: Buffer[] = [];
  let home = FIRST_HOME;
  for (const [name, { size, at, offset, overlaps }] of Object.entries(raw)) {
    const here = site.at(name);
    let phys: PhysAddr;
    if (at !== undefined) {
      if (offset !== undefined) throw here.error('at is exact: no offset with it', 'offset');
      phys = at;
      checkPlace({ name, phys, size }, machine, here);
    } else {
      phys = home + (offset ?? 0);
      home += Math.ceil(((offset ?? 0) + size) / HOME_SIZE) * HOME_SIZE;
      if (home > POOL_START) throw here.error(`no home left below ${hex(POOL_START)}; use at`);
    }
    const other = buffers.find((buffer) => phys < buffer.phys + buffer.size && buffer.phys < phys + size);
    if (other !== undefined && overlaps !== true) {
      const place = `${hex(other.phys)} to ${hex(other.phys + other.size)}`;
      throw here.error(`overlaps buffer ${other.name} at ${place}; if meant, say overlaps: true`);
    }
    buffers.push({ name, phys, size });
  }
  return buffers;
}
