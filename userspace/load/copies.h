/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Copies of stacks in records: walked by the unwind tables of the files that are here.
 */
#ifndef PROFBUF_LOAD_COPIES_H
#define PROFBUF_LOAD_COPIES_H

#include <stdbool.h>
#include <stdint.h>

#include <profbuf/profbuf.h>

#include "unwind/cache.h"
#include "util/index.h"

struct copies_file;
struct names;

/**
 * struct copies - what it takes to walk them
 * @opened: the first one has come
 * @cache: of tables, on disk
 * @files: whose tables were asked for
 * @nr_files: how many
 * @max_files: room for so many
 * @index: to find them
 * @stack: of the record that was walked last
 * @max_stack: room for so many words
 */
struct copies {
	bool opened;
	struct unwind_cache cache;
	struct copies_file *files;
	uint32_t nr_files;
	uint32_t max_files;
	struct index index;
	uint64_t *stack;
	uint32_t max_stack;
};

int copies__walk(struct copies *copies, const struct names *names,
		 const struct profbuf_record *record, struct profbuf_record *walked);
void copies__exit(struct copies *copies);

#endif /* PROFBUF_LOAD_COPIES_H */
