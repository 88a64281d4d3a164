// SPDX-License-Identifier: GPL-2.0-only
/** `power --machine`: what the tests would notice of mistakes in the tool's own code. */
import { availableParallelism } from 'node:os';
import type { ToolMade, ToolMistake, ToolPower } from '../harness/power/tool-power.ts';
import {
  code,
  paragraph,
  plural,
  strong,
  type Block,
  type Span,
  type Text,
} from '../harness/text/document.ts';
import { jsonText } from '../harness/text/visible.ts';
import { UserError } from '../harness/text/user-error.ts';
import { EXIT_OK, output, wholeNumber, type Args } from './cli.ts';
import { outputBlocks, PAGE } from './rendered.ts';
import { progressLine } from './terminal.ts';

/** Mistakes drawn: each takes a few seconds. */
export const MACHINE_SAMPLE = 40;
/** More run no faster where each has a core of its own. */
const MOST_WORKERS = 64;

export async function powerOfMachine(args: Args): Promise<number> {
  for (const option of ['all', 'scenario', 'corpus', 'workspace']) {
    if (args.text(option) !== undefined) throw new UserError(`--${option} is not for power --machine`);
  }
  if (args.positionals.length > 0) throw new UserError('power --machine takes no states');
  const seed = wholeNumber(args, 'seed', 1, 0, 0xffffffff);
  const count = wholeNumber(args, 'sample', MACHINE_SAMPLE, 1, 1e6);
  const workers = wholeNumber(args, 'workers', Math.min(4, availableParallelism()), 1, MOST_WORKERS);
  const module = args.text('module');
  const { measureTool } = await import('../harness/power/tool-power.ts');
  const found = await measureTool({
    seed,
    count,
    workers,
    progress: progressLine('mistakes'),
    ...(module !== undefined && { module }),
  });
  if (args.flag('json')) output(args, jsonText({ seed, sentence: sentenceOf(found), ...found }));
  else outputBlocks(args, PAGE, documentOf(found, seed));
  return EXIT_OK;
}

/** How strong the tests are, in one sentence. */
function sentenceOf({ made }: ToolPower): string {
  const rooms = [...new Set(made.map(({ room }) => room))].map((room) => {
    const there = made.filter((one) => one.room === room);
    return `${there.filter(isNoticed).length} of ${plural(there.length, 'small mistake')} in ${room}`;
  });
  return rooms.length === 0 ? 'there is no small mistake to make' : `the tests notice ${rooms.join(', ')}`;
}

function isNoticed({ failed }: ToolMade): boolean {
  return failed !== undefined;
}

function documentOf(found: ToolPower, seed: number): Block[] {
  const { possible, made, equivalent, refused, replayed } = found;
  const drawn = made.length + equivalent.length + refused.length;
  const noticed = made.filter(isNoticed);
  const replays = made.some(({ room }) => room === 'harness/machine')
    ? ` The recordings were replayed by ${replayed.join(', ')}.`
    : '';
  return [
    paragraph(
      strong('power of the tests'),
      `: ${sentenceOf(found)}. ${equivalent.length} more do the same, and ${refused.length} TypeScript refuses. Drawn: ${drawn} of ${possible}, seed ${seed}.${replays}`,
    ),
    ...section('Nothing notices', made.filter((one) => !isNoticed(one)).map(line)),
    ...section(
      'Noticed',
      noticed.map((one): Text => [...line(one), `; ${one.failed}`]),
    ),
    ...section(
      'Left out, for they do the same',
      equivalent.map((one): Text => [...line(one), `; ${one.reason}`]),
    ),
    ...section(
      'Left out, for TypeScript refuses them',
      refused.map((one): Text => [...line(one), `; ${one.reason}`]),
    ),
  ];
}

function section(title: string, items: readonly Text[]): Block[] {
  return items.length === 0 ? [] : [paragraph(`${title}:`), { kind: 'list', items }];
}

function line({ file, line: at, function: name, operator, before, after }: ToolMistake): Span[] {
  const where = name === '' ? '' : `, ${name}()`;
  return [`${file}:${at}${where}, ${operator}: `, code(before), ' → ', after === '' ? 'gone' : code(after)];
}
