// SPDX-License-Identifier: GPL-2.0-only
/** A finding's evidence in a sentence. */
import type { Cause, ClauseId, Evidence } from './verdict.ts';
import { CLAUSES } from './contract.ts';
import { SLOT_SIZE } from '../machine/config.ts';
import { CRASHES } from '../machine/crash.ts';
import type { EventOf } from '../machine/events.ts';
import { isStale, LABEL_STALE } from '../machine/labels.ts';
import { textOfNumber } from '../machine/texts.ts';
import { hex } from '../machine/u64.ts';
import type { Label, MappingIx, StepIx } from '../machine/vocabulary.ts';
import { describeLabel } from '../run/provenance.ts';
import type { Run } from '../run/run.ts';
import type { Scenario } from '../run/scenario.ts';
import { callPath } from '../run/recording.ts';
import { describeStep } from '../run/trace.ts';
import { elementAt } from '../text/element.ts';
import { code, joined, plural, type Span, type Text } from '../text/document.ts';
import type { Victim } from './victim.ts';
import { rangesLeft } from './what-is-left.ts';
import { CAUSE_WORDS } from './words.ts';

/**
 * Why the clause is broken in this run: where, what was seen, and the cause. `victims`: all that the evidence
 * counts, which are then told apart by device, mapping, buffer and place.
 */
export function sentence(
  run: Run,
  clause: ClauseId,
  cause: Cause,
  evidence: Evidence,
  victims: readonly Victim[] = [],
): Text {
  const at = stepNamed(run, evidence);
  const step = run.scenario.steps[at];
  const when: Span[] =
    step === undefined ? [] : [`Step ${at + 1} (`, code(describeStep(run.scenario, step)), '): '];
  const numbers = `${room(run, evidence)}${crashed(run, evidence)}${left(run, cause, evidence)}`;
  const why = `${what(run, cause, evidence, victims)}${CAUSE_WORDS[cause]}${numbers}`;
  return [...when, why, ...caller(run, evidence), `. Promise: ${CLAUSES[clause].title}.`];
}

/** The step that a sentence names: that of the call that took what is left, else the last that ran up to the evidence's. */
export function stepNamed({ events, steps }: Run, { step, took }: Evidence): StepIx {
  if (took !== undefined) return events.at(took).step;
  if (steps[step]?.status !== 'skipped') return step;
  return steps.findLastIndex(({ status }, index) => index < step && status !== 'skipped');
}

function what(run: Run, cause: Cause, evidence: Evidence, victims: readonly Victim[]): string {
  const { scenario } = run;
  if (evidence.iova === undefined && evidence.phys !== undefined) return foreign(run, evidence, victims);
  const seen = (label: number): string => describeLabel(scenario, run.provenance, label);
  const parts = partsOf(run, evidence, victims);
  // What is seen there is said of that one.
  const inAll = `the first of ${evidence.count} bytes${parts === '' ? '' : `; ${parts}`}`;
  const subject = [
    place(run, evidence),
    ...(evidence.count > 1 && evidence.observed !== undefined ? [`(${inAll})`] : []),
    // What is there already is none of the mapping's.
    ...(evidence.mapping === undefined || cause === 'already-mapped'
      ? []
      : [`of mapping ${scenario.mappings[evidence.mapping]?.name ?? '?'}`]),
    ...(evidence.place === undefined || parts !== '' ? [] : [`(${evidence.place})`]),
  ]
    .filter((part) => part !== '')
    .join(' ');
  const { observed, expected } = evidence;
  const is = observed === undefined ? '' : ` is a byte ${seenInstead(observed, expected, seen)}`;
  return subject === '' ? '' : `${subject}${is}: `;
}

/** What was seen, and what should have been; bytes of the same kind are told apart. */
function seenInstead(observed: Label, expected: Label | undefined, seen: (label: Label) => string): string {
  const words = seen(observed);
  if (expected === undefined) return words;
  if (words !== seen(expected)) return `${words} instead of one ${seen(expected)}`;
  const [slot, other] = [slotOf(expected), slotOf(observed)];
  return isStale(expected) && slot !== other
    ? `of slot ${other}'s earlier use instead of one of slot ${slot}'s`
    : `${words} instead of another one ${words}`;
}

/** Which slot's earlier use a stale byte is of. */
function slotOf(label: Label): number {
  return Math.floor((label - LABEL_STALE) / SLOT_SIZE);
}

/** Most parts that a sentence tells apart. */
const MOST_PARTS = 6;

/** How many of the bytes are which: by device, mapping, buffer and place, as far as these are not the same for all; empty: they are. */
function partsOf({ scenario }: Run, { count }: Evidence, victims: readonly Victim[]): string {
  const all = victims.map(({ evidence }) => evidence);
  if (all.reduce((sum, each) => sum + each.count, 0) !== count) return '';
  const names: readonly ((evidence: Evidence) => string)[] = [
    ({ device }) => `device ${elementAt(scenario.deviceNames, device) ?? '?'}`,
    ({ mapping }) => mappingName(scenario, mapping),
    ({ buffer }) =>
      buffer === undefined ? 'in no buffer' : `buffer ${elementAt(scenario.buffers, buffer)?.name ?? '?'}`,
    ({ place: where = 'the data' }) => where,
  ];
  const differing = names.filter((name) => new Set(all.map(name)).size > 1);
  const counts = new Map<string, number>();
  for (const each of all) {
    const key = differing.map((name) => name(each)).join(', ');
    counts.set(key, (counts.get(key) ?? 0) + each.count);
  }
  if (counts.size < 2) return '';
  const shown = [...counts].slice(0, counts.size > MOST_PARTS ? MOST_PARTS - 1 : MOST_PARTS);
  const rest = count - shown.reduce((sum, [, bytes]) => sum + bytes, 0);
  const more = rest === 0 ? [] : [`${counts.size - shown.length} more: ${rest}`];
  return [...shown.map(([name, bytes]) => `${name}: ${bytes}`), ...more].join('; ');
}

/** `mapping m`, and where several have that name, the step of the map. */
function mappingName({ mappings }: Scenario, mapping: MappingIx | undefined): string {
  const { name, step } = elementAt(mappings, mapping) ?? {};
  if (name === undefined || step === undefined) return 'mapping ?';
  const isAlone = mappings.filter((other) => other.name === name).length === 1;
  return `mapping ${name}${isAlone ? '' : ` of step ${step + 1}`}`;
}

/** Memory that calls touched, and that is not their mapping's. */
function foreign(run: Run, evidence: Evidence, victims: readonly Victim[]): string {
  const { phys = 0, count, mapping, place: how = '' } = evidence;
  const name = elementAt(run.scenario.mappings, mapping)?.name ?? '?';
  const parts = partsOf(run, evidence, victims);
  const inAll = `${plural(count, 'byte')} in all${parts === '' ? '' : ` (${parts})`}, the first`;
  const bytes = victims.length > 1 ? inAll : plural(count, 'byte');
  return `${bytes} from phys ${hex(phys)} on, not of mapping ${name} (${how}): `;
}

function place(run: Run, { buffer, offset, iova, phys }: Evidence): string {
  if (buffer !== undefined && offset !== undefined) {
    return `byte ${hex(offset)} of ${run.scenario.buffers[buffer]?.name ?? '?'}`;
  }
  if (iova === undefined) return '';
  return `bus address ${hex(iova)}${phys === undefined ? '' : ` → phys ${hex(phys)}`}`;
}

/** What a map that failed asked for, and what there was. */
function room(run: Run, { event, asked, needed, used, free }: Evidence): string {
  if (event === undefined || asked === undefined || used === undefined || free === undefined) return '';
  const unit = run.events.at(event).kind === 'alloc_iova_fast' ? 'granule' : 'slot';
  const need = needed === undefined || needed === asked ? '' : `, ${needed} needed`;
  return ` (${plural(asked, unit)} asked for${need}, ${used} used, ${free} free)`;
}

/** Which IOVA ranges were never freed; empty: the calls do not say. */
function left(run: Run, cause: Cause, { device = 0, count }: Evidence): string {
  if (cause !== 'iova-left') return '';
  const ranges = rangesLeft(run, device, count);
  if (ranges.length === 0) return '';
  const said = ranges
    .slice(0, MOST_PARTS)
    .map(({ pfn, pages }) => `${plural(pages, 'page')} at pfn ${hex(pfn)}`);
  const more = ranges.length - said.length;
  return ` (${said.join(', ')}${more > 0 ? `, ${more} more` : ''})`;
}

/** What a crash was about, in numbers. */
function crashed(run: Run, { event }: Evidence): string {
  if (event === undefined) return '';
  const crash = run.events.at(event);
  if (crash.kind !== 'crash') return '';
  const { a, b } = crash;
  switch (CRASHES[crash.which]) {
    case 'memset-out-of-memory':
    case 'copy-out-of-memory':
    case 'maintenance-out-of-memory':
      return ` (phys ${hex(a)}, ${b < 0 ? underflow(run, crash) : plural(b, 'byte')})`;
    case 'slot-index-out-of-pool':
      return ` (slot index ${a} of ${plural(b, 'slot')})`;
    case 'kernel-bug':
    case 'wild-access':
    case 'did-not-return':
      return ` (${textOfNumber(a)})`;
    default:
      return '';
  }
}

/**
 * A size that is the negative result of a subtraction; and which one, where it is what was allocated less the
 * distance from the granule of the bounce buffer.
 */
function underflow({ events, scenario }: Run, { index, a: phys, b: size }: EventOf<'crash'>): string {
  const wrapped = `the size underflowed to ${hex(size)}`;
  const given = events.of('swiotlb_tbl_map_single', 0, index).findLast(({ result }) => result >= 0);
  if (given === undefined) return wrapped;
  const { allocSize, result: tlb } = given;
  const distance = phys - (tlb - (tlb % scenario.machine.granule));
  const from = size === allocSize - distance ? `${hex(allocSize)} − ${hex(distance)}` : `−${hex(-size)}`;
  return `${wrapped}: ${from}`;
}

/** Which method of which patch made the call that shows it. */
function caller(run: Run, { event }: Evidence): Span[] {
  if (event === undefined) return [];
  const path = callPath(run, run.events.at(event).path);
  if (path.length === 0) return [];
  return [
    ', in ',
    ...joined(
      path.map(({ patch, method }): Text => [code(method), ` (${patch})`]),
      ' → ',
    ),
  ];
}
