/* SPDX-License-Identifier: GPL-2.0 */
#ifndef PROFBUF_VIEW_REPORT_H
#define PROFBUF_VIEW_REPORT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "profile/profile.h"

enum report_by {
	REPORT_BY_FUNCTION,
	REPORT_BY_MODULE,
	REPORT_BY_PROCESS,
	REPORT_BY_THREAD,
	REPORT_BY_CPU,
};

enum report_sort {
	REPORT_SORT_SELF,
	REPORT_SORT_TOTAL,
	REPORT_SORT_NAME,
};

/**
 * struct report_options - how to print a table
 * @by: what a row is
 * @sort: by what rows are sorted
 * @limit: print so many rows; 0: all
 * @color: with colours, for a terminal
 * @json: as JSON
 * @origin: where and how the profile was recorded, as one line; NULL if that is not known
 */
struct report_options {
	enum report_by by;
	enum report_sort sort;
	uint32_t limit;
	bool color;
	bool json;
	const char *origin;
};

int view__report(const struct profile *profile, FILE *file, const struct report_options *options);

#endif /* PROFBUF_VIEW_REPORT_H */
