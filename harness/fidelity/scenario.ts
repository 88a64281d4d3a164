// SPDX-License-Identifier: GPL-2.0-only
/** A recorded program as a scenario, so that the interpreter that finds things is the one held against C. */
import { parseU64 } from '../machine/u64.ts';
import {
  ATTR_BITS,
  DIRECTION_NAMES,
  type AttrName,
  type Attrs,
  type Direction,
} from '../machine/vocabulary.ts';
import type { Buffer, BufferRange, MappingInfo, Scenario, Step } from '../run/scenario.ts';
import type { Operation, Program } from './vectors.ts';

/** The program, operation by operation a step. */
export function scenarioOf({ id, machine, program }: Program): Scenario {
  const { device, ...config } = machine;
  const translation = new Translation();
  const steps = program.map((operation, index) => translation.step(operation, index));
  return {
    id,
    scenario: id,
    name: id,
    why: 'what the kernel does with it was recorded',
    refs: [],
    watch: [],
    machine: {
      ...config,
      iommu: 'arm',
      cache: 'off',
      devices: [
        {
          ...device,
          dmaMask: parseU64(device.dmaMask),
          segBoundary: parseU64(device.segBoundary),
          iovaBase: 0,
          scribble: false,
        },
      ],
    },
    deviceNames: ['dev'],
    buffers: translation.buffers,
    mappings: translation.mappings,
    steps,
  };
}

class Translation {
  readonly buffers: Buffer[] = [];
  readonly mappings: MappingInfo[] = [];

  step(operation: Operation, index: number): Step {
    const common = { line: 0, during: [] };
    switch (operation.op) {
      case 'map_page': {
        const range = this.range(operation.phys, operation.size);
        const map = this.mapped(operation, index, [range]);
        return { ...common, ...range, ...map, op: 'map_page', attrs: attributes(operation.attrs) };
      }
      case 'map_sg': {
        const sgl = operation.sgl.map(([phys, length]) => this.range(phys, length));
        const map = this.mapped(operation, index, sgl);
        return { ...common, ...map, op: 'map_sg', sgl, attrs: attributes(operation.attrs) };
      }
      case 'unmap_page':
      case 'unmap_sg':
        return {
          ...common,
          op: operation.op,
          map: this.mapping(operation),
          attrs: attributes(operation.attrs),
        };
      case 'sync_single_for_cpu':
      case 'sync_single_for_device': {
        const { op, offset, size } = operation;
        return { ...common, op, map: this.mapping(operation), offset, size };
      }
      case 'sync_sg_for_cpu':
      case 'sync_sg_for_device':
        return { ...common, op: operation.op, map: this.mapping(operation) };
      case 'cpu_fill': {
        const { phys, size, byte } = operation;
        return { line: 0, op: 'cpu_write', ...this.range(phys, size), byte };
      }
      case 'device_fill': {
        const { offset, size, byte } = operation;
        const map = this.mapping(operation);
        return { line: 0, op: 'device_write', map, segment: undefined, offset, size, byte };
      }
      case 'fail_next': {
        const what = operation.what === 'alloc_iova' ? 'alloc_iova_fast' : operation.what;
        return { line: 0, op: 'fail_next', device: 0, what };
      }
      case 'flush_queue':
        return { line: 0, op: 'flush_queue', device: 0 };
    }
  }

  /** A buffer of its own, which holds what memory holds. */
  private range(phys: string, size: number): BufferRange {
    const buffer = this.buffers.push({ name: phys, phys: parseU64(phys), size, untouched: true }) - 1;
    return { buffer, offset: 0, size };
  }

  private mapped(
    operation: Extract<Operation, { op: 'map_page' | 'map_sg' }>,
    step: number,
    ranges: readonly BufferRange[],
  ): { map: number; device: number; dir: Direction } {
    const dir = DIRECTION_NAMES.indexOf(operation.dir) as Direction;
    const sg = operation.op === 'map_sg';
    const map = this.mappings.push({ name: operation.id, step, device: 0, dir, sg, ranges }) - 1;
    return { map, device: 0, dir };
  }

  private mapping({ id }: { id: string }): number {
    return this.mappings.findLastIndex(({ name }) => name === id);
  }
}

function attributes(names: readonly AttrName[]): Attrs {
  return names.reduce((bits, name) => bits | ATTR_BITS[name], 0);
}
