// SPDX-License-Identifier: GPL-2.0-only
/** What a patch module may look like, read off its source. */
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { Project, SyntaxKind, type SourceFile } from 'ts-morph';

const folder = import.meta.dirname;
const project = new Project({ compilerOptions: { allowImportingTsExtensions: true } });
const patches = project
  .addSourceFilesAtPaths([join(folder, 'v*/*.ts'), join(folder, 'review/*.ts')])
  .filter((file) => file.getBaseName() !== 'index.ts' && !file.getBaseName().endsWith('.test.ts'));
const named = patches.map((file) => [file.getFilePath().slice(folder.length + 1), file] as const);

/** Modules that a patch may name, beside other patches whose additions it builds on (types only). */
const ALLOWED = new Set(['../baseline.ts', '../dma-ops.ts', '../patch.ts', '../with-swiotlb-check.ts']);

function methodsOf(file: SourceFile) {
  return file.getDescendantsOfKind(SyntaxKind.ClassExpression).flatMap((patch) => patch.getMethods());
}

describe.each(named)('%s', (_, file) => {
  test('imports the interface, the types it builds on, and nothing else', () => {
    for (const declaration of file.getImportDeclarations()) {
      const target = declaration.getModuleSpecifierValue();
      if (!ALLOWED.has(target)) expect([target, declaration.isTypeOnly()]).toEqual([target, true]);
    }
  });

  test('names the kernel function of each method it touches', () => {
    const methods = methodsOf(file);
    expect(methods.length).toBeGreaterThan(0);
    for (const method of methods) {
      const [comment] = method.getJsDocs();
      expect([method.getName(), comment?.getInnerText()]).toEqual([
        method.getName(),
        expect.stringMatching(/^\w+\(\)/),
      ]);
    }
  });

  test('says what it does', () => {
    const declarations = file.getVariableStatements().filter((statement) => statement.isExported());
    expect(declarations).toHaveLength(1);
    expect(declarations[0]?.getJsDocs()).toHaveLength(1);
  });
});

test('no patch was missed', () => {
  expect(named.length).toBeGreaterThanOrEqual(10);
});
