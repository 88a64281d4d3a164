// SPDX-License-Identifier: GPL-2.0-only
/** clang, wasm-ld and Binaryen, run by toolchain-process.mjs in a process of its own. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { z } from 'zod';
import { packageRoot } from '../text/package-root.ts';
import { UserError } from '../text/user-error.ts';

/** A translation unit that is not compiled yet. */
export interface Unit {
  readonly name: string;
  /** Arguments of clang but for the output. */
  readonly args: readonly string[];
}

export interface Job {
  /** Every file that clang may read, by path. */
  readonly files: Readonly<Record<string, string>>;
  readonly units: readonly Unit[];
  readonly link: {
    readonly args: readonly string[];
    /** Objects that are compiled already, by file name, in base64. */
    readonly objects: Readonly<Record<string, string>>;
  };
  readonly lowering: {
    /** Functions that tell when they begin and return. */
    readonly frames: readonly string[];
  };
}

/** What came of it. */
export interface Linked {
  /** The new objects by unit name, in base64. */
  readonly objects: Readonly<Record<string, string>>;
  /** The module for a 32-bit WebAssembly, in base64. */
  readonly module: string;
  /** The announced functions; the module announces number n as `frames[n]`. */
  readonly frames: readonly string[];
}

const answerSchema = z.union([
  /** A package that is not installed. */
  z.object({ missing: z.string() }),
  /** What clang or wasm-ld said. */
  z.object({ refused: z.string() }),
  z.object({
    objects: z.record(z.string(), z.string()),
    module: z.string(),
    frames: z.array(z.string()).readonly(),
  }),
]);
export type Answer = z.infer<typeof answerSchema>;

/** V8's baseline compiler alone: the tools run too briefly for the optimising one to pay. */
const FLAGS = ['--liftoff-only', '--no-warnings'];
const MAX_ANSWER = 512 * 1024 * 1024;

/** Compiles and links. UserError with the first complaint of clang or wasm-ld, or the package to install. */
export function runToolchain(job: Job): Linked {
  const script = join(packageRoot(), 'harness/kernel-c/toolchain-process.mjs');
  const { stdout, stderr, error, status } = spawnSync(process.execPath, [...FLAGS, script], {
    input: JSON.stringify(job),
    maxBuffer: MAX_ANSWER,
    env: { ...process.env, NODE_OPTIONS: '' },
  });
  if (error !== undefined) throw new UserError(`the C compiler does not start: ${error.message}`);
  if (status !== 0) throw new UserError(`the C compiler failed: ${errorLine(stderr.toString())}`);
  const answer = answerSchema.parse(JSON.parse(stdout.toString()));
  if ('missing' in answer) {
    throw new UserError(
      `compiling the kernel's C needs the package ${answer.missing}: npm install ${answer.missing}`,
    );
  }
  if ('refused' in answer) throw new UserError(firstComplaint(answer.refused));
  return answer;
}

/** The first error of clang or wasm-ld, else the first line, as one line: `drivers/iommu/dma-iommu.c:12:3: error: …` */
function firstComplaint(text: string): string {
  const lines = text.split('\n').map((line) => line.trim());
  const line =
    lines.find((candidate) => /\berror:/.test(candidate)) ?? lines.find((candidate) => candidate !== '');
  return (line ?? 'the C compiler says nothing').replace(/^(?:\.\/)+/, '');
}

/** `TypeError: …` of what a dying process says. */
function errorLine(text: string): string {
  const lines = text.split('\n').map((line) => line.trim());
  return (
    lines.find((line) => /^\w*Error\b/.test(line)) ?? lines.find((line) => line !== '') ?? 'no reason given'
  );
}
