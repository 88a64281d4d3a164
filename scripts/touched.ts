// SPDX-License-Identifier: GPL-2.0-only
import { UserError } from '../harness/text/user-error.ts';
import { packageRoot } from '../harness/text/package-root.ts';
import { SUBJECTS } from '../variants/registry.ts';
import { changedFiles } from './changed.ts';
import { EXIT_OK, output, OUTPUT, type Args, type Command } from './cli.ts';

/** Marks a pair whose states are as they were: what is wrong with them is not the change's doing. */
export const REPORT_ONLY = 'report-only';

export const touched: Command = {
  usage: '[files...]',
  options: {
    base: { type: 'string', value: 'REF', help: 'the files that have changed since the branch left REF' },
    output: OUTPUT,
  },
  examples: ['--base origin/main', 'variants/v4/fix-sync-sg.ts'],
  run,
};

async function run(args: Args): Promise<number> {
  const base = args.text('base');
  if (base === undefined && args.positionals.length === 0) {
    throw new UserError('say which files have changed, or since when: --base REF');
  }
  const changed = [...args.positionals, ...(base === undefined ? [] : await changedFiles(base))];
  const { touchedPairs } = await import('../harness/source/touched.ts');
  const pairs = SUBJECTS.flatMap((subject) => touchedPairs(subject, packageRoot(), changed));
  const lines = pairs.map(({ from, to, own }) => `${from} ${to}${own ? '' : ` ${REPORT_ONLY}`}\n`);
  output(args, lines.join(''));
  return EXIT_OK;
}
