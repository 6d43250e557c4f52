// SPDX-License-Identifier: GPL-2.0
/*
 * Names of processes of this machine, as it runs, whose records do not tell their address space:
 * what they have mapped is read when a record of them comes up.
 */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "names_process.h"
#include "util/machine.h"
#include "util/message.h"

/*
 * Read its mappings. Who is called something else by now than in the record may execute another
 * program by now, unless it is known to be @certain.
 */
static void look(struct names *names, struct names_process *process,
		 const struct profbuf_record *record, bool certain)
{
	char name[MACHINE_NAME_SIZE];
	struct stat exe;

	if (!machine__process_is_old(process->pid, record->time))
		return;
	if (machine__program(process->pid, &exe)) {
		process->exe_device = exe.st_dev;
		process->exe_inode = exe.st_ino;
	}
	if (!certain && process->comm[0] &&
	    (!machine__thread_name(process->pid, process->pid, name) ||
	     strcmp(name, process->comm)))
		return;
	symbols__read_process(names->symbols, symbol_pid(process->pid, process->generation));
	process->looked = true;
}

/* A program that is executed names the main thread, but threads may be called anything. */
static enum names_news look_for_exec(struct names *names, struct names_process *process,
				     const struct profbuf_record *record)
{
	struct stat exe;
	bool same;

	if (!machine__process_is_old(process->pid, record->time) ||
	    !machine__program(process->pid, &exe))
		return NAMES_NO_NEWS;
	same = exe.st_dev == process->exe_device && exe.st_ino == process->exe_inode;
	if (same && process->looked)
		return NAMES_NO_NEWS;
	/* What was before was another one, or nobody knows. */
	names__next_generation(process);
	look(names, process, record, same);
	return NAMES_OTHER_PROGRAM;
}

/**
 * names__meet - a record comes up
 * @names: the names
 * @record: the record
 * @news: what it tells of its process
 *
 * Where the stream is of this machine, as it runs, mappings are read now: the process may not run
 * for long.
 *
 * Return: 0 or a negative errno.
 */
int names__meet(struct names *names, const struct profbuf_record *record, enum names_news *news)
{
	bool named = record->pid == record->tid && record->comm[0];
	struct names_process *process;
	bool renamed, known;

	*news = NAMES_NO_NEWS;
	if (names->recorded || !names->same_boot || !record->pid ||
	    profile__has_space(record))
		return 0;
	process = names__get_process(names, record->pid);
	if (!process)
		return -ENOMEM;
	renamed = named && memcmp(process->comm, record->comm, sizeof(process->comm));
	if (process->met && !renamed)
		return 0;
	known = process->comm[0];
	if (named)
		memcpy(process->comm, record->comm, sizeof(process->comm));
	if (!process->met) {
		process->met = true;
		process->first = record->time;
		look(names, process, record, false);
	} else if (known) {
		*news = look_for_exec(names, process, record);
	} else if (!process->looked) {
		look(names, process, record, false);
	}
	return 0;
}

/**
 * names__meet_again - the stream is read: learn what was mapped since
 * @names: the names
 *
 * Of what addresses meant first, and of what they mean by now, only one can be had.
 */
void names__meet_again(struct names *names)
{
	uint32_t i;

	for (i = 0; !names->recorded && i < names->nr_processes; i++) {
		struct names_process *process = &names->processes[i];
		uint32_t symbol = symbol_pid(process->pid, process->generation);
		enum symbols_news news;

		if (!process->looked || !machine__process_is_old(process->pid, process->first) ||
		    symbols__check_process(names->symbols, symbol, &news))
			continue;
		if (news == SYMBOLS_REPLACED)
			names->replaced++;
		else
			symbols__read_process(names->symbols, symbol);
	}
	if (!names->replaced)
		return;
	warning("%u process%s mapped other files in the place of some: names of functions there may be wrong",
		names->replaced, names->replaced == 1 ? " has" : "es have");
	hint("'profbuf record' tells what was mapped when");
}
