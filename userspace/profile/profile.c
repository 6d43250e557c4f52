// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#include <profbuf/recording.h>

#include "late.h"
#include "tables.h"
#include "util/array.h"

/*
 * Of each word of a stack there are the address, and what views make of it. A recorder, which has
 * no views, needs no more than a reader of its recording.
 */
static uint64_t words_of_memory(void)
{
	uint64_t words = (uint64_t)sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGESIZE) / 2 / 64;

	return words > PROFBUF_PACKED_MAX_STACK_WORDS ? words : PROFBUF_PACKED_MAX_STACK_WORDS;
}

/**
 * profile__new - an empty profile
 * @opts: how to add up; NULL for all defaults
 *
 * Return: the profile, or NULL if there is no memory.
 */
struct profile *profile__new(const struct profile_opts *opts)
{
	struct profile *profile = calloc(1, sizeof(*profile));

	if (!profile)
		return NULL;
	profile->by_thread = opts && opts->by_thread;
	profile->max_words = opts && opts->max_words ? opts->max_words : words_of_memory();
	profile->last_thread = NONE;
	/* So that nobody can make a recording whose stacks all fall into one place. */
	memcpy(&profile->seed, (const void *)getauxval(AT_RANDOM), sizeof(profile->seed));
	return profile;
}

/**
 * profile__delete - give back a profile
 * @profile: the profile, or NULL
 */
void profile__delete(struct profile *profile)
{
	if (!profile)
		return;
	arena__free(&profile->words);
	arena__free(&profile->location_lists);
	limits__free(&profile->limits);
	index__free(&profile->stack_index);
	index__free(&profile->location_index);
	index__free(&profile->process_index);
	index__free(&profile->space_index);
	index__free(&profile->thread_index);
	free(profile->stacks);
	free(profile->locations);
	free(profile->processes);
	free(profile->threads);
	free(profile->cpus);
	free(profile->cpu_numbers);
	free(profile->info);
	free(profile);
}

static struct profile_cpu *get_cpu(struct profile *profile, uint32_t cpu)
{
	struct profile_cpu *new;

	if (cpu < profile->max_cpu_numbers && profile->cpu_numbers[cpu])
		return &profile->cpus[profile->cpu_numbers[cpu] - 1];

	if (cpu >= profile->max_cpu_numbers) {
		uint32_t max = cpu + 64;
		uint32_t *numbers = realloc(profile->cpu_numbers, max * sizeof(*numbers));

		if (!numbers)
			return NULL;
		memset(numbers + profile->max_cpu_numbers, 0,
		       (max - profile->max_cpu_numbers) * sizeof(*numbers));
		profile->cpu_numbers = numbers;
		profile->max_cpu_numbers = max;
	}
	if (array__reserve(&profile->cpus, profile->nr_cpus, &profile->max_cpus,
			   sizeof(*profile->cpus)))
		return NULL;
	new = &profile->cpus[profile->nr_cpus++];
	*new = (struct profile_cpu){ .cpu = cpu };
	profile->cpu_numbers[cpu] = profile->nr_cpus;
	return new;
}

static void name_thread(struct profile_process *process, struct profile_thread *thread,
			const struct profbuf_record *record)
{
	bool main_thread = record->pid == record->tid;

	if (!record->comm[0])
		return;
	memcpy(thread->comm, record->comm, sizeof(thread->comm));
	if (main_thread || !process->comm[0])
		memcpy(process->comm, record->comm, sizeof(process->comm));
	process->comm_is_main |= main_thread;
}

/* What a record stands for besides its own period and those of a late timer. */
static void add_others(struct profile_totals *totals, const struct profbuf_record *record)
{
	uint64_t others = record->count - 1 - record->late;

	if (others > PROFILE_MAX_PERIODS)
		others = PROFILE_MAX_PERIODS;
	if (record->has & 1U << PROFBUF_WORD_LATE)
		totals->slowed += others;
	else
		totals->unexplained += others;
}

static void add_totals(struct profile_totals *totals, const struct stack_key *key,
		       const struct profbuf_record *record, const struct profile_parts *parts)
{
	if (!totals->weight.samples || record->time < totals->first)
		totals->first = record->time;
	if (record->time > totals->last)
		totals->last = record->time;
	profile__add_weight(&totals->weight, &parts->own);
	if (parts->user)
		profile__add_weight(&totals->weight, &parts->late);
	profile__add_weight(parts->user ? &totals->late_user : &totals->late_kernel, &parts->late);
	profile__add_weight(&totals->stolen, &parts->stolen);
	add_others(totals, record);
	if (key->mode == PROFILE_MODE_UNKNOWN)
		return;
	if (key->mode < sizeof(totals->mode) / sizeof(totals->mode[0]))
		totals->mode[key->mode]++;
	totals->truncated += !!(key->flags & PROFILE_STACK_TRUNCATED);
	totals->kernel_incomplete += !!(key->flags & PROFILE_STACK_KERNEL_INCOMPLETE);
	totals->user_incomplete += !!(key->flags & PROFILE_STACK_USER_INCOMPLETE);
	totals->timed_out += !!(key->flags & PROFILE_STACK_TIMED_OUT);
}

/**
 * profile__add - add a record
 * @profile: the profile
 * @record: the record
 *
 * Return: 0, -E2BIG if its stack is one too many, or another negative errno; then it was not added.
 */
int profile__add(struct profile *profile, const struct profbuf_record *record)
{
	struct profile_parts parts = profile__split(record);
	struct profile_process *process;
	struct profile_thread *thread;
	struct profile_cpu *cpu;
	struct stack_key key;
	struct stack *stack;
	uint32_t i;
	int err;

	cpu = get_cpu(profile, record->cpu);
	i = profile__get_thread(profile, record);
	if (!cpu || i == NONE)
		return -ENOMEM;
	thread = &profile->threads[i];
	process = &profile->processes[thread->process];
	key = profile__stack_key(profile, i, record);
	err = profile__get_stack(profile, &key, record->stack, record->depth, &stack);
	if (err)
		return err;

	name_thread(process, thread, record);
	if (!process->weight.samples)
		process->first = record->time;
	profile__add_weight(&stack->view.weight, &parts.own);
	profile__add_weight(&stack->view.late, &parts.late);
	profile__add_weight(&thread->weight, &parts.own);
	profile__add_weight(&process->weight, &parts.own);
	profile__add_weight(&cpu->weight, &parts.own);
	if (parts.user) {
		profile__add_weight(&thread->late, &parts.late);
		profile__add_weight(&process->late, &parts.late);
		profile__add_weight(&cpu->late, &parts.late);
	}
	add_totals(&profile->totals, &key, record, &parts);
	return 0;
}

/**
 * profile__add_loss - add a loss
 * @profile: the profile
 * @loss: the loss
 *
 * Return: 0 or a negative errno.
 */
int profile__add_loss(struct profile *profile, const struct profbuf_loss *loss)
{
	struct profile_totals *totals = &profile->totals;
	struct profile_cpu *cpu = get_cpu(profile, loss->cpu);

	if (!cpu)
		return -ENOMEM;
	if (!cpu->losses++ || loss->time < cpu->first_loss)
		cpu->first_loss = loss->time;
	if (loss->time > cpu->last_loss)
		cpu->last_loss = loss->time;
	cpu->lost += loss->lost;

	if (!totals->losses++ || loss->time < totals->first_loss)
		totals->first_loss = loss->time;
	if (loss->time > totals->last_loss)
		totals->last_loss = loss->time;
	totals->lost += loss->lost;
	return 0;
}

/**
 * profile__add_gap - add what is missing from the stream
 * @profile: the profile
 * @gap: the gap
 *
 * Return: 0 or a negative errno.
 */
int profile__add_gap(struct profile *profile, const struct profbuf_gap *gap)
{
	struct profile_cpu *cpu = get_cpu(profile, gap->cpu);

	if (!cpu)
		return -ENOMEM;
	cpu->missing += gap->records;
	profile->totals.missing += gap->records;
	return 0;
}

/**
 * profile__add_limit - add what a LIMIT frame says
 * @profile: the profile
 * @cpu: the CPU
 * @limit: the frame
 *
 * Return: 0 or a negative errno.
 */
int profile__add_limit(struct profile *profile, uint32_t cpu, const struct profbuf_limit *limit)
{
	return limits__add(&profile->limits, cpu, limit);
}

/**
 * profile__add_filtered - count records that were left out
 * @profile: the profile
 * @records: how many
 */
void profile__add_filtered(struct profile *profile, uint64_t records)
{
	profile->totals.filtered += records;
}

/**
 * profile__add_info - add what an INFO frame says
 * @profile: the profile
 * @info: the information; only its fixed part is kept
 *
 * Return: 0 or a negative errno.
 */
int profile__add_info(struct profile *profile, const struct profbuf_info *info)
{
	if (!profile->info) {
		profile->info = malloc(sizeof(*info));
		if (!profile->info)
			return -ENOMEM;
	}
	memcpy(profile->info, info, sizeof(*info));
	return 0;
}

/**
 * profile__set_end - say where a stack ends
 * @profile: the profile
 * @index: of the stack
 * @end: where it does, said for the first time; PROFBUF_END_ROOT takes back that user frames end
 *	too early, and for want of what
 */
void profile__set_end(struct profile *profile, uint32_t index, uint8_t end)
{
	struct profile_stack *stack = &profile->stacks[index].view;

	stack->end = end;
	profile->totals.ends[end] += stack->weight.samples;
	if (end != PROFBUF_END_ROOT)
		return;
	stack->flags &= ~PROFILE_STACK_NO_TABLE;
	if (!(stack->flags & PROFILE_STACK_USER_INCOMPLETE))
		return;
	stack->flags &= ~PROFILE_STACK_USER_INCOMPLETE;
	profile->totals.user_incomplete -= stack->weight.samples;
}

uint32_t profile__last_stack(const struct profile *profile)
{
	return profile->last_stack;
}

const struct profile_totals *profile__totals(const struct profile *profile)
{
	return &profile->totals;
}

const struct profile_limits *profile__limits(const struct profile *profile)
{
	return &profile->limits;
}

const struct profbuf_info *profile__info(const struct profile *profile)
{
	return profile->info;
}

uint32_t profile__nr_stacks(const struct profile *profile)
{
	return profile->nr_stacks;
}

const struct profile_stack *profile__stack(const struct profile *profile, uint32_t index)
{
	return &profile->stacks[index].view;
}

uint32_t profile__nr_locations(const struct profile *profile)
{
	return profile->nr_locations;
}

struct profile_location *profile__location(const struct profile *profile, uint32_t index)
{
	return &profile->locations[index];
}

uint32_t profile__nr_processes(const struct profile *profile)
{
	return profile->nr_processes;
}

const struct profile_process *profile__process(const struct profile *profile, uint32_t index)
{
	return &profile->processes[index];
}

uint32_t profile__nr_threads(const struct profile *profile)
{
	return profile->nr_threads;
}

const struct profile_thread *profile__thread(const struct profile *profile, uint32_t index)
{
	return &profile->threads[index];
}

uint32_t profile__nr_cpus(const struct profile *profile)
{
	return profile->nr_cpus;
}

const struct profile_cpu *profile__cpu(const struct profile *profile, uint32_t index)
{
	return &profile->cpus[index];
}
