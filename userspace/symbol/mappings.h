/* SPDX-License-Identifier: GPL-2.0 */
/*
 * mappings: the executable mappings of one process by address.
 */
#ifndef PROFBUF_SYMBOL_MAPPINGS_H
#define PROFBUF_SYMBOL_MAPPINGS_H

#include <stddef.h>
#include <stdint.h>

#include "symbol.h"

/* What later mappings left of one. */
struct mappings_range {
	uint64_t start;
	uint64_t end;
	const struct symbol_mapping *mapping;
};

struct mappings {
	struct mappings_range *ranges;
	size_t nranges;
	uint32_t allocated;
};

/* -E2BIG: more mappings than the kernel lets a process have. */
int mappings__add(struct mappings *mappings, const struct symbol_mapping *mapping);

/* NULL: there is none. */
const struct symbol_mapping *mappings__find(const struct mappings *mappings, uint64_t address);

/* The next one that has an address in common with @mapping. @cursor: 0 at first. NULL: no more. */
const struct symbol_mapping *mappings__next_overlap(const struct mappings *mappings,
						    const struct symbol_mapping *mapping,
						    size_t *cursor);

void mappings__free(struct mappings *mappings);

#endif /* PROFBUF_SYMBOL_MAPPINGS_H */
