// SPDX-License-Identifier: GPL-2.0-only
/** A finding as the page tells it. */
import type { Attribution, Turn } from '../compare/attribute.ts';
import { isBackground, type Finding } from '../compare/comparison.ts';
import { CAUSE_WORDS } from '../contract/words.ts';
import type { Illustration } from '../report/illustrate.ts';
import { hiddenWords, inheritedWords, luckWords, unrepeatedWords } from '../report/kinds.ts';
import type { Report } from '../report/report.ts';
import { spansOf, type Text } from '../text/document.ts';
import type { PageKind } from './kinds.ts';
import type { PageCode, PageFinding, PagePatch, Words } from './page-data.ts';

/** Most cases that a finding names, and lines of one diff. */
const SHOWN_CASES = 5;
const SHOWN_LINES = 120;

/** What can be said of a finding before its case is run again. */
export type FindingInWords = Omit<PageFinding, 'at' | 'row' | 'stretches' | 'reach' | 'code' | 'reply'>;

export function findingInWords(report: Report, illustration: Illustration, id: string): FindingInWords {
  const { finding, because, notJudged } = illustration;
  const { clause, cause, was, cases } = finding;
  const [first] = cases;
  const hidden = first && hiddenWords(report.comparison, first);
  const luck = luckWords(finding);
  const unrepeated = unrepeatedWords(first);
  const inherited = inheritedWords(report.comparison, finding);
  return {
    id,
    kind: kindOf(finding),
    clause,
    cause,
    causeWords: was === undefined ? CAUSE_WORDS[cause] : `${CAUSE_WORDS[cause]}; before: ${CAUSE_WORDS[was]}`,
    patches: patchesOf(report.account.attributions.get(finding)),
    because: wordsOf(because),
    notes: [
      ...(hidden === undefined ? [] : [[`On the other side it is ${hidden}.`]]),
      ...(luck === undefined ? [] : [[`Layout-dependent: ${luck}.`]]),
      ...(unrepeated === undefined ? [] : [[unrepeated]]),
      ...(inherited === undefined ? [] : [[inherited]]),
      ...notJudged.map((line): Words => ['Not judged: ', ...wordsOf(line), '.']),
    ],
    cases: cases.slice(0, SHOWN_CASES).map(({ scenario }) => scenario.id),
    count: cases.length,
    side: first?.to === undefined ? 0 : 1,
  };
}

/** Inherited: still broken for the same cause, as in the root. */
export function kindOf(finding: Finding): PageKind {
  return isBackground(finding) ? 'inherited' : finding.kind;
}

function patchesOf({ forth, back }: Attribution | Record<string, undefined> = {}): PagePatch[] {
  const patch = ({ stage, effect, together }: Turn, isTakenBack: boolean): PagePatch => ({
    id: stage.patch.id,
    effect,
    together: together.map(({ id }) => id),
    isTakenBack,
  });
  return [
    ...(forth ?? []).map((turn) => patch(turn, false)),
    ...(back ?? []).map((turn) => patch(turn, true)),
  ];
}

/** The text for the page. */
export function wordsOf(text: Text): Words {
  return spansOf(text).map((span) => {
    if (typeof span === 'string') return span;
    if ('url' in span) return { link: span.url, to: span.url };
    if ('code' in span) return { code: span.code };
    return 'strong' in span ? span.strong : span.link;
  });
}

/** The code behind a finding: the posted C where a state was compiled from it, else the functions as they are modelled. */
export function codeOf({ code, account }: Report, finding: Finding): PageCode[] {
  const { forth = [], back = [] } = account.attributions.get(finding) ?? {};
  const turns = [...forth, ...back];
  const hunks = turns.flatMap(({ stage, touched, executed }) =>
    (stage.after.c?.hunks(stage.patch.id, executed.length > 0 ? executed : touched) ?? []).map(
      ({ file, line, lines, link }): PageCode => ({
        title: `${stage.patch.id}, ${file}:${line}`,
        link: link ?? null,
        lines: cut(lines),
      }),
    ),
  );
  if (hunks.length > 0) return hunks;
  const ran = new Set(turns.flatMap(({ executed }) => executed));
  return (code ?? [])
    .filter(({ method, lines }) => ran.has(method) && lines.length > 0)
    .map(({ method, kernelFunction, from, to, lines }) => ({
      title: `${kernelFunction === undefined ? method : `${kernelFunction}()`}, ${from ?? 'nobody'} → ${to ?? 'nobody'}`,
      link: null,
      lines: cut(lines),
    }));
}

function cut(lines: readonly string[]): string[] {
  const more = lines.length - SHOWN_LINES;
  return [...lines.slice(0, SHOWN_LINES), ...(more > 0 ? [` … ${more} more lines`] : [])];
}
