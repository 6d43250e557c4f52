// SPDX-License-Identifier: GPL-2.0
/*
 * Processes that run: what they have mapped, and what of that has changed since.
 */
#include <errno.h>
#include <string.h>

#include "resolver.h"

static bool is_known(const struct process *process, const struct symbol_mapping *mapping)
{
	const struct symbol_mapping *known;

	known = mappings__find(&process->mappings, mapping->start);
	return known && known->start == mapping->start && known->end == mapping->end &&
	       known->offset == mapping->offset && known->inode == mapping->inode &&
	       known->major == mapping->major && known->minor == mapping->minor &&
	       !strcmp(known->path, mapping->path);
}

struct reading {
	struct symbols *symbols;
	const struct process *process;
};

static int add_mapping(const struct symbol_mapping *mapping, void *data)
{
	const struct reading *reading = data;

	if (is_known(reading->process, mapping))
		return 0;
	return symbols__map(reading->symbols, mapping, true);
}

int symbols__read_process(struct symbols *symbols, uint32_t pid)
{
	struct process *process = symbols__add_process(symbols, pid);
	struct reading reading = { .symbols = symbols, .process = process };

	if (!process)
		return -ENOMEM;
	process->error = process__read_maps(pid, add_mapping, &reading);
	return process->error;
}

static bool is_in_file(const struct symbol_mapping *mapping)
{
	return module__has_file(mapping) && !module__is_memory(mapping);
}

/* Both say the same of an address that is in both. */
static bool same_place(const struct symbol_mapping *a, const struct symbol_mapping *b)
{
	if (!is_in_file(a) && !is_in_file(b))
		return true;
	return a->start - a->offset == b->start - b->offset && a->inode == b->inode &&
	       a->major == b->major && a->minor == b->minor && !strcmp(a->path, b->path);
}

struct check {
	const struct process *process;
	enum symbols_news news;
};

static int check_mapping(const struct symbol_mapping *mapping, void *data)
{
	const struct symbol_mapping *known;
	struct check *check = data;
	size_t cursor = 0;

	if (mapping->start >> 63 || is_known(check->process, mapping))
		return 0;
	if (check->news < SYMBOLS_MORE)
		check->news = SYMBOLS_MORE;
	while ((known = mappings__next_overlap(&check->process->mappings, mapping, &cursor)))
		if (!same_place(known, mapping))
			check->news = SYMBOLS_REPLACED;
	return 0;
}

int symbols__check_process(struct symbols *symbols, uint32_t pid, enum symbols_news *news)
{
	struct check check = { .process = symbols__add_process(symbols, pid) };
	int error;

	if (!check.process)
		return -ENOMEM;
	error = process__read_maps(pid, check_mapping, &check);
	*news = check.news;
	return error;
}
