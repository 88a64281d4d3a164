// SPDX-License-Identifier: GPL-2.0-only
/** Many objects of a repository, read through one `git cat-file --batch`. */
import type { Socket } from 'node:net';
import { execa } from 'execa';
import { UserError } from '../text/user-error.ts';
import { GIT_ENVIRONMENT } from './git.ts';

interface Request {
  readonly oid: string;
  readonly resolve: (content: Buffer | 'too large') => void;
  readonly reject: (error: UserError) => void;
}

/** Starts git at the first read. It keeps no process alive while nothing is asked for, and ends with it. */
export class BlobReader {
  readonly #gitDir: string;
  /** Largest object that is kept, bytes. */
  readonly #limit: number;
  readonly #waiting: Request[] = [];
  #batch: Batch | undefined;
  /** What git printed and nobody took yet. */
  #chunks: Buffer[] = [];
  #size = 0;
  /** Bytes of the object whose header was read, and of the newline after it. */
  #awaited: number | undefined;
  /** Bytes of an object over the limit that are still to come. */
  #dropped = 0;

  constructor(gitDir: string, limit: number) {
    this.#gitDir = gitDir;
    this.#limit = limit;
  }

  /** The object's content; UserError when it is not there. */
  read(oid: string): Promise<Buffer | 'too large'> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ oid, resolve, reject });
      this.#batch ??= this.#start();
      this.#batch.hold();
      this.#batch.ask(oid);
    });
  }

  #start(): Batch {
    const batch = startBatch(this.#gitDir);
    batch.output.on('data', (chunk: Buffer) => {
      this.#take(chunk);
      if (this.#waiting.length === 0) batch.release();
    });
    void this.#end(batch);
    return batch;
  }

  async #end(batch: Batch): Promise<void> {
    await batch.ended;
    this.#batch = undefined;
    for (const { reject } of this.#waiting.splice(0)) reject(new UserError('git cat-file ended early'));
    this.#chunks = [];
    this.#size = 0;
    this.#awaited = undefined;
    this.#dropped = 0;
  }

  #take(chunk: Buffer): void {
    const skipped = Math.min(this.#dropped, chunk.length);
    this.#dropped -= skipped;
    if (skipped < chunk.length) this.#chunks.push(chunk.subarray(skipped));
    this.#size += chunk.length - skipped;
    while (this.#waiting.length > 0 && this.#step()) void 0;
  }

  /** True when another answer, or part of one, could be taken. */
  #step(): boolean {
    if (this.#awaited !== undefined) {
      if (this.#size < this.#awaited) return false;
      const content = this.#cut(this.#awaited);
      this.#awaited = undefined;
      this.#waiting.shift()?.resolve(content.subarray(0, -1));
      return true;
    }
    const all = Buffer.concat(this.#chunks);
    this.#chunks = [all];
    const end = all.indexOf('\n');
    if (end < 0) return false;
    const header = this.#cut(end + 1)
      .toString()
      .trim();
    const size = Number(/^\S+ blob (\d+)$/.exec(header)?.[1]);
    if (Number.isNaN(size)) {
      const request = this.#waiting.shift();
      request?.reject(new UserError(`the repository lacks object ${request.oid}`));
    } else if (size > this.#limit) {
      const skipped = Math.min(size + 1, this.#size);
      this.#cut(skipped);
      this.#dropped = size + 1 - skipped;
      this.#waiting.shift()?.resolve('too large');
    } else this.#awaited = size + 1;
    return true;
  }

  #cut(size: number): Buffer {
    const all = Buffer.concat(this.#chunks);
    this.#chunks = size < all.length ? [all.subarray(size)] : [];
    this.#size = all.length - size;
    return all.subarray(0, size);
  }
}

interface Batch {
  readonly output: Socket;
  readonly ended: Promise<unknown>;
  ask(oid: string): void;
  /** Node waits for the answer. */
  hold(): void;
  /** Node may exit. */
  release(): void;
}

function startBatch(gitDir: string): Batch {
  const child = execa('git', [`--git-dir=${gitDir}`, 'cat-file', '--batch'], {
    env: GIT_ENVIRONMENT,
    stdin: 'pipe',
    stdout: 'pipe',
    stderr: 'ignore',
    buffer: false,
    encoding: 'buffer',
    reject: false,
  });
  // Pipes of a child process are sockets.
  const sockets = [child.stdin, child.stdout] as unknown as readonly [Socket, Socket];
  const [input, output] = sockets;
  input.on('error', () => void 0);
  return {
    output,
    ended: child,
    ask: (oid) => void input.write(`${oid}\n`),
    hold: () => {
      child.ref();
      for (const socket of sockets) socket.ref();
    },
    release: () => {
      child.unref();
      for (const socket of sockets) socket.unref();
    },
  };
}
