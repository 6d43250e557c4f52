/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kallsyms: the text of /proc/kallsyms.
 */
#ifndef PROFBUF_SYMBOL_KALLSYMS_H
#define PROFBUF_SYMBOL_KALLSYMS_H

#include <stdint.h>

/**
 * struct kallsyms_symbol - a function of the kernel
 * @address: where it starts
 * @name: its name
 * @module: "[name]" of its module; NULL: the kernel itself
 * @rank: see struct symtab_symbol
 */
struct kallsyms_symbol {
	uint64_t address;
	const char *name;
	const char *module;
	unsigned int rank;
};

/*
 * Call @function for each function until it returns an error, which is returned. What
 * the symbol points to is gone when @function returns.
 *
 * Return: 0; -EPERM: all addresses are 0; -ENODATA: there are no functions.
 */
int kallsyms__read(const char *path,
		   int (*function)(const struct kallsyms_symbol *symbol, void *data), void *data);

/* Which setting of this machine hides the addresses, and how to change that. */
const char *kallsyms__advice(void);

#endif /* PROFBUF_SYMBOL_KALLSYMS_H */
