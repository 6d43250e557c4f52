/* SPDX-License-Identifier: GPL-2.0 */
/*
 * code: the executable parts of a file, and what their bytes tell where nothing else does.
 */
#ifndef PROFBUF_UNWIND_CODE_H
#define PROFBUF_UNWIND_CODE_H

#include <stdbool.h>
#include <stdint.h>

#include "rows.h"
#include "symbol/image.h"

/**
 * struct code_segment - an executable part
 * @address: in the file's own numbering of addresses
 * @offset: in the file
 * @size: in bytes, of those that are in the file
 */
struct code_segment {
	uint64_t address;
	uint64_t offset;
	uint64_t size;
};

/**
 * struct code - all executable parts
 * @bytes: of the file
 * @segments: the parts, by offset. They do not overlap
 * @nr_segments: how many
 * @last: in which an address was found last
 */
struct code {
	const uint8_t *bytes;
	struct code_segment *segments;
	uint32_t nr_segments;
	uint32_t last;
};

/* -ENOMEM; -EBADMSG: they overlap, or there are more than any real file has. */
int code__init(struct code *code, const struct image *image);

void code__free(struct code *code);

/* The segment that the code at @address is in, or NULL. */
const struct code_segment *code__find(struct code *code, uint64_t address);

/* Are these bytes of the file instructions that do nothing? Fits unwind_rows__fill_padding(). */
bool code__is_padding(void *code, uint64_t start, uint64_t end);

/* Signal handlers' return, and that of clone(), where @rows know of no code. */
int code__add_system_calls(const struct code *code, struct unwind_rows *rows);

/*
 * The code at which the kernel starts a program or the dynamic linker: of a file that may be a
 * library, too (not @is_program), only if it looks like that. It gives way to all else.
 */
int code__add_entry(struct code *code, uint64_t address, bool is_program, struct unwind_rows *rows);

/* The functions _init and _fini, which are in sections of their own. They give way, too. */
int code__add_init(struct code *code, uint64_t address, uint64_t size, struct unwind_rows *rows);

#endif /* PROFBUF_UNWIND_CODE_H */
