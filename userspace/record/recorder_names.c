// SPDX-License-Identifier: GPL-2.0
/*
 * Names that only this machine knows, and only now: of the kernel, and of code of processes
 * that is in no file, or in one that others will not find.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "recorder.h"

/* So many in a SYMBOLS frame. */
#define FRAME_SYMBOLS 10000

struct recorder_symbol {
	uint32_t pid;
	uint32_t generation;
	uint64_t address;
	uint64_t length;
	const char *name;
	const char *module;
};

static int add_symbol(struct recorder *recorder, const struct recorder_symbol *symbol)
{
	uint32_t hash = hash_pair(symbol->address ^ symbol->length << 48,
				  (uint64_t)symbol->generation << 32 | symbol->pid);
	uint32_t cursor, i;

	index_for_each_candidate(&recorder->emitted_index, hash, cursor, i) {
		const struct recorder_symbol *known = &recorder->emitted[i];

		if (known->address == symbol->address && known->length == symbol->length &&
		    known->pid == symbol->pid && known->generation == symbol->generation)
			return 0;
	}
	if (recorder->nr_emitted == recorder->max_emitted) {
		uint32_t max = recorder->max_emitted ? recorder->max_emitted * 2 : 1024;
		struct recorder_symbol *larger;

		larger = realloc(recorder->emitted, max * sizeof(*larger));
		if (!larger)
			return -ENOMEM;
		recorder->emitted = larger;
		recorder->max_emitted = max;
	}
	recorder->emitted[recorder->nr_emitted] = *symbol;
	return index__insert(&recorder->emitted_index, hash, recorder->nr_emitted++);
}

static int name_address(struct recorder *recorder, const struct profile_location *location,
			uint32_t pid)
{
	const struct symbol_location *found;
	struct recorder_symbol symbol = {
		.pid = location->kernel ? PROFBUF_SYMBOLS_KERNEL : pid,
		.generation = location->generation,
		.module = "",
	};

	found = symbols__resolve(recorder->symbols, symbol_pid(pid, location->generation),
				 location->address, location->exact);
	if (!found)
		return -ENOMEM;
	if (!found->nframes)
		return 0;
	symbol.address = found->symbol_start;
	symbol.length = found->symbol_size;
	if (!symbol.length)
		symbol.length = location->address - found->symbol_start + location->exact;
	symbol.name = found->frames[found->nframes - 1].system_name;
	/* "[module]"; the kernel itself is the one with a dot. */
	if (location->kernel && !strchr(found->module->path, '.'))
		symbol.module = found->module->path;
	return add_symbol(recorder, &symbol);
}

/* It takes a while, and without kernel frames it is not needed. */
static int read_kernel(struct recorder *recorder)
{
	int err;

	if (recorder->kernel_symbols)
		return 0;
	recorder->kernel_symbols = true;
	err = symbols__read_kallsyms(recorder->symbols, NULL);
	recorder->kernel_hidden = err;
	return err == -ENOMEM ? err : 0;
}

/* Of a module: whether its file is still where it was. It is looked for once. */
enum {
	FILE_THERE = 1,
	FILE_GONE,
};

/* A file that was removed or replaced since is still open, but only here. */
static bool is_local(const struct recorder_process *process, const struct symbol_mapping *mapping)
{
	struct symbol_module *module = mapping->module;
	struct stat status;

	if (process->foreign || mapping->deleted || mapping->path[0] != '/' ||
	    module->path[0] == '[')
		return true;
	if (!module->tag)
		module->tag = stat(mapping->path, &status) || status.st_ino != mapping->inode ?
			      FILE_GONE : FILE_THERE;
	return module->tag == FILE_GONE;
}

static int name_location(struct recorder *recorder, const struct profile_location *location)
{
	const struct recorder_process *process;
	const struct symbol_mapping *mapping;
	const struct profile_process *owner;

	/* No address, nor anybody's. */
	if (location->late)
		return 0;
	if (location->kernel) {
		int err = read_kernel(recorder);

		return err ? err : name_address(recorder, location, 0);
	}
	owner = profile__process(recorder->profile, location->process);
	process = recorder__find_process(recorder, owner->pid);
	mapping = symbols__find_mapping(recorder->symbols,
					symbol_pid(owner->pid, location->generation),
					location->address);
	if (!process || !mapping || !is_local(process, mapping))
		return 0;
	return name_address(recorder, location, owner->pid);
}

/* The name of a module without its brackets. */
static void put_module(FILE *strings, const char *module)
{
	size_t length = strlen(module);

	if (length > 2 && *module == '[')
		fwrite(module + 1, length - 2, 1, strings);
	fputc(0, strings);
}

static int write_symbols(struct recorder *recorder, const struct recorder_symbol *list, uint32_t n)
{
	struct profbuf_symbols header = {
		.size = sizeof(header),
		.pid = list->pid,
		.generation = list->generation,
		.nr = n,
	};
	char *strings = NULL, *payload = NULL, *end;
	size_t used = 0;
	FILE *memory;
	uint32_t i;
	int err = -ENOMEM;

	payload = malloc(sizeof(header) + n * sizeof(struct profbuf_symbol));
	memory = open_memstream(&strings, &used);
	if (!payload || !memory)
		goto out;
	memcpy(payload, &header, sizeof(header));
	end = payload + sizeof(header);
	for (i = 0; i < n; i++) {
		struct profbuf_symbol symbol = {
			.address = list[i].address,
			.length = list[i].length,
			.name = ftell(memory),
		};

		fwrite(list[i].name, strlen(list[i].name) + 1, 1, memory);
		symbol.module = ftell(memory);
		put_module(memory, list[i].module);
		memcpy(end, &symbol, sizeof(symbol));
		end += sizeof(symbol);
	}
	if (!fflush(memory)) {
		size_t fixed = end - payload;
		char *larger = realloc(payload, fixed + used);

		if (larger) {
			payload = larger;
			memcpy(payload + fixed, strings, used);
			err = writer__bytes(&recorder->writer, PROFBUF_FRAME_SYMBOLS, payload,
					    fixed + used);
		}
	}
out:
	if (memory)
		fclose(memory);
	free(strings);
	free(payload);
	return err;
}

static int by_process(const void *left, const void *right)
{
	const struct recorder_symbol *a = left, *b = right;

	if (a->pid != b->pid)
		return a->pid < b->pid ? -1 : 1;
	if (a->generation != b->generation)
		return a->generation < b->generation ? -1 : 1;
	return (a->address > b->address) - (a->address < b->address);
}

static int write_all(struct recorder *recorder, uint32_t first)
{
	uint32_t nr = recorder->nr_emitted - first, i, n;
	struct recorder_symbol *list;
	int err = 0;

	if (!nr)
		return 0;
	list = malloc(nr * sizeof(*list));
	if (!list)
		return -ENOMEM;
	memcpy(list, recorder->emitted + first, nr * sizeof(*list));
	qsort(list, nr, sizeof(*list), by_process);
	for (i = 0; !err && i < nr; i += n) {
		n = 1;
		while (i + n < nr && n < FRAME_SYMBOLS && list[i + n].pid == list[i].pid &&
		       list[i + n].generation == list[i].generation)
			n++;
		err = write_symbols(recorder, list + i, n);
	}
	free(list);
	return err;
}

/**
 * recorder__name_addresses - record names of addresses that came up, and forget the stacks
 * @recorder: the recorder
 *
 * Return: 0 or a negative errno.
 */
int recorder__name_addresses(struct recorder *recorder)
{
	uint32_t first = recorder->nr_emitted;
	uint32_t i, n;
	int err;

	err = profile__finish(recorder->profile);
	n = profile__nr_locations(recorder->profile);
	for (i = 0; !err && i < n; i++)
		err = name_location(recorder, profile__location(recorder->profile, i));
	if (!err)
		err = write_all(recorder, first);
	packer__reset(&recorder->packer);
	profile__delete(recorder->profile);
	recorder->profile = profile__new(NULL);
	if (!recorder->profile)
		return -ENOMEM;
	/* The next one has to know as well whose addresses mean what. */
	for (i = 0; !err && i < recorder->nr_processes; i++)
		if (recorder->processes[i].generation)
			err = profile__set_mappings(recorder->profile, recorder->processes[i].pid,
						    recorder->processes[i].generation);
	return err;
}
