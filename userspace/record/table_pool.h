/* SPDX-License-Identifier: GPL-2.0 */
/*
 * table_pool: a process that has others make unwind tables. It opens no file that is not its own,
 * so whatever happens to the others, it goes on.
 */
#ifndef PROFBUF_RECORD_TABLE_POOL_H
#define PROFBUF_RECORD_TABLE_POOL_H

#include <stdint.h>
#include <sys/types.h>

struct profbuf_session;

/**
 * struct table_stats - what became of what was asked for
 * @loaded: tables loaded
 * @made: of these or of those that were refused, not found in the cache
 * @bytes: of those loaded
 * @there: were there already
 * @nothing: files that tell nothing of how their frames are left
 * @too_large: refused, as they are larger than all may be together
 * @no_room: refused, as those that are there take all that they may
 * @no_memory: refused, or not made, for want of memory
 * @refused: refused for another reason
 * @failed: files that ended the process that read them, or took it too long
 * @dropped: files that nobody had the time to look at
 */
struct table_stats {
	uint32_t loaded;
	uint32_t made;
	uint64_t bytes;
	uint32_t there;
	uint32_t nothing;
	uint32_t too_large;
	uint32_t no_room;
	uint32_t no_memory;
	uint32_t refused;
	uint32_t failed;
	uint32_t dropped;
};

/**
 * struct table_first - what is wanted before anything else
 * @command: a command that will be executed; NULL: there is none
 * @pids: processes
 * @nr_pids: how many
 */
struct table_first {
	const char *command;
	const uint32_t *pids;
	uint32_t nr_pids;
};

/*
 * Serves requests of @socket up to its end; sends a byte when all is done that was known at the
 * beginning: @first, and what was sampled before. @parent: ends with this process.
 */
void table_pool__run(struct profbuf_session *session, int socket, const struct table_first *first,
		     struct table_stats *stats, pid_t parent);

/* Bytes that all tables may take together. */
uint64_t table_pool__memory(void);

#endif /* PROFBUF_RECORD_TABLE_POOL_H */
