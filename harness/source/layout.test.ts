// SPDX-License-Identifier: GPL-2.0-only
import { expect, test } from '@jest/globals';
import { Project } from 'ts-morph';
import { statementLines, writtenText } from './layout.ts';

function method(text: string) {
  const project = new Project({ useInMemoryFileSystem: true, skipLoadingLibFiles: true });
  return project
    .createSourceFile('/x.ts', `class X {\n${text}\n}`)
    .getClassOrThrow('X')
    .getMethodOrThrow('f');
}

test.each([
  [
    'what is governed stands below',
    'f() { if (a) b(); else c(); }',
    ['f() {', '  if (a)', '    b();', '  else', '    c();', '}'],
  ],
  [
    'braces around one line go, others stay',
    'override f() { if (a) { b(); } else if (c) { d(); e(); } else { while (g) { h(); } } }',
    [
      'f() {',
      '  if (a)',
      '    b();',
      '  else if (c) {',
      '    d();',
      '    e();',
      '  } else {',
      '    while (g)',
      '      h();',
      '  }',
      '}',
    ],
  ],
  [
    'broken lines are joined',
    'f(\n  a: A,\n  b: B,\n): void {\n  this.kernel\n    .x(\n      a,\n      [\n        b,\n      ],\n    );\n  const c =\n    a &&\n    b;\n}',
    ['f(a: A, b: B): void {', '  this.kernel.x(a, [b]);', '  const c = a && b;', '}'],
  ],
  [
    'comments go',
    'f() {\n  // one\n  a(); // two\n  /* three */ b(/* four */ c);\n}',
    ['f() {', '  a();', '  b(c);', '}'],
  ],
  [
    'switch',
    'f() { switch (a) { case 1: b(); return; default: c(); } }',
    [
      'f() {',
      '  switch (a) {',
      '    case 1:',
      '      b();',
      '      return;',
      '    default:',
      '      c();',
      '  }',
      '}',
    ],
  ],
  ['nothing to do', 'f() {}', ['f() {}']],
  [
    'objects stay on their line',
    'f() {\n  return {\n    a: 1,\n    b,\n  };\n}',
    ['f() {', '  return { a: 1, b };', '}'],
  ],
])('%s', (_, text, lines) => {
  expect(statementLines(method(text))).toEqual(lines);
});

test('as written, with its comment, from column 0', () => {
  const text = '    /**\n     * f()\n     */\n    f() {\n      return 1;\n    }';
  expect(writtenText(method(text))).toBe('/**\n * f()\n */\nf() {\n  return 1;\n}');
});

test('read as another function', () => {
  const renaming = { name: 'g', calls: new Map([['h', 'g']]) };
  expect(statementLines(method('f() { return this.h(h, this.kernel.h); }'), renaming)).toEqual([
    'g() {',
    '  return this.g(h, this.kernel.h);',
    '}',
  ]);
});
