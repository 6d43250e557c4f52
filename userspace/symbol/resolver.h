/* SPDX-License-Identifier: GPL-2.0 */
/*
 * resolver: inside of struct symbols. symbol.c has its tables, resolve.c looks addresses up.
 * kernel.c, spaces.c and processes.c know what is there, live.c fills in processes that run.
 */
#ifndef PROFBUF_SYMBOL_RESOLVER_H
#define PROFBUF_SYMBOL_RESOLVER_H

#include <libiberty/hashtab.h>

#include "mappings.h"
#include "module.h"
#include "symbol.h"

/**
 * struct own_mapping - a mapping and its place in the list of its process
 * @public: must be first
 * @next: became known later
 */
struct own_mapping {
	struct symbol_mapping public;
	struct own_mapping *next;
};

/**
 * struct process - what is known of a process
 * @pid: process ID
 * @error: why its mappings could not be read
 * @mappings: by address
 * @first: all, in the order they became known
 * @last: the last one
 * @jit: code in no file, if it has any
 */
struct process {
	uint32_t pid;
	int error;
	struct mappings mappings;
	struct own_mapping *first;
	struct own_mapping *last;
	struct module *jit;
};

/* spaces.c: what is known of an address space. */
struct space;

/**
 * struct symbols - the resolver
 * @context: what the modules share
 * @kernel_symtab: functions of kernel and modules; struct module is their owner
 * @kernel_addresses: those of the kernel that were asked for
 * @ask_kernel: who says what is at an address of the kernel, or NULL
 * @ask_context: for that
 * @kernel: the kernel itself
 * @unnamed_kernel: for addresses that the kernel, whose symbols are known, has none for
 * @no_process: for addresses of processes that nothing is known of
 * @no_mapping: for addresses that nothing is mapped at
 * @not_permitted: for addresses of processes that this user may not look into
 * @no_space: for addresses of which it is not known what space they are of
 * @not_told: for addresses of spaces that are not known
 * @not_all_told: for addresses of spaces of which not all is known
 * @first_module: all of them
 * @last_module: the last one
 * @modules: those that are not of one process only, by what identifies them
 * @processes: by pid
 * @spaces: by ID
 * @files: that were told of, by device, inode and the like
 * @locations: by owner and address
 * @names: by module and address
 */
struct symbols {
	struct context context;
	struct symtab kernel_symtab;
	htab_t kernel_addresses;
	symbols_ask_kernel_fn ask_kernel;
	void *ask_context;
	struct module *kernel;
	struct module *unnamed_kernel;
	struct module *no_process;
	struct module *no_mapping;
	struct module *not_permitted;
	struct module *no_space;
	struct module *not_told;
	struct module *not_all_told;
	struct module *first_module;
	struct module *last_module;
	htab_t modules;
	htab_t processes;
	htab_t spaces;
	htab_t files;
	htab_t locations;
	htab_t names;
};

static inline hashval_t symbols__hash(uint64_t first, uint64_t second)
{
	uint64_t value = (first ^ second * 0x9e3779b97f4a7c15) * 0xff51afd7ed558ccd;

	return value >> 32;
}

/* The item that is equal to @item. If there is none, a copy of @size bytes becomes it. */
void *symbols__find_or_add(struct symbols *symbols, htab_t table, const void *item, size_t size,
			   bool *added);

/* A copy of @template. NULL: no memory. */
struct module *symbols__new_module(struct symbols *symbols, const struct module *template);

/* The module that is equal to @key. If there is none, a copy becomes it. NULL: no memory. */
struct module *symbols__find_module(struct symbols *symbols, const struct module *key);

/* A table of locations by whose they are and their address. NULL: no memory. */
htab_t locations__new(void);

/* A table of struct module_names by module and address. NULL: no memory. */
htab_t module_names__new(void);

/* A module for code in no file. @perf_map: where its names may be, or NULL. NULL: no memory. */
struct module *symbols__new_jit(struct symbols *symbols, const struct module *template,
				const struct process_perf_map *perf_map);

/* A symbol of such a module. -ENOMEM, also if there is no module. */
int symbols__add_jit_symbol(struct symbols *symbols, struct module *module, uint64_t address,
			    uint64_t size, const char *name);

/* A table of addresses of the kernel. NULL: no memory. */
htab_t kernel_addresses__new(void);

/* What is known to be there. NULL: nothing. */
const struct symtab_symbol *symbols__find_kernel(struct symbols *symbols, uint64_t address);

/* A table of struct process by process ID. NULL: no memory. */
htab_t processes__new(void);

/* NULL: nothing is known of it. */
struct process *symbols__find_process(struct symbols *symbols, uint32_t pid);

/* The process with this ID, also if nothing was known of it so far. NULL: no memory. */
struct process *symbols__add_process(struct symbols *symbols, uint32_t pid);

/* A table of struct space by ID. NULL: no memory. */
htab_t spaces__new(void);

/* The mapping that an address of a space stands for, or the module that says why there is none. */
int symbols__find_in_space(struct symbols *symbols, uint64_t word, uint64_t address,
			   const struct symbol_mapping **mapping, struct module **module);

/* A table of files that were told of. NULL: no memory. */
htab_t files__new(void);

/* Is it for the first time that a file is to be held? -ENOMEM. */
int symbols__hold_file(struct symbols *symbols, const struct symbol_mapping *mapping);

/* The symbol that was added of what is at an address of a mapping; NULL: none. */
const struct symtab_symbol *symbols__find_file_symbol(struct symbols *symbols,
						      const struct symbol_mapping *mapping,
						      uint64_t address);

/* The module of a mapping that was not read from a living process. NULL: no memory. */
struct module *symbols__find_recorded_file(struct symbols *symbols,
					   const struct symbol_mapping *mapping);

/* Add a mapping to its process. @live: it is there now, and so is its file. */
int symbols__map(struct symbols *symbols, const struct symbol_mapping *mapping, bool live);

#endif /* PROFBUF_SYMBOL_RESOLVER_H */
