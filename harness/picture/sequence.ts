// SPDX-License-Identifier: GPL-2.0-only
/** Two runs of one case as a Mermaid sequence diagram, cut around where they part and where it breaks. */
import type { Evidence } from '../contract/verdict.ts';
import { keyOf, type Defect } from '../contract/defect.ts';
import type { Run } from '../run/run.ts';
import { wrapMermaid } from './mermaid.ts';
import { messagesOf, type Message } from './messages.ts';
import { placesOf, eventsAt } from './places.ts';

/** A finding in one case. */
export interface Broken extends Defect {
  /** Which of the two runs shows it. */
  readonly side: 'from' | 'to';
  readonly evidence: Evidence;
}

/** Calls of the diverging step that are shown before the runs part. */
const BEFORE = 3;
/** Messages of each side that are shown after that. */
const AFTER = 4;
/** Messages of each side that had to do with the finding's byte. */
const FOCUS = 7;
/** Earlier steps that are shown by their heading. */
const STEPS = 4;
/** Characters of a note across the diagram. */
const WIDE = 80;

/** Lines of Mermaid source, without the fence. */
export function sequenceDiagram(from: Run, to: Run, broken: Broken): string[] {
  const sides = { from: sideOf(from, broken, 'from'), to: sideOf(to, broken, 'to') };
  const common = commonLength(sides.from.messages, sides.to.messages);
  const part = common < Math.max(sides.from.messages.length, sides.to.messages.length);
  const drawing = new Drawing(from.scenario.deviceNames);
  drawing.messages(sides[broken.side], 0, common, (message, i, last) =>
    message.isHeading
      ? isAmongLast(message, last, STEPS)
      : part && i >= common - BEFORE && message.step === last.step,
  );
  if (!part) return drawing.lines();
  drawing.note(`Here ${from.state} and ${to.state} part`);
  drawing.line(`alt ${wrapMermaid(from.state, WIDE)}`);
  drawing.messages(sides.from, common, Infinity, (_, i) => i < common + AFTER);
  drawing.line(`else ${wrapMermaid(to.state, WIDE)}`);
  drawing.messages(sides.to, common, Infinity, (_, i) => i < common + AFTER);
  drawing.line('end');
  return drawing.lines();
}

/** One of the two runs. */
interface Side {
  readonly messages: readonly Message[];
  /** Messages that had to do with the finding. */
  readonly focus: ReadonlySet<Message>;
  /** The one that shows the break; undefined: this side is not broken. */
  readonly shows: Message | undefined;
  /** What is said of it. */
  readonly mark: string;
}

function sideOf(run: Run, broken: Broken, side: Broken['side']): Side {
  const { evidence } = broken;
  const messages = messagesOf(run);
  const focus = focusOf(run, messages, evidence);
  const shows = side === broken.side ? breakOf(messages, focus, evidence) : undefined;
  const mark = `✗ step ${evidence.step + 1}: ${run.state} breaks ${keyOf(broken)}`;
  const shown = new Set(focus.slice(-FOCUS));
  if (shows !== undefined) shown.add(shows);
  return { messages, focus: shown, shows, mark };
}

/** Messages up to the break that touched the finding's byte, or unmapped what it is about. */
function focusOf(run: Run, messages: readonly Message[], evidence: Evidence): Message[] {
  const touching = eventsAt(run, placesOf(run, evidence));
  const until = evidence.event < 0 ? Infinity : evidence.event;
  return messages.filter(({ first, end, kind, step }) => {
    if (step > evidence.step || first > until) return false;
    for (let index = first; index < end; index++) if (touching.has(index)) return true;
    return evidence.iova !== undefined && kind === 'iommu_unmap';
  });
}

/** The message that shows the break: its event's, else the last of the step that touched the byte. */
function breakOf(
  messages: readonly Message[],
  focus: readonly Message[],
  { step, event }: Evidence,
): Message | undefined {
  const inStep = messages.filter((message) => message.step === step);
  if (event >= 0) return inStep.find(({ first, end }) => event >= first && event < end) ?? inStep.at(-1);
  const touched = focus.filter((message) => message.step === step);
  return (
    touched.findLast(({ kind }) => kind === 'memset' || kind === 'swiotlb_bounce') ??
    touched.at(-1) ??
    inStep.at(-1)
  );
}

/** How many messages from the start on read the same. */
function commonLength(x: readonly Message[], y: readonly Message[]): number {
  let n = 0;
  while (n < x.length && n < y.length && x[n]?.text === y[n]?.text) n++;
  return n;
}

function isAmongLast({ step }: Message, last: Message, count: number): boolean {
  return step > last.step - count;
}

class Drawing {
  private readonly body: string[] = [];
  private readonly deviceNames: readonly string[];
  private readonly used = new Set<string>();

  constructor(deviceNames: readonly string[]) {
    this.deviceNames = deviceNames;
  }

  line(text: string): void {
    this.body.push(text);
  }

  /** A note across what every diagram has. */
  note(text: string): void {
    this.line(`Note over C,I: ${wrapMermaid(text, WIDE)}`);
  }

  /** Messages [from, to) as far as they are wanted, or of the finding; what is left out is counted. */
  messages(
    { messages, focus, shows, mark }: Side,
    from: number,
    to: number,
    wanted: (message: Message, i: number, last: Message) => boolean,
  ): void {
    const part = messages.slice(from, to);
    const last = part.at(-1);
    if (last === undefined) {
      if (from > 0) this.note('Nothing more');
      return;
    }
    const steps = new Set(part.filter((message) => focus.has(message)).map(({ step }) => step));
    let cut = 0;
    const sayCut = (): void => {
      if (cut > 0) this.line(`Note over F: … ${cut} ${cut === 1 ? 'line' : 'lines'} not shown`);
      cut = 0;
    };
    for (const [i, message] of part.entries()) {
      const isHeading = message.isHeading && steps.has(message.step);
      if (!isHeading && !focus.has(message) && !wanted(message, from + i, last)) {
        cut++;
        continue;
      }
      sayCut();
      if (message === shows) this.line('rect rgba(248, 81, 73, 0.25)');
      this.message(message);
      if (message !== shows) continue;
      this.note(mark);
      this.line('end');
    }
    sayCut();
  }

  private message({ from, to, arrow, text }: Message): void {
    this.used.add(from).add(to);
    const words = wrapMermaid(text);
    this.line(arrow === 'note' ? `Note over ${from}: ${words}` : `${from}${arrow}${to}: ${words}`);
  }

  lines(): string[] {
    const devices = this.deviceNames.flatMap((name, index) =>
      this.used.has(`D${index}`) ? [`participant D${index} as ${wrapMermaid(`device ${name}`, 24)}`] : [],
    );
    const everybody = [
      'participant C as CPU (driver)',
      'participant F as dma-iommu',
      'participant S as swiotlb',
      'participant I as IOMMU and IOVA',
    ];
    return ['sequenceDiagram', ...[...everybody, ...devices, ...this.body].map((line) => `  ${line}`)];
  }
}
