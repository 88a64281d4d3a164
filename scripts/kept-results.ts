// SPDX-License-Identifier: GPL-2.0-only
/** Results that are kept, by a hash of all that they follow from: this tool's code, the states', the cases. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { deserialize, serialize } from 'node:v8';
import type { MachineBuild, State } from '../harness/subject/state.ts';
import { makeFolder, writeFile } from '../harness/text/files.ts';
import { packageRoot } from '../harness/text/package-root.ts';

/** A place for results. */
export interface Place<T> {
  /** What was kept; undefined: nothing, or nothing that can be read. */
  read(): T | undefined;
  write(results: T): void;
}

/**
 * Where results of `what`, worked out of `given` on these states as built for such machines, are kept: beside the
 * objects of those that were compiled, else in `otherwise`; undefined: nowhere.
 */
export function keptResults<T>(
  what: string,
  states: readonly State[],
  builds: readonly MachineBuild[],
  given: unknown,
  otherwise?: string,
): Place<T> | undefined {
  const kept = states.map((state) => state.kept?.(builds));
  const folder = kept.find((one) => one !== undefined)?.folder ?? otherwise;
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
        return deserialize(Buffer.from(readFileSync(file, 'latin1'), 'base64')) as T;
      } catch {
        // A damaged file is as good as none.
        return undefined;
      }
    },
    write(results) {
      makeFolder(folder);
      writeFile(file, serialize(results).toString('base64'));
    },
  };
}

/** Folder of this checkout for what the results of its own states come to. */
const OWN = join(packageRoot(), 'node_modules', '.cache', 'bouncediff');

/** A folder in `all` that is good as long as this tool's code is what it is; what other code has left there is removed. */
export function ownResults(all = OWN): string {
  const own = codeHash().slice(0, 16);
  for (const other of existsSync(all) ? readdirSync(all) : []) {
    if (other !== own) rmSync(join(all, other), { recursive: true, force: true });
  }
  return join(all, own);
}

/** JSON, but for numbers that it does not have. */
function textOf(value: unknown): string {
  return JSON.stringify(value, (_, one: unknown) =>
    typeof one === 'number' && !Number.isFinite(one) ? String(one) : one,
  );
}

let known: string | undefined;

/** Changes with any module of this tool, as it runs now. */
function codeHash(): string {
  if (known !== undefined) return known;
  const root = fileURLToPath(new URL('..', import.meta.url));
  const hash = createHash('sha256');
  for (const room of ['harness', 'scripts', 'variants']) {
    const files = readdirSync(join(root, room), { recursive: true, encoding: 'utf8' });
    for (const file of files.filter((name) => /\.(?:[jt]s|mjs)$/.test(name)).toSorted()) {
      hash.update(`${room}/${file}\0`).update(readFileSync(join(root, room, file)));
    }
  }
  return (known = hash.digest('hex'));
}
