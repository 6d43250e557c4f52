// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>
#include <string.h>

#include "options.h"

#define HELP_COLUMN 26

static void help_options(const struct command_option *option, FILE *file)
{
	for (; option->name; option++) {
		int used;

		if (option->id < OPTION_LONG)
			used = fprintf(file, "  -%c, --%s", option->id, option->name);
		else
			used = fprintf(file, "      --%s", option->name);
		if (option->argument)
			used += fprintf(file, " %s", option->argument);
		if (used > HELP_COLUMN - 2)
			used = fprintf(file, "\n") - 1;
		fprintf(file, "%*s%s\n", HELP_COLUMN - used, "", option->help);
	}
}

/**
 * command__usage - how a command is called
 * @command: the command
 * @file: where to say it
 */
void command__usage(const struct command *command, FILE *file)
{
	fprintf(file, "usage: profbuf %s [OPTION...]%s%s\n", command->name,
		*command->operands ? " " : "", command->operands);
}

/**
 * command__help - what a command does, and its options
 * @command: the command
 * @file: where to say it
 */
void command__help(const struct command *command, FILE *file)
{
	command__usage(command, file);
	fprintf(file, "\n%s\n\n", command->description);
	help_options(command->options, file);
	help_options(common_options, file);
}

/* Changes that make one word of the other: a letter more, less, another, or two swapped. */
static unsigned int distance(const char *a, const char *b)
{
	unsigned int rows[3][65] = { 0 };
	size_t m = strlen(a), n = strlen(b);
	size_t i, j;

	if (m > 64 || n > 64)
		return 64;
	for (j = 0; j <= n; j++)
		rows[0][j] = j;
	for (i = 1; i <= m; i++) {
		unsigned int *row = rows[i % 3];
		unsigned int *above = rows[(i + 2) % 3];
		unsigned int *two_above = rows[(i + 1) % 3];

		row[0] = i;
		for (j = 1; j <= n; j++) {
			unsigned int least = above[j - 1] + (a[i - 1] != b[j - 1]);

			if (above[j] + 1 < least)
				least = above[j] + 1;
			if (row[j - 1] + 1 < least)
				least = row[j - 1] + 1;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
			    two_above[j - 2] + 1 < least)
				least = two_above[j - 2] + 1;
			row[j] = least;
		}
	}
	return rows[m % 3][n];
}

/**
 * suggest - what may have been meant
 * @word: what was written
 * @candidate: gives the n-th word there is, NULL after the last
 * @context: its first argument
 *
 * Return: the word that is most alike, or NULL if none is.
 */
const char *suggest(const char *word, const char *(*candidate)(const void *context, int n),
		    const void *context)
{
	unsigned int least = strlen(word) < 4 ? 2 : strlen(word) / 2 + 1;
	const char *best = NULL;
	const char *other;
	int n;

	for (n = 0; (other = candidate(context, n)); n++) {
		unsigned int d = distance(word, other);

		/* The beginning of a word is as good as a slip of one letter. */
		if (*word && !strncmp(word, other, strlen(word)))
			d = 1;
		if (d < least) {
			least = d;
			best = other;
		}
	}
	return best;
}
