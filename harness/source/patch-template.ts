// SPDX-License-Identifier: GPL-2.0-only
/** The module of a new patch, with the functions to edit copied in. */
import type { MethodDeclaration } from 'ts-morph';
import { UserError } from '../text/user-error.ts';
import { baseTypeFor, type BaseType } from './base-type.ts';
import { callees, type Written } from './flatten.ts';
import { Imports } from './imports.ts';
import { camelCase } from './naming.ts';
import type { Modules } from './modules.ts';
import type { StateRef } from './effective-source.ts';

/** A module, and what it exports. */
export interface PatchText {
  readonly identifier: string;
  readonly text: string;
}

/** What a patch of a new series is made from. */
export interface PatchOrigin {
  readonly modules: Modules;
  readonly state: StateRef;
  /** Functions of the state. */
  readonly functions: ReadonlyMap<string, Written>;
}

/** The module `folder`/`file`.ts; not formatted. */
export function patchModule(
  { modules, state, functions }: PatchOrigin,
  methods: readonly string[],
  folder: string,
  file: string,
): PatchText {
  const copied = [...functions.values()].filter(({ method }) => methods.includes(method));
  for (const written of copied) refuseSuper(written);
  const imports = new Imports(folder);
  for (const { node } of copied) imports.addUsed(node);
  const base = baseTypeFor(modules, state, functions, copied);
  const { type, below } = typeText(base, imports, modules);
  const kit = modules.file('variants/patch.ts').getFilePath();
  for (const name of type === undefined ? ['Patch'] : ['Patched', 'StateClass']) imports.addType(name, kit);
  const identifier = freeName(camelCase(file), imports);
  const head =
    type === undefined
      ? `export const ${identifier}: Patch = (Base) =>`
      : `export const ${identifier} = (Base: StateClass<${type}>): Patched<${type}> =>`;
  const bodies = copied.map((written) => methodText(written, functions));
  const text = [
    '// SPDX-License-Identifier: GPL-2.0-only',
    imports.text(),
    '',
    ...below,
    '/** To be written: what this patch changes. */',
    head,
    `  class extends Base {\n${['static readonly module = import.meta.url;', ...bodies].join('\n\n')}\n};`,
    '',
  ].join('\n');
  return { identifier, text };
}

/** In another place, `super` would be another state. */
function refuseSuper({ method, node, patch }: Written): void {
  const inherited = callees(node).find((callee) => callee.inherited);
  if (inherited === undefined) return;
  throw new UserError(
    `cannot copy ${method} of ${patch}: it calls super.${inherited.name}, which would be itself`,
  );
}

/** The name of the type that the patch stands on, and its declaration where there is none to import. */
function typeText(
  { given, missing }: BaseType,
  imports: Imports,
  { baseline }: Modules,
): { readonly type: string | undefined; readonly below: readonly string[] } {
  if (given === undefined && missing.length === 0) return { type: undefined, below: [] };
  const parent = given ?? baseline;
  const name = parent.getName() ?? 'Baseline';
  imports.addType(name, parent.getSourceFile().getFilePath());
  if (missing.length === 0) return { type: name, below: [] };
  for (const method of missing) addSignature(method, imports);
  const below = [
    '/** What earlier patches have added. */',
    `interface Below extends ${name} {`,
    ...missing.map((method) => {
      const parameters = method.getParameters().map((parameter) => parameter.getText());
      const result = method.getReturnTypeNode()?.getText() ?? 'void';
      return `${method.getName()}(${parameters.join(', ')}): ${result};`;
    }),
    '}',
    '',
  ];
  return { type: 'Below', below };
}

function addSignature(method: MethodDeclaration, imports: Imports): void {
  for (const parameter of method.getParameters()) imports.addUsed(parameter);
  const result = method.getReturnTypeNode();
  if (result !== undefined) imports.addUsed(result);
}

function freeName(name: string, imports: Imports): string {
  return imports.names().has(name) ? `${name}Patch` : name;
}

/** The method as an override, under a comment that begins with the kernel function's name. */
function methodText(written: Written, functions: ReadonlyMap<string, Written>): string {
  const { node } = written;
  const comment = node.getJsDocs().at(-1);
  const said = comment?.getInnerText().trim() ?? '';
  const kernel = written.kernelFunction ?? callerInKernel(written, functions);
  const doc =
    comment !== undefined && /^\w+\(\)/.test(said)
      ? comment.getText()
      : `/** ${kernel}()${said === '' ? '' : `: ${said.replaceAll('\n', ' ')}`} */`;
  return `${doc}\n${node.hasOverrideKeyword() ? '' : 'override '}${node.getText()}`;
}

/** The kernel function that a helper without a name there is part of: its nearest caller. */
function callerInKernel(helper: Written, functions: ReadonlyMap<string, Written>): string {
  const seen = new Set([helper.method]);
  for (const method of seen) {
    for (const caller of functions.values()) {
      if (!callees(caller.node).some(({ name }) => name === method)) continue;
      if (caller.kernelFunction !== undefined) return caller.kernelFunction;
      seen.add(caller.method);
    }
  }
  return helper.method;
}
