// SPDX-License-Identifier: GPL-2.0-only
/** A scenario file as YAML: its plain data, and where each piece of it stands. */
import type { Node, Pair, Scalar } from 'yaml';
import {
  LineCounter,
  isAlias,
  isCollection,
  isMap,
  isNode,
  isScalar,
  isSeq,
  Schema,
  parseDocument,
} from 'yaml';
import type { Path, Position } from './input-error.ts';
import { InputError, quoted } from './input-error.ts';

/** Largest scenario file, bytes; it is some hundred times what one needs. */
export const MAX_SCENARIO_SIZE = 64 * 1024;

/** Deepest list or mapping; what the schema knows is far above, but repeats nest. */
const MAX_DEPTH = 64;

/** Made once: yaml would make one for each file. */
const CORE = new Schema({ schema: 'core' });
const TOP: Position = { line: 1, column: 1 };
const KEY = /^[A-Za-z][\w-]*$/;

/** One parsed file. Paths lead from the top of the file to a value. */
export class YamlSource {
  readonly file: string;
  /** The file as plain objects, lists and scalars. */
  readonly data: unknown;
  readonly #contents: Node | null;
  readonly #lines: LineCounter;

  /** Throws InputError for what is not YAML, or more than the subset that scenarios use. */
  constructor(text: string, file: string, maxSize = MAX_SCENARIO_SIZE) {
    this.file = file;
    if (Buffer.byteLength(text) > maxSize) {
      throw new InputError(file, TOP, [], `larger than ${maxSize / 1024} KiB`);
    }
    this.#lines = new LineCounter();
    try {
      const document = parseDocument(text, {
        schema: CORE,
        strict: true,
        // Looked for below: yaml holds every key against every other.
        uniqueKeys: false,
        prettyErrors: false,
        lineCounter: this.#lines,
      });
      const [problem] = [...document.errors, ...document.warnings];
      if (problem !== undefined) {
        const [reason] = problem.message.replace('Maximum call stack size exceeded', 'too deep').split(';');
        throw new InputError(file, this.#position(problem.pos[0]), [], `not valid YAML: ${reason}`);
      }
      this.#contents = document.contents;
      this.data = this.#plain(document.contents, []);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      throw new InputError(file, TOP, [], 'nested too deeply');
    }
  }

  /** Where the value at `path` stands; for a missing one, where what should hold it does. */
  position(path: Path, what: 'value' | 'key' = 'value'): Position {
    let found: Node | null = this.#contents;
    let keyOfFound: unknown;
    for (const step of path) {
      const pair: Pair | undefined = isMap(found)
        ? found.items.find(({ key }) => keyText(key) === step)
        : undefined;
      const next: unknown = pair === undefined && isSeq(found) ? found.items[Number(step)] : pair?.value;
      if (!isNode(next)) break;
      found = next;
      keyOfFound = pair?.key;
    }
    const node = what === 'key' && isNode(keyOfFound) ? keyOfFound : found;
    return node === null ? TOP : this.#nodePosition(node);
  }

  /** The error to throw for the value at `path`. */
  error(path: Path, problem: string): InputError {
    return new InputError(this.file, this.position(path), path, problem);
  }

  /** How the scalar at `path` is written: 0xfff stays 0xfff. */
  written(path: Path): string | undefined {
    const node = this.#node(path);
    return isScalar(node) ? node.source : undefined;
  }

  /** True when there is something at `path`. */
  has(path: Path): boolean {
    return this.#node(path) !== undefined;
  }

  /** True for a scalar, which may be the shorthand for a mapping. */
  isScalar(path: Path): boolean {
    return isScalar(this.#node(path));
  }

  #node(path: Path): unknown {
    let found: unknown = this.#contents;
    for (const key of path) found = isCollection(found) ? found.get(key, true) : undefined;
    return found;
  }

  #nodePosition(node: Node): Position {
    return this.#position(node.range?.[0] ?? 0);
  }

  #position(offset: number): Position {
    const { line, col } = this.#lines.linePos(offset);
    return { line, column: col };
  }

  /** `path` is that of the node; it changes on the way. */
  #plain(node: unknown, path: (string | number)[]): unknown {
    if (isAlias(node) || (isNode(node) && node.anchor !== undefined)) {
      const name = isAlias(node) ? `alias "*${node.source}"` : `anchor "&${node.anchor}"`;
      const problem = `${name}: anchors and aliases are not allowed; use matrix or repeat`;
      throw new InputError(this.file, this.#nodePosition(node), path, problem);
    }
    if (!isNode(node)) return null;
    if (path.length > MAX_DEPTH) {
      throw new InputError(this.file, this.#nodePosition(node), path.slice(0, 1), 'nested too deeply');
    }
    if (isSeq(node)) return node.items.map((item, index) => this.#inside(item, path, index));
    if (isMap(node)) {
      const plain: Record<string, unknown> = {};
      for (const { key, value } of node.items) {
        const name = this.#key(key, path);
        if (Object.hasOwn(plain, name)) {
          const at = isNode(key) ? this.#nodePosition(key) : TOP;
          throw new InputError(
            this.file,
            at,
            path,
            `not valid YAML: Map keys must be unique: ${quoted(name)}`,
          );
        }
        plain[name] = this.#inside(value, path, name);
      }
      return plain;
    }
    // A number that a double cannot hold stays as it is written: masks accept text.
    const { value, source } = node as Scalar;
    return typeof value === 'number' && Math.abs(value) > Number.MAX_SAFE_INTEGER ? (source ?? null) : value;
  }

  #inside(node: unknown, path: (string | number)[], key: string | number): unknown {
    path.push(key);
    const plain = this.#plain(node, path);
    path.pop();
    return plain;
  }

  /** Names start with a letter: so they keep their order in an object and are no `__proto__`. */
  #key(key: unknown, path: Path): string {
    const name = keyText(key);
    if (name !== undefined && KEY.test(name)) return name;
    const position = isNode(key) ? this.#nodePosition(key) : TOP;
    const shown = quoted(isScalar(key) ? key.value : name);
    const problem = `${shown} is not a key; a key is a letter, then letters, digits, _ and -`;
    throw new InputError(this.file, position, path, problem);
  }
}

function keyText(key: unknown): string | undefined {
  return isScalar(key) && typeof key.value === 'string' ? key.value : undefined;
}
