// SPDX-License-Identifier: GPL-2.0-only
/**
 * `node .ci/smoke.mjs [--node PATH]`: packs the package, installs it as a user would, in an empty folder and
 * without what only its development needs, and runs its commands; --node: with that Node.js.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const { values } = parseArgs({ options: { node: { type: 'string', default: process.execPath } } });
const MATCHES = 'min-align-mask/neighbour-slot';
const OWN = 'own';

/**
 * Commands that an installed package has: arguments, exit code, what standard output has.
 * @type {[args: string[], exitCode: number, says: RegExp][]}
 */
const RUNS = [
  [[], 0, /^Usage: npx bouncediff <command>/],
  [['--help'], 0, /\nCommands:\n {2}compare /],
  [['--version'], 0, /^\d+\.\d+\.\d+\n$/],
  [['help', 'compare'], 0, /^Usage: npx bouncediff compare \[options\] <from> <to>\n\n/],
  [['states'], 0, /\| baseline /],
  [['compare', 'v7', 'v8'], 0, /^# v7 → v8\n/],
  [['compare', 'v2', 'v3', '--scenario', MATCHES, '--code'], 1, /\bmapSwiotlb\b/],
  [['compare', 'v2', 'v3', '--scenario', MATCHES, '--format', 'html'], 1, /^<!doctype html>\n[^]*Preact/],
  [['matrix', 'v2', 'v3', '--scenario', MATCHES], 0, /\| v3 /],
  [['explore', 'v7', 'v8', '--runs', '100'], 0, /No difference\./],
  [['explore', 'v2', 'v3', '--runs', '100', '--workers', '2'], 1, /\nReplay: `npx bouncediff explore v2 v3 /],
  [['trace', 'v3', MATCHES], 0, /\bmap_page\b/],
  [['source', 'v3', 'mapPage'], 0, /\/\/ mapPage: iommu_dma_map_page\(\)/],
  [['source', 'v2', '--diff', 'v3'], 0, /^v2 → v3 /],
  [['fidelity', '--state', 'baseline'], 0, /\| baseline \| +651\/651 /],
  [['explore', 'v2', 'v3', '--runs', '3', '--save', '--corpus', OWN], 1, /\n### /],
  [['compare', 'v2', 'v3', '--scenario', 'found/*', '--corpus', OWN, '--accept', 'a try'], 0, /^# v2 → v3\n/],
  [['compare', 'v2', 'v3', '--scenario', 'found/*', '--corpus', OWN], 0, /^# v2 → v3\n/],
];

/**
 * What it has not: one line, exit code 2.
 * @type {[args: string[], says: RegExp][]}
 */
const REFUSALS = [
  [
    ['compare', 'v2', 'v3', '--accept', 'a try'],
    /installed package; name a corpus of your own: --corpus DIR/,
  ],
  [['explore', 'v2', 'v3', '--save'], /installed package; name a corpus of your own: --corpus DIR/],
  ...[
    'new-state',
    'bench',
    'fuzz',
    'reports',
    'schema',
    'pictures:look',
    'touched',
    'pull-request',
    'sticky-comment',
  ].map(
    (name) => /** @type {[string[], RegExp]} */ ([[name, '--help'], / needs a checkout of the repository; /]),
  ),
];
/** They say something on standard error while all is well. */
const TALKS = /--(save|accept)\b/;

const folder = mkdtempSync(join(tmpdir(), 'bouncediff-smoke-'));
let failed = 0;

/** @param {string[]} args */
function npm(...args) {
  return execFileSync('npm', args, { cwd: args[0] === 'pack' ? ROOT : folder, encoding: 'utf8' });
}

/**
 * @param {string[]} args
 * @param {(outcome: { status: number | null, stdout: string, stderr: string }) => boolean} isGood
 */
function check(args, isGood) {
  const bin = join(folder, 'node_modules', '.bin', 'bouncediff');
  const { NODE_PATH: _, ...inherited } = process.env;
  const env = { ...inherited, NO_PROGRESS: '1' };
  const outcome = spawnSync(values.node, [bin, ...args], { cwd: folder, encoding: 'utf8', env });
  const good = isGood(outcome);
  if (!good) failed++;
  process.stdout.write(`${good ? 'ok    ' : 'FAILED'} bouncediff ${args.join(' ')}\n`);
  if (!good) {
    process.stdout.write(`exit code ${outcome.status}\n${outcome.stderr}${outcome.stdout.slice(0, 500)}\n`);
  }
}

try {
  const [line = ''] = npm('pack', '--silent', '--pack-destination', folder).trim().split('\n').slice(-1);
  writeFileSync(join(folder, 'package.json'), '{"private":true}\n');
  npm('install', '--silent', '--omit=dev', '--prefer-offline', '--no-audit', '--no-fund', join(folder, line));
  const before = listing();
  mkdirSync(join(folder, OWN));
  for (const [args, exitCode, says] of RUNS) {
    check(
      args,
      ({ status, stdout, stderr }) =>
        status === exitCode && says.test(stdout) && (stderr === '' || TALKS.test(args.join(' '))),
    );
  }
  for (const [args, says] of REFUSALS) {
    check(
      args,
      ({ status, stdout, stderr }) =>
        status === 2 && stdout === '' && /^bouncediff: [^\n]+\n$/.test(stderr) && says.test(stderr),
    );
  }
  if (listing() !== before) {
    failed++;
    process.stdout.write('FAILED the installed package is not as it was\n');
  }
} finally {
  rmSync(folder, { recursive: true });
}
process.stdout.write(failed === 0 ? 'the package works\n' : `${failed} failed\n`);
process.exitCode = failed === 0 ? 0 : 1;

/** Files of the installed package with their checksums. */
function listing() {
  const root = join(folder, 'node_modules', 'bouncediff');
  return execFileSync('sh', ['-c', 'find . -type f -exec cksum {} + | sort'], {
    cwd: root,
    encoding: 'utf8',
  });
}
