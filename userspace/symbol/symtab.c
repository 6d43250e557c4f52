// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>

#include "symtab.h"
#include "util/array.h"

#define NO_SYMBOL	UINT32_MAX

/* How far a symbol without size and without a neighbour reaches: to the end of its page. */
#define PAGE		4096ULL

int symtab__add(struct symtab *symtab, const struct symtab_symbol *symbol)
{
	if (array__reserve(&symtab->symbols, symtab->nsymbols, &symtab->allocated,
			   sizeof(*symtab->symbols)))
		return -ENOMEM;
	symtab->symbols[symtab->nsymbols] = *symbol;
	symtab->symbols[symtab->nsymbols].order = symtab->nsymbols;
	symtab->nsymbols++;
	symtab->dirty = true;
	return 0;
}

unsigned int symtab__rank_name(const char *name)
{
	unsigned int rank = 0;

	while (rank < 3 && name[rank] == '_')
		rank++;
	return rank;
}

/* By address; of one address the best first. */
static int compare(const void *left, const void *right)
{
	const struct symtab_symbol *a = left, *b = right;

	if (a->start != b->start)
		return a->start < b->start ? -1 : 1;
	if (a->open != b->open)
		return a->open ? 1 : -1;
	if (a->rank != b->rank)
		return a->rank < b->rank ? -1 : 1;
	return a->order < b->order ? -1 : 1;
}

static int compare_newest_first(const void *left, const void *right)
{
	const struct symtab_symbol *a = left, *b = right;

	if (a->start != b->start)
		return a->start < b->start ? -1 : 1;
	return a->order > b->order ? -1 : 1;
}

static void close_symbol(struct symtab_symbol *symbol, const struct symtab_symbol *next)
{
	uint64_t page = (symbol->start | (PAGE - 1)) + 1;

	if (next && next->owner == symbol->owner) {
		if (symbol->end > next->start)
			symbol->end = next->start;
	} else if (symbol->end > page && page) {
		symbol->end = page;
	}
}

/*
 * Symbols nest: a function may have another entry with a symbol of its own. A stack
 * of those that are open at an address is threaded through symbol->outer.
 */
static void sort(struct symtab *symtab)
{
	struct symtab_symbol *symbols = symtab->symbols;
	uint32_t inner = NO_SYMBOL;
	size_t i, next = 0, n = 0;

	qsort(symbols, symtab->nsymbols, sizeof(*symbols),
	      symtab->newest_wins ? compare_newest_first : compare);

	for (i = 0; i < symtab->nsymbols; i++) {
		struct symtab_symbol symbol = symbols[i];

		if (n && symbols[n - 1].start == symbol.start)
			continue;
		while (inner != NO_SYMBOL && symbols[inner].end <= symbol.start)
			inner = symbols[inner].outer;
		if (inner != NO_SYMBOL && symtab->newest_wins &&
		    symbols[inner].order > symbol.order)
			continue;
		if (symbol.open) {
			/* A label inside a function is not where another one begins. */
			if (inner != NO_SYMBOL)
				continue;
			while (next < symtab->nsymbols && symbols[next].start <= symbol.start)
				next++;
			close_symbol(&symbol, next < symtab->nsymbols ? &symbols[next] : NULL);
			symbol.open = false;
		}
		if (symbol.end <= symbol.start)
			continue;
		symbol.outer = inner;
		inner = n;
		symbols[n++] = symbol;
	}
	symtab->nsymbols = n;
	symtab->dirty = false;
}

const struct symtab_symbol *symtab__find(struct symtab *symtab, uint64_t address)
{
	const struct symtab_symbol *symbol;
	size_t low = 0, high;

	if (symtab->dirty)
		sort(symtab);

	high = symtab->nsymbols;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (symtab->symbols[middle].start <= address)
			low = middle + 1;
		else
			high = middle;
	}
	if (!low)
		return NULL;

	for (symbol = &symtab->symbols[low - 1]; address >= symbol->end;
	     symbol = &symtab->symbols[symbol->outer])
		if (symbol->outer == NO_SYMBOL)
			return NULL;
	return symbol;
}

void symtab__free(struct symtab *symtab)
{
	free(symtab->symbols);
	*symtab = (struct symtab){ 0 };
}
