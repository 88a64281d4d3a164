// SPDX-License-Identifier: GPL-2.0-only
/** A state's methods after all of its patches: later ones win, what no driver can reach is dropped. */
import { Node, SyntaxKind, type MethodDeclaration } from 'ts-morph';
import { DMA_OPS, KERNEL_FILES, SWIOTLB_CODE, type CodeLayer, type KernelFile } from '../subject/state.ts';
import type { LayerClass, Modules } from './modules.ts';
import { UserError } from '../text/user-error.ts';
import type { StateRef } from './effective-source.ts';

/** A method as the last patch that touched it left it. */
export interface Written {
  readonly method: string;
  readonly kernelFunction: string | undefined;
  readonly patch: string;
  readonly node: MethodDeclaration;
}

/** A state's methods. */
export interface Flattened {
  /** Those that can be reached from where the state is called, by name. */
  readonly functions: ReadonlyMap<string, Written>;
  /** Names of those that are there, but that nothing calls. */
  readonly idle: ReadonlySet<string>;
}

interface Layer {
  readonly patch: string;
  readonly methods: ReadonlyMap<string, MethodDeclaration>;
}

/** Where each file is called from outside. */
const ENTRIES: Readonly<Record<KernelFile, readonly string[]>> = {
  dmaIommu: DMA_OPS,
  swiotlb: SWIOTLB_CODE,
  iova: [],
};

/** Applies a state's patches, in each kernel file that it has code of. UserError when it has no text. */
export function flatten(modules: Modules, { id, code, origin }: StateRef): Flattened {
  if (code === undefined) throw new UserError(`${id} has no source text here: it is ${origin}`);
  const files = Object.keys(KERNEL_FILES) as KernelFile[];
  const flattened = files.map((file) => {
    const layers = code
      .filter((layer) => layer.file === file)
      .map((layer) => ({ patch: layer.id, methods: methodsOf(modules.classOf(layer), layer) }));
    return flattenFile(layers, ENTRIES[file]);
  });
  return {
    functions: new Map(flattened.flatMap(({ functions }) => [...functions])),
    idle: new Set(flattened.flatMap(({ idle }) => [...idle])),
  };
}

function flattenFile(layers: readonly Layer[], entries: readonly string[]): Flattened {
  const reached = new Map<string, Written>();
  const visit = (method: string, below: number): void => {
    const index = layers.findLastIndex((layer, i) => i < below && layer.methods.has(method));
    const layer = layers[index];
    const node = layer?.methods.get(method);
    if (layer === undefined || node === undefined || isGone(node)) return;
    // What a later patch overrides is reached through super only.
    const name = below === layers.length ? method : `${method} as of ${layer.patch}`;
    if (reached.has(name)) return;
    reached.set(name, {
      method: name,
      kernelFunction: kernelFunction(layers.slice(0, index + 1), method),
      patch: layer.patch,
      node,
    });
    for (const callee of callees(node)) visit(callee.name, callee.inherited ? index : layers.length);
  };
  for (const entry of entries) visit(entry, layers.length);
  const last = new Map(layers.flatMap(({ methods }) => [...methods]));
  const idle = [...last].flatMap(([name, node]) => (reached.has(name) || isGone(node) ? [] : [name]));
  return {
    functions: inFileOrder(reached, [...(layers[0]?.methods.keys() ?? [])]),
    idle: new Set(idle),
  };
}

/** The methods that the state has from there. */
function methodsOf(
  patchClass: LayerClass,
  { isPart, methods: names }: CodeLayer,
): Map<string, MethodDeclaration> {
  const methods = patchClass
    .getInstanceMethods()
    .filter((method) => method.hasBody() && (isPart !== true || names.includes(method.getName())));
  return new Map(methods.map((method) => [method.getName(), method]));
}

/** A deleted function: its body is `return gone('…')`. */
function isGone(method: MethodDeclaration): boolean {
  const [only, ...more] = method.getStatements();
  if (more.length > 0 || !Node.isReturnStatement(only)) return false;
  const call = only.getExpression();
  return Node.isCallExpression(call) && call.getExpression().getText() === 'gone';
}

/** The name that the doc comment begins with; an override that gives none has the overridden one's. */
function kernelFunction(layers: readonly Layer[], method: string): string | undefined {
  return layers.map(({ methods }) => documented(methods.get(method))).findLast((name) => name !== undefined);
}

function documented(node: MethodDeclaration | undefined): string | undefined {
  const comment = node?.getJsDocs().at(-1)?.getDescription().trim() ?? '';
  return /^(\w+)\(\)/.exec(comment)?.[1];
}

/** Methods that a method names: `this.x`, or `super.x` for what the patches below made of x. */
export function callees(method: Node): { readonly name: string; readonly inherited: boolean }[] {
  return method.getDescendantsOfKind(SyntaxKind.PropertyAccessExpression).flatMap((access) => {
    const object = access.getExpression();
    const inherited = Node.isSuperExpression(object);
    return inherited || Node.isThisExpression(object) ? [{ name: access.getName(), inherited }] : [];
  });
}

/** The baseline's order, which is the kernel file's; an added function stands before its first caller. */
function inFileOrder(reached: ReadonlyMap<string, Written>, order: readonly string[]): Map<string, Written> {
  const sorted = [...reached.keys()].filter((name) => order.includes(name));
  sorted.sort((a, b) => order.indexOf(a) - order.indexOf(b));
  for (const [name, { node }] of reached) {
    if (order.includes(name)) continue;
    const own = node.getName();
    const caller = sorted.findIndex((other) => {
      const written = reached.get(other);
      return written !== undefined && callees(written.node).some((callee) => callee.name === own);
    });
    sorted.splice(caller < 0 ? sorted.length : caller, 0, name);
  }
  return new Map(
    sorted.flatMap((name) => {
      const written = reached.get(name);
      return written === undefined ? [] : [[name, written]];
    }),
  );
}
