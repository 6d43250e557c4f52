/* SPDX-License-Identifier: GPL-2.0 */
#ifndef PROFBUF_BUILD_ID_H
#define PROFBUF_BUILD_ID_H

#include <linux/types.h>

struct file;

#define BUILD_ID_MAX	32

size_t profbuf_build_id(struct file *file, u8 *id);

#endif /* PROFBUF_BUILD_ID_H */
