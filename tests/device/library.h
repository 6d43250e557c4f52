/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Files of code that can be mapped at the same place. Each has its code at an offset of its own,
 * so that an address tells which file it is of.
 */
#ifndef PROFBUF_TEST_LIBRARY_H
#define PROFBUF_TEST_LIBRARY_H

#include <sys/types.h>

#include "told.h"

#define LIBRARY_DIRECTORY	"/tmp/library"
#define LIBRARIES		12
#define LIBRARY_STEP		64

/* Where nothing else is. */
#define PLACE			((char *)0x200000000)

void library_directory(void);
ino_t library_make(int number);
void library_make_all(void);
void library_map(int number, char *place, int flags);
void library_call(int number, const char *place);
void library_run(int number, const char *place, unsigned int ms);
size_t library_check(struct told *told, size_t *each);

#endif /* PROFBUF_TEST_LIBRARY_H */
