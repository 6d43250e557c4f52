/* SPDX-License-Identifier: GPL-2.0 */
#ifndef PROFBUF_SPACE_WORKER_H
#define PROFBUF_SPACE_WORKER_H

#include <linux/types.h>

struct profbuf_spaces;

/* Processes whose last spaces are known. */
#define PROFBUF_SPACE_LAST		1024

/**
 * struct profbuf_space_last - the last space of a process
 * @tgid: the process
 * @start_ns: when it was started
 * @id: ID of the space
 */
struct profbuf_space_last {
	u32 tgid;
	u64 start_ns;
	u64 id;
};

void profbuf_space_work(struct profbuf_spaces *spaces, bool flush);

#endif /* PROFBUF_SPACE_WORKER_H */
