/* SPDX-License-Identifier: GPL-2.0 */
/*
 * cause: where two walks of a stack part, how, and which of them is right.
 *
 * A stack is taken for right if it is what calls make: it ends where a program or a thread begins,
 * and each of its addresses is behind a call, or was interrupted by a signal. Of two such, the one
 * that leads further.
 */
#ifndef PROFBUF_CAUSE_H
#define PROFBUF_CAUSE_H

#include <elfutils/libdwfl.h>
#include <stdbool.h>
#include <stddef.h>

#include "walk.h"

/* Reads so many bytes of the program's memory. Returns false if they are not all there. */
typedef bool (*cause_read_fn)(u64 address, void *to, size_t size);

/* Takes note of why these two, which are not the same, are not. Returns what to call that. */
const char *cause__add(Dwfl *dwfl, cause_read_fn read, const struct walk_stack *ours,
		       const struct walk_stack *theirs);

/* Prints a line for each: "! HOW MANY<tab>CAUSE<tab>WHO IS RIGHT". */
void cause__print(void);

#endif /* PROFBUF_CAUSE_H */
