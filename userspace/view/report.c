// SPDX-License-Identifier: GPL-2.0
/*
 * The table: one row for each function, module, process, thread or CPU. What a row has
 * itself is in samples that were taken there; in total it also has those taken in what it
 * called, each sample once however often the row is on its stack. Shares are of the periods
 * that samples stand for.
 */
#include <errno.h>
#include <libsmartcols/libsmartcols.h>
#include <stdlib.h>
#include <string.h>

#include "functions.h"
#include "profile/late.h"
#include "output.h"
#include "print.h"
#include "report.h"
#include "summary.h"
#include "units.h"
#include "weight.h"

struct row {
	const char *name;
	const char *module;
	uint32_t id; /* of the process, thread or CPU */
	uint32_t pid;
	uint32_t flags; /* FUNCTION_* */
	struct profile_weight self;
	struct profile_weight total;
	uint64_t lost;
	uint64_t late; /* periods of a CPU's */
};

struct rows {
	struct row *list;
	uint32_t nr;
	uint64_t whole; /* periods */
};

static const char *const by_name[] = {
	[REPORT_BY_FUNCTION] = "function",
	[REPORT_BY_MODULE] = "module",
	[REPORT_BY_PROCESS] = "process",
	[REPORT_BY_THREAD] = "thread",
	[REPORT_BY_CPU] = "cpu",
};

/* Processes and the like have no callers: all that they have is theirs. */
static bool has_total(enum report_by by)
{
	return by == REPORT_BY_FUNCTION || by == REPORT_BY_MODULE;
}

/*
 * Count what each location stands for, an array of row numbers for each; @seen tells which
 * stack a row was last counted for.
 */
static void count_stack(struct rows *rows, const struct profile_stack *stack, uint32_t stamp,
			const uint32_t *first, const uint32_t *indices, const uint32_t *row_of,
			uint32_t *seen)
{
	uint32_t n, i;

	for (n = 0; n < stack->nlocations; n++) {
		uint32_t location = stack->locations[n];

		for (i = first[location]; i < first[location + 1]; i++) {
			uint32_t r = row_of[indices[i]];

			if (!n && i == first[location])
				profile__add_weight(&rows->list[r].self, &stack->weight);
			if (seen[r] == stamp)
				continue;
			seen[r] = stamp;
			profile__add_weight(&rows->list[r].total, &stack->weight);
		}
	}
}

/* Rows for functions or modules; @row_of gets the row of each function. */
static uint32_t make_rows(struct rows *rows, const struct functions *functions, bool by_module,
			  uint32_t *row_of)
{
	struct index known = { 0 };
	uint32_t i, cursor, r;

	for (i = 0; i < functions->nr; i++) {
		const struct function *function = &functions->list[i];
		const char *module = function->module ? function->module : "[unknown]";
		uint32_t hash = hash_pair((uintptr_t)module, 0);

		row_of[i] = UINT32_MAX;
		if (by_module && !(function->flags & (FUNCTION_PROCESS | FUNCTION_LOST)))
			index_for_each_candidate(&known, hash, cursor, r)
				if (rows->list[r].name == module)
					row_of[i] = r;
		if (row_of[i] != UINT32_MAX)
			continue;
		row_of[i] = rows->nr;
		rows->list[rows->nr] = (struct row){
			.name = by_module ? module : function->label,
			.module = by_module ? NULL : function->module,
			.flags = function->flags,
		};
		if (function->flags & FUNCTION_LOST)
			rows->list[rows->nr].name = LOST_SAMPLES;
		if (by_module && index__insert(&known, hash, rows->nr)) {
			index__free(&known);
			return -ENOMEM;
		}
		rows->nr++;
	}
	index__free(&known);
	return 0;
}

/* What was recorded without the kernel's part, or the user's, may have nothing left. */
static void count_without_stack(struct row *row, const struct profile *profile)
{
	uint32_t nr_stacks = profile__nr_stacks(profile);
	uint32_t i;

	*row = (struct row){ .name = NO_STACK, .flags = FUNCTION_UNNAMED };
	for (i = 0; i < nr_stacks; i++)
		if (!profile__stack(profile, i)->nlocations)
			profile__add_weight(&row->self, &profile__stack(profile, i)->weight);
	row->total = row->self;
}

static int rows__count_functions(struct rows *rows, const struct functions *functions,
				 const struct profile *profile, bool by_module)
{
	uint32_t nr_stacks = profile__nr_stacks(profile);
	uint32_t *row_of, *seen;
	int err = -ENOMEM;
	uint32_t i;

	/* And one for samples without a stack. */
	rows->list = calloc(functions->nr + 1UL, sizeof(*rows->list));
	row_of = calloc(functions->nr + 1UL, sizeof(*row_of));
	seen = malloc((functions->nr + 1UL) * sizeof(*seen));
	if (rows->list && row_of && seen)
		err = make_rows(rows, functions, by_module, row_of);
	if (!err) {
		memset(seen, 0xff, (functions->nr + 1UL) * sizeof(*seen));
		for (i = 0; i < nr_stacks; i++)
			count_stack(rows, profile__stack(profile, i), i, functions->first,
				    functions->indices, row_of, seen);
		i = row_of[functions->lost];
		rows->list[i].self = weight__lost(profile, profile__totals(profile)->lost);
		rows->list[i].total = rows->list[i].self;
		count_without_stack(&rows->list[rows->nr++], profile);
	}
	free(row_of);
	free(seen);
	return err;
}

static int rows__take_tasks(struct rows *rows, const struct profile *profile, enum report_by by)
{
	uint32_t n = by == REPORT_BY_PROCESS ? profile__nr_processes(profile) :
		     by == REPORT_BY_THREAD ? profile__nr_threads(profile) :
					      profile__nr_cpus(profile);
	struct profile_weight lost;
	uint32_t i;

	rows->list = calloc(n + 2UL, sizeof(*rows->list));
	if (!rows->list)
		return -ENOMEM;
	rows->nr = n;
	for (i = 0; i < n; i++) {
		struct row *row = &rows->list[i];

		if (by == REPORT_BY_PROCESS) {
			const struct profile_process *process = profile__process(profile, i);

			row->name = process->comm;
			row->id = process->pid;
			row->pid = process->pid;
			row->self = process->weight;
		} else if (by == REPORT_BY_THREAD) {
			const struct profile_thread *thread = profile__thread(profile, i);

			row->name = thread->comm;
			row->id = thread->tid;
			row->pid = profile__process(profile, thread->process)->pid;
			row->self = thread->weight;
		} else {
			const struct profile_cpu *cpu = profile__cpu(profile, i);

			row->name = "";
			row->id = cpu->cpu;
			row->self = cpu->weight;
			profile__add_weight(&row->self, &cpu->late);
			row->late = cpu->late.periods;
			row->lost = cpu->lost;
		}
		row->total = row->self;
	}
	if (by == REPORT_BY_CPU)
		return 0;
	/* They kept the process from running. */
	rows->list[rows->nr++] = (struct row){
		.name = PROFILE_LATE_TIMER,
		.flags = FUNCTION_LATE,
		.self = profile__totals(profile)->late_user,
		.total = profile__totals(profile)->late_user,
	};
	lost = weight__lost(profile, profile__totals(profile)->lost);
	rows->list[rows->nr++] = (struct row){
		.name = LOST_SAMPLES,
		.flags = FUNCTION_LOST,
		.self = lost,
		.total = lost,
	};
	return 0;
}

static int by_names(const struct row *a, const struct row *b)
{
	int order = strcmp(a->name, b->name);

	if (!order && a->module != b->module)
		order = strcmp(a->module ? a->module : "", b->module ? b->module : "");
	return order ? order : (a->id > b->id) - (a->id < b->id);
}

static int by_self(const void *left, const void *right)
{
	const struct row *a = left, *b = right;

	if (a->self.periods != b->self.periods)
		return a->self.periods < b->self.periods ? 1 : -1;
	if (a->total.periods != b->total.periods)
		return a->total.periods < b->total.periods ? 1 : -1;
	return by_names(a, b);
}

static int by_total(const void *left, const void *right)
{
	const struct row *a = left, *b = right;

	if (a->total.periods != b->total.periods)
		return a->total.periods < b->total.periods ? 1 : -1;
	return by_self(a, b);
}

static int by_name_first(const void *left, const void *right)
{
	return by_names(left, right);
}

static void rows__sort(struct rows *rows, enum report_sort sort)
{
	static int (*const orders[])(const void *, const void *) = {
		[REPORT_SORT_SELF] = by_self,
		[REPORT_SORT_TOTAL] = by_total,
		[REPORT_SORT_NAME] = by_name_first,
	};
	uint32_t i, kept = 0;

	for (i = 0; i < rows->nr; i++)
		if (rows->list[i].total.periods || rows->list[i].lost)
			rows->list[kept++] = rows->list[i];
	rows->nr = kept;
	qsort(rows->list, rows->nr, sizeof(*rows->list), orders[sort]);
}

/* And no CPU, but that has the same columns. */
static bool is_task(const struct row *row)
{
	return !(row->flags & (FUNCTION_LOST | FUNCTION_LATE));
}

/* A column that is there for some tables only. */
struct column {
	const char *name;
	int flags;
	bool (*shown)(enum report_by by);
	struct units (*text)(const struct row *row, uint64_t whole);
};

static struct units self_share(const struct row *row, uint64_t whole)
{
	return units_share(row->self.periods, whole);
}

static struct units self_count(const struct row *row, uint64_t whole)
{
	(void)whole;
	return units_count(row->self.samples);
}

static struct units total_share(const struct row *row, uint64_t whole)
{
	return units_share(row->total.periods, whole);
}

static struct units total_count(const struct row *row, uint64_t whole)
{
	(void)whole;
	return units_count(row->total.samples);
}

static struct units lost_count(const struct row *row, uint64_t whole)
{
	(void)whole;
	return units_count(row->lost);
}

static struct units late_share(const struct row *row, uint64_t whole)
{
	return units_share(row->late, whole);
}

static struct units row_pid(const struct row *row, uint64_t whole)
{
	struct units units = { "" };

	(void)whole;
	if (is_task(row))
		snprintf(units.text, sizeof(units.text), "%u", row->pid);
	return units;
}

static struct units row_id(const struct row *row, uint64_t whole)
{
	struct units units = { "" };

	(void)whole;
	if (is_task(row))
		snprintf(units.text, sizeof(units.text), "%u", row->id);
	return units;
}

static bool by_any(enum report_by by)
{
	(void)by;
	return true;
}

static bool by_thread(enum report_by by)
{
	return by == REPORT_BY_THREAD;
}

static bool by_cpu(enum report_by by)
{
	return by == REPORT_BY_CPU;
}

static bool by_task(enum report_by by)
{
	return by == REPORT_BY_PROCESS || by == REPORT_BY_THREAD;
}

static const struct column columns[] = {
	{ "SELF", SCOLS_FL_RIGHT, by_any, self_share },
	{ "SAMPLES", SCOLS_FL_RIGHT, by_any, self_count },
	{ "TOTAL", SCOLS_FL_RIGHT, has_total, total_share },
	{ "SAMPLES", SCOLS_FL_RIGHT, has_total, total_count },
	{ "LATE", SCOLS_FL_RIGHT, by_cpu, late_share },
	{ "LOST", SCOLS_FL_RIGHT, by_cpu, lost_count },
	{ "CPU", SCOLS_FL_RIGHT, by_cpu, row_id },
	{ "PID", SCOLS_FL_RIGHT, by_task, row_pid },
	{ "TID", SCOLS_FL_RIGHT, by_thread, row_id },
};

static const char *row_color(const struct row *row)
{
	if (row->flags & FUNCTION_LOST)
		return "red";
	if (row->flags & FUNCTION_LATE)
		return "yellow";
	return row->flags & FUNCTION_KERNEL ? "cyan" : NULL;
}

static int fill_line(struct libscols_line *line, const struct row *row, enum report_by by,
		     uint64_t whole)
{
	size_t i, n = 0;
	int err = 0;

	for (i = 0; !err && i < sizeof(columns) / sizeof(*columns); i++)
		if (columns[i].shown(by))
			err = scols_line_set_data(line, n++, columns[i].text(row, whole).text);
	if (!err && by != REPORT_BY_CPU)
		err = scols_line_set_data(line, n++, row->name);
	if (!err && by == REPORT_BY_FUNCTION)
		err = scols_line_set_data(line, n++, row->module ? path_name(row->module) : "");
	if (!err && row_color(row))
		err = scols_line_set_color(line, row_color(row));
	return err;
}

static int fill_table(struct libscols_table *table, const struct rows *rows, uint32_t limit,
		      enum report_by by)
{
	static const char *const titles[] = {
		[REPORT_BY_FUNCTION] = "FUNCTION",
		[REPORT_BY_MODULE] = "MODULE",
		[REPORT_BY_PROCESS] = "PROCESS",
		[REPORT_BY_THREAD] = "THREAD",
	};
	struct libscols_line *line;
	uint32_t i;
	int err = 0;

	for (i = 0; i < sizeof(columns) / sizeof(*columns); i++)
		if (columns[i].shown(by) &&
		    !scols_table_new_column(table, columns[i].name, 0, columns[i].flags))
			return -ENOMEM;
	if (by != REPORT_BY_CPU &&
	    !scols_table_new_column(table, titles[by], 0.5, SCOLS_FL_TRUNC))
		return -ENOMEM;
	if (by == REPORT_BY_FUNCTION &&
	    !scols_table_new_column(table, "MODULE", 0.2, SCOLS_FL_TRUNC))
		return -ENOMEM;
	for (i = 0; !err && i < limit; i++) {
		line = scols_table_new_line(table, NULL);
		if (!line)
			return -ENOMEM;
		err = fill_line(line, &rows->list[i], by, rows->whole);
	}
	return err;
}

static int print_table(const struct rows *rows, FILE *file, const struct report_options *options,
		       uint32_t limit)
{
	struct libscols_table *table = scols_new_table();
	int err;

	if (!table)
		return -ENOMEM;
	scols_table_set_stream(table, file);
	scols_table_enable_colors(table, options->color);
	err = fill_table(table, rows, limit, options->by);
	if (!err)
		err = scols_print_table(table);
	scols_unref_table(table);
	if (!err && limit < rows->nr)
		fprintf(file, "... and %u more (--limit 0 prints all)\n", rows->nr - limit);
	return err;
}

static void json_row(struct output *out, const struct row *row, enum report_by by)
{
	output__string(out, "\n    {");
	if (by == REPORT_BY_CPU) {
		json_field(out, "cpu", row->id);
		output__char(out, ',');
		json_field(out, "lost", row->lost);
		output__char(out, ',');
		json_field(out, "late_periods", row->late);
	} else {
		output__string(out, "\"name\":");
		output__json(out, row->name);
	}
	if (by_task(by) && is_task(row)) {
		output__char(out, ',');
		json_field(out, "pid", row->pid);
		if (by == REPORT_BY_THREAD) {
			output__char(out, ',');
			json_field(out, "tid", row->id);
		}
	}
	if (by == REPORT_BY_FUNCTION && row->module) {
		output__string(out, ",\"module\":");
		output__json(out, row->module);
	}
	if (has_total(by))
		output__string(out, row->flags & FUNCTION_KERNEL ? ",\"kernel\":true" :
								   ",\"kernel\":false");
	output__char(out, ',');
	json_weight(out, "self", &row->self);
	if (has_total(by)) {
		output__char(out, ',');
		json_weight(out, "total", &row->total);
	}
	output__char(out, '}');
}

static int print_json(const struct rows *rows, const struct summary *summary,
		      const struct profile *profile, FILE *file,
		      const struct report_options *options, uint32_t limit)
{
	struct output out;
	uint32_t i;

	output__init(&out, file);
	output__string(&out, "{\n");
	json_summary(summary, profile, options->origin, &out);
	output__printf(&out, "  \"by\":\"%s\",\n  \"rows\":[", by_name[options->by]);
	for (i = 0; i < limit; i++) {
		if (i)
			output__char(&out, ',');
		json_row(&out, &rows->list[i], options->by);
	}
	output__string(&out, "\n  ]\n}\n");
	return output__finish(&out);
}

/**
 * view__report - print a table
 * @profile: the profile, after symbolization
 * @file: where to print it
 * @options: how
 *
 * Return: 0 or a negative errno.
 */
int view__report(const struct profile *profile, FILE *file, const struct report_options *options)
{
	struct functions functions;
	struct summary summary;
	struct rows rows = { 0 };
	uint32_t limit;
	int err;

	err = summary__init(&summary, profile);
	if (err)
		return err;
	err = functions__init(&functions, profile, false);
	if (err)
		goto out_summary;
	rows.whole = weight__whole(profile).periods;
	if (has_total(options->by))
		err = rows__count_functions(&rows, &functions, profile,
					    options->by == REPORT_BY_MODULE);
	else
		err = rows__take_tasks(&rows, profile, options->by);
	if (err)
		goto out_rows;
	rows__sort(&rows, options->sort);
	limit = options->limit && options->limit < rows.nr ? options->limit : rows.nr;
	if (options->json) {
		err = print_json(&rows, &summary, profile, file, options, limit);
	} else {
		print_summary(&summary, options->origin, file);
		err = print_table(&rows, file, options, limit);
	}
out_rows:
	free(rows.list);
	functions__exit(&functions);
out_summary:
	summary__exit(&summary);
	return err;
}
