// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libiberty/hashtab.h>

#include "kallsyms.h"
#include "resolver.h"

#define KERNEL_PATH	"[kernel.kallsyms]"
#define UNKNOWN_PATH	"[unknown]"

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

static struct module *to_module(struct symbol_module *public)
{
	return (struct module *)public;
}

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

static hashval_t hash_module(const void *item)
{
	const struct module *module = item;

	return symbols__hash(module->inode ^ (uintptr_t)module->key_build_id,
			     (uintptr_t)module->public.path);
}

/* Strings are interned. */
static int equal_module(const void *item, const void *other)
{
	const struct module *a = item, *b = other;

	return a->public.path == b->public.path && a->public.kernel == b->public.kernel &&
	       a->key_build_id == b->key_build_id && a->live == b->live &&
	       a->inode == b->inode && a->major == b->major && a->minor == b->minor &&
	       a->told == b->told && a->inode_generation == b->inode_generation &&
	       a->ctime_sec == b->ctime_sec && a->ctime_nsec == b->ctime_nsec;
}

void *symbols__find_or_add(struct symbols *symbols, htab_t table, const void *item, size_t size,
			   bool *added)
{
	void **slot = htab_find_slot(table, item, INSERT);

	*added = false;
	if (!slot)
		return NULL;
	if (!*slot) {
		*slot = objalloc_alloc(symbols->context.memory, size);
		/* A slot that stays empty does no harm. */
		if (!*slot)
			return NULL;
		memcpy(*slot, item, size);
		*added = true;
	}
	return *slot;
}

struct module *symbols__new_module(struct symbols *symbols, const struct module *template)
{
	struct module *module = malloc(sizeof(*module));

	if (!module)
		return NULL;
	*module = *template;
	if (symbols->last_module)
		symbols->last_module->next = module;
	else
		symbols->first_module = module;
	symbols->last_module = module;
	return module;
}

static struct module *new_special(struct symbols *symbols, const char *path, bool kernel,
				  enum symbol_problem problem, const char *advice,
				  const char *reason)
{
	struct module template = { .public.kernel = kernel }, *module;

	template.public.path = symbols__intern(symbols, path);
	module = template.public.path ? symbols__new_module(symbols, &template) : NULL;
	if (module)
		module__set_problem(module, &symbols->context, problem, advice, "%s", reason);
	return module;
}

struct module *symbols__find_module(struct symbols *symbols, const struct module *key)
{
	void **slot = htab_find_slot(symbols->modules, key, INSERT);

	if (!slot)
		return NULL;
	/* A slot that stays empty does no harm. */
	if (!*slot)
		*slot = symbols__new_module(symbols, key);
	return *slot;
}

struct symbols *symbols__new(const struct symbols_options *options)
{
	struct symbols *symbols = calloc(1, sizeof(*symbols));

	if (!symbols)
		return NULL;
	if (options)
		symbols->context.options = *options;
	symbols->context.strings = strings__new();
	symbols->context.memory = objalloc_create();
	symbols->modules = htab_try_create(64, hash_module, equal_module, NULL);
	symbols->processes = processes__new();
	symbols->spaces = spaces__new();
	symbols->files = files__new();
	symbols->locations = htab_try_create(1024, hash_location, equal_location, NULL);
	symbols->names = htab_try_create(1024, hash_names, equal_names, NULL);
	if (!symbols->context.strings || !symbols->context.memory || !symbols->modules ||
	    !symbols->processes || !symbols->spaces || !symbols->files ||
	    !symbols->locations || !symbols->names)
		goto fail;

	symbols->kernel = new_special(symbols, KERNEL_PATH, true, SYMBOL_NO_KERNEL,
				      "record as a user who may read /proc/kallsyms",
				      "there are no kernel symbols");
	symbols->no_process = new_special(symbols, UNKNOWN_PATH, false, SYMBOL_NO_PROCESS, NULL,
					  "the process ended before its mappings could be read");
	symbols->no_mapping = new_special(symbols, UNKNOWN_PATH, false, SYMBOL_NO_MAPPING,
					  "build the program with -fno-omit-frame-pointer",
					  "nothing executable is mapped there: callers are found by frame pointers, and some code keeps none");
	symbols->not_permitted = new_special(symbols, UNKNOWN_PATH, false, SYMBOL_NOT_PERMITTED,
					     "run as root or as the user of the process",
					     "this user may not read the mappings of the process");
	symbols->no_space = new_special(symbols, UNKNOWN_PATH, false, SYMBOL_NO_SPACE,
					"sample less often: too many processes came up at once",
					"the kernel could not tell which address space it is of");
	symbols->not_told = new_special(symbols, UNKNOWN_PATH, false, SYMBOL_NOT_TOLD,
					"let the stream end by itself, or read it faster",
					"the stream does not tell what was mapped in the process");
	symbols->not_all_told = new_special(symbols, UNKNOWN_PATH, false, SYMBOL_NOT_TOLD, NULL,
					    "the kernel could not tell all that was mapped in the process");
	if (!symbols->kernel || !symbols->no_process || !symbols->no_mapping ||
	    !symbols->not_permitted || !symbols->no_space || !symbols->not_told ||
	    !symbols->not_all_told)
		goto fail;
	return symbols;
fail:
	symbols__free(symbols);
	return NULL;
}

static void delete_table(htab_t table)
{
	if (table)
		htab_delete(table);
}

void symbols__free(struct symbols *symbols)
{
	struct module *module, *next;

	if (!symbols)
		return;
	for (module = symbols->first_module; module; module = next) {
		next = module->next;
		module__free(module);
	}
	delete_table(symbols->modules);
	delete_table(symbols->processes);
	delete_table(symbols->spaces);
	delete_table(symbols->files);
	delete_table(symbols->locations);
	delete_table(symbols->names);
	symtab__free(&symbols->kernel_symtab);
	strings__free(symbols->context.strings);
	if (symbols->context.memory)
		objalloc_free(symbols->context.memory);
	free(symbols);
}

void symbols__set_here(struct symbols *symbols)
{
	symbols->context.here = true;
}

void symbols__set_recorded(struct symbols *symbols, uint64_t realtime_ns)
{
	symbols->context.recorded_ns = realtime_ns;
}

const char *symbols__intern(struct symbols *symbols, const char *string)
{
	return strings__intern(symbols->context.strings, string, strlen(string));
}

/*
 * The kernel
 */

/* @path: in brackets. */
static struct module *find_kernel_module(struct symbols *symbols, const char *path)
{
	struct module key = { .kind = MODULE_KERNEL, .public.kernel = true };

	if (!path)
		return symbols->kernel;
	key.public.path = symbols__intern(symbols, path);
	return key.public.path ? symbols__find_module(symbols, &key) : NULL;
}

static int add_kernel_symbol(struct symbols *symbols, struct symtab_symbol *symbol,
			     const char *name, const char *module)
{
	symbol->name = symbols__intern(symbols, name);
	symbol->name_size = strlen(name) + 1;
	symbol->owner = find_kernel_module(symbols, module);
	if (!symbol->name || !symbol->owner)
		return -ENOMEM;
	symbols->kernel->kind = MODULE_KERNEL;
	symbols->kernel->public.problem = SYMBOL_OK;
	symbols->kernel->public.reason = NULL;
	symbols->kernel->public.advice = NULL;
	return symtab__add(&symbols->kernel_symtab, symbol);
}

static int add_kallsyms_symbol(const struct kallsyms_symbol *found, void *data)
{
	struct symtab_symbol symbol = {
		.start = found->address,
		.end = UINT64_MAX,
		.rank = found->rank,
		.open = true,
	};

	return add_kernel_symbol(data, &symbol, found->name, found->module);
}

int symbols__read_kallsyms(struct symbols *symbols, const char *path)
{
	int error = kallsyms__read(path ?: "/proc/kallsyms", add_kallsyms_symbol, symbols);

	if (error == -EPERM)
		module__set_problem(symbols->kernel, &symbols->context, SYMBOL_HIDDEN,
				    kallsyms__advice(),
				    "the kernel hides the addresses of its symbols");
	else if (error)
		module__set_problem(symbols->kernel, &symbols->context, SYMBOL_NO_KERNEL, NULL,
				    "the kernel's symbols cannot be read: %s", strerror(-error));
	return error;
}

int symbols__add_kernel_symbol(struct symbols *symbols, uint64_t address, uint64_t size,
			       const char *name, const char *module)
{
	struct symtab_symbol symbol = {
		.start = address,
		.end = size ? address + size : UINT64_MAX,
		.open = !size,
	};
	char path[256];

	if (!module || !*module)
		return add_kernel_symbol(symbols, &symbol, name, NULL);
	snprintf(path, sizeof(path), "[%s]", module);
	return add_kernel_symbol(symbols, &symbol, name, path);
}

/*
 * Addresses
 */

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
	const struct symtab_symbol *symbol = symtab__find(&symbols->kernel_symtab, address);
	struct module *module = symbol ? symbol->owner : symbols->kernel;

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

struct symbol_module *symbols__next_module(struct symbols *symbols,
					   const struct symbol_module *previous)
{
	const struct module *module = (const struct module *)previous;

	module = module ? module->next : symbols->first_module;
	return module ? (struct symbol_module *)&module->public : NULL;
}
