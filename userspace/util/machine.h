/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What this machine tells of itself and its processes, and whether what a stream says is still
 * true of it.
 */
#ifndef PROFBUF_UTIL_MACHINE_H
#define PROFBUF_UTIL_MACHINE_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include <profbuf/profbuf.h>

/* 15 bytes and a line feed, as the kernel prints it, then a 0. */
#define MACHINE_NAME_SIZE 17

struct stat;

int64_t machine__clock(clockid_t clock);
bool machine__same_boot(const struct profbuf_info *info);
bool machine__program(uint32_t pid, struct stat *status);
bool machine__thread_name(uint32_t pid, uint32_t tid, char *name);
bool machine__process_stat(uint32_t pid, uint32_t *parent, uint64_t *started);
uint64_t machine__ticks(uint64_t ns);
bool machine__process_is_old(uint32_t pid, uint64_t time);

uint32_t machine__proc_pid(pid_t pid);
uint64_t machine__pid_namespace(void);
uint32_t machine__visible_pid(uint64_t here, uint64_t pid_ns, uint32_t pid, uint32_t ns_pid);

#endif /* PROFBUF_UTIL_MACHINE_H */
