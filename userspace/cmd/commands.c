// SPDX-License-Identifier: GPL-2.0
#include <stddef.h>
#include <string.h>

#include "command.h"

const struct command *const commands[] = {
	&command_record,
	&command_report,
	&command_flamegraph,
	&command_export,
	&command_script,
	&command_unwind,
	NULL
};

/**
 * command__find - a subcommand by its name
 * @name: the name
 *
 * Return: the command or NULL.
 */
const struct command *command__find(const char *name)
{
	int i;

	for (i = 0; commands[i]; i++)
		if (!strcmp(commands[i]->name, name))
			return commands[i];
	return NULL;
}

/**
 * command__runs_another - are its operands a command, with options of its own?
 * @command: the subcommand
 *
 * Return: true if so; otherwise options may stand behind operands.
 */
bool command__runs_another(const struct command *command)
{
	return command->completes && !strcmp(command->completes, "COMMAND");
}
