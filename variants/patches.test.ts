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

/** Modules that a patch may import values from; types it may take from the patches it builds on. */
const ALLOWED = new Set(['../dma-ops.ts', '../patch.ts']);

function methodsOf(file: SourceFile) {
  return file.getDescendantsOfKind(SyntaxKind.ClassExpression).flatMap((patch) => patch.getMethods());
}

describe.each(named)('%s', (_, file) => {
  test('imports the interface, the types it builds on, and nothing else', () => {
    const values = file.getImportDeclarations().filter((found) => !found.isTypeOnly());
    const strange = values.map((found) => found.getModuleSpecifierValue()).filter((to) => !ALLOWED.has(to));
    expect(strange).toEqual([]);
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

  test('its class knows its module', () => {
    const [own] = file
      .getDescendantsOfKind(SyntaxKind.ClassExpression)
      .map((patch) => patch.getStaticProperty('module')?.getText());
    expect(own).toBe('static readonly module = import.meta.url;');
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
