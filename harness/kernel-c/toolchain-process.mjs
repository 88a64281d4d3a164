// SPDX-License-Identifier: GPL-2.0-only
/**
 * A process of its own around clang, wasm-ld and Binaryen, so that they get V8's fastest start and their
 * memory goes away with them. A job comes as a line of JSON on stdin, the answer leaves as one on stdout.
 */
import { writeSync } from 'node:fs';
import { lower } from './lowering.mjs';

/** @typedef {import('./toolchain.ts').Answer} Answer */
/** @typedef {import('./toolchain.ts').Job} Job */
/** @typedef {import('./toolchain.ts').Unit} Unit */
/** @typedef {import('@yowasp/clang').Command} Command */
/** @typedef {import('@yowasp/clang').Tree} Tree */

/**
 * An optional package; its absence is an answer, not a failure.
 * @template T
 * @param {() => Promise<T>} load
 * @returns {Promise<T | undefined>}
 */
async function optional(load) {
  try {
    return await load();
  } catch (error) {
    if (codeOf(error) === 'ERR_MODULE_NOT_FOUND') return undefined;
    throw error;
  }
}

/** @param {unknown} error */
function codeOf(error) {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}

/** @param {Answer} answer */
function send(answer) {
  const bytes = Buffer.from(`${JSON.stringify(answer)}\n`);
  for (let done = 0; done < bytes.length;) {
    try {
      done += writeSync(1, bytes, done);
    } catch (error) {
      if (codeOf(error) !== 'EAGAIN') throw error;
    }
  }
}

/**
 * Nested objects of a flat map of paths.
 * @param {Job['files']} files
 */
function nested(files) {
  /** @type {Tree} */
  const root = {};
  for (const [path, contents] of Object.entries(files)) {
    const parts = path.split('/');
    const name = parts.pop() ?? '';
    let folder = root;
    for (const part of parts) folder = /** @type {Tree} */ (folder[part] ??= {});
    folder[name] = contents;
  }
  return root;
}

/**
 * Runs one tool; what it put out, undefined when it failed, and what it said. The output goes to stdout: a file
 * would be written with a copy of all that is written already for each piece.
 * @param {Command} tool
 * @param {string[]} args
 * @param {Tree} files
 */
async function run(tool, args, files) {
  /** @type {Buffer[]} */
  const made = [];
  /** @type {Buffer[]} */
  const said = [];
  /** @param {Buffer[]} list */
  const into = (list) => {
    /** @param {Uint8Array | null} bytes */
    return (bytes) => {
      if (bytes !== null) list.push(Buffer.from(bytes));
    };
  };
  const text = () => Buffer.concat(said).toString('utf8');
  try {
    await tool([...args, '-o', '-'], files, {
      stdout: into(made),
      stderr: into(said),
      fetchProgress: () => {},
    });
    return { bytes: new Uint8Array(Buffer.concat(made)), text: text() };
  } catch (error) {
    if (said.length === 0) throw error;
    return { bytes: undefined, text: text() };
  }
}

/**
 * What clang made of openings, by key.
 * @type {Map<string, Uint8Array>}
 */
const openings = new Map();
/** Each takes 8 MB. */
const MOST_OPENINGS = 16;
const OPENING = 'opening.h';

/**
 * Reads an opening, once and for all units that begin with it; undefined when clang does not like it.
 * @param {Command} clang
 * @param {Unit} unit
 * @param {Tree} sources
 */
async function readOpening(clang, { flags, before, opening }, sources) {
  if (opening === undefined) return undefined;
  const includes = before.flatMap((header) => ['-include', header]);
  const args = ['clang', ...flags, ...includes, '-x', 'c-header', `/${OPENING}`];
  const { bytes } = await run(clang, args, { ...sources, [OPENING]: opening.text });
  if (bytes === undefined) return undefined;
  const [oldest] = openings.keys();
  if (oldest !== undefined && openings.size >= MOST_OPENINGS) openings.delete(oldest);
  openings.set(opening.key, bytes);
  return bytes;
}

/**
 * Compiles a unit; the object, undefined when it is refused, and what clang said.
 * @param {Command} clang
 * @param {Unit} unit
 * @param {Tree} sources
 * @param {boolean} keepsOpening
 */
async function compile(clang, unit, sources, keepsOpening) {
  const { flags, before, file, opening } = unit;
  const rest = ['-c', `/${file}`];
  const read =
    openings.get(opening?.key ?? '') ?? (keepsOpening ? await readOpening(clang, unit, sources) : undefined);
  if (read !== undefined) {
    const args = ['clang', ...flags, '-include-pch', '/opening.pch', ...rest];
    const files = { ...sources, [OPENING]: opening?.text ?? '', 'opening.pch': read };
    const result = await run(clang, args, files);
    if (result.bytes !== undefined) return result;
  }
  // A header may mind to be included twice: what is said of it is said of the unit as it is.
  const includes = before.flatMap((header) => ['-include', header]);
  return run(clang, ['clang', ...flags, ...includes, ...rest], sources);
}

/**
 * @param {Job} job
 * @returns {Promise<Answer>}
 */
async function work({ files, units, link, keepsOpening = false }) {
  const clang = await optional(async () => import('@yowasp/clang'));
  if (clang === undefined) return { missing: '@yowasp/clang' };
  const binaryen = await optional(async () => import('binaryen'));
  if (binaryen === undefined) return { missing: 'binaryen' };
  const sources = nested(files);
  /** @type {Record<string, Uint8Array>} */
  const objects = {};
  /** @type {Record<string, string>} */
  const compiled = {};
  for (const unit of units) {
    const { name } = unit;
    const { bytes, text } = await compile(clang.runLLVM, unit, sources, keepsOpening);
    if (bytes === undefined) return { refused: text };
    objects[name] = bytes;
    compiled[name] = Buffer.from(bytes).toString('base64');
  }
  if (link === undefined) return { objects: compiled, module: '', frames: [] };
  for (const [name, base64] of Object.entries(link.objects)) objects[name] = Buffer.from(base64, 'base64');
  const { bytes, text } = await run(clang.runLLVM, ['wasm-ld', ...link.args], objects);
  // A warning of the linker is as bad as an error: a call would go astray.
  if (bytes === undefined || text.trim() !== '') return { refused: text };
  const module = Buffer.from(lower(binaryen.default, bytes, link.frames)).toString('base64');
  return { objects: compiled, module, frames: link.frames };
}

/** @type {Uint8Array[]} */
let line = [];
for await (const chunk of process.stdin) {
  const bytes = /** @type {Uint8Array} */ (chunk);
  const end = bytes.indexOf(10);
  line.push(end < 0 ? bytes : bytes.subarray(0, end));
  if (end < 0) continue;
  const job = Buffer.concat(line).toString('utf8');
  // The next job is sent when this one is answered.
  line = [bytes.subarray(end + 1)];
  send(await work(/** @type {Job} */ (JSON.parse(job))));
}
