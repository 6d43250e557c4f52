/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Numbers as people read them: 12.3k, 34.0 %, 1.2 s. They do not depend on the locale.
 */
#ifndef PROFBUF_VIEW_UNITS_H
#define PROFBUF_VIEW_UNITS_H

#include <stdint.h>
#include <stdio.h>

#define UNITS_SIZE 32

struct units {
	char text[UNITS_SIZE];
};

struct units units_count(uint64_t number);		/* 12.3k */
struct units units_exact(uint64_t number);		/* 12,345 */
struct units units_share(uint64_t part, uint64_t whole);	/* 34.0 % */
struct units units_time(uint64_t ns);			/* 1.2 s */
struct units units_bytes(uint64_t bytes);		/* 1.2 MB */

/* "CPU 3" or "CPUs 0, 4-7, 9", each once; @cpus is sorted. */
void units_print_cpus(uint32_t *cpus, uint32_t n, FILE *file);

#endif /* PROFBUF_VIEW_UNITS_H */
