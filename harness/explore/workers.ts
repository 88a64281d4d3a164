// SPDX-License-Identifier: GPL-2.0-only
/** Who does the work of exploration: this thread, or several others. */
import { setImmediate } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { UserError } from '../text/user-error.ts';
import type { Assignment, Probed, Prober, ShrunkProgram } from './prober.ts';
import type { Lesson } from './source.ts';

/** Takes pieces of work in any number; the first asked for is begun first. */
export interface Workers {
  /** Pieces that are worked on at the same time. */
  readonly count: number;
  /** Prober.probe(). */
  probe(first: number, end: number): Promise<Probed>;
  /** Prober.shrink(), before any probe that waits. */
  shrink(index: number, key: string): Promise<ShrunkProgram>;
  /** Prober.learn(), by all, before any probe that is asked for later. */
  learn(lesson: Lesson): Promise<void>;
  /** Ends the workers, whatever they are doing. */
  close(): Promise<void>;
}

/** A piece of work, as it goes to a thread. */
export type Task =
  | { readonly do: 'learn'; readonly lesson: Lesson }
  | { readonly do: 'probe'; readonly first: number; readonly end: number }
  | { readonly do: 'shrink'; readonly index: number; readonly key: string };

/** All work in this thread; between two pieces, others get their turn. */
export function inThisThread(prober: Prober): Workers {
  let closed = false;
  const turn = async (): Promise<void> => {
    await setImmediate();
    if (closed) throw new UserError('the search was ended');
  };
  return {
    count: 1,
    async probe(first, end) {
      await turn();
      return prober.probe(first, end);
    },
    async learn(lesson) {
      prober.learn(lesson);
    },
    async shrink(index, key) {
      await turn();
      return prober.shrink(index, key);
    },
    async close() {
      closed = true;
    },
  };
}

/**
 * Work in `count` threads, each made by `start`. Once one of them dies, every piece of work fails with
 * a UserError.
 */
export function inThreads(assignment: Assignment, count: number, start = startThread): Workers {
  return new Threads(count, () => start(assignment));
}

interface Job {
  readonly task: Task;
  resolve(result: unknown): void;
  reject(reason: Error): void;
}

class Threads implements Workers {
  readonly count: number;
  private readonly threads: Worker[] = [];
  private readonly idle: Worker[] = [];
  private readonly waiting: Job[] = [];
  private readonly underWay = new Map<Worker, Job>();
  private failure: Error | undefined;
  private closing = false;

  constructor(count: number, start: () => Worker) {
    this.count = count;
    for (let i = 0; i < count; i++) {
      const thread = start();
      thread.on('message', (result) => this.finished(thread, result));
      thread.on('error', (error) => this.died(String(error)));
      thread.on('exit', (code) => this.died(`exit code ${code}`));
      this.threads.push(thread);
      this.idle.push(thread);
    }
  }

  probe(first: number, end: number): Promise<Probed> {
    return this.ask<Probed>({ do: 'probe', first, end });
  }

  shrink(index: number, key: string): Promise<ShrunkProgram> {
    return this.ask<ShrunkProgram>({ do: 'shrink', index, key });
  }

  /** Threads take their messages in order. */
  async learn(lesson: Lesson): Promise<void> {
    for (const thread of this.threads) thread.postMessage({ do: 'learn', lesson } satisfies Task);
  }

  async close(): Promise<void> {
    this.closing = true;
    await Promise.all(this.threads.map(async (thread) => thread.terminate()));
  }

  private async ask<T>(task: Task): Promise<T> {
    return new Promise((resolve, reject) => {
      const job: Job = { task, resolve: (result) => resolve(result as T), reject };
      if (task.do === 'shrink') this.waiting.unshift(job);
      else this.waiting.push(job);
      this.handOut();
    });
  }

  private handOut(): void {
    if (this.failure !== undefined) {
      for (const job of [...this.underWay.values(), ...this.waiting]) job.reject(this.failure);
      this.waiting.length = 0;
      return;
    }
    while (this.idle.length > 0) {
      const job = this.waiting.shift();
      const thread = job === undefined ? undefined : this.idle.pop();
      if (job === undefined || thread === undefined) return;
      this.underWay.set(thread, job);
      thread.postMessage(job.task);
    }
  }

  private finished(thread: Worker, result: unknown): void {
    this.underWay.get(thread)?.resolve(result);
    this.underWay.delete(thread);
    this.idle.push(thread);
    this.handOut();
  }

  private died(why: string): void {
    if (this.closing || this.failure !== undefined) return;
    this.failure = new UserError(`a worker died (${why}); what was found until then is complete`);
    this.handOut();
  }
}

/** What a thread runs first: from source, TypeScript has to be made understood there, too. */
const BOOT = `
  const { workerData } = require('node:worker_threads');
  const { typescript, entry } = workerData;
  const ready = typescript === undefined ? Promise.resolve() : import(typescript).then((tsx) => tsx.register());
  ready.then(() => import(entry));
`;

function startThread(assignment: Assignment): Worker {
  const here = import.meta.url;
  const isSource = here.endsWith('.ts');
  const typescript = isSource ? import.meta.resolve('tsx/esm/api') : undefined;
  const entry = new URL(isSource ? 'worker.ts' : 'worker.js', here).href;
  return new Worker(BOOT, { eval: true, execArgv: [], workerData: { typescript, entry, assignment } });
}
