// SPDX-License-Identifier: GPL-2.0-only
/** From a kernel tree to a WebAssembly module, through a cache: one at once, or many ahead and side by side. */
import { availableParallelism } from 'node:os';
import type { KernelTree } from '../posted/kernel-tree.ts';
import { UserError } from '../text/user-error.ts';
import { ourFiles } from './files-of-ours.ts';
import { BEFORE } from './flags.ts';
import { cacheIn, type ObjectCache } from './object-cache.ts';
import { planOf, type BuildRequest, type Plan, type PlannedUnit } from './plan.ts';
import { PROBED_FILES } from './prototypes.ts';
import { gatherSources, type SourceTree } from './source-tree.ts';
import { Refused, runToolchain, Toolchain, type Job, type Linked, type Unit } from './toolchain.ts';

/** A module and what it was made from. */
export interface Build {
  readonly module: Uint8Array<ArrayBuffer>;
  /** C functions that announce themselves, by number. */
  readonly frames: readonly string[];
  /** This module and no other: a hash of all that went in. */
  readonly key: string;
}

/** All that a build of `tree` can need of it, in memory. */
export async function sourcesFor(tree: KernelTree): Promise<SourceTree> {
  const ours = [...ourFiles('shim').values(), ...ourFiles('overlay').values()];
  const before = BEFORE.map((header) => `#include <${header}>\n`);
  return gatherSources(tree, [...ours, ...before], PROBED_FILES);
}

/** Builds, or takes from the cache. UserError says in one line why it cannot. */
export function build(request: BuildRequest): Build {
  const plan = planOf(request);
  const cache = cacheIn(request.cacheFolder);
  const known = cache.readModule(plan.key);
  if (known !== undefined) return { ...known, key: plan.key };
  const missing = plan.units.filter((unit) => cache.readObject(unit.key) === undefined);
  const linked = titled(plan, Refused, () =>
    runToolchain({
      files: Object.assign({}, ...missing.map(({ files }) => files)) as Job['files'],
      units: missing.map(unitOf),
      link: linkOf(plan, cache),
    }),
  );
  for (const { name, key } of missing) cache.writeObject(key, linked.objects[name] ?? '');
  const made = moduleOf(linked);
  cache.writeModule(plan.key, made);
  return { ...made, key: plan.key };
}

/** How builds are made ahead. */
export interface AheadOptions {
  /** Told before each piece of work: what it is for, how many are done, and of how many. */
  readonly onProgress?: (title: string, done: number, total: number) => void;
}

/** Memory that a compiler takes, bytes. */
const COMPILER_MEMORY = 700 * 1024 * 1024;

/**
 * Puts into the cache what these builds lack there, several compilers side by side as far as processors and
 * memory go. UserError for the first request that cannot be built.
 */
export async function buildAhead(
  requests: readonly BuildRequest[],
  { onProgress }: AheadOptions = {},
): Promise<void> {
  const cache = cacheIn(requests[0]?.cacheFolder);
  const plans = new Map<string, Plan>();
  for (const request of requests) {
    const plan = titled(request, UserError, () => planOf(request));
    if (!plans.has(plan.key) && cache.readModule(plan.key) === undefined) plans.set(plan.key, plan);
  }
  const units = new Map<string, { unit: PlannedUnit; plan: Plan }>();
  for (const plan of plans.values()) {
    for (const unit of plan.units) {
      if (!units.has(unit.key) && cache.readObject(unit.key) === undefined) {
        units.set(unit.key, { unit, plan });
      }
    }
  }
  const total = units.size + plans.size;
  if (total === 0) return;
  const toolchain = compilers(total);
  let done = 0;
  const work = async (plan: Plan, job: () => Job, opening?: string): Promise<Linked> => {
    const linked = await toolchain.run(job, () => onProgress?.(plan.title, done, total), opening);
    done++;
    return linked;
  };
  const seen = new Map<string, number>();
  for (const { unit } of units.values()) {
    const { key } = unit.opening ?? {};
    if (key !== undefined) seen.set(key, (seen.get(key) ?? 0) + 1);
  }
  try {
    await firstFailure([...units.values()], async ({ unit, plan }) => {
      const { name, files, key, opening } = unit;
      const keepsOpening = (seen.get(opening?.key ?? '') ?? 0) > 1;
      const { objects } = await work(
        plan,
        () => ({ files, units: [unitOf(unit)], keepsOpening, link: undefined }),
        opening?.key,
      );
      cache.writeObject(key, objects[name] ?? '');
    });
    await firstFailure([...plans.values()], async (plan) => {
      const linked = await work(plan, () => ({ files: {}, units: [], link: linkOf(plan, cache) }));
      cache.writeModule(plan.key, moduleOf(linked));
    });
  } catch (error) {
    toolchain.close();
    throw error;
  } finally {
    onProgress?.('', total, total);
  }
}

let shared: Toolchain | undefined;

/** The compilers of this process; they stay, for the next piece of work takes less of their time than a start. */
function compilers(tasks: number): Toolchain {
  shared ??= new Toolchain(0);
  shared.allow(Math.min(compilersAtOnce(), tasks));
  return shared;
}

/** Does all of it; where some fail, the first in the order of `items` that does is thrown. */
async function firstFailure<T extends { plan: Plan } | Plan>(
  items: readonly T[],
  work: (item: T) => Promise<void>,
): Promise<void> {
  let failed = false;
  const outcomes = await Promise.allSettled(
    items.map(async (item) => {
      try {
        if (!failed) await work(item);
      } catch (error) {
        failed = true;
        throw error instanceof Refused ? entitled('plan' in item ? item.plan : item, error) : error;
      }
    }),
  );
  const failure = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failure !== undefined) throw failure.reason;
}

function compilersAtOnce(): number {
  const memory = Math.floor(process.availableMemory() / COMPILER_MEMORY);
  return Math.max(1, Math.min(availableParallelism(), memory));
}

function unitOf({ name, flags, before, file, opening }: PlannedUnit): Unit {
  return { name, flags, before, file, opening };
}

function linkOf({ units, linkArgs, frames }: Plan, cache: ObjectCache): NonNullable<Job['link']> {
  const objects = units.flatMap(({ name, key }): [string, string][] => {
    const object = cache.readObject(key);
    return object === undefined ? [] : [[name, object]];
  });
  return { args: linkArgs, objects: Object.fromEntries(objects), frames };
}

function moduleOf({ module, frames }: Linked): Pick<Build, 'module' | 'frames'> {
  return { module: new Uint8Array(Buffer.from(module, 'base64')), frames };
}

function titled<T>(of: { readonly title: string }, fault: typeof UserError, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw error instanceof fault ? entitled(of, error) : error;
  }
}

function entitled({ title }: { readonly title: string }, { message }: UserError): UserError {
  return new UserError(`${title} does not compile: ${message}`);
}
