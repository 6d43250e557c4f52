// SPDX-License-Identifier: GPL-2.0
/*
 * All of a profile as JSON. The format is described in profbuf-export(1); it may gain members, and
 * its version changes when what is there changes its meaning.
 */
#include <errno.h>
#include <stdlib.h>

#include "export.h"
#include "output.h"
#include "print.h"
#include "profile/limits.h"
#include "stacktree.h"
#include "summary.h"
#include "util/array.h"

#define NONE UINT32_MAX
#define VERSION 1

struct module {
	const struct symbol_module *symbol;
	bool unnamed; /* a frame of it has no name */
};

/* Numbers of the tables that others refer to. */
struct tables {
	struct index index;
	struct module *modules;
	uint32_t nr_modules, max_modules;
	uint32_t *first_frame; /* by location */
};

static uint32_t find_module(const struct tables *tables, const struct symbol_module *module)
{
	uint32_t cursor, i;

	index_for_each_candidate(&tables->index, hash_pair((uintptr_t)module, 0), cursor, i)
		if (tables->modules[i].symbol == module)
			return i;
	return NONE;
}

static int add_module(struct tables *tables, const struct symbol_location *symbol)
{
	const struct symbol_module *module = symbol->module;
	uint32_t i = find_module(tables, module);

	if (i != NONE) {
		tables->modules[i].unnamed |= !symbol->nframes;
		return 0;
	}
	i = tables->nr_modules;
	if (array__reserve(&tables->modules, i, &tables->max_modules, sizeof(*tables->modules)) ||
	    index__insert(&tables->index, hash_pair((uintptr_t)module, 0), i))
		return -ENOMEM;
	tables->modules[tables->nr_modules++] = (struct module){
		.symbol = module,
		.unnamed = !symbol->nframes,
	};
	return 0;
}

/* An address without a name is a frame as well. */
static uint32_t nr_frames(const struct symbol_location *symbol)
{
	return symbol->nframes ? symbol->nframes : 1;
}

static int tables__init(struct tables *tables, const struct profile *profile)
{
	uint32_t n = profile__nr_locations(profile);
	uint32_t frames = 0;
	uint32_t i;

	*tables = (struct tables){ 0 };
	tables->first_frame = malloc((n + 1UL) * sizeof(*tables->first_frame));
	if (!tables->first_frame)
		return -ENOMEM;
	for (i = 0; i < n; i++) {
		const struct symbol_location *symbol = profile__location(profile, i)->symbol;

		tables->first_frame[i] = frames;
		frames += nr_frames(symbol);
		if (add_module(tables, symbol))
			return -ENOMEM;
	}
	return 0;
}

static void tables__exit(struct tables *tables)
{
	index__free(&tables->index);
	free(tables->modules);
	free(tables->first_frame);
}

/* A member of an object; the first one follows a '{'. */
static void key(struct output *out, bool first, const char *name)
{
	if (!first)
		output__char(out, ',');
	output__char(out, '"');
	output__string(out, name);
	output__string(out, "\":");
}

static void number(struct output *out, bool first, const char *name, uint64_t value)
{
	key(out, first, name);
	output__number(out, value);
}

static void string(struct output *out, bool first, const char *name, const char *value)
{
	key(out, first, name);
	if (value)
		output__json(out, value);
	else
		output__string(out, "null");
}

static void weight(struct output *out, bool first, const struct profile_weight *w)
{
	number(out, first, "samples", w->samples);
	number(out, false, "periods", w->periods);
	number(out, false, "cpu_ns", w->nanoseconds);
}

static void late(struct output *out, const struct profile_weight *w)
{
	if (!w->periods)
		return;
	number(out, false, "late_periods", w->periods);
	number(out, false, "late_ns", w->nanoseconds);
}

/* Begins element @i of an array, one a line. */
static void element(struct output *out, uint32_t i)
{
	output__string(out, i ? ",\n{" : "\n{");
}

static void comm(struct output *out, const char *name)
{
	char text[PROFILE_COMM_SIZE + 1];

	snprintf(text, sizeof(text), "%.*s", PROFILE_COMM_SIZE, name);
	string(out, false, "comm", text);
}

static void write_totals(struct output *out, const struct summary *summary,
			 const struct profile_limits *limits)
{
	const struct profile_totals *totals = summary->totals;

	output__string(out, "\"totals\":{");
	weight(out, true, &totals->weight);
	number(out, false, "late_user_periods", totals->late_user.periods);
	number(out, false, "late_user_ns", totals->late_user.nanoseconds);
	number(out, false, "late_kernel_periods", totals->late_kernel.periods);
	number(out, false, "late_kernel_ns", totals->late_kernel.nanoseconds);
	number(out, false, "stolen_periods", totals->stolen.periods);
	number(out, false, "stolen_ns", totals->stolen.nanoseconds);
	number(out, false, "slowed_periods", totals->slowed);
	number(out, false, "limited_times", limits->times);
	number(out, false, "limited_ns", limits->ns);
	number(out, false, "lost", totals->lost);
	number(out, false, "losses", totals->losses);
	number(out, false, "missing", totals->missing);
	number(out, false, "filtered", totals->filtered);
	number(out, false, "rooted", totals->ends[PROFBUF_END_ROOT]);
	number(out, false, "root_unknown", totals->ends[PROFILE_END_UNTOLD]);
	number(out, false, "truncated", totals->truncated);
	number(out, false, "kernel_incomplete", totals->kernel_incomplete);
	number(out, false, "user_incomplete", totals->user_incomplete);
	number(out, false, "timed_out", totals->timed_out);
	output__char(out, ',');
	json_ends(out, summary);
	number(out, false, "frames", summary->frames);
	number(out, false, "named_frames", summary->named);
	if (totals->weight.samples) {
		number(out, false, "first_ns", totals->first);
		number(out, false, "last_ns", totals->last);
	}
	output__char(out, '}');
}

static void write_cpus(struct output *out, const struct profile *profile)
{
	uint32_t n = profile__nr_cpus(profile);
	uint32_t i;

	output__string(out, "\"cpus\":[");
	for (i = 0; i < n; i++) {
		const struct profile_cpu *cpu = profile__cpu(profile, i);

		element(out, i);
		number(out, true, "cpu", cpu->cpu);
		weight(out, false, &cpu->weight);
		late(out, &cpu->late);
		number(out, false, "lost", cpu->lost);
		number(out, false, "losses", cpu->losses);
		number(out, false, "missing", cpu->missing);
		if (cpu->losses) {
			number(out, false, "first_loss_ns", cpu->first_loss);
			number(out, false, "last_loss_ns", cpu->last_loss);
		}
		output__char(out, '}');
	}
	output__char(out, ']');
}

static void write_tasks(struct output *out, const struct profile *profile)
{
	uint32_t n = profile__nr_processes(profile);
	uint32_t i;

	output__string(out, "\"processes\":[");
	for (i = 0; i < n; i++) {
		const struct profile_process *process = profile__process(profile, i);

		element(out, i);
		number(out, true, "pid", process->pid);
		number(out, false, "generation", process->program);
		comm(out, process->comm);
		weight(out, false, &process->weight);
		late(out, &process->late);
		output__char(out, '}');
	}
	output__string(out, "],\n\"threads\":[");
	n = profile__nr_threads(profile);
	for (i = 0; i < n; i++) {
		const struct profile_thread *thread = profile__thread(profile, i);

		element(out, i);
		number(out, true, "process", thread->process);
		number(out, false, "tid", thread->tid);
		comm(out, thread->comm);
		weight(out, false, &thread->weight);
		late(out, &thread->late);
		output__char(out, '}');
	}
	output__char(out, ']');
}

static void write_modules(struct output *out, const struct tables *tables)
{
	uint32_t i;

	output__string(out, "\"modules\":[");
	for (i = 0; i < tables->nr_modules; i++) {
		const struct symbol_module *module = tables->modules[i].symbol;
		bool unnamed = tables->modules[i].unnamed;

		element(out, i);
		string(out, true, "path", module->path);
		string(out, false, "build_id", module->build_id);
		key(out, false, "kernel");
		output__string(out, module->kernel ? "true" : "false");
		string(out, false, "reason", unnamed ? module->reason : NULL);
		string(out, false, "advice", unnamed ? module->advice : NULL);
		output__char(out, '}');
	}
	output__char(out, ']');
}

static void write_frame(struct output *out, const struct tables *tables,
			const struct profile_location *location, uint32_t n)
{
	const struct symbol_location *symbol = location->symbol;
	const struct symbol_frame *frame = n < symbol->nframes ? &symbol->frames[n] : NULL;

	string(out, true, "name", frame ? frame->name : NULL);
	if (frame && frame->system_name != frame->name)
		string(out, false, "system_name", frame->system_name);
	number(out, false, "module", find_module(tables, symbol->module));
	if (!location->late) {
		output__string(out, ",\"address\":\"0x");
		output__hex(out, location->address);
		output__char(out, '"');
	}
	if (frame && frame->file) {
		string(out, false, "file", frame->file);
		if (frame->line)
			number(out, false, "line", frame->line);
	}
	if (frame && frame->inlined)
		output__string(out, ",\"inlined\":true");
	if (location->kernel)
		output__string(out, ",\"kernel\":true");
}

static void write_frames(struct output *out, const struct tables *tables,
			 const struct profile *profile)
{
	uint32_t n = profile__nr_locations(profile);
	uint32_t i, k, count = 0;

	output__string(out, "\"frames\":[");
	for (i = 0; i < n; i++) {
		const struct profile_location *location = profile__location(profile, i);

		for (k = 0; k < nr_frames(location->symbol); k++) {
			element(out, count++);
			write_frame(out, tables, location, k);
			output__char(out, '}');
		}
	}
	output__char(out, ']');
}

static void write_stack(struct output *out, const struct tables *tables,
			const struct profile *profile, const struct profile_stack *stack)
{
	bool first = true;
	uint32_t i, k;

	number(out, true, "process", stack->process);
	if (stack->thread != NONE)
		number(out, false, "thread", stack->thread);
	string(out, false, "mode", mode_label(stack->mode));
	weight(out, false, &stack->weight);
	late(out, &stack->late);
	if (stack->flags & PROFILE_STACK_TRUNCATED)
		output__string(out, ",\"truncated\":true");
	if (stack->flags & PROFILE_STACK_KERNEL_INCOMPLETE)
		output__string(out, ",\"kernel_incomplete\":true");
	if (stack->flags & PROFILE_STACK_USER_INCOMPLETE)
		output__string(out, ",\"user_incomplete\":true");
	if (stack->flags & PROFILE_STACK_TIMED_OUT)
		output__string(out, ",\"timed_out\":true");
	if (end_text(stack->end)->reason)
		string(out, false, "incomplete", end_text(end_reason(profile, stack))->name);
	key(out, false, "frames");
	output__char(out, '[');
	for (i = 0; i < stack->nlocations; i++) {
		uint32_t location = stack->locations[i];
		uint32_t n = nr_frames(profile__location(profile, location)->symbol);

		for (k = 0; k < n; k++) {
			if (!first)
				output__char(out, ',');
			first = false;
			output__number(out, tables->first_frame[location] + k);
		}
	}
	output__char(out, ']');
}

static void write_stacks(struct output *out, const struct tables *tables,
			 const struct profile *profile)
{
	uint32_t n = profile__nr_stacks(profile);
	uint32_t i;

	output__string(out, "\"stacks\":[");
	for (i = 0; i < n; i++) {
		element(out, i);
		write_stack(out, tables, profile, profile__stack(profile, i));
		output__char(out, '}');
	}
	output__char(out, ']');
}

static void write_file(struct output *out, const struct profile *profile,
		       const struct tables *tables, const struct summary *summary,
		       const struct export_opts *opts)
{
	const struct profbuf_info *info = profile__info(profile);

	output__char(out, '{');
	number(out, true, "version", VERSION);
	string(out, false, "generator", "profbuf " PROFBUF_RELEASE);
	string(out, false, "origin", opts ? opts->origin : NULL);
	if (info) {
		number(out, false, "period_ns", info->period_ns);
		number(out, false, "monotonic_ns", info->monotonic_ns);
		number(out, false, "realtime_ns", info->realtime_ns);
	}
	output__string(out, ",\n");
	write_totals(out, summary, profile__limits(profile));
	output__string(out, ",\n");
	json_limits(profile, out);
	output__string(out, ",\n");
	write_cpus(out, profile);
	output__string(out, ",\n");
	write_tasks(out, profile);
	output__string(out, ",\n");
	write_modules(out, tables);
	output__string(out, ",\n");
	write_frames(out, tables, profile);
	output__string(out, ",\n");
	write_stacks(out, tables, profile);
	output__string(out, "}\n");
}

/**
 * json__write - export all of a profile as JSON
 * @profile: after symbolization
 * @file: where to
 * @opts: what else to say, or NULL
 *
 * Return: 0 or a negative errno.
 */
int json__write(const struct profile *profile, FILE *file, const struct export_opts *opts)
{
	struct summary summary;
	struct tables tables;
	struct output out;
	int err;

	err = summary__init(&summary, profile);
	if (err)
		return err;
	err = tables__init(&tables, profile);
	if (!err) {
		output__init(&out, file);
		write_file(&out, profile, &tables, &summary, opts);
		err = output__finish(&out);
	}
	tables__exit(&tables);
	summary__exit(&summary);
	return err;
}
