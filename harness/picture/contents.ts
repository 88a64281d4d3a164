// SPDX-License-Identifier: GPL-2.0-only
/** Whose data a byte of memory holds, as seen from one mapping. */
import { isStale, LABEL_ZERO } from '../machine/labels.ts';
import { hex } from '../machine/u64.ts';
import type { Run } from '../run/run.ts';
import type { Colour } from './svg.ts';

/** Kinds of content: a letter, since colour alone does not tell, and what it stands for. */
export const CONTENTS = {
  own: { letter: 'B', words: 'data of the buffer in question', light: '#cfe3ff', dark: '#173a63' },
  other: { letter: 'X', words: "another buffer's data", light: '#ffd9b3', dark: '#6b3b0c' },
  device: {
    letter: 'D',
    words: 'written through the mapping in question',
    light: '#c9ecce',
    dark: '#174b2b',
  },
  neighbour: { letter: 'N', words: 'written through another mapping', light: '#e6d5f7', dark: '#492a6d' },
  zero: { letter: '0', words: 'cleared', light: '#f3f5f7', dark: '#21262d' },
  stale: { letter: 'S', words: "left from a slot's earlier use", light: '#fbd0d4', dark: '#6b1f28' },
  nobody: { letter: '–', words: "not the driver's", light: '#dfe3e8', dark: '#363c45' },
} as const satisfies Record<string, Colour & { letter: string; words: string }>;
export type ContentKind = keyof typeof CONTENTS;

/** Bytes in a row of one write, or of one kind of memory. */
export interface Content {
  readonly kind: ContentKind;
  /** Whose, in words that follow the letter. */
  readonly words: string;
  /** `step 3`, empty: before the first one, or nobody's. */
  readonly when: string;
  /** Equal for bytes that belong together, one write byte after byte; the same in another run. */
  readonly key: string;
}

/** Puts labels into contents. */
export class Contents {
  /** The mapping in question. */
  readonly mapping: number;
  private readonly run: Run;
  private readonly own: ReadonlySet<number>;

  /** `buffer`: one in question, too. */
  constructor(run: Run, mapping: number, buffer: number | undefined) {
    this.run = run;
    this.mapping = mapping;
    const ranges = run.scenario.mappings[mapping]?.ranges ?? [];
    this.own = new Set([...ranges.map((range) => range.buffer), ...(buffer === undefined ? [] : [buffer])]);
  }

  /** The content of the byte at `phys`. */
  of(label: number, phys: number): Content {
    if (label === LABEL_ZERO) return { kind: 'zero', words: 'cleared', when: '', key: 'zero' };
    if (isStale(label)) return { kind: 'stale', words: 'earlier use', when: '', key: 'stale' };
    const origin = this.run.provenance.of(label);
    const { scenario } = this.run;
    const when = 'step' in origin && origin.step >= 0 ? `step ${origin.step + 1}` : '';
    switch (origin.by) {
      case 'cpu': {
        const name = scenario.buffers[origin.buffer]?.name ?? '?';
        const kind = this.own.has(origin.buffer) ? 'own' : 'other';
        const words = `${name}+${hex(origin.offset)}`;
        return { kind, words, when, key: `${kind} ${name} ${when} ${phys - origin.offset}` };
      }
      case 'device': {
        const { device, mapping, event, iova } = origin;
        const kind = mapping === this.mapping ? 'device' : 'neighbour';
        const name = scenario.deviceNames[device] ?? '?';
        const how = mapping < 0 ? 'scribbled' : `via ${scenario.mappings[mapping]?.name ?? '?'}`;
        const write = this.run.events.at(event);
        const begins = write.kind === 'device_write' ? write.offset - write.iova : 0;
        const place = mapping < 0 ? '' : phys - iova - begins;
        return { kind, words: `${name} ${how}`, when, key: `${kind} ${name} ${how} ${when} ${place}` };
      }
      default:
        return { kind: 'nobody', words: 'never written', when: '', key: 'nobody' };
    }
  }

  /** How many labels from `at` on belong together. */
  runLength(labels: Uint32Array, at: number): number {
    return this.run.provenance.together(labels, at, labels.length - at);
  }
}
