/* SPDX-License-Identifier: GPL-2.0 */
/*
 * table_worker: a process that reads files and loads their unwind tables. Anybody may have made
 * these files: they may end it, or have it wait for ever.
 */
#ifndef PROFBUF_RECORD_TABLE_WORKER_H
#define PROFBUF_RECORD_TABLE_WORKER_H

struct profbuf_session;
struct unwind_cache;

/* Serves one request of @socket after the other, up to its end. */
void table_worker__run(struct profbuf_session *session, const struct unwind_cache *cache,
		       int socket);

#endif /* PROFBUF_RECORD_TABLE_WORKER_H */
