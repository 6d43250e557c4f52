/* SPDX-License-Identifier: GPL-2.0 */
/*
 * sframe: the section .sframe, versions 1 and 2, which tells less than .eh_frame: a CFA from sp or
 * bp, and where bp is.
 *
 *	header		28 bytes, and as many more as it says
 *	functions	17 (version 1) or 20 bytes each: the code, and where its rows are
 *	rows		of different sizes: from where on in the function, and up to three offsets
 */
#ifndef PROFBUF_UNWIND_SFRAME_H
#define PROFBUF_UNWIND_SFRAME_H

#include <stddef.h>
#include <stdint.h>

#include "code.h"
#include "rows.h"

/**
 * struct sframe - such a section
 * @data: what it holds
 * @size: in bytes, or more
 * @address: where it is, in the file's own numbering of addresses
 */
struct sframe {
	const uint8_t *data;
	size_t size;
	uint64_t address;
};

/**
 * struct sframe_result - what was read
 * @bytes: of it
 * @functions: of the file's code that it tells of
 * @damaged: entries that could not be read, or not to their end
 */
struct sframe_result {
	uint64_t bytes;
	uint32_t functions;
	uint32_t damaged;
};

/*
 * Add what it tells; nothing, if it is of another version or of another machine. Damage is no
 * error: what was not damaged is added. -E2BIG, -ENOMEM: as unwind_rows__add().
 */
int sframe__read(const struct sframe *sframe, struct code *code, struct unwind_rows *rows,
		 struct sframe_result *result);

#endif /* PROFBUF_UNWIND_SFRAME_H */
