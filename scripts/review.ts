// SPDX-License-Identifier: GPL-2.0-only
import { CExpressions } from '../harness/c-states/expressions.ts';
import type { Family } from '../harness/c-states/family.ts';
import { openSeries, REVIEW_NAMES, type OpenSeries } from '../harness/c-states/open-series.ts';
import type { Below } from '../harness/kernel-c/plan.ts';
import { short } from '../harness/subject/expression.ts';
import type { State } from '../harness/subject/state.ts';
import type { Text } from '../harness/text/document.ts';
import { suggestion, UserError } from '../harness/text/user-error.ts';
import { expressed, oneOf, quote, type Args, type Command, type Option } from './cli.ts';
import { COMPARISON, notesOf as notesOfStates, readQuestion, reportOn } from './compare.ts';
import { objectsFolder } from './workspace.ts';

const MACHINES = ['tree', 'model'] as const;

/** What reads series on a kernel tree takes these. */
export const TREE = {
  tree: { type: 'string', value: 'DIR', help: 'the kernel: a folder, a git work tree or a bare repository' },
  base: {
    type: 'string',
    value: 'REV',
    help: "the revision that the series stand on (what their mails say, else HEAD); FILE@REV is one series' own",
  },
  series: { type: 'string', value: 'vN', help: 'which version, where a mailbox has several' },
  suggest: {
    type: 'string',
    value: 'FILE@STATE',
    multiple: true,
    help: 'patches that stand on a state of a series, like raw.patch@v3.3; the state is called raw',
  },
  machine: {
    type: 'string',
    value: 'NAME',
    choices: MACHINES,
    help: "below dma-iommu.c the tree's own swiotlb.c and iova.c (tree), or the model's of 5.14 (model)",
  },
} as const satisfies Readonly<Record<string, Option>>;

export const review: Command = {
  usage: '<series> [revision]',
  options: {
    ...TREE,
    from: { type: 'string', value: 'STATE', help: 'compare from this state; see below' },
    to: { type: 'string', value: 'STATE', help: 'compare to this state' },
    ...COMPARISON,
  },
  examples: [
    '--tree <linux> <v3.mbox>',
    '--tree <linux> --base v5.14 <v2.mbox> <v3.mbox>',
    '--tree <linux> v6.12..HEAD --full --output review.md',
    '--tree <linux> <v3.mbox> --to v3-v3.3',
    '--tree <linux> <v3.mbox> --suggest <raw.patch>@v3.3',
  ],
  about: `States of a review, for --from and --to:
  base, v3, v3.2         the tree, the series, its first two patches
  v3-v3.3                without a patch: the mails after it are applied again
  v3.1+v3.2:1,3          v3.1 and, of v3.2, only hunks 1 and 3, as they stand in the mail
  raw, v3.3+raw+below    a suggestion (--suggest); several, in order
Without them: the base and the series, or the two series, or what the last suggestion stands on and the suggestion.`,
  run,
};

async function run(args: Args): Promise<number> {
  const { series, suggestions } = await openSeries(
    {
      ...treeOf(args),
      series: args.positionals,
      version: args.text('series'),
      suggestions: args.texts('suggest'),
    },
    REVIEW_NAMES,
  );
  const [first, second] = series;
  if (first === undefined) throw new RangeError('no series');
  const last = suggestions.at(-1);
  const all = [...series, ...suggestions];
  const usual: readonly [from: Side, to: Side] =
    last !== undefined
      ? [{ state: last.on, family: last.family }, sideOf(last)]
      : second === undefined
        ? [{ state: first.family.base, family: first.family }, sideOf(first)]
        : [sideOf(first), sideOf(second)];
  const from = named(args.text('from'), all) ?? usual[0];
  const to = named(args.text('to'), all) ?? usual[1];
  const states = { from: from.state, to: to.state };
  const question = readQuestion(args, { own: true });
  return reportOn(args, question, {
    ...states,
    bases: basesOf(from, to),
    notes: [...notesOf(all), ...(last === undefined && isUsual(args) ? [] : notesOfStates(states))],
    command: commandOf(args),
  });
}

/** A state to be compared, with the tree that it is of. */
interface Side {
  readonly state: State;
  readonly family: Family;
}

function sideOf({ end, family }: OpenSeries): Side {
  return { state: end, family };
}

function isUsual(args: Args): boolean {
  return args.text('from') === undefined && args.text('to') === undefined;
}

/** The state of that name or expression; undefined when there is no name. */
function named(text: string | undefined, all: readonly OpenSeries[]): Side | undefined {
  if (text === undefined) return undefined;
  const families = [...new Set(all.map(({ family }) => family))];
  for (const family of families) {
    const state = expressed(text, (name) => new CExpressions(family).state(name));
    if (state !== undefined) return { state, family };
  }
  const names = families.flatMap((family) =>
    family.states().flatMap(({ id, alias }) => (alias === undefined ? [id] : [id, alias])),
  );
  throw new UserError(`unknown state ${quote(short(text))}; ${suggestion(short(text), names)}`);
}

/** What prints the report again. */
function commandOf(args: Args): string {
  const options = ['from', 'to'].flatMap((name) => {
    const text = args.text(name);
    return text === undefined ? [] : [`--${name} ${text}`];
  });
  return [
    `npx bouncediff review --tree ${args.text('tree') ?? ''} ${args.positionals.join(' ')}`,
    ...args.texts('suggest').map((one) => `--suggest ${one}`),
    ...options,
  ].join(' ');
}

/** The kernel tree that a command line names, and how its C is compiled. */
export function treeOf(args: Args): {
  tree: string;
  base: string | undefined;
  below: Below;
  cacheFolder: string;
} {
  const tree = args.text('tree');
  if (tree === undefined) {
    throw new UserError('--tree DIR is missing: the kernel tree, a folder or a git repository');
  }
  const machine = oneOf(args.text('machine') ?? 'tree', 'machine', MACHINES);
  const below = machine === 'tree' ? 'tree' : 'machine';
  return { tree, base: args.text('base'), below, cacheFolder: objectsFolder(args, tree) };
}

function basesOf(first: Side, second: Side): { from: State; to: State; what: string } | undefined {
  if (first.family === second.family) return undefined;
  const what = 'that the two trees differ in without a patch';
  return { from: first.family.base, to: second.family.base, what };
}

/** What the first lines of the report say. */
function notesOf(all: readonly OpenSeries[]): Text[] {
  const families = [...new Set(all.map(({ family }) => family))];
  const [one, other] = families;
  const apart: Text[] =
    one === undefined || other === undefined
      ? []
      : [
          `two bases: ${all.map(({ end, family }) => `${end.id} stands on ${family.base.origin}`).join('; ')}; what they differ in themselves is listed apart`,
        ];
  const left = all.flatMap(({ end, notModelled }): Text[] =>
    notModelled.length === 0 ? [] : [`not modelled of ${end.id}: ${notModelled.join(', ')}`],
  );
  const compiled = other === undefined && one !== undefined ? [`compiled: ${one.base.origin}`] : [];
  return [...apart, ...left, ...compiled, ...all.flatMap(({ notes }) => notes)];
}
