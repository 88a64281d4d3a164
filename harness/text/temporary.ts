// SPDX-License-Identifier: GPL-2.0-only
/** What stands on the disk while something is being written, by a name that tells whose it is. */
import { randomBytes } from 'node:crypto';
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** `.bouncediff-PROCESS-RANDOM.tmp`; .gitignore knows it. */
const NAME = /^\.bouncediff-(\d+)-[0-9a-f]{16}\.tmp$/;

/** A path in the folder that nobody else uses, for a file or a folder of this process. */
export function temporaryIn(folder: string): string {
  return join(folder, `.bouncediff-${process.pid}-${randomBytes(8).toString('hex')}.tmp`);
}

/** What processes that are gone have left in the folder: the paths of files, or of folders. */
export function abandonedIn(folder: string, what: 'files' | 'folders'): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => (what === 'files' ? entry.isFile() : entry.isDirectory()))
    .filter(({ name }) => isAbandoned(name))
    .map(({ name }) => join(folder, name));
}

/** Deletes the files that processes that are gone have left in the folder, as far as that is allowed. */
export function sweepFiles(folder: string): void {
  try {
    for (const file of abandonedIn(folder, 'files')) rmSync(file, { force: true });
  } catch {
    // Somebody else's, or a folder that may not be read: it costs the writer nothing.
  }
}

function isAbandoned(name: string): boolean {
  const pid = NAME.exec(name)?.[1];
  return pid !== undefined && !isRunning(Number(pid));
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it runs, as somebody else.
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}
