/* SPDX-License-Identifier: GPL-2.0 */
/*
 * go: how frames of Go's functions are left.
 */
#ifndef PROFBUF_UNWIND_GO_H
#define PROFBUF_UNWIND_GO_H

#include <stdint.h>

#include "code.h"
#include "rows.h"
#include "symbol/image.h"

/**
 * struct go_result - what was read
 * @bytes: of .gopclntab
 * @functions: of Go that it tells of
 * @damaged: its entries that could not be read, or not to their end
 */
struct go_result {
	uint64_t bytes;
	uint32_t functions;
	uint32_t damaged;
};

/*
 * Add what a Go program's .gopclntab tells; nothing, if it is none. What is of C in it is left to
 * others. -E2BIG, -ENOMEM: as unwind_rows__add().
 */
int go__read(const struct image *image, struct code *code, struct unwind_rows *rows,
	     struct go_result *result);

#endif /* PROFBUF_UNWIND_GO_H */
