// SPDX-License-Identifier: GPL-2.0
#include "print.h"

#include "profile/limits.h"

/**
 * print_summary - say what a view stands on
 * @summary: the numbers
 * @origin: where they are from, as one line, or NULL
 * @file: where to say it
 */
void print_summary(const struct summary *summary, const char *origin, FILE *file)
{
	uint32_t i;

	if (origin) {
		utf8_print(origin, file);
		fputc('\n', file);
	}
	fprintf(file, "%s\n%s\n", summary->samples, summary->losses);
	for (i = 0; i < summary->nr_remarks; i++)
		fprintf(file, "%s\n", summary->remarks[i]);
	fprintf(file, "%s\n", summary->completeness);
	for (i = 0; i < summary->nr_advice; i++)
		fprintf(file, "  %s\n", summary->advice[i]);
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
 * json_weight - samples of something, and the periods that they stand for
 * @out: where to
 * @name: name of the first of the two members
 * @weight: the numbers
 */
void json_weight(struct output *out, const char *name, const struct profile_weight *weight)
{
	json_field(out, name, weight->samples);
	output__printf(out, ",\"%s_periods\":", name);
	output__number(out, weight->periods);
}

static void json_string(struct output *out, const char *name, const char *value)
{
	output__printf(out, "\"%s\":", name);
	if (value)
		output__json(out, value);
	else
		output__string(out, "null");
}

/**
 * json_limits - when sampling was slowed down, as a member of an object
 * @profile: the profile
 * @out: where to
 */
void json_limits(const struct profile *profile, struct output *out)
{
	const struct profile_limits *limits = profile__limits(profile);
	uint32_t i;

	output__string(out, "\"limited_on\":[");
	for (i = 0; i < limits->nr; i++) {
		const struct profile_limit *limit = &limits->list[i];

		output__string(out, i ? ",\n    {" : "\n    {");
		json_field(out, "cpu", limit->cpu);
		output__char(out, ',');
		json_field(out, "begin_ns", limit->begin);
		output__char(out, ',');
		if (limit->end)
			json_field(out, "end_ns", limit->end);
		else
			output__string(out, "\"end_ns\":null");
		output__char(out, ',');
		json_field(out, "share", limit->share);
		output__char(out, ',');
		json_field(out, "cost_ns", limit->cost);
		output__char(out, '}');
	}
	output__char(out, ']');
}

static void json_losses(const struct profile *profile, struct output *out)
{
	uint32_t n = profile__nr_cpus(profile);
	const char *separator = "\n    {";
	uint32_t i;

	output__string(out, "  \"lost_on\":[");
	for (i = 0; i < n; i++) {
		const struct profile_cpu *cpu = profile__cpu(profile, i);

		if (!cpu->lost && !cpu->missing)
			continue;
		output__string(out, separator);
		json_field(out, "cpu", cpu->cpu);
		output__char(out, ',');
		json_field(out, "lost", cpu->lost);
		output__char(out, ',');
		json_field(out, "missing", cpu->missing);
		if (cpu->losses) {
			output__char(out, ',');
			json_field(out, "first_ns", cpu->first_loss);
			output__char(out, ',');
			json_field(out, "last_ns", cpu->last_loss);
		}
		output__char(out, '}');
		separator = ",\n    {";
	}
	output__string(out, "],\n");
}

/**
 * json_ends - a member of an object: where and why stacks are incomplete
 * @out: where to
 * @summary: what to say
 */
void json_ends(struct output *out, const struct summary *summary)
{
	uint32_t i;

	output__string(out, "\"incomplete\":[");
	for (i = 0; i < summary->ends.nr; i++) {
		const struct end_place *place = &summary->ends.places[i];
		const struct end_text *text = end_text(place->reason);

		output__string(out, i ? ",\n    {" : "\n    {");
		json_string(out, "end", text->name);
		output__char(out, ',');
		json_string(out, "module", place->module ? place->module->path : NULL);
		output__char(out, ',');
		json_field(out, "stacks", place->stacks);
		output__char(out, ',');
		json_string(out, "reason", text->reason);
		output__char(out, ',');
		json_string(out, "advice", text->advice);
		output__char(out, '}');
	}
	output__char(out, ']');
}

static void json_unnamed(const struct summary *summary, struct output *out)
{
	uint32_t i;

	output__string(out, "  \"unnamed\":[");
	for (i = 0; i < summary->nr_modules; i++) {
		const struct symbol_module *module = summary->modules[i].module;

		output__string(out, i ? ",\n    {" : "\n    {");
		json_string(out, "module", module->path);
		output__char(out, ',');
		json_field(out, "frames", summary->modules[i].unnamed);
		output__char(out, ',');
		json_string(out, "reason", module->reason);
		output__char(out, ',');
		json_string(out, "advice", module->advice);
		output__char(out, '}');
	}
	output__string(out, "],\n");
}

/**
 * json_summary - the same as members of an object, each with its comma
 * @summary: what to say
 * @profile: of this
 * @origin: where it is from, as one line, or NULL
 * @out: where to
 */
void json_summary(const struct summary *summary, const struct profile *profile,
		  const char *origin, struct output *out)
{
	const struct profile_totals *totals = summary->totals;
	const struct {
		const char *name;
		uint64_t value;
	} fields[] = {
		{ "samples", totals->weight.samples },
		{ "periods", totals->weight.periods },
		{ "nanoseconds", totals->weight.nanoseconds },
		{ "late_user_periods", totals->late_user.periods },
		{ "late_kernel_periods", totals->late_kernel.periods },
		{ "stolen_periods", totals->stolen.periods },
		{ "slowed_periods", totals->slowed },
		{ "limited_times", profile__limits(profile)->times },
		{ "limited_ns", profile__limits(profile)->ns },
		{ "lost", totals->lost },
		{ "missing", totals->missing },
		{ "filtered", totals->filtered },
		{ "first_ns", totals->first },
		{ "last_ns", totals->last },
		{ "stacks_to_root", totals->ends[PROFBUF_END_ROOT] },
		{ "stacks_unknown", totals->ends[PROFILE_END_UNTOLD] },
		{ "stacks_timed_out", totals->timed_out },
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
	output__string(out, "  ");
	json_ends(out, summary);
	output__string(out, ",\n  ");
	json_limits(profile, out);
	output__string(out, ",\n");
	json_losses(profile, out);
	json_unnamed(summary, out);
}
