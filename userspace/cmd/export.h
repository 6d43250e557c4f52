/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The formats that a recording can be turned into.
 */
#ifndef PROFBUF_CMD_EXPORT_H
#define PROFBUF_CMD_EXPORT_H

#include <stdbool.h>
#include <stdio.h>

#include "load/load.h"

/**
 * struct export_format - a format
 * @name: its name
 * @suffixes: of files in it, separated by blanks
 * @binary: nothing for a terminal
 * @by_thread: it tells threads apart
 * @records: it has every record by itself
 * @write: writes it
 */
struct export_format {
	const char *name;
	const char *suffixes;
	bool binary;
	bool by_thread;
	bool records;
	int (*write)(struct load *load, FILE *file);
};

extern const struct export_format export_formats[];

/* What raw stands for: no profile, but the kernel's stream. */
extern const struct export_format export_raw;

const struct export_format *export__by_name(const char *name);
const struct export_format *export__by_suffix(const char *path);
int export__run(const char *input, const char *output, const struct export_format *format,
		struct load *load);

#endif /* PROFBUF_CMD_EXPORT_H */
