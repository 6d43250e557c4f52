/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Coroutines whose whole state is their stack, from the stack pointer up, so that
 * it can be saved, compared and restored.
 */
#ifndef COROUTINE_H
#define COROUTINE_H

#include <stddef.h>

/* Makes the stack that ends at @top, 16-byte aligned, begin with @entry, which never returns. */
void *coroutine_new(void *top, void (*entry)(void));

/* Leaves the running coroutine, putting its stack pointer at @save, for the one at @load. */
void coroutine_switch(void **save, void *load);

#endif /* COROUTINE_H */
