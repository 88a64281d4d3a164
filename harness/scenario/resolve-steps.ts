// SPDX-License-Identifier: GPL-2.0-only
/** From the steps of a case as written to steps that the interpreter runs. */
import type { Attrs, Direction } from '../machine/vocabulary.ts';
import { ATTR_BITS, DIRECTION_NAMES } from '../machine/vocabulary.ts';
import type { MappedOp } from './mapping-names.ts';
import { MAPPED_OPS, MappingNames } from './mapping-names.ts';
import type { Raw } from './resolve-accesses.ts';
import { AccessResolver, withId } from './resolve-accesses.ts';
import type { Buffer, BufferRange, MappingInfo, Misuse, Step } from '../run/scenario.ts';
import type { RawStep } from './schema.ts';
import type { Site } from './site.ts';
import { sizeInside } from './site.ts';

type MappedFields = Exclude<Raw<'unmap_page'>, string> & Exclude<Raw<'sync_single_for_cpu'>, string>;
type WrongName = 'size' | 'dir' | 'entries';
type RawMap = Raw<'map_page'> | Raw<'map_sg'>;

const ATTRS: ReadonlyMap<string, Attrs> = new Map(Object.entries(ATTR_BITS));

function attrBits(attrs: RawMap['attrs'] = []): Attrs {
  const names = typeof attrs === 'string' ? [attrs] : attrs;
  return names.reduce((bits, name) => bits | (ATTRS.get(name) ?? 0), 0);
}

/** Most of what the cases of a file are made of. */
export const MAX_PIECES = 65536;
export const PIECES = 'steps, scatterlist entries and accesses inside operations';

/** Steps, scatterlist entries and accesses that a step counts for. */
export function piecesOf(step: Step): number {
  let pieces = 1;
  if ('during' in step) for (const { steps } of step.during) pieces += 1 + steps.length;
  return step.op === 'map_sg' ? pieces + step.sgl.length : pieces;
}

/** What of a call may be otherwise than it was mapped, on purpose. */
const WRONG: Readonly<Record<MappedOp, readonly WrongName[]>> = {
  unmap_page: ['size', 'dir'],
  unmap_sg: ['dir', 'entries'],
  sync_single_for_cpu: ['dir'],
  sync_single_for_device: ['dir'],
  sync_sg_for_cpu: ['dir', 'entries'],
  sync_sg_for_device: ['dir', 'entries'],
};

/** The misuse that a step is marked as. Throws InputError for what only a marked one may say. */
function misuseIn(op: MappedOp, fields: MappedFields, site: Site): Misuse | undefined {
  const { misuse = false, size, dir, entries } = fields;
  const given = (['size', 'dir', 'entries'] as const).filter((name) => fields[name] !== undefined);
  for (const name of given) {
    if (name === 'size' && op.startsWith('sync_single')) continue;
    if (!WRONG[op].includes(name)) throw site.error(`${op} has no ${name}`, name);
    if (!misuse) {
      throw site.error(`${name} is what was mapped; to say otherwise is misuse: mark it misuse: true`, name);
    }
  }
  if (!misuse) return undefined;
  return {
    ...(dir === undefined ? {} : { dir: DIRECTION_NAMES.indexOf(dir) as Direction }),
    ...(size === undefined || op !== 'unmap_page' ? {} : { size }),
    ...(entries === undefined ? {} : { entries }),
  };
}

/** Resolves the steps of one case in their order. */
export class StepResolver {
  readonly steps: Step[] = [];
  readonly #deviceNames: readonly string[];
  readonly #names = new MappingNames();
  readonly #accesses: AccessResolver;
  #pieces = 0;

  constructor(deviceNames: readonly string[], buffers: readonly Buffer[]) {
    this.#deviceNames = deviceNames;
    this.#accesses = new AccessResolver(buffers, this.#names);
  }

  /** Every mapping so far, by its number. */
  get mappings(): readonly MappingInfo[] {
    return this.#names.mappings;
  }

  /** Appends a step. Throws InputError for names that mean nothing and for misuse of the API. */
  add(raw: RawStep, line: number, site: Site): void {
    const step = this.#resolve(raw, line, site);
    this.#pieces += piecesOf(step);
    if (this.#pieces > MAX_PIECES) throw site.error(`more than the ${MAX_PIECES} ${PIECES} a case may have`);
    this.steps.push(step);
  }

  #resolve(raw: RawStep, line: number, site: Site): Step {
    if (raw === 'flush_queue') return { line, op: raw, device: this.#device(undefined, site) };
    const access = this.#accesses.access(raw, site);
    if (access !== undefined) return { line, ...access };
    if (raw.map_page !== undefined) return this.#mapPage(raw.map_page, line, site.at('map_page'));
    if (raw.map_sg !== undefined) return this.#mapSg(raw.map_sg, line, site.at('map_sg'));
    if (raw.fail_next !== undefined) return this.#failNext(raw.fail_next, line, site.at('fail_next'));
    if (raw.flush_queue !== undefined) {
      return { line, op: 'flush_queue', device: this.#device(raw.flush_queue, site.at('flush_queue')) };
    }
    if (raw.dma_max_mapping_size !== undefined) {
      return this.#maxMappingSize(raw.dma_max_mapping_size, line, site.at('dma_max_mapping_size'));
    }
    for (const op of MAPPED_OPS) {
      const given = raw[op];
      if (given !== undefined) return this.#mapped(op, given, line, site.at(op));
    }
    throw site.error('not a step');
  }

  #mapPage(raw: Raw<'map_page'>, line: number, site: Site): Step {
    const { buffer, offset, size } = this.#accesses.range(raw, site);
    const during = this.#accesses.during(raw.during, site);
    const { map, device, dir } = this.#map(raw, false, [{ buffer, offset, size }], site);
    const attrs = attrBits(raw.attrs);
    return { line, op: 'map_page', map, device, buffer, offset, size, dir, attrs, during };
  }

  #mapSg(raw: Raw<'map_sg'>, line: number, site: Site): Step {
    const sgl = raw.sgl.map((entry, index) => this.#accesses.range(entry, site.at('sgl', index)));
    const during = this.#accesses.during(raw.during, site);
    const { map, device, dir } = this.#map(raw, true, sgl, site);
    return { line, op: 'map_sg', map, device, sgl, dir, attrs: attrBits(raw.attrs), during };
  }

  #map(raw: RawMap, sg: boolean, ranges: readonly BufferRange[], site: Site) {
    const device = this.#device(raw.device, site);
    const dir = DIRECTION_NAMES.indexOf(raw.dir) as Direction;
    const map = this.#names.map({ name: raw.id, step: this.steps.length, device, dir, sg, ranges }, site);
    return { map, device, dir };
  }

  /** What is done to a mapping that is there: an unmap or a sync. */
  #mapped(op: MappedOp, raw: Raw<MappedOp>, line: number, site: Site): Step {
    const fields = withId<MappedFields>(raw);
    const { id, attrs, offset = 0, size, during: inside } = fields;
    const misuse = misuseIn(op, fields, site);
    const wrong = misuse === undefined ? {} : { misuse };
    const map = misuse === undefined ? this.#names.live(op, id, site) : this.#names.ever(id, site);
    const count = this.#names.info(map).ranges.length;
    if ((misuse?.entries ?? 0) > count) throw site.error(`${id} has ${count} entries, not more`, 'entries');
    const during = this.#accesses.during(inside, site);
    switch (op) {
      case 'unmap_page':
      case 'unmap_sg':
        this.#names.unmap(id, line);
        return { line, op, map, attrs: attrBits(attrs), during, ...wrong };
      case 'sync_single_for_cpu':
      case 'sync_single_for_device': {
        const whole = { name: `mapping ${id}`, size: this.#names.info(map).ranges[0]?.size ?? 0 };
        const bytes =
          misuse === undefined ? sizeInside(offset, size, whole, site) : (size ?? whole.size - offset);
        return { line, op, map, offset, size: bytes, during, ...wrong };
      }
      case 'sync_sg_for_cpu':
      case 'sync_sg_for_device':
        return { line, op, map, during, ...wrong };
    }
  }

  #maxMappingSize(raw: Raw<'dma_max_mapping_size'>, line: number, site: Site): Step {
    const { device, size } = typeof raw === 'string' ? { device: raw, size: undefined } : raw;
    const limit = size === undefined ? {} : { size };
    return { line, op: 'dma_max_mapping_size', device: this.#device(device, site), ...limit };
  }

  #failNext(raw: Raw<'fail_next'>, line: number, site: Site): Step {
    const { what, device } = typeof raw === 'string' ? { what: raw, device: undefined } : raw;
    return { line, op: 'fail_next', device: this.#device(device, site), what };
  }

  /** The device a step names, or the only one there is. */
  #device(name: string | undefined, site: Site): number {
    const known = this.#deviceNames;
    if (name === undefined) {
      if (known.length === 1) return 0;
      throw site.error(`say which device: ${known.join(', ')}`, 'device');
    }
    const index = known.indexOf(name);
    if (index < 0) throw site.unknown('a device', name, known, 'device');
    return index;
  }
}
