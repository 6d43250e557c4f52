// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "perf_map.h"

/* Large ones of long-running virtual machines have some ten megabytes. */
#define SIZE_MAXIMUM	(256 << 20)

/* The file as it is now; it may be growing. */
static int read_text(int fd, char **text, size_t *length)
{
	struct stat stat;
	ssize_t n;

	if (fstat(fd, &stat))
		return -errno;
	if (stat.st_size > SIZE_MAXIMUM)
		return -EFBIG;
	*text = malloc(stat.st_size + 1);
	if (!*text)
		return -ENOMEM;
	while (*length < (size_t)stat.st_size) {
		n = read(fd, *text + *length, stat.st_size - *length);
		if (n < 0) {
			int error = -errno;

			free(*text);
			*text = NULL;
			return error;
		}
		if (!n)
			break;
		*length += n;
	}
	(*text)[*length] = '\0';
	return 0;
}

/* False: not a line of such a file. */
static bool parse_line(char *line, struct symtab_symbol *symbol)
{
	uint64_t size;
	char *end;

	symbol->start = strtoull(line, &end, 16);
	if (end == line || *end != ' ')
		return false;
	line = end;
	size = strtoull(line, &end, 16);
	if (end == line || *end != ' ')
		return false;
	symbol->end = symbol->start + size;
	symbol->name = end + strspn(end, " ");
	symbol->name_size = strlen(symbol->name) + 1;
	return symbol->end > symbol->start && *symbol->name;
}

int perf_map__read(int fd, struct symtab *symtab, char **text)
{
	char *line, *next, *end;
	size_t length = 0;
	int error;

	error = read_text(fd, text, &length);
	close(fd);
	if (error)
		return error;

	symtab->newest_wins = true;
	end = *text + length;
	for (line = *text; line < end; line = next + 1) {
		struct symtab_symbol symbol = { 0 };

		/* A line without its end is still being written. */
		next = memchr(line, '\n', end - line);
		if (!next)
			break;
		*next = '\0';
		if (!parse_line(line, &symbol))
			continue;
		error = symtab__add(symtab, &symbol);
		if (error)
			return error;
	}
	return 0;
}
