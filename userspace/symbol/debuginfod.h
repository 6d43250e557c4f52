/* SPDX-License-Identifier: GPL-2.0 */
/*
 * debuginfod: fetch files by build-id from the servers that DEBUGINFOD_URLS names.
 */
#ifndef PROFBUF_SYMBOL_DEBUGINFOD_H
#define PROFBUF_SYMBOL_DEBUGINFOD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum debuginfod_file {
	DEBUGINFOD_EXECUTABLE,
	DEBUGINFOD_DEBUGINFO,
};

/* DEBUGINFOD_URLS is set. */
bool debuginfod__configured(void);

/*
 * Return: an open file. -ENOENT: no server has it; -ENOSYS: libdebuginfod is not
 * installed; another error: no server could be asked.
 */
int debuginfod__fetch(const uint8_t *build_id, size_t size, enum debuginfod_file file);

#endif /* PROFBUF_SYMBOL_DEBUGINFOD_H */
