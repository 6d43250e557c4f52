/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What SPACE frames tell, and which mapping an address of a record is in, word by word as
 * the uapi header says.
 */
#ifndef PROFBUF_TEST_TOLD_H
#define PROFBUF_TEST_TOLD_H

#include <stddef.h>
#include <stdint.h>

#include "device.h"

/* A mapping of a frame. */
struct told_mapping {
	uint64_t space;			/* the frame's space word */
	uint64_t previous, start_ns, sampled_ns, looked_ns;
	uint64_t pid_ns, mnt_ns;
	uint32_t tgid, parent, ns_tgid, frame_flags;
	struct profbuf_mapping mapping;
	size_t number;			/* in the order in which they were told */
	char path[256];
	uint8_t build_id[32];
};

/* A record of the process that is watched. */
struct told_record {
	uint64_t time;
	uint64_t space;
	uint64_t end;
	uint64_t ip;			/* the first user frame, or 0 */
	uint32_t frames;		/* of user code */
	uint32_t tgid;
	uint64_t callers[4];
};

struct told {
	struct told_mapping *mappings;
	size_t nr_mappings, nr_sorted;
	struct told_record *records;
	size_t nr_records;
	uint32_t tgid;			/* records of that process alone, unless 0 */
	bool (*is_secret)(uint64_t word);	/* what no record may hold, if set */
	size_t secrets;			/* words of that kind */
};

void told_watch(struct told *told, struct stream *stream, uint32_t tgid);
const struct told_mapping *told_find(struct told *told, uint64_t space, uint64_t address);
size_t told_frames(struct told *told, uint64_t space);
size_t told_check(struct told *told);
void told_print_lags(struct told *told);
int told_begin(struct told *told, struct stream *stream, uint64_t period_ns, uint32_t tgid);
void told_end(struct stream *stream, int fd, pid_t pid);
void told_free(struct told *told);

#endif /* PROFBUF_TEST_TOLD_H */
