/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What tables and trees begin with.
 */
#ifndef PROFBUF_VIEW_PRINT_H
#define PROFBUF_VIEW_PRINT_H

#include <stdio.h>

#include "output.h"
#include "summary.h"

void print_summary(const struct summary *summary, const char *origin, FILE *file);
void json_summary(const struct summary *summary, const struct profile *profile,
		  const char *origin, struct output *out);
void json_field(struct output *out, const char *name, uint64_t value);
void json_ends(struct output *out, const struct summary *summary);
void json_limits(const struct profile *profile, struct output *out);
void json_weight(struct output *out, const char *name, const struct profile_weight *weight);

#endif /* PROFBUF_VIEW_PRINT_H */
