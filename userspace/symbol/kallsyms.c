// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kallsyms.h"
#include "symtab.h"

static char *next_word(char **line)
{
	char *word = *line + strspn(*line, " \t\n");

	*line = word + strcspn(word, " \t\n");
	if (**line)
		*(*line)++ = '\0';
	return word;
}

/* "ADDRESS TYPE NAME[\t[MODULE]]", in place. False: no function. */
static bool parse_symbol(char *line, struct kallsyms_symbol *symbol)
{
	char *end, *word = next_word(&line);

	symbol->address = strtoull(word, &end, 16);
	if (end == word || *end)
		return false;

	word = next_word(&line);
	switch (word[0]) {
	case 'T':
		symbol->rank = 0;
		break;
	case 'W':
	case 'w':
		symbol->rank = 4;
		break;
	case 't':
		symbol->rank = 8;
		break;
	default:
		return false;
	}

	symbol->name = next_word(&line);
	word = next_word(&line);
	symbol->module = *word ? word : NULL;
	symbol->rank += symtab__rank_name(symbol->name);
	return *symbol->name;
}

int kallsyms__read(const char *path,
		   int (*function)(const struct kallsyms_symbol *symbol, void *data), void *data)
{
	bool any = false, visible = false;
	size_t allocated = 0;
	char *line = NULL;
	FILE *kallsyms;
	int error = 0;

	kallsyms = fopen(path, "re");
	if (!kallsyms)
		return -errno;
	errno = 0;
	while (!error && getline(&line, &allocated, kallsyms) >= 0) {
		struct kallsyms_symbol symbol;

		if (!parse_symbol(line, &symbol))
			continue;
		any = true;
		if (!symbol.address)
			continue;
		visible = true;
		error = function(&symbol, data);
	}
	if (!error && ferror(kallsyms))
		error = errno ? -errno : -EIO;
	free(line);
	fclose(kallsyms);
	if (!error && !visible)
		error = any ? -EPERM : -ENODATA;
	return error;
}

static long read_setting(const char *path)
{
	FILE *file = fopen(path, "re");
	long value = 0;

	if (file) {
		if (fscanf(file, "%ld", &value) != 1)
			value = 0;
		fclose(file);
	}
	return value;
}

const char *kallsyms__advice(void)
{
	if (read_setting("/proc/sys/kernel/kptr_restrict") >= 2)
		return "run as root: sysctl kernel.kptr_restrict=1";
	return "run as root or with CAP_SYSLOG";
}
