// SPDX-License-Identifier: GPL-2.0
#include <fnmatch.h>

#include "filter.h"

/**
 * filter__option - take one of FILTER_OPTIONS
 * @filter: the filter
 * @options: the parser
 * @option: what it has returned
 *
 * Return: 0, or OPTIONS_DONE after a message.
 */
int filter__option(struct filter *filter, struct options *options, int option)
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
 * filter__wants - is a record wanted?
 * @filter: the filter
 * @record: the record
 *
 * Return: true if so.
 */
bool filter__wants(const struct filter *filter, const struct profbuf_record *record)
{
	uint32_t i;

	if (filter->comm && fnmatch(filter->comm, record->comm, 0))
		return false;
	if (!filter->nr_pids)
		return true;
	for (i = 0; i < filter->nr_pids; i++)
		if (filter->pids[i] == record->pid)
			return true;
	return false;
}
