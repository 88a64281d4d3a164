// SPDX-License-Identifier: GPL-2.0-only
/** Correct use of the DMA API (Documentation/core-api/dma-api.rst), step by step. */
import { LINE_SIZE, type DeviceConfig } from '../machine/config.ts';
import {
  DMA_ATTR_SKIP_CPU_SYNC,
  DMA_FROM_DEVICE,
  DMA_TO_DEVICE,
  type Direction,
  type Size,
} from '../machine/vocabulary.ts';
import type { AccessStep, BufferRange, During, Step } from '../run/scenario.ts';
import { duringOf, isMap, rangesOf, type DeviceAccess, type MapStep, type Program } from './program.ts';
import { elementAt } from '../text/element.ts';

/** Bytes [from, to) of a mapping that share an owner. */
interface Piece {
  readonly from: number;
  readonly to: number;
  readonly cpu: boolean;
  /** The device has never had them: mapped with SKIP and not synced yet. */
  readonly fresh: boolean;
  /** The CPU wrote to them since it owns them. */
  readonly dirty: boolean;
}

/** A mapping as the driver knows it. */
interface Use {
  readonly step: MapStep;
  readonly sg: boolean;
  readonly dir: Direction;
  readonly device: number;
  readonly ranges: readonly BufferRange[];
  readonly size: number;
  live: boolean;
  pieces: readonly Piece[];
}

/** Follows a program and says which step the API allows next. */
export class Usage {
  private readonly program: Pick<Program, 'machine' | 'buffers'>;
  private readonly uses: Use[] = [];

  constructor(program: Pick<Program, 'machine' | 'buffers'>) {
    this.program = program;
  }

  /** Mappings so far, live or not. */
  get maps(): number {
    return this.uses.length;
  }

  /** Numbers of the live mappings. */
  live(): number[] {
    return this.uses.flatMap(({ live }, map) => (live ? [map] : []));
  }

  /** The map step of the youngest mapping that has ended; undefined: all are live. */
  ended(): MapStep | undefined {
    return this.uses.findLast(({ live }) => !live)?.step;
  }

  /** The map step of a mapping so far. */
  mapStep(map: number): MapStep | undefined {
    return this.uses[map]?.step;
  }

  /** The device behind a mapping may do as it likes. */
  isHostile(map: number): boolean {
    return this.device(this.uses[map]?.device)?.untrusted === true;
  }

  allows(step: Step): boolean {
    if (!duringOf(step).every((point) => this.allowsDuring(step, point))) return false;
    switch (step.op) {
      case 'cpu_read':
      case 'cpu_write':
      case 'device_read':
      case 'device_write':
        return this.allowsAccess(step);
      case 'fail_next':
      case 'flush_queue':
      case 'dma_max_mapping_size':
        return this.device(step.device) !== undefined;
      case 'map_page':
      case 'map_sg':
        return this.allowsMap(step);
      case 'unmap_page':
      case 'unmap_sg':
        return this.allowsUnmap(step.map, step.op === 'unmap_sg', step.attrs);
      default:
        return this.allowsSync(step);
    }
  }

  /** The step happens. */
  add(step: Step): void {
    for (const { steps } of duringOf(step)) for (const access of steps) this.access(access);
    switch (step.op) {
      case 'cpu_read':
      case 'cpu_write':
        this.access(step);
        break;
      case 'map_page':
      case 'map_sg': {
        const ranges = rangesOf(step);
        const size = ranges.reduce((sum, range) => sum + range.size, 0);
        const cpu = (step.attrs & DMA_ATTR_SKIP_CPU_SYNC) !== 0;
        const { dir, device } = step;
        const pieces = [{ from: 0, to: size, cpu, fresh: cpu, dirty: false }];
        this.uses.push({ step, sg: step.op === 'map_sg', dir, device, ranges, size, live: true, pieces });
        break;
      }
      case 'unmap_page':
      case 'unmap_sg': {
        const use = this.uses[step.map];
        if (use !== undefined) use.live = false;
        break;
      }
      case 'sync_single_for_cpu':
      case 'sync_single_for_device':
      case 'sync_sg_for_cpu':
      case 'sync_sg_for_device': {
        const use = this.uses[step.map];
        if (use === undefined) break;
        const [from, to] = 'offset' in step ? [step.offset, step.offset + step.size] : [0, use.size];
        change(use, from, to, () => ({ cpu: step.op.endsWith('cpu'), fresh: false, dirty: false }));
        break;
      }
      default:
    }
  }

  private access(step: AccessStep): void {
    if (step.op !== 'cpu_write') return;
    for (const use of this.uses) {
      if (!use.live) continue;
      for (const [from, to] of this.shared(use, step, 1)) {
        change(use, from, to, ({ cpu, fresh }) => ({ cpu, fresh, dirty: true }));
      }
    }
  }

  private allowsMap(step: MapStep): boolean {
    const config = this.device(step.device);
    if (config === undefined || step.map !== this.uses.length) return false;
    const ranges = rangesOf(step);
    // Of a trusted device's list, some entries may be empty. Untrusted ones get each entry mapped by itself: slots or
    // IOVAs of no byte are a BUG_ON(!nslots), or undefined.
    const mayBeEmpty = step.op === 'map_sg' && !config.untrusted && ranges.some(({ size }) => size > 0);
    if (ranges.length === 0 || !ranges.every((range) => this.isInside(range, mayBeEmpty))) return false;
    if (step.op === 'map_sg' && ranges.some(({ size }) => size > longestEntry(config))) return false;
    const overlapping = ranges.some((a, i) =>
      ranges.some((b, j) => i < j && a.buffer === b.buffer && overlap(a, b)),
    );
    if (overlapping) return false;
    return this.uses.every(
      (use) =>
        !use.live ||
        ranges.every((range) => this.shared(use, range, this.line(use, !config.coherent)).length === 0),
    );
  }

  private allowsUnmap(map: number, sg: boolean, attrs: number): boolean {
    const use = this.uses[map];
    if (use === undefined || !use.live || use.sg !== sg) return false;
    if ((attrs & DMA_ATTR_SKIP_CPU_SYNC) !== 0 || use.dir === DMA_TO_DEVICE) return true;
    return use.pieces.every(({ cpu, fresh, dirty }) => !cpu || (!fresh && !dirty));
  }

  private allowsSync(step: Extract<Step, { op: `sync_${string}` }>): boolean {
    const use = this.uses[step.map];
    if (use === undefined || !use.live || use.sg !== step.op.startsWith('sync_sg')) return false;
    const [from, to] = 'offset' in step ? [step.offset, step.offset + step.size] : [0, use.size];
    if (from < 0 || to > use.size || from >= to) return false;
    if (this.device(use.device)?.coherent === false && !this.onLines(use, from, to)) return false;
    const toDevice = step.op.endsWith('device');
    return covered(use, from, to).every(({ cpu, fresh, dirty }) => {
      // Again in the same direction is harmless where no bytes of the owner are at stake.
      if (toDevice) return cpu || use.dir === DMA_TO_DEVICE;
      return !cpu || use.dir === DMA_TO_DEVICE || (!fresh && !dirty);
    });
  }

  private allowsAccess(step: AccessStep): boolean {
    if ('map' in step) return this.allowsDevice(step);
    if (!this.isInside(step)) return false;
    const isWrite = step.op === 'cpu_write';
    return this.uses.every((use) => {
      if (!use.live) return true;
      if (isWrite && use.dir === DMA_FROM_DEVICE && this.shared(use, step, 1).length > 0) return false;
      const near = this.shared(use, step, this.line(use, false));
      return near.every(([from, to]) => covered(use, from, to).every(({ cpu }) => cpu));
    });
  }

  private allowsDevice({ op, map, segment, offset, size }: DeviceAccess): boolean {
    const use = this.uses[map];
    if (use === undefined || size <= 0) return false;
    const inside = offset >= 0 && offset + size <= use.size;
    if (segment === undefined && use.sg && !inside) return false;
    if (segment !== undefined && (segment < 0 || segment >= use.ranges.length)) return false;
    if (this.isHostile(map)) return true;
    if (!use.live || !inside || segment !== undefined) return false;
    const wrongWay = op === 'device_read' ? DMA_FROM_DEVICE : DMA_TO_DEVICE;
    return use.dir !== wrongWay && covered(use, offset, offset + size).every(({ cpu }) => !cpu);
  }

  /** Inside an operation a trusted device and the CPU keep their hands off what is under way. */
  private allowsDuring(step: Step, { nth, steps }: During): boolean {
    if (!('map' in step) || nth < 1 || steps.length === 0) return false;
    return steps.every((access) => {
      if (!this.allowsAccess(access)) return false;
      if ('map' in access) return access.map !== step.map || (!isMap(step) && this.isHostile(access.map));
      const ranges = isMap(step) ? rangesOf(step) : (this.uses[step.map]?.ranges ?? []);
      return ranges.every((range) => {
        const near = lines(access, this.base(access.buffer), LINE_SIZE);
        return (
          range.buffer !== access.buffer || !overlap(near, lines(range, this.base(range.buffer), LINE_SIZE))
        );
      });
    });
  }

  /** Parts [from, to) of the mapping that `range`, widened to `line` bytes, touches. */
  private shared(use: Use, range: BufferRange, line: number): [number, number][] {
    const found: [number, number][] = [];
    const wide = lines(range, this.base(range.buffer), line);
    let start = 0;
    for (const { buffer, offset, size } of use.ranges) {
      const from = Math.max(offset, wide.offset) - offset;
      const to = Math.min(offset + size, wide.offset + wide.size) - offset;
      if (buffer === range.buffer && from < to) found.push([start + from, start + to]);
      start += size;
    }
    return found;
  }

  /** A partial sync of a non-coherent device begins and ends on cache lines or where the buffer does. */
  private onLines(use: Use, from: number, to: number): boolean {
    const { buffer = 0, offset = 0 } = use.ranges[0] ?? {};
    const at = this.base(buffer) + offset;
    return (from === 0 || (at + from) % LINE_SIZE === 0) && (to === use.size || (at + to) % LINE_SIZE === 0);
  }

  private line(use: Use, orElse: boolean): number {
    return orElse || this.device(use.device)?.coherent === false ? LINE_SIZE : 1;
  }

  private isInside({ buffer, offset, size }: BufferRange, mayBeEmpty = false): boolean {
    return (
      offset >= 0 &&
      size >= (mayBeEmpty ? 0 : 1) &&
      offset + size <= (this.program.buffers[buffer]?.size ?? 0)
    );
  }

  private base(buffer: number): number {
    return this.program.buffers[buffer]?.offset ?? 0;
  }

  private device(index: number | undefined) {
    return elementAt(this.program.machine.devices, index);
  }
}

/** Every step of the program is what the API allows at that point. */
export function isCorrectUse(program: Program): boolean {
  const usage = new Usage(program);
  for (const step of program.steps) {
    if (!usage.allows(step)) return false;
    usage.add(step);
  }
  return program.steps.length > 0;
}

/** Most bytes that a driver puts into one entry of a list for the device: what its limits let one segment have. */
export function longestEntry(device: DeviceConfig | undefined): Size {
  if (device === undefined) return Infinity;
  return Math.min(device.maxSegSize, device.segBoundary < 0 ? Infinity : device.segBoundary + 1);
}

function covered({ pieces }: Use, from: number, to: number): readonly Piece[] {
  return pieces.filter((piece) => piece.from < to && from < piece.to);
}

function change(
  use: Use,
  from: number,
  to: number,
  make: (piece: Piece) => Omit<Piece, 'from' | 'to'>,
): void {
  use.pieces = use.pieces.flatMap((piece) => {
    if (piece.from >= to || from >= piece.to) return [piece];
    const inner = { from: Math.max(piece.from, from), to: Math.min(piece.to, to), ...make(piece) };
    const parts: Piece[] = [];
    if (piece.from < inner.from) parts.push({ ...piece, to: inner.from });
    parts.push(inner);
    if (inner.to < piece.to) parts.push({ ...piece, from: inner.to });
    return parts;
  });
}

/** The range widened to whole lines; `base` is where its buffer begins in its home. */
function lines({ offset, size }: Span, base: number, line: number): Span {
  if (line === 1) return { offset, size };
  const from = Math.floor((base + offset) / line) * line - base;
  const to = Math.ceil((base + offset + size) / line) * line - base;
  return { offset: from, size: to - from };
}

interface Span {
  readonly offset: number;
  readonly size: number;
}

function overlap(a: Span, b: Span): boolean {
  return a.offset < b.offset + b.size && b.offset < a.offset + a.size;
}
