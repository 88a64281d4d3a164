// SPDX-License-Identifier: GPL-2.0-only
/** Builds the package once: the tests that run commands start what is installed, twice as fast as the sources. */
import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export default function build() {
  const root = fileURLToPath(new URL('..', import.meta.url));
  rmSync(new URL('../dist', import.meta.url), { recursive: true, force: true });
  execFileSync('node_modules/.bin/tsc', ['--project', 'tsconfig.build.json'], {
    cwd: root,
    stdio: 'inherit',
  });
}
