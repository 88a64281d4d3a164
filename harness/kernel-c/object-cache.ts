// SPDX-License-Identifier: GPL-2.0-only
/** Compiled objects and modules, by a hash of what they were compiled from, in a folder of the caller's. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { makeFolder, writeFile } from '../text/files.ts';

export interface ObjectCache {
  /** An object in base64; undefined: not there. */
  readObject(key: string): string | undefined;
  writeObject(key: string, base64: string): void;
  readModule(key: string): CachedModule | undefined;
  writeModule(key: string, module: CachedModule): void;
}

export interface CachedModule {
  readonly module: Uint8Array<ArrayBuffer>;
  readonly frames: readonly string[];
}

const moduleSchema = z.object({ module: z.string(), frames: z.array(z.string()) });

/** The cache in a folder, made when something is first written; undefined: nothing is kept. */
export function cacheIn(folder: string | undefined): ObjectCache {
  const read = (name: string): string | undefined => {
    const file = folder === undefined ? undefined : join(folder, name);
    return file !== undefined && existsSync(file) ? readFileSync(file, 'utf8') : undefined;
  };
  const write = (name: string, text: string): void => {
    if (folder === undefined) return;
    makeFolder(folder);
    writeFile(join(folder, name), text);
  };
  return {
    readObject: (key) => read(`${key}.o`),
    writeObject: (key, base64) => write(`${key}.o`, base64),
    readModule(key) {
      const parsed = moduleSchema.safeParse(jsonOf(read(`${key}.json`)));
      if (!parsed.success) return undefined;
      const { module, frames } = parsed.data;
      return { module: new Uint8Array(Buffer.from(module, 'base64')), frames };
    },
    writeModule(key, { module, frames }) {
      write(`${key}.json`, JSON.stringify({ module: Buffer.from(module).toString('base64'), frames }));
    },
  };
}

/** A damaged file is as good as none. */
function jsonOf(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}
