/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which processes are those that were asked for: a command and all its descendants, or some
 * that ran already, with all of theirs.
 */
#ifndef PROFBUF_RECORD_FAMILY_H
#define PROFBUF_RECORD_FAMILY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "profile/index.h"

enum family_answer {
	FAMILY_UNKNOWN,
	FAMILY_NO,
	FAMILY_YES,
};

struct family_member {
	uint32_t pid;
	enum family_answer answer;
};

/**
 * struct family - the processes
 * @everything: all of the machine
 * @members: what is known of processes
 * @nr_members: their number
 * @max_members: room for so many
 * @index: to find them
 * @cgroup: directory of the control group that the command is in, NULL: none
 * @cgroup_id: its ID, as records have it
 */
struct family {
	bool everything;
	struct family_member *members;
	uint32_t nr_members;
	uint32_t max_members;
	struct index index;
	char *cgroup;
	uint64_t cgroup_id;
};

int family__add(struct family *family, uint32_t pid, enum family_answer answer);
void family__make_cgroup(struct family *family);
int family__join_cgroup(const struct family *family);
enum family_answer family__has(struct family *family, uint32_t pid, uint64_t cgroup);
void family__exit(struct family *family);

uint32_t process__parent(uint32_t pid);

#endif /* PROFBUF_RECORD_FAMILY_H */
