/* SPDX-License-Identifier: GPL-2.0-only */
/* One CPU: the generic 32-bit operations, and plain loads and stores of 64 bits. */
#ifndef __ASM_ATOMIC_H
#define __ASM_ATOMIC_H
#include <asm-generic/atomic.h>

#define ATOMIC64_INIT(i) { (i) }
#define arch_atomic64_read(v) READ_ONCE((v)->counter)
#define arch_atomic64_set(v, i) WRITE_ONCE(((v)->counter), (i))

#define PLAIN_ATOMIC64(op, c_op)                                      \
	static inline void arch_atomic64_##op(s64 i, atomic64_t *v)       \
	{                                                                 \
		v->counter = v->counter c_op i;                               \
	}                                                                 \
	static inline s64 arch_atomic64_fetch_##op(s64 i, atomic64_t *v)  \
	{                                                                 \
		s64 old = v->counter;                                         \
		v->counter = old c_op i;                                      \
		return old;                                                   \
	}
PLAIN_ATOMIC64(add, +)
PLAIN_ATOMIC64(sub, -)
PLAIN_ATOMIC64(and, &)
PLAIN_ATOMIC64(or, |)
PLAIN_ATOMIC64(xor, ^)
#undef PLAIN_ATOMIC64
#define arch_atomic64_fetch_add arch_atomic64_fetch_add
#define arch_atomic64_fetch_sub arch_atomic64_fetch_sub
#define arch_atomic64_fetch_and arch_atomic64_fetch_and
#define arch_atomic64_fetch_or arch_atomic64_fetch_or
#define arch_atomic64_fetch_xor arch_atomic64_fetch_xor

static inline s64 arch_atomic64_add_return(s64 i, atomic64_t *v)
{
	return v->counter += i;
}
#define arch_atomic64_add_return arch_atomic64_add_return

static inline s64 arch_atomic64_sub_return(s64 i, atomic64_t *v)
{
	return v->counter -= i;
}
#define arch_atomic64_sub_return arch_atomic64_sub_return

static inline s64 arch_atomic64_cmpxchg(atomic64_t *v, s64 old, s64 new)
{
	s64 found = v->counter;
	if (found == old)
		v->counter = new;
	return found;
}
#define arch_atomic64_cmpxchg arch_atomic64_cmpxchg

static inline s64 arch_atomic64_xchg(atomic64_t *v, s64 new)
{
	s64 found = v->counter;
	v->counter = new;
	return found;
}
#define arch_atomic64_xchg arch_atomic64_xchg
#endif
