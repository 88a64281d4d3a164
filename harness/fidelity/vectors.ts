// SPDX-License-Identifier: GPL-2.0-only
/** The recorded vectors: programs, and what the kernel's own C did with them at each state. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { z } from 'zod';
import { DIRECTION_NAMES } from '../machine/vocabulary.ts';
import { UserError } from '../text/user-error.ts';

const manifestSchema = z.object({
  /** Recorded states in order. */
  states: z.array(z.string()),
  /** Series → its last prefix. */
  final: z.record(z.string(), z.string()),
  /** State → the state whose vectors it shares. */
  alias: z.record(z.string(), z.string()),
  /** State → recorded results in its own file. */
  vectors: z.record(z.string(), z.number()),
  review: z.array(z.string()),
});

const hex = z.string().regex(/^0x[0-9a-f]+$/);
const dir = z.enum(DIRECTION_NAMES);
const attrs = z.array(z.enum(['SKIP_CPU_SYNC', 'NO_WARN', 'PRIVILEGED']));
const id = z.string();

const operationSchema = z.discriminatedUnion('op', [
  z.object({ op: z.literal('map_page'), id, phys: hex, size: z.number(), dir, attrs }),
  z.object({ op: z.literal('map_sg'), id, sgl: z.array(z.tuple([hex, z.number()])), dir, attrs }),
  z.object({ op: z.enum(['unmap_page', 'unmap_sg']), id, attrs }),
  z.object({
    op: z.enum(['sync_single_for_cpu', 'sync_single_for_device']),
    id,
    offset: z.number(),
    size: z.number(),
  }),
  z.object({ op: z.enum(['sync_sg_for_cpu', 'sync_sg_for_device']), id }),
  z.object({ op: z.literal('cpu_fill'), phys: hex, size: z.number(), byte: z.number() }),
  z.object({ op: z.literal('device_fill'), id, offset: z.number(), size: z.number(), byte: z.number() }),
  z.object({ op: z.literal('fail_next'), what: z.enum(['iommu_map', 'iommu_map_sg', 'alloc_iova']) }),
  z.object({ op: z.literal('flush_queue') }),
]);

const programSchema = z.object({
  id: z.string(),
  machine: z.object({
    swiotlb: z.boolean(),
    pageSize: z.number(),
    granule: z.number(),
    strict: z.boolean(),
    swiotlbSlots: z.number(),
    device: z.object({
      untrusted: z.boolean(),
      coherent: z.boolean(),
      minAlignMask: z.number(),
      dmaMask: hex,
      segBoundary: hex,
      maxSegSize: z.number(),
    }),
  }),
  program: z.array(operationSchema),
});

const eventSchema = z.union([z.array(z.unknown()), z.object({ crash: z.string() })]);

const resultSchema = z.object({
  id: z.string(),
  fq: z.boolean(),
  ops: z.array(
    z.object({
      op: z.string(),
      id: z.string().optional(),
      ret: z.union([z.number(), z.string()]).optional(),
      segs: z.array(z.tuple([z.string(), z.number()])).optional(),
      skipped: z.string().optional(),
      events: z.array(eventSchema),
    }),
  ),
  crashed: z.boolean(),
  end: z.object({
    ptes: z.array(z.tuple([z.string(), z.string(), z.number()])),
    slotsUsed: z.number(),
    iovasLive: z.number(),
  }),
  mem: z.array(z.tuple([z.string(), z.number(), z.string()])),
});

export type Operation = z.infer<typeof operationSchema>;
export type Program = z.infer<typeof programSchema>;
export type VectorEvent = z.infer<typeof eventSchema>;
export type Result = z.infer<typeof resultSchema>;

/** A folder of vectors. */
export interface Vectors {
  /** Ids of the recorded states, as bouncediff names them, in order. */
  readonly states: readonly string[];
  readonly programs: readonly Program[];
  /** What was recorded for a state: every program's result, by program id. */
  results(state: string): ReadonlyMap<string, Result>;
}

/** Reads a folder with `programs.jsonl.gz`, `manifest.json` and `vectors/`. UserError when it is damaged. */
export function loadVectors(folder: string): Vectors {
  const manifest = parse(manifestSchema, readText(join(folder, 'manifest.json')), 'manifest.json', 0);
  const programs = readLines(folder, 'programs.jsonl.gz', programSchema);
  const own = new Map<string, ReadonlyMap<string, Result>>();
  const ownResults = (name: string): ReadonlyMap<string, Result> => {
    let results = own.get(name);
    if (results === undefined) {
      const file = join('vectors', `${name}.jsonl.gz`);
      const expected = manifest.vectors[name] ?? 0;
      const rows = expected === 0 ? [] : readLines(folder, file, resultSchema);
      if (rows.length !== expected) {
        throw new UserError(`${join(folder, file)}: ${rows.length} results, the manifest says ${expected}`);
      }
      results = new Map(rows.map((row) => [row.id, row]));
      own.set(name, results);
    }
    return results;
  };
  const resolve = (name: string, program: string): Result | undefined => {
    const alias = manifest.alias[name];
    const mine = ownResults(name).get(program) ?? (alias && ownResults(alias).get(program));
    if (mine !== undefined && mine !== '') return mine;
    const before = previous(name);
    return before === undefined ? undefined : resolve(before, program);
  };
  return {
    states: [...manifest.states, ...manifest.review.map((name) => name.replace('.', '/'))],
    programs,
    results(state) {
      const name = state.replace('/', '.');
      const results = new Map<string, Result>();
      for (const program of programs) {
        const result = resolve(name, program.id);
        if (result === undefined) {
          throw new UserError(`${folder}: no result of program ${program.id} for state ${state}`);
        }
        results.set(program.id, result);
      }
      return results;
    },
  };
}

/** The prefix before `v3.2` is `v3.1`, before `v3.1` it is `baseline`; others have none. */
function previous(state: string): string | undefined {
  const match = /^(v\d+)\.(\d+)$/.exec(state);
  if (match === null) return undefined;
  const patch = Number(match[2]);
  return patch === 1 ? 'baseline' : `${match[1] ?? ''}.${patch - 1}`;
}

function readLines<T>(folder: string, file: string, schema: z.ZodType<T>): T[] {
  const lines = readText(join(folder, file)).split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines.map((line, index) => parse(schema, line, join(folder, file), index + 1));
}

function readText(path: string): string {
  if (!existsSync(path)) throw new UserError(`${path}: no such file; a vector folder has it`);
  try {
    const bytes = readFileSync(path);
    return (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
  } catch (error) {
    throw new UserError(`${path}: damaged: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function parse<T>(schema: z.ZodType<T>, text: string, file: string, line: number): T {
  const where = line === 0 ? file : `${file}:${line}`;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new UserError(`${where}: damaged: not JSON`);
  }
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new UserError(`${where}: damaged: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`);
}
