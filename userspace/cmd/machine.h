/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Whether what a stream says is still true of this machine.
 */
#ifndef PROFBUF_CMD_MACHINE_H
#define PROFBUF_CMD_MACHINE_H

#include <stdbool.h>
#include <stdint.h>

#include <profbuf/profbuf.h>

bool machine__same_boot(const struct profbuf_info *info);
bool machine__process_is_old(uint32_t pid, uint64_t time);

#endif /* PROFBUF_CMD_MACHINE_H */
