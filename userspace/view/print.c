// SPDX-License-Identifier: GPL-2.0
#include <string.h>

#include "print.h"

/**
 * print_summary - say what a view stands on
 * @summary: the numbers
 * @origin: where they are from, as one line, or NULL
 * @file: where to say it
 */
void print_summary(const struct summary *summary, const char *origin, FILE *file)
{
	const char *line;

	if (origin)
		fprintf(file, "%s\n", origin);
	fprintf(file, "%s\n%s\n%s\n", summary->samples, summary->losses, summary->completeness);
	for (line = summary->advice; line && *line;) {
		size_t length = strcspn(line, "\n");

		fprintf(file, "  %.*s\n", (int)length, line);
		line += length + (line[length] == '\n');
	}
	fputc('\n', file);
}

/**
 * json_field - a number of an object
 * @out: where to
 * @name: its name
 * @value: the number
 */
void json_field(struct output *out, const char *name, uint64_t value)
{
	output__printf(out, "\"%s\":", name);
	output__number(out, value);
}

/**
 * json_summary - the same numbers as members of an object, each line with its comma
 * @summary: the numbers
 * @origin: where they are from, as one line, or NULL
 * @out: where to
 */
void json_summary(const struct summary *summary, const char *origin, struct output *out)
{
	const struct profile_totals *totals = summary->totals;
	const struct {
		const char *name;
		uint64_t value;
	} fields[] = {
		{ "samples", totals->weight.samples },
		{ "periods", totals->weight.periods },
		{ "nanoseconds", totals->weight.nanoseconds },
		{ "lost", totals->lost },
		{ "missing", totals->missing },
		{ "filtered", totals->filtered },
		{ "first_ns", totals->first },
		{ "last_ns", totals->last },
		{ "stacks_to_root", totals->rooted },
		{ "frames", summary->frames },
		{ "frames_named", summary->named },
	};
	size_t i;

	if (origin) {
		output__string(out, "  \"origin\":");
		output__json(out, origin);
		output__string(out, ",\n");
	}
	for (i = 0; i < sizeof(fields) / sizeof(*fields); i++) {
		output__string(out, "  ");
		json_field(out, fields[i].name, fields[i].value);
		output__string(out, ",\n");
	}
}
