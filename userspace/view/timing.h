/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a summary says of timers that came late, and of sampling that was slowed down.
 */
#ifndef PROFBUF_VIEW_TIMING_H
#define PROFBUF_VIEW_TIMING_H

#include <stdbool.h>
#include <stdio.h>

#include "profile/profile.h"

bool timing__is_late(const struct profile *profile);
bool timing__is_slowed(const struct profile *profile);
void timing__say_periods(FILE *out, const struct profile *profile);
void timing__say_late(FILE *out, const struct profile *profile);
int timing__say_slowed(FILE *out, const struct profile *profile);

#endif /* PROFBUF_VIEW_TIMING_H */
