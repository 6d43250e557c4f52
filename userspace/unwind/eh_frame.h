/* SPDX-License-Identifier: GPL-2.0 */
/*
 * eh_frame: the sections .eh_frame and .debug_frame, which tell of functions how their frames are
 * left: entries that say what many functions have in common (CIE), and one for each function (FDE).
 */
#ifndef PROFBUF_UNWIND_EH_FRAME_H
#define PROFBUF_UNWIND_EH_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bytes.h"
#include "code.h"
#include "rows.h"

/**
 * struct eh_frame - such a section
 * @data: what it holds
 * @size: in bytes
 * @address: where it is, in the file's own numbering of addresses
 * @debug: it is a .debug_frame
 * @open: its size is not known: a length of 0 ends it
 */
struct eh_frame {
	const uint8_t *data;
	size_t size;
	uint64_t address;
	bool debug;
	bool open;
};

/**
 * struct eh_frame_result - what was read
 * @bytes: of it
 * @functions: FDEs of the file's code
 * @damaged: entries that could not be read, or not to their end
 */
struct eh_frame_result {
	uint64_t bytes;
	uint32_t functions;
	uint32_t damaged;
};

/*
 * Add what it tells. Damage is no error: what was not damaged is added. -E2BIG, -ENOMEM: as
 * unwind_rows__add().
 */
int eh_frame__read(const struct eh_frame *frame, struct code *code, struct unwind_rows *rows,
		   struct eh_frame_result *result);

/*
 * Read an address as DW_EH_PE_* @encoding has it; @address: of the bytes that are read. false: it
 * is not there, or it is relative to what is not known.
 */
bool eh_frame__address(struct bytes *bytes, uint8_t encoding, uint64_t address, uint64_t *value);

#endif /* PROFBUF_UNWIND_EH_FRAME_H */
