// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#include <profbuf/recording.h>

#include "late.h"
#include "limits.h"
#include "profile.h"
#include "util/arena.h"
#include "util/array.h"
#include "util/index.h"

#define NONE UINT32_MAX

/* A distinct stack: what views see of it, and the words that tell it from others. */
struct stack {
	struct profile_stack view;
	uint64_t *words;
};

struct profile {
	bool by_thread;
	uint64_t max_words; /* of all stacks */
	uint64_t nr_words;
	uint64_t seed;
	struct profile_totals totals;
	struct profile_limits limits;
	struct profbuf_info *info;

	struct stack *stacks;
	uint32_t nr_stacks, max_stacks;
	struct index stack_index;
	uint32_t last_stack;

	struct profile_location *locations;
	uint32_t nr_locations, max_locations;
	struct index location_index;

	struct profile_process *processes;
	uint32_t nr_processes, max_processes;
	struct index process_index;
	struct index space_index; /* of processes that have one */

	struct profile_thread *threads;
	uint32_t nr_threads, max_threads;
	struct index thread_index;
	uint32_t last_thread;

	struct profile_cpu *cpus;
	uint32_t nr_cpus, max_cpus;
	uint32_t *cpu_numbers; /* by CPU: its index + 1 */
	uint32_t max_cpu_numbers;

	struct arena words;
	struct arena location_lists;
};

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
	if (array__reserve(&profile->cpus, profile->nr_cpus, &profile->max_cpus, sizeof(*profile->cpus)))
		return NULL;
	new = &profile->cpus[profile->nr_cpus++];
	*new = (struct profile_cpu){ .cpu = cpu };
	profile->cpu_numbers[cpu] = profile->nr_cpus;
	return new;
}

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

	if (array__reserve(&profile->processes, i, &profile->max_processes, sizeof(*profile->processes)))
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

static bool has_space(const struct profbuf_record *record)
{
	return record->has & 1U << PROFBUF_WORD_SPACE;
}

static uint32_t process_of(struct profile *profile, const struct profbuf_record *record)
{
	if (has_space(record))
		return get_process_by_space(profile, record->pid,
					    PROFBUF_SPACE_ID(record->space));
	return get_process(profile, record->pid);
}

/* What tells whether the thread that was met last is the record's as well. */
static bool is_of_process(const struct profile_process *process,
			  const struct profbuf_record *record)
{
	return process->pid == record->pid &&
	       (!has_space(record) || process->space == PROFBUF_SPACE_ID(record->space));
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

static uint32_t get_thread(struct profile *profile, const struct profbuf_record *record)
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
	if (array__reserve(&profile->threads, i, &profile->max_threads, sizeof(*profile->threads)) ||
	    index__insert(&profile->thread_index, hash, i))
		return NONE;
	profile->threads[i] = (struct profile_thread){ .process = process, .tid = record->tid };
	profile->nr_threads++;
	profile->last_thread = i;
	return i;
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

/* What of a record tells its stack from others, besides the words of the stack. */
struct stack_key {
	uint32_t process;
	uint32_t thread;
	uint32_t generation;
	uint16_t kernel_frames;
	uint8_t flags;
	uint8_t mode;
	uint8_t end;
};

static uint32_t generation_of(const struct profile_process *process,
			      const struct profbuf_record *record)
{
	if (!has_space(record))
		return process->generation;
	if (record->space == PROFBUF_SPACE_NONE)
		return 0;
	return PROFBUF_SPACE_ID(record->space) ? PROFBUF_SPACE_GENERATION(record->space) :
						 PROFILE_NO_SPACE;
}

static struct stack_key stack_key(const struct profile *profile, uint32_t process, uint32_t thread,
				  const struct profbuf_record *record)
{
	struct stack_key key = {
		.process = process,
		.thread = profile->by_thread ? thread : NONE,
		.generation = generation_of(&profile->processes[process], record),
		.kernel_frames = record->kernel_frames,
		.mode = PROFILE_MODE_UNKNOWN,
		.end = PROFILE_END_UNTOLD,
	};

	if (record->has & 1U << PROFBUF_WORD_MODE) {
		key.mode = PROFBUF_MODE(record->mode);
		if (record->mode & PROFBUF_MODE_TRUNCATED)
			key.flags |= PROFILE_STACK_TRUNCATED;
		if (record->mode & PROFBUF_MODE_KERNEL_INCOMPLETE)
			key.flags |= PROFILE_STACK_KERNEL_INCOMPLETE;
		if (record->mode & PROFBUF_MODE_USER_INCOMPLETE)
			key.flags |= PROFILE_STACK_USER_INCOMPLETE;
		if (record->mode & PROFBUF_MODE_TIMED_OUT)
			key.flags |= PROFILE_STACK_TIMED_OUT;
	}
	if (has_space(record) && record->space == PROFBUF_SPACE_NONE)
		key.flags |= PROFILE_STACK_NO_SPACE;
	if (record->has & 1U << PROFBUF_WORD_END)
		key.end = record->end <= PROFBUF_END_SEGMENT ? record->end : PROFILE_END_OTHER;
	return key;
}

static uint32_t hash_stack(const struct profile *profile, const struct stack_key *key,
			   const uint64_t *words, uint32_t depth)
{
	uint64_t a = profile->seed ^ ((uint64_t)key->process << 32 | key->thread);
	uint64_t b = HASH_ODD1 ^ ((uint64_t)(depth ^ key->generation << 16) << 32 |
				  (uint32_t)key->kernel_frames << 16 |
				  (uint32_t)key->flags << 8 | (key->mode ^ key->end << 4));
	uint32_t n;

	/* Two chains, so that one multiplication does not wait for the other. */
	for (n = 0; n + 4 <= depth; n += 4) {
		a = hash_fold(a ^ words[n], HASH_ODD1 ^ words[n + 1]);
		b = hash_fold(b ^ words[n + 2], HASH_ODD2 ^ words[n + 3]);
	}
	for (; n < depth; n++)
		a = hash_fold(a ^ words[n], HASH_ODD1);
	return hash_fold(a ^ HASH_ODD2, b);
}

static bool same_stack(const struct stack *stack, const struct stack_key *key,
		       const uint64_t *words, uint32_t depth)
{
	const struct profile_stack *view = &stack->view;

	return view->process == key->process && view->thread == key->thread &&
	       view->generation == key->generation && view->nlocations == depth &&
	       view->kernel_frames == key->kernel_frames && view->flags == key->flags &&
	       view->mode == key->mode && view->end == key->end &&
	       !memcmp(stack->words, words, depth * sizeof(*words));
}

static int get_stack(struct profile *profile, const struct stack_key *key, const uint64_t *words,
		     uint32_t depth, struct stack **found)
{
	uint32_t hash = hash_stack(profile, key, words, depth);
	struct stack *stack;
	uint32_t cursor, i;

	index_for_each_candidate(&profile->stack_index, hash, cursor, i) {
		stack = &profile->stacks[i];
		if (same_stack(stack, key, words, depth)) {
			profile->last_stack = i;
			*found = stack;
			return 0;
		}
	}
	/* A short recording can say the same deep stack for ever more processes. */
	if (depth > profile->max_words - profile->nr_words)
		return -E2BIG;
	i = profile->nr_stacks;
	if (array__reserve(&profile->stacks, i, &profile->max_stacks, sizeof(*profile->stacks)))
		return -ENOMEM;
	stack = &profile->stacks[i];
	*stack = (struct stack){
		.view = {
			.process = key->process,
			.thread = key->thread,
			.generation = key->generation,
			.nlocations = depth,
			.kernel_frames = key->kernel_frames,
			.flags = key->flags,
			.mode = key->mode,
			.end = key->end,
		},
		.words = arena__alloc(&profile->words, depth * sizeof(*words)),
	};
	if (!stack->words || index__insert(&profile->stack_index, hash, i))
		return -ENOMEM;
	memcpy(stack->words, words, depth * sizeof(*words));
	profile->last_stack = i;
	profile->nr_stacks++;
	profile->nr_words += depth;
	*found = stack;
	return 0;
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
	i = get_thread(profile, record);
	if (!cpu || i == NONE)
		return -ENOMEM;
	thread = &profile->threads[i];
	process = &profile->processes[thread->process];
	key = stack_key(profile, thread->process, i, record);
	err = get_stack(profile, &key, record->stack, record->depth, &stack);
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

static uint32_t get_location(struct profile *profile, uint64_t address, uint32_t process,
			     uint32_t generation, bool exact)
{
	uint32_t hash = hash_pair(address, (uint64_t)generation << 33 | (uint64_t)process << 1 |
					   exact);
	struct profile_location *location;
	uint32_t cursor, i;

	index_for_each_candidate(&profile->location_index, hash, cursor, i) {
		location = &profile->locations[i];
		if (location->address == address && location->process == process &&
		    location->generation == generation && location->exact == exact)
			return i;
	}
	i = profile->nr_locations;
	if (array__reserve(&profile->locations, i, &profile->max_locations, sizeof(*profile->locations)) ||
	    index__insert(&profile->location_index, hash, i))
		return NONE;
	profile->locations[i] = (struct profile_location){
		.address = address,
		.process = process,
		.generation = generation,
		.kernel = process == PROFILE_KERNEL,
		.exact = exact,
	};
	profile->nr_locations++;
	return i;
}

static uint32_t new_late_location(struct profile *profile)
{
	uint32_t i = profile->nr_locations;

	if (array__reserve(&profile->locations, i, &profile->max_locations, sizeof(*profile->locations)))
		return NONE;
	profile->locations[i] = (struct profile_location){
		.process = NONE,
		.exact = true,
		.late = true,
		.symbol = &profile_late_timer,
	};
	profile->nr_locations++;
	return i;
}

static uint32_t new_late_stack(struct profile *profile, const struct profile_stack *of)
{
	uint32_t i = profile->nr_stacks;

	if (array__reserve(&profile->stacks, i, &profile->max_stacks, sizeof(*profile->stacks)))
		return NONE;
	profile->stacks[i] = (struct stack){
		.view = {
			.process = of->process,
			.thread = of->thread,
			.nlocations = 1,
			.flags = PROFILE_STACK_LATE,
			.mode = PROFBUF_MODE_USER,
		},
	};
	profile->nr_stacks++;
	return i;
}

/* Move the time of timers that came late over user code to stacks of its own. */
static int add_late_stacks(struct profile *profile)
{
	uint32_t nr = profile->by_thread ? profile->nr_threads : profile->nr_processes;
	uint32_t nr_stacks = profile->nr_stacks;
	uint32_t *late; /* of each process or thread */
	int err = 0;
	uint32_t i;

	late = malloc((nr + 1UL) * sizeof(*late));
	if (!late)
		return -ENOMEM;
	memset(late, 0xff, (nr + 1UL) * sizeof(*late));
	for (i = 0; !err && i < nr_stacks; i++) {
		struct profile_stack view = profile->stacks[i].view;
		uint32_t *stack = &late[profile->by_thread ? view.thread : view.process];

		if (view.mode != PROFBUF_MODE_USER || !view.late.periods)
			continue;
		if (*stack == NONE)
			*stack = new_late_stack(profile, &view);
		if (*stack == NONE)
			err = -ENOMEM;
		else
			profile__add_weight(&profile->stacks[*stack].view.weight, &view.late);
		profile->stacks[i].view.late = (struct profile_weight){ 0 };
	}
	free(late);
	return err;
}

static int locate(struct profile *profile, const struct stack *stack, uint32_t *list)
{
	const struct profile_stack *view = &stack->view;
	uint32_t n;

	for (n = 0; n < view->nlocations; n++) {
		bool kernel = n < view->kernel_frames;

		/* The second one is where an interrupted system call goes on. */
		list[n] = get_location(profile, stack->words[n],
				       kernel ? PROFILE_KERNEL : view->process,
				       kernel ? 0 : view->generation,
				       !n || n == view->kernel_frames);
		if (list[n] == NONE)
			return -ENOMEM;
	}
	return 0;
}

/**
 * profile__finish - give each stack its locations
 * @profile: the profile; nothing can be added any more
 *
 * Return: 0 or a negative errno.
 */
int profile__finish(struct profile *profile)
{
	uint32_t late = NONE, i;
	int err;

	err = add_late_stacks(profile);
	for (i = 0; !err && i < profile->nr_stacks; i++) {
		struct profile_stack *view = &profile->stacks[i].view;
		uint32_t *list;

		list = arena__alloc(&profile->location_lists, view->nlocations * sizeof(*list));
		if (!list)
			return -ENOMEM;
		view->locations = list;
		if (!(view->flags & PROFILE_STACK_LATE)) {
			err = locate(profile, &profile->stacks[i], list);
			continue;
		}
		if (late == NONE)
			late = new_late_location(profile);
		if (late == NONE)
			return -ENOMEM;
		*list = late;
	}
	if (err)
		return err;
	limits__finish(&profile->limits, profile->totals.last);
	arena__free(&profile->words);
	profile->words = (struct arena){ 0 };
	return 0;
}

/**
 * profile__set_end - say where a stack ends
 * @profile: the profile
 * @index: of the stack
 * @end: where it does, said for the first time; PROFBUF_END_ROOT takes back that user frames end
 *	too early
 */
void profile__set_end(struct profile *profile, uint32_t index, uint8_t end)
{
	struct profile_stack *stack = &profile->stacks[index].view;

	stack->end = end;
	profile->totals.ends[end] += stack->weight.samples;
	if (end != PROFBUF_END_ROOT || !(stack->flags & PROFILE_STACK_USER_INCOMPLETE))
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
