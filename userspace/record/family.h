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

#include <profbuf/profbuf.h>

#include "cgroup.h"
#include "util/index.h"

enum family_answer {
	FAMILY_UNKNOWN,
	FAMILY_NO,
	FAMILY_YES,
};

struct family_process;
struct family_space;

/**
 * struct family - the processes
 * @everything: all of the machine
 * @processes: what is known of processes
 * @nr_processes: their number
 * @max_processes: room for so many
 * @process_index: to find them
 * @spaces: whose address spaces are
 * @nr_spaces: their number
 * @max_spaces: room for so many
 * @space_index: to find them
 * @told_index: to find them by the process IDs that the kernel tells
 * @pid_ns: the PID namespace of the numbers in /proc, from machine__pid_namespace()
 * @own_pid: our number there
 * @cgroup: the control group that the command is in
 */
struct family {
	bool everything;
	struct family_process *processes;
	uint32_t nr_processes;
	uint32_t max_processes;
	struct index process_index;
	struct family_space *spaces;
	uint32_t nr_spaces;
	uint32_t max_spaces;
	struct index space_index;
	struct index told_index;
	uint64_t pid_ns;
	uint32_t own_pid;
	struct cgroup cgroup;
};

void family__init(struct family *family);
int family__add(struct family *family, uint32_t pid);
int family__leave_out(struct family *family, uint32_t pid);
int family__tell(struct family *family, const struct profbuf_space_info *info);
enum family_answer family__has(struct family *family, const struct profbuf_record *record);
void family__exit(struct family *family);

#endif /* PROFBUF_RECORD_FAMILY_H */
