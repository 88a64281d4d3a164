// SPDX-License-Identifier: GPL-2.0-only
/** Results that are kept, by a hash of all that they follow from: this tool's code, the states', the cases. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { deserialize, serialize } from 'node:v8';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import type { MachineBuild, State } from '../harness/subject/state.ts';
import { makeFolder, writeFile } from '../harness/text/files.ts';
import { packageRoot } from '../harness/text/package-root.ts';
import { UserError } from '../harness/text/user-error.ts';
import { isCheckout } from './cli.ts';

/** A place for results. */
export interface Place<T> {
  /** What was kept; undefined: nothing, or nothing that can be read. */
  read(): T | undefined;
  write(results: T): void;
}

/**
 * Where results of `what`, worked out of `given` on these states as built for such machines, are kept: beside the
 * objects of those that were compiled, where none was in `otherwise`; undefined: nowhere.
 */
export function keptResults<T>(
  what: string,
  states: readonly State[],
  builds: readonly MachineBuild[],
  given: unknown,
  otherwise?: string,
): Place<T> | undefined {
  const kept = states.map((state) => state.kept?.(builds));
  const isCompiled = states.some(({ c }) => c !== undefined);
  const folder = isCompiled ? kept.find((one) => one !== undefined)?.folder : otherwise;
  if (folder === undefined) return undefined;
  const code = states.map((state, index) => kept[index]?.key ?? state.id);
  const name = createHash('sha256')
    .update(textOf([what, codeHash(), code, given]))
    .digest('hex');
  const file = join(folder, `${name}.results`);
  return {
    read() {
      if (!existsSync(file)) return undefined;
      try {
        return deserialize(inflateRawSync(Buffer.from(readFileSync(file, 'latin1'), 'base64'))) as T;
      } catch {
        // A damaged file is as good as none.
        return undefined;
      }
    },
    write(results) {
      try {
        makeFolder(folder);
        if (!isCompiled) removeOldest(folder);
        writeFile(file, deflateRawSync(serialize(results), { level: 1 }).toString('base64'));
      } catch (error) {
        // Whoever names a folder wants to know; the package's own may be another user's, or full.
        if (isCompiled || !(error instanceof UserError)) throw error;
      }
    },
  };
}

/** Folder of this checkout for what the results of its own states come to. */
const OWN = join(packageRoot(), 'node_modules', '.cache', 'bouncediff');
/** Files in such a folder: all that the reports are made of, twice. */
const MOST = 200;
const FOLDER = /^[0-9a-f]{16}$/;
/** Milliseconds that what other code has left there stays: a day, for who goes back and forth between two. */
const STAYS = 24 * 3600 * 1000;

/**
 * A folder in `all` that is good as long as this tool's code is what it is; what other code left long ago is
 * removed. undefined: this is an installed package, which nothing is written into.
 */
export function ownResults(all = OWN): string | undefined {
  if (!isCheckout()) return undefined;
  const own = join(all, codeHash().slice(0, 16));
  if (!existsSync(own)) {
    const long = Date.now() - STAYS;
    removeFrom(all, (others) => others.filter(({ name, changed }) => FOLDER.test(name) && changed < long));
  }
  return own;
}

/** Makes place for one more. */
function removeOldest(folder: string): void {
  removeFrom(folder, (files) =>
    files.toSorted((a, b) => a.changed - b.changed).slice(0, Math.max(0, files.length - MOST + 1)),
  );
}

interface Entry {
  readonly name: string;
  readonly changed: number;
}

/** Removes what is chosen of a folder's entries. What cannot be removed, as another user's, stays: no command fails by it. */
function removeFrom(folder: string, choose: (entries: readonly Entry[]) => readonly Entry[]): void {
  try {
    const entries = readdirSync(folder).map((name): Entry => {
      const stats = statSync(join(folder, name), { throwIfNoEntry: false });
      return { name, changed: stats?.mtimeMs ?? Infinity };
    });
    for (const { name } of choose(entries)) rmSync(join(folder, name), { recursive: true, force: true });
  } catch {
    // It takes some bytes that nobody needs.
  }
}

/** JSON, but for numbers that it does not have. */
function textOf(value: unknown): string {
  return JSON.stringify(value, (_, one: unknown) =>
    typeof one === 'number' && !Number.isFinite(one) ? String(one) : one,
  );
}

let known: string | undefined;

/** Changes with any module of this tool, as it runs now, and with the packages that it stands on. */
function codeHash(): string {
  if (known !== undefined) return known;
  const root = fileURLToPath(new URL('..', import.meta.url));
  const hash = createHash('sha256');
  const lock = join(packageRoot(), 'package-lock.json');
  if (existsSync(lock)) hash.update(readFileSync(lock));
  for (const room of ['harness', 'scripts', 'variants']) {
    const files = readdirSync(join(root, room), { recursive: true, encoding: 'utf8' });
    for (const file of files.filter((name) => /\.(?:[jt]s|mjs)$/.test(name)).toSorted()) {
      hash.update(`${room}/${file}\0`).update(readFileSync(join(root, room, file)));
    }
  }
  return (known = hash.digest('hex'));
}
