// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "answer.h"

/* A value has at most 20 digits; longer texts than this are not passed. */
#define ANSWER_PIECE	64

static char buffer[1 << 20];
static size_t used;

void answer_flush(void)
{
	size_t done = 0;

	while (done < used) {
		ssize_t n = write(STDOUT_FILENO, buffer + done, used - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			fprintf(stderr, "replay: cannot write the answers: %s\n", strerror(errno));
			_exit(1);
		}
		done += n;
	}
	used = 0;
}

static inline void answer_room(void)
{
	if (sizeof(buffer) - used < ANSWER_PIECE)
		answer_flush();
}

void answer_text(const char *text)
{
	size_t length = strlen(text);

	answer_room();
	memcpy(buffer + used, text, length);
	used += length;
}

void answer_value(uint64_t value)
{
	char digits[20];
	char *first = digits + sizeof(digits);
	size_t length;

	do {
		*--first = '0' + value % 10;
		value /= 10;
	} while (value);

	length = digits + sizeof(digits) - first;
	answer_room();
	buffer[used++] = ' ';
	memcpy(buffer + used, first, length);
	used += length;
}

void answer_end(void)
{
	answer_room();
	buffer[used++] = '\n';
}
