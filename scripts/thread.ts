// SPDX-License-Identifier: GPL-2.0-only
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { compare, type Comparison } from '../harness/compare/comparison.ts';
import { summarise } from '../harness/report/summary.ts';
import { code, paragraph, plural, strong, type Block } from '../harness/text/document.ts';
import { renderMarkdown } from '../harness/text/render-markdown.ts';
import { writeFile } from '../harness/text/files.ts';
import { packageRoot } from '../harness/text/package-root.ts';
import { UserError } from '../harness/text/user-error.ts';
import { EXIT_BAD_NEWS, EXIT_OK, OUTPUT, quote, stateNamed, type Args, type Command } from './cli.ts';
import { projectCorpus } from './corpus.ts';
import { interruptible } from './interrupt.ts';
import { print } from './print.ts';
import { formatOption, outputBlocks, PAGE as FORMATS } from './rendered.ts';
import { progressLine } from './terminal.ts';
import { MAILS, type Point } from './thread-points.ts';

const PAGE = 'docs/thread.md';

export const thread: Command = {
  usage: '[mail]',
  options: {
    write: { type: 'boolean', help: `writes ${PAGE}` },
    check: { type: 'boolean', help: `writes nothing; says whether ${PAGE} is stale` },
    format: formatOption(FORMATS),
    output: OUTPUT,
  },
  examples: ['1/5'],
  about: 'mail: a Message-Id, or the patch that mails are about, like 3/5. Without one: all of them.',
  run,
};

async function run(args: Args): Promise<number> {
  const [wanted] = args.positionals;
  const id = wanted?.replace(/^<(.*)>$/, '$1');
  const mails = MAILS.filter(
    ({ messageId, on }) => id === undefined || [messageId, on, `v3 ${on}`].includes(id),
  );
  if (mails.length === 0) {
    throw new UserError(
      `no mail ${quote(wanted ?? '')}; a patch from 0/5 to 5/5, or a Message-Id of ${PAGE}`,
    );
  }
  const answered = new Map<string, Comparison>();
  const wrong: string[] = [];
  const sections: Block[] = [];
  for (const mail of mails) {
    const title = `${mail.date}, ${mail.who}, on v3 ${mail.on}`;
    sections.push({ kind: 'heading', level: 2, text: title }, paragraph(code(mail.messageId)));
    for (const point of mail.points) {
      const comparison = await interruptible(() => answer(point, answered));
      if (comparison !== undefined) wrong.push(...complaints(point, comparison));
      sections.push(...documentOf(point, comparison));
    }
  }
  const page = [...INTRODUCTION, ...sections];
  const whole = `${renderMarkdown(page)}\n`;
  const isStale = args.flag('check') && !isSame(whole);
  if (args.flag('write')) writeFile(join(packageRoot(), PAGE), whole);
  else if (!args.flag('check')) outputBlocks(args, FORMATS, wanted === undefined ? page : sections);
  if (isStale) wrong.push(`${PAGE} is stale: npm run thread -- --write`);
  for (const line of wrong) print(`${line}\n`);
  return wrong.length > 0 ? EXIT_BAD_NEWS : EXIT_OK;
}

const INTRODUCTION: readonly Block[] = [
  { kind: 'heading', level: 1, text: 'The review of v3, point by point' },
  paragraph(
    'What was said in the review of v3, mail by mail, with the command that answers it and what it comes to. ',
    code('npm run thread 1/5'),
    ' runs the mails on one patch again. The numbers are those of the corpus; “same” is said of the cases that ran.',
  ),
];

function answer({ compare: states }: Point, answered: Map<string, Comparison>): Comparison | undefined {
  if (states === undefined) return undefined;
  const key = states.join(' ');
  const [from, to] = states.map((id) => stateNamed(id));
  if (from === undefined || to === undefined) throw new RangeError('two states are compared');
  const known =
    answered.get(key) ?? compare(from, to, projectCorpus().scenarios, { progress: progressLine('cases') });
  answered.set(key, known);
  return known;
}

/** What does not come out as it is said to. */
function complaints({ says, expects = {} }: Point, comparison: Comparison): string[] {
  const clauses = (kind: string): Set<string> =>
    new Set(comparison.findings.flatMap((finding) => (finding.kind === kind ? [finding.clause] : [])));
  const { word, regressed, costsLess, costsMore } = summarise(comparison);
  const [fixed, broken] = [clauses('fixed'), clauses('regressed')];
  const moved = new Set(
    comparison.findings.flatMap(({ was, clause }) => (was === undefined ? [] : [clause])),
  );
  const problems = [
    ...(expects.same === true && word !== 'same' ? [`expected the same, came to ${word}`] : []),
    ...(expects.regressed === 0 && regressed > 0 ? [`${regressed} regressed, expected none`] : []),
    ...(expects.costs !== undefined && expects.costs !== costsInAWord(costsLess, costsMore)
      ? [`costs are ${costsInAWord(costsLess, costsMore)}, expected ${expects.costs}`]
      : []),
    ...(expects.fixes ?? []).flatMap((id) => (fixed.has(id) ? [] : [`does not fix ${id}`])),
    ...(expects.breaks ?? []).flatMap((id) => (broken.has(id) ? [] : [`does not break ${id}`])),
    ...(expects.otherCause ?? []).flatMap((id) =>
      moved.has(id) ? [] : [`does not break ${id} as before, for another cause`],
    ),
  ];
  return problems.map((problem) => `${comparison.from.id} → ${comparison.to.id}, "${says}": ${problem}`);
}

function costsInAWord(less: number, more: number): string {
  if (less > 0) return more > 0 ? 'mixed' : 'lower';
  return more > 0 ? 'higher' : 'the same';
}

function documentOf({ says, answer: said }: Point, comparison: Comparison | undefined): Block[] {
  if (comparison === undefined) return [paragraph(says), paragraph(said)];
  const { word, fixed, regressed, stillBroken, costsLess, costsMore, different, same, cases } =
    summarise(comparison);
  const clauses = (kind: string): string =>
    [...new Set(comparison.findings.flatMap((f) => (f.kind === kind ? [f.clause] : [])))].join(', ');
  const named = (count: number, name: string, kind: string): string =>
    count === 0 ? `0 ${name}` : `${count} ${name} (${clauses(kind)})`;
  const numbers = [
    named(fixed, 'fixed', 'fixed'),
    named(regressed, 'regressed', 'regressed'),
    `${stillBroken} still broken`,
    `costs less in ${plural(costsLess, 'row')}, more in ${costsMore}`,
    `${different} cases with other calls only, ${same} the same, of ${cases}`,
  ];
  const command = `npm run compare ${comparison.from.id} ${comparison.to.id}`;
  return [
    paragraph(says),
    { kind: 'fence', language: 'text', lines: [command] },
    paragraph(strong(word), `: ${numbers.join('; ')}. ${said}`),
  ];
}

function isSame(whole: string): boolean {
  const file = join(packageRoot(), PAGE);
  return existsSync(file) && readFileSync(file, 'utf8') === whole;
}
