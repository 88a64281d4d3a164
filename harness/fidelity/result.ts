// SPDX-License-Identifier: GPL-2.0-only
/** What a state did with a recorded program, in the vectors' own form. */
import { createHash } from 'node:crypto';
import type { Machine } from '../machine/machine.ts';
import { hex } from '../machine/u64.ts';
import { DMA_MAPPING_ERROR } from '../machine/vocabulary.ts';
import type { StepOutcome } from '../run/recording.ts';
import type { Run } from '../run/run.ts';
import { vectorEvents } from './events.ts';
import type { Operation, Program, Result } from './vectors.ts';

type OperationResult = Result['ops'][number];

/** The run of `program` that has just ended on `machine`. */
export function resultOf(machine: Machine, { id, program, machine: { granule } }: Program, run: Run): Result {
  const [device] = machine.devices;
  if (device === undefined) throw new RangeError('a machine without devices');
  const { events, scenario, steps } = run;
  const allocated = events.of('alloc_iova_fast').filter(({ result }) => result > 0);
  const reached = scenario.mappings.filter(({ step }) => step < steps.length);
  return {
    id,
    fq: device.flushQueue,
    ops: program.slice(0, steps.length).map((operation, i) => operationResult(run, operation, steps[i])),
    crashed: run.crash !== undefined,
    end: {
      ptes: [...device.domain.installed()]
        .toSorted((a, b) => a.pfn - b.pfn)
        .map((t) => [hex(t.pfn * granule), hex(t.phys), t.prot]),
      slotsUsed: machine.pool.used,
      iovasLive: allocated.length - events.of('free_iova_fast').length,
    },
    mem: reached.flatMap(({ ranges }) =>
      ranges.map(({ buffer, size }) => {
        const phys = scenario.buffers[buffer]?.phys ?? 0;
        return [hex(phys), size, digest(machine, phys, size)] as [string, number, string];
      }),
    ),
  };
}

function operationResult(run: Run, operation: Operation, outcome?: StepOutcome): OperationResult {
  const { status = 'crashed', segments = [], from = 0, to = 0 } = outcome ?? {};
  const events = vectorEvents(run.events, from, to);
  const result: OperationResult = {
    op: operation.op,
    ...('id' in operation && { id: operation.id }),
    events,
  };
  if (status === 'skipped') return { ...result, skipped: 'map failed' };
  if (status === 'crashed') return result;
  if (operation.op === 'map_page') result.ret = hex(segments[0]?.address ?? DMA_MAPPING_ERROR);
  if (operation.op !== 'map_sg') return result;
  result.ret = segments.length;
  if (segments.length > 0) result.segs = segments.map(({ address, length }) => [hex(address), length]);
  return result;
}

/** sha1 of the bytes as the CPU sees them. */
function digest(machine: Machine, phys: number, size: number): string {
  const bytes = new Uint8Array(size);
  machine.cache.load(phys, size, bytes, new Uint32Array(size), 0);
  return createHash('sha1').update(bytes).digest('hex');
}
