// SPDX-License-Identifier: GPL-2.0
/*
 * libFuzzer target: a table of an ELF file that somebody may have made. What comes out has to be a
 * table that the kernel takes.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "unwind/compile.h"
#include "unwind/table.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct profbuf_unwind_table *table = NULL;
	struct unwind_table_row row = { 0 };
	struct unwind_summary summary;
	uint64_t end = 0;
	void *copy;

	if (!size)
		return 0;
	copy = malloc(size);
	if (!copy)
		return 0;
	memcpy(copy, data, size);
	if (unwind__compile_memory(copy, size, &table, &summary))
		return 0;
	if (unwind_table__check(table, table->size))
		abort();
	while (unwind_table__next(table, &row)) {
		if (row.start < end || row.end <= row.start)
			abort();
		end = row.end;
	}
	if (end != table->end || end > size)
		abort();
	free(table);
	return 0;
}
