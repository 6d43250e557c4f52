/* SPDX-License-Identifier: GPL-2.0 */
/*
 * told_file: the file that a mapping is of, as the kernel has told.
 */
#ifndef PROFBUF_SYMBOL_TOLD_FILE_H
#define PROFBUF_SYMBOL_TOLD_FILE_H

#include <stdbool.h>
#include <sys/stat.h>

#include "symbol.h"

bool told_file__is(const struct symbol_mapping *mapping, const struct stat *stat);
int told_file__open(const struct symbol_mapping *mapping);
int told_file__find(const struct symbol_mapping *mapping);

#endif /* PROFBUF_SYMBOL_TOLD_FILE_H */
