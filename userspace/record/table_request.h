/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the processes that make unwind tables ask each other for, in messages of a socket each.
 */
#ifndef PROFBUF_RECORD_TABLE_REQUEST_H
#define PROFBUF_RECORD_TABLE_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "symbol/image.h"
#include "symbol/symbol.h"

#define TABLE_PATH_SIZE	4096

/**
 * enum table_request_kind - for which files tables are wanted
 * @TABLE_VDSO: the one that the kernel maps
 * @TABLE_COMMAND: those that the command @path begins with
 * @TABLE_PROCESS: what is mapped in the process @mapping.pid
 * @TABLE_MAPPING: what @mapping is of
 * @TABLE_PATH: the file @path
 */
enum table_request_kind {
	TABLE_VDSO,
	TABLE_COMMAND,
	TABLE_PROCESS,
	TABLE_MAPPING,
	TABLE_PATH,
};

/**
 * struct table_request - what is wanted
 * @kind: what kind of it
 * @early: only if there is room, as nobody is known to need it
 * @mapping: a mapping; its pointers are set by who receives it
 * @build_id: of the mapping
 * @path: a path, or empty. What is sent ends with it
 */
struct table_request {
	enum table_request_kind kind;
	bool early;
	struct symbol_mapping mapping;
	uint8_t build_id[BUILD_ID_MAX];
	char path[TABLE_PATH_SIZE];
};

/* Bytes of a message with a path of @length bytes. */
static inline size_t table_request__size(size_t length)
{
	return offsetof(struct table_request, path) + length + 1;
}

/**
 * enum table_reply_kind - what became of it
 * @TABLE_FOUND: @path is wanted, too
 * @TABLE_TRIED: @err, @made and @bytes say what became of a file
 * @TABLE_DONE: nothing more comes of this request; @err says whether there was such a file
 */
enum table_reply_kind {
	TABLE_FOUND,
	TABLE_TRIED,
	TABLE_DONE,
};

/**
 * struct table_reply - what became of it
 * @kind: what kind of reply
 * @err: 0, or a negative errno, of which -ENODATA means that the file tells nothing
 * @made: the table was made, not found in the cache
 * @bytes: of the table
 * @path: a path, or empty. What is sent ends with it
 */
struct table_reply {
	enum table_reply_kind kind;
	int err;
	bool made;
	uint64_t bytes;
	char path[TABLE_PATH_SIZE];
};

#endif /* PROFBUF_RECORD_TABLE_REQUEST_H */
