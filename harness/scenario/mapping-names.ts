// SPDX-License-Identifier: GPL-2.0-only
/** Which mapping an id means at a step: the API misuse that shows before anything runs. */
import type { MappingInfo } from '../run/scenario.ts';
import { quoted } from '../text/input-error.ts';
import type { Site } from './site.ts';

/** What is done to a mapping, and its like for the other kind of mapping. */
const COUNTERPARTS = {
  unmap_page: 'unmap_sg',
  unmap_sg: 'unmap_page',
  sync_single_for_cpu: 'sync_sg_for_cpu',
  sync_single_for_device: 'sync_sg_for_device',
  sync_sg_for_cpu: 'sync_single_for_cpu',
  sync_sg_for_device: 'sync_single_for_device',
} as const;
export type MappedOp = keyof typeof COUNTERPARTS;
export const MAPPED_OPS = Object.keys(COUNTERPARTS) as MappedOp[];
const SG_OPS: ReadonlySet<MappedOp> = new Set(['unmap_sg', 'sync_sg_for_cpu', 'sync_sg_for_device']);

/** The mappings of a case up to some step. */
export class MappingNames {
  readonly mappings: MappingInfo[] = [];
  /** Every id that was mapped once, and its last mapping. */
  readonly #last = new Map<string, number>();
  /** Where the mapping of an id was unmapped; an id without it is mapped. */
  readonly #unmappedIn = new Map<string, number>();

  /** Numbers a new mapping. Throws InputError when its id is in use. */
  map(info: MappingInfo, site: Site): number {
    const { name } = info;
    if (this.#last.has(name) && !this.#unmappedIn.has(name)) {
      throw site.error(`${quoted(name)} is mapped already; unmap it first or take another id`, 'id');
    }
    this.#unmappedIn.delete(name);
    this.#last.set(name, this.mappings.length);
    return this.mappings.push(info) - 1;
  }

  /** The mapping that a device uses, which may be gone. Throws InputError for no mapping so far. */
  ever(name: string, site: Site): number {
    const map = this.#last.get(name);
    if (map === undefined) throw site.unknown('mapped so far', name, [...this.#last.keys()], 'id');
    return map;
  }

  /** The mapping that `op` is called for. Throws InputError when the API does not allow that. */
  live(op: MappedOp, name: string, site: Site): number {
    const map = this.#last.get(name);
    if (map === undefined) throw site.unknown('mapped', name, this.#mapped(), 'id');
    const line = this.#unmappedIn.get(name);
    if (line !== undefined) {
      const now = this.#mapped().join(', ') || 'nothing';
      throw site.error(`${quoted(name)} was unmapped in line ${line}; mapped now: ${now}`, 'id');
    }
    const { sg } = this.info(map);
    if (sg === SG_OPS.has(op)) return map;
    const made = sg ? 'map_sg' : 'map_page';
    throw site.error(`${quoted(name)} was mapped by ${made}; use ${COUNTERPARTS[op]}`, 'id');
  }

  /** What a mapping's number stands for. */
  info(map: number): MappingInfo {
    const info = this.mappings[map];
    if (info === undefined) throw new RangeError(`no mapping ${map}`);
    return info;
  }

  /** Ends a mapping. */
  unmap(name: string, line: number): void {
    this.#unmappedIn.set(name, line);
  }

  #mapped(): string[] {
    return [...this.#last.keys()].filter((name) => !this.#unmappedIn.has(name));
  }
}
