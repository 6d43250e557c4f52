/* SPDX-License-Identifier: GPL-2.0 */
/*
 * perf_map: /tmp/perf-PID.map, in which JIT compilers say what they made:
 *
 *	START SIZE NAME
 *
 * START and SIZE are hexadecimal, with or without 0x. Code may have taken the place of
 * older code.
 */
#ifndef PROFBUF_SYMBOL_PERF_MAP_H
#define PROFBUF_SYMBOL_PERF_MAP_H

#include "symtab.h"

/*
 * Add what the file says to @symtab, with names that point to *@text, which is the
 * caller's to free. Takes @fd.
 */
int perf_map__read(int fd, struct symtab *symtab, char **text);

#endif /* PROFBUF_SYMBOL_PERF_MAP_H */
