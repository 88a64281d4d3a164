// SPDX-License-Identifier: GPL-2.0-only
/** The modules that states are written in, as syntax: each is read when somebody asks for it. */
import { existsSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import {
  Project,
  SyntaxKind,
  ts,
  type ClassDeclaration,
  type ClassExpression,
  type SourceFile,
} from 'ts-morph';
import type { CodeLayer } from '../subject/state.ts';
import { sourcePath } from '../text/package-root.ts';
import { UserError } from '../text/user-error.ts';

/** The class of a layer. */
export type LayerClass = ClassExpression | ClassDeclaration;

/** The modules under a package root. */
export class Modules {
  readonly root: string;
  readonly #project = new Project({
    skipAddingFilesFromTsConfig: true,
    skipLoadingLibFiles: true,
    compilerOptions: {
      noLib: true,
      types: [],
      allowImportingTsExtensions: true,
      module: ts.ModuleKind.NodeNext,
      moduleResolution: ts.ModuleResolutionKind.NodeNext,
    },
  });

  constructor(root: string) {
    this.root = root;
  }

  /** A file by its path from the root, and what it imports. UserError when it is not there. */
  file(path: string): SourceFile {
    const whole = isAbsolute(path) ? path : join(this.root, path);
    const known = this.#project.getSourceFile(whole);
    if (known !== undefined) return known;
    if (!existsSync(whole)) {
      throw new UserError(`no sources of the states under ${this.root}: ${path} is missing`);
    }
    const file = this.#project.addSourceFileAtPath(whole);
    this.#project.resolveSourceFileDependencies();
    return file;
  }

  /** What the states of this repository stand on. */
  get baseline(): ClassDeclaration {
    return this.file('variants/baseline.ts').getClassOrThrow('Baseline');
  }

  /** The class of a layer: the first of its module that has its methods. UserError when there is none. */
  classOf({ id, module, methods }: CodeLayer): LayerClass {
    const file = this.file(sourcePath(module));
    const found = file
      .getDescendants()
      .find(
        (node): node is LayerClass =>
          (node.isKind(SyntaxKind.ClassExpression) || node.isKind(SyntaxKind.ClassDeclaration)) &&
          methods.every((method) => node.getInstanceMethod(method) !== undefined),
      );
    if (found !== undefined) return found;
    throw new UserError(`no class in ${file.getFilePath()} has the methods of ${id}: ${methods.join(', ')}`);
  }
}
