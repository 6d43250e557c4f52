// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>
#include <unistd.h>

#include "load_options.h"
#include "util/message.h"

/**
 * options__filter - take one of FILTER_OPTIONS
 * @options: the parser
 * @option: what it has returned
 * @filter: where it goes
 *
 * Return: 0, or OPTIONS_DONE after a message.
 */
int options__filter(struct options *options, int option, struct filter *filter)
{
	uint64_t number;

	switch (option) {
	case OPTION_FILTER_PID:
		if (filter->nr_pids == FILTER_MAX_PIDS)
			return options__fail(options, "at most %d processes", FILTER_MAX_PIDS);
		if (options__number(options, "a process ID", 0, INT32_MAX, &number))
			return OPTIONS_DONE;
		filter->pids[filter->nr_pids++] = number;
		break;
	case OPTION_FILTER_COMM:
		filter->comm = options->argument;
		break;
	}
	return 0;
}

/**
 * options__recording - which recording is meant?
 * @options: the parser, after the last option
 *
 * Return: its path, or NULL after a message; then the parser has the exit status.
 */
const char *options__recording(struct options *options)
{
	if (options->argc - options->operand > 1) {
		options__fail(options, "one recording at a time, not also '%s'",
			      options->argv[options->operand + 1]);
		return NULL;
	}
	if (options->operand < options->argc)
		return options->argv[options->operand];
	if (!access(DEFAULT_RECORDING, F_OK))
		return DEFAULT_RECORDING;
	error("there is no %s here", DEFAULT_RECORDING);
	hint("record one with 'profbuf record', or name a recording or /dev/profbuf");
	options->status = EXIT_FAILURE;
	return NULL;
}
