// SPDX-License-Identifier: GPL-2.0-only
/** The type of the state that a new patch stands on, as far as its functions need it. */
import {
  Node,
  type ClassDeclaration,
  type InterfaceDeclaration,
  type MethodDeclaration,
  type MethodSignature,
} from 'ts-morph';
import { callees, type Written } from './flatten.ts';
import type { LayerClass, Modules } from './modules.ts';
import type { StateRef } from './effective-source.ts';

/** What stands below a patch. */
export interface BaseType {
  /** The type that earlier patches give it; undefined where the baseline's own will do. */
  readonly given: InterfaceDeclaration | undefined;
  /** Methods that the functions use and that no such type has. */
  readonly missing: readonly MethodDeclaration[];
}

type Declared = MethodDeclaration | MethodSignature;

/** What `copied` functions of a state need of the class below them. */
export function baseTypeFor(
  modules: Modules,
  state: StateRef,
  functions: ReadonlyMap<string, Written>,
  copied: readonly Written[],
): BaseType {
  const called = copied.flatMap(({ node }) => callees(node).map(({ name }) => name));
  const needed = [...new Set([...copied.map(({ method }) => method), ...called])].flatMap(
    (name) => functions.get(name)?.node ?? [],
  );
  const lacking = (type: ClassDeclaration | InterfaceDeclaration): MethodDeclaration[] =>
    needed.filter((node) => {
      const declared = methodOf(type, node.getName());
      return declared === undefined || signature(declared) !== signature(node);
    });
  if (lacking(modules.baseline).length === 0) return { given: undefined, missing: [] };
  const given = givenType(modules, state);
  return { given, missing: lacking(given ?? modules.baseline) };
}

/** What the last patch that says so gives: the G of `Patched<G>` or `Patch<N, G>`. */
function givenType(modules: Modules, state: StateRef): InterfaceDeclaration | undefined {
  return (state.code ?? [])
    .map((layer) => {
      const type = patchType(modules.classOf(layer));
      const gives = Node.isTypeReference(type) ? type.getTypeArguments().at(-1) : undefined;
      return Node.isTypeReference(gives) ? interfaceNamed(gives.getTypeName()) : undefined;
    })
    .findLast((found) => found !== undefined);
}

/** The type of what returns the class, or of the constant that this is. */
function patchType(patchClass: LayerClass): Node | undefined {
  const apply = patchClass.getFirstAncestor(
    (node) =>
      Node.isArrowFunction(node) || Node.isFunctionExpression(node) || Node.isFunctionDeclaration(node),
  );
  if (!Node.isReturnTyped(apply)) return undefined;
  const variable = apply.getParent();
  return (
    apply.getReturnTypeNode() ?? (Node.isVariableDeclaration(variable) ? variable.getTypeNode() : undefined)
  );
}

function interfaceNamed(name: Node): InterfaceDeclaration | undefined {
  const symbol = name.getSymbol();
  const declarations = (symbol?.getAliasedSymbol() ?? symbol)?.getDeclarations() ?? [];
  return declarations.find(Node.isInterfaceDeclaration);
}

function methodOf(type: ClassDeclaration | InterfaceDeclaration, name: string): Declared | undefined {
  if (Node.isClassDeclaration(type)) return type.getInstanceMethod(name);
  const own = type.getMethod(name);
  if (own !== undefined) return own;
  for (const base of type.getBaseDeclarations()) {
    const known = Node.isClassDeclaration(base) || Node.isInterfaceDeclaration(base);
    const found = known ? methodOf(base, name) : undefined;
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Types of the parameters and of the result, as written. */
function signature(method: Declared): string {
  const parameters = method
    .getParameters()
    .map((parameter) => `${parameter.isOptional() ? '?' : ''}${parameter.getTypeNode()?.getText() ?? ''}`);
  return `${parameters.join(', ')} → ${method.getReturnTypeNode()?.getText() ?? ''}`;
}
