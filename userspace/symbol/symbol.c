// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <libiberty/hashtab.h>

#include "resolver.h"
#include "util/machine.h"

#define KERNEL_PATH	"[kernel.kallsyms]"
#define UNKNOWN_PATH	"[unknown]"

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
	symbols->context.pid_ns = machine__pid_namespace();
	symbols->context.strings = strings__new();
	symbols->context.memory = objalloc_create();
	symbols->modules = htab_try_create(64, hash_module, equal_module, NULL);
	symbols->kernel_addresses = kernel_addresses__new();
	symbols->processes = processes__new();
	symbols->spaces = spaces__new();
	symbols->files = files__new();
	symbols->locations = locations__new();
	symbols->names = module_names__new();
	if (!symbols->context.strings || !symbols->context.memory || !symbols->modules ||
	    !symbols->kernel_addresses || !symbols->processes || !symbols->spaces ||
	    !symbols->files || !symbols->locations || !symbols->names)
		goto fail;

	symbols->kernel = new_special(symbols, KERNEL_PATH, true, SYMBOL_NO_KERNEL,
				      "record as a user who may read /proc/kallsyms",
				      "there are no kernel symbols");
	symbols->unnamed_kernel = new_special(symbols, KERNEL_PATH, true, SYMBOL_NOT_TOLD, NULL,
					      "the kernel has no name for this code: it was made at run time, or has gone since");
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
	if (!symbols->kernel || !symbols->unnamed_kernel || !symbols->no_process ||
	    !symbols->no_mapping || !symbols->not_permitted || !symbols->no_space ||
	    !symbols->not_told || !symbols->not_all_told)
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
	delete_table(symbols->kernel_addresses);
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
	symbols->context.recorded = true;
	symbols->context.recorded_ns = realtime_ns;
}

const char *symbols__intern(struct symbols *symbols, const char *string)
{
	return strings__intern(symbols->context.strings, string, strlen(string));
}

struct symbol_module *symbols__next_module(struct symbols *symbols,
					   const struct symbol_module *previous)
{
	const struct module *module = (const struct module *)previous;

	module = module ? module->next : symbols->first_module;
	return module ? (struct symbol_module *)&module->public : NULL;
}
