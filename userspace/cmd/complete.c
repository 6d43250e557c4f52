// SPDX-License-Identifier: GPL-2.0
/*
 * What a shell completes a command line with: one word a line, or ":file", ":command" or ":pid"
 * if the shell knows better.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "complete.h"
#include "options.h"

static bool begins(const char *word, const char *with)
{
	return !strncmp(word, with, strlen(with));
}

static void complete_words(const char *words, const char *with)
{
	char *copy = strdup(words), *rest = copy, *word;

	while (copy && (word = strsep(&rest, " ")))
		if (begins(word, with))
			puts(word);
	free(copy);
}

static void complete_kind(const char *kind, const char *with)
{
	if (!kind)
		return;
	if (!strcmp(kind, "FILE"))
		puts(":file");
	else if (!strcmp(kind, "COMMAND"))
		puts(":command");
	else if (!strcmp(kind, "PID"))
		puts(":pid");
	else
		complete_words(kind, with);
}

static void complete_options(const struct command_option *option, const char *with)
{
	char name[64];

	for (; option->name; option++) {
		snprintf(name, sizeof(name), "--%s", option->name);
		if (begins(name, with))
			puts(name);
	}
}

static const struct command_option *find_option(const struct command_option *option,
						const char *word)
{
	for (; option->name; option++) {
		bool by_name = !strncmp(word, "--", 2) && !strcmp(word + 2, option->name);
		bool by_letter = option->id < OPTION_LONG && word[0] == '-' &&
				 word[1] == option->id && !word[2];

		if (by_name || by_letter)
			return option;
	}
	return NULL;
}

/* --option=value; the shell takes the value for the word, as if it stood by itself. */
static bool complete_value(const struct command *command, const char *with)
{
	size_t length = strcspn(with, "=");
	const struct command_option *option;
	char name[64];

	if (strncmp(with, "--", 2) || !with[length])
		return false;
	snprintf(name, sizeof(name), "%.*s", (int)length, with);
	option = find_option(command->options, name);
	if (option && option->argument)
		complete_kind(option->values, with + length + 1);
	return true;
}

static void complete_argument(const struct command *command, int argc, char **argv)
{
	const char *with = argv[argc - 1];
	const struct command_option *option;
	int i;

	for (i = 0; i < argc - 1; i++) {
		if (!strcmp(argv[i], "--"))
			break;
		if (*argv[i] != '-') {
			if (command__runs_another(command))
				break;
			continue;
		}
		option = find_option(command->options, argv[i]);
		if (!option || !option->argument)
			continue;
		if (++i == argc - 1) {
			complete_kind(option->values, with);
			return;
		}
	}
	/* Behind a -- or a command everything is an operand. */
	if (i == argc - 1 && *with == '-') {
		if (complete_value(command, with))
			return;
		complete_options(command->options, with);
		complete_options(common_options, with);
	} else {
		complete_kind(command->completes, with);
	}
}

/**
 * complete - print what a command line may go on with
 * @argc: number of words
 * @argv: the words behind "profbuf"; the last one is to be completed
 */
void complete(int argc, char **argv)
{
	const struct command *command;
	int i;

	if (!argc)
		return;
	if (argc == 1) {
		for (i = 0; commands[i]; i++)
			if (begins(commands[i]->name, argv[0]))
				puts(commands[i]->name);
		complete_words("help --help --version", argv[0]);
		return;
	}
	command = command__find(argv[0]);
	if (command) {
		complete_argument(command, argc - 1, argv + 1);
	} else if (!strcmp(argv[0], "help") && argc == 2) {
		for (i = 0; commands[i]; i++)
			if (begins(commands[i]->name, argv[1]))
				puts(commands[i]->name);
	}
}
