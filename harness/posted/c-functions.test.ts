// SPDX-License-Identifier: GPL-2.0-only
import { expect, test } from '@jest/globals';
import { cFunctions, functionName } from './c-functions.ts';
import { KETTLE } from './testing/kettle.ts';

function found(text: string): string[] {
  return cFunctions(text).map(({ name, from, to }) => `${name} ${from}-${to}`);
}

test('functions of a file', () => {
  expect(found(KETTLE)).toEqual(['kettle_level 4-7', 'kettle_fill 9-15', 'kettle_boil 17-20']);
});

test.each([
  ['broken parameters', 'static int\nbrew(struct pot *p,\n     int n)\n{\n\tx();\n}\n', ['brew 1-6']],
  ['an attribute in front', '__printf(1, 2) void say(const char *f, ...)\n{\n}\n', ['say 1-3']],
  ['an attribute behind', 'static void pour(void)\n\t__must_hold(&lock)\n{\n}\n', ['pour 1-4']],
  ['a name that looks like one', 'static void __pour(void)\n{\n}\n', ['__pour 1-3']],
  ['on one line', 'static inline void off(void) { }\nint on(void) { return 1; }\n', ['off 1-1', 'on 2-2']],
  ['brace on the line of the head', 'int on(void) {\n\treturn 1;\n}\n', ['on 1-3']],
  [
    'both configurations',
    '#ifdef X\nint a(void)\n{\n}\n#else\nint a(void)\n{\n}\n#endif\n',
    ['a 2-4', 'a 6-8'],
  ],
  ['a comment with a brace', 'int a(void)\n{\n/*\n}\n*/\n\treturn "}"[0];\n}\n', ['a 1-7']],
  ['what is none', 'struct tea t = {\n\t.x = f(1),\n};\nenum {\n\tA,\n};\nint f(int);\nFOO(x);\n', []],
  ['after a macro call', 'EXPORT(tea);\nint a(void)\n{\n}\n', ['a 2-4']],
  ['a label and a block are none', 'int a(void)\n{\n\t{\n\t}\n\tif (f(x)) {\n\t}\n}\n', ['a 1-7']],
  ['never closed', 'int a(void)\n{\n\tx();\n', ['a 1-4']],
])('%s', (_, text, functions) => {
  expect(found(text)).toEqual(functions);
});

test.each([
  ['static int kettle_fill(struct kettle *k,', 'kettle_fill'],
  ['static __always_inline struct tea *pour(void)', 'pour'],
  ['struct tea {', undefined],
  ['out_free:', undefined],
  ['', undefined],
])('the name in %s', (head, name) => {
  expect(functionName(head)).toBe(name);
});
