// SPDX-License-Identifier: GPL-2.0-only
/** A recording, and what follows from it: worked out once, when somebody asks. */
import { bounceBuffersOf, type BounceBuffer } from './bounce-buffers.ts';
import { EventIndex } from './event-index.ts';
import { Names } from './names.ts';
import { Labels } from './provenance.ts';
import type { Recording } from './recording.ts';

/** A class whose instances have what a recording has, but for what is given beside it. */
const Recorded = class {
  constructor(recording: Recording, instead: Partial<Recording> = {}) {
    Object.assign(this, recording, instead);
  }
} as new (recording: Recording, instead?: Partial<Recording>) => Recording;

/**
 * A run that can be read now. It may stand in the machine's own log, and is gone with the machine's next
 * run (lookAt()); who holds on to one asks for a KeptRun.
 */
export class Run extends Recorded {
  #events: EventIndex | undefined;
  #provenance: Labels | undefined;
  #bounceBuffers: readonly BounceBuffer[] | undefined;
  #names: Names | undefined;

  get events(): EventIndex {
    return (this.#events ??= new EventIndex(this.records));
  }

  /** Who wrote what. */
  get provenance(): Labels {
    return (this.#provenance ??= new Labels(this.labels, this.events));
  }

  /** What swiotlb gave out, in order. */
  get bounceBuffers(): readonly BounceBuffer[] {
    return (this.#bounceBuffers ??= bounceBuffersOf(this.scenario, this.events));
  }

  /** What addresses stand for. */
  get names(): Names {
    return (this.#names ??= new Names(this.scenario, this.events, this.bounceBuffers));
  }
}

/** A run of its own, good for as long as anybody wants it. */
export class KeptRun extends Run {
  readonly isKept = true;
}

/** A copy of the run to hold on to; of one that behaves like it, all that cannot differ is used again. */
export function keep(run: Run, like?: KeptRun): KeptRun {
  return new KeptRun(run, {
    // The call paths are in there.
    records: run.records.slice(),
    bytes: like?.bytes ?? run.bytes.slice(),
    labels: like?.labels ?? run.labels.slice(),
    exposures: like?.exposures ?? run.exposures.slice(),
    viewLabels: like?.viewLabels ?? run.viewLabels.slice(),
  });
}
