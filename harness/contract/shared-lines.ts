// SPDX-License-Identifier: GPL-2.0-only
/**
 * Cache lines that a non-coherent device's memory shares with bytes that somebody else writes while
 * it is mapped. The DMA API forbids that, so nobody judges those lines.
 */
import { LINE_SIZE } from '../machine/config.ts';
import { touchesOf, type Event, type Treatment } from '../machine/events.ts';
import type { MappingIx, PhysAddr, Size } from '../machine/vocabulary.ts';
import { lineOf } from './bytes.ts';
import type { MappingFacts } from './facts.ts';
import type { Moment } from './isolation.ts';
import type { WhyLeftOut } from './left-out.ts';

/** What leaves the rest of its cache lines uncertain. */
const SPOILS: Readonly<Record<Treatment, boolean>> = {
  written: true,
  copied: true,
  stored: true,
  // The kernel clears what is its own.
  cleared: false,
  loaded: false,
  cleaned: false,
  invalidated: false,
  reached: false,
  taken: false,
};

/** Somebody wrote [phys, phys + size). */
interface Write {
  readonly phys: PhysAddr;
  readonly size: Size;
  readonly inside: MappingIx | undefined;
  /** The device that did; undefined: the CPU. */
  readonly by: number | undefined;
}

export class SharedLines {
  private readonly walk: Moment;
  private readonly exposed: readonly MappingFacts[];

  /** `walk`: at the step that is looked at. */
  constructor(walk: Moment) {
    const { facts } = walk;
    this.walk = walk;
    this.exposed = facts.mappings.filter((m) => m.mapped && !facts.coherent(m.device));
  }

  /**
   * What shares a cache line with what the event wrote, and is its device's, is judged no more. `inside`:
   * the mapping that is being mapped or unmapped, as good as the device's already.
   */
  spoil(event: Event, inside?: MappingIx): void {
    if (this.exposed.length === 0) return;
    for (const { how, phys, size } of touchesOf(event)) {
      if (!SPOILS[how] || size === 0) continue;
      const write = { phys, size, inside, by: how === 'stored' ? event.device : undefined };
      const first = lineOf(phys);
      const last = lineOf(phys + size - 1);
      // Only a line that is not written as a whole has room for somebody else.
      if (first < phys) this.spoilLine(first, write);
      if (last + LINE_SIZE > phys + size && (last !== first || first === phys)) this.spoilLine(last, write);
    }
  }

  private spoilLine(line: PhysAddr, { phys, size, inside, by }: Write): void {
    const { facts, step } = this.walk;
    let shared = false;
    for (const mapping of this.exposed) {
      if (mapping.device === by || !facts.liveAt(mapping, step)) continue;
      for (const piece of facts.memoryOf(mapping)) {
        const from = Math.max(line, piece.phys);
        const to = Math.min(line + LINE_SIZE, piece.phys + piece.size);
        const first = piece.byte - piece.phys;
        const before = this.spoilBytes(mapping, first + from, first + Math.min(to, phys), inside);
        const behind = this.spoilBytes(mapping, first + Math.max(from, phys + size), first + to, inside);
        shared ||= before || behind;
      }
    }
    // As uncertain as their neighbours.
    if (!shared) return;
    this.spoilWritten(Math.max(line, phys), Math.min(line + LINE_SIZE, phys + size), 'shared-line');
  }

  /** Bytes [from, to) of the mapping, as far as they are its device's, are spoilt; true when any is. */
  private spoilBytes(mapping: MappingFacts, from: number, to: number, inside?: MappingIx): boolean {
    let any = false;
    if (from >= to) return any;
    const { facts, bytes, found, step } = this.walk;
    for (const { buffer, offset, size } of facts.pieces(mapping.index, from, to - from)) {
      for (const run of bytes[buffer]?.between(offset, offset + size) ?? []) {
        if (!run.owners.includes(mapping.index) && mapping.index !== inside) continue;
        found.leaveOut('shared-line', step, buffer, mapping.index, run);
        any = true;
      }
    }
    return any;
  }

  /** The buffers' bytes in [from, to) were written, and are judged no more. */
  spoilWritten(from: PhysAddr, to: PhysAddr, why: WhyLeftOut): void {
    const { facts, bytes, found, step } = this.walk;
    for (const [index, { phys, size }] of facts.run.scenario.buffers.entries()) {
      const start = Math.max(from, phys) - phys;
      const end = Math.min(to, phys + size) - phys;
      if (start >= end) continue;
      for (const run of bytes[index]?.between(start, end) ?? []) {
        found.leaveOut(why, step, index, undefined, run);
      }
    }
  }
}
