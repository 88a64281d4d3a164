// SPDX-License-Identifier: GPL-2.0-only
/** The imports that copied code needs in its new place. */
import { dirname, join, relative } from 'node:path';
import { Node, SyntaxKind } from 'ts-morph';
import { UserError } from '../text/user-error.ts';

/** A name that a module imports. */
interface Import {
  readonly name: string;
  /** What it is called in the importing module. */
  readonly alias: string;
  readonly isType: boolean;
}

/** The imports of a module in `folder`, collected from what is copied there. */
export class Imports {
  readonly #folder: string;
  readonly #byPath = new Map<string, Map<string, Import>>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Adds what the names in a piece of code stand for. */
  addUsed(code: Node): void {
    for (const identifier of [code, ...code.getDescendants()].filter(Node.isIdentifier)) {
      const parent = identifier.getParent();
      const shorthand = Node.isShorthandPropertyAssignment(parent);
      const isProperty = Node.isPropertyAccessExpression(parent) && parent.getNameNode() === identifier;
      if (isProperty || identifier.getFirstAncestorByKind(SyntaxKind.JSDoc) !== undefined) continue;
      const symbol = shorthand ? parent.getValueSymbol() : identifier.getSymbol();
      const declaration = symbol?.getDeclarations()[0];
      if (declaration !== undefined) this.#addDeclared(identifier.getText(), declaration, code);
    }
  }

  /** Adds a type by the place where it is declared. */
  addType(name: string, file: string): void {
    this.#add(file, { name, alias: name, isType: true });
  }

  /** Names that the module has by its imports. */
  names(): ReadonlySet<string> {
    return new Set([...this.#byPath.values()].flatMap((imports) => [...imports.keys()]));
  }

  /** The import declarations, by path; values before types. */
  text(): string {
    return [...this.#byPath]
      .map(([path, imports]): readonly [string, Import[]] => [this.#specifier(path), [...imports.values()]])
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([path, imports]) => importText(path, imports))
      .join('\n');
  }

  #addDeclared(used: string, found: Node, code: Node): void {
    const file = found.getSourceFile();
    if (Node.isImportSpecifier(found)) {
      const from = found.getImportDeclaration();
      const path = from.getModuleSpecifierValue();
      const target = path.startsWith('.') ? join(dirname(file.getFilePath()), path) : path;
      const isType = from.isTypeOnly() || found.isTypeOnly();
      this.#add(target, { name: found.getName(), alias: used, isType });
      return;
    }
    const statement = Node.isVariableDeclaration(found) ? found.getVariableStatement() : found;
    if (statement?.getParent() !== file || file !== code.getSourceFile()) return;
    if (!Node.isExportable(statement) || !statement.isExported()) {
      const where = relative(this.#folder, file.getFilePath());
      throw new UserError(`cannot copy what uses ${used} of ${where}: that module does not export it`);
    }
    const isType = Node.isInterfaceDeclaration(found) || Node.isTypeAliasDeclaration(found);
    this.#add(file.getFilePath(), { name: used, alias: used, isType });
  }

  #add(path: string, found: Import): void {
    const imports = this.#byPath.get(path) ?? new Map<string, Import>();
    this.#byPath.set(path, imports);
    const known = imports.get(found.alias);
    imports.set(found.alias, { ...found, isType: found.isType && (known?.isType ?? true) });
  }

  #specifier(path: string): string {
    if (!path.startsWith('/')) return path;
    const found = relative(this.#folder, path);
    return found.startsWith('.') ? found : `./${found}`;
  }
}

function importText(path: string, imports: readonly Import[]): string {
  const allTypes = imports.every(({ isType }) => isType);
  const names = imports
    .toSorted((a, b) => Number(a.isType) - Number(b.isType) || (a.alias < b.alias ? -1 : 1))
    .map(({ name, alias, isType }) => {
      const renamed = name === alias ? name : `${name} as ${alias}`;
      return isType && !allTypes ? `type ${renamed}` : renamed;
    });
  return `import ${allTypes ? 'type ' : ''}{ ${names.join(', ')} } from '${path}';`;
}
