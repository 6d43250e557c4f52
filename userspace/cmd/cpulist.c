// SPDX-License-Identifier: GPL-2.0
#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "cpulist.h"

static bool parse_number(const char **text, unsigned long *number)
{
	char *end;

	if (!isdigit((unsigned char)**text))
		return false;
	*number = strtoul(*text, &end, 10);
	*text = end;
	return *number < CPULIST_MAX;
}

/**
 * cpulist__parse - read a list of CPUs
 * @text: numbers and ranges of them, with a comma between two
 * @mask: CPULIST_WORDS words; CPU n is bit n % 64 of word n / 64
 *
 * Return: how many of the words are needed, or -EINVAL if it is no such list.
 */
int cpulist__parse(const char *text, uint64_t *mask)
{
	unsigned long first, last, most = 0;

	memset(mask, 0, CPULIST_WORDS * sizeof(*mask));
	for (;;) {
		if (!parse_number(&text, &first))
			return -EINVAL;
		last = first;
		if (*text == '-') {
			text++;
			if (!parse_number(&text, &last) || last < first)
				return -EINVAL;
		}
		if (last > most)
			most = last;
		for (; first <= last; first++)
			mask[first / 64] |= 1ULL << first % 64;
		if (!*text)
			return most / 64 + 1;
		if (*text++ != ',')
			return -EINVAL;
	}
}
