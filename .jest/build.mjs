// SPDX-License-Identifier: GPL-2.0-only
/**
 * Builds the package once, in a folder of this test run: the tests that run commands start what is
 * installed, twice as fast as the sources, and `dist` stays as it is for whoever runs a command meanwhile.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
/** Below the project, so that what is built there finds it; a folder for each process. */
const BUILDS = join(ROOT, '.test-build');

export default function build() {
  removeLeftOvers();
  const folder = join(BUILDS, String(process.pid));
  execFileSync(
    process.execPath,
    [
      join('node_modules', 'typescript', 'bin', 'tsc'),
      '--project',
      'tsconfig.build.json',
      '--outDir',
      folder,
    ],
    { cwd: ROOT, stdio: 'inherit' },
  );
  execFileSync(process.execPath, [join(folder, 'scripts', 'build-page.js')], { cwd: ROOT, stdio: 'inherit' });
  // Read by scripts/testing/run.ts, which every worker inherits.
  process.env['BOUNCEDIFF_TEST_BUILD'] = folder;
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
}

/** Folders of processes that are no more: they were killed before they could clean up. */
function removeLeftOvers() {
  if (!existsSync(BUILDS)) return;
  for (const pid of readdirSync(BUILDS)) {
    if (!isAlive(Number(pid))) rmSync(join(BUILDS, pid), { recursive: true, force: true });
  }
}

/** @param {number} pid */
function isAlive(pid) {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
