// SPDX-License-Identifier: GPL-2.0-only
/** One finding in full. */
import { foundCase, type FoundCase } from '../compare/comparison.ts';
import { CLAUSES } from '../contract/contract.ts';
import { CAUSE_WORDS } from '../contract/words.ts';
import {
  code,
  joined,
  paragraph,
  plain,
  plural,
  spansOf,
  type Block,
  type Span,
  type Text,
} from '../text/document.ts';
import { behind } from './account-section.ts';
import type { Level, Section } from './budget.ts';
import { codeBehind, hunksBehind } from './code-section.ts';
import type { Illustration } from './illustrate.ts';
import {
  anchorOf,
  hiddenWords,
  inheritedWords,
  luckWords,
  unrepeatedWords,
  nameOf,
  type Group,
} from './kinds.ts';
import { caseSpan, clauseSpan } from './links.ts';
import { patchesOf } from './patches.ts';
import type { Report } from './report.ts';

/** Most cases that a line names. */
const LISTED = 8;

export interface Shown {
  /** Methods whose code the report has shown; undefined: it shows none. */
  readonly code: Set<string> | undefined;
  /** Where the finding's memory map is; undefined: nowhere. */
  readonly map: string | undefined;
}

/** The evidence with what else there is folded behind it, without that, not at all: the table has it. */
export function findingSection(
  report: Report,
  { title }: Group,
  illustration: Illustration,
  { code: shownBefore, map }: Shown,
): Section {
  const { finding, because } = illustration;
  const inherited = inheritedWords(report.comparison, finding);
  const found = foundCase(report.comparison, finding);
  const attribution = report.account.attributions.get(finding);
  const patches = patchesOf(report, finding);
  const heading: Block = {
    kind: 'heading',
    level: 3,
    anchor: anchorOf(report, finding),
    text: [`${title}: ${nameOf(finding)}`, ...(patches.length === 0 ? [] : [', ', ...patches])],
  };
  const evidence = (diff: Illustration['diff']): Block[] => [
    heading,
    paragraph(...spansOf(because), ...(inherited === undefined ? [] : [` ${inherited}`])),
    scenarioOf(report, illustration),
    ...generated(report, found),
    ...traces(diff),
    ...(attribution === undefined ? [] : hunksBehind(attribution)),
  ];
  const picture: Block[] =
    map === undefined
      ? []
      : [{ kind: 'picture', alt: `Memory map. ${plain(because).replaceAll('`', '')}`, file: map }];
  const more: Block[] = [
    ...remarks(report, illustration),
    ...(attribution === undefined ? [] : behind(attribution)),
    ...(shownBefore === undefined ? [] : codeBehind(report.code, attribution, shownBefore)),
    ...alsoIn(illustration),
    replay(report, illustration),
    whyItMatters(report, illustration),
  ];
  const level = (blocks: readonly Block[], lost?: string, diff = illustration.diff): Level => ({
    blocks: [...evidence(diff), ...blocks],
    ...(lost === undefined ? {} : { lost, count: 1 }),
  });
  return {
    levels: [
      level([...picture, { kind: 'fold', summary: 'More of it', blocks: more }]),
      level(picture, 'remark'),
      level([], 'remark', shortened(illustration.diff)),
      { blocks: [], lost: 'detailed finding', count: 1 },
    ],
  };
}

/** Lines of a diff that had to shrink. */
const SHORT = 16;

function shortened(diff: readonly string[]): string[] {
  const left = diff.length - SHORT;
  return left > 3 ? [...diff.slice(0, SHORT), `  … ${plural(left, 'more line')}`] : [...diff];
}

/** What the driver does. */
function scenarioOf({ context }: Report, { finding, scenario }: Illustration): Block {
  return paragraph(
    `${scenario.why} `,
    plural(finding.cases.length, 'case'),
    '; the smallest: ',
    caseSpan(context.files, scenario),
    '.',
  );
}

/** The scenario that exploration has made, whole: no file has it. */
function generated({ comparison: { explored } }: Report, found: FoundCase | undefined): Block[] {
  if (explored === undefined || found === undefined) return [];
  const { program, yaml } = found;
  return [
    paragraph(
      `Found by exploration: program ${program} of seed ${explored.seed}, made small. As a file, say `,
      code(FOUND_FILE),
      ', every command takes it: ',
      code(`--scenario ${FOUND_FILE}`),
      '.',
    ),
    { kind: 'fence', language: 'yaml', lines: yaml.trimEnd().split('\n') },
  ];
}

/** What a reader may call the file of a scenario that exploration has made. */
const FOUND_FILE = 'found.yaml';

function remarks({ comparison }: Report, { finding, notJudged }: Illustration): Block[] {
  const [first] = finding.cases;
  const hidden = first && hiddenWords(comparison, first);
  const luck = luckWords(finding);
  const unrepeated = unrepeatedWords(first);
  return [
    ...notJudged.map((line) => paragraph('Not judged: ', ...spansOf(line), '.')),
    ...(hidden === undefined ? [] : [paragraph(`On the other side it is ${hidden}.`)]),
    ...(luck === undefined ? [] : [paragraph(`Layout-dependent: ${luck}.`)]),
    ...(unrepeated === undefined ? [] : [paragraph(unrepeated)]),
    ...(finding.was === undefined
      ? []
      : [paragraph(`The same bytes were broken before, for another cause: ${CAUSE_WORDS[finding.was]}.`)]),
  ];
}

function traces(diff: Illustration['diff']): Block[] {
  return diff.length === 0
    ? [paragraph('The traces do not differ.')]
    : [{ kind: 'fence', language: 'diff', lines: diff }];
}

/** The other cases, as many as a line takes. */
function alsoIn({ finding: { cases } }: Illustration): Block[] {
  const others = cases.slice(1, 1 + LISTED).map(({ scenario }): Text => [code(scenario.id)]);
  if (others.length === 0) return [];
  const more = cases.length - 1 - others.length;
  return [paragraph('Also in ', ...joined(others, ', '), more > 0 ? ` and ${more} more.` : '.')];
}

/** The command that shows the whole trace. */
function replay(report: Report, { finding, scenario }: Illustration): Block {
  const { from, to } = report.comparison;
  const side = finding.cases[0]?.to === undefined ? from : to;
  const found = foundCase(report.comparison, finding);
  return paragraph(
    'The whole trace: ',
    code(`npx bouncediff trace ${side.id} '${found === undefined ? scenario.id : FOUND_FILE}'`),
    '; this finding is ',
    code(anchorOf(report, finding)),
    '.',
  );
}

function whyItMatters({ context: { files } }: Report, { finding: { clause } }: Illustration): Block {
  const name: Span = clauseSpan(files, clause, clause);
  return paragraph('Why it matters (', name, `): ${CLAUSES[clause].why}`);
}
