/* SPDX-License-Identifier: GPL-2.0 */
/*
 * process: what /proc tells about a living process, and the files that it sees.
 *
 * The process may be in another mount namespace and may have made it to fool us.
 * Paths are resolved within its root, whatever symbolic links there say, and only
 * regular files are ever opened: opening a FIFO would hang, opening a device may do things.
 */
#ifndef PROFBUF_SYMBOL_PROCESS_H
#define PROFBUF_SYMBOL_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "symbol.h"

/*
 * Call @function for each executable mapping until it returns an error, which is
 * returned. What the mapping points to is gone when @function returns.
 */
int process__read_maps(uint32_t pid,
		       int (*function)(const struct symbol_mapping *mapping, void *data),
		       void *data);

/*
 * The very file that is mapped, also if it was deleted. -ESTALE: another one is in
 * its place.
 */
int process__open_mapping(const struct symbol_mapping *mapping);

/* Does the process live that was started then? @start_ns: CLOCK_BOOTTIME. */
bool process__is_alive(uint32_t pid, uint64_t start_ns);

/* What is mapped there now, by which file ever. */
int process__open_map_file(const struct symbol_mapping *mapping);

int process__open_exe(uint32_t pid);

/* Read @size bytes of its memory. -EIO: not all of them are there. */
int process__read_memory(uint32_t pid, uint64_t address, void *memory, uint64_t size);

/**
 * struct process_perf_map - where a process has /tmp/perf-PID.map, also after its end
 * @root: its root directory, an open file
 * @pid: what it takes for its own process ID
 * @uid: its effective user
 * @not_before: what was changed last before that is of another process, CLOCK_REALTIME
 */
struct process_perf_map {
	int root;
	uint32_t pid;
	uid_t uid;
	int64_t not_before;
};

int process__find_perf_map(uint32_t pid, struct process_perf_map *perf_map);

/**
 * struct process_identity - a process, that may have ended, and whose ID may be another one's
 * @pid: process ID, as our /proc has it; 0 if it does not show the process
 * @ns_pid: as seen from its own pid namespace
 * @pid_ns: inode number of that one
 * @start_ns: when it was started, CLOCK_BOOTTIME
 */
struct process_identity {
	uint32_t pid;
	uint32_t ns_pid;
	uint64_t pid_ns;
	uint64_t start_ns;
};

/* Of a process that has ended: if it was in our pid namespace, where we would have it. */
int process__find_left_perf_map(const struct process_identity *process,
				struct process_perf_map *perf_map);

/* -EPERM: it belongs to somebody else. */
int process__open_perf_map(const struct process_perf_map *perf_map);

/* Where the process has its root directory. */
int process__open_root(uint32_t pid);

/* A regular file below @root as if that were "/"; AT_FDCWD: this process's own "/". */
int process__open_file(int root, const char *path);

#endif /* PROFBUF_SYMBOL_PROCESS_H */
