/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Lets something happen between two shared accesses of what runs: an interrupt on
 * the same CPU, or the other side on another one.
 */
#ifndef PROFBUF_STEPS_H
#define PROFBUF_STEPS_H

#include "unit.h"

/* Calls @action once, ahead of the shared access that @steps others precede. */
void interrupt_at(unsigned int steps, void (*action)(void));

/* Calls @action once, ahead of the next access to @address that @skip others precede. */
void interrupt_at_access(const volatile void *address, unsigned int skip, void (*action)(void));

/* Has it been called? Otherwise it will not be any more. */
bool interrupted(void);

#endif /* PROFBUF_STEPS_H */
