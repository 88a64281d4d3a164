// SPDX-License-Identifier: GPL-2.0-only
import { describe, expect, test } from '@jest/globals';
import { UserError } from '../text/user-error.ts';
import { definedFunctions, openingOf, refuseAssembly } from './kernel-file.ts';

describe('functions that a file defines', () => {
  test('of every shape, without declarations, calls, comments and tables', () => {
    const text = `
int declared(int x);
static inline size_t one(struct cookie *cookie)
{
	return declared(1);
}
/* static int commented(void)
{
} */
static struct page **two(struct device *dev,
		unsigned int count, gfp_t gfp)
{
	if (count)
		three(dev);
}
int __init
four(char *tlb, int verbose)
{
}
static const struct dma_map_ops ops = {
	.map_page = one,
};
`;
    expect(definedFunctions(text)).toEqual(['one', 'two', 'four']);
  });
});

describe('assembly', () => {
  test.each([
    'asm volatile("" ::: "memory");',
    '__asm__ ("" : "=r" (x) : "0" (x));',
    '/* asm("nop") */',
    'asmlinkage int f(void);',
  ])('none in %s', (text) => {
    expect(() => refuseAssembly('a.c', text)).not.toThrow();
  });

  test.each([
    'asm("nop");',
    'asm volatile("dsb sy" ::: "memory");',
    '__asm__ __volatile__("mov %0, %1" : "=r" (x));',
    'asm("" "nop");',
  ])('in %s', (text) => {
    expect(() => refuseAssembly('a.c', `int x;\n\n${text}\n`)).toThrow(
      new UserError('a.c:3: inline assembly cannot run on the modelled machine'),
    );
  });
});

describe('the opening of a file', () => {
  test('is its includes and the prefix of its messages, comments between them included', () => {
    const opening =
      '// SPDX\n/* a\n * b */\n#define pr_fmt(fmt) "x: " fmt\n\n#include <linux/a.h>\n# include "b.h"';
    expect(openingOf(`${opening}\n\nstruct a;\n#include <linux/c.h>\n`).trimEnd()).toBe(opening);
  });

  test.each([
    ['a macro that a header reads', '#define CREATE_TRACE_POINTS\n#include <trace/events/swiotlb.h>\n'],
    ['a condition', '#ifdef CONFIG_X\n#include <linux/x.h>\n#endif\n'],
    ['a macro over two lines', '#define pr_fmt(fmt) \\\n  fmt\n#include <linux/x.h>\n'],
  ])('ends before %s', (_what, text) => {
    expect(openingOf(`#include <linux/a.h>\n${text}`).trimEnd()).toBe('#include <linux/a.h>');
  });
});
