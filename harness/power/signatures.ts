// SPDX-License-Identifier: GPL-2.0-only
/** What the functions that a method calls take and return, and what its names stand for: by the words of their types. */
import { Node, SyntaxKind, type CallExpression, type MethodDeclaration } from 'ts-morph';
import type { Flattened, Written } from '../source/flatten.ts';
import type { Modules } from '../source/modules.ts';

/** A function by its parameters. */
export interface Signature {
  readonly parameters: readonly { readonly name: string; readonly type: string }[];
  readonly returns: string;
}

/** What a call names: a method of the state or a function of the kernel. */
export interface Callee {
  readonly of: 'state' | 'kernel';
  readonly name: string;
}

/** Members of a scatterlist's entry. */
const ENTRY: Readonly<Record<string, string>> = {
  phys: 'PhysAddr',
  length: 'Size',
  dmaAddress: 'DmaAddr',
  dmaLength: 'Size',
};

/** The functions that a state's methods can call. */
export class Signatures {
  readonly #functions: ReadonlyMap<string, Written>;
  readonly #kernel: ReadonlyMap<string, Signature>;

  constructor(modules: Modules, { functions }: Flattened) {
    this.#functions = functions;
    const kernel = modules.file('harness/machine/kernel.ts').getInterfaceOrThrow('Kernel');
    this.#kernel = new Map(kernel.getMethods().map((method) => [method.getName(), signatureOf(method)]));
  }

  /** A method of the state. */
  method(name: string): MethodDeclaration | undefined {
    return this.#functions.get(name)?.node;
  }

  /** The calls of a method in the state's code. */
  callsOf(name: string): CallExpression[] {
    return [...this.#functions.values()].flatMap(({ node }) =>
      node.getDescendantsOfKind(SyntaxKind.CallExpression).filter((call) => {
        const callee = calleeOf(call);
        return callee?.of === 'state' && callee.name === name;
      }),
    );
  }

  of({ of, name }: Callee): Signature | undefined {
    if (of === 'kernel') return this.#kernel.get(name);
    const node = this.method(name);
    return node && signatureOf(node);
  }

  /** The type that a piece of code has, in one word; '': none of the kernel's. */
  typeOf(node: Node | undefined): string {
    if (Node.isIdentifier(node)) return this.#typeOfName(node);
    // `x >>> 0` is x as a number of 32 bits.
    if (Node.isBinaryExpression(node) && node.getOperatorToken().getText() === '>>>') {
      return this.typeOf(node.getLeft());
    }
    if (Node.isParenthesizedExpression(node) || Node.isAsExpression(node)) {
      return this.typeOf(node.getExpression());
    }
    if (Node.isPropertyAccessExpression(node)) {
      return Node.isIdentifier(node.getExpression()) ? (ENTRY[node.getName()] ?? '') : '';
    }
    if (Node.isCallExpression(node)) {
      const callee = calleeOf(node);
      return (callee && this.of(callee)?.returns) ?? '';
    }
    if (Node.isBinaryExpression(node) && /^[-+*]$/.test(node.getOperatorToken().getText())) {
      return this.typeOf(node.getLeft()) || this.typeOf(node.getRight());
    }
    return '';
  }

  #typeOfName(node: Node): string {
    const declaration = declarationsBefore(node).find(({ name }) => name === node.getText())?.node;
    if (Node.isParameterDeclaration(declaration)) return declaration.getTypeNode()?.getText() ?? '';
    if (!Node.isVariableDeclaration(declaration)) return '';
    return declaration.getTypeNode()?.getText() ?? this.typeOf(declaration.getInitializer());
  }
}

function signatureOf(method: Node): Signature {
  if (!Node.isMethodDeclaration(method) && !Node.isMethodSignature(method)) {
    return { parameters: [], returns: '' };
  }
  return {
    parameters: method
      .getParameters()
      .map((parameter) => ({ name: parameter.getName(), type: parameter.getTypeNode()?.getText() ?? '' })),
    returns: method.getReturnTypeNode()?.getText() ?? '',
  };
}

/** What `this.x(…)` or `this.kernel.x(…)` calls. */
export function calleeOf(call: CallExpression): Callee | undefined {
  const access = call.getExpression();
  if (!Node.isPropertyAccessExpression(access)) return undefined;
  const object = access.getExpression();
  if (Node.isThisExpression(object)) return { of: 'state', name: access.getName() };
  return object.getText() === 'this.kernel' ? { of: 'kernel', name: access.getName() } : undefined;
}

/** Parameters and variables that are there when the node is run, the nearest first. */
export function declarationsBefore(node: Node): { readonly name: string; readonly node: Node }[] {
  const method = node.getFirstAncestorByKind(SyntaxKind.MethodDeclaration);
  const around = new Set<Node | undefined>(node.getAncestors());
  const inside = (method?.getDescendants() ?? []).filter(
    (one) => Node.isVariableDeclaration(one) || Node.isParameterDeclaration(one),
  );
  return inside
    .filter((one) => {
      if (one.getEnd() > node.getStart()) return false;
      const scope = one.getFirstAncestor((up) => Node.isBlock(up) || Node.isForOfStatement(up));
      return scope === undefined || around.has(scope);
    })
    .map((one) => ({ name: one.getName(), node: one as Node }))
    .toReversed();
}
