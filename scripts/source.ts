// SPDX-License-Identifier: GPL-2.0-only
import { STATE_EXPRESSIONS } from '../harness/subject/expression.ts';
import type { State } from '../harness/subject/state.ts';
import { UserError } from '../harness/text/user-error.ts';
import { visible, visibleCode } from '../harness/text/visible.ts';
import { methodsNamed } from '../harness/source/names.ts';
import type { FunctionDiff, SourceFunction } from '../harness/source/effective-source.ts';
import { openSources } from '../harness/source/sources.ts';
import { anyState } from './any-state.ts';
import { WORKSPACE } from './workspace.ts';
import { EXIT_OK, output, OUTPUT, type Args, type Command } from './cli.ts';

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
    output: OUTPUT,
  },
  examples: ['v3 iommu_dma_map_page', 'v5.3 --diff v5.4', 'v7 mapPage --diff v8', 'c/v3 --hunks'],
  about: STATE_EXPRESSIONS,
  run,
};

async function run(args: Args): Promise<number> {
  const [id = '', name] = args.positionals;
  const state = await anyState(id, args);
  if (args.flag('hunks')) {
    output(args, hunksOf(state, name));
    return EXIT_OK;
  }
  const otherId = args.text('diff');
  const other = otherId === undefined ? undefined : await anyState(otherId, args);
  const sources = await openSources();
  const functions = [...sources.effectiveSource(state).functions.values()];
  if (other === undefined) {
    const wanted = name === undefined ? undefined : methodsNamed(name, functions, state.id);
    const shown = functions.filter(({ method }) => wanted?.includes(method) ?? true);
    output(args, shown.map((found) => listing(found, state)).join('\n'));
    return EXIT_OK;
  }
  const known = [...functions, ...sources.effectiveSource(other).functions.values()];
  const wanted = name === undefined ? undefined : methodsNamed(name, known, `${state.id} or ${other.id}`);
  const diffs = sources.diffStates(state, other).filter(({ method }) => wanted?.includes(method) ?? true);
  output(args, renderDiffs(diffs, state, other, name));
  return EXIT_OK;
}

/** Every hunk of the patches that lead to a state, as expressions number them; `name`: those of a C function. */
function hunksOf({ id, chain, c }: State, name: string | undefined): string {
  if (c === undefined) {
    throw new UserError(
      `${id} was not compiled from C: what a patch of it touches goes by function, like +v3.2:mapPage`,
    );
  }
  const sections = chain.map((link) => {
    const hunks = c
      .numberedHunks(link.id)
      .filter(({ functions }) => name === undefined || functions.includes(name));
    const texts = hunks.map(({ number, file, line, functions, lines }) => {
      const what = functions.length === 0 ? '' : ` ${functions.join(', ')}`;
      return [`${link.id.split(':')[0]}:${number} ${file}:${line}${what}`, ...lines]
        .map(visibleCode)
        .join('\n');
    });
    return hunks.length === 0 ? '' : [visible(`// ${link.id}: "${link.subject}"`), ...texts].join('\n');
  });
  const text = sections.filter((one) => one !== '').join('\n\n');
  return `${text === '' ? `// no hunk${name === undefined ? '' : ` changes ${visible(name)}`} in ${id}` : text}\n`;
}

/** A function under a comment that says where it is from. */
export function listing(
  { method, kernelFunction, patch, text, file, line }: SourceFunction,
  state: State,
): string {
  const kernel = kernelFunction === undefined ? 'a helper' : `${kernelFunction}()`;
  const link = state.chain.find(({ id }) => id === patch);
  const by = link === undefined ? 'as before the series' : `last written by ${patch}, "${link.subject}"`;
  return `// ${visible(`${method}: ${kernel}, ${by}`)}\n// ${file}:${line}\n${text}\n`;
}

function renderDiffs(
  diffs: readonly FunctionDiff[],
  from: State,
  to: State,
  name: string | undefined,
): string {
  const what = name === undefined ? 'function' : `part of ${name}`;
  if (diffs.length === 0) return `${from.id} → ${to.id}: no ${what} differs.\n`;
  const one = diffs.length === 1;
  const onlyMoved = diffs.every(({ kind }) => kind === 'moved');
  const differ = onlyMoved ? 'only moved' : one ? 'differs' : 'differ';
  const head = `${diffs.length} ${one ? 'function' : 'functions'} ${differ}`;
  return [
    `${from.id} → ${to.id} (- is ${from.id}, + is ${to.id}): ${head}\n`,
    ...diffs.map((diff) => section(diff, from, to)),
  ].join('\n');
}

function section(
  { method, kernelFunction, kind, note, lines, ...patches }: FunctionDiff,
  from: State,
  to: State,
): string {
  const kernel = kernelFunction === undefined ? '' : ` (${kernelFunction})`;
  const heading = visible(`${kind}: ${method}${kernel}${note === '' ? '' : `: ${note}`}`);
  if (lines.length === 0) return `${heading}\n`;
  const side = (state: State, patch: string | undefined): string =>
    patch === undefined ? '/dev/null' : `${state.id}/${method}\t${patch}`;
  return `${heading}\n--- ${side(from, patches.from)}\n+++ ${side(to, patches.to)}\n${lines.join('\n')}\n`;
}
