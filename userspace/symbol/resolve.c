// SPDX-License-Identifier: GPL-2.0
/*
 * What is known of an address: looked up once, kept for all who ask again.
 */
#include <errno.h>
#include <string.h>

#include "resolver.h"

/**
 * struct own_location - a location and what it is found by
 * @public: must be first
 * @owner: process or address space; 0 for the kernel
 * @exact: as asked
 */
struct own_location {
	struct symbol_location public;
	uint64_t owner;
	bool exact;
};

static hashval_t hash_location(const void *item)
{
	const struct own_location *location = item;

	return symbols__hash(location->public.address, location->owner * 2 + location->exact);
}

static int equal_location(const void *item, const void *other)
{
	const struct own_location *a = item, *b = other;

	return a->public.address == b->public.address && a->owner == b->owner &&
	       a->exact == b->exact;
}

htab_t locations__new(void)
{
	return htab_try_create(1024, hash_location, equal_location, NULL);
}

static hashval_t hash_names(const void *item)
{
	const struct module_names *names = item;

	return symbols__hash(names->address, (uintptr_t)names->module);
}

static int equal_names(const void *item, const void *other)
{
	const struct module_names *a = item, *b = other;

	return a->address == b->address && a->module == b->module;
}

htab_t module_names__new(void)
{
	return htab_try_create(1024, hash_names, equal_names, NULL);
}

static struct module *to_module(struct symbol_module *public)
{
	return (struct module *)public;
}

/* What the module knows of the address, asked only once. */
static const struct module_names *name_in_module(struct symbols *symbols, struct module *module,
						 uint64_t address)
{
	struct module_names key = { .module = module, .address = address }, *names;
	bool added;
	uint32_t i;

	names = symbols__find_or_add(symbols, symbols->names, &key, sizeof(key), &added);
	if (!names || !added)
		return names;
	if (module__name(module, &symbols->context, names))
		return NULL;
	for (i = 0; i < names->nframes; i++) {
		module->public.has_lines |= !!names->frames[i].file;
		module->public.has_inlines |= names->frames[i].inlined;
	}
	return names;
}

static int take_symbol(struct symbols *symbols, struct symbol_location *location,
		       const struct symtab_symbol *symbol)
{
	struct module_names names = { 0 };
	int error = module__name_symbol(&symbols->context, symbol, &names);

	location->symbol_start = names.symbol_start;
	location->symbol_size = names.symbol_size;
	location->nframes = names.nframes;
	location->frames = names.frames;
	return error;
}

static int resolve_kernel(struct symbols *symbols, struct symbol_location *location,
			  uint64_t address)
{
	const struct symtab_symbol *symbol = symbols__find_kernel(symbols, address);
	struct module *module = symbols->kernel;

	if (symbol)
		module = symbol->owner;
	else if (module->public.problem == SYMBOL_OK)
		module = symbols->unnamed_kernel;
	location->module = &module->public;
	location->file_address = address;
	return symbol ? take_symbol(symbols, location, symbol) : 0;
}

static int resolve_in_module(struct symbols *symbols, struct symbol_location *location,
			     struct module *module, uint64_t address)
{
	const struct symbol_mapping *mapping = location->mapping;
	const struct module_names *names;

	location->module = &module->public;
	if (mapping && !module->live)
		module__open_recorded(module, &symbols->context, mapping);
	/* Another process that maps the file may lead to it. */
	if (module->kind == MODULE_NONE)
		return 0;
	if (!module__file_address(module, mapping, address, &location->file_address))
		return 0;
	names = name_in_module(symbols, module, location->file_address);
	if (!names)
		return -ENOMEM;
	if (names->nframes) {
		location->symbol_start = names->symbol_start + address - location->file_address;
		location->symbol_size = names->symbol_size;
		location->nframes = names->nframes;
		location->frames = names->frames;
	}
	return 0;
}

static int resolve_user(struct symbols *symbols, struct symbol_location *location, uint32_t pid,
			uint64_t address)
{
	struct process *process = symbols__find_process(symbols, pid);
	const struct symtab_symbol *recorded = NULL;
	struct module *module;
	int error;

	location->file_address = address;
	if (process && process->jit)
		recorded = symtab__find(&process->jit->symtab, address);
	if (process)
		location->mapping = mappings__find(&process->mappings, address);
	if (location->mapping)
		module = to_module(location->mapping->module);
	else if (recorded)
		module = process->jit;
	else if (process && process->first)
		module = symbols->no_mapping;
	else if (process && (process->error == -EACCES || process->error == -EPERM))
		module = symbols->not_permitted;
	else
		module = symbols->no_process;

	error = resolve_in_module(symbols, location, module, address);
	/* What no file can tell any more, a recording may have taken along. */
	if (!error && !location->nframes && recorded)
		error = take_symbol(symbols, location, recorded);
	return error;
}

static int resolve_nothing(struct symbols *symbols, struct symbol_location *location,
			   uint64_t address)
{
	location->file_address = address;
	location->module = &symbols->no_mapping->public;
	return 0;
}

static int resolve_in_space(struct symbols *symbols, struct symbol_location *location,
			    uint64_t word, uint64_t address)
{
	const struct symbol_mapping *mapping;
	const struct symtab_symbol *recorded;
	struct module *module;
	int error;

	location->file_address = address;
	error = symbols__find_in_space(symbols, word, address, &location->mapping, &module);
	if (!error)
		error = resolve_in_module(symbols, location, module, address);
	mapping = location->mapping;
	if (error || location->nframes || !mapping)
		return error;
	/* What no file can tell any more, a recording may have taken along. */
	recorded = symbols__find_file_symbol(symbols, mapping, address);
	if (!recorded)
		return 0;
	error = take_symbol(symbols, location, recorded);
	location->symbol_start += mapping->start - mapping->offset;
	return error;
}

const struct symbol_location *symbols__resolve(struct symbols *symbols, uint64_t owner,
					       uint64_t address, bool exact)
{
	bool kernel = address >> 63 && !owner, added;
	struct own_location key = {
		.public.address = address,
		.owner = kernel ? 0 : owner,
		.exact = exact,
	}, *own;
	struct symbol_module *module;
	uint64_t lookup = exact || !address ? address : address - 1;
	int error;

	own = symbols__find_or_add(symbols, symbols->locations, &key, sizeof(key), &added);
	if (!own || !added)
		return own ? &own->public : NULL;

	if (kernel)
		error = resolve_kernel(symbols, &own->public, lookup);
	else if (address >> 63)
		error = resolve_nothing(symbols, &own->public, lookup);
	else if (owner & SYMBOL_SPACE)
		error = resolve_in_space(symbols, &own->public, owner & ~SYMBOL_SPACE, lookup);
	else
		error = resolve_user(symbols, &own->public, owner, lookup);
	if (error) {
		htab_remove_elt(symbols->locations, own);
		return NULL;
	}
	/* Names are the call's; the address stays that of where it returns to. */
	own->public.file_address += address - lookup;
	module = own->public.module;
	module->addresses++;
	module->unnamed += !own->public.nframes;
	return &own->public;
}
