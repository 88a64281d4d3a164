// SPDX-License-Identifier: GPL-2.0-only
import { Project, QuoteKind, SyntaxKind, type SourceFile } from 'ts-morph';
import { UserError } from '../text/user-error.ts';

/** The text of registry.ts with one more series at the end of SERIES; not formatted. */
export function registered(registry: string, name: string, identifier: string): string {
  const project = new Project({
    useInMemoryFileSystem: true,
    skipLoadingLibFiles: true,
    manipulationSettings: { quoteKind: QuoteKind.Single },
  });
  const file = project.createSourceFile('/registry.ts', registry);
  const series = file.getVariableDeclarationOrThrow('SERIES');
  const list = series.getInitializerIfKindOrThrow(SyntaxKind.ArrayLiteralExpression);
  if (declares(file, identifier)) {
    throw new UserError(
      `variants/registry.ts already has something called ${identifier}; another name, please`,
    );
  }
  list.addElement(identifier);
  file.insertImportDeclaration(behindImports(file), {
    namedImports: [identifier],
    moduleSpecifier: `./${name}/index.ts`,
  });
  return file.getFullText();
}

function declares(file: SourceFile, identifier: string): boolean {
  return file.getDescendantsOfKind(SyntaxKind.Identifier).some((found) => found.getText() === identifier);
}

/** The place behind the last import. */
function behindImports(file: SourceFile): number {
  const last = file.getImportDeclarations().at(-1);
  return last === undefined ? 0 : last.getChildIndex() + 1;
}
