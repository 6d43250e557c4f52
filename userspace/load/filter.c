// SPDX-License-Identifier: GPL-2.0
#include <fnmatch.h>

#include "filter.h"

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
