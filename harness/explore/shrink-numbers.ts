// SPDX-License-Identifier: GPL-2.0-only
/** Sizes and offsets: towards wholes, and towards small round numbers. */
import type { BufferRange, Step } from '../run/scenario.ts';
import { isMap, mappedSize, mapStepOf, rangesOf, type Program } from './program.ts';
import { eachStep, mapRanges, withStep } from './rewrite.ts';
import { ROUND_OFFSETS, ROUND_SIZES } from './shrink-cost.ts';

/** Buffers of another size or at another offset; what used a buffer or a mapping as a whole still does. */
export function* shrinkBuffers(program: Program): Iterable<Program> {
  for (const [at, buffer] of program.buffers.entries()) {
    for (const offset of ROUND_OFFSETS) {
      if (offset !== buffer.offset) yield withBuffer(program, at, { ...buffer, offset });
    }
    for (const offset of near(buffer.offset)) yield withBuffer(program, at, { ...buffer, offset });
    const sizes = [...ROUND_SIZES, ...halves(buffer.size), ...near(buffer.size)];
    for (const size of sizes) if (size !== buffer.size) yield resized(program, at, size);
  }
}

/** Multiples of a sector or a cache line next to the value. */
function near(value: number): number[] {
  const multiples = [512, 64].flatMap((unit) => [
    Math.floor(value / unit) * unit,
    Math.ceil(value / unit) * unit,
  ]);
  return multiples.filter((multiple) => multiple > 0 && multiple !== value);
}

function halves(size: number): number[] {
  const found: number[] = [];
  for (let half = size >> 1; half > 0; half >>= 1) found.push(half);
  return found;
}

/** The program with another buffer number `at`. */
export function withBuffer(program: Program, at: number, buffer: Program['buffers'][number]): Program {
  return { ...program, buffers: program.buffers.map((each, index) => (index === at ? buffer : each)) };
}

/** The program with a buffer of another size; what used it as a whole still does. */
export function resized(program: Program, at: number, size: number): Program {
  const before = program.buffers[at]?.size ?? 0;
  const offset = program.buffers[at]?.offset ?? 0;
  const moved = mapRanges(withBuffer(program, at, { size, offset }), (range): BufferRange => {
    if (range.buffer !== at) return range;
    if (range.offset === 0 && range.size === before) return { ...range, size };
    return { ...range, size: Math.min(range.size, Math.max(1, size - range.offset)) };
  });
  return fitMapped(program, moved);
}

/** Parts of mappings fitted to mappings that have other sizes now. */
function fitMapped(before: Program, after: Program): Program {
  const fit = <T extends object>(step: T): T => {
    if (!('map' in step) || !('offset' in step) || 'buffer' in step) return step;
    const span = step as unknown as { map: number; offset: number; size: number };
    const [was, is] = [before, after].map((program) => {
      const mapped = mapStepOf(program, span.map);
      return mapped === undefined ? 0 : mappedSize(mapped);
    });
    if (was === undefined || is === undefined || was === is) return step;
    if (span.offset === 0 && span.size === was) return { ...step, size: is };
    // Past the end stays past the end.
    if (span.offset >= was) return { ...step, offset: span.offset - was + is };
    if (span.offset < 0) return step;
    return { ...step, size: Math.max(1, Math.min(span.size, is - span.offset)) };
  };
  return eachStep(after, fit);
}

/** Every part that a step names: as a whole, or at rounder places. */
export function* shrinkSpans(program: Program): Iterable<Program> {
  for (const [at, step] of program.steps.entries()) {
    if (isMap(step)) {
      for (const [index, range] of rangesOf(step).entries()) {
        const total = program.buffers[range.buffer]?.size ?? 0;
        for (const span of rounder(range, total)) {
          const changed: Step =
            step.op === 'map_page'
              ? { ...step, ...span }
              : { ...step, sgl: step.sgl.map((each, i) => (i === index ? { ...each, ...span } : each)) };
          yield fitMapped(program, withStep(program, at, changed));
        }
      }
    } else if ('offset' in step) {
      for (const span of rounder(step, totalOf(program, step))) {
        yield withStep(program, at, { ...step, ...span });
      }
    }
    yield* shrinkInside(program, at, step);
  }
}

function* shrinkInside(program: Program, at: number, step: Step): Iterable<Program> {
  if (!('during' in step)) return;
  for (const [number, point] of step.during.entries()) {
    for (const [inner, access] of point.steps.entries()) {
      for (const span of rounder(access, totalOf(program, access))) {
        const steps = point.steps.map((each, index) => (index === inner ? { ...each, ...span } : each));
        const during = step.during.map((each, index) => (index === number ? { ...point, steps } : each));
        yield withStep(program, at, { ...step, during });
      }
    }
  }
}

function totalOf(program: Program, step: object): number {
  if ('buffer' in step) return program.buffers[step.buffer as number]?.size ?? 0;
  const mapped = 'map' in step ? mapStepOf(program, step.map as number) : undefined;
  return mapped === undefined ? 0 : mappedSize(mapped);
}

interface Span {
  readonly offset: number;
  readonly size: number;
}

function* rounder({ offset, size }: Span, total: number): Iterable<Span> {
  if (offset === 0 && size === total) return;
  yield { offset: 0, size: total };
  for (const other of ROUND_OFFSETS) if (other !== offset) yield { offset: other, size };
  for (const other of ROUND_SIZES) if (other !== size) yield { offset, size: other };
}
