// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "names.h"
#include "names_process.h"
#include "util/machine.h"
#include "util/message.h"

/**
 * names__init - know no names yet
 * @names: the names
 *
 * Return: 0 or a negative errno.
 */
int names__init(struct names *names)
{
	*names = (struct names){ .symbols = symbols__new(NULL) };
	return names->symbols ? 0 : -ENOMEM;
}

/**
 * names__exit - give back all names
 * @names: the names
 */
void names__exit(struct names *names)
{
	symbols__free(names->symbols);
	free(names->processes);
	index__free(&names->index);
	free(names->origin);
}

/* If it is hidden, the resolver says so where it matters. */
static int read_kernel(struct names *names)
{
	int err = symbols__read_kallsyms(names->symbols, NULL);

	return err == -ENOMEM ? err : 0;
}

static bool tells_spaces(const struct profbuf_info *info)
{
	const uint32_t *words = (const void *)((const char *)info + info->size);
	uint32_t i;

	for (i = 0; i < info->nr_words; i++)
		if (words[i] == PROFBUF_WORD_SPACE)
			return true;
	return false;
}

/**
 * names__info - take note of an INFO frame
 * @names: the names
 * @info: what it says
 *
 * Return: 0 or a negative errno.
 */
int names__info(struct names *names, const struct profbuf_info *info)
{
	if (names->info_seen)
		return 0;
	names->info_seen = true;
	names->same_boot = machine__same_boot(info);
	if (names->same_boot)
		symbols__set_here(names->symbols);
	if (names->recorded && !names->once)
		return 0;
	if (names->same_boot)
		return read_kernel(names);
	if (names->recorded) {
		warning("names of the kernel are at the end of a recording, and a pipe is read only once");
		hint("name the file instead");
	} else {
		warning("this was read on another machine, or before this one was started: %s",
			tells_spaces(info) ? "there are no names of the kernel" :
			"there are no names");
		hint("'profbuf record' takes the names along");
	}
	return 0;
}

/* Whoever had read the device, the stream would be without names: only a recorder adds them. */
static void advise_on_kernel(struct names *names)
{
	struct symbol_module *module = NULL;

	while ((module = symbols__next_module(names->symbols, module)))
		if (module->problem == SYMBOL_NO_KERNEL)
			module->advice = "record with 'profbuf record'";
}

/* Nothing but the space of a record tells what its addresses mean. */
static void explain_records(struct names *names)
{
	struct symbol_module *module = NULL;

	while ((module = symbols__next_module(names->symbols, module))) {
		if (module->problem != SYMBOL_NO_PROCESS)
			continue;
		module->reason = "its records do not tell which address space they are of";
		module->advice = "record with more header words (--hdrsize)";
	}
}

/* If too much happened at once, it would still have told of some spaces. */
static void explain_kernel(struct names *names)
{
	struct symbol_module *module = NULL;

	while ((module = symbols__next_module(names->symbols, module))) {
		if (module->problem != SYMBOL_NO_SPACE)
			continue;
		module->reason = "the kernel does not tell what is mapped in processes";
		module->advice = "its log says why: 'dmesg'";
	}
}

/**
 * names__end - take note that there will be no more frames of a recorder
 * @names: the names
 *
 * A recording that was cut short lacks names of the kernel, which come last. Until the machine that
 * it is of is started anew, they are here.
 *
 * Return: 0 or a negative errno.
 */
int names__end(struct names *names)
{
	bool cut_short = names->recorded && !names->ended;

	if (!names->recorded && !names->same_boot)
		advise_on_kernel(names);
	if (names->recorded && !names->processes_told)
		explain_records(names);
	if (!names->spaces_told)
		explain_kernel(names);
	names->ended = true;
	return cut_short && names->same_boot ? read_kernel(names) : 0;
}

/**
 * names__generation - how often have a process's addresses come to mean something else up to here?
 * @names: the names
 * @pid: process ID
 *
 * Return: the number.
 */
uint32_t names__generation(const struct names *names, uint32_t pid)
{
	const struct names_process *process = names__find_process(names, pid);

	return process ? process->generation : 0;
}

/**
 * names__owner - what the resolver calls that which addresses of a record belong to
 * @names: the names, up to the record
 * @record: the record
 *
 * Return: its number.
 */
uint64_t names__owner(const struct names *names, const struct profbuf_record *record)
{
	if (profile__has_space(record))
		return symbol_space(record->space);
	return symbol_pid(record->pid, names__generation(names, record->pid));
}

/**
 * names__space - take note of a SPACE frame
 * @names: the names
 * @info: what it says of the space
 * @mappings: its mappings
 *
 * Return: 0 or a negative errno.
 */
int names__space(struct names *names, const struct profbuf_space_info *info,
		 const struct profbuf_space_mapping *mappings)
{
	names->spaces_told = true;
	return symbols__add_space(names->symbols, info, mappings);
}

/**
 * names__restart - go through the same stream again, with all names that it has
 * @names: the names
 */
void names__restart(struct names *names)
{
	index__free(&names->index);
	names->index = (struct index){ 0 };
	names->nr_processes = 0;
}
