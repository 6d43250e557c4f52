// SPDX-License-Identifier: GPL-2.0
#include "functions.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/array.h"

#define NONE UINT32_MAX

/**
 * path_name - what a file is called for short
 * @path: a path, or a name in brackets
 *
 * Return: the part of it behind the last slash.
 */
const char *path_name(const char *path)
{
	const char *slash = path[0] == '[' ? NULL : strrchr(path, '/');

	return slash && slash[1] ? slash + 1 : path;
}

static bool has_name(const struct symbol_location *symbol, uint32_t n)
{
	return n < symbol->nframes && symbol->frames[n].name && symbol->frames[n].name[0];
}

/**
 * symbol_label - how a function is called
 * @symbol: what is known of its address
 * @n: which of the functions there
 * @buffer: for a label that is not a name
 * @size: of @buffer
 *
 * Return: its name; without one, its module in brackets.
 */
const char *symbol_label(const struct symbol_location *symbol, uint32_t n, char *buffer,
			 size_t size)
{
	const char *module;

	if (has_name(symbol, n))
		return symbol->frames[n].name;
	module = path_name(symbol->module->path);
	if (module[0] == '[')
		return module;
	snprintf(buffer, size, "[%s]", module);
	return buffer;
}

/**
 * task_label - how a process or thread is called
 * @comm: its name as recorded, of PROFILE_COMM_SIZE bytes
 * @pid: its number
 * @buffer: for a label that is not a name
 * @size: of @buffer
 *
 * Return: its name; without one, its number.
 */
const char *task_label(const char *comm, uint32_t pid, char *buffer, size_t size)
{
	if (comm[0])
		snprintf(buffer, size, "%.*s", PROFILE_COMM_SIZE, comm);
	else if (pid)
		snprintf(buffer, size, "[process %u]", pid);
	else
		snprintf(buffer, size, "[unknown process]");
	return buffer;
}

const char *mode_label(uint8_t mode)
{
	switch (mode) {
	case PROFBUF_MODE_KERNEL:
		return "kernel";
	case PROFBUF_MODE_USER:
		return "user";
	case PROFBUF_MODE_IDLE:
		return "idle";
	case PROFBUF_MODE_GUEST:
		return "guest";
	default:
		return NULL;
	}
}

static bool same_module(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

static uint32_t get_function(struct functions *functions, const char *label, const char *module,
			     uint32_t flags)
{
	struct function *function;
	uint32_t cursor, hash, i;
	size_t size;
	char *copy;

	if (functions->labels_only) {
		flags &= FUNCTION_KERNEL | FUNCTION_LOST | FUNCTION_LATE;
		module = NULL;
	}
	hash = hash_string(label) ^ flags * (uint32_t)HASH_ODD1;
	index_for_each_candidate(&functions->index, hash, cursor, i) {
		function = &functions->list[i];
		if (function->flags == flags && !strcmp(function->label, label) &&
		    same_module(function->module, module))
			return i;
	}

	i = functions->nr;
	if (array__reserve(&functions->list, i, &functions->max, sizeof(*functions->list)))
		return NONE;
	size = strlen(label) + 1;
	copy = arena__alloc(&functions->labels, size);
	if (!copy || index__insert(&functions->index, hash, i))
		return NONE;
	memcpy(copy, label, size);
	functions->list[i] = (struct function){
		.label = copy,
		.module = module,
		.flags = flags,
	};
	functions->nr++;
	return i;
}

static int add_index(struct functions *functions, uint32_t used, uint32_t function)
{
	if (function == NONE)
		return -ENOMEM;
	if (array__reserve(&functions->indices, used, &functions->max_indices,
			   sizeof(*functions->indices)))
		return -ENOMEM;
	functions->indices[used] = function;
	return 0;
}

/* One more location has frame @n of its symbol. */
static int add_frame(struct functions *functions, uint32_t used,
		     const struct profile_location *location, uint32_t n)
{
	const struct symbol_location *symbol = location->symbol;
	uint32_t flags = location->kernel ? FUNCTION_KERNEL : 0;
	struct function *function;
	char buffer[4096];
	uint32_t i;
	int err;

	if (location->late)
		flags |= FUNCTION_LATE;
	else if (!has_name(symbol, n))
		flags |= FUNCTION_UNNAMED;
	else if (symbol->frames[n].inlined)
		flags |= FUNCTION_INLINED;
	i = get_function(functions, symbol_label(symbol, n, buffer, sizeof(buffer)),
			 symbol->module->path, flags);
	err = add_index(functions, used, i);
	if (err)
		return err;
	function = &functions->list[i];
	if (!function->file && n < symbol->nframes)
		function->file = symbol->frames[n].file;
	return 0;
}

static int add_locations(struct functions *functions, const struct profile *profile)
{
	uint32_t n = profile__nr_locations(profile);
	uint32_t used = 0;
	uint32_t i, k;
	int err;

	functions->first = malloc((n + 1UL) * sizeof(*functions->first));
	if (!functions->first)
		return -ENOMEM;
	for (i = 0; i < n; i++) {
		const struct profile_location *location = profile__location(profile, i);
		const struct symbol_location *symbol = location->symbol;

		functions->first[i] = used;
		for (k = 0; k < symbol->nframes || !k; k++) {
			err = add_frame(functions, used++, location, k);
			if (err)
				return err;
		}
	}
	functions->first[n] = used;
	return 0;
}

static uint32_t get_task(struct functions *functions, const char *comm, uint32_t pid)
{
	char buffer[64];

	return get_function(functions, task_label(comm, pid, buffer, sizeof(buffer)), NULL,
			    FUNCTION_PROCESS);
}

static int add_tasks(struct functions *functions, const struct profile *profile)
{
	uint32_t nr_processes = profile__nr_processes(profile);
	uint32_t nr_threads = profile__nr_threads(profile);
	uint32_t i;

	functions->process = malloc((nr_processes + 1UL) * sizeof(*functions->process));
	functions->thread = malloc((nr_threads + 1UL) * sizeof(*functions->thread));
	if (!functions->process || !functions->thread)
		return -ENOMEM;
	for (i = 0; i < nr_processes; i++) {
		const struct profile_process *process = profile__process(profile, i);

		functions->process[i] = get_task(functions, process->comm, process->pid);
		if (functions->process[i] == NONE)
			return -ENOMEM;
	}
	for (i = 0; i < nr_threads; i++) {
		const struct profile_thread *thread = profile__thread(profile, i);
		const struct profile_process *process = profile__process(profile, thread->process);

		functions->thread[i] = get_task(functions, thread->comm, process->pid);
		if (functions->thread[i] == NONE)
			return -ENOMEM;
	}
	functions->lost = get_function(functions, LOST_SAMPLES, NULL, FUNCTION_LOST);
	return functions->lost == NONE ? -ENOMEM : 0;
}

static int compare(const void *left, const void *right, void *context)
{
	const struct functions *functions = context;
	const struct function *a = &functions->list[*(const uint32_t *)left];
	const struct function *b = &functions->list[*(const uint32_t *)right];
	int order;

	order = (int)!!(a->flags & FUNCTION_LOST) - (int)!!(b->flags & FUNCTION_LOST);
	if (!order)
		order = strcmp(a->label, b->label);
	if (!order)
		order = (a->flags > b->flags) - (a->flags < b->flags);
	if (!order)
		order = strcmp(a->module ? a->module : "", b->module ? b->module : "");
	return order;
}

static int rank(struct functions *functions)
{
	uint32_t i;

	functions->by_rank = malloc(functions->nr * sizeof(*functions->by_rank));
	if (!functions->by_rank)
		return -ENOMEM;
	for (i = 0; i < functions->nr; i++)
		functions->by_rank[i] = i;
	qsort_r(functions->by_rank, functions->nr, sizeof(*functions->by_rank), compare,
		functions);
	for (i = 0; i < functions->nr; i++)
		functions->list[functions->by_rank[i]].rank = i;
	return 0;
}

/**
 * functions__init - collect the functions of a profile
 * @functions: to be filled in
 * @profile: after symbolization; it and the resolver must outlive @functions
 * @labels_only: functions of the same name are one, no matter what module they are in;
 *	only the kernel's are told apart from others
 *
 * Return: 0 or -ENOMEM; then there is nothing to give back.
 */
int functions__init(struct functions *functions, const struct profile *profile,
		    bool labels_only)
{
	int err;

	*functions = (struct functions){ .labels_only = labels_only };
	err = add_locations(functions, profile);
	if (!err)
		err = add_tasks(functions, profile);
	if (!err)
		err = rank(functions);
	if (err)
		functions__exit(functions);
	return err;
}

void functions__exit(struct functions *functions)
{
	free(functions->list);
	free(functions->by_rank);
	free(functions->first);
	free(functions->indices);
	free(functions->process);
	free(functions->thread);
	index__free(&functions->index);
	arena__free(&functions->labels);
}

/**
 * functions__task - what a stack is shown under
 * @functions: the functions
 * @stack: the stack
 *
 * Return: the thread if the profile tells threads apart, otherwise the process.
 */
uint32_t functions__task(const struct functions *functions, const struct profile_stack *stack)
{
	if (stack->thread != NONE)
		return functions->thread[stack->thread];
	return functions->process[stack->process];
}
