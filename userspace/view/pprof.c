// SPDX-License-Identifier: GPL-2.0
/*
 * profile.proto of pprof. A profile is one message whose fields may come in any order and
 * need not be together: samples are written first, as they are met, and take note of the
 * locations that they use; then these, with the functions and mappings that they use, and so
 * on. No more than one sample is in memory.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "export.h"
#include "functions.h"
#include "gzip.h"
#include "protobuf.h"
#include "summary.h"
#include "util/array.h"
#include "weight.h"

#define NONE UINT32_MAX
#define PAGE 4096ULL

/* Names of profile.proto. */
enum profile_field {
	PROFILE_SAMPLE_TYPE = 1,
	PROFILE_SAMPLE = 2,
	PROFILE_MAPPING = 3,
	PROFILE_LOCATION = 4,
	PROFILE_FUNCTION = 5,
	PROFILE_STRING_TABLE = 6,
	PROFILE_TIME_NANOS = 9,
	PROFILE_DURATION_NANOS = 10,
	PROFILE_PERIOD_TYPE = 11,
	PROFILE_PERIOD = 12,
	PROFILE_COMMENT = 13,
};

enum value_type_field {
	VALUE_TYPE_TYPE = 1,
	VALUE_TYPE_UNIT = 2,
};

enum sample_field {
	SAMPLE_LOCATION_ID = 1,
	SAMPLE_VALUE = 2,
	SAMPLE_LABEL = 3,
};

enum label_field {
	LABEL_KEY = 1,
	LABEL_STR = 2,
};

enum mapping_field {
	MAPPING_ID = 1,
	MAPPING_START = 2,
	MAPPING_LIMIT = 3,
	MAPPING_OFFSET = 4,
	MAPPING_FILENAME = 5,
	MAPPING_BUILD_ID = 6,
	MAPPING_HAS_FUNCTIONS = 7,
	MAPPING_HAS_FILENAMES = 8,
	MAPPING_HAS_LINE_NUMBERS = 9,
	MAPPING_HAS_INLINE_FRAMES = 10,
};

enum location_field {
	LOCATION_ID = 1,
	LOCATION_MAPPING_ID = 2,
	LOCATION_ADDRESS = 3,
	LOCATION_LINE = 4,
};

enum line_field {
	LINE_FUNCTION_ID = 1,
	LINE_LINE = 2,
};

enum function_field {
	FUNCTION_ID = 1,
	FUNCTION_NAME = 2,
	FUNCTION_SYSTEM_NAME = 3,
	FUNCTION_FILENAME = 4,
};

/* The kernel, a module of it, or a part of a file that is mapped somewhere. */
struct mapping {
	const struct symbol_module *module;
	uint64_t start;
	uint64_t limit;
	uint64_t offset;
	bool unnamed; /* an address of it has no name */
};

/* Strings by their number in the string table. */
struct pprof_function {
	uint32_t name;
	uint32_t system_name;
	uint32_t file;
};

struct pprof_location {
	const struct profile_location *location;
	uint32_t mapping; /* NONE: in none */
};

/* An array that grows, and an index of what is in it. */
struct table {
	void *data;
	uint32_t nr, max;
	struct index index;
};

struct pprof {
	const struct profile *profile;
	struct gzip gzip;
	bool no_memory;
	struct table strings;	/* const char * */
	struct table mappings;	/* struct mapping */
	struct table locations;	/* struct pprof_location */
	struct table functions;	/* struct pprof_function */
	struct arena copies;	/* of strings that are not interned */
	uint32_t bare;		/* stacks without a location */
	uint32_t *location_id;	/* by location of the profile; 0: not used so far */
	struct buffer profile_field;
	struct buffer field;
	struct buffer packed;
	struct buffer part;
};

/* Locations that are no profile's come after all others: known when these are. */
static uint32_t lost_location(const struct pprof *pprof)
{
	return pprof->locations.nr + 1;
}

static uint32_t bare_location(const struct pprof *pprof)
{
	return pprof->locations.nr + 2;
}

/* The index of a new element, or NONE. */
static uint32_t append(struct pprof *pprof, struct table *table, const void *element, size_t size,
		       uint32_t hash)
{
	uint32_t i = table->nr;

	if (array__reserve(&table->data, i, &table->max, size) ||
	    index__insert(&table->index, hash, i)) {
		pprof->no_memory = true;
		return NONE;
	}
	memcpy((char *)table->data + i * size, element, size);
	table->nr++;
	return i;
}

/* The string must stay. */
static uint32_t string_id(struct pprof *pprof, const char *string)
{
	uint32_t hash = hash_string(string);
	uint32_t cursor, i;

	index_for_each_candidate(&pprof->strings.index, hash, cursor, i)
		if (!strcmp(((const char **)pprof->strings.data)[i], string))
			return i;
	return append(pprof, &pprof->strings, &string, sizeof(string), hash);
}

static uint32_t copied_string_id(struct pprof *pprof, const char *string)
{
	uint32_t nr = pprof->strings.nr;
	uint32_t id = string_id(pprof, string);
	size_t size = strlen(string) + 1;
	char *copy;

	if (id == NONE || id < nr)
		return id;
	copy = arena__alloc(&pprof->copies, size);
	if (!copy) {
		/* So that nobody looks at what is gone. */
		((const char **)pprof->strings.data)[id] = "";
		pprof->no_memory = true;
		return NONE;
	}
	((const char **)pprof->strings.data)[id] = memcpy(copy, string, size);
	return id;
}

static void clear(struct buffer *buffer)
{
	buffer->size = 0;
}

/* Write the message of pprof->field as a field of the profile. */
static void write_field(struct pprof *pprof, unsigned int number)
{
	clear(&pprof->profile_field);
	protobuf__bytes(&pprof->profile_field, number, &pprof->field);
	clear(&pprof->field);
	if (pprof->profile_field.failed) {
		pprof->no_memory = true;
		return;
	}
	gzip__write(&pprof->gzip, pprof->profile_field.data, pprof->profile_field.size);
}

static void write_number(struct pprof *pprof, unsigned int number, uint64_t value)
{
	clear(&pprof->profile_field);
	protobuf__number(&pprof->profile_field, number, value);
	gzip__write(&pprof->gzip, pprof->profile_field.data, pprof->profile_field.size);
}

static void write_value_type(struct pprof *pprof, unsigned int number, const char *type,
			     const char *unit)
{
	protobuf__number(&pprof->field, VALUE_TYPE_TYPE, string_id(pprof, type));
	protobuf__number(&pprof->field, VALUE_TYPE_UNIT, string_id(pprof, unit));
	write_field(pprof, number);
}

static bool same_range(const struct mapping *a, const struct mapping *b)
{
	return a->start == b->start && a->limit == b->limit && a->offset == b->offset;
}

static uint32_t mapping_index(struct pprof *pprof, const struct profile_location *location)
{
	const struct symbol_location *symbol = location->symbol;
	struct mapping new = { .module = symbol->module };
	struct mapping *mapping;
	uint32_t cursor, hash, i;

	if (symbol->mapping) {
		new.start = symbol->mapping->start;
		new.limit = symbol->mapping->end;
		new.offset = symbol->mapping->offset;
	} else if (!location->kernel) {
		return NONE;
	}
	/* Processes that were forked from each other have the same mappings. */
	hash = hash_pair((uintptr_t)new.module ^ new.offset, new.start);
	index_for_each_candidate(&pprof->mappings.index, hash, cursor, i) {
		mapping = &((struct mapping *)pprof->mappings.data)[i];
		if (mapping->module == new.module &&
		    (location->kernel || same_range(mapping, &new)))
			return i;
	}
	return append(pprof, &pprof->mappings, &new, sizeof(new), hash);
}

/* What pprof looks up: a return address belongs to the call before it. */
static uint64_t pprof_address(const struct profile_location *location)
{
	return location->address - (location->exact ? 0 : 1);
}

static uint32_t location_id(struct pprof *pprof, uint32_t index)
{
	const struct profile_location *location = profile__location(pprof->profile, index);
	struct pprof_location new = { .location = location };
	struct mapping *mapping;
	uint32_t cursor, hash, i;

	if (pprof->location_id[index])
		return pprof->location_id[index];

	new.mapping = mapping_index(pprof, location);
	hash = hash_pair(pprof_address(location), new.mapping);
	if (new.mapping != NONE) {
		index_for_each_candidate(&pprof->locations.index, hash, cursor, i) {
			struct pprof_location *l;

			l = &((struct pprof_location *)pprof->locations.data)[i];
			if (l->mapping == new.mapping &&
			    pprof_address(l->location) == pprof_address(location))
				return pprof->location_id[index] = i + 1;
		}
		mapping = &((struct mapping *)pprof->mappings.data)[new.mapping];
		mapping->unnamed |= !location->symbol->nframes;
		if (location->kernel && !location->symbol->mapping) {
			uint64_t page = location->address & ~(PAGE - 1);

			if (!mapping->limit || page < mapping->start)
				mapping->start = page;
			if (page + PAGE > mapping->limit)
				mapping->limit = page + PAGE;
		}
	}
	i = append(pprof, &pprof->locations, &new, sizeof(new), hash);
	return pprof->location_id[index] = i + 1;
}

static bool same_function(const struct pprof_function *a, const struct pprof_function *b)
{
	return a->name == b->name && a->system_name == b->system_name && a->file == b->file;
}

static uint32_t function_id(struct pprof *pprof, const char *name, const char *system_name,
			    const char *file)
{
	struct pprof_function new = {
		.name = copied_string_id(pprof, name),
		.system_name = copied_string_id(pprof, system_name),
		.file = string_id(pprof, file),
	};
	uint32_t hash = hash_pair((uint64_t)new.name << 32 | new.system_name, new.file);
	uint32_t cursor, i;

	index_for_each_candidate(&pprof->functions.index, hash, cursor, i)
		if (same_function(&((struct pprof_function *)pprof->functions.data)[i], &new))
			return i + 1;
	return append(pprof, &pprof->functions, &new, sizeof(new), hash) + 1;
}

/* Labels are strings: numbers of no unit vanish in some readers if they are 0. */
static void add_label(struct pprof *pprof, const char *key, const char *value)
{
	if (!value[0])
		return;
	clear(&pprof->part);
	protobuf__number(&pprof->part, LABEL_KEY, string_id(pprof, key));
	protobuf__number(&pprof->part, LABEL_STR, copied_string_id(pprof, value));
	protobuf__bytes(&pprof->field, SAMPLE_LABEL, &pprof->part);
}

static void add_number_label(struct pprof *pprof, const char *key, uint32_t value)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", value);
	add_label(pprof, key, text);
}

static void add_comm_label(struct pprof *pprof, const char *key, const char *comm)
{
	char text[PROFILE_COMM_SIZE + 1];

	snprintf(text, sizeof(text), "%.*s", PROFILE_COMM_SIZE, comm);
	add_label(pprof, key, text);
}

static void add_values(struct pprof *pprof, uint64_t samples, uint64_t ns)
{
	clear(&pprof->packed);
	protobuf__value(&pprof->packed, samples);
	protobuf__value(&pprof->packed, ns);
	protobuf__bytes(&pprof->field, SAMPLE_VALUE, &pprof->packed);
}

static void write_sample(struct pprof *pprof, const struct profile_stack *stack)
{
	const struct profile_process *process = profile__process(pprof->profile, stack->process);
	uint32_t n;

	clear(&pprof->packed);
	for (n = 0; n < stack->nlocations; n++)
		protobuf__value(&pprof->packed, location_id(pprof, stack->locations[n]));
	if (!stack->nlocations)
		protobuf__value(&pprof->packed, bare_location(pprof));
	protobuf__bytes(&pprof->field, SAMPLE_LOCATION_ID, &pprof->packed);
	add_values(pprof, stack->weight.samples, stack->weight.nanoseconds);

	add_number_label(pprof, "pid", process->pid);
	add_comm_label(pprof, "comm", process->comm);
	if (stack->thread != NONE) {
		const struct profile_thread *thread;

		thread = profile__thread(pprof->profile, stack->thread);
		add_number_label(pprof, "tid", thread->tid);
		add_comm_label(pprof, "thread_comm", thread->comm);
	}
	if (mode_label(stack->mode))
		add_label(pprof, "execution_mode", mode_label(stack->mode));
	write_field(pprof, PROFILE_SAMPLE);
}

/* Those with a stack first, that all of their locations are known for the others. */
static void write_samples(struct pprof *pprof)
{
	uint32_t n = profile__nr_stacks(pprof->profile);
	uint32_t i, bare = 0;

	for (i = 0; i < n; i++) {
		const struct profile_stack *stack = profile__stack(pprof->profile, i);

		if (stack->nlocations)
			write_sample(pprof, stack);
		else
			bare++;
	}
	for (i = 0; bare && i < n; i++)
		if (!profile__stack(pprof->profile, i)->nlocations)
			write_sample(pprof, profile__stack(pprof->profile, i));
	pprof->bare = bare;
}

/* Lost samples of each CPU. */
static void write_losses(struct pprof *pprof)
{
	uint32_t n = profile__nr_cpus(pprof->profile);
	uint32_t i;

	for (i = 0; i < n; i++) {
		const struct profile_cpu *cpu = profile__cpu(pprof->profile, i);
		struct profile_weight lost = weight__lost(pprof->profile, cpu->lost);

		if (!cpu->lost)
			continue;
		clear(&pprof->packed);
		protobuf__value(&pprof->packed, lost_location(pprof));
		protobuf__bytes(&pprof->field, SAMPLE_LOCATION_ID, &pprof->packed);
		add_values(pprof, lost.samples, lost.nanoseconds);
		add_number_label(pprof, "cpu", cpu->cpu);
		write_field(pprof, PROFILE_SAMPLE);
	}
}

static void add_line(struct pprof *pprof, uint32_t function, uint32_t line)
{
	clear(&pprof->part);
	protobuf__number(&pprof->part, LINE_FUNCTION_ID, function);
	protobuf__number(&pprof->part, LINE_LINE, line);
	protobuf__bytes(&pprof->field, LOCATION_LINE, &pprof->part);
}

static void add_lines(struct pprof *pprof, const struct symbol_location *symbol)
{
	char buffer[4096];
	uint32_t n;

	for (n = 0; n < symbol->nframes || !n; n++) {
		const char *name = symbol_label(symbol, n, buffer, sizeof(buffer));
		const struct symbol_frame *frame = n < symbol->nframes ? &symbol->frames[n] : NULL;
		const char *system_name = frame && frame->system_name ? frame->system_name : name;
		const char *file = frame && frame->file ? frame->file : "";

		add_line(pprof, function_id(pprof, name, system_name, file),
			 frame ? frame->line : 0);
	}
}

static void write_special(struct pprof *pprof, uint32_t id, const char *name)
{
	protobuf__number(&pprof->field, LOCATION_ID, id);
	add_line(pprof, function_id(pprof, name, name, ""), 0);
	write_field(pprof, PROFILE_LOCATION);
}

/* @id_of: the mappings' ids, which are not their indices. */
static void write_locations(struct pprof *pprof, const uint32_t *id_of)
{
	const struct pprof_location *locations = pprof->locations.data;
	uint32_t i;

	for (i = 0; i < pprof->locations.nr; i++) {
		const struct profile_location *location = locations[i].location;
		uint32_t mapping = locations[i].mapping;

		protobuf__number(&pprof->field, LOCATION_ID, i + 1);
		if (mapping != NONE)
			protobuf__number(&pprof->field, LOCATION_MAPPING_ID, id_of[mapping]);
		protobuf__number(&pprof->field, LOCATION_ADDRESS, pprof_address(location));
		add_lines(pprof, location->symbol);
		write_field(pprof, PROFILE_LOCATION);
	}
	if (profile__totals(pprof->profile)->lost)
		write_special(pprof, lost_location(pprof), LOST_SAMPLES);
	if (pprof->bare)
		write_special(pprof, bare_location(pprof), NO_STACK);
}

static void write_functions(struct pprof *pprof)
{
	const struct pprof_function *functions = pprof->functions.data;
	uint32_t i;

	for (i = 0; i < pprof->functions.nr; i++) {
		protobuf__number(&pprof->field, FUNCTION_ID, i + 1);
		protobuf__number(&pprof->field, FUNCTION_NAME, functions[i].name);
		protobuf__number(&pprof->field, FUNCTION_SYSTEM_NAME, functions[i].system_name);
		protobuf__number(&pprof->field, FUNCTION_FILENAME, functions[i].file);
		write_field(pprof, PROFILE_FUNCTION);
	}
}

/* The executable that most samples are of: readers take the first mapping for it. */
static uint32_t main_mapping(const struct pprof *pprof)
{
	const struct pprof_location *locations = pprof->locations.data;
	const struct mapping *mappings = pprof->mappings.data;
	uint32_t main = 0;
	uint64_t most = 0;
	uint32_t i;

	for (i = 0; i < pprof->locations.nr; i++) {
		const struct profile_process *process;
		const struct pprof_location *l = &locations[i];
		uint64_t weight = 1;

		if (l->mapping == NONE || l->location->kernel)
			continue;
		process = profile__process(pprof->profile, l->location->process);
		/* A name is cut off where it does not fit. */
		if (!strncmp(path_name(mappings[l->mapping].module->path), process->comm,
			     PROFILE_COMM_SIZE - 1))
			weight += process->weight.samples;
		if (weight > most) {
			most = weight;
			main = l->mapping;
		}
	}
	return main;
}

static void write_mapping(struct pprof *pprof, uint32_t id, const struct mapping *mapping)
{
	const struct symbol_module *module = mapping->module;
	bool lines = !mapping->unnamed && module->has_lines;

	protobuf__number(&pprof->field, MAPPING_ID, id);
	protobuf__number(&pprof->field, MAPPING_START, mapping->start);
	protobuf__number(&pprof->field, MAPPING_LIMIT, mapping->limit);
	protobuf__number(&pprof->field, MAPPING_OFFSET, mapping->offset);
	protobuf__number(&pprof->field, MAPPING_FILENAME, string_id(pprof, module->path));
	if (module->build_id)
		protobuf__number(&pprof->field, MAPPING_BUILD_ID,
				 string_id(pprof, module->build_id));
	protobuf__number(&pprof->field, MAPPING_HAS_FUNCTIONS, !mapping->unnamed);
	protobuf__number(&pprof->field, MAPPING_HAS_FILENAMES, lines);
	protobuf__number(&pprof->field, MAPPING_HAS_LINE_NUMBERS, lines);
	protobuf__number(&pprof->field, MAPPING_HAS_INLINE_FRAMES, lines);
	write_field(pprof, PROFILE_MAPPING);
}

static void write_mappings_and_locations(struct pprof *pprof)
{
	const struct mapping *mappings = pprof->mappings.data;
	uint32_t main = main_mapping(pprof);
	uint32_t *id_of;
	uint32_t i, id;

	id_of = malloc((pprof->mappings.nr + 1UL) * sizeof(*id_of));
	if (!id_of) {
		pprof->no_memory = true;
		return;
	}
	if (pprof->mappings.nr)
		write_mapping(pprof, id_of[main] = 1, &mappings[main]);
	for (i = 0, id = 2; i < pprof->mappings.nr; i++)
		if (i != main)
			write_mapping(pprof, id_of[i] = id++, &mappings[i]);
	write_locations(pprof, id_of);
	free(id_of);
}

static void write_comment(struct pprof *pprof, const char *text)
{
	/* The default value, as a field of its own, would have to be written nevertheless. */
	if (text && text[0])
		write_number(pprof, PROFILE_COMMENT, copied_string_id(pprof, text));
}

static void write_comments(struct pprof *pprof, const struct export_opts *opts)
{
	struct summary summary;
	uint32_t i;

	if (opts)
		write_comment(pprof, opts->origin);
	if (summary__init(&summary, pprof->profile)) {
		pprof->no_memory = true;
		return;
	}
	write_comment(pprof, summary.samples);
	write_comment(pprof, summary.losses);
	for (i = 0; i < summary.nr_remarks; i++)
		write_comment(pprof, summary.remarks[i]);
	write_comment(pprof, summary.completeness);
	for (i = 0; i < summary.nr_advice; i++)
		write_comment(pprof, summary.advice[i]);
	summary__exit(&summary);
}

static void write_times(struct pprof *pprof)
{
	const struct profile_totals *totals = profile__totals(pprof->profile);
	const struct profbuf_info *info = profile__info(pprof->profile);
	uint64_t first = totals->weight.samples ? totals->first : totals->first_loss;
	uint64_t last = totals->last;
	uint64_t period = info ? info->period_ns : 0;

	if (totals->losses && totals->first_loss < first)
		first = totals->first_loss;
	if (totals->last_loss > last)
		last = totals->last_loss;
	if (info)
		write_number(pprof, PROFILE_TIME_NANOS,
			     first + info->realtime_ns - info->monotonic_ns);
	/* A sample stands for the time before it. */
	write_number(pprof, PROFILE_DURATION_NANOS, last - first + period);
	write_value_type(pprof, PROFILE_PERIOD_TYPE, "cpu", "nanoseconds");
	write_number(pprof, PROFILE_PERIOD, period);
}

static void write_string(struct pprof *pprof, const char *string)
{
	const char *end = string;
	size_t length;

	clear(&pprof->part);
	/* What is valid at once, then what is not. */
	while (*string) {
		while ((length = utf8_length(end)))
			end += length;
		buffer__append(&pprof->part, string, end - string);
		if (*end) {
			buffer__append(&pprof->part, UTF8_REPLACEMENT, strlen(UTF8_REPLACEMENT));
			end++;
		}
		string = end;
	}
	clear(&pprof->profile_field);
	protobuf__bytes(&pprof->profile_field, PROFILE_STRING_TABLE, &pprof->part);
	if (pprof->profile_field.failed)
		pprof->no_memory = true;
	else
		gzip__write(&pprof->gzip, pprof->profile_field.data, pprof->profile_field.size);
}

static void write_strings(struct pprof *pprof)
{
	uint32_t i;

	for (i = 0; i < pprof->strings.nr; i++)
		write_string(pprof, ((const char **)pprof->strings.data)[i]);
}

static void write_profile(struct pprof *pprof, const struct export_opts *opts)
{
	/* The first string is the empty one. */
	string_id(pprof, "");
	write_value_type(pprof, PROFILE_SAMPLE_TYPE, "samples", "count");
	write_value_type(pprof, PROFILE_SAMPLE_TYPE, "cpu", "nanoseconds");
	write_samples(pprof);
	write_losses(pprof);
	write_mappings_and_locations(pprof);
	write_functions(pprof);
	write_times(pprof);
	write_comments(pprof, opts);
	write_strings(pprof);
}

static void free_table(struct table *table)
{
	free(table->data);
	index__free(&table->index);
}

static void pprof__free(struct pprof *pprof)
{
	free_table(&pprof->strings);
	free_table(&pprof->mappings);
	free_table(&pprof->locations);
	free_table(&pprof->functions);
	arena__free(&pprof->copies);
	free(pprof->location_id);
	buffer__free(&pprof->profile_field);
	buffer__free(&pprof->field);
	buffer__free(&pprof->packed);
	buffer__free(&pprof->part);
	free(pprof);
}

/**
 * pprof__write - export to pprof
 * @profile: after symbolization
 * @file: where to
 * @opts: what else to say, or NULL
 *
 * Return: 0 or a negative errno.
 */
int pprof__write(const struct profile *profile, FILE *file, const struct export_opts *opts)
{
	struct pprof *pprof = calloc(1, sizeof(*pprof));
	struct output out;
	int err = -ENOMEM;

	if (!pprof)
		return -ENOMEM;
	pprof->profile = profile;
	pprof->location_id = calloc(profile__nr_locations(profile) + 1UL,
				    sizeof(*pprof->location_id));
	output__init(&out, file);
	if (!pprof->location_id || gzip__init(&pprof->gzip, &out))
		goto out;
	write_profile(pprof, opts);
	gzip__finish(&pprof->gzip);
	err = pprof->no_memory ? -ENOMEM : output__finish(&out);
out:
	pprof__free(pprof);
	return err;
}
