/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Unwind tables for the kernel, made and loaded while it samples.
 *
 * Processes of their own make them, out of files that anybody may have made: whatever these do to
 * them, the recording goes on.
 */
#ifndef PROFBUF_RECORD_TABLE_LOADER_H
#define PROFBUF_RECORD_TABLE_LOADER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <profbuf/profbuf.h>

#include "table_pool.h"
#include "util/index.h"

struct table_file;

/**
 * struct table_loader - who makes and loads them
 * @pid: the process that has it done; 0: there is none
 * @process: the same, as a descriptor
 * @socket: it is asked there
 * @stats: what became of it, shared with that process; NULL if it was never there
 * @files: what it was asked for
 * @nr_files: how many
 * @max_files: room for so many
 * @index: to find them
 */
struct table_loader {
	pid_t pid;
	int process;
	int socket;
	struct table_stats *stats;
	struct table_file *files;
	uint32_t nr_files;
	uint32_t max_files;
	struct index index;
};

int table_loader__start(struct table_loader *loader, struct profbuf_session *session,
			const struct table_first *first);
int table_loader__want(struct table_loader *loader, const struct profbuf_space_info *info,
		       const struct profbuf_space_mapping *mappings);
void table_loader__say(const struct table_loader *loader, bool all);
void table_loader__end(struct table_loader *loader);

#endif /* PROFBUF_RECORD_TABLE_LOADER_H */
