// SPDX-License-Identifier: GPL-2.0-only
/** An event as a line that a kernel reviewer can read. */
import { CRASHES, WARNINGS, describeCrash, describeWarning } from '../machine/crash.ts';
import { F_ARGS, F_DEVICE, F_INJECTED, F_KIND, F_RESULT, STRIDE } from '../machine/event-log.ts';
import {
  argumentsOf,
  copyOf,
  EVENT_KINDS,
  EVENTS,
  FAULT_REASONS,
  type EventKind,
  type EventOf,
  type Untexted,
} from '../machine/events.ts';
import type { Meaning } from '../machine/meanings.ts';
import { decimal, hex } from '../machine/u64.ts';
import {
  ATTR_BITS,
  DIRECTION_NAMES,
  IOMMU_CACHE,
  IOMMU_PRIV,
  IOMMU_READ,
  IOMMU_WRITE,
  type EventIx,
  type Size,
} from '../machine/vocabulary.ts';
import type { Namer } from './names.ts';
import { describeLabels } from './provenance.ts';
import type { Run } from './run.ts';
import { elementAt } from '../text/element.ts';

/** Where an event happened, and what addresses are called there. */
interface Context {
  readonly run: Run;
  readonly name: Namer;
  readonly device: number;
}

const PROTECTION = [
  [IOMMU_READ, 'READ'],
  [IOMMU_WRITE, 'WRITE'],
  [IOMMU_CACHE, 'CACHE'],
  [IOMMU_PRIV, 'PRIV'],
] as const;

/** How each kind of number is told. */
const WORDS: Readonly<Record<Meaning, (value: number, context: Context) => string>> = {
  phys: (value, { name }) => name.phys(value),
  dma: (value, { name, device }) => name.dma(value, device),
  pfn: (value, { name, device, run }) =>
    value === 0 ? '0' : name.dma(value * run.scenario.machine.granule, device),
  limit: hex,
  pages: String,
  bytes: decimal,
  span: hex,
  prot: (value) => PROTECTION.flatMap(([bit, word]) => ((value & bit) === 0 ? [] : [word])).join('|'),
  dir: (value) => DIRECTION_NAMES[value] ?? '?',
  attrs: attrNames,
  mask: hex,
  count: String,
  errno: String,
  tlb: (value, { name }) => (Number.isNaN(value) ? 'never returned' : value < 0 ? 'error' : name.phys(value)),
  buffer: (value, { run }) => run.scenario.buffers[value]?.name ?? '?',
  mapping: (value, { run }) => run.scenario.mappings[value]?.name ?? '?',
  offset: hex,
  place: String,
  label: String,
  warning: (value) => WARNINGS[value] ?? '?',
  crash: (value) => CRASHES[value] ?? '?',
  reason: (value) => FAULT_REASONS[value] ?? '?',
  detail: String,
  flag: String,
  cleans: (value) => (value === 1 ? ', which cleans' : ''),
};

/** ` NO_WARN …`, to be appended; empty: none. */
export function attrNames(attrs: number): string {
  const names = Object.entries(ATTR_BITS).filter(([, bit]) => (attrs & bit) !== 0);
  return names.map(([name]) => ` ${name}`).join('');
}

/** Lines of the kinds whose row has no text; undefined: the step itself says so. `isStep`: the step is the access. */
const LINES: {
  readonly [K in Untexted]: (event: EventOf<K>, context: Context, isStep: boolean) => string | undefined;
} = {
  swiotlb_bounce: (event, { name }) => {
    const { from, to, size } = copyOf(event);
    return `  copy ${name.phys(from)} → ${name.phys(to)}, size ${decimal(size)}`;
  },
  warn: ({ which, a, b, c }) => `WARNING: ${describeWarning(WARNINGS[which] ?? 'pool-full', a, b, c)}`,
  crash: ({ which, a, b }) => `CRASH: ${describeCrash(CRASHES[which] ?? 'search-never-ends', a, b)}`,
  cpu_read: ({ first, second, size }, { run }, isStep) => {
    const [one, two] = [first, second].map((at) => seen(run, at, size));
    const who = isStep ? '  sees' : 'meanwhile the CPU sees';
    return one === two ? `${who} ${one ?? ''}` : `${who} ${one ?? ''}; looking again: ${two ?? ''}`;
  },
  cpu_write: ({ phys, size }, { name }, isStep) =>
    isStep ? undefined : `meanwhile the CPU writes ${name.phys(phys)}, size ${size}`,
  device_read: ({ bytes, size }, { run }, isStep) =>
    `${isStep ? '  sees' : 'meanwhile the device sees'} ${seen(run, bytes, size)}`,
  device_write: ({ iova, size, mapping, device }, { name }, isStep) => {
    if (mapping < 0) return `scribble at ${name.dma(iova, device)}, size ${size}`;
    return isStep ? undefined : `meanwhile the device writes ${name.dma(iova, device)}, size ${size}`;
  },
  device_write_run: () => undefined,
};

/** Who wrote `size` bytes from `place` on in the byte log. */
function seen({ scenario, provenance, labels }: Run, place: number, size: Size): string {
  return describeLabels(scenario, provenance, labels.subarray(place, place + size));
}

/** A piece of a row's text: words, or a field of the record and how it is told. */
type Piece = string | { readonly field: number; readonly words: (typeof WORDS)[Meaning] };

/** Per kind, by its number in the log: the row's text, taken apart. */
const TEXTS: readonly (readonly Piece[] | undefined)[] = EVENT_KINDS.map((kind) =>
  EVENTS[kind].text?.split(/[{}]/).map((part, i) => (i % 2 === 0 ? part : pieceOf(kind, part))),
);

function pieceOf(kind: EventKind, name: string): Piece {
  const at = argumentsOf(kind).findIndex((argument) => argument.name === name);
  const meaning = name === 'result' ? EVENTS[kind].returns : argumentsOf(kind)[at]?.meaning;
  if (meaning === undefined) throw new RangeError(`${kind} has no ${name}`);
  return { field: name === 'result' ? F_RESULT : F_ARGS + at, words: WORDS[meaning] };
}

/** The line of event number `index` in a trace; undefined: the line of its step says it all. */
export function describeEvent(run: Run, index: EventIx, name: Namer): string | undefined {
  const { records } = run;
  const at = index * STRIDE;
  const context = { run, name, device: records[at + F_DEVICE] ?? NaN };
  const text = elementAt(TEXTS, records[at + F_KIND]);
  if (text === undefined) {
    const event = run.events.at(index);
    const line = LINES[event.kind as Untexted] as (typeof LINES)['warn'];
    return line(event as EventOf<'warn'>, context, !('during' in (run.scenario.steps[event.step] ?? {})));
  }
  let line = '';
  for (const piece of text) {
    line += typeof piece === 'string' ? piece : piece.words(records[at + piece.field] ?? NaN, context);
  }
  return records[at + F_INJECTED] === 1 ? `${line} (injected)` : line;
}
