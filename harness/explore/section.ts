// SPDX-License-Identifier: GPL-2.0-only
/** A finding of exploration as a report section. A pure function of the finding and the states. */
import { structuredPatch } from 'diff';
import { attribute } from '../compare/attribute.ts';
import { classify, type CaseFinding } from '../compare/classify.ts';
import { partingBy } from '../compare/inherited.ts';
import { Prefixes } from '../compare/prefixes.ts';
import { tryLayouts } from '../compare/layouts.ts';
import type { Side } from '../compare/side.ts';
import { walkBetween } from '../compare/chain.ts';
import { CLAUSES } from '../contract/contract.ts';
import type { ClauseId } from '../contract/verdict.ts';
import type { Machine } from '../machine/machine.ts';
import type { Run } from '../run/run.ts';
import { traceOf } from '../run/trace.ts';
import { behind } from '../report/account-section.ts';
import { luckWords, rootName } from '../report/kinds.ts';
import type { State } from '../subject/state.ts';
import { code, paragraph, plural, spansOf, strong, type Block, type Text } from '../text/document.ts';
import { sentence } from '../contract/sentence.ts';
import { CAUSE_WORDS } from '../contract/words.ts';
import type { Scenario } from '../run/scenario.ts';
import type { Shown } from './mechanism.ts';
import type { Target } from './probe.ts';
import { costBlocks, costIn, isCost } from './cost-section.ts';
import { toScenario, type Telling } from './program.ts';
import type { ExploredFinding } from './search.ts';
import { toYaml } from './yaml.ts';

/** Steps that a finding has without an excuse. */
const SMALL = 6;
/** Longest trace excerpt, lines. */
const LONGEST = 60;
const CONTEXT = 3;

/** The finding as a section of a page; `replay` is the command that prints it again, and nothing else. */
export function sectionOf(
  machine: Machine,
  target: Target,
  finding: ExploredFinding,
  replay: string,
): Block[] {
  const { shown, index, steps, program, tries, also } = finding;
  const telling = tell(target, finding);
  const scenario = toScenario(program, telling);
  const prefixes = new Prefixes(machine);
  const found = shown.clause === undefined ? undefined : findingIn(prefixes, target, scenario, shown);
  const cost = isCost(shown) ? costIn(prefixes, target, scenario, shown) : undefined;
  const { length } = program.steps;
  const note =
    length > SMALL ? `It takes ${length} steps: without any one or two of them the mechanism is gone.` : '';
  return [
    { kind: 'heading', level: 3, text: titleOf(shown) },
    paragraph(
      strong(kindOf(target, shown, found)),
      `; first shown by program ${index}, ${plural(steps, 'step')} shrunk to ${length} in ${plural(tries, 'try').replace('trys', 'tries')}. ${note}`.trimEnd(),
    ),
    ...because(prefixes, target, scenario, found),
    ...(cost === undefined ? patches(prefixes, target, scenario, found) : costBlocks(target, cost)),
    ...(also.length === 0
      ? []
      : [paragraph(`The same program also shows: ${also.map((other) => titleOf(other)).join('; ')}.`)]),
    { kind: 'fence', language: 'yaml', lines: toYaml(program, telling).trimEnd().split('\n') },
    ...traces(prefixes, target, scenario),
    paragraph('Replay: ', code(replay)),
  ];
}

/** One line about what was shown. */
export function titleOf({ kind, clause, cause, through }: Shown): string {
  if (clause === undefined || cause === undefined) return `${kind}: ${through}`;
  return `${kind} ${clause}: ${cause}, through ${through}`;
}

/** Name and reason of the shrunk scenario, and the file it would be saved in. */
export function tell({ from, to }: Target, { id, shown }: ExploredFinding): Telling {
  const { clause, cause, through, kind } = shown;
  const operation = through
    .split(/ → |: | \(/)[0]
    ?.replaceAll(/([A-Z])/g, '-$1')
    .replaceAll('_', '-')
    .toLowerCase();
  const stem = [clause ?? kind, cause, operation].filter((part) => part !== undefined).join('-');
  const name = nameOf(shown);
  const where = from === undefined ? `in ${to.id}` : `from ${from.id} to ${to.id}`;
  const untouched = isCost(shown)
    ? 'The same operation costs something else.'
    : 'No clause of the contract is touched.';
  const why = clause === undefined ? untouched : CLAUSES[clause].why;
  const fileName = `${stem}-${id.slice(0, 4)}`.replaceAll(/[^a-z0-9]+/g, '-');
  return { id: `found/${fileName}`, name, why: `Found by exploration: ${kind} ${where}. ${why}` };
}

function nameOf(shown: Shown): string {
  const { clause, cause, through } = shown;
  if (isCost(shown)) return titleOf(shown);
  if (clause === undefined || cause === undefined) return `Other calls in ${through}`;
  return `${clause}: ${CAUSE_WORDS[cause]}`;
}

function kindOf(target: Target, shown: Shown, found: CaseFinding | undefined): string {
  const { clause, cause, kind } = shown;
  if (isCost(shown)) {
    return `costs ${kind === 'costlier' ? 'more' : 'less'} in ${target.to.id} than in ${target.from?.id ?? ''}`;
  }
  if (clause === undefined || cause === undefined) return 'different, no clause touched';
  const { hiddenBy, was, luck, inherited = false, inRoot } = found ?? {};
  const layouts = luckWords({ luck });
  const sides =
    target.from === undefined ? `in ${target.to.id}` : `from ${target.from.id} to ${target.to.id}`;
  const hidden =
    hiddenBy === undefined ? '' : `, hidden by the crash of step ${hiddenBy + 1} on the other side`;
  const before = was === undefined ? '' : `, before for another cause: ${was}`;
  const asInRoot =
    inRoot === undefined
      ? `, as in ${rootName(target.to)}`
      : `, in ${rootName(target.to)} for another cause: ${inRoot}`;
  const root = inherited ? asInRoot : '';
  return `${kind} ${sides}${layouts === undefined ? '' : `: ${layouts}`}${hidden}${before}${root}`;
}

/** What the program shows, looked at once more; undefined: no clause. */
export function findingIn(
  prefixes: Prefixes,
  { from, to }: Target,
  scenario: Scenario,
  { kind, clause, cause }: Shown,
): CaseFinding | undefined {
  const before = from ?? to.root;
  const sides = (where: Scenario, clauses?: readonly ClauseId[]): readonly [Side, Side] => [
    prefixes.sideOf(before, where, clauses),
    prefixes.sideOf(to, where, clauses),
  ];
  const plain = sides(scenario);
  const parting = partingBy(() => classify(prefixes.sideOf(to.root, scenario), plain[1]));
  const found = classify(...plain, parting);
  const all = kind === 'layout-dependent' ? tryLayouts(plain, scenario, found, sides) : found;
  const same = all.filter((each) => each.clause === clause && each.cause === cause);
  return (
    same.find((each) => each.kind === kind) ??
    same.find((each) => from !== undefined || each.to !== undefined)
  );
}

function because(
  prefixes: Prefixes,
  { from, to }: Target,
  scenario: Scenario,
  found: CaseFinding | undefined,
): Block[] {
  const shown = found && evidenceOf(prefixes, { from, to }, scenario, found);
  return shown === undefined ? [] : [paragraph(`In ${shown.state.id}: `, ...spansOf(shown.because))];
}

/** The evidence in a sentence, and the state that gives it; undefined: there is none. */
export function evidenceOf(
  prefixes: Prefixes,
  { from, to }: Pick<Target, 'from' | 'to'>,
  scenario: Scenario,
  { clause, cause, victims, ...sides }: CaseFinding,
): { readonly state: State; readonly because: Text } | undefined {
  const [state, evidence] = sides.to === undefined ? [from ?? to, sides.from] : [to, sides.to];
  if (evidence === undefined) return undefined;
  const { run } = prefixes.of(state, scenario);
  return { state, because: sentence(run, clause, cause, evidence, victims) };
}

function patches(
  prefixes: Prefixes,
  target: Target,
  scenario: Scenario,
  found: CaseFinding | undefined,
): Block[] {
  const walk = walkBetween(target.from ?? target.to.root, target.to);
  if (found !== undefined) return behind(attribute(prefixes, walk, scenario, found));
  const turned = [...walk.back, ...walk.forth].filter(
    ({ before, after }) => !prefixes.sameTrace(before, after, scenario),
  );
  return turned.length === 0
    ? []
    : [paragraph(`Patches that change the trace: ${turned.map(({ patch }) => patch.id).join(', ')}.`)];
}

/** Side by side for two states, the whole trace for one. */
function traces(prefixes: Prefixes, { from, to }: Target, scenario: Scenario): Block[] {
  const y = lines(prefixes.of(to, scenario).run);
  if (from === undefined) return [{ kind: 'fence', language: 'text', lines: cut([`${to.id}:`, ...y]) }];
  const x = lines(prefixes.of(from, scenario).run);
  const joined = (all: readonly string[]): string => `${all.join('\n')}\n`;
  const { hunks } = structuredPatch(from.id, to.id, joined(x), joined(y), '', '', { context: CONTEXT });
  const shown = hunks.flatMap((hunk, index) => [...(index === 0 ? [] : ['  …']), ...hunk.lines]);
  if (shown.length === 0) return [];
  return [{ kind: 'fence', language: 'diff', lines: [`--- ${from.id}`, `+++ ${to.id}`, ...cut(shown)] }];
}

function lines(run: Run): string[] {
  return traceOf(run).map(({ step, event, text: line }) =>
    event === undefined && !line.startsWith('=') ? `${step + 1}. ${line}` : `    ${line}`,
  );
}

function cut(all: readonly string[]): string[] {
  const left = all.length - LONGEST;
  return left > 0 ? [...all.slice(0, LONGEST), `  … ${left} more lines`] : [...all];
}
