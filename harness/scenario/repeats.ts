// SPDX-License-Identifier: GPL-2.0-only
/** The steps of a scenario file, and those of a case: repeats unrolled, placeholders filled in. */
import type { Bindings, Scope } from './placeholders.ts';
import { describeBindings } from './placeholders.ts';
import type { Path } from '../text/input-error.ts';
import { quoted } from '../text/input-error.ts';
import { MAX_STEPS } from './schema-steps.ts';
import type { RawStep } from './schema.ts';
import { STEP_SCHEMA, TIMES_SCHEMA } from './schema.ts';
import type { YamlSource } from '../text/yaml-source.ts';
import { Template } from './template.ts';

/** A step of a file: one that happens, or one that repeats others. */
export type StepTemplate = SingleTemplate | RepeatTemplate;

interface SingleTemplate {
  readonly kind: 'step';
  readonly template: Template<RawStep>;
  readonly path: Path;
  readonly line: number;
}

interface RepeatTemplate {
  readonly kind: 'repeat';
  readonly times: Template<number>;
  /** Name of the placeholder that counts from 0. */
  readonly as: string | undefined;
  readonly steps: readonly StepTemplate[];
  readonly path: Path;
}

/** A step of a case that fits the schema, the place it comes from and what was filled in. */
export interface FilledStep {
  readonly step: RawStep;
  readonly path: Path;
  readonly line: number;
  readonly bindings: Bindings;
}

interface RawRepeat {
  readonly times: unknown;
  readonly as?: string;
  readonly steps: readonly unknown[];
}

function repeatIn(step: unknown): RawRepeat | undefined {
  return typeof step === 'object' && step !== null && 'repeat' in step
    ? (step.repeat as RawRepeat)
    : undefined;
}

/** Templates of steps that FILE_SCHEMA accepted. Throws InputError for an unknown placeholder. */
export function makeSteps(
  source: YamlSource,
  steps: readonly unknown[],
  path: Path,
  scope: Scope,
): StepTemplate[] {
  return steps.map((step, index) => {
    const here = [...path, index];
    const repeat = repeatIn(step);
    if (repeat !== undefined) return makeRepeat(source, repeat, [...here, 'repeat'], scope);
    const template = new Template(source, step, here, scope, STEP_SCHEMA);
    return { kind: 'step', template, path: here, line: source.position(here).line };
  });
}

function makeRepeat(source: YamlSource, repeat: RawRepeat, path: Path, scope: Scope): RepeatTemplate {
  const { times, as, steps } = repeat;
  if (as !== undefined && scope.names.includes(as)) {
    throw source.error([...path, 'as'], `${quoted(as)} is a placeholder already: ${scope.names.join(', ')}`);
  }
  return {
    kind: 'repeat',
    times: new Template(source, times, [...path, 'times'], scope, TIMES_SCHEMA),
    as,
    steps: makeSteps(source, steps, [...path, 'steps'], as === undefined ? scope : scope.with(as)),
    path,
  };
}

/** The steps of one case in order. Throws InputError for a filled-in value that does not fit. */
export function unroll(
  source: YamlSource,
  steps: readonly StepTemplate[],
  bindings: Bindings,
  filled: FilledStep[] = [],
): FilledStep[] {
  for (const template of steps) {
    const { path } = template;
    if (template.kind === 'step') {
      if (filled.length === MAX_STEPS) {
        throw source.error(
          path,
          `more than the ${MAX_STEPS} steps a case may have${describeBindings(bindings)}`,
        );
      }
      filled.push({ step: template.template.fill(bindings), path, line: template.line, bindings });
      continue;
    }
    const times = template.times.fill(bindings);
    for (let turn = 0; turn < times; turn++) {
      unroll(source, template.steps, turnBindings(template, bindings, turn), filled);
    }
  }
  return filled;
}

function turnBindings({ as }: RepeatTemplate, bindings: Bindings, turn: number): Bindings {
  return as === undefined ? bindings : new Map([...bindings, [as, { value: turn, text: String(turn) }]]);
}
