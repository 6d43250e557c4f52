/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Profiles for other programs to read. Each exporter is a file of its own. All of
 * them return 0 or a negative errno: that of the first write that failed, or -ENOMEM.
 * Equal profiles make equal output, byte by byte.
 */
#ifndef PROFBUF_VIEW_EXPORT_H
#define PROFBUF_VIEW_EXPORT_H

#include <stdio.h>

#include "profile/profile.h"

/**
 * struct export_opts - what an exporter may say besides the profile
 * @origin: where and how the profile was recorded, as one line; NULL if that is not known
 */
struct export_opts {
	const char *origin;
};

/* profile.proto of pprof, compressed by gzip. */
int pprof__write(const struct profile *profile, FILE *file, const struct export_opts *opts);
/* Folded stacks: one line each, roots first, with the number of samples. */
int folded__write(const struct profile *profile, FILE *file, const struct export_opts *opts);
/* The JSON file of speedscope. */
int speedscope__write(const struct profile *profile, FILE *file, const struct export_opts *opts);
/* JSON of our own; see profbuf-export(1). */
int json__write(const struct profile *profile, FILE *file, const struct export_opts *opts);

#endif /* PROFBUF_VIEW_EXPORT_H */
