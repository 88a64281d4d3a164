// SPDX-License-Identifier: GPL-2.0-only
/** The recorded vectors: programs, and what the kernel's own C did with them at each state. */
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { z } from 'zod';
import { POOL_START, RAM_SIZE, SLOT_SIZE, SLOTS_PER_SEGMENT } from '../machine/config.ts';
import { parseU64 } from '../machine/u64.ts';
import { DIRECTION_NAMES } from '../machine/vocabulary.ts';
import { decode, readBytes } from '../text/read-file.ts';
import { UserError } from '../text/user-error.ts';

/** Largest file, and largest contents of a compressed one, bytes. */
const MAX_FILE_SIZE = 64 * 1024 * 1024;
/** Bytes that a program may map and fill, all operations together. */
const MOST_TOUCHED = 4 * 1024 * 1024;
const MAX_SLOTS = (RAM_SIZE - POOL_START) / SLOT_SIZE;
const GRANULES = [512, 1024, 2048, 4096, 8192, 16384, 32768, 65536];
const BEYOND = { error: 'ends beyond RAM' };

/** `v3.2`, `baseline`, or a review's `name` under `review.`. */
const stateName = z.string().regex(/^(baseline|v\d{1,2}\.\d{1,3}|[a-z]+[./][a-z0-9][a-z0-9-]*)$/);
const count = z.int().min(0).max(1e6);

const manifestSchema = z.object({
  /** Recorded states in order. */
  states: z.array(stateName),
  /** Series → its last prefix. */
  final: z.record(z.string(), stateName),
  /** State → the state whose vectors it shares. */
  alias: z.record(stateName, stateName),
  /** State → recorded results in its own file. */
  vectors: z.record(stateName, count),
  review: z.array(stateName),
});

const hex = z.string().regex(/^0x[0-9a-f]{1,16}$/);
/** A u64 that u64.ts can hold. */
const mask = hex.refine((text) => isU64(text), { error: 'between 2^53 and 2^64 - 2^53' });
const phys = hex.refine((text) => Number(text) < RAM_SIZE, { error: 'beyond RAM' });
const size = z.int().min(1).max(RAM_SIZE);
const offset = z.int().min(0).max(RAM_SIZE);
const byte = z.int().min(0).max(255);
const dir = z.enum(DIRECTION_NAMES);
const attrs = z.array(z.enum(['SKIP_CPU_SYNC', 'NO_WARN', 'PRIVILEGED'])).max(3);
const id = z.string().min(1).max(64);
const entry = z.tuple([phys, size]);

const operationSchema = z.discriminatedUnion('op', [
  z.object({ op: z.literal('map_page'), id, phys, size, dir, attrs }).refine(isInRam, BEYOND),
  z.object({
    op: z.literal('map_sg'),
    id,
    sgl: z
      .array(entry.refine(([start, length]) => isInRam({ phys: start, size: length }), BEYOND))
      .min(1)
      .max(256),
    dir,
    attrs,
  }),
  z.object({ op: z.enum(['unmap_page', 'unmap_sg']), id, attrs }),
  z.object({ op: z.enum(['sync_single_for_cpu', 'sync_single_for_device']), id, offset, size }),
  z.object({ op: z.enum(['sync_sg_for_cpu', 'sync_sg_for_device']), id }),
  z.object({ op: z.literal('cpu_fill'), phys, size, byte }).refine(isInRam, BEYOND),
  z.object({ op: z.literal('device_fill'), id, offset, size, byte }),
  z.object({ op: z.literal('fail_next'), what: z.enum(['iommu_map', 'iommu_map_sg', 'alloc_iova']) }),
  z.object({ op: z.literal('flush_queue') }),
]);

/** Every operation on a mapping is one for the way in which its id was mapped last. */
function checkMappings(program: readonly z.infer<typeof operationSchema>[], context: z.RefinementCtx): void {
  const sg = new Map<string, boolean>();
  let touched = 0;
  for (const [index, operation] of program.entries()) {
    const { op } = operation;
    touched += 'size' in operation ? operation.size : 0;
    if (op === 'map_sg') for (const [, length] of operation.sgl) touched += length;
    if (touched > MOST_TOUCHED) {
      const message = `maps and fills more than ${MOST_TOUCHED / 2 ** 20} MiB by here`;
      context.addIssue({ code: 'custom', path: [index], message });
      return;
    }
    if (!('id' in operation)) continue;
    if (op === 'map_page' || op === 'map_sg') sg.set(operation.id, op === 'map_sg');
    const mapped = sg.get(operation.id);
    const wanted = op === 'device_fill' ? mapped : op.includes('_sg');
    if (mapped !== undefined && mapped === wanted) continue;
    const message = `${JSON.stringify(operation.id)} is not mapped${mapped === undefined ? '' : ' for that'}`;
    context.addIssue({ code: 'custom', path: [index, 'id'], message });
  }
}

const programSchema = z.object({
  id,
  machine: z.object({
    swiotlb: z.boolean(),
    pageSize: z.literal([4096, 16384, 65536]),
    granule: z.literal(GRANULES),
    strict: z.boolean(),
    swiotlbSlots: z.int().min(SLOTS_PER_SEGMENT).max(MAX_SLOTS).multipleOf(SLOTS_PER_SEGMENT),
    device: z.object({
      untrusted: z.boolean(),
      coherent: z.boolean(),
      minAlignMask: z.int().min(0).max(0xffffffff),
      dmaMask: mask,
      segBoundary: mask,
      maxSegSize: z.int().min(1).max(0xffffffff),
    }),
  }),
  program: z.array(operationSchema).max(4096).superRefine(checkMappings),
});

const eventSchema = z.union([z.array(z.unknown()), z.object({ crash: z.string() })]);

const resultSchema = z.object({
  id,
  fq: z.boolean(),
  ops: z.array(
    z.object({
      op: z.string(),
      id: z.string().optional(),
      ret: z.union([z.int(), hex]).optional(),
      segs: z.array(z.tuple([hex, z.int()])).optional(),
      skipped: z.string().optional(),
      events: z.array(eventSchema),
    }),
  ),
  crashed: z.boolean(),
  end: z.object({
    ptes: z.array(z.tuple([hex, hex, z.int()])),
    slotsUsed: z.int(),
    iovasLive: z.int(),
  }),
  mem: z.array(z.tuple([hex, z.int(), z.string()])),
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
    for (let at: string | undefined = name; at !== undefined; at = previous(at)) {
      const alias = manifest.alias[at];
      const mine = ownResults(at).get(program) ?? (alias && ownResults(alias).get(program));
      if (mine !== undefined && mine !== '') return mine;
    }
    return undefined;
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

/** All of [phys, phys + size) is memory. */
function isInRam(range: { readonly phys: string; readonly size: number }): boolean {
  return Number(range.phys) + range.size <= RAM_SIZE;
}

function isU64(text: string): boolean {
  try {
    parseU64(text);
    return true;
  } catch {
    return false;
  }
}

/** The program in a line of `file`. UserError when it is damaged. */
export function readProgram(text: string, file: string, line: number): Program {
  return parse(programSchema, text, file, line);
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
  const bytes = readBytes(path, MAX_FILE_SIZE);
  if (!path.endsWith('.gz')) return decode(bytes, path);
  try {
    return decode(gunzipSync(bytes, { maxOutputLength: MAX_FILE_SIZE }), path);
  } catch (error) {
    if (error instanceof UserError) throw error;
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
