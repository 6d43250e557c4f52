/* SPDX-License-Identifier: GPL-2.0 */
/*
 * symtab: the function symbols of one kernel, file or process, sorted by address.
 */
#ifndef PROFBUF_SYMBOL_SYMTAB_H
#define PROFBUF_SYMBOL_SYMTAB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * struct symtab_symbol - a function
 * @start: its first address
 * @end: the address behind its last
 * @name: its name
 * @name_size: most bytes of it, all safe to read; it may end before with a NUL
 * @owner: the caller's own, such as a module of the kernel
 * @order: when it was added
 * @outer: the innermost symbol that this one is within
 * @rank: of several symbols with one address the one with the lowest rank is kept
 * @open: it ends at @end or where the next symbol starts
 */
struct symtab_symbol {
	uint64_t start;
	uint64_t end;
	const char *name;
	void *owner;
	uint32_t name_size;
	uint32_t order;
	uint32_t outer;
	uint8_t rank;
	bool open;
};

/**
 * struct symtab - symbols
 * @symbols: sorted unless @dirty
 * @nsymbols: how many
 * @allocated: room for so many
 * @newest_wins: for code that is replaced as the process runs: a symbol hides those
 *	that were added earlier and start within it
 * @dirty: added to since it was sorted
 */
struct symtab {
	struct symtab_symbol *symbols;
	uint32_t nsymbols;
	uint32_t allocated;
	bool newest_wins;
	bool dirty;
};

/* -ENOMEM. */
int symtab__add(struct symtab *symtab, const struct symtab_symbol *symbol);

/* How bad a name is among several of one address, by its leading underscores. */
unsigned int symtab__rank_name(const char *name);

/* NULL: no symbol covers the address. */
const struct symtab_symbol *symtab__find(struct symtab *symtab, uint64_t address);

void symtab__free(struct symtab *symtab);

#endif /* PROFBUF_SYMBOL_SYMTAB_H */
