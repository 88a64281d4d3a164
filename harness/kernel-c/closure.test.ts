// SPDX-License-Identifier: GPL-2.0-only
import { describe, expect, test } from '@jest/globals';
import { UserError } from '../text/user-error.ts';
import { includeClosure } from './closure.ts';
import { layeredTree, type SourceTree } from './source-tree.ts';

function treeOf(files: Record<string, string>): SourceTree {
  return layeredTree(new Map(Object.entries(files)));
}

function closureOf(files: Record<string, string>, overlay: Record<string, string> = {}) {
  const tree = treeOf(files);
  const root = 'drivers/iommu/a.c';
  return includeClosure(tree, new Map(Object.entries(overlay)), new Map([[root, tree.read(root) ?? '']]));
}

describe('the closure of a file', () => {
  test('follows every include, also below an #if', () => {
    const { tree } = closureOf({
      'drivers/iommu/a.c': '#include <linux/a.h>\n#if 0\n#  include <linux/b.h>\n#endif\n',
      'include/linux/a.h': '#include <linux/c.h>\n',
      'include/linux/b.h': '',
      'include/linux/c.h': '',
      'include/linux/unused.h': '',
    });
    expect([...tree.keys()].toSorted()).toEqual([
      'include/linux/a.h',
      'include/linux/b.h',
      'include/linux/c.h',
    ]);
  });

  test('finds user headers behind kernel headers, and quoted files beside the one that names them', () => {
    const { tree } = closureOf({
      'drivers/iommu/a.c': '#include "a.h"\n#include <linux/types.h>\n#include "../b.h"\n',
      'drivers/iommu/a.h': '',
      'drivers/b.h': '',
      'include/uapi/linux/types.h': '',
    });
    expect([...tree.keys()]).toEqual(['drivers/iommu/a.h', 'include/uapi/linux/types.h', 'drivers/b.h']);
  });

  test('prefers an overlay, and follows that', () => {
    const { tree } = closureOf(
      {
        'drivers/iommu/a.c': '#include <asm/page.h>\n',
        'include/asm/page.h': '#error wrong\n',
        'include/asm-generic/getorder.h': '',
      },
      { 'asm/page.h': '#include <asm-generic/getorder.h>\n' },
    );
    expect([...tree.keys()]).toEqual(['include/asm-generic/getorder.h']);
  });

  test('makes a wrapper for an asm header that only asm-generic has', () => {
    const { tree, wrappers } = closureOf({
      'drivers/iommu/a.c': '#include <asm/bitops.h>\n#include <asm/errno.h>\n#include <asm/none.h>\n',
      'include/asm-generic/bitops.h': '',
      'include/uapi/asm-generic/errno.h': '',
    });
    expect(Object.fromEntries(wrappers)).toEqual({
      'asm/bitops.h': '#include <asm-generic/bitops.h>\n',
      'asm/errno.h': '#include <asm-generic/errno.h>\n',
    });
    expect([...tree.keys()]).toEqual(['include/asm-generic/bitops.h', 'include/uapi/asm-generic/errno.h']);
  });

  test('ends where headers include each other', () => {
    const { tree } = closureOf({
      'drivers/iommu/a.c': '#include <linux/a.h>\n',
      'include/linux/a.h': '#include <linux/b.h>\n',
      'include/linux/b.h': '#include <linux/a.h>\n',
    });
    expect(tree.size).toBe(2);
  });
});

describe('what a closure refuses', () => {
  test.each(['"../../../etc/passwd"', '</etc/passwd>', '<../../etc/passwd>'])(
    '%s leads out of the tree',
    (name) => {
      const text = `#include ${name}\n`;
      expect(() => closureOf({ 'drivers/iommu/a.c': text })).toThrow(
        new UserError(
          `drivers/iommu/a.c: #include ${JSON.stringify(name.slice(1, -1))} leads out of the kernel tree`,
        ),
      );
    },
  );

  test('more than 5000 files', () => {
    const files: Record<string, string> = { 'drivers/iommu/a.c': '' };
    for (let i = 0; i <= 5000; i++) {
      files[`include/h${i}.h`] = '';
      files['drivers/iommu/a.c'] += `#include <h${i}.h>\n`;
    }
    expect(() => closureOf(files)).toThrow('drivers/iommu/a.c: more than 5000 files are included');
  });

  test('a chain deeper than 200', () => {
    const files: Record<string, string> = { 'drivers/iommu/a.c': '#include <h0.h>\n' };
    for (let i = 0; i <= 200; i++) files[`include/h${i}.h`] = `#include <h${i + 1}.h>\n`;
    expect(() => closureOf(files)).toThrow('includes are nested deeper than 200');
  });
});
