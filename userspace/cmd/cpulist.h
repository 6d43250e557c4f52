/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Lists of CPUs as the kernel writes them: 0-3,8.
 */
#ifndef PROFBUF_CMD_CPULIST_H
#define PROFBUF_CMD_CPULIST_H

#include <stdint.h>

/* More than any kernel is built for. */
#define CPULIST_MAX	8192
#define CPULIST_WORDS	(CPULIST_MAX / 64)

int cpulist__parse(const char *text, uint64_t *mask);

#endif /* PROFBUF_CMD_CPULIST_H */
