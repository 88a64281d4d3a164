/* SPDX-License-Identifier: GPL-2.0-only */
/* Nothing of vmalloc is special here. */
