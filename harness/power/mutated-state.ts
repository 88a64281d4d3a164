// SPDX-License-Identifier: GPL-2.0-only
/** A state with one method of it replaced: compiled and put in its place in this process, written nowhere. */
import { compileFunction } from 'node:vm';
import { SyntaxKind, ts } from 'ts-morph';
import * as vocabulary from '../machine/vocabulary.ts';
import type { CodeLayer, State } from '../subject/state.ts';
import type { Written } from '../source/flatten.ts';
import { UserError } from '../text/user-error.ts';

type Method = (...args: readonly unknown[]) => unknown;
/** What a method's names stand for. */
type Bindings = Readonly<Record<string, unknown>>;

/** What announced methods tell. */
interface Announcer {
  readonly kernel: { enter(frame: number): void; leave(): void };
}

/** A method of a state, ready to be replaced. */
export class Replaceable {
  readonly #state: State;
  readonly #layer: CodeLayer;
  readonly #method: string;
  readonly #frame: number;
  readonly #bindings: Bindings;

  private constructor(state: State, layer: CodeLayer, method: string, bindings: Bindings) {
    this.#state = state;
    this.#layer = layer;
    this.#method = method;
    this.#bindings = bindings;
    this.#frame = state.frames.findIndex((frame) => frame.method === method && frame.patch === layer.id);
  }

  /** The method as the state has it; what its names stand for is taken from its module and what that imports. */
  static async of(state: State, written: Written): Promise<Replaceable> {
    const layer = (state.code ?? []).find(
      ({ id, methods }) => id === written.patch && methods.includes(written.method),
    );
    if (layer === undefined) throw new UserError(`${state.id} has no method ${written.method}`);
    return new Replaceable(state, layer, written.method, await bindingsOf(layer, written));
  }

  /** The state with `text`, a method from its name on, in this one's place. */
  with(text: string): State {
    const names = Object.keys(this.#bindings);
    const { outputText } = ts.transpileModule(`const made = {\n${text}\n};`, {
      compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext },
    });
    const make = compileFunction(`'use strict';\n${outputText}\nreturn made;`, names) as (
      ...values: readonly unknown[]
    ) => Record<string, Method>;
    const made = make(...Object.values(this.#bindings));
    const body = made[this.#method];
    if (body === undefined) throw new RangeError(`no ${this.#method} in ${text}`);
    return this.#inPlace(body, made);
  }

  /** The state, that tells of every call of this method and does the same. */
  watched(tell: () => void): State {
    return replacing(
      this.#state,
      (machineOrOps) => {
        const body = Reflect.get(machineOrOps, this.#method) as Method;
        define(machineOrOps, this.#method, function (this: unknown, ...args) {
          tell();
          return body.apply(this, [...args]);
        });
      },
      this.#layer,
    );
  }

  #inPlace(body: Method, home: object): State {
    const frame = this.#frame;
    const announced = function (this: Announcer, ...args: readonly unknown[]): unknown {
      this.kernel.enter(frame);
      const result = body.apply(this, [...args]);
      this.kernel.leave();
      return result;
    };
    const layers = (this.#state.code ?? []).filter(({ file }) => file === this.#layer.file);
    const depth = layers.length - layers.indexOf(this.#layer);
    let isHome = false;
    return replacing(
      this.#state,
      (ops) => {
        if (!isHome) Object.setPrototypeOf(home, below(ops, depth));
        isHome = true;
        define(ops, this.#method, announced);
      },
      this.#layer,
    );
  }
}

/** What `super` is to a method whose class has so many on top of it: one more announces, and the instance is none. */
function below(instance: object, depth: number): object | null {
  let found: object | null = Reflect.getPrototypeOf(instance);
  for (let i = 0; i <= depth && found !== null; i++) found = Reflect.getPrototypeOf(found);
  return found;
}

function define(target: object, name: string, value: Method): void {
  Object.defineProperty(target, name, { value, configurable: true });
}

/** The state; `change` is made to whatever it has put in the place of that layer's file. */
function replacing(state: State, change: (instance: object) => void, { file }: CodeLayer): State {
  const install: State['install'] = (machine) => {
    const ops = state.install(machine);
    change(file === 'swiotlb' ? machine.swiotlb : ops);
    return ops;
  };
  return Object.create(state, { install: { value: install } }) as State;
}

/** The names of a method that are its module's: what that imports, and exports. */
async function bindingsOf({ module }: CodeLayer, { node, method }: Written): Promise<Bindings> {
  const file = node.getSourceFile();
  const bindings: Record<string, unknown> = { ...vocabulary };
  const used = new Set(node.getDescendantsOfKind(SyntaxKind.Identifier).map((name) => name.getText()));
  for (const declaration of file.getImportDeclarations()) {
    const specifiers = declaration.getNamedImports().filter((one) => !one.isTypeOnly());
    const wanted = specifiers.filter((one) => used.has(one.getAliasNode()?.getText() ?? one.getName()));
    if (wanted.length === 0 || declaration.isTypeOnly()) continue;
    const imported = await load(new URL(declaration.getModuleSpecifierValue(), module).href, module);
    for (const one of wanted) {
      bindings[one.getAliasNode()?.getText() ?? one.getName()] = imported[one.getName()];
    }
  }
  const own = [...file.getVariableDeclarations(), ...file.getFunctions(), ...file.getClasses()];
  const ownNames = own.map((one) => one.getName() ?? '').filter((name) => used.has(name));
  if (ownNames.length > 0) {
    const exported = await load(module, module);
    for (const name of ownNames) {
      if (!(name in exported)) {
        throw new UserError(`${method} cannot be mutated: it uses ${name}, which its module does not export`);
      }
      bindings[name] = exported[name];
    }
  }
  return bindings;
}

/** A module that runs already; of a package that was built, its JavaScript. */
async function load(url: string, importedBy: string): Promise<Bindings> {
  const built = importedBy.endsWith('.js') ? url.replace(/\.ts$/, '.js') : url;
  return (await import(built)) as Bindings;
}
