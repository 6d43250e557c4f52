// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "looks.h"
#include "util/array.h"

/*
 * The default of vm.max_map_count, and more than the kernel lets go between two looks. They bound
 * what a hostile stream costs.
 */
#define MAPPINGS_MAX	65530
#define GONE_MAX	1024

/**
 * struct look - what was told of a space at one time
 * @generation: of the space
 * @incomplete: that was not all
 * @sorted: @there is in the order of addresses
 * @nr_there: number of mappings that were there
 * @max_there: room for so many
 * @there: these
 * @nr_gone: number of mappings that had gone
 * @max_gone: room for so many
 * @gone: these
 */
struct look {
	uint32_t generation;
	bool incomplete;
	bool sorted;
	uint32_t nr_there;
	uint32_t max_there;
	struct looks_mapping **there;
	uint32_t nr_gone;
	uint32_t max_gone;
	struct looks_mapping **gone;
};

/* The first look at @generation or later: an index, looks->nr if there is none. */
static uint32_t find_look(const struct looks *looks, uint32_t generation)
{
	uint32_t low = 0, high = looks->nr;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (looks->list[middle]->generation < generation)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Behind all others of its generation, which is where it comes unless the stream is damaged. */
static struct look *new_look(struct looks *looks, uint32_t generation)
{
	uint32_t at = find_look(looks, generation + 1);
	struct look *look;

	if (array__reserve(&looks->list, looks->nr, &looks->max, sizeof(*looks->list)))
		return NULL;
	look = calloc(1, sizeof(*look));
	if (!look)
		return NULL;
	look->generation = generation;
	memmove(&looks->list[at + 1], &looks->list[at], (looks->nr - at) * sizeof(*looks->list));
	looks->list[at] = look;
	looks->nr++;
	return look;
}

struct look *looks__begin(struct looks *looks, uint32_t generation)
{
	if (looks->open && looks->open->generation == generation)
		return looks->open;
	return new_look(looks, generation);
}

static int append(struct looks_mapping ***list, uint32_t *nr, uint32_t *max,
		  struct looks_mapping *mapping)
{
	if (array__reserve(list, *nr, max, sizeof(**list)))
		return -ENOMEM;
	(*list)[(*nr)++] = mapping;
	return 0;
}

int look__add(struct look *look, struct looks_mapping *mapping)
{
	if (look->nr_gone >= GONE_MAX || look->nr_there >= MAPPINGS_MAX) {
		look->incomplete = true;
		return 0;
	}
	if (mapping->gone)
		return append(&look->gone, &look->nr_gone, &look->max_gone, mapping);
	look->sorted = false;
	return append(&look->there, &look->nr_there, &look->max_there, mapping);
}

void looks__end(struct looks *looks, struct look *look, bool more, bool incomplete)
{
	look->incomplete |= incomplete;
	looks->open = more ? look : NULL;
}

bool looks__know(const struct looks *looks, uint32_t generation)
{
	uint32_t at = find_look(looks, generation);

	return at < looks->nr && looks->list[at] != looks->open;
}

static bool contains(const struct looks_mapping *mapping, uint64_t address)
{
	return address >= mapping->mapping.start && address < mapping->mapping.end;
}

/* Gone since @generation: the oldest one. */
static struct looks_mapping *find_gone_since(const struct look *look, uint32_t generation,
					     uint64_t address)
{
	struct looks_mapping *found = NULL;
	uint32_t i;

	for (i = 0; i < look->nr_gone; i++)
		if (contains(look->gone[i], address) && look->gone[i]->generation >= generation &&
		    (!found || look->gone[i]->generation < found->generation))
			found = look->gone[i];
	return found;
}

static uint32_t distance(const struct looks_mapping *mapping, uint32_t generation)
{
	return mapping->generation > generation ? mapping->generation - generation :
						  generation - mapping->generation;
}

/* Gone at about that time: the nearest one, which may be @found. */
static struct looks_mapping *find_gone_near(const struct look *look, uint32_t generation,
					    uint64_t address, struct looks_mapping *found)
{
	uint32_t i;

	for (i = 0; i < look->nr_gone; i++)
		if (contains(look->gone[i], address) &&
		    (!found || distance(look->gone[i], generation) < distance(found, generation)))
			found = look->gone[i];
	return found;
}

static int by_start(const void *left, const void *right)
{
	const struct looks_mapping *const *a = left, *const *b = right;

	return ((*a)->mapping.start > (*b)->mapping.start) -
	       ((*a)->mapping.start < (*b)->mapping.start);
}

static struct looks_mapping *find_there(struct look *look, uint64_t address)
{
	uint32_t low = 0, high = look->nr_there;

	if (!look->sorted && look->nr_there)
		qsort(look->there, look->nr_there, sizeof(*look->there), by_start);
	look->sorted = true;
	/* The last one that begins at the address or before. */
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (look->there[middle]->mapping.start <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low && contains(look->there[low - 1], address) ? look->there[low - 1] : NULL;
}

enum looks_answer looks__find(const struct looks *looks, uint32_t generation, uint64_t address,
			      struct looks_mapping **mapping)
{
	uint32_t at = find_look(looks, generation);
	struct look *look;

	if (at == looks->nr)
		return LOOKS_NOT_TOLD;
	look = looks->list[at];
	*mapping = find_gone_since(look, generation, address);
	if (!*mapping)
		*mapping = find_there(look, address);
	/* It was going when the record was made, or when it was looked at. */
	if (!*mapping) {
		*mapping = find_gone_near(look, generation, address, NULL);
		if (at + 1 < looks->nr)
			*mapping = find_gone_near(looks->list[at + 1], generation, address,
						  *mapping);
	}
	if (*mapping)
		return LOOKS_FOUND;
	return look->incomplete ? LOOKS_NOT_ALL : LOOKS_NOTHING;
}

int looks__each(const struct looks *looks, uint32_t generation,
		int (*function)(void *context, struct looks_mapping *mapping), void *context)
{
	uint32_t end = find_look(looks, generation + 1), i;
	const struct look *look;
	int error = 0;

	if (!end)
		return 0;
	look = looks->list[end - 1];
	for (i = 0; !error && i < look->nr_there; i++)
		error = function(context, look->there[i]);
	for (i = 0; !error && i < look->nr_gone; i++)
		error = function(context, look->gone[i]);
	return error;
}

void looks__free(struct looks *looks)
{
	uint32_t i;

	for (i = 0; i < looks->nr; i++) {
		free(looks->list[i]->there);
		free(looks->list[i]->gone);
		free(looks->list[i]);
	}
	free(looks->list);
}
