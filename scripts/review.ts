// SPDX-License-Identifier: GPL-2.0-only
import { openSeries, REVIEW_NAMES, type OpenSeries } from '../harness/c-states/open-series.ts';
import type { Below } from '../harness/kernel-c/plan.ts';
import type { Text } from '../harness/text/document.ts';
import { UserError } from '../harness/text/user-error.ts';
import { oneOf, type Args, type Command, type Option } from './cli.ts';
import { COMPARISON, readQuestion, reportOn } from './compare.ts';
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
  machine: {
    type: 'string',
    value: 'NAME',
    choices: MACHINES,
    help: "below dma-iommu.c the tree's own swiotlb.c and iova.c (tree), or the model's of 5.14 (model)",
  },
} as const satisfies Readonly<Record<string, Option>>;

export const review: Command = {
  usage: '<series> [revision]',
  options: { ...TREE, ...COMPARISON },
  examples: [
    '--tree <linux> <v3.mbox>',
    '--tree <linux> --base v5.14 <v2.mbox> <v3.mbox>',
    '--tree <linux> v6.12..HEAD --full --output review.md',
  ],
  run,
};

async function run(args: Args): Promise<number> {
  const [first, second] = await openSeries(
    { ...treeOf(args), series: args.positionals, version: args.text('series') },
    REVIEW_NAMES,
  );
  if (first === undefined) throw new RangeError('no series');
  const to = second ?? first;
  const [from, bases] =
    second === undefined ? [first.family.base, undefined] : [first.end, basesOf(first, second)];
  const question = readQuestion(args, { own: true });
  return reportOn(args, question, {
    from,
    to: to.end,
    bases,
    notes: notesOf(second === undefined ? [first] : [first, second]),
    command: `npx bouncediff review --tree ${args.text('tree') ?? ''} ${args.positionals.join(' ')}`,
  });
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

function basesOf(
  first: OpenSeries,
  second: OpenSeries,
): { from: OpenSeries['end']; to: OpenSeries['end']; what: string } | undefined {
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
