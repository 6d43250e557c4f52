// SPDX-License-Identifier: GPL-2.0
/*
 * Code in no file, such as that of JIT compilers: one module for each process or address space,
 * whose names a recording has, or the process says in a file of its own.
 */
#include <errno.h>
#include <string.h>

#include "resolver.h"

struct module *symbols__new_jit(struct symbols *symbols, const struct module *template,
				const struct process_perf_map *perf_map)
{
	struct module key = *template, *module;

	key.public.path = symbols__intern(symbols, "[anon]");
	if (!key.public.path)
		return NULL;
	module = symbols__new_module(symbols, &key);
	if (module)
		module__set_anonymous(module, &symbols->context, perf_map);
	return module;
}

int symbols__add_jit_symbol(struct symbols *symbols, struct module *module, uint64_t address,
			    uint64_t size, const char *name)
{
	struct symtab_symbol symbol = {
		.start = address,
		.end = address + size,
		.name = symbols__intern(symbols, name),
		.name_size = strlen(name) + 1,
	};

	if (!symbol.name || !module)
		return -ENOMEM;
	module->symtab.newest_wins = true;
	return symtab__add(&module->symtab, &symbol);
}
