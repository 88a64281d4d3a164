// SPDX-License-Identifier: GPL-2.0-only
/* A tree's red-black trees. */
#include "lib/rbtree.c"
