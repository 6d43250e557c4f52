// SPDX-License-Identifier: GPL-2.0
/*
 * The table of processes: what each has mapped, and which module that is of.
 */
#include <errno.h>
#include <string.h>

#include "resolver.h"

static hashval_t hash_process(const void *item)
{
	const struct process *process = item;

	return symbols__hash(process->pid, 0);
}

static int equal_process(const void *item, const void *other)
{
	const struct process *a = item, *b = other;

	return a->pid == b->pid;
}

static void free_process(void *item)
{
	struct process *process = item;

	mappings__free(&process->mappings);
}

htab_t processes__new(void)
{
	return htab_try_create(64, hash_process, equal_process, free_process);
}

struct process *symbols__find_process(struct symbols *symbols, uint32_t pid)
{
	struct process key = { .pid = pid };

	return htab_find(symbols->processes, &key);
}

struct process *symbols__add_process(struct symbols *symbols, uint32_t pid)
{
	struct process key = { .pid = pid };
	bool added;

	return symbols__find_or_add(symbols, symbols->processes, &key, sizeof(key), &added);
}

static struct module *find_jit(struct symbols *symbols, struct process *process, bool live)
{
	struct module template = { .pid = process->pid };
	struct process_perf_map perf_map;
	bool found;

	if (!process->jit) {
		found = live && !process__find_perf_map(process->pid, &perf_map);
		process->jit = symbols__new_jit(symbols, &template, found ? &perf_map : NULL);
	}
	return process->jit;
}

struct module *symbols__find_recorded_file(struct symbols *symbols,
					   const struct symbol_mapping *mapping)
{
	struct module key = {
		.public.path = mapping->path,
		.major = mapping->major,
		.minor = mapping->minor,
		.inode = mapping->inode,
		.inode_generation = mapping->inode_generation,
		.ctime_sec = mapping->ctime_sec,
		.ctime_nsec = mapping->ctime_nsec,
		.told = mapping->told,
		.pid = mapping->pid,
	};

	if (mapping->build_id)
		module__set_build_id(&key, &symbols->context, mapping->build_id,
				     mapping->build_id_size);
	key.key_build_id = key.public.build_id;
	return symbols__find_module(symbols, &key);
}

static struct module *find_live_file(struct symbols *symbols, const struct symbol_mapping *mapping)
{
	struct module key = {
		.public.path = mapping->path,
		.major = mapping->major,
		.minor = mapping->minor,
		.inode = mapping->inode,
		.pid = mapping->pid,
		.live = true,
	};
	struct module *module = symbols__find_module(symbols, &key);

	if (module && module->kind != MODULE_FILE) {
		/* Another process may have been less open. */
		module->pid = mapping->pid;
		module__open_live(module, &symbols->context, mapping);
	}
	return module;
}

static struct module *find_mapped(struct symbols *symbols, struct process *process,
				  const struct symbol_mapping *mapping, bool live)
{
	struct module *module;

	if (!module__has_file(mapping))
		return find_jit(symbols, process, live);
	module = live ? find_live_file(symbols, mapping) :
			symbols__find_recorded_file(symbols, mapping);
	if (module && module__is_memory(mapping) &&
	    (live ? module->kind != MODULE_FILE : !module->build_id_size))
		return find_jit(symbols, process, live);
	return module;
}

int symbols__map(struct symbols *symbols, const struct symbol_mapping *mapping, bool live)
{
	struct own_mapping *own;
	struct process *process;
	struct module *module;
	int error;

	if (mapping->end <= mapping->start)
		return -EINVAL;
	process = symbols__add_process(symbols, mapping->pid);
	if (!process)
		return -ENOMEM;
	/* Such as [vsyscall]: an address of the kernel, whose names are elsewhere. */
	if (mapping->start >> 63)
		return 0;

	own = objalloc_alloc(symbols->context.memory, sizeof(*own));
	if (!own)
		return -ENOMEM;
	*own = (struct own_mapping){ .public = *mapping };
	own->public.path = symbols__intern(symbols, mapping->path ?: "");
	if (!own->public.path)
		return -ENOMEM;
	module = find_mapped(symbols, process, &own->public, live);
	if (!module)
		return -ENOMEM;
	own->public.module = &module->public;
	own->public.build_id = module->build_id;
	own->public.build_id_size = module->build_id_size;

	error = mappings__add(&process->mappings, &own->public);
	if (error)
		return error;
	if (process->last)
		process->last->next = own;
	else
		process->first = own;
	process->last = own;
	return 0;
}

int symbols__add_mapping(struct symbols *symbols, const struct symbol_mapping *mapping)
{
	return symbols__map(symbols, mapping, false);
}

int symbols__add_process_symbol(struct symbols *symbols, uint32_t pid, uint64_t address,
				uint64_t size, const char *name)
{
	struct process *process = symbols__add_process(symbols, pid);

	if (!process)
		return -ENOMEM;
	return symbols__add_jit_symbol(symbols, find_jit(symbols, process, false), address, size,
				       name);
}

const struct symbol_mapping *symbols__next_mapping(struct symbols *symbols, uint32_t pid,
						   const struct symbol_mapping *previous)
{
	const struct own_mapping *own = (const struct own_mapping *)previous;
	const struct process *process;

	if (own)
		return own->next ? &own->next->public : NULL;
	process = symbols__find_process(symbols, pid);
	return process && process->first ? &process->first->public : NULL;
}
