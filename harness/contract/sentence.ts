// SPDX-License-Identifier: GPL-2.0-only
/** A finding's evidence in a sentence. */
import type { Cause, ClauseId, Evidence } from './verdict.ts';
import { CLAUSES } from './contract.ts';
import { hex } from '../machine/u64.ts';
import { describeLabel } from '../run/provenance.ts';
import type { Run } from '../run/run.ts';
import { callPath } from '../run/recording.ts';
import { describeStep } from '../run/trace.ts';
import { code, joined, plural, type Span, type Text } from '../text/document.ts';
import { CAUSE_WORDS } from './words.ts';

/** Why the clause is broken in this run: where, what was seen, and the cause. */
export function sentence(run: Run, clause: ClauseId, cause: Cause, evidence: Evidence): Text {
  const step = run.scenario.steps[evidence.step];
  const when: Span[] =
    step === undefined ? [] : [`Step ${evidence.step + 1} (`, code(describeStep(run.scenario, step)), '): '];
  const why = `${what(run, evidence)}${CAUSE_WORDS[cause]}${room(run, evidence)}`;
  return [...when, why, ...caller(run, evidence), `. Promise: ${CLAUSES[clause].title}.`];
}

function what(run: Run, evidence: Evidence): string {
  const { scenario } = run;
  if (evidence.iova === undefined && evidence.phys !== undefined) return foreign(run, evidence);
  const seen = (label: number): string => describeLabel(scenario, run.provenance, label);
  const subject = [
    place(run, evidence),
    ...(evidence.count > 1 && evidence.observed !== undefined ? [`(${evidence.count} bytes in all)`] : []),
    ...(evidence.mapping === undefined
      ? []
      : [`of mapping ${scenario.mappings[evidence.mapping]?.name ?? '?'}`]),
    ...(evidence.place === undefined ? [] : [`(${evidence.place})`]),
  ]
    .filter((part) => part !== '')
    .join(' ');
  const instead = evidence.expected === undefined ? '' : ` instead of one ${seen(evidence.expected)}`;
  const observed = evidence.observed === undefined ? '' : ` is a byte ${seen(evidence.observed)}${instead}`;
  return subject === '' ? '' : `${subject}${observed}: `;
}

/** Memory that a call touched, and that is not its mapping's. */
function foreign({ scenario }: Run, { phys = 0, count, mapping = -1, place: how = '' }: Evidence): string {
  const name = scenario.mappings[mapping]?.name ?? '?';
  return `${plural(count, 'byte')} from phys ${hex(phys)} on, not of mapping ${name} (${how}): `;
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
  if (asked === undefined || used === undefined || free === undefined) return '';
  const unit = run.events.at(event).kind === 'alloc_iova_fast' ? 'granule' : 'slot';
  const need = needed === undefined || needed === asked ? '' : `, ${needed} needed`;
  return ` (${plural(asked, unit)} asked for${need}, ${used} used, ${free} free)`;
}

/** Which method of which patch made the call that shows it. */
function caller(run: Run, { event }: Evidence): Span[] {
  if (event < 0) return [];
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
