// SPDX-License-Identifier: GPL-2.0-only
/** The sources of the tool, as TypeScript checks them. */
import { join } from 'node:path';
import { DiagnosticCategory, ModuleKind, ModuleResolutionKind, Project } from 'ts-morph';

/** A checkout's project, without any file yet. */
export function checkedProject(root: string): Project {
  return new Project({
    tsConfigFilePath: join(root, 'tsconfig.json'),
    skipAddingFilesFromTsConfig: true,
    compilerOptions: {
      // What is not used does no harm, and what is not reached no more than its absence.
      noUnusedLocals: false,
      noUnusedParameters: false,
      allowUnreachableCode: true,
      // A file with another text is a module still, whatever package.json is near.
      module: ModuleKind.ESNext,
      moduleResolution: ModuleResolutionKind.Bundler,
    },
  });
}

/** Tells the mistakes that nobody can make unnoticed: the compiler refuses them. */
export class TypeCheck {
  readonly #root: string;
  readonly #project: Project;

  constructor(root: string) {
    this.#root = root;
    this.#project = checkedProject(root);
  }

  /** What the compiler says of a file, by its path from the root, with this text; undefined: nothing. */
  refusal(path: string, text: string): string | undefined {
    const whole = join(this.#root, path);
    const file = this.#project.getSourceFile(whole) ?? this.#project.addSourceFileAtPath(whole);
    const was = file.getFullText();
    file.replaceWithText(text);
    const error = file
      .getPreEmitDiagnostics()
      .find((one) => one.getCategory() === DiagnosticCategory.Error)
      ?.getMessageText();
    file.replaceWithText(was);
    return typeof error === 'object' ? error.getMessageText() : error;
  }
}
