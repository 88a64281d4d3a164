// SPDX-License-Identifier: GPL-2.0-only
/** The steps of a generated program: proposed by chance, taken when the API allows them. */
import { LINE_SIZE, type MachineConfig } from '../machine/config.ts';
import { INTERLEAVE_POINTS } from '../machine/events.ts';
import { DMA_ATTR_SKIP_CPU_SYNC } from '../machine/vocabulary.ts';
import { FAULTS, type AccessStep, type BufferRange, type During, type Step } from '../run/scenario.ts';
import { isLimited, makeAttrs, makeDirection, type Feature } from './features.ts';
import { isMap, mappedSize, rangesOf, type MapStep, type Program, type ProgramBuffer } from './program.ts';
import type { Choices } from './random.ts';
import { longestEntry, Usage } from './usage.ts';

/** What may come next, and how often each is proposed. */
type Proposal = 'map' | 'unmap' | 'sync' | 'cpu' | 'device' | 'fault' | 'flush';

/** Proposals that the API refuses before the program ends early. */
const PATIENCE = 12;

/** Steps for a machine and its buffers. */
export function makeSteps(
  choices: Choices,
  features: ReadonlySet<Feature>,
  machine: MachineConfig,
  buffers: readonly ProgramBuffer[],
): Step[] {
  return new Author(choices, features, machine, buffers).write();
}

/** Up to three steps by chance that may come behind those of the program. */
export function continued(choices: Choices, features: ReadonlySet<Feature>, program: Program): Step[] {
  const { machine, buffers, steps } = program;
  return new Author(choices, features, machine, buffers).go(steps, 1 + choices.below(3));
}

class Author {
  private readonly steps: Step[] = [];
  private readonly usage: Usage;
  private readonly proposals: readonly Proposal[];
  private readonly choices: Choices;
  private readonly features: ReadonlySet<Feature>;
  private readonly machine: MachineConfig;
  private readonly buffers: readonly ProgramBuffer[];

  constructor(
    choices: Choices,
    features: ReadonlySet<Feature>,
    machine: MachineConfig,
    buffers: readonly ProgramBuffer[],
  ) {
    this.choices = choices;
    this.features = features;
    this.machine = machine;
    this.buffers = buffers;
    this.usage = new Usage({ machine, buffers });
    const when = (feature: Feature, ...what: Proposal[]): Proposal[] => (features.has(feature) ? what : []);
    this.proposals = [
      'map',
      'unmap',
      ...when('several', 'map'),
      ...when('sync', 'sync', 'sync'),
      ...when('cpuAccess', 'cpu'),
      ...when('deviceRead', 'device'),
      ...when('deviceWrite', 'device'),
      ...when('faults', 'fault'),
      ...when('lazy', 'flush'),
    ];
  }

  write(): Step[] {
    const length = (this.features.has('long') ? 10 : 3) + this.choices.below(8);
    if (this.chance(2)) {
      this.take({ line: 0, op: 'cpu_write', ...this.whole(this.choices.below(this.buffers.length)) });
    }
    if (this.features.has('crowd')) this.fill();
    for (let patience = PATIENCE; patience > 0 && this.steps.length < length;) {
      const step = this.propose();
      if (step === undefined || !this.take(step)) patience--;
    }
    if (this.features.has('tidy')) this.tidyUp();
    return this.steps;
  }

  /** Most buffers are mapped and some used, so that what comes next finds pool and IOVA space full of data. */
  private fill(): void {
    for (const buffer of this.buffers.keys()) {
      const step = this.chance(6) ? undefined : this.map(buffer);
      if (step === undefined || !this.take(step) || !this.features.has('deviceWrite')) continue;
      const map = this.usage.maps - 1;
      const access = {
        op: 'device_write',
        map,
        segment: undefined,
        offset: 0,
        size: mappedSize(step),
      } as const;
      if (!this.chance(4)) this.take({ line: 0, ...access });
    }
  }

  /** So many steps more, at most, behind those that there are. */
  go(before: readonly Step[], more: number): Step[] {
    for (const step of before) this.usage.add(step);
    for (let patience = PATIENCE; patience > 0 && this.steps.length < more;) {
      const step = this.propose();
      if (step === undefined || !this.take(step)) patience--;
    }
    return this.steps;
  }

  private take(step: Step): boolean {
    if (!this.usage.allows(step)) return false;
    this.usage.add(step);
    this.steps.push(step);
    return true;
  }

  private tidyUp(): void {
    const live = this.usage.live();
    const first = this.choices.below(live.length);
    for (const map of [...live.slice(first), ...live.slice(0, first)]) {
      if (!this.take(this.unmap(map, 0))) this.take(this.unmap(map, DMA_ATTR_SKIP_CPU_SYNC));
    }
    for (const index of this.buffers.keys()) this.take({ line: 0, op: 'cpu_read', ...this.whole(index) });
    if (this.features.has('lazy')) this.take({ line: 0, op: 'flush_queue', device: 0 });
  }

  private propose(): Step | undefined {
    switch (this.oneOf(this.proposals)) {
      case 'map':
        return this.map();
      case 'unmap': {
        const map = this.oneOf(this.usage.live());
        const skip = this.features.has('skip') && this.chance(2) ? DMA_ATTR_SKIP_CPU_SYNC : 0;
        return map === undefined ? undefined : this.interrupted(this.unmap(map, skip));
      }
      case 'sync':
        return this.sync();
      case 'cpu':
        return { line: 0, ...this.cpu() };
      case 'device': {
        const access = this.device();
        return access === undefined ? undefined : { line: 0, ...access };
      }
      case 'fault': {
        const what = this.oneOf(FAULTS);
        return what === undefined ? undefined : { line: 0, op: 'fail_next', device: this.anyDevice(), what };
      }
      case 'flush':
        return { line: 0, op: 'flush_queue', device: this.anyDevice() };
      case undefined:
        return undefined;
    }
  }

  /** Of that buffer, or of any. */
  private map(buffer?: number): MapStep | undefined {
    const { usage, choices, features } = this;
    const isMore = features.has('reuse') || features.has('several') || features.has('crowd');
    const again = features.has('retry') && this.chance(2) ? usage.ended() : undefined;
    if (again !== undefined) return { ...again, map: usage.maps, during: [] };
    if (usage.maps > 0 && !isMore) return undefined;
    const sg = features.has('sg') && (!features.has('page') || this.chance(2));
    const common = {
      line: 0 as const,
      map: usage.maps,
      device: this.anyDevice(),
      dir: makeDirection(choices, features),
      attrs: makeAttrs(choices, features),
      during: [],
    };
    if (!sg) return this.interrupted({ ...common, op: 'map_page', ...this.mapRange(buffer) });
    const device = this.machine.devices[common.device];
    const longest = longestEntry(device);
    const sgl = this.list(buffer).map((range) => ({ ...range, size: Math.min(range.size, longest) }));
    if (!features.has('slivers')) return this.interrupted({ ...common, op: 'map_sg', sgl });
    // Of a list that is mapped as a whole, an entry may also be empty.
    const at = choices.below(sgl.length);
    const size = device?.untrusted === true ? 1 : choices.below(2);
    const cut = sgl.map((range, index) => (index === at ? { ...range, size } : range));
    return this.interrupted({ ...common, op: 'map_sg', sgl: cut });
  }

  /** Buffers, each once; or parts of one. */
  private list(buffer: number | undefined): BufferRange[] {
    const { choices, features } = this;
    if (features.has('lists') && (isLimited(features) || this.chance(2))) {
      return this.slices(buffer ?? choices.below(this.buffers.length), 2 + choices.below(7));
    }
    const count = buffer === undefined ? 1 + choices.below(3) : 1;
    const sgl = Array.from({ length: count }, () => this.mapRange(buffer));
    if (features.has('partialMap')) return sgl;
    return sgl.filter((range, i) => sgl.findIndex((other) => other.buffer === range.buffer) === i);
  }

  /** So many parts of a buffer, apart from each other or end to end. */
  private slices(buffer: number, count: number): BufferRange[] {
    const { size } = this.whole(buffer);
    const { granule } = this.machine;
    if (isLimited(this.features) && size > granule && !this.chance(4)) return this.granules(buffer);
    const each = Math.floor(size / count / LINE_SIZE) * LINE_SIZE;
    if (each === 0) return [this.whole(buffer)];
    const part = this.chance(2) ? each : Math.max(LINE_SIZE, Math.min(512, each / 2));
    return Array.from({ length: count }, (_, at) => ({ buffer, offset: at * each, size: part }));
  }

  /** A buffer in parts of one to three granules, the last one as it comes: what may be put end to end up to a limit. */
  private granules(buffer: number): BufferRange[] {
    const { size } = this.whole(buffer);
    const parts: BufferRange[] = [];
    for (let offset = 0; offset < size; offset += parts.at(-1)?.size ?? size) {
      const some = (1 + this.choices.below(3)) * this.machine.granule;
      parts.push({ buffer, offset, size: Math.min(some, size - offset) });
    }
    return parts;
  }

  private unmap(map: number, attrs: number): Extract<Step, { op: `unmap_${string}` }> {
    const step = this.usage.mapStep(map);
    return { line: 0, op: step?.op === 'map_sg' ? 'unmap_sg' : 'unmap_page', map, attrs, during: [] };
  }

  private sync(): Step | undefined {
    const map = this.oneOf(this.usage.live());
    const mapped = map === undefined ? undefined : this.usage.mapStep(map);
    if (map === undefined || mapped === undefined) return undefined;
    const forCpu = this.chance(2);
    if (mapped.op === 'map_sg') {
      return this.interrupted({
        line: 0,
        op: forCpu ? 'sync_sg_for_cpu' : 'sync_sg_for_device',
        map,
        during: [],
      });
    }
    const span = this.features.has('partialSync') ? this.part(mapped.size) : { offset: 0, size: mapped.size };
    const op = forCpu ? 'sync_single_for_cpu' : 'sync_single_for_device';
    return this.interrupted({ line: 0, op, map, ...span, during: [] });
  }

  private cpu(): AccessStep {
    const op = this.chance(2) ? 'cpu_read' : 'cpu_write';
    const range = this.whole(this.choices.below(this.buffers.length));
    return this.chance(3) ? { op, ...range, ...this.part(range.size) } : { op, ...range };
  }

  /** Of a mapping so far; a hostile device also reaches for what is gone or not its own. */
  private device(): AccessStep | undefined {
    const hostile = this.features.has('hostile');
    const known = hostile ? Array.from({ length: this.usage.maps }, (_, map) => map) : this.usage.live();
    const map = this.oneOf(known);
    const mapped = map === undefined ? undefined : this.usage.mapStep(map);
    if (map === undefined || mapped === undefined) return undefined;
    const reads = this.features.has('deviceRead') && (!this.features.has('deviceWrite') || this.chance(2));
    const op = reads ? 'device_read' : 'device_write';
    const total = mappedSize(mapped);
    if (hostile && this.chance(3)) {
      const segment = this.choices.below(rangesOf(mapped).length);
      const offset = this.oneOf([-64, -512, total, total + 512, 2048, -2048, 4096]) ?? 0;
      return { op, map, segment: mapped.op === 'map_sg' ? segment : undefined, offset, size: 64 };
    }
    const span = this.chance(2) ? { offset: 0, size: total } : this.part(total);
    return { op, map, segment: undefined, ...span };
  }

  /** With accesses between the primitives of the operation. */
  private interrupted<T extends Step & { readonly during: readonly During[] }>(step: T): T {
    if (!this.features.has('during') || !this.chance(2)) return step;
    const access = this.chance(3) ? this.cpu() : this.device();
    const after = this.oneOf(INTERLEAVE_POINTS);
    if (access === undefined || after === undefined) return step;
    const point = { after, nth: 1 + this.choices.below(2), steps: [access] };
    const candidate = { ...step, during: [point] };
    return this.usage.allows(candidate) || isMap(step) ? candidate : step;
  }

  private mapRange(buffer = this.choices.below(this.buffers.length)): BufferRange {
    const range = this.whole(buffer);
    return this.features.has('partialMap') && this.chance(2) ? { ...range, ...this.part(range.size) } : range;
  }

  private whole(buffer: number): BufferRange {
    return { buffer, offset: 0, size: this.buffers[buffer]?.size ?? 0 };
  }

  /** Some bytes of `total`, mostly on cache lines. */
  private part(total: number): { offset: number; size: number } {
    const unit = this.features.has('odd') && this.chance(2) ? 1 : total > 4096 ? 512 : LINE_SIZE;
    const units = Math.max(1, Math.floor(total / unit));
    const offset = Math.min(this.choices.below(units) * unit, total - 1);
    const most = Math.max(1, Math.floor((total - offset) / unit));
    return { offset, size: Math.min((1 + this.choices.below(most)) * unit, total - offset) };
  }

  private anyDevice(): number {
    return this.choices.below(this.machine.devices.length);
  }

  private chance(of: number): boolean {
    return this.choices.below(of) === 0;
  }

  private oneOf<T>(list: readonly T[]): T | undefined {
    return list[this.choices.below(list.length)];
  }
}
