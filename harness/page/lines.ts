// SPDX-License-Identifier: GPL-2.0-only
/** The trace of a run for the page: each line with what it does to memory. */
import { touchesOf, type Event, type Treatment } from '../machine/events.ts';
import type { EventIx } from '../machine/vocabulary.ts';
import type { Run } from '../run/run.ts';
import { elementAt } from '../text/element.ts';
import { lineOfEvents, traceOf, type TraceLine } from '../run/trace.ts';
import type { Mark, PageLine, PageSide } from './page-data.ts';

const MARKS: Readonly<Record<Treatment, Mark>> = {
  cleared: '0',
  written: '<',
  copied: '<',
  stored: '<',
  loaded: '>',
  cleaned: '$',
  invalidated: '$',
  reached: 'm',
  taken: '+',
};

/** The trace of a run. */
export class Lines {
  /** As `traceOf()` has them. */
  readonly trace: readonly TraceLine[];
  private readonly run: Run;
  private readonly owner: readonly (number | undefined)[];

  constructor(run: Run) {
    this.run = run;
    this.trace = traceOf(run);
    this.owner = lineOfEvents(run, this.trace);
  }

  /** The line that an event belongs to; undefined: it happened before the first. */
  lineOf(event: EventIx): number | undefined {
    return this.owner[event];
  }

  /** `momentOf`: the moment in which so many events have happened. */
  forPage(momentOf: (events: number) => number): Pick<PageSide, 'lines' | 'paths'> {
    const { run, trace } = this;
    const touches = this.touches();
    const paths = new Map<string, number>();
    const lines = trace.map((line, index): PageLine => {
      const key = JSON.stringify(line.path.map(frameOf));
      const path = paths.get(key) ?? paths.size;
      paths.set(key, path);
      return {
        step: line.step,
        kind: kindOf(run, line),
        name: nameOf(line),
        text: line.text,
        ...(line.raw === line.text ? {} : { raw: line.raw }),
        path,
        at: momentOf(overAfter(run, trace, index)),
        touches: touches[index] ?? [],
      };
    });
    return { lines, paths: [...paths.keys()].map((key) => JSON.parse(key) as PageSide['paths'][number]) };
  }

  /** What each line does to memory. */
  private touches(): [Mark, number, number][][] {
    const found = this.trace.map((): [Mark, number, number][] => []);
    for (const event of this.run.events.all) {
      elementAt(found, this.lineOf(event.index))?.push(...marksOf(this.run, event));
    }
    return found;
  }
}

/** How many events have happened when a line is over. */
function overAfter(run: Run, trace: readonly TraceLine[], index: number): number {
  const line = trace[index];
  if (line === undefined) return 0;
  const end = run.steps[line.step]?.to ?? run.events.count;
  const next = trace.slice(index + 1).find(({ step, event }) => event !== undefined || step !== line.step);
  const upToNext = (next?.step === line.step ? next.event : undefined) ?? end;
  if (line.event !== undefined) return upToNext;
  return isResult(line) || isAccess(line) ? end : upToNext;
}

function marksOf(run: Run, event: Event): [Mark, number, number][] {
  const touched = touchesOf(event).map(({ how, phys, size }): [Mark, number, number] => [
    MARKS[how],
    phys,
    size,
  ]);
  const given = run.bounceBuffers.filter(({ released }) => released === event.index);
  return [...touched, ...given.map(({ start, end }): [Mark, number, number] => ['-', start, end - start])];
}

function isResult({ event, text }: TraceLine): boolean {
  return event === undefined && text.startsWith('=');
}

/** The step is an access of the CPU or a device. */
function isAccess({ event, text }: TraceLine): boolean {
  return event === undefined && /^(cpu|device)_/.test(text);
}

function kindOf(run: Run, line: TraceLine): PageLine['kind'] {
  if (isResult(line)) return 'result';
  if (line.event === undefined) return 'step';
  const { kind } = run.events.at(line.event);
  if (kind === 'crash') return 'crash';
  return kind === 'device_write' || kind === 'device_read' ? 'device' : 'call';
}

function nameOf(line: TraceLine): string {
  if (isResult(line)) return 'return';
  const text = line.text.trim();
  return /^[\w]+/.exec(text)?.[0] ?? text;
}

function frameOf(frame: string): readonly [string, string] {
  const [patch = '', method = ''] = frame.split(/:(?=[^:]*$)/);
  return [method, patch];
}
