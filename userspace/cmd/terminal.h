/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where results go: whether that is a terminal, what shows there, and whether all was written.
 */
#ifndef PROFBUF_CMD_TERMINAL_H
#define PROFBUF_CMD_TERMINAL_H

#include <stdbool.h>
#include <stdio.h>

bool terminal__color(void);
void terminal__page(void);
int terminal__finish(int err);

FILE *result__open(const char *path, bool binary);
int result__close(FILE *file, const char *path, int err);

#endif /* PROFBUF_CMD_TERMINAL_H */
