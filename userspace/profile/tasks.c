// SPDX-License-Identifier: GPL-2.0
/*
 * Processes and threads. A process is told from others by its number and by its address space: one
 * that executes another program goes on as another one.
 */
#include "tables.h"
#include "util/array.h"

/* The first program of a process; of others there may be any number. */
static uint32_t find_process(const struct profile *profile, uint32_t pid)
{
	uint32_t cursor, i;

	index_for_each_candidate(&profile->process_index, hash_pair(pid, 0), cursor, i)
		if (profile->processes[i].pid == pid)
			return i;
	return NONE;
}

/* The last program of a process. */
static uint32_t find_program(const struct profile *profile, uint32_t pid)
{
	uint32_t first = find_process(profile, pid);

	return first == NONE ? NONE : profile->processes[first].latest;
}

static uint32_t new_process(struct profile *profile, uint32_t pid, uint32_t program,
			    uint32_t generation)
{
	uint32_t first = find_process(profile, pid);
	uint32_t i = profile->nr_processes;

	if (array__reserve(&profile->processes, i, &profile->max_processes,
			   sizeof(*profile->processes)))
		return NONE;
	if (first == NONE && index__insert(&profile->process_index, hash_pair(pid, 0), i))
		return NONE;
	profile->processes[i] = (struct profile_process){
		.pid = pid,
		.program = program,
		.generation = generation,
	};
	profile->processes[first == NONE ? i : first].latest = i;
	profile->nr_processes++;
	return i;
}

static uint32_t get_process(struct profile *profile, uint32_t pid)
{
	uint32_t i = find_program(profile, pid);

	return i == NONE ? new_process(profile, pid, 0, 0) : i;
}

static int set_space(struct profile *profile, uint32_t process, uint64_t space)
{
	struct profile_process *p = &profile->processes[process];

	if (index__insert(&profile->space_index, hash_pair(p->pid, space), process))
		return -ENOMEM;
	p->space = space;
	return 0;
}

/* A process whose space is another one executes another program. */
static uint32_t get_process_by_space(struct profile *profile, uint32_t pid, uint64_t space)
{
	uint32_t i = get_process(profile, pid);
	uint32_t cursor, other;

	if (i == NONE || !space || profile->processes[i].space == space)
		return i;
	index_for_each_candidate(&profile->space_index, hash_pair(pid, space), cursor, other)
		if (profile->processes[other].pid == pid &&
		    profile->processes[other].space == space)
			return other;
	if (profile->processes[i].space)
		i = new_process(profile, pid, profile->processes[i].program + 1, 0);
	return i == NONE || set_space(profile, i, space) ? NONE : i;
}

static uint32_t process_of(struct profile *profile, const struct profbuf_record *record)
{
	if (profile__has_space(record))
		return get_process_by_space(profile, record->pid,
					    PROFBUF_SPACE_ID(record->space));
	return get_process(profile, record->pid);
}

/* What tells whether the thread that was met last is the record's as well. */
static bool is_of_process(const struct profile_process *process,
			  const struct profbuf_record *record)
{
	return process->pid == record->pid &&
	       (!profile__has_space(record) || process->space == PROFBUF_SPACE_ID(record->space));
}

/**
 * profile__set_program - a process executes another program
 * @profile: the profile
 * @pid: process ID
 * @generation: of its mappings: addresses of its records from now on mean something else than
 *	those before
 *
 * Return: 0 or a negative errno.
 */
int profile__set_program(struct profile *profile, uint32_t pid, uint32_t generation)
{
	uint32_t i = find_program(profile, pid);
	uint32_t program = i == NONE ? 1 : profile->processes[i].program + 1;

	profile->last_thread = NONE;
	return new_process(profile, pid, program, generation) == NONE ? -ENOMEM : 0;
}

/**
 * profile__set_mappings - a process has mapped other files in the place of some
 * @profile: the profile
 * @pid: process ID
 * @generation: of its mappings, as for profile__set_program(); it stays the same process
 *
 * Return: 0 or a negative errno.
 */
int profile__set_mappings(struct profile *profile, uint32_t pid, uint32_t generation)
{
	uint32_t i = get_process(profile, pid);

	if (i == NONE)
		return -ENOMEM;
	profile->processes[i].generation = generation;
	return 0;
}

uint32_t profile__get_thread(struct profile *profile, const struct profbuf_record *record)
{
	struct profile_thread *thread;
	uint32_t cursor, i, process, hash;

	/* The last one's process would be another one after profile__set_program(). */
	if (profile->last_thread != NONE) {
		thread = &profile->threads[profile->last_thread];
		if (thread->tid == record->tid &&
		    is_of_process(&profile->processes[thread->process], record))
			return profile->last_thread;
	}

	process = process_of(profile, record);
	if (process == NONE)
		return NONE;
	hash = hash_pair(process, record->tid);
	index_for_each_candidate(&profile->thread_index, hash, cursor, i) {
		thread = &profile->threads[i];
		if (thread->tid == record->tid && thread->process == process) {
			profile->last_thread = i;
			return i;
		}
	}
	i = profile->nr_threads;
	if (array__reserve(&profile->threads, i, &profile->max_threads,
			   sizeof(*profile->threads)) ||
	    index__insert(&profile->thread_index, hash, i))
		return NONE;
	profile->threads[i] = (struct profile_thread){ .process = process, .tid = record->tid };
	profile->nr_threads++;
	profile->last_thread = i;
	return i;
}
