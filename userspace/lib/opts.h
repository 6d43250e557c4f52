/* SPDX-License-Identifier: LGPL-2.1-only OR GPL-2.0-only */
/*
 * Option structures begin with their size, so that a caller built with a smaller one gets the
 * default of what it does not know. So do structures that are filled in: no more of it than it has.
 */
#ifndef PROFBUF_LIB_OPTS_H
#define PROFBUF_LIB_OPTS_H

#include <stddef.h>

#define OPTS_HAS(opts, field) \
	((opts) && (opts)->size >= offsetof(__typeof__(*(opts)), field) + sizeof((opts)->field))

#define OPTS_GET(opts, field, missing) (OPTS_HAS(opts, field) ? (opts)->field : (missing))

/* A larger one is from a newer caller, which asks for what we cannot know to be the default. */
#define OPTS_VALID(opts) \
	(!(opts) || ((opts)->size >= sizeof(size_t) && (opts)->size <= sizeof(*(opts))))

#endif /* PROFBUF_LIB_OPTS_H */
