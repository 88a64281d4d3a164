// SPDX-License-Identifier: GPL-2.0-only
/** Finds the module that each patch was written in, by reading registry.ts and what it imports. */
import { existsSync } from 'node:fs';
import { join, relative } from 'node:path';
import {
  Node,
  Project,
  SyntaxKind,
  ts,
  type ArrowFunction,
  type ClassDeclaration,
  type ClassExpression,
  type FunctionDeclaration,
  type FunctionExpression,
  type ObjectLiteralExpression,
  type SourceFile,
} from 'ts-morph';

/** A function from a state to a state. */
export type PatchFunction = ArrowFunction | FunctionExpression | FunctionDeclaration;

/** The source of a patch. */
export interface PatchModule {
  readonly apply: PatchFunction;
  readonly patchClass: ClassExpression | ClassDeclaration;
}

/** The files of a series or a suggestion. */
export interface SubjectFiles {
  readonly id: string;
  /** Its own module and all that it imports. */
  readonly parts: ReadonlySet<string>;
  /** Where it stands in a list with others. */
  readonly listedIn: string;
}

/** Which files under variants/ make what; paths from the root. */
export interface VariantFiles {
  /** Series and suggestions. */
  readonly subjects: readonly SubjectFiles[];
  /** The registry and all that it imports: every state's. */
  readonly registry: ReadonlySet<string>;
}

/** The parsed variants/ of a package. */
export class PatchModules {
  readonly root: string;
  readonly baseline: ClassDeclaration;
  /** Names of the methods of DmaOps: where a driver comes in. */
  readonly entries: readonly string[];
  readonly #project: Project;
  readonly #modules: ReadonlyMap<string, PatchModule>;

  constructor(root: string) {
    this.root = root;
    if (!existsSync(join(root, 'variants', 'registry.ts'))) {
      throw new Error(`no sources of the states under ${root}: variants/registry.ts is missing`);
    }
    this.#project = new Project({
      skipAddingFilesFromTsConfig: true,
      skipFileDependencyResolution: true,
      skipLoadingLibFiles: true,
      compilerOptions: {
        noLib: true,
        types: [],
        allowImportingTsExtensions: true,
        module: ts.ModuleKind.NodeNext,
        moduleResolution: ts.ModuleResolutionKind.NodeNext,
      },
    });
    const variants = join(root, 'variants');
    this.#project.addSourceFilesAtPaths([join(variants, '**/*.ts'), `!${join(variants, '**/*.test.ts')}`]);
    this.baseline = this.file('baseline.ts').getClassOrThrow('Baseline');
    const dmaOps = this.file('dma-ops.ts').getInterfaceOrThrow('DmaOps');
    this.entries = dmaOps.getMethods().map((method) => method.getName());
    this.#modules = new Map([...this.#seriesPatches(), ...this.#suggestions()]);
  }

  /** What each series and each suggestion is written in, and what they all hang on. */
  files(): VariantFiles {
    const series = this.#listed('SERIES').map((object): SubjectFiles => {
      const parts = this.#imported(object.getSourceFile());
      return { id: text(property(object, 'id')), parts, listedIn: this.#path(this.file('registry.ts')) };
    });
    const suggestions = this.#listed('SUGGESTIONS').map((object): SubjectFiles => {
      const id = `review/${text(property(object, 'name'))}`;
      const parts = this.#imported(this.module(id).apply.getSourceFile());
      return { id, parts, listedIn: this.#path(object.getSourceFile()) };
    });
    return { subjects: [...series, ...suggestions], registry: this.#imported(this.file('registry.ts')) };
  }

  #path(file: SourceFile): string {
    return relative(this.root, file.getFilePath()).replaceAll('\\', '/');
  }

  /** A file and what it imports, directly or not. */
  #imported(file: SourceFile, found = new Set<string>()): Set<string> {
    const path = this.#path(file);
    if (found.has(path)) return found;
    found.add(path);
    for (const declaration of file.getImportDeclarations()) {
      const target = declaration.getModuleSpecifierSourceFile();
      if (target !== undefined) this.#imported(target, found);
    }
    return found;
  }

  /** A file under variants/. */
  file(path: string): SourceFile {
    return this.#project.getSourceFileOrThrow(join(this.root, 'variants', path));
  }

  /** The module of a patch, by the id of the state right after it. */
  module(patch: string): PatchModule {
    const found = this.#modules.get(patch);
    if (found === undefined) throw new Error(`variants/registry.ts leads to no patch ${patch}`);
    return found;
  }

  #seriesPatches(): [string, PatchModule][] {
    return this.#listed('SERIES').flatMap((series) => {
      const patches = objects(property(series, 'patches'));
      return patches.map((patch, index): [string, PatchModule] => [
        `${text(property(series, 'id'))}.${index + 1}`,
        moduleOf(property(patch, 'apply')),
      ]);
    });
  }

  #suggestions(): [string, PatchModule][] {
    return this.#listed('SUGGESTIONS').map((suggestion) => [
      `review/${text(property(suggestion, 'name'))}`,
      moduleOf(property(suggestion, 'apply')),
    ]);
  }

  /** The objects of an array that registry.ts declares or imports. */
  #listed(name: string): ObjectLiteralExpression[] {
    const used = this.file('registry.ts')
      .getDescendantsOfKind(SyntaxKind.Identifier)
      .find((identifier) => identifier.getText() === name);
    if (used === undefined) throw new Error(`variants/registry.ts has no ${name}`);
    return objects(used);
  }
}

/** What an expression stands for: identifiers are followed through imports to their declaration. */
function resolve(node: Node): Node {
  if (Node.isAsExpression(node) || Node.isSatisfiesExpression(node)) return resolve(node.getExpression());
  if (!Node.isIdentifier(node)) return node;
  const symbol = node.getSymbol();
  const [declaration] = (symbol?.getAliasedSymbol() ?? symbol)?.getDeclarations() ?? [];
  if (declaration === undefined) throw new Error(`${where(node)}: ${node.getText()} is not declared`);
  const value = Node.isVariableDeclaration(declaration) ? declaration.getInitializer() : undefined;
  return value === undefined ? declaration : resolve(value);
}

function objects(node: Node): ObjectLiteralExpression[] {
  const list = resolve(node);
  if (!Node.isArrayLiteralExpression(list)) throw new Error(`${where(node)}: expected a list`);
  return list.getElements().map((element) => {
    const object = resolve(element);
    if (!Node.isObjectLiteralExpression(object)) throw new Error(`${where(element)}: expected an object`);
    return object;
  });
}

/** The value of a property, or the name that a shorthand property stands for. */
function property(object: ObjectLiteralExpression, name: string): Node {
  const found = object.getProperty(name);
  if (Node.isPropertyAssignment(found)) return found.getInitializerOrThrow();
  if (Node.isShorthandPropertyAssignment(found)) {
    const declaration = found.getValueSymbol()?.getDeclarations()[0];
    if (declaration !== undefined && Node.hasName(declaration)) return declaration.getNameNode();
  }
  throw new Error(`${where(object)}: expected a property ${name}`);
}

function text(node: Node): string {
  const value = resolve(node);
  if (Node.isStringLiteral(value) || Node.isNoSubstitutionTemplateLiteral(value)) {
    return value.getLiteralText();
  }
  throw new Error(`${where(node)}: expected a string`);
}

function moduleOf(node: Node): PatchModule {
  const apply = resolve(node);
  if (Node.isArrowFunction(apply) || Node.isFunctionExpression(apply) || Node.isFunctionDeclaration(apply)) {
    const patchClass =
      apply.getFirstDescendantByKind(SyntaxKind.ClassExpression) ??
      apply.getFirstDescendantByKind(SyntaxKind.ClassDeclaration);
    if (patchClass !== undefined) return { apply, patchClass };
  }
  throw new Error(`${where(node)}: ${node.getText()} is no function that returns a class`);
}

function where(node: Node): string {
  return `${node.getSourceFile().getFilePath()}:${node.getStartLineNumber()}`;
}
