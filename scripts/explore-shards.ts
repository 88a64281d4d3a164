// SPDX-License-Identifier: GPL-2.0-only
/** explore --shard and --merge: one search in several processes. */
import type { Assignment } from '../harness/explore/prober.ts';
import {
  mergeShards,
  parseShard,
  probeShard,
  shardText,
  type Merged,
  type Shard,
} from '../harness/explore/shards.ts';
import type { Workers } from '../harness/explore/workers.ts';
import { plural } from '../harness/text/document.ts';
import { UserError } from '../harness/text/user-error.ts';
import { EXIT_INTERRUPTED, EXIT_OK, output, toolVersion, type Args, type Option } from './cli.ts';
import { Interrupted, unlessInterrupted } from './interrupt.ts';
import { endProgress, showProgress } from './terminal.ts';

export const SHARDS = {
  shard: {
    type: 'string',
    value: 'I/N',
    help: 'probe only part I of N and print what it has seen, for --merge',
  },
  merge: {
    type: 'string',
    value: 'FILE',
    multiple: true,
    help: 'put shards together, an option for each file: what one search would have printed',
  },
  'allow-missing': { type: 'boolean', help: 'merge although shards are missing; the report says how many' },
} as const satisfies Readonly<Record<string, Option>>;

/** What does not go together with a part of a search, or with what is found already. */
const ALONE = ['time', 'program', 'finding', 'save', 'json'] as const;
const KNOWN = [
  'runs',
  'seed',
  'clause',
  'clauses-only',
  'exhaustive',
  'operations',
  'time',
  'program',
  'shard',
  'no-corpus',
  'no-learning',
];

function isGiven(args: Args, name: string): boolean {
  return args.text(name) !== undefined || args.flag(name);
}

/** The part that --shard names, if it is given. UserError for options that it does not go with. */
export function shardOf(args: Args): Shard | undefined {
  const given = args.text('shard');
  if (given === undefined) return undefined;
  const wrong = ALONE.find((name) => isGiven(args, name));
  if (wrong !== undefined) throw new UserError(`--shard and --${wrong} do not go together`);
  return parseShard(given);
}

/** What the files of --merge come to, if it is given. UserError when one is missing that may not be. */
export function mergedShards(args: Args): Merged | undefined {
  const files = args.texts('merge');
  if (files.length === 0) return undefined;
  if (args.positionals.length > 0) throw new UserError('--merge takes no states: the shards say which');
  const wrong = KNOWN.find((name) => isGiven(args, name));
  if (wrong !== undefined) throw new UserError(`--merge and --${wrong} do not go together`);
  const merged = mergeShards(files, toolVersion());
  const { missing, of } = merged;
  if (missing.length > 0 && !args.flag('allow-missing')) {
    const names = missing.map((index) => `${index}/${of}`).join(', ');
    const which = missing.length === 1 ? `${names} is missing` : `${names} are missing`;
    throw new UserError(
      `${of - missing.length} of ${of} shards: ${which}; --allow-missing merges the others`,
    );
  }
  return merged;
}

/** `7 of 8 shards merged`; empty when none is missing. */
export function missingShards({ of, missing }: Merged): string {
  return missing.length === 0 ? '' : `${of - missing.length} of ${of} shards merged`;
}

/** Probes the part, and prints or writes what it has seen; the exit code. */
export async function exploreShard(
  args: Args,
  shard: Shard,
  assignment: Assignment,
  workers: Workers,
  end: number,
): Promise<number> {
  try {
    const seen = await unlessInterrupted(
      probeShard(workers, shard, end, (programs) =>
        showProgress(() => `shard ${shard.index}/${shard.of}: ${plural(programs, 'program')}`),
      ),
    );
    output(args, shardText({ version: toolVersion(), shard, assignment, end, ...seen }));
    return EXIT_OK;
  } catch (error) {
    if (error instanceof Interrupted) return EXIT_INTERRUPTED;
    throw error;
  } finally {
    endProgress();
    await workers.close();
  }
}
