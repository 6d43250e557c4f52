/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A profile: records added up. Equal stacks of the same process are one, so that memory grows
 * with the number of distinct stacks and not with that of records.
 *
 * Use: profile__new(), profile__add() and profile__add_loss() for what a stream has,
 * profile__finish(), profile__symbolize(), then the views.
 */
#ifndef PROFBUF_PROFILE_H
#define PROFBUF_PROFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <profbuf/profbuf.h>

struct profile_limits;
struct symbol_location;
struct symbols;

#define PROFILE_COMM_SIZE 16

/* The process that kernel addresses belong to, in struct profile_location. */
#define PROFILE_KERNEL UINT32_MAX

/**
 * struct profile_weight - how much of something there was
 * @samples: records
 * @periods: sampling periods that they stand for: more than @samples if interrupts came late, or
 *	sampling was slowed down
 * @nanoseconds: CPU time that they stand for
 */
struct profile_weight {
	uint64_t samples;
	uint64_t periods;
	uint64_t nanoseconds;
};

/* More than any record stands for: days, at the highest rate. */
#define PROFILE_MAX_PERIODS (1ULL << 32)

/**
 * profile__add_weight - add a weight to another one
 * @weight: the sum; its time is INT64_MAX at most
 * @more: what is added
 */
static inline void profile__add_weight(struct profile_weight *weight,
				       const struct profile_weight *more)
{
	weight->samples += more->samples;
	weight->periods += more->periods;
	if (__builtin_add_overflow(weight->nanoseconds, more->nanoseconds, &weight->nanoseconds) ||
	    weight->nanoseconds > INT64_MAX)
		weight->nanoseconds = INT64_MAX;
}

/**
 * struct profile_process - a program in a process. A process that executes another program
 *	goes on as another one of these
 * @pid: process ID, 0 for idle CPUs, or if records do not tell
 * @program: which of those with this ID, from 0
 * @latest: of the first one: index of the last one
 * @space: ID of its address space; 0 if records do not tell
 * @generation: of its mappings: what addresses of its next record mean; if there is no @space
 * @comm: name of its main thread, else of its first one seen; "" if records do not tell
 * @comm_is_main: the name is that of the main thread
 * @first: time of its first record in the stream
 * @weight: of all of its records
 * @late: of timers that came late over its user code, not in @weight
 */
struct profile_process {
	uint32_t pid;
	uint32_t program;
	uint32_t latest;
	uint64_t space;
	uint32_t generation;
	char comm[PROFILE_COMM_SIZE];
	bool comm_is_main;
	uint64_t first;
	struct profile_weight weight;
	struct profile_weight late;
};

/**
 * struct profile_thread - a thread
 * @process: index of its process
 * @tid: thread ID
 * @comm: its name, the last one seen
 * @weight: of its records
 * @late: as for processes
 */
struct profile_thread {
	uint32_t process;
	uint32_t tid;
	char comm[PROFILE_COMM_SIZE];
	struct profile_weight weight;
	struct profile_weight late;
};

/**
 * struct profile_cpu - a CPU that records or losses came from
 * @cpu: its number
 * @lost: samples lost
 * @losses: loss records
 * @first_loss: time of the first one
 * @last_loss: time of the last one
 * @missing: records that the gaps in the sequence of frames tell of
 * @weight: of its records
 * @late: as for processes
 */
struct profile_cpu {
	uint32_t cpu;
	uint64_t lost;
	uint64_t losses;
	uint64_t first_loss;
	uint64_t last_loss;
	uint64_t missing;
	struct profile_weight weight;
	struct profile_weight late;
};

/* The generation of a space that the kernel could not tell. */
#define PROFILE_NO_SPACE UINT32_MAX

/**
 * struct profile_location - a distinct address in a process
 * @address: the address as recorded
 * @process: index of the process, PROFILE_KERNEL for the kernel
 * @generation: of the process's space, or of its mappings, or PROFILE_NO_SPACE; 0 for the kernel
 * @kernel: the kernel's
 * @exact: of an interrupted instruction; otherwise it is a return address, and what called is
 *	the instruction before it: look up @address - 1
 * @late: of late timers, and no address
 * @symbol: what is known of it, never NULL after profile__symbolize(); the resolver's
 */
struct profile_location {
	uint64_t address;
	uint32_t process;
	uint32_t generation;
	bool kernel;
	bool exact;
	bool late;
	const struct symbol_location *symbol;
};

/*
 * Flags of struct profile_stack: from PROFBUF_MODE_*, of whom there is no space word, of
 * profile__finish(), and PROFBUF_END_NO_TABLE.
 */
#define PROFILE_STACK_TRUNCATED		(1U << 0)
#define PROFILE_STACK_KERNEL_INCOMPLETE	(1U << 1)
#define PROFILE_STACK_USER_INCOMPLETE	(1U << 2)
#define PROFILE_STACK_TIMED_OUT		(1U << 3)
#define PROFILE_STACK_NO_SPACE		(1U << 4)
#define PROFILE_STACK_LATE		(1U << 5)
#define PROFILE_STACK_NO_TABLE		(1U << 6)

/**
 * enum profile_end - where a stack ends, besides enum profbuf_end
 * @PROFILE_END_KERNEL: where the kernel's frames end too early
 * @PROFILE_END_OTHER: for a reason that is not known here
 * @PROFILE_END_UNTOLD: records do not tell
 * @PROFILE_NR_ENDS: number of all of them
 */
enum profile_end {
	PROFILE_END_KERNEL = PROFBUF_END_COPY + 1,
	PROFILE_END_OTHER,
	PROFILE_END_UNTOLD,
	PROFILE_NR_ENDS,
};

/* enum profbuf_mode in struct profile_stack if records do not tell. */
#define PROFILE_MODE_UNKNOWN 0xff

/**
 * struct profile_stack - a distinct stack
 * @process: index of the process
 * @thread: index of the thread, if the profile is told apart by thread, else UINT32_MAX
 * @generation: as for locations
 * @nlocations: number of locations
 * @kernel_frames: how many of them are the kernel's
 * @flags: PROFILE_STACK_*
 * @mode: enum profbuf_mode
 * @end: enum profbuf_end or enum profile_end; after profile__symbolize() PROFBUF_END_ROOT for all
 *	that are known to reach their root
 * @locations: their indices, leaf first. NULL before profile__finish()
 * @weight: of the records with this stack
 * @late: of timers that came late over this stack, of the kernel: a part of @weight. Those over
 *	user code have stacks of their own with PROFILE_STACK_LATE, one for each process or thread,
 *	once profile__finish() has made them; they are no samples
 */
struct profile_stack {
	uint32_t process;
	uint32_t thread;
	uint32_t generation;
	uint32_t nlocations;
	uint16_t kernel_frames;
	uint8_t flags;
	uint8_t mode;
	uint8_t end;
	const uint32_t *locations;
	struct profile_weight weight;
	struct profile_weight late;
};

/**
 * struct profile_totals - the whole profile in numbers
 * @weight: of all records that were kept, those of late timers included
 * @late_user: of these, by which timers came late over user code
 * @late_kernel: of these, by which they came late over other code
 * @stolen: stolen by the host, and so not in @weight
 * @slowed: periods of these that records stand for besides their own, as sampling was slowed down
 * @unexplained: the same of records that do not tell why: mostly late
 * @filtered: records that the caller's choice of processes left out
 * @lost: samples lost, on all CPUs
 * @losses: loss records
 * @first_loss: time of the first
 * @last_loss: time of the last
 * @missing: records that the gaps in the sequence of frames tell of
 * @first: time of the first record
 * @last: time of the last record
 * @truncated: records whose stack was deeper than recorded
 * @kernel_incomplete: records whose kernel frames end too early
 * @user_incomplete: records whose user frames end too early
 * @timed_out: records whose stack took too long to walk
 * @ends: records by where their stack ends, after profile__symbolize()
 * @mode: records by enum profbuf_mode
 */
struct profile_totals {
	struct profile_weight weight;
	struct profile_weight late_user;
	struct profile_weight late_kernel;
	struct profile_weight stolen;
	uint64_t slowed;
	uint64_t unexplained;
	uint64_t filtered;
	uint64_t lost;
	uint64_t losses;
	uint64_t first_loss;
	uint64_t last_loss;
	uint64_t missing;
	uint64_t first;
	uint64_t last;
	uint64_t truncated;
	uint64_t kernel_incomplete;
	uint64_t user_incomplete;
	uint64_t timed_out;
	uint64_t ends[PROFILE_NR_ENDS];
	uint64_t mode[4];
};

/**
 * struct profile_opts - how to add up
 * @size: sizeof(struct profile_opts)
 * @by_thread: keep stacks of different threads apart
 * @max_words: frames of all different stacks, at most; 0: as many as half of the machine's memory
 *	is good for
 */
struct profile_opts {
	size_t size;
	bool by_thread;
	uint64_t max_words;
};

/* Does a record tell its address space, be it that it has none? */
static inline bool profile__has_space(const struct profbuf_record *record)
{
	return record->has & 1U << PROFBUF_WORD_SPACE;
}

struct profile;

struct profile *profile__new(const struct profile_opts *opts);
void profile__delete(struct profile *profile);

int profile__add_info(struct profile *profile, const struct profbuf_info *info);
int profile__add(struct profile *profile, const struct profbuf_record *record);
int profile__add_loss(struct profile *profile, const struct profbuf_loss *loss);
int profile__add_gap(struct profile *profile, const struct profbuf_gap *gap);
int profile__add_limit(struct profile *profile, uint32_t cpu, const struct profbuf_limit *limit);
void profile__add_filtered(struct profile *profile, uint64_t records);
int profile__set_program(struct profile *profile, uint32_t pid, uint32_t generation);
int profile__set_mappings(struct profile *profile, uint32_t pid, uint32_t generation);
int profile__finish(struct profile *profile);
void profile__set_end(struct profile *profile, uint32_t index, uint8_t end);
uint64_t profile__owner(const struct profile *profile, const struct profile_location *location);
int profile__symbolize(struct profile *profile, struct symbols *symbols);
void profile__find_roots(struct profile *profile);
bool profile__begins_by_name(const struct symbol_location *last,
			     const struct symbol_location *before, uint8_t end);

/* The stack of the record that was added last. */
uint32_t profile__last_stack(const struct profile *profile);
const struct profile_totals *profile__totals(const struct profile *profile);
/* When sampling was slowed down. */
const struct profile_limits *profile__limits(const struct profile *profile);
/* The last INFO frame; NULL if there was none. */
const struct profbuf_info *profile__info(const struct profile *profile);

uint32_t profile__nr_stacks(const struct profile *profile);
const struct profile_stack *profile__stack(const struct profile *profile, uint32_t index);
uint32_t profile__nr_locations(const struct profile *profile);
struct profile_location *profile__location(const struct profile *profile, uint32_t index);
uint32_t profile__nr_processes(const struct profile *profile);
const struct profile_process *profile__process(const struct profile *profile, uint32_t index);
uint32_t profile__nr_threads(const struct profile *profile);
const struct profile_thread *profile__thread(const struct profile *profile, uint32_t index);
uint32_t profile__nr_cpus(const struct profile *profile);
const struct profile_cpu *profile__cpu(const struct profile *profile, uint32_t index);

#endif /* PROFBUF_PROFILE_H */
