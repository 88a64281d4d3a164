// SPDX-License-Identifier: GPL-2.0-only
/** A search in several processes, on several machines: each probes its share, one puts what they saw together. */
import { z } from 'zod';
import { CLAUSE_IDS } from '../contract/verdict.ts';
import { readText } from '../text/read-file.ts';
import { jsonText } from '../text/visible.ts';
import { UserError } from '../text/user-error.ts';
import { Prober, type Assignment, type Hit, type Probed } from './prober.ts';
import { PIECE } from './search.ts';
import { inThisThread, type Workers } from './workers.ts';

/** Number `index` of `of`, from 1. */
export interface Shard {
  readonly index: number;
  readonly of: number;
}

/** What a shard has seen of programs [0, end). */
export interface ShardResult {
  readonly version: string;
  readonly shard: Shard;
  readonly assignment: Assignment;
  readonly end: number;
  readonly hits: readonly Hit[];
  /** Programs that say nothing: some run takes more than one may. */
  readonly tooMuch: readonly number[];
}

const MOST_SHARDS = 4096;
/** Bytes of a shard's file. */
const LARGEST = 64 * 2 ** 20;
const COUNT = z.number().int().nonnegative();
const SCHEMA = z.strictObject({
  schema: z.literal('bouncediff-shard/1'),
  version: z.string(),
  shard: z.strictObject({ index: COUNT.min(1), of: COUNT.min(1).max(MOST_SHARDS) }),
  assignment: z.strictObject({
    from: z.string().optional(),
    to: z.string(),
    workspace: z.string().optional(),
    clause: z.enum(CLAUSE_IDS).optional(),
    different: z.boolean(),
    costs: z.literal(true).optional(),
    programs: z.union([z.strictObject({ seed: COUNT }), z.strictObject({ operations: COUNT.min(1).max(4) })]),
  }),
  end: COUNT,
  tooMuch: z.array(COUNT),
  hits: z.array(
    z.strictObject({
      index: COUNT,
      steps: COUNT,
      shown: z.strictObject({
        key: z.string(),
        kind: z.string(),
        elsewhere: z.array(z.string()).optional(),
        clause: z.enum(CLAUSE_IDS).optional(),
        cause: z.string().optional(),
        through: z.string(),
      }),
    }),
  ),
});

/** The shard that `3/8` names. UserError for what names none. */
export function parseShard(text: string): Shard {
  const [, index = '', of = ''] = /^(\d{1,4})\/(\d{1,4})$/.exec(text) ?? [];
  const shard = { index: Number(index), of: Number(of) };
  if (shard.index >= 1 && shard.index <= shard.of && shard.of <= MOST_SHARDS) return shard;
  throw new UserError(`--shard ${JSON.stringify(text)} is none; expected one of several, like 3/8`);
}

/** Probes a shard's programs of [0, end): every so many pieces. Says how many programs are done. */
export async function probeShard(
  workers: Workers,
  { index, of }: Shard,
  end: number,
  progress: (programs: number) => void,
): Promise<Pick<ShardResult, 'hits' | 'tooMuch'>> {
  const hits: Hit[] = [];
  const tooMuch: number[] = [];
  const take = (probed: Probed): void => {
    hits.push(...probed.hits);
    tooMuch.push(...probed.tooMuch);
  };
  const under: Promise<Probed>[] = [];
  let done = 0;
  for (let first = (index - 1) * PIECE; first < end; first += of * PIECE) {
    const piece = workers.probe(first, Math.min(first + PIECE, end));
    piece.catch(() => undefined);
    under.push(piece);
    const oldest = under.length < workers.count * 2 ? undefined : under.shift();
    if (oldest === undefined) continue;
    take(await oldest);
    progress((done += PIECE));
  }
  for (const piece of under) take(await piece);
  return { hits, tooMuch };
}

/** A shard's result as a file. */
export function shardText(result: ShardResult): string {
  return jsonText({ schema: 'bouncediff-shard/1', ...result });
}

/** What all shards have seen. */
export interface Merged {
  readonly assignment: Assignment;
  readonly end: number;
  /** How many there are, and the numbers of those that are not here. */
  readonly of: number;
  readonly missing: readonly number[];
  /** By program. */
  readonly hits: readonly Hit[];
  readonly tooMuch: readonly number[];
}

/** Puts the files of shards together, in any order. UserError unless they are of one search, each once. */
export function mergeShards(files: readonly string[], version: string): Merged {
  const results = files.map((file) => ({ file, ...readShard(file) }));
  const [first] = results;
  if (first === undefined) throw new UserError('--merge needs files of shards');
  const searchOf = ({ assignment, end, shard, version: by }: ShardResult): string =>
    JSON.stringify([assignment, end, shard.of, by]);
  const seen = new Map<number, string>();
  for (const result of results) {
    const { file, shard } = result;
    if (result.version !== version) {
      throw new UserError(`${file} was written by bouncediff ${result.version}; this is ${version}`);
    }
    if (searchOf(result) !== searchOf(first)) {
      throw new UserError(`${file} is of another search than ${first.file}`);
    }
    const twin = seen.get(shard.index);
    if (twin !== undefined) {
      throw new UserError(`${file} and ${twin} are the same shard, ${shard.index}/${shard.of}`);
    }
    seen.set(shard.index, file);
  }
  const { assignment, end, shard } = first;
  const numbers = Array.from({ length: shard.of }, (_, at) => at + 1);
  return {
    assignment,
    end,
    of: shard.of,
    missing: numbers.filter((number) => !seen.has(number)),
    hits: results.flatMap(({ hits }) => hits).toSorted((a, b) => a.index - b.index),
    tooMuch: results.flatMap(({ tooMuch }) => tooMuch).toSorted((a, b) => a - b),
  };
}

function readShard(file: string): ShardResult {
  let value: unknown;
  try {
    value = JSON.parse(readText(file, LARGEST));
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(`${file} is no JSON of a shard`);
  }
  const parsed = SCHEMA.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new UserError(`${file} is no shard: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`);
  }
  const { version, shard, end, assignment, tooMuch } = parsed.data;
  // What a file says of kinds and causes is only shown, and compared with what a search finds here.
  const hits = parsed.data.hits as readonly Hit[];
  if (shard.index > shard.of) throw new UserError(`${file} is no shard: ${shard.index}/${shard.of}`);
  const stray = [...hits.map(({ index }) => index), ...tooMuch].find(
    (index) => index >= end || Math.floor(index / PIECE) % shard.of !== shard.index - 1,
  );
  if (stray !== undefined) throw new UserError(`${file}: program ${stray} is not of its shard`);
  const { from, to, workspace, clause, different, costs, programs } = assignment;
  const states = workspace === undefined ? { from, to } : { from, to, workspace };
  return {
    version,
    shard,
    end,
    hits,
    tooMuch,
    assignment: { ...states, clause, different, ...(costs && { costs }), programs },
  };
}

/** Workers that have seen what the shards saw; shrinking is done here. */
export function mergedWorkers({ assignment, hits, tooMuch }: Merged): Workers {
  const here = inThisThread(Prober.of(assignment));
  return {
    ...here,
    probe: async (first, end) => {
      const isAsked = (index: number): boolean => index >= first && index < end;
      return {
        hits: hits.filter(({ index }) => isAsked(index)),
        novel: [],
        tooMuch: tooMuch.filter(isAsked),
      };
    },
  };
}
