// SPDX-License-Identifier: GPL-2.0
#include <elf.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "program.h"
#include "symbol/process.h"

/* What the kernel looks at, and how often an interpreter may be a script itself. */
#define LINE_SIZE	256
#define LEVELS_MAX	5

static bool is_executable(const char *path)
{
	struct stat status;

	return !access(path, X_OK) && !stat(path, &status) && !S_ISDIR(status.st_mode);
}

/* As execvp() does. */
static bool find_file(const char *search, const char *command, char path[PATH_MAX])
{
	size_t length;

	if (!*command)
		return false;
	if (strchr(command, '/'))
		return snprintf(path, PATH_MAX, "%s", command) < PATH_MAX;
	if (!search)
		search = "/bin:/usr/bin";
	for (;;) {
		length = strcspn(search, ":");
		if (snprintf(path, PATH_MAX, "%.*s%s%s", (int)length, search, length ? "/" : "",
			     command) < PATH_MAX && is_executable(path))
			return true;
		if (!search[length])
			return false;
		search += length + 1;
	}
}

/* What it begins with, as a string. */
static void read_line(const char *path, char line[LINE_SIZE])
{
	int fd = process__open_file(AT_FDCWD, path);
	ssize_t n = fd < 0 ? 0 : read(fd, line, LINE_SIZE - 1);

	line[n < 0 ? 0 : n] = 0;
	if (fd >= 0)
		close(fd);
}

/* A word of @line, which is left behind it; NULL: there is none. */
static char *take_word(char **line)
{
	char *word = *line + strspn(*line, " \t");
	size_t length = strcspn(word, " \t");

	*line = word + length;
	if (**line)
		*(*line)++ = 0;
	return length ? word : NULL;
}

static bool is_env(const char *path)
{
	const char *slash = strrchr(path, '/');

	return !strcmp(slash ? slash + 1 : path, "env");
}

/* The command that env would execute: behind options and variables. */
static char *env_command(char *line)
{
	char *word;

	while ((word = take_word(&line)))
		if (*word != '-' && !strchr(word, '='))
			return word;
	return NULL;
}

int program__find(const char *search, const char *command,
		  int (*function)(void *context, const char *path), void *context)
{
	char path[PATH_MAX], line[LINE_SIZE], next[LINE_SIZE], *rest, *interpreter;
	unsigned int level;
	int err;

	if (!find_file(search, command, path))
		return 0;
	for (level = 0; level <= LEVELS_MAX; level++) {
		read_line(path, line);
		if (!strncmp(line, ELFMAG, SELFMAG))
			return function(context, path);
		/* What the kernel does not execute is a script of the shell's. */
		if (strncmp(line, "#!", 2))
			return level || !*line ? 0 : function(context, "/bin/sh");
		rest = line + 2;
		rest[strcspn(rest, "\n")] = 0;
		interpreter = take_word(&rest);
		if (!interpreter)
			return 0;
		strcpy(next, interpreter);
		if (is_env(interpreter)) {
			err = function(context, interpreter);
			interpreter = env_command(rest);
			if (err || !interpreter)
				return err;
			strcpy(next, interpreter);
		}
		if (!find_file(search, next, path))
			return 0;
	}
	return 0;
}
