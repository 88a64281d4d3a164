// SPDX-License-Identifier: GPL-2.0-only
/**
 * Preloaded by `node --import`: kills the process, as SIGKILL does, right before one of the calls that
 * change files below the folder KILL_BELOW. KILL_AT says which: `12` is the twelfth, `renameSync:2` the
 * second renameSync. A text is written in two halves, which are two calls.
 */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { sep } from 'node:path';

const { KILL_AT = '', KILL_BELOW = '' } = process.env;
const [name = '', nth = ''] = KILL_AT.includes(':') ? KILL_AT.split(':') : ['', KILL_AT];
let left = Number(nth);
/** Descriptors of files below the folder. */
const open = new Set();

/** @param {unknown} file a path or a descriptor */
function isBelow(file) {
  return open.has(file) || (typeof file === 'string' && `${file}${sep}`.startsWith(`${KILL_BELOW}${sep}`));
}

/** @param {string} call */
function before(call) {
  if (name !== '' && name !== call) return;
  left--;
  if (left === 0) process.kill(process.pid, 'SIGKILL');
}

/** What changes files by their paths. */
const BY_PATH = [
  'appendFileSync',
  'chmodSync',
  'copyFileSync',
  'fchmodSync',
  'linkSync',
  'mkdirSync',
  'renameSync',
  'rmdirSync',
  'rmSync',
  'symlinkSync',
  'truncateSync',
  'unlinkSync',
];
/** @typedef {(...args: unknown[]) => unknown} Call */
const calls = /** @type {Record<string, Call>} */ (/** @type {unknown} */ (fs));

/**
 * Puts another function in the place of one of fs's.
 * @param {string} call
 * @param {(real: Call) => Call} make
 */
function replace(call, make) {
  const real = calls[call];
  if (real === undefined) throw new Error(`no ${call}`);
  calls[call] = make(real);
}

for (const call of BY_PATH) {
  replace(call, (real) => (...args) => {
    if (args.some(isBelow)) before(call);
    return real(...args);
  });
}
replace('openSync', (real) => (file, flags, ...rest) => {
  const writes = flags !== undefined && flags !== 'r' && isBelow(file);
  if (writes) before('openSync');
  const fd = real(file, flags, ...rest);
  if (writes) open.add(fd);
  return fd;
});
replace('closeSync', (real) => (fd) => {
  open.delete(fd);
  return real(fd);
});
const { openSync, closeSync, writeSync } = fs;
replace('writeFileSync', (real) => (file, text, ...rest) => {
  if (!isBelow(file) || typeof text !== 'string') return real(file, text, ...rest);
  before('writeFileSync');
  const fd = typeof file === 'number' ? file : openSync(String(file), 'w');
  const half = text.slice(0, text.length / 2);
  writeSync(fd, half);
  before('writeFileSync');
  writeSync(fd, text.slice(half.length));
  if (fd !== file) closeSync(fd);
  return undefined;
});
syncBuiltinESMExports();
