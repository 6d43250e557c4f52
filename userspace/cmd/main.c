// SPDX-License-Identifier: GPL-2.0
/*
 * profbuf: finds the subcommand and runs it.
 */
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "complete.h"
#include "options.h"
#include "terminal.h"
#include "util/message.h"

static const char *nth_command(const void *context, int n)
{
	(void)context;
	return commands[n] ? commands[n]->name : NULL;
}

static const char *nth_option(const void *context, int n)
{
	static const char *const options[] = { "help", "version", NULL };

	(void)context;
	return options[n];
}

static void help(FILE *file)
{
	int i;

	fputs("usage: profbuf COMMAND [OPTION...] [ARGUMENT...]\n\n"
	      "Find out what a machine is doing, through /dev/profbuf.\n\n", file);
	for (i = 0; commands[i]; i++)
		fprintf(file, "  %-12s%s\n", commands[i]->name, commands[i]->summary);
	fputs("\n'profbuf COMMAND --help' lists the options of a command, 'man profbuf' is the manual.\n",
	      file);
}

static int unknown_command(const char *name)
{
	const char *like = suggest(name, nth_command, NULL);

	error("no command '%s'%s%s%s", name, like ? "; did you mean '" : "", like ? like : "",
	      like ? "'?" : "");
	hint("'profbuf --help' lists the commands");
	return EXIT_USAGE;
}

static int unknown_option(const char *name)
{
	const char *like = suggest(name + strspn(name, "-"), nth_option, NULL);

	error("no option '%s'%s%s%s", name, like ? "; did you mean '--" : "", like ? like : "",
	      like ? "'?" : "");
	hint("options of a command come behind it; 'profbuf --help' lists the commands");
	return EXIT_USAGE;
}

static int finish(void)
{
	return terminal__finish(0) ? EXIT_FAILURE : EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	const struct command *command;
	char name[64];

	/* Characters are those of the user, but numbers the same for all. */
	setlocale(LC_CTYPE, "");

	/* A closed pipe is an error of write(), so that what is under way can be ended well. */
	signal(SIGPIPE, SIG_IGN);

	if (argc < 2) {
		help(stderr);
		return EXIT_USAGE;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")) {
		help(stdout);
		return finish();
	}
	if (!strcmp(argv[1], "--version")) {
		printf("profbuf %s\n", PROFBUF_RELEASE);
		return finish();
	}
	if (!strcmp(argv[1], "--complete")) {
		complete(argc - 2, argv + 2);
		return finish();
	}
	if (!strcmp(argv[1], "help") && argc > 2) {
		command = command__find(argv[2]);
		if (!command)
			return unknown_command(argv[2]);
		command__help(command, stdout);
		return finish();
	}
	if (!strcmp(argv[1], "help")) {
		help(stdout);
		return finish();
	}
	command = command__find(argv[1]);
	if (!command)
		return *argv[1] == '-' ? unknown_option(argv[1]) : unknown_command(argv[1]);
	snprintf(name, sizeof(name), "profbuf %s", command->name);
	message_name = name;
	return command->run(command, argc - 1, argv + 1);
}
