// SPDX-License-Identifier: GPL-2.0-only
/** Work in threads of their own: pieces handed out one at a time, and what comes back. */
import { Worker } from 'node:worker_threads';

interface Job<Task> {
  readonly task: Task;
  resolve(result: unknown): void;
  reject(reason: Error): void;
}

/** Takes pieces of work in any number; the first asked for is begun first. */
export class Threads<Task> {
  /** Pieces that are worked on at the same time. */
  readonly count: number;
  private readonly threads: Worker[] = [];
  private readonly idle: Worker[] = [];
  private readonly waiting: Job<Task>[] = [];
  private readonly underWay = new Map<Worker, Job<Task>>();
  private readonly broken: (why: string) => Error;
  private failure: Error | undefined;
  private closing = false;

  /** Threads made by `start`. Once one of them dies, every piece of work fails with what `broken` makes of the reason. */
  constructor(count: number, start: () => Worker, broken: (why: string) => Error) {
    this.count = count;
    this.broken = broken;
    for (let i = 0; i < count; i++) {
      const thread = start();
      thread.on('message', (result) => this.finished(thread, result));
      thread.on('error', (error) => this.died(String(error)));
      thread.on('exit', (code) => this.died(`exit code ${code}`));
      this.threads.push(thread);
      this.idle.push(thread);
    }
  }

  /** What some thread answers to the task; `first`: before all that wait. */
  async ask<T>(task: Task, { first = false } = {}): Promise<T> {
    return new Promise((resolve, reject) => {
      const job: Job<Task> = { task, resolve: (result) => resolve(result as T), reject };
      if (first) this.waiting.unshift(job);
      else this.waiting.push(job);
      this.handOut();
    });
  }

  /** Sends all threads a task that has no answer; they take it before what they are asked later. */
  tell(task: Task): void {
    for (const thread of this.threads) thread.postMessage(task);
  }

  /** Ends the threads, whatever they are doing. */
  async close(): Promise<void> {
    this.closing = true;
    await Promise.all(this.threads.map(async (thread) => thread.terminate()));
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
    this.failure = this.broken(why);
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

/** A thread that runs the module `name`, without its ending, beside the module at `here`; it finds `data` in its workerData. */
export function startThread(here: string, name: string, data: object): Worker {
  const isSource = here.endsWith('.ts');
  const typescript = isSource ? import.meta.resolve('tsx/esm/api') : undefined;
  const entry = new URL(`${name}.${isSource ? 'ts' : 'js'}`, here).href;
  return new Worker(BOOT, { eval: true, execArgv: [], workerData: { ...data, typescript, entry } });
}
