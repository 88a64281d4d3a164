// SPDX-License-Identifier: GPL-2.0-only
/** All about one finding, folded under its name. */
import { CLAUSES } from '../contract/contract.ts';
import { behind } from './account-section.ts';
import type { Level, Section } from './budget.ts';
import { codeBehind, hunksBehind } from './code-section.ts';
import { code, paragraph, plural, spansOf, type Block, type Text } from '../text/document.ts';
import type { Illustration } from './illustrate.ts';
import { anchorOf, hiddenWords, luckWords, nameOf, rootName } from './kinds.ts';
import { CAUSE_WORDS } from '../contract/words.ts';
import { alsoIn } from './overview-section.ts';
import { patchesOf, type Report } from './report.ts';

/**
 * With the code, without it, not at all: the group's table still has it. `shownBefore` collects
 * methods, so that a report shows each once.
 */
export function findingSection(
  report: Report,
  label: string,
  illustration: Illustration,
  shownBefore: Set<string>,
): Section {
  const { finding, scenario } = illustration;
  const attribution = report.account.attributions.get(finding);
  const codeBlocks = codeBehind(report.code, attribution, shownBefore);
  const { clause, inherited, cases } = finding;
  const patches = patchesOf(report, finding);
  const summary: Text = [
    `${label}${inherited ? `, inherited from ${rootName(report.comparison.to)}` : ''}${patches.length > 0 ? `, ${patches.join(', ')}` : ''}; `,
    `${plural(cases.length, 'case')}, smallest: `,
    code(scenario.id),
  ];
  const heading: Block = { kind: 'heading', level: 3, text: nameOf(finding), anchor: anchorOf(finding) };
  const level = (behindIt: readonly Block[]): Level => ({
    blocks: [
      heading,
      {
        kind: 'fold',
        summary,
        blocks: [
          ...story(report, illustration),
          ...(attribution === undefined ? [] : behind(attribution)),
          ...(attribution === undefined ? [] : hunksBehind(attribution)),
          ...traces(illustration),
          ...behindIt,
          ...alsoIn(finding),
          paragraph(`Why it matters: ${CLAUSES[clause].why}`),
        ],
      },
    ],
  });
  return {
    levels: [
      level(codeBlocks),
      ...(codeBlocks.length > 0 ? [{ ...level([]), lost: 'code diff', count: 1 }] : []),
      { blocks: [], lost: 'detailed finding', count: 1 },
    ],
  };
}

/** The scenario, and why the clause is broken in it. */
function story({ comparison }: Report, illustration: Illustration): Block[] {
  const { finding, scenario, because } = illustration;
  const [first] = finding.cases;
  const hidden = first && hiddenWords(comparison, first);
  const luck = luckWords(finding);
  return [
    paragraph(`Scenario: ${scenario.why}`),
    ...(spansOf(because).length > 0 ? [paragraph(...spansOf(because))] : []),
    ...illustration.notJudged.map((line) => paragraph('Not judged: ', ...spansOf(line), '.')),
    ...(hidden === undefined ? [] : [paragraph(`On the other side it is ${hidden}.`)]),
    ...(luck === undefined ? [] : [paragraph(`Layout-dependent: ${luck}.`)]),
    ...(finding.was === undefined
      ? []
      : [paragraph(`The same bytes were broken before, for another cause: ${CAUSE_WORDS[finding.was]}.`)]),
  ];
}

function traces({ diff }: Illustration): Block[] {
  return diff.length === 0
    ? [paragraph('The traces do not differ.')]
    : [{ kind: 'fence', language: 'diff', lines: diff }];
}
