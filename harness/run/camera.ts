// SPDX-License-Identifier: GPL-2.0-only
/** Memory and page tables in the middle of a run, as plain data. */
import type { State } from '../subject/state.ts';
import type { Translation } from '../machine/iommu.ts';
import { Machine } from '../machine/machine.ts';
import { CHUNK } from '../machine/memory.ts';
import { runScenario } from './interpreter.ts';
import { returning } from './returning.ts';
import type { Scenario } from './scenario.ts';

/** Physical addresses [start, end). */
export interface Area {
  readonly start: number;
  readonly end: number;
}

/** The labels of an area. */
export interface AreaLabels extends Area {
  /** As they stand in memory, where a non-coherent device looks. */
  readonly memory: Uint32Array;
  /** As the CPU and a coherent device see them. */
  readonly cpu: Uint32Array;
}

/** A granule that a device can reach. */
export interface Reach {
  readonly device: number;
  readonly iova: number;
  readonly phys: number;
  /** Bytes. */
  readonly size: number;
  /** What the device may do: IOMMU_READ, IOMMU_WRITE, … */
  readonly prot: number;
  /** False: only the IOTLB still has it. */
  readonly inPageTable: boolean;
}

/** When to look: once event `event` has happened in step `step`; without one, when the step is over. */
export interface Moment {
  readonly step: number;
  readonly event?: number | undefined;
}

export interface Snapshot {
  /** Events that had happened. */
  readonly events: number;
  readonly areas: readonly AreaLabels[];
  readonly reach: readonly Reach[];
}

/** The areas, and what every device can reach, at a moment of the case. */
export function snapshotAt(
  state: State,
  scenario: Scenario,
  moment: Moment,
  areas: readonly Area[],
): Snapshot {
  const upToThen = { ...scenario, steps: scenario.steps.slice(0, moment.step + 1) };
  return returning(() => {
    const camera = new Camera(moment, areas);
    runScenario(camera, state, upToThen);
    return camera.snapshot ?? camera.take();
  });
}

/** A machine whose memory and page tables can be looked at. */
export class Seen extends Machine {
  private readonly wanted: readonly Area[];

  constructor(wanted: readonly Area[]) {
    super();
    this.wanted = wanted;
  }

  take(): Snapshot {
    const reach = this.devices.flatMap(({ index: device, domain }): Reach[] => {
      const { granule: size } = domain;
      const one =
        (inPageTable: boolean) =>
        ({ pfn, phys, granted }: Translation): Reach => ({
          device,
          iova: pfn * size,
          phys,
          size,
          prot: granted,
          inPageTable,
        });
      return [...[...domain.installed()].map(one(true)), ...domain.lingering.map(one(false))];
    });
    return { events: this.log.length, areas: this.contents(), reach };
  }

  /** What is in the areas now. */
  contents(): AreaLabels[] {
    return this.wanted.map(({ start, end }) => ({
      start,
      end,
      memory: this.labels(start, end, false),
      cpu: this.labels(start, end, true),
    }));
  }

  private labels(start: number, end: number, seesCache: boolean): Uint32Array {
    const labels = new Uint32Array(end - start);
    for (let at = start, n; at < end; at += n) {
      n = Math.min(end - at, CHUNK - (at % CHUNK));
      this.cache.peekLabels(at, n, seesCache, labels, at - start);
    }
    return labels;
  }
}

/** Looks at itself where its adversary does: after each change of what a device can reach. */
class Camera extends Seen {
  snapshot: Snapshot | undefined;
  private readonly moment: Moment;

  constructor(moment: Moment, wanted: readonly Area[]) {
    super(wanted);
    this.moment = moment;
  }

  override attack(): void {
    const { step, event } = this.moment;
    const isTime = event !== undefined && this.log.step === step && this.log.length > event;
    if (isTime) this.snapshot ??= this.take();
    super.attack();
  }
}
