// SPDX-License-Identifier: GPL-2.0
#include "perf_script.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "output.h"
#include "profile/late.h"
#include "summary.h"
#include "timeline.h"
#include "util/arena.h"
#include "util/array.h"
#include "util/index.h"

#define EVENT "cpu-clock"

/* The stacks of a loss, and of a late timer. */
#define NO_STACK UINT32_MAX
#define LATE_STACK (UINT32_MAX - 1)

/* Addresses that were met together. Once they have names they are numbers of lines. */
struct stack {
	uint64_t owner;
	uint32_t depth;
	uint32_t kernel_frames;
	bool named;
	uint64_t *words;
};

/* What an address becomes: one line, and more for inlined functions. */
struct line {
	const struct symbol_location *location;
	char *text;
	size_t size;
};

struct thread {
	uint32_t pid;
	uint32_t tid;
	char comm[16];
};

struct perf_script {
	struct timeline timeline;
	struct stack **stacks;
	uint32_t nr_stacks, max_stacks;
	struct index stack_index;
	struct thread *threads;
	uint32_t nr_threads, max_threads;
	struct index thread_index;
	struct line *lines;
	uint32_t nr_lines, max_lines;
	struct index line_index;
	struct arena arena;
};

struct perf_script *perf_script__new(void)
{
	return calloc(1, sizeof(struct perf_script));
}

void perf_script__delete(struct perf_script *script)
{
	uint32_t i;

	if (!script)
		return;
	for (i = 0; i < script->nr_lines; i++)
		free(script->lines[i].text);
	timeline__free(&script->timeline);
	free(script->stacks);
	free(script->threads);
	free(script->lines);
	index__free(&script->stack_index);
	index__free(&script->thread_index);
	index__free(&script->line_index);
	arena__free(&script->arena);
	free(script);
}

static bool same_stack(const struct stack *stack, uint64_t owner,
		       const struct profbuf_record *record)
{
	return stack->owner == owner && stack->depth == record->depth &&
	       stack->kernel_frames == record->kernel_frames &&
	       !memcmp(stack->words, record->stack, record->depth * sizeof(*stack->words));
}

/* The number of the stack, or NO_STACK. */
static uint32_t get_stack(struct perf_script *script, uint64_t owner,
			  const struct profbuf_record *record)
{
	size_t size = record->depth * sizeof(*record->stack);
	uint64_t hash = hash_fold(owner ^ record->kernel_frames, HASH_ODD2);
	struct stack *stack;
	uint32_t cursor, i;
	uint64_t *words;

	for (i = 0; i < record->depth; i++)
		hash = hash_fold(hash ^ record->stack[i], HASH_ODD1);
	index_for_each_candidate(&script->stack_index, (uint32_t)hash, cursor, i)
		if (same_stack(script->stacks[i], owner, record))
			return i;

	if (array__reserve(&script->stacks, script->nr_stacks, &script->max_stacks,
			   sizeof(*script->stacks)))
		return NO_STACK;
	stack = arena__alloc(&script->arena, sizeof(*stack));
	words = arena__alloc(&script->arena, size);
	if (!stack || !words || index__insert(&script->stack_index, hash, script->nr_stacks))
		return NO_STACK;
	memcpy(words, record->stack, size);
	*stack = (struct stack){
		.owner = owner,
		.depth = record->depth,
		.kernel_frames = record->kernel_frames,
		.words = words,
	};
	script->stacks[script->nr_stacks] = stack;
	return script->nr_stacks++;
}

static uint32_t hash_thread(const struct thread *thread)
{
	uint64_t comm[2];

	memcpy(comm, thread->comm, sizeof(comm));
	return hash_pair(hash_fold((uint64_t)thread->pid << 32 | thread->tid, HASH_ODD1) ^ comm[0],
			 comm[1]);
}

static int get_thread(struct perf_script *script, const struct profbuf_record *record,
		      uint32_t *number)
{
	struct thread thread = { .pid = record->pid, .tid = record->tid };
	uint32_t hash, cursor;

	memcpy(thread.comm, record->comm, sizeof(thread.comm));
	hash = hash_thread(&thread);
	index_for_each_candidate(&script->thread_index, hash, cursor, *number)
		if (!memcmp(&script->threads[*number], &thread, sizeof(thread)))
			return 0;

	if (array__reserve(&script->threads, script->nr_threads, &script->max_threads,
			   sizeof(*script->threads)) ||
	    index__insert(&script->thread_index, hash, script->nr_threads))
		return -ENOMEM;
	script->threads[script->nr_threads] = thread;
	*number = script->nr_threads++;
	return 0;
}

/**
 * perf_script__add - add a sample
 * @script: the script
 * @record: the sample
 * @owner: what to tell the resolver for its addresses
 *
 * If its timer came late over user code, that is one more with a stack of its own.
 *
 * Return: 0 or a negative errno.
 */
int perf_script__add(struct perf_script *script, const struct profbuf_record *record,
		     uint64_t owner)
{
	struct profile_parts parts = profile__split(record);
	struct timeline_event event = {
		.time = record->time,
		.weight = parts.own.nanoseconds,
		.stack = get_stack(script, owner, record),
	};
	int err;

	if (event.stack == NO_STACK || get_thread(script, record, &event.thread))
		return -ENOMEM;
	err = timeline__add(&script->timeline, record->cpu, &event);
	if (err || !parts.user || !parts.late.periods)
		return err;
	event.weight = parts.late.nanoseconds;
	event.stack = LATE_STACK;
	return timeline__add(&script->timeline, record->cpu, &event);
}

/**
 * perf_script__add_loss - add a loss
 * @script: the script
 * @loss: the loss
 *
 * Return: 0 or a negative errno.
 */
int perf_script__add_loss(struct perf_script *script, const struct profbuf_loss *loss)
{
	struct timeline_event event = {
		.time = loss->time,
		.weight = loss->lost,
		.stack = NO_STACK,
	};

	return timeline__add(&script->timeline, loss->cpu, &event);
}

static void write_time(struct output *out, uint32_t cpu, uint64_t time)
{
	uint64_t us = time / 1000;

	output__printf(out, "[%03" PRIu32 "] %" PRIu64 ".%06" PRIu64, cpu, us / 1000000,
		       us % 1000000);
}

/* Readers take a module for a word. */
static void write_module(struct output *out, const char *path)
{
	const char *p;

	for (p = path; *p;) {
		size_t length = utf8_length(p);

		if (!length)
			output__string(out, UTF8_REPLACEMENT);
		else if ((unsigned char)*p <= ' ')
			output__char(out, '_');
		else
			output__bytes(out, p, length);
		p += length ? length : 1;
	}
}

static void write_location(struct output *out, const struct symbol_location *location)
{
	uint32_t n;

	for (n = 0; n < location->nframes || !n; n++) {
		const struct symbol_frame *frame = location->nframes ? &location->frames[n] : NULL;

		output__char(out, '\t');
		output__hex(out, location->file_address);
		output__char(out, ' ');
		if (!frame || !frame->name || !frame->name[0]) {
			output__string(out, "[unknown]");
		} else {
			output__utf8(out, frame->name);
			if (!frame->inlined) {
				output__string(out, "+0x");
				output__hex(out, location->address - location->symbol_start);
			}
		}
		output__string(out, " (");
		if (frame && frame->inlined)
			output__string(out, "inlined");
		else
			write_module(out, location->module->path);
		output__string(out, ")\n");
	}
}

static int make_line(struct line *line, const struct symbol_location *location)
{
	struct output out;
	FILE *file;
	int err;

	*line = (struct line){ .location = location };
	file = open_memstream(&line->text, &line->size);
	if (!file)
		return -ENOMEM;
	output__init(&out, file);
	write_location(&out, location);
	err = output__finish(&out);
	if (fclose(file) && !err)
		err = -ENOMEM;
	if (err)
		free(line->text);
	return err;
}

static int get_line(struct perf_script *script, const struct symbol_location *location,
		    uint64_t *number)
{
	uint32_t hash = hash_pair((uintptr_t)location, 0);
	uint32_t cursor, i;
	int err;

	index_for_each_candidate(&script->line_index, hash, cursor, i) {
		if (script->lines[i].location == location) {
			*number = i;
			return 0;
		}
	}

	if (array__reserve(&script->lines, script->nr_lines, &script->max_lines,
			   sizeof(*script->lines)))
		return -ENOMEM;
	err = make_line(&script->lines[script->nr_lines], location);
	if (err)
		return err;
	*number = script->nr_lines++;
	return index__insert(&script->line_index, hash, *number);
}

static int name_stack(struct perf_script *script, struct stack *stack,
		      perf_script_resolve_fn resolve, void *context)
{
	uint32_t n;
	int err;

	for (n = 0; n < stack->depth; n++) {
		const struct symbol_location *location;

		location = resolve(context, n < stack->kernel_frames ? 0 : stack->owner,
				   stack->words[n], !n || n == stack->kernel_frames);
		if (!location)
			return -ENOMEM;
		err = get_line(script, location, &stack->words[n]);
		if (err)
			return err;
	}
	stack->named = true;
	return 0;
}

static void write_event(struct output *out, const struct perf_script *script, uint32_t cpu,
			const struct timeline_event *event)
{
	const struct thread *thread = &script->threads[event->thread];

	if (thread->comm[0])
		output__utf8(out, thread->comm);
	else
		output__printf(out, ":%u", thread->tid);
	/* Readers want two characters at least in front of the last blank. */
	output__printf(out, "%s %u/%u ", thread->comm[0] && !thread->comm[1] ? " " : "",
		       thread->pid, thread->tid);
	write_time(out, cpu, event->time);
	output__printf(out, ": %" PRIu64 " " EVENT ":%c\n", event->weight, ' ');
}

static int write_sample(struct output *out, struct perf_script *script, uint32_t cpu,
			const struct timeline_event *event, perf_script_resolve_fn resolve,
			void *context)
{
	struct stack *stack = script->stacks[event->stack];
	uint32_t n;
	int err;

	if (!stack->named) {
		err = name_stack(script, stack, resolve, context);
		if (err)
			return err;
	}
	write_event(out, script, cpu, event);
	for (n = 0; n < stack->depth; n++) {
		const struct line *line = &script->lines[stack->words[n]];

		output__bytes(out, line->text, line->size);
	}
	output__char(out, '\n');
	return 0;
}

/* It has no address, and readers would take another module in brackets for the kernel's. */
static void write_late(struct output *out, const struct perf_script *script, uint32_t cpu,
		       const struct timeline_event *event)
{
	write_event(out, script, cpu, event);
	output__string(out, "\t0 " PROFILE_LATE_TIMER " ([unknown])\n\n");
}

/* Lines with # are for people; no reader takes them for a sample. */
static void write_loss(struct output *out, uint32_t cpu, const struct timeline_event *event)
{
	output__string(out, "# ");
	write_time(out, cpu, event->time);
	output__printf(out, ": lost %" PRIu64 " samples\n\n", event->weight);
}

static void write_remark(struct output *out, const char *text)
{
	output__string(out, "# ");
	output__utf8(out, text);
	output__char(out, '\n');
}

static int write_summary(struct output *out, const struct profile *profile, const char *origin)
{
	struct summary summary;
	uint32_t i;
	int err;

	err = summary__init(&summary, profile);
	if (err)
		return err;
	if (origin)
		write_remark(out, origin);
	write_remark(out, summary.samples);
	write_remark(out, summary.losses);
	for (i = 0; i < summary.nr_remarks; i++)
		write_remark(out, summary.remarks[i]);
	write_remark(out, summary.completeness);
	for (i = 0; i < summary.nr_advice; i++)
		write_remark(out, summary.advice[i]);
	output__char(out, '\n');
	summary__exit(&summary);
	return 0;
}

/**
 * perf_script__write - print what perf script would
 * @script: the script; nothing can be added any more
 * @file: where to
 * @profile: of the same records, after symbolization
 * @origin: where and how it was recorded, as one line, or NULL
 * @resolve: gives addresses their names
 * @context: its first argument
 *
 * Return: 0 or a negative errno.
 */
int perf_script__write(struct perf_script *script, FILE *file, const struct profile *profile,
		       const char *origin, perf_script_resolve_fn resolve, void *context)
{
	const struct timeline_event *event;
	struct output out;
	uint32_t cpu;
	int err;

	err = timeline__begin(&script->timeline);
	if (err)
		return err;
	output__init(&out, file);
	err = write_summary(&out, profile, origin);
	while (!err && !out.error && (event = timeline__next(&script->timeline, &cpu))) {
		if (event->stack == NO_STACK)
			write_loss(&out, cpu, event);
		else if (event->stack == LATE_STACK)
			write_late(&out, script, cpu, event);
		else
			err = write_sample(&out, script, cpu, event, resolve, context);
	}
	return err ? err : output__finish(&out);
}
