// SPDX-License-Identifier: GPL-2.0
#include "names_process.h"
#include "util/array.h"

struct names_process *names__find_process(const struct names *names, uint32_t pid)
{
	uint32_t cursor, i;

	index_for_each_candidate(&names->index, hash_pair(pid, 0), cursor, i)
		if (names->processes[i].pid == pid)
			return &names->processes[i];
	return NULL;
}

struct names_process *names__get_process(struct names *names, uint32_t pid)
{
	struct names_process *process = names__find_process(names, pid);
	uint32_t i = names->nr_processes;

	if (process)
		return process;
	if (array__reserve(&names->processes, i, &names->max_processes, sizeof(*process)) ||
	    index__insert(&names->index, hash_pair(pid, 0), i))
		return NULL;
	process = &names->processes[names->nr_processes++];
	*process = (struct names_process){ .pid = pid };
	return process;
}

void names__next_generation(struct names_process *process)
{
	if (process->generation < SYMBOL_MAX_GENERATION)
		process->generation++;
	process->looked = false;
}
