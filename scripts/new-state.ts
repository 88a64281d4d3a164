// SPDX-License-Identifier: GPL-2.0-only
import { findState } from '../variants/registry.ts';
import { UserError } from '../harness/text/user-error.ts';
import { finishSeries, writeSeries } from '../harness/source/new-series.ts';
import type { PatchDraft, SeriesDraft } from '../harness/source/series-draft.ts';
import { packageRoot } from '../harness/text/package-root.ts';
import { commandLine, EXIT_OK, quote, stateNamed, type Args, type Command } from './cli.ts';

import { print } from './print.ts';

export const newState: Command = {
  usage: '<name>',
  options: {
    from: { type: 'string', value: 'STATE', help: 'the state that its first patch stands on' },
    patch: {
      type: 'string',
      value: 'SUBJECT',
      multiple: true,
      help: 'a patch of it; again for each, in order',
    },
    override: {
      type: 'string',
      value: 'FUNCTIONS',
      multiple: true,
      help: 'what the first patch touches (a,b); or given once for each patch',
    },
  },
  examples: [
    'v9 --from v8 --patch "dma-iommu: clear the whole slot" --override mapPage',
    'v9 --from v8 --patch "first" --override mapSg,unmapSg --patch "second" --override initDomain',
  ],
  run,
};

async function run(args: Args): Promise<number> {
  const [name = ''] = args.positionals;
  const root = packageRoot();
  const from = args.text('from');
  if (from === undefined) throw new UserError('which state does it stand on? --from STATE');
  const base = stateNamed(from);
  const patches = patchesOf(args.texts('patch'), args.texts('override'));
  const draft = { name, from: base, patches };
  const files = finishSeries(root, draft) ?? (await begin(root, draft));
  print(
    `${name} stands on ${base.id}:\n${files.map((path) => `  ${path}\n`).join('')}` +
      `Edit its patches, then: ${commandLine(args.form, 'compare', `${base.id} ${name}`)} (docs/adding-a-revision.md)\n`,
  );
  return EXIT_OK;
}

/** Writes the series; the paths of its files. */
async function begin(root: string, draft: SeriesDraft): Promise<string[]> {
  const { name } = draft;
  if (findState(name) !== undefined) throw new UserError(`there is a state ${quote(name)} already`);
  return (await writeSeries(root, draft)).map(({ path }) => path);
}

/** Overrides given once are the first patch's; else each patch has its own. */
function patchesOf(subjects: readonly string[], overrides: readonly string[]): PatchDraft[] {
  if (overrides.length > 1 && overrides.length !== subjects.length) {
    throw new UserError(
      `--override is given ${overrides.length} times for ${subjects.length} patches: once, or once for each`,
    );
  }
  return subjects.map((subject, index) => ({
    subject,
    overrides: (overrides[index] ?? '')
      .split(',')
      .map((name) => name.trim())
      .filter((name) => name !== ''),
  }));
}
