/* SPDX-License-Identifier: GPL-2.0 */
#ifndef PROFBUF_UNWIND_UNIT_H
#define PROFBUF_UNWIND_UNIT_H

#include <stdlib.h>
#include <string.h>

#include "make_table.h"
#include "test.h"
#include "walk.h"

#define COUNT(array)	(sizeof(array) / sizeof((array)[0]))

/* Numbers that look random, always the same ones. */
u64 next_random(u64 *state);

#endif /* PROFBUF_UNWIND_UNIT_H */
