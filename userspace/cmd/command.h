/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The subcommands. Each has one table of its options, from which it is parsed, helped with,
 * completed and suggested for.
 */
#ifndef PROFBUF_CMD_COMMAND_H
#define PROFBUF_CMD_COMMAND_H

#include <stdbool.h>

/* What perf and git say when they do not know what is meant. */
#define EXIT_USAGE 129

/* Option numbers without a letter. */
#define OPTION_LONG 256

/**
 * struct command_option - an option
 * @id: its letter, or a number from OPTION_LONG on
 * @name: long name
 * @argument: what its argument is called; NULL if it takes none
 * @help: what it does
 * @values: for completion: words separated by blanks, or "FILE", "DIRECTORY", "PID"; NULL
 */
struct command_option {
	int id;
	const char *name;
	const char *argument;
	const char *help;
	const char *values;
};

/**
 * struct command - a subcommand
 * @name: its name
 * @operands: what follows the options, for the usage line
 * @completes: what completes operands: "FILE", "COMMAND" or NULL
 * @summary: what it does, in a few words
 * @description: what it does, in a few sentences
 * @options: its own, ends with one without a name
 * @run: runs it, returns the exit status. Its arguments begin with its name
 */
struct command {
	const char *name;
	const char *operands;
	const char *completes;
	const char *summary;
	const char *description;
	const struct command_option *options;
	int (*run)(const struct command *command, int argc, char **argv);
};

extern const struct command *const commands[];

extern const struct command command_export;
extern const struct command command_flamegraph;
extern const struct command command_record;
extern const struct command command_report;
extern const struct command command_script;
extern const struct command command_unwind;

const struct command *command__find(const char *name);
bool command__runs_another(const struct command *command);

#endif /* PROFBUF_CMD_COMMAND_H */
