// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "mappings.h"
#include "util/array.h"

/* The default of vm.max_map_count. It also bounds what a hostile recording costs. */
#define RANGES_MAX	65530

/* The first range that ends above the address. */
static size_t find_above(const struct mappings *mappings, uint64_t address)
{
	size_t low = 0, high = mappings->nranges;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (mappings->ranges[middle].end <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Put @n ranges in the place of those from @first up to but not including @last. */
static int replace(struct mappings *mappings, size_t first, size_t last,
		   const struct mappings_range *ranges, size_t n)
{
	size_t nranges = mappings->nranges - (last - first) + n;

	if (nranges > RANGES_MAX)
		return -E2BIG;
	/* There is at least one, and they are two more at most than there were. */
	if (array__reserve(&mappings->ranges, nranges - 1, &mappings->allocated,
			   sizeof(*mappings->ranges)))
		return -ENOMEM;
	memmove(&mappings->ranges[first + n], &mappings->ranges[last],
		(mappings->nranges - last) * sizeof(*mappings->ranges));
	memcpy(&mappings->ranges[first], ranges, n * sizeof(*ranges));
	mappings->nranges = nranges;
	return 0;
}

int mappings__add(struct mappings *mappings, const struct symbol_mapping *mapping)
{
	size_t first = find_above(mappings, mapping->start), last = first, n = 0;
	struct mappings_range ranges[3];

	while (last < mappings->nranges && mappings->ranges[last].start < mapping->end)
		last++;

	/* What was there before and after the new one stays. */
	if (first < last && mappings->ranges[first].start < mapping->start) {
		ranges[n] = mappings->ranges[first];
		ranges[n++].end = mapping->start;
	}
	ranges[n++] = (struct mappings_range){ mapping->start, mapping->end, mapping };
	if (first < last && mappings->ranges[last - 1].end > mapping->end) {
		ranges[n] = mappings->ranges[last - 1];
		ranges[n++].start = mapping->end;
	}
	return replace(mappings, first, last, ranges, n);
}

const struct symbol_mapping *mappings__find(const struct mappings *mappings, uint64_t address)
{
	size_t i = find_above(mappings, address);

	if (i == mappings->nranges || mappings->ranges[i].start > address)
		return NULL;
	return mappings->ranges[i].mapping;
}

const struct symbol_mapping *mappings__next_overlap(const struct mappings *mappings,
						    const struct symbol_mapping *mapping,
						    size_t *cursor)
{
	size_t i = *cursor ? *cursor : find_above(mappings, mapping->start);

	if (i == mappings->nranges || mappings->ranges[i].start >= mapping->end)
		return NULL;
	*cursor = i + 1;
	return mappings->ranges[i].mapping;
}

void mappings__free(struct mappings *mappings)
{
	free(mappings->ranges);
	*mappings = (struct mappings){ 0 };
}
