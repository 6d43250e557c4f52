/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What is known of processes whose records do not tell their address space.
 */
#ifndef PROFBUF_LOAD_NAMES_PROCESS_H
#define PROFBUF_LOAD_NAMES_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "names.h"
#include "profile/profile.h"

/**
 * struct names_process - a process
 * @pid: process ID
 * @generation: how often its addresses have come to mean something else
 * @comm: name of its main thread, "" if that is not known. This and the rest: not of a recording
 * @met: it came up
 * @looked: in this generation its mappings were read
 * @exe_device: the program's device when they were, or were to be
 * @exe_inode: and inode
 * @first: time of its first record
 */
struct names_process {
	uint32_t pid;
	uint32_t generation;
	char comm[PROFILE_COMM_SIZE];
	bool met;
	bool looked;
	dev_t exe_device;
	ino_t exe_inode;
	uint64_t first;
};

/* NULL: nothing is known of it. */
struct names_process *names__find_process(const struct names *names, uint32_t pid);

/* Also if nothing was known of it so far. NULL: no memory. */
struct names_process *names__get_process(struct names *names, uint32_t pid);

/* From here on its addresses mean something else. */
void names__next_generation(struct names_process *process);

#endif /* PROFBUF_LOAD_NAMES_PROCESS_H */
