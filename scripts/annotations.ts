// SPDX-License-Identifier: GPL-2.0-only
/** Open regressions beside the changed lines that they come from. */
import type { Turn } from '../harness/compare/attribute.ts';
import type { Finding } from '../harness/compare/comparison.ts';
import { nameOf } from '../harness/report/kinds.ts';
import { patchesOf } from '../harness/report/patches.ts';
import { unexplainedRegressions, type Report } from '../harness/report/report.ts';
import type { SourceFunction, Sources } from '../harness/source/effective-source.ts';
import type { State } from '../harness/subject/state.ts';
import { plain } from '../harness/text/document.ts';
import { sourcePath } from '../harness/text/package-root.ts';
import type { ChangedLines, LineRange } from './changed.ts';
import type { Annotation } from './print.ts';

/** A comparison, and whether the change is about its states: what is wrong with it is the change's doing. */
export interface Judged {
  readonly report: Report;
  readonly counts: boolean;
}

/** GitHub shows ten errors of a step, and drops the rest. */
const MOST = 10;

type Place = NonNullable<Annotation['place']>;

/**
 * Open regressions, worst first, at most ten: an error where the change is about the state, a warning where it
 * has only brought a scenario that shows one. Those that no changed line stands for are left out; a notice counts
 * what does not fit.
 */
export function annotationsOf(
  judged: readonly Judged[],
  changed: ChangedLines,
  sources: Sources,
): Annotation[] {
  const own = judged.filter(({ counts }) => counts);
  const errors = own.flatMap(({ report }) =>
    annotate(report, 'error', (finding) => placeOf(report, finding, changed, sources)),
  );
  const warnings = judged
    .filter(({ counts }) => !counts)
    .flatMap(({ report }) =>
      annotate(report, 'warning', ({ cases }) => firstLine(changed, cases.map(scenarioFile))),
    );
  const all = [...errors, ...warnings];
  const more = all.length - MOST;
  return [
    ...all.slice(0, MOST),
    ...(more > 0
      ? [{ level: 'notice', lines: [`${more} more on changed lines: see the report`] } as const]
      : []),
  ];
}

function annotate(
  report: Report,
  level: 'error' | 'warning',
  place: (finding: Finding) => Place | undefined,
): Annotation[] {
  const { from, to } = report.comparison;
  return unexplainedRegressions(report).flatMap((finding): Annotation[] => {
    const found = place(finding);
    if (found === undefined) return [];
    const told = report.illustrations.find((one) => one.finding === finding);
    const [smallest] = finding.cases;
    const lines = [
      plain(patchesOf(report, finding)),
      ...(told === undefined ? [] : [plain(told.because)]),
      ...(smallest === undefined ? [] : [`npx bouncediff trace ${to.id} '${smallest.scenario.id}'`]),
    ];
    const title = `${from.id} → ${to.id}: regressed: ${nameOf(finding)}`;
    return [{ level, place: found, title, lines: lines.filter((line) => line !== '') }];
  });
}

/** Where the change did it: a patch that turns the finding, the state's other modules, a scenario, what lists patches. */
function placeOf(
  { account, comparison: { to } }: Report,
  finding: Finding,
  changed: ChangedLines,
  sources: Sources,
): Place | undefined {
  const turns = account.attributions.get(finding)?.forth.toReversed() ?? [];
  for (const turn of turns) {
    const place = placeInPatch(turn, changed, sources);
    if (place !== undefined) return place;
  }
  const written = [...changed.keys()].filter((file) => file.startsWith('variants/'));
  return firstLine(changed, [
    ...modulesOf(to).toReversed(),
    ...finding.cases.map(scenarioFile),
    ...written.toSorted(),
  ]);
}

/** A changed line of a method that ran, else of the patch's modules. */
function placeInPatch(
  { stage: { patch, after }, executed }: Turn,
  changed: ChangedLines,
  sources: Sources,
): Place | undefined {
  const files = modulesOf(after, patch.id);
  const { functions } = sources.effectiveSource(after);
  for (const method of executed) {
    const found = functions.get(method);
    const ranges = found === undefined || !files.includes(found.file) ? [] : (changed.get(found.file) ?? []);
    const line = found && firstWithin(ranges, linesOf(found));
    if (found !== undefined && line !== undefined) return { file: found.file, line };
  }
  return firstLine(changed, files);
}

/** Modules that a state's code is written in, the last patch's last; `patch`: that one's. */
function modulesOf({ code = [] }: State, patch?: string): string[] {
  return code.filter(({ id }) => patch === undefined || id === patch).map(({ module }) => sourcePath(module));
}

/** Without its comment, where `line` is. */
function linesOf({ line, text }: SourceFunction): LineRange {
  const code = text.replace(/^\/\*\*.*?\*\/\n/s, '');
  return { from: line, to: line + code.split('\n').length - 1 };
}

function firstWithin(ranges: readonly LineRange[], within: LineRange): number | undefined {
  const range = ranges.find(({ from, to }) => from <= within.to && to >= within.from);
  return range && Math.max(range.from, within.from);
}

function firstLine(changed: ChangedLines, files: readonly string[]): Place | undefined {
  for (const file of files) {
    const [first] = changed.get(file) ?? [];
    if (first !== undefined) return { file, line: first.from };
  }
  return undefined;
}

function scenarioFile({ scenario: { scenario } }: Finding['cases'][number]): string {
  return `corpus/${scenario}.yaml`;
}
