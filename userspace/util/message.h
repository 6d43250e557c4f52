/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the command says about its work, on standard error.
 */
#ifndef PROFBUF_UTIL_MESSAGE_H
#define PROFBUF_UTIL_MESSAGE_H

#include <stdbool.h>

/* Neither notes nor progress. */
extern bool message_quiet;
/* What messages begin with. */
extern const char *message_name;

void error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void warning(const char *format, ...) __attribute__((format(printf, 1, 2)));
void note(const char *format, ...) __attribute__((format(printf, 1, 2)));
void hint(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif /* PROFBUF_UTIL_MESSAGE_H */
