// SPDX-License-Identifier: GPL-2.0
/*
 * Names that only this machine knows, and only now: of the kernel, and of code of processes
 * that is in no file, or in one that others will not find.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "recorder.h"
#include "util/array.h"

/* So many in a SYMBOLS frame. */
#define FRAME_SYMBOLS 10000

/**
 * struct recorder_symbol - a name
 * @pid: PROFBUF_SYMBOLS_KERNEL and the like
 * @space: ID << 24 of the space that the code is in, for PROFBUF_SYMBOLS_SPACE
 * @file: any mapping of the file, for PROFBUF_SYMBOLS_FILE
 * @address: first address, or the place in the file
 * @length: bytes
 * @name: the name
 * @module: of the kernel, in brackets, or ""
 */
struct recorder_symbol {
	uint32_t pid;
	uint64_t space;
	const struct symbol_mapping *file;
	uint64_t address;
	uint64_t length;
	const char *name;
	const char *module;
};

/* What they are of: equal files have one module. */
static uint64_t subject(const struct recorder_symbol *symbol)
{
	return symbol->file ? (uintptr_t)symbol->file->module : symbol->space;
}

static int add_symbol(struct recorder *recorder, const struct recorder_symbol *symbol)
{
	uint32_t hash = hash_pair(symbol->address ^ symbol->length << 48,
				  subject(symbol) ^ symbol->pid);
	uint32_t cursor, i;

	index_for_each_candidate(&recorder->emitted_index, hash, cursor, i) {
		const struct recorder_symbol *known = &recorder->emitted[i];

		if (known->address == symbol->address && known->length == symbol->length &&
		    known->pid == symbol->pid && subject(known) == subject(symbol))
			return 0;
	}
	if (array__reserve(&recorder->emitted, recorder->nr_emitted, &recorder->max_emitted,
			   sizeof(*recorder->emitted)))
		return -ENOMEM;
	recorder->emitted[recorder->nr_emitted] = *symbol;
	return index__insert(&recorder->emitted_index, hash, recorder->nr_emitted++);
}

/* @symbol: what it is of is known. */
static int name_address(struct recorder *recorder, const struct profile_location *location,
			struct recorder_symbol *symbol)
{
	const struct symbol_location *found;

	found = symbols__resolve(recorder->symbols, profile__owner(recorder->profile, location),
				 location->address, location->exact);
	if (!found)
		return -ENOMEM;
	if (!found->nframes)
		return 0;
	symbol->address = found->symbol_start;
	symbol->length = found->symbol_size;
	if (!symbol->length)
		symbol->length = location->address - found->symbol_start + location->exact;
	if (symbol->file)
		symbol->address += symbol->file->offset - symbol->file->start;
	symbol->name = found->frames[found->nframes - 1].system_name;
	/* "[module]"; the kernel itself is the one with a dot. */
	symbol->module = location->kernel && !strchr(found->module->path, '.') ?
			 found->module->path : "";
	return add_symbol(recorder, symbol);
}

/* It takes a while, and without kernel frames it is not needed. */
static int read_kernel(struct recorder *recorder)
{
	int err;

	if (recorder->kernel_symbols || symbols__asks_kernel(recorder->symbols))
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

/* A file that was removed or replaced since, or that others do not see, is open, but only here. */
static bool is_local(struct recorder *recorder, const struct symbol_mapping *mapping)
{
	struct symbol_module *module = mapping->module;

	if (!module->tag)
		module->tag = symbols__is_only_here(recorder->symbols, mapping) ? FILE_GONE :
										  FILE_THERE;
	return module->tag == FILE_GONE;
}

/* A name in a file is that for all processes; those of 32 bits have another vdso. */
static int name_in_file(struct recorder *recorder, const struct profile_location *location,
			const struct symbol_mapping *mapping)
{
	struct recorder_symbol symbol = { .pid = PROFBUF_SYMBOLS_FILE, .file = mapping };

	if (!is_local(recorder, mapping) || (!mapping->inode && mapping->end <= UINT32_MAX))
		return 0;
	return name_address(recorder, location, &symbol);
}

static int name_location(struct recorder *recorder, const struct profile_location *location)
{
	struct recorder_symbol symbol = { .pid = PROFBUF_SYMBOLS_KERNEL };
	const struct symbol_mapping *mapping;
	uint64_t word;
	int err;

	/* No address, nor anybody's. */
	if (location->late)
		return 0;
	if (location->kernel) {
		err = read_kernel(recorder);
		return err ? err : name_address(recorder, location, &symbol);
	}
	word = profile__owner(recorder->profile, location) & ~SYMBOL_SPACE;
	mapping = symbols__space_mapping(recorder->symbols, word,
					 location->address - !location->exact);
	if (mapping)
		return name_in_file(recorder, location, mapping);
	symbol.pid = PROFBUF_SYMBOLS_SPACE;
	symbol.space = PROFBUF_SPACE_ID(word) << 24;
	return symbol.space ? name_address(recorder, location, &symbol) : 0;
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
		.space = list->space,
		.nr = n,
	};
	char *strings = NULL, *payload = NULL, *end;
	size_t used = 0;
	FILE *memory;
	uint32_t i;
	int err = -ENOMEM;

	if (list->file) {
		header.inode = list->file->inode;
		header.major = list->file->major;
		header.minor = list->file->minor;
		header.inode_generation = list->file->inode_generation;
		header.ctime_sec = list->file->ctime_sec;
		header.ctime_nsec = list->file->ctime_nsec;
	}
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

static int by_subject(const void *left, const void *right)
{
	const struct recorder_symbol *a = left, *b = right;

	if (a->pid != b->pid)
		return a->pid < b->pid ? -1 : 1;
	if (subject(a) != subject(b))
		return subject(a) < subject(b) ? -1 : 1;
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
	qsort(list, nr, sizeof(*list), by_subject);
	for (i = 0; !err && i < nr; i += n) {
		n = 1;
		while (i + n < nr && n < FRAME_SYMBOLS && list[i + n].pid == list[i].pid &&
		       subject(&list[i + n]) == subject(&list[i]))
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
	return err;
}
