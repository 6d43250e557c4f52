/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Standard output: whether it is a terminal, what shows there, and whether all of it was written.
 */
#ifndef PROFBUF_CMD_TERMINAL_H
#define PROFBUF_CMD_TERMINAL_H

#include <stdbool.h>

bool terminal__color(void);
void terminal__page(void);
int terminal__finish(int err);

#endif /* PROFBUF_CMD_TERMINAL_H */
