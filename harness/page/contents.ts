// SPDX-License-Identifier: GPL-2.0-only
/** Whose data a byte of memory holds, as a table that the moments of a run point into. */
import { isStale, LABEL_ZERO } from '../machine/labels.ts';
import { hex } from '../machine/u64.ts';
import { describeLabel } from '../run/provenance.ts';
import type { Run } from '../run/run.ts';
import { NONE, type PageContent } from './page-data.ts';

export class ContentTable {
  readonly all: PageContent[] = [];
  private readonly run: Run;
  private readonly known = new Map<number, number>();
  private readonly places = new Map<string, number>();

  constructor(run: Run) {
    this.run = run;
  }

  /** Index of the content of a byte with this label. */
  indexOf(label: number): number {
    const found = this.known.get(label);
    if (found !== undefined) return found;
    const content = contentOf(this.run, label);
    const key = `${content.letter} ${content.short} ${content.step}`;
    const index = this.places.get(key) ?? this.all.push(content) - 1;
    this.places.set(key, index);
    this.known.set(label, index);
    return index;
  }
}

function contentOf(run: Run, label: number): PageContent {
  const { scenario, provenance } = run;
  const long = `bytes ${describeLabel(scenario, provenance, label)}`;
  const nobody = { buffer: NONE, step: 0, long };
  if (label === LABEL_ZERO) return { letter: '0', short: 'cleared', ...nobody };
  if (isStale(label)) return { letter: 's', short: 'earlier use', ...nobody };
  const origin = provenance.of(label);
  if (origin.by === 'cpu') {
    const { buffer, offset, step } = origin;
    const short = `${scenario.buffers[buffer]?.name ?? '?'}+${hex(offset)}`;
    return { letter: 'C', buffer, short, step: step + 1, long };
  }
  if (origin.by !== 'device') return { letter: '-', short: 'never written', ...nobody };
  const { device, mapping, event, iova, step } = origin;
  const name = scenario.deviceNames[device] ?? '?';
  if (mapping < 0) return { letter: 'X', buffer: NONE, short: `${name} scribbled`, step: step + 1, long };
  const write = run.events.at(event);
  const offset = write.kind === 'device_write' ? write.offset + iova - write.iova : 0;
  const through = scenario.mappings[mapping];
  // A hostile one writes in front of its mapping, too.
  const place = offset < 0 ? `-${hex(-offset)}` : `+${hex(offset)}`;
  const short = `${through?.name ?? '?'}${place}`;
  return { letter: 'D', buffer: bufferAt(through?.ranges ?? [], offset), short, step: step + 1, long };
}

/** The buffer of byte `offset` of a mapping; of what lies outside, the first. */
function bufferAt(
  ranges: readonly { readonly buffer: number; readonly size: number }[],
  offset: number,
): number {
  let end = 0;
  for (const { buffer, size } of ranges) {
    end += size;
    if (offset < end) return buffer;
  }
  return ranges[0]?.buffer ?? NONE;
}
