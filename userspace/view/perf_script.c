// SPDX-License-Identifier: GPL-2.0
#include "perf_script.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "output.h"
#include "profile/arena.h"
#include "profile/index.h"
#include "summary.h"

#define EVENT "cpu-clock"

/* Addresses that were met together, and the text that they become, made once. */
struct stack {
	uint32_t symbol_pid;
	uint32_t depth;
	uint32_t kernel_frames;
	const uint64_t *words;
	char *text;
	size_t text_size;
};

/* A sample, or a loss if it has no stack. */
struct entry {
	uint64_t time;
	uint64_t weight; /* nanoseconds, or samples lost */
	struct stack *stack;
	uint32_t cpu;
	uint32_t pid;
	uint32_t tid;
	char comm[16];
};

struct perf_script {
	struct entry *entries;
	size_t nr_entries, max_entries;
	struct stack **stacks;
	uint32_t nr_stacks, max_stacks;
	struct index index;
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
	for (i = 0; i < script->nr_stacks; i++)
		free(script->stacks[i]->text);
	free(script->entries);
	free(script->stacks);
	index__free(&script->index);
	arena__free(&script->arena);
	free(script);
}

static bool same_stack(const struct stack *stack, uint32_t symbol_pid,
		       const struct profbuf_record *record)
{
	return stack->symbol_pid == symbol_pid && stack->depth == record->depth &&
	       stack->kernel_frames == record->kernel_frames &&
	       !memcmp(stack->words, record->stack, record->depth * sizeof(*stack->words));
}

static struct stack *get_stack(struct perf_script *script, uint32_t symbol_pid,
			       const struct profbuf_record *record)
{
	size_t size = record->depth * sizeof(*record->stack);
	uint64_t hash = (uint64_t)symbol_pid << 32 | record->kernel_frames;
	uint32_t cursor, i;
	struct stack *stack;
	uint64_t *words;

	for (i = 0; i < record->depth; i++)
		hash = hash_fold(hash ^ record->stack[i], HASH_ODD1);
	index_for_each_candidate(&script->index, (uint32_t)hash, cursor, i)
		if (same_stack(script->stacks[i], symbol_pid, record))
			return script->stacks[i];

	if (script->nr_stacks == script->max_stacks) {
		uint32_t max = script->max_stacks ? script->max_stacks * 2 : 1024;
		void *stacks = realloc(script->stacks, max * sizeof(*script->stacks));

		if (!stacks)
			return NULL;
		script->stacks = stacks;
		script->max_stacks = max;
	}
	stack = arena__alloc(&script->arena, sizeof(*stack));
	words = arena__alloc(&script->arena, size);
	if (!stack || !words || index__insert(&script->index, hash, script->nr_stacks))
		return NULL;
	memcpy(words, record->stack, size);
	*stack = (struct stack){
		.symbol_pid = symbol_pid,
		.depth = record->depth,
		.kernel_frames = record->kernel_frames,
		.words = words,
	};
	return script->stacks[script->nr_stacks++] = stack;
}

static struct entry *new_entry(struct perf_script *script)
{
	if (script->nr_entries == script->max_entries) {
		size_t max = script->max_entries ? script->max_entries * 2 : 4096;
		void *entries = realloc(script->entries, max * sizeof(*script->entries));

		if (!entries)
			return NULL;
		script->entries = entries;
		script->max_entries = max;
	}
	return &script->entries[script->nr_entries++];
}

/**
 * perf_script__add - add a sample
 * @script: the script
 * @record: the sample
 * @symbol_pid: what to tell the resolver for its process
 *
 * Return: 0 or a negative errno.
 */
int perf_script__add(struct perf_script *script, const struct profbuf_record *record,
		     uint32_t symbol_pid)
{
	struct stack *stack = get_stack(script, symbol_pid, record);
	struct entry *entry = stack ? new_entry(script) : NULL;

	if (!entry)
		return -ENOMEM;
	*entry = (struct entry){
		.time = record->time,
		.weight = record->count * record->period,
		.stack = stack,
		.cpu = record->cpu,
		.pid = record->pid,
		.tid = record->tid,
	};
	memcpy(entry->comm, record->comm, sizeof(entry->comm));
	return 0;
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
	struct entry *entry = new_entry(script);

	if (!entry)
		return -ENOMEM;
	*entry = (struct entry){ .time = loss->time, .weight = loss->lost, .cpu = loss->cpu };
	return 0;
}

static int by_time(const void *left, const void *right)
{
	const struct entry *a = left, *b = right;

	if (a->time != b->time)
		return a->time < b->time ? -1 : 1;
	return (a->cpu > b->cpu) - (a->cpu < b->cpu);
}

static void write_time(struct output *out, const struct entry *entry)
{
	uint64_t us = entry->time / 1000;

	output__printf(out, "[%03" PRIu32 "] %" PRIu64 ".%06" PRIu64, entry->cpu, us / 1000000,
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

static int make_text(struct stack *stack, perf_script_resolve_fn resolve, void *context)
{
	struct output out;
	FILE *file;
	uint32_t n;
	int err = 0;

	file = open_memstream(&stack->text, &stack->text_size);
	if (!file)
		return -ENOMEM;
	output__init(&out, file);
	for (n = 0; n < stack->depth; n++) {
		const struct symbol_location *location;

		location = resolve(context, n < stack->kernel_frames ? 0 : stack->symbol_pid,
				   stack->words[n], !n || n == stack->kernel_frames);
		if (!location) {
			err = -ENOMEM;
			break;
		}
		write_location(&out, location);
	}
	output__char(&out, '\n');
	if (!err)
		err = output__finish(&out);
	if (fclose(file) && !err)
		err = -ENOMEM;
	return err;
}

static int write_sample(struct output *out, const struct entry *entry,
			perf_script_resolve_fn resolve, void *context)
{
	struct stack *stack = entry->stack;
	int err;

	if (!stack->text) {
		err = make_text(stack, resolve, context);
		if (err)
			return err;
	}
	if (entry->comm[0])
		output__utf8(out, entry->comm);
	else
		output__printf(out, ":%u", entry->tid);
	/* Readers want two characters at least in front of the last blank. */
	output__printf(out, "%s %u/%u ", entry->comm[0] && !entry->comm[1] ? " " : "", entry->pid,
		       entry->tid);
	write_time(out, entry);
	output__printf(out, ": %" PRIu64 " " EVENT ":%c\n", entry->weight, ' ');
	output__bytes(out, stack->text, stack->text_size);
	return 0;
}

/* Lines with # are for people; no reader takes them for a sample. */
static void write_loss(struct output *out, const struct entry *entry)
{
	output__string(out, "# ");
	write_time(out, entry);
	output__printf(out, ": lost %" PRIu64 " samples\n\n", entry->weight);
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
	struct output out;
	size_t i;
	int err;

	if (script->nr_entries)
		qsort(script->entries, script->nr_entries, sizeof(*script->entries), by_time);
	output__init(&out, file);
	err = write_summary(&out, profile, origin);
	for (i = 0; !err && !out.error && i < script->nr_entries; i++) {
		const struct entry *entry = &script->entries[i];

		if (entry->stack)
			err = write_sample(&out, entry, resolve, context);
		else
			write_loss(&out, entry);
	}
	return err ? err : output__finish(&out);
}
