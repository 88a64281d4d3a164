// SPDX-License-Identifier: GPL-2.0-only
/** clang, wasm-ld and Binaryen, run by toolchain-process.mjs in a process of its own. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { z } from 'zod';
import { packageRoot } from '../text/package-root.ts';
import { UserError } from '../text/user-error.ts';

/** A translation unit that is not compiled yet. */
export interface Unit {
  readonly name: string;
  readonly flags: readonly string[];
  /** Headers that are included before the file. */
  readonly before: readonly string[];
  /** The file, from the root of all files. */
  readonly file: string;
  readonly opening?: Opening | undefined;
}

/** Headers that a unit begins with, and others of the same key, too: clang reads them once for all. */
export interface Opening {
  /** Flags, headers, and all that these include: a hash of it. */
  readonly key: string;
  /** The lines with the includes. */
  readonly text: string;
}

export interface Job {
  /** Every file that clang may read, by path. */
  readonly files: Readonly<Record<string, string>>;
  readonly units: readonly Unit[];
  /** True when other jobs will have units with the same opening: it pays to keep it. */
  readonly keepsOpening?: boolean;
  /** undefined: only compile. */
  readonly link:
    | {
        readonly args: readonly string[];
        /** Objects that are compiled already, by file name, in base64. */
        readonly objects: Readonly<Record<string, string>>;
        /** Functions that tell when they begin and return. */
        readonly frames: readonly string[];
      }
    | undefined;
}

/** What came of it. */
export interface Linked {
  /** The new objects by unit name, in base64. */
  readonly objects: Readonly<Record<string, string>>;
  /** The module for a 32-bit WebAssembly, in base64; empty when nothing was to be linked. */
  readonly module: string;
  /** The announced functions; the module announces number n as `frames[n]`. */
  readonly frames: readonly string[];
}

/** The C is at fault, not what compiles it. */
export class Refused extends UserError {}

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

function command(): { args: string[]; env: NodeJS.ProcessEnv } {
  const script = join(packageRoot(), 'harness/kernel-c/toolchain-process.mjs');
  return { args: [...FLAGS, script], env: { ...process.env, NODE_OPTIONS: '' } };
}

/** Compiles and links. UserError with the first complaint of clang or wasm-ld, or the package to install. */
export function runToolchain(job: Job): Linked {
  const { args, env } = command();
  const { stdout, stderr, error, status, signal } = spawnSync(process.execPath, args, {
    input: `${JSON.stringify(job)}\n`,
    maxBuffer: MAX_ANSWER,
    env,
  });
  if (error !== undefined) throw doesNotStart(error);
  if (status !== 0) throw died(stderr.toString(), signal);
  return linkedOf(stdout.toString());
}

interface Waiting {
  readonly job: () => Job;
  /** Key of the opening that a compiler keeps when it has done the job. */
  readonly opening: string | undefined;
  readonly begun: () => void;
  readonly resolve: (linked: Linked) => void;
  readonly reject: (error: unknown) => void;
}

/** Compilers side by side, each in a process that lives on: its second unit takes half the time of its first. */
export class Toolchain {
  private most: number;
  private readonly compilers: ChildProcess[] = [];
  private readonly idle: ChildProcess[] = [];
  private readonly underWay = new Map<ChildProcess, Waiting>();
  private readonly waiting: Waiting[] = [];
  /** The openings that each has read. */
  private readonly openings = new Map<ChildProcess, Set<string>>();

  constructor(most: number) {
    this.most = most;
    process.once('exit', () => this.close());
  }

  /** How many there may be from now on. */
  allow(most: number): void {
    this.most = most;
  }

  /** runToolchain() in one of the processes; `begun` is called when it begins. */
  async run(job: () => Job, begun: () => void, opening?: string): Promise<Linked> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ job, opening, begun, resolve, reject });
      this.handOut();
    });
  }

  /** Ends the processes, and with them what is under way. */
  close(): void {
    for (const compiler of this.compilers) compiler.kill();
  }

  /** Processes without work do not keep this one from ending; they end with it. */
  private static hold(compiler: ChildProcess, isWorking: boolean): void {
    const pipes = [compiler.stdin, compiler.stdout, compiler.stderr] as unknown as Socket[];
    for (const one of [compiler, ...pipes]) {
      if (isWorking) one.ref();
      else one.unref();
    }
  }

  private handOut(): void {
    while (this.waiting.length > 0) {
      const compiler = this.idle.pop() ?? (this.compilers.length < this.most ? this.start() : undefined);
      const next = compiler === undefined ? undefined : this.nextFor(compiler);
      if (compiler === undefined || next === undefined) return;
      this.underWay.set(compiler, next);
      Toolchain.hold(compiler, true);
      next.begun();
      compiler.stdin?.write(`${JSON.stringify(next.job())}\n`);
    }
  }

  /** Takes what has an opening that this compiler has read, else one that no other has, else the first. */
  private nextFor(compiler: ChildProcess): Waiting | undefined {
    const own = this.openings.get(compiler) ?? new Set();
    const read = new Set([...this.openings.values()].flatMap((keys) => [...keys]));
    const fitting = this.waiting.findIndex(({ opening = '' }) => own.has(opening));
    const fresh = this.waiting.findIndex(({ opening = '' }) => !read.has(opening));
    const [next] = this.waiting.splice(fitting >= 0 ? fitting : Math.max(fresh, 0), 1);
    if (next?.opening !== undefined) this.openings.set(compiler, own.add(next.opening));
    return next;
  }

  private start(): ChildProcess {
    const { args, env } = command();
    const compiler = spawn(process.execPath, args, { env, stdio: 'pipe' });
    this.compilers.push(compiler);
    const said: Buffer[] = [];
    let answer: Buffer[] = [];
    compiler.stderr.on('data', (bytes: Buffer) => said.push(bytes));
    compiler.stdout.on('data', (bytes: Buffer) => {
      answer.push(bytes);
      if (bytes.at(-1) !== NEW_LINE) return;
      const text = Buffer.concat(answer).toString();
      answer = [];
      this.finished(compiler, text);
    });
    // What is wrong is told by its end.
    compiler.stdin.on('error', () => undefined);
    compiler.on('error', (error) => this.ended(compiler, doesNotStart(error)));
    compiler.on('close', (_code, signal) =>
      this.ended(compiler, died(Buffer.concat(said).toString(), signal)),
    );
    return compiler;
  }

  private finished(compiler: ChildProcess, text: string): void {
    const job = this.underWay.get(compiler);
    this.underWay.delete(compiler);
    this.idle.push(compiler);
    Toolchain.hold(compiler, false);
    try {
      job?.resolve(linkedOf(text));
    } catch (error) {
      job?.reject(error);
    }
    this.handOut();
  }

  private ended(compiler: ChildProcess, error: UserError): void {
    this.underWay.get(compiler)?.reject(error);
    this.underWay.delete(compiler);
    this.openings.delete(compiler);
    for (const list of [this.compilers, this.idle]) {
      const at = list.indexOf(compiler);
      if (at >= 0) list.splice(at, 1);
    }
    this.handOut();
  }
}

const NEW_LINE = 10;

function linkedOf(text: string): Linked {
  const answer = answerSchema.parse(JSON.parse(text));
  if ('missing' in answer) {
    throw new UserError(
      `compiling the kernel's C needs the package ${answer.missing}: npm install ${answer.missing}`,
    );
  }
  if ('refused' in answer) throw new Refused(firstComplaint(answer.refused));
  return answer;
}

function doesNotStart(error: Error): UserError {
  return new UserError(`the C compiler does not start: ${error.message}`);
}

/** Why a compiler ended without an answer. */
function died(said: string, signal: NodeJS.Signals | null): UserError {
  const isMemory = /out of memory|could not allocate|cannot allocate memory/i.test(said);
  if (isMemory || signal === 'SIGKILL') {
    return new UserError('no memory for the C compiler, which takes 0.6 GB');
  }
  return new UserError(`the C compiler failed: ${errorLine(said)}`);
}

/** The first error of clang or wasm-ld, else the first line, as one line: `drivers/iommu/dma-iommu.c:12:3: error: …` */
function firstComplaint(text: string): string {
  const lines = text.split('\n').map((line) => line.trim());
  const line =
    lines.find((candidate) => /\berror:/.test(candidate)) ?? lines.find((candidate) => candidate !== '');
  return (line ?? 'the C compiler says nothing').replace(/^(?:\.?\/)+/, '');
}

/** `TypeError: …` of what a dying process says. */
function errorLine(text: string): string {
  const lines = text.split('\n').map((line) => line.trim());
  return (
    lines.find((line) => /^\w*Error\b/.test(line)) ?? lines.find((line) => line !== '') ?? 'no reason given'
  );
}
