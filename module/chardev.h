/* SPDX-License-Identifier: GPL-2.0 */
#ifndef PROFBUF_CHARDEV_H
#define PROFBUF_CHARDEV_H

#include <linux/fs.h>

extern const struct file_operations profbuf_chardev_operations;

#endif /* PROFBUF_CHARDEV_H */
