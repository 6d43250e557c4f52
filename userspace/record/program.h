/* SPDX-License-Identifier: GPL-2.0 */
/*
 * program: which programs a command would execute: its own or, where it is a script, those that
 * interpret it.
 */
#ifndef PROFBUF_RECORD_PROGRAM_H
#define PROFBUF_RECORD_PROGRAM_H

/*
 * Call @function for each of them that is found, in the order of their execution, until it returns
 * an error, which is returned. @search: PATH; NULL: as where it is not set.
 */
int program__find(const char *search, const char *command,
		  int (*function)(void *context, const char *path), void *context);

#endif /* PROFBUF_RECORD_PROGRAM_H */
