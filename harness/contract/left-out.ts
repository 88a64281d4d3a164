// SPDX-License-Identifier: GPL-2.0-only
/** Bytes that no clause looks at, and why: mostly what somebody did out of turn. */
import {
  DMA_TO_DEVICE,
  type BufferIx,
  type MappingIx,
  type Size,
  type StepIx,
} from '../machine/vocabulary.ts';
import type { ByteRun } from './bytes.ts';
import type { MappingFacts } from './facts.ts';

/** In words, of so many bytes and the mapping's device. */
export const WHY_LEFT_OUT = {
  'cpu-read': (bytes: string, device: string) => `the CPU read ${bytes} that ${device} owns`,
  'cpu-wrote': (bytes: string, device: string) => `the CPU wrote ${bytes} that ${device} owns`,
  'device-wrote': (bytes: string, device: string) => `${device} wrote ${bytes} that the CPU owns`,
  'wrote-to-device': (bytes: string, device: string) => `${device} wrote ${bytes} that it was given to read`,
  'in-operation': (bytes: string) => `${bytes} were written in the middle of an operation on them`,
  'not-returned': (bytes: string) => `the CPU read ${bytes} that it never got back`,
  'two-buffers': (bytes: string) => `${bytes} are in another buffer as well`,
  'two-mappings': (bytes: string) => `${bytes} are in two live mappings, and a device may write them`,
  'handed-over-twice': (bytes: string, device: string) =>
    `${bytes} were handed to ${device}, which had them and had written to them`,
  'taken-back-twice': (bytes: string) => `${bytes} were handed to the CPU, which had them already`,
  'shared-line': (bytes: string) => `${bytes} share a cache line with what somebody else wrote`,
  'not-mapped': (bytes: string) => `${bytes} were written by a device that they were not mapped for`,
  misuse: () => 'the driver makes a call that the API does not allow',
} as const satisfies Record<string, (bytes: string, device: string) => string>;
export type WhyLeftOut = keyof typeof WHY_LEFT_OUT;

/** Why the mapping's device may not write the bytes now; undefined: it may. `inside`: the mapping operated on. */
export function whyOutOfTurn(
  { owners }: ByteRun,
  { index, dir }: MappingFacts,
  inside: MappingIx | undefined,
): WhyLeftOut | undefined {
  if (index === inside) return 'in-operation';
  if (!owners.includes(index)) return 'device-wrote';
  return dir === DMA_TO_DEVICE ? 'wrote-to-device' : undefined;
}

/** What is left out in words, whatever bytes of whatever device: `the CPU read bytes that a device owns`. */
export function leftOutWords(why: WhyLeftOut): string {
  return WHY_LEFT_OUT[why]('bytes', 'a device');
}

/** Bytes of a buffer that are left out, in this step or from it on, for one reason; of `misuse`, the call. Plain data. */
export interface LeftOut {
  readonly why: WhyLeftOut;
  readonly step: StepIx;
  readonly buffer: BufferIx | undefined;
  /** The mapping whose device it is about, if any. */
  readonly mapping: MappingIx | undefined;
  readonly size: Size;
}

/** Collects what is left out. */
export class LeftOutBytes {
  private readonly found: {
    why: WhyLeftOut;
    step: StepIx;
    buffer: BufferIx;
    mapping: MappingIx | undefined;
    size: Size;
  }[] = [];

  /** `size` bytes more. */
  add(why: WhyLeftOut, step: StepIx, buffer: BufferIx, mapping: MappingIx | undefined, size: Size): void {
    const same = this.found.find(
      (other) =>
        other.step === step && other.why === why && other.buffer === buffer && other.mapping === mapping,
    );
    if (same === undefined) this.found.push({ why, step, buffer, mapping, size });
    else same.size += size;
  }

  /** In the order they were found. */
  get all(): readonly LeftOut[] {
    return this.found;
  }
}
