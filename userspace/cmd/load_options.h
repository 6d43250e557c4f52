/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What commands that load a recording have in common: which one, and what of it.
 */
#ifndef PROFBUF_CMD_LOAD_OPTIONS_H
#define PROFBUF_CMD_LOAD_OPTIONS_H

#include "load/filter.h"
#include "options.h"

/* What is recorded to and read from where nothing else is named. */
#define DEFAULT_RECORDING "profbuf.data"

#define OPTION_FILTER_PID	'p'
#define OPTION_FILTER_COMM	'c'

/* Rows of an option table. */
#define FILTER_OPTIONS \
	{ OPTION_FILTER_PID, "pid", "PID", "only this process; may be given several times", \
	  "PID" }, \
	{ OPTION_FILTER_COMM, "comm", "NAME", "only threads with this name, a shell pattern" }

int options__filter(struct options *options, int option, struct filter *filter);
const char *options__recording(struct options *options);

#endif /* PROFBUF_CMD_LOAD_OPTIONS_H */
