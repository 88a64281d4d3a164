// SPDX-License-Identifier: GPL-2.0-only
import { STATE_EXPRESSIONS } from '../harness/subject/expression.ts';
import type { State } from '../harness/subject/state.ts';
import { UserError } from '../harness/text/user-error.ts';
import { paragraph, type Block } from '../harness/text/document.ts';
import { methodsNamed } from '../harness/source/names.ts';
import type { FunctionDiff, SourceFunction } from '../harness/source/effective-source.ts';
import { openSources } from '../harness/source/sources.ts';
import { anyState } from './any-state.ts';
import { WORKSPACE } from './workspace.ts';
import { EXIT_OK, OUTPUT, type Args, type Command } from './cli.ts';
import { formatOption, LINES, outputBlocks } from './rendered.ts';

export const source: Command = {
  usage: '<state> [function]',
  options: {
    diff: {
      type: 'string',
      value: 'STATE',
      help: 'what changes from <state>, the - side, to STATE, the + side',
    },
    hunks: {
      type: 'boolean',
      help: 'of a state from C: the hunks of its patches, by number, with the functions that they change',
    },
    workspace: WORKSPACE,
    format: formatOption(LINES),
    output: OUTPUT,
  },
  examples: ['v3 iommu_dma_map_page', 'v5.3 --diff v5.4', 'v7 mapPage --diff v8', 'c/v3 --hunks'],
  about: STATE_EXPRESSIONS,
  run,
};

async function run(args: Args): Promise<number> {
  outputBlocks(args, LINES, await documentFor(args));
  return EXIT_OK;
}

async function documentFor(args: Args): Promise<Block[]> {
  const [id = '', name] = args.positionals;
  const state = await anyState(id, args);
  if (args.flag('hunks')) return hunksOf(state, name);
  const otherId = args.text('diff');
  const other = otherId === undefined ? undefined : await anyState(otherId, args);
  const sources = await openSources();
  const functions = [...sources.effectiveSource(state).functions.values()];
  if (other === undefined) {
    const wanted = name === undefined ? undefined : methodsNamed(name, functions, state.id);
    const shown = functions.filter(({ method }) => wanted?.includes(method) ?? true);
    return shown.flatMap((found) => listing(found, state));
  }
  const known = [...functions, ...sources.effectiveSource(other).functions.values()];
  const wanted = name === undefined ? undefined : methodsNamed(name, known, `${state.id} or ${other.id}`);
  const diffs = sources.diffStates(state, other).filter(({ method }) => wanted?.includes(method) ?? true);
  return diffDocument(diffs, state, other, name);
}

/** Every hunk of the patches that lead to a state, as expressions number them; `name`: those of a C function. */
function hunksOf({ id, chain, c }: State, name: string | undefined): Block[] {
  if (c === undefined) {
    throw new UserError(
      `${id} was not compiled from C: what a patch of it touches goes by function, like +v3.2:mapPage`,
    );
  }
  const sections = chain.flatMap((link): Block[] => {
    const hunks = c
      .numberedHunks(link.id)
      .filter(({ functions }) => name === undefined || functions.includes(name));
    const lines = hunks.flatMap(({ number, file, line, functions, lines: shown }) => {
      const what = functions.length === 0 ? '' : ` ${functions.join(', ')}`;
      return [`${link.id.split(':')[0]}:${number} ${file}:${line}${what}`, ...shown];
    });
    if (hunks.length === 0) return [];
    return [heading(`// ${link.id}: "${link.subject}"`), { kind: 'fence', language: 'diff', lines }];
  });
  const changes = name === undefined ? 'no hunk' : `no hunk changes ${name}`;
  return sections.length === 0 ? [paragraph(`// ${changes} in ${id}`)] : sections;
}

/** A function under a comment that says where it is from. */
export function listing(
  { method, kernelFunction, patch, text, file, line }: SourceFunction,
  state: State,
): Block[] {
  const kernel = kernelFunction === undefined ? 'a helper' : `${kernelFunction}()`;
  const link = state.chain.find(({ id }) => id === patch);
  const by = link === undefined ? 'as before the series' : `last written by ${patch}, "${link.subject}"`;
  const lines = [`// ${file}:${line}`, ...text.split('\n')];
  return [heading(`// ${method}: ${kernel}, ${by}`), { kind: 'fence', language: 'ts', lines }];
}

function diffDocument(
  diffs: readonly FunctionDiff[],
  from: State,
  to: State,
  name: string | undefined,
): Block[] {
  const what = name === undefined ? 'function' : `part of ${name}`;
  if (diffs.length === 0) return [paragraph(`${from.id} → ${to.id}: no ${what} differs.`)];
  const one = diffs.length === 1;
  const onlyMoved = diffs.every(({ kind }) => kind === 'moved');
  const differ = onlyMoved ? 'only moved' : one ? 'differs' : 'differ';
  const head = `${diffs.length} ${one ? 'function' : 'functions'} ${differ}`;
  return [
    paragraph(`${from.id} → ${to.id} (- is ${from.id}, + is ${to.id}): ${head}`),
    ...diffs.flatMap((diff) => section(diff, from, to)),
  ];
}

function section(
  { method, kernelFunction, kind, note, lines, ...patches }: FunctionDiff,
  from: State,
  to: State,
): Block[] {
  const kernel = kernelFunction === undefined ? '' : ` (${kernelFunction})`;
  const title = heading(`${kind}: ${method}${kernel}${note === '' ? '' : `: ${note}`}`);
  if (lines.length === 0) return [title];
  const side = (state: State, patch: string | undefined): string =>
    patch === undefined ? '/dev/null' : `${state.id}/${method}\t${patch}`;
  const names = [`--- ${side(from, patches.from)}`, `+++ ${side(to, patches.to)}`];
  return [title, { kind: 'fence', language: 'diff', lines: [...names, ...lines] }];
}

function heading(text: string): Block {
  return { kind: 'heading', level: 3, text };
}
