// SPDX-License-Identifier: GPL-2.0-only
import { describe, expect, test } from '@jest/globals';
import { UserError } from '../text/user-error.ts';
import { definedFunctions, refuseAssembly } from './kernel-file.ts';

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
