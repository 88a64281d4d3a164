// SPDX-License-Identifier: GPL-2.0-only
/**
 * `node .ci/smoke-checkout.mjs [--node PATH]`: the commands that an installed package does not have do
 * something, with that Node.js, and say nothing beside it. The others: smoke.mjs.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const { values } = parseArgs({ options: { node: { type: 'string', default: process.execPath } } });
const folder = mkdtempSync(join(tmpdir(), 'bouncediff-checkout-'));
const pairs = join(folder, 'pairs.txt');
writeFileSync(pairs, '');

/** What is run, and the exit code it has; what writes into the checkout or needs a browser only explains itself. */
const COMMANDS = /** @type {const} */ ([
  [0, 'bench', 'v3', '--scenario', 'min-align-mask/*', '--programs', '16'],
  [0, 'schema', '--check'],
  [0, 'touched', 'README.md', '--output', join(folder, 'touched.txt')],
  [0, 'pull-request', pairs, join(folder, 'report')],
  ...['reports', 'new-state', 'pictures:look', 'sticky-comment'].map(
    (name) => /** @type {const} */ ([0, name, '--help']),
  ),
]);

/**
 * What is wrong with a command; empty: nothing.
 * @param {number} exitCode
 * @param {readonly string[]} args
 */
function wrong(exitCode, args) {
  const { status, stderr } = spawnSync(values.node, [join('scripts', 'start.mjs'), ...args], {
    cwd: ROOT,
    encoding: 'utf8',
    env: { ...process.env, NO_PROGRESS: '1' },
    timeout: 300_000,
  });
  if (status !== exitCode) return `exit code ${status} instead of ${exitCode}\n${stderr}`;
  if (stderr !== '') return `on standard error: ${stderr}`;
  return '';
}

try {
  for (const [exitCode, ...args] of COMMANDS) {
    const complaint = wrong(exitCode, args);
    process.stdout.write(`${complaint === '' ? 'ok' : 'NOT OK'}  ${args.join(' ')}\n${complaint}`);
    if (complaint !== '') process.exitCode = 1;
  }
} finally {
  rmSync(folder, { recursive: true });
}
