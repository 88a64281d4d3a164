// SPDX-License-Identifier: GPL-2.0-only
/** What the CPU and the devices touch: from names to numbers. */
import type { Size } from '../machine/vocabulary.ts';
import type { MappingNames } from './mapping-names.ts';
import type { AccessStep, Buffer, BufferRange, During, MappingInfo } from '../run/scenario.ts';
import type { RawStep } from './schema.ts';
import type { Site } from './site.ts';
import { sizeInside } from './site.ts';

type RawFields = Exclude<RawStep, string>;
/** What the file says under a step's key. */
export type Raw<K extends keyof RawFields> = NonNullable<RawFields[K]>;
type RawRange = Exclude<Raw<'cpu_read'>, string>;
type RawInterruption = NonNullable<Raw<'map_page'>['during']>[number];
type RawAccess = RawInterruption['steps'][number];

/** `m` is short for `{ id: m }`. */
export function withId<T extends { readonly id: string }>(raw: string | T) {
  return typeof raw === 'string' ? ({ id: raw } as Partial<T> & { readonly id: string }) : raw;
}

/** What an access that names no offset and size means. */
function wholeOf(info: MappingInfo, segment: number | undefined, site: Site): { name: string; size: Size } {
  if (segment === undefined) {
    return { name: `mapping ${info.name}`, size: info.ranges.reduce((sum, { size }) => sum + size, 0) };
  }
  const range = info.ranges[segment];
  if (range !== undefined) return { name: `segment ${segment} of ${info.name}`, size: range.size };
  const last = info.ranges.length - 1;
  throw site.error(`${segment} is not a segment of ${info.name}: 0 to ${last}`, 'segment');
}

/** Resolves accesses against the buffers and the mappings made so far. */
export class AccessResolver {
  readonly #buffers: readonly Buffer[];
  readonly #names: MappingNames;

  constructor(buffers: readonly Buffer[], names: MappingNames) {
    this.#buffers = buffers;
    this.#names = names;
  }

  /** Bytes of a buffer. Throws InputError for an unknown buffer or bytes outside it. */
  range(raw: string | RawRange, site: Site): BufferRange {
    const { buffer: name, offset = 0, size }: RawRange = typeof raw === 'string' ? { buffer: raw } : raw;
    const buffer = this.#buffers.findIndex((candidate) => candidate.name === name);
    const found = this.#buffers[buffer];
    if (found === undefined) {
      const known = this.#buffers.map((candidate) => candidate.name);
      throw site.unknown('a buffer', name, known, 'buffer');
    }
    const whole = { name: `buffer ${name}`, size: found.size };
    return { buffer, offset, size: sizeInside(offset, size, whole, site) };
  }

  /** The access of a step, if it is one. */
  access(step: RawAccess, site: Site): AccessStep | undefined {
    if (step.cpu_read !== undefined) return this.#cpu('cpu_read', step.cpu_read, site);
    if (step.cpu_write !== undefined) return this.#cpu('cpu_write', step.cpu_write, site);
    if (step.device_read !== undefined) return this.#device('device_read', step.device_read, site);
    if (step.device_write !== undefined) return this.#device('device_write', step.device_write, site);
    return undefined;
  }

  /** What happens inside the operation at `site`. */
  during(raw: readonly RawInterruption[] | undefined, site: Site): During[] {
    if (raw === undefined) return [];
    return raw.map(({ after, nth = 1, steps }, index) => {
      const inside = site.at('during', index, 'steps');
      return { after, nth, steps: steps.flatMap((step, turn) => this.access(step, inside.at(turn)) ?? []) };
    });
  }

  #cpu(op: 'cpu_read' | 'cpu_write', raw: Raw<'cpu_read'>, site: Site): AccessStep {
    const { buffer, offset, size } = this.range(raw, site.at(op));
    return { op, buffer, offset, size };
  }

  /** A device may miss what it aims at, but "all segments in order" must be somewhere. */
  #device(op: 'device_read' | 'device_write', raw: Raw<'device_read'>, site: Site): AccessStep {
    const here = site.at(op);
    const { id, segment, offset = 0, size } = withId(raw);
    const map = this.#names.ever(id, here);
    const info = this.#names.info(map);
    const whole = wholeOf(info, segment, here);
    const anywhere = segment !== undefined || !info.sg;
    if (size !== undefined && anywhere) return { op, map, segment, offset, size };
    if (offset < 0) {
      const needs = anywhere ? 'a size' : 'a segment and a size';
      throw here.error(`${offset} is in front of ${whole.name}: this needs ${needs} too`, 'offset');
    }
    return { op, map, segment, offset, size: sizeInside(offset, size, whole, here) };
  }
}
