// SPDX-License-Identifier: GPL-2.0
/*
 * A control group is the one sure sign of a command's descendants: they are born into it, and
 * records name it. Where none can be made, and for processes that ran already, the kernel tells
 * with the space of a record which process it is of, and who its parent was when it was sampled
 * first. Processes are told apart by the time at which they were started: what is known of one is
 * never taken for that of another that has got its number. Of ancestors that were not sampled
 * /proc tells, while they live; the recorder is the reaper of orphans, so that these do not leave
 * the family.
 *
 * The kernel tells the numbers of the initial PID namespace. In another one /proc shows fewer
 * processes, by other numbers, which are what is kept here.
 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "family.h"
#include "profile/profile.h"
#include "util/array.h"
#include "util/machine.h"

/* So many generations are asked for; more would be a circle of numbers that are used again. */
#define MAX_ANCESTORS 64

/* For so long what is known of a process is true of records that tell nothing but its number. */
#define TRUE_NS 1000000000ULL

#define NONE UINT32_MAX

/* A bit of the ID of a process that /proc does not show, which is that of the initial namespace. */
#define HIDDEN (1U << 31)

/**
 * struct family_process - a process
 * @pid: process ID, as /proc has it
 * @started: when it was started, in clock ticks, as /proc has it
 * @parent: process ID of its parent, when it was seen first; NONE: not known
 * @checked: when it was seen to have that ID, CLOCK_MONOTONIC
 * @asked: of its ancestors was asked
 * @answer: whether it belongs
 */
struct family_process {
	uint32_t pid;
	uint64_t started;
	uint32_t parent;
	uint64_t checked;
	bool asked;
	enum family_answer answer;
};

/**
 * struct family_space - an address space
 * @id: its ID
 * @pid: a process that uses it, as the kernel tells
 * @process: its number in the table
 */
struct family_space {
	uint64_t id;
	uint32_t pid;
	uint32_t process;
};

/* The one with this ID that was started last, but not after @until. */
static uint32_t find_process(const struct family *family, uint32_t pid, uint64_t until)
{
	uint32_t cursor, i, found = NONE;

	index_for_each_candidate(&family->process_index, hash_pair(pid, 0), cursor, i) {
		const struct family_process *process = &family->processes[i];

		if (process->pid == pid && process->started <= until &&
		    (found == NONE || process->started > family->processes[found].started))
			found = i;
	}
	return found;
}

static uint32_t add_process(struct family *family, uint32_t pid, uint64_t started, uint32_t parent)
{
	uint32_t i = find_process(family, pid, started);

	if (i != NONE && family->processes[i].started == started)
		return i;
	i = family->nr_processes;
	if (array__reserve(&family->processes, i, &family->max_processes,
			   sizeof(*family->processes)) ||
	    index__insert(&family->process_index, hash_pair(pid, 0), i))
		return NONE;
	family->nr_processes++;
	family->processes[i] = (struct family_process){
		.pid = pid,
		.started = started,
		.parent = parent,
	};
	return i;
}

/* The same by the number that the kernel tells. */
static uint32_t find_told(const struct family *family, uint32_t pid, uint64_t until)
{
	uint32_t cursor, i, found = NONE;

	if (!family->pid_ns)
		return find_process(family, pid, until);
	index_for_each_candidate(&family->told_index, hash_pair(pid, 0), cursor, i) {
		uint32_t process = family->spaces[i].process;
		uint64_t started = family->processes[process].started;

		if (family->spaces[i].pid == pid && started <= until &&
		    (found == NONE || started > family->processes[found].started))
			found = process;
	}
	return found;
}

/**
 * family__init - a family of nobody
 * @family: the family
 */
void family__init(struct family *family)
{
	*family = (struct family){
		.pid_ns = machine__pid_namespace(),
		.own_pid = machine__proc_pid(getpid()),
	};
}

static int know(struct family *family, uint32_t pid, enum family_answer answer)
{
	uint64_t started;
	uint32_t parent, i;

	pid = machine__proc_pid(pid);
	if (!machine__process_stat(pid, &parent, &started))
		return -ESRCH;
	i = add_process(family, pid, started, parent);
	if (i == NONE)
		return -ENOMEM;
	family->processes[i].answer = answer;
	return 0;
}

/**
 * family__add - know that a living process belongs to the family
 * @family: the family
 * @pid: process ID, in our own PID namespace
 *
 * Return: 0, -ESRCH if there is no such process, or another negative errno.
 */
int family__add(struct family *family, uint32_t pid)
{
	return know(family, pid, FAMILY_YES);
}

/**
 * family__leave_out - know that a living child of ours does not belong, nor do its children
 * @family: the family
 * @pid: process ID, in our own PID namespace
 *
 * Return: as family__add().
 */
int family__leave_out(struct family *family, uint32_t pid)
{
	return know(family, pid, FAMILY_NO);
}

static struct family_space *find_space(const struct family *family, uint64_t id, uint32_t pid)
{
	uint32_t cursor, i;

	index_for_each_candidate(&family->space_index, hash_pair(id, pid), cursor, i)
		if (family->spaces[i].id == id && family->spaces[i].pid == pid)
			return &family->spaces[i];
	return NULL;
}

/* What the kernel says of a process, in numbers of /proc. */
static uint32_t add_told(struct family *family, const struct profbuf_space_info *info)
{
	uint64_t start = machine__ticks(info->start_ns), started;
	uint32_t parent = info->parent, pid, found;

	if (!family->pid_ns)
		return add_process(family, info->tgid, start, parent);
	pid = machine__visible_pid(family->pid_ns, info->pid_ns, info->tgid, info->ns_tgid);
	if (!pid)
		pid = info->tgid | HIDDEN;
	if (!machine__process_stat(pid, &parent, &started) || started != start) {
		found = find_told(family, info->parent, start);
		parent = found == NONE ? NONE : family->processes[found].pid;
	}
	return add_process(family, pid, start, parent);
}

/**
 * family__tell - take note of whose an address space is
 * @family: the family
 * @info: what a SPACE frame says of it
 *
 * Return: 0 or a negative errno.
 */
int family__tell(struct family *family, const struct profbuf_space_info *info)
{
	uint64_t id = PROFBUF_SPACE_ID(info->space);
	uint32_t process, i = family->nr_spaces;

	if (find_space(family, id, info->tgid))
		return 0;
	process = add_told(family, info);
	if (process == NONE)
		return -ENOMEM;
	if (array__reserve(&family->spaces, i, &family->max_spaces, sizeof(*family->spaces)) ||
	    index__insert(&family->space_index, hash_pair(id, info->tgid), i))
		return -ENOMEM;
	/* Once for all spaces of a process. */
	if (find_told(family, info->tgid, UINT64_MAX) != process &&
	    index__insert(&family->told_index, hash_pair(info->tgid, 0), i))
		return -ENOMEM;
	family->spaces[family->nr_spaces++] = (struct family_space){ id, info->tgid, process };
	return 0;
}

/* The parent of a process, as far as it is known; NONE: nothing is. */
static uint32_t parent_of(struct family *family, uint32_t process)
{
	uint32_t pid = family->processes[process].parent, grandparent, found;
	uint64_t until = family->processes[process].started, started;

	found = find_process(family, pid, until);
	if (!machine__process_stat(pid, &grandparent, &started) || started > until)
		return found;
	/* What is known may be of one that had the number before. */
	return add_process(family, pid, started, grandparent);
}

/* Up to the first ancestor of which it is known whether it belongs. */
static enum family_answer ask(struct family *family, uint32_t process)
{
	uint32_t way[MAX_ANCESTORS];
	enum family_answer answer = FAMILY_UNKNOWN;
	uint32_t n = 0;

	while (process != NONE && n < MAX_ANCESTORS) {
		const struct family_process *p = &family->processes[process];

		if (p->answer != FAMILY_UNKNOWN || p->asked) {
			answer = p->answer;
			break;
		}
		way[n++] = process;
		/* Our other children are the command, and its orphans. */
		if (p->parent == family->own_pid) {
			answer = FAMILY_YES;
			break;
		}
		/* The first process and kernel threads have no parent. */
		if (!p->parent) {
			answer = FAMILY_NO;
			break;
		}
		process = parent_of(family, process);
	}
	/* Of ancestors that have ended nothing is learnt later either. */
	while (n) {
		struct family_process *p = &family->processes[way[--n]];

		p->answer = answer;
		p->asked = true;
	}
	return answer;
}

/* Of a record that does not tell which process it is of but by its number. */
static enum family_answer ask_by_number(struct family *family, const struct profbuf_record *record)
{
	uint32_t i = find_told(family, record->pid, UINT64_MAX), parent;
	uint64_t started;

	/* In /proc it has another number. */
	if (family->pid_ns)
		return i == NONE ? FAMILY_UNKNOWN : ask(family, i);
	/* Records of different CPUs are not in order. */
	if (i == NONE || record->time >= family->processes[i].checked + TRUE_NS) {
		if (!machine__process_stat(record->pid, &parent, &started))
			return FAMILY_UNKNOWN;
		i = add_process(family, record->pid, started, parent);
		if (i == NONE)
			return FAMILY_UNKNOWN;
		family->processes[i].checked = record->time;
	}
	return ask(family, i);
}

/**
 * family__has - does a record belong to the family?
 * @family: the family
 * @record: the record; what tells of its space comes first, if it comes at all
 *
 * Return: whether it does; FAMILY_UNKNOWN if its process ended before its ancestors could be
 *	asked for.
 */
enum family_answer family__has(struct family *family, const struct profbuf_record *record)
{
	const struct family_space *space;

	if (family->everything)
		return FAMILY_YES;
	if (family->cgroup.path && record->cgroup == family->cgroup.id)
		return FAMILY_YES;
	/* Idle CPUs are nobody's. */
	if (!record->pid)
		return FAMILY_NO;
	space = find_space(family, PROFBUF_SPACE_ID(record->space), record->pid);
	if (space) {
		family->processes[space->process].checked = record->time;
		return ask(family, space->process);
	}
	/* Who ends has no space any more, but had one; who never had one is a kernel thread. */
	if (profile__has_space(record) && record->space == PROFBUF_SPACE_NONE &&
	    find_told(family, record->pid, UINT64_MAX) == NONE)
		return FAMILY_NO;
	return ask_by_number(family, record);
}

/**
 * family__exit - give back what is known of a family
 * @family: the family
 */
void family__exit(struct family *family)
{
	cgroup__leave(&family->cgroup);
	free(family->processes);
	free(family->spaces);
	index__free(&family->process_index);
	index__free(&family->space_index);
	index__free(&family->told_index);
}
