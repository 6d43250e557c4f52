// SPDX-License-Identifier: GPL-2.0
/*
 * How records are added up.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "profile/late.h"
#include "profile/limits.h"
#include "profile/profile.h"
#include "symbol/symbol.h"
#include "util/array.h"

#define HAS_ALL 0x1fe /* but the late word */
#define HAS_LATE (HAS_ALL | 1U << PROFBUF_WORD_LATE)
#define USER ((uint64_t)PROFBUF_MODE_USER << 32)

static const uint64_t stack[] = { 0xffffffff81000010, 0xffffffff81000020, 0x401000, 0x402000 };

static struct profbuf_record sample(uint32_t pid, uint32_t tid, const char *comm)
{
	struct profbuf_record record = {
		.time = 1000,
		.count = 1,
		.pid = pid,
		.tid = tid,
		.period = 10,
		.has = HAS_ALL,
		.depth = 4,
		.kernel_frames = 2,
		.stack = stack,
	};

	strcpy(record.comm, comm);
	return record;
}

static struct profile *new_profile(bool by_thread)
{
	struct profile_opts opts = { .size = sizeof(opts), .by_thread = by_thread };
	struct profile *profile = profile__new(&opts);

	assert_non_null(profile);
	return profile;
}

static void add(struct profile *profile, const struct profbuf_record *record)
{
	assert_int_equal(profile__add(profile, record), 0);
}

static void test_an_array_that_cannot_grow(void **state)
{
	uint32_t max = 1U << 31;
	/* The compiler must not know that it cannot be freed. */
	char byte, *volatile hidden = &byte, *array = hidden;

	(void)state;
	assert_int_equal(array__reserve(&array, max - 1, &max, 1), 0);
	assert_int_equal(array__reserve(&array, max, &max, 1), -ENOMEM);
	assert_int_equal(max, 1U << 31);
	assert_ptr_equal(array, &byte);
}

static void test_equal_stacks_are_one(void **state)
{
	struct profile *profile = new_profile(false);
	struct profbuf_record record = sample(1, 1, "a");

	(void)state;
	add(profile, &record);
	record.count = 4;
	record.time = 500;
	record.tid = 2;
	add(profile, &record);
	assert_int_equal(profile__nr_stacks(profile), 1);
	assert_int_equal(profile__stack(profile, 0)->weight.samples, 2);
	assert_int_equal(profile__stack(profile, 0)->weight.periods, 5);
	assert_int_equal(profile__stack(profile, 0)->weight.nanoseconds, 50);
	assert_int_equal(profile__totals(profile)->weight.periods, 5);
	assert_int_equal(profile__totals(profile)->first, 500);
	assert_int_equal(profile__totals(profile)->last, 1000);
	assert_int_equal(profile__totals(profile)->mode[PROFBUF_MODE_KERNEL], 2);
	profile__delete(profile);
}

/* Each difference makes another stack. */
static void test_different_stacks(void **state)
{
	struct profile *profile = new_profile(false);
	struct profbuf_record record = sample(1, 1, "a");
	uint64_t other[4];

	(void)state;
	memcpy(other, stack, sizeof(stack));
	other[3]++;
	add(profile, &record);
	record.depth = 3;
	add(profile, &record);
	record.depth = 4;
	record.kernel_frames = 1;
	add(profile, &record);
	record.kernel_frames = 2;
	record.stack = other;
	add(profile, &record);
	record.stack = stack;
	record.mode = PROFBUF_MODE_TRUNCATED;
	add(profile, &record);
	record.mode = PROFBUF_MODE_USER_INCOMPLETE | PROFBUF_MODE_KERNEL_INCOMPLETE;
	add(profile, &record);
	record.mode = 1ULL << 32;
	add(profile, &record);
	record.mode = 0;
	record.pid = 2;
	add(profile, &record);
	record.has |= 1U << PROFBUF_WORD_END;
	record.end = PROFBUF_END_STRAY;
	add(profile, &record);
	record.end = PROFBUF_END_ZERO;
	add(profile, &record);
	record.end_flags = PROFBUF_END_NO_TABLE;
	add(profile, &record);
	/* What is not known is no difference. */
	record.end_flags |= 1U << 9;
	add(profile, &record);
	record.depth = 0;
	record.kernel_frames = 0;
	add(profile, &record);
	assert_int_equal(profile__nr_stacks(profile), 12);
	assert_int_equal(profile__totals(profile)->truncated, 1);
	assert_int_equal(profile__totals(profile)->user_incomplete, 1);
	assert_int_equal(profile__totals(profile)->kernel_incomplete, 1);
	assert_int_equal(profile__finish(profile), 0);
	assert_int_equal(profile__stack(profile, 11)->nlocations, 0);
	profile__delete(profile);
}

static void test_nothing_but_an_empty_stack(void **state)
{
	struct profile *profile = new_profile(false);
	struct profbuf_record record = sample(1, 1, "a");

	(void)state;
	record.depth = 0;
	record.kernel_frames = 0;
	add(profile, &record);
	assert_int_equal(profile__finish(profile), 0);
	assert_int_equal(profile__stack(profile, 0)->nlocations, 0);
	assert_non_null(profile__stack(profile, 0)->locations);
	profile__delete(profile);
}

static void test_records_that_tell_little(void **state)
{
	struct profile *profile = new_profile(false);
	struct profbuf_record record = sample(0, 0, "");

	(void)state;
	record.has = 1U << PROFBUF_WORD_COUNT;
	add(profile, &record);
	assert_int_equal(profile__stack(profile, 0)->mode, PROFILE_MODE_UNKNOWN);
	assert_int_equal(profile__stack(profile, 0)->end, PROFILE_END_UNTOLD);
	profile__delete(profile);
}

/*
 * Frame pointers end in the C library, but the names tell that nothing is missing. One of 0 alone
 * does not tell, nor does what records do not say.
 */
static void test_roots(void **state)
{
	static const struct {
		const char *names[4];
		uint64_t mode;
		uint32_t kernel_frames;
		uint8_t end;
		uint8_t found;
		bool elsewhere;	/* not in the C library */
	} cases[] = {
#define ROOT	PROFBUF_END_ROOT
#define STRAY	PROFBUF_END_STRAY
#define ZERO	PROFBUF_END_ZERO
		{ { "f", "g", "main", "__libc_start_call_main" }, 0, 0, STRAY, ROOT },
		{ { "f", "g", "h", "__libc_start_main@@GLIBC_2.34" }, 0, 0, STRAY, ROOT },
		{ { "f", "g", "h", "start_thread" }, 0, 0, ZERO, ROOT },
		{ { "f", "g", "h", "runtime.goexit.abi0" }, 0, 0, ZERO, ROOT },
		{ { "f", "g", "h", "runtime.goexits" }, 0, 0, ZERO, ZERO },
		{ { "read", "f", "main", NULL }, 0, 1, PROFBUF_END_DATA, ROOT },
		{ { "f", "g", NULL, NULL }, 0, 0, ROOT, ROOT },
		{ { "f", "g", NULL, NULL }, 0, 0, STRAY, STRAY },
		{ { "f", "g", NULL, NULL }, 0, 0, ZERO, ZERO },
		{ { "f", "main", "g", "h" }, 0, 0, STRAY, STRAY },
		/* What is not its caller has a name, or is in the program. */
		{ { "f", "g", "main", "h" }, 0, 0, STRAY, STRAY },
		{ { "f", "g", "main", NULL }, 0, 0, STRAY, ROOT },
		{ { "f", "g", "main", NULL }, 0, 0, STRAY, STRAY, true },
		/* A program's own function, which may be anything. */
		{ { "f", "g", "h", "start_thread" }, 0, 0, STRAY, ROOT },
		{ { "f", "g", "h", "start_thread" }, 0, 0, STRAY, STRAY, true },
		{ { "f", "g", "h", "start_thread" }, 0, 0, ZERO, ROOT, true },
		{ { "f", "g", "h", "clone3" }, 0, 0, STRAY, ROOT },
		{ { "f", "g", "h", "clone3" }, 0, 0, STRAY, STRAY, true },
		/* Interrupted there. */
		{ { "f", "g", "h", "_start" }, 0, 3, PROFBUF_END_UNKNOWN, ROOT, true },
		{ { "f", "g", "h", "start_thread" }, 0, 3, STRAY, ROOT },
		{ { "f", "g", "h", "main" }, 0, 3, ZERO, ZERO },
		{ { "f", "g", "h", "main" }, 0, 0, ZERO, ZERO },
		/* Of the kernel, whatever it is called, or cut off. */
		{ { "f", "g", "main", "h" }, 0, 3, ZERO, ZERO },
		{ { "f", "g", "main", "h" }, PROFBUF_MODE_TRUNCATED, 0, PROFBUF_END_DEPTH,
		  PROFBUF_END_DEPTH },
		{ { "f", "g", "main", "h" }, PROFBUF_MODE_KERNEL_INCOMPLETE, 0, STRAY,
		  PROFILE_END_KERNEL },
		/* Interrupted there, but called, whatever the register is used for. */
		{ { "f", "g", "h", "clone3" }, 0, 3, STRAY, STRAY },
		{ { "f", "g", "h", "clone3" }, 0, 3, ZERO, ZERO },
		/* No user frames, of a process. */
		{ { "f", "g", "h", "start_thread" }, 0, 4, PROFBUF_END_NONE, PROFBUF_END_NONE },
		{ { "f", "g", "h", "i" }, PROFBUF_MODE_KERNEL_INCOMPLETE, 4, PROFBUF_END_NONE,
		  PROFILE_END_KERNEL },
		/* A table that does not lead on is no matter where nobody calls. */
		{ { "f", "g", "main", "h" }, 0, 0, PROFBUF_END_TABLE, PROFBUF_END_TABLE },
		{ { "f", "g", "main", "__libc_start_call_main" }, 0, 0, PROFBUF_END_TABLE, ROOT },
		{ { "f", "g", "h", "clone3" }, 0, 0, PROFBUF_END_TABLE, ROOT },
		{ { "f", "g", "h", "clone3" }, 0, 3, PROFBUF_END_TABLE, PROFBUF_END_TABLE },
		/* Another reason than this program knows, or none. */
		{ { "f", "g", "h", "i" }, 0, 0, 200, PROFILE_END_OTHER },
		{ { "f", "g", "main", "h" }, 0, 0, PROFILE_END_UNTOLD, PROFILE_END_UNTOLD },
	};
	size_t i, n;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct profile *profile = new_profile(false);
		struct profbuf_record record = sample(1, 1, "a");
		bool rooted = cases[i].found == ROOT;
		struct symbol_module module = { .path = "/lib/libc.so.6" };
		struct symbol_location symbols[4];
		struct symbol_frame frames[4];

		if (cases[i].elsewhere)
			module.path = "/usr/bin/program";

		record.kernel_frames = cases[i].kernel_frames;
		record.mode = cases[i].mode | PROFBUF_MODE_USER_INCOMPLETE;
		record.end = cases[i].end;
		record.end_flags = PROFBUF_END_NO_TABLE;
		record.space = 1ULL << 24;
		record.has |= 1U << PROFBUF_WORD_SPACE;
		if (cases[i].end != PROFILE_END_UNTOLD)
			record.has |= 1U << PROFBUF_WORD_END;
		add(profile, &record);
		add(profile, &record);
		assert_int_equal(profile__finish(profile), 0);
		assert_int_equal(profile__nr_locations(profile), 4);
		for (n = 0; n < 4; n++) {
			frames[n] = (struct symbol_frame){ .system_name = cases[i].names[n] };
			symbols[n] = (struct symbol_location){
				.module = &module,
				.nframes = !!cases[i].names[n],
				.frames = &frames[n],
			};
			profile__location(profile, n)->symbol = &symbols[n];
		}
		profile__find_roots(profile);
		assert_int_equal(profile__stack(profile, 0)->end, cases[i].found);
		assert_int_equal(profile__totals(profile)->ends[cases[i].found], 2);
		assert_int_equal(profile__totals(profile)->user_incomplete, rooted ? 0 : 2);
		assert_int_equal(!(profile__stack(profile, 0)->flags &
				   PROFILE_STACK_USER_INCOMPLETE), rooted);
		assert_int_equal(!(profile__stack(profile, 0)->flags & PROFILE_STACK_NO_TABLE),
				 rooted || cases[i].end == PROFILE_END_UNTOLD);
		profile__delete(profile);
	}
}

/* Where there is nothing of user space to be had, nothing is missing. */
static void test_roots_without_user_frames(void **state)
{
	static const struct {
		uint64_t space;
		uint32_t flags;
		uint64_t mode;
		const char *outermost;
		uint8_t found;
	} cases[] = {
		{ PROFBUF_SPACE_NONE, PROFBUF_KERNEL | PROFBUF_USER, 0, "ret_from_fork", ROOT },
		/* Of a process that has none any more. */
		{ PROFBUF_SPACE_NONE, PROFBUF_KERNEL | PROFBUF_USER, 0,
		  "entry_SYSCALL_64_after_hwframe", PROFBUF_END_NONE },
		{ 1ULL << 24, PROFBUF_KERNEL, 0, "entry_SYSCALL_64_after_hwframe", ROOT },
		{ 1ULL << 24, PROFBUF_KERNEL | PROFBUF_USER, 0, "f", PROFBUF_END_NONE },
		{ PROFBUF_SPACE_NONE, PROFBUF_KERNEL, PROFBUF_MODE_TRUNCATED, "f",
		  PROFBUF_END_DEPTH },
		{ PROFBUF_SPACE_NONE, PROFBUF_KERNEL, PROFBUF_MODE_TIMED_OUT, "f",
		  PROFBUF_END_TIME },
	};
	struct symbol_frame frame = { 0 };
	const struct symbol_location symbol = { .nframes = 1, .frames = &frame };
	size_t i, n;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const struct profbuf_info info = { .size = sizeof(info), .flags = cases[i].flags };
		struct profile *profile = new_profile(false);
		struct profbuf_record record = sample(1, 1, "a");

		record.kernel_frames = record.depth;
		record.mode = cases[i].mode;
		record.space = cases[i].space;
		record.has |= 1U << PROFBUF_WORD_SPACE | 1U << PROFBUF_WORD_END;
		assert_int_equal(profile__add_info(profile, &info), 0);
		add(profile, &record);
		assert_int_equal(profile__finish(profile), 0);
		frame.system_name = cases[i].outermost;
		for (n = 0; n < profile__nr_locations(profile); n++)
			profile__location(profile, n)->symbol = &symbol;
		profile__find_roots(profile);
		assert_int_equal(profile__stack(profile, 0)->end, cases[i].found);
		profile__delete(profile);
	}
}

/* A space is a program of its own; which one it is of cannot always be told. */
static void test_programs_by_space(void **state)
{
	static const struct {
		uint32_t pid;
		uint64_t space;
		uint32_t program;
	} cases[] = {
		{ 1, PROFBUF_SPACE_UNKNOWN, 0 },
		{ 1, 5ULL << 24 | 1, 0 },
		{ 1, 5ULL << 24 | 2, 0 },
		{ 1, 9ULL << 24 | 1, 1 },
		{ 1, PROFBUF_SPACE_UNKNOWN, 1 },
		/* Of another CPU, and so later than it was. */
		{ 1, 5ULL << 24 | 2, 0 },
		/* Before it executes something, who was made by vfork() is in its parent's. */
		{ 2, 5ULL << 24 | 2, 0 },
	};
	struct profile *profile = new_profile(false);
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct profbuf_record record = sample(cases[i].pid, cases[i].pid, "a");
		const struct profile_process *process;
		const struct profile_stack *last;

		record.has |= 1U << PROFBUF_WORD_SPACE;
		record.space = cases[i].space;
		add(profile, &record);
		last = profile__stack(profile, profile__last_stack(profile));
		process = profile__process(profile, last->process);
		assert_int_equal(process->pid, cases[i].pid);
		assert_int_equal(process->program, cases[i].program);
	}
	assert_int_equal(profile__nr_processes(profile), 3);
	/* One for each generation, and one for what nobody knows, of each program. */
	assert_int_equal(profile__nr_stacks(profile), 6);
	profile__delete(profile);
}

static void test_by_thread(void **state)
{
	struct profile *profile = new_profile(true);
	struct profbuf_record record = sample(1, 1, "a");

	(void)state;
	add(profile, &record);
	record.tid = 2;
	add(profile, &record);
	assert_int_equal(profile__nr_stacks(profile), 2);
	assert_int_equal(profile__stack(profile, 1)->thread, 1);
	assert_int_equal(profile__thread(profile, 1)->tid, 2);
	profile__delete(profile);
}

static void test_names(void **state)
{
	struct profile *profile = new_profile(false);
	struct profbuf_record record = sample(7, 8, "worker");

	(void)state;
	add(profile, &record);
	assert_string_equal(profile__process(profile, 0)->comm, "worker");
	record = sample(7, 7, "main");
	add(profile, &record);
	record = sample(7, 9, "other");
	add(profile, &record);
	assert_string_equal(profile__process(profile, 0)->comm, "main");
	assert_true(profile__process(profile, 0)->comm_is_main);
	assert_int_equal(profile__process(profile, 0)->weight.samples, 3);
	assert_int_equal(profile__nr_threads(profile), 3);
	assert_string_equal(profile__thread(profile, 0)->comm, "worker");
	profile__delete(profile);
}

static void test_generations(void **state)
{
	struct profile *profile = new_profile(false);
	struct profbuf_record record = sample(7, 7, "sh");
	const struct profile_location *before, *after;

	(void)state;
	add(profile, &record);
	assert_int_equal(profile__set_program(profile, 7, 1), 0);
	record = sample(7, 7, "make");
	add(profile, &record);
	add(profile, &record);
	assert_int_equal(profile__nr_processes(profile), 2);
	assert_string_equal(profile__process(profile, 0)->comm, "sh");
	assert_string_equal(profile__process(profile, 1)->comm, "make");
	assert_int_equal(profile__process(profile, 1)->program, 1);
	assert_int_equal(profile__process(profile, 1)->weight.samples, 2);
	assert_int_equal(profile__finish(profile), 0);
	before = profile__location(profile, profile__stack(profile, 0)->locations[2]);
	after = profile__location(profile, profile__stack(profile, 1)->locations[2]);
	assert_int_equal(before->address, after->address);
	assert_int_equal(before->process, 0);
	assert_int_equal(after->process, 1);
	profile__delete(profile);
}

/* What damaged records claim is bounded, and so are sums of it. */
static void test_huge_weights(void **state)
{
	struct profile *profile = new_profile(false);
	struct profbuf_record record = sample(1, 1, "a");
	const struct profile_weight *weight = &profile__totals(profile)->weight;

	(void)state;
	record.count = 3;
	record.period = 1ULL << 62;
	add(profile, &record);
	assert_int_equal(weight->periods, 3);
	assert_int_equal(weight->nanoseconds, INT64_MAX);
	record.count = UINT64_MAX;
	record.period = UINT64_MAX;
	add(profile, &record);
	assert_int_equal(weight->samples, 2);
	assert_int_equal(weight->periods, PROFILE_MAX_PERIODS + 3);
	assert_int_equal(weight->nanoseconds, INT64_MAX);
	profile__delete(profile);
}

static void assert_weight(const struct profile_weight *weight, uint64_t samples, uint64_t periods)
{
	assert_int_equal(weight->samples, samples);
	assert_int_equal(weight->periods, periods);
	assert_int_equal(weight->nanoseconds, periods * 10);
}

/* Ten periods: four late ones, one of them stolen by the host, and five of slowed down sampling. */
static struct profbuf_record late_sample(uint32_t pid, uint32_t tid, uint64_t mode)
{
	struct profbuf_record record = sample(pid, tid, "a");

	record.count = 10;
	record.late = 4;
	record.stolen = 1;
	record.mode = mode;
	record.has = HAS_LATE;
	if (PROFBUF_MODE(mode) == PROFBUF_MODE_USER) {
		record.kernel_frames = 0;
		record.stack = stack + 2;
		record.depth = 2;
	}
	return record;
}

static void test_late_over_user_code(void **state)
{
	struct profile *profile = new_profile(false);
	const struct profile_totals *totals = profile__totals(profile);
	struct profbuf_record record = late_sample(1, 1, USER);
	const struct profile_location *location;
	const struct profile_stack *late;

	(void)state;
	add(profile, &record);
	add(profile, &record);
	record.tid = 2;
	record.depth = 1;
	add(profile, &record);
	record = late_sample(2, 2, USER);
	add(profile, &record);
	record = sample(3, 3, "in time");
	add(profile, &record);
	/* A recorder numbers stacks: none is made up for it. */
	assert_int_equal(profile__nr_stacks(profile), 4);
	assert_int_equal(profile__last_stack(profile), 3);
	assert_int_equal(profile__finish(profile), 0);

	assert_weight(&totals->weight, 5, 37);
	assert_weight(&totals->late_user, 0, 12);
	assert_weight(&totals->late_kernel, 0, 0);
	assert_weight(&totals->stolen, 0, 4);
	assert_int_equal(totals->slowed, 20);
	assert_int_equal(totals->unexplained, 0);
	assert_weight(&profile__process(profile, 0)->weight, 3, 18);
	assert_weight(&profile__process(profile, 0)->late, 0, 9);
	assert_weight(&profile__process(profile, 2)->late, 0, 0);
	assert_weight(&profile__thread(profile, 0)->weight, 2, 12);
	assert_weight(&profile__thread(profile, 0)->late, 0, 6);
	assert_weight(&profile__cpu(profile, 0)->weight, 5, 25);
	assert_weight(&profile__cpu(profile, 0)->late, 0, 12);

	/* One more stack for each process, of the same location. */
	assert_int_equal(profile__nr_stacks(profile), 6);
	assert_weight(&profile__stack(profile, 0)->weight, 2, 12);
	assert_weight(&profile__stack(profile, 0)->late, 0, 0);
	assert_weight(&profile__stack(profile, 1)->weight, 1, 6);
	late = profile__stack(profile, 4);
	assert_int_equal(late->process, 0);
	assert_int_equal(late->thread, UINT32_MAX);
	assert_int_equal(late->flags, PROFILE_STACK_LATE);
	assert_int_equal(late->mode, PROFBUF_MODE_USER);
	assert_int_equal(late->nlocations, 1);
	assert_weight(&late->weight, 0, 9);
	location = profile__location(profile, late->locations[0]);
	assert_true(location->late);
	assert_false(location->kernel);
	assert_string_equal(location->symbol->frames[0].name, "[late timer]");
	late = profile__stack(profile, 5);
	assert_int_equal(late->process, 1);
	assert_weight(&late->weight, 0, 3);
	assert_ptr_equal(profile__location(profile, late->locations[0]), location);
	profile__delete(profile);
}

static void test_late_by_thread(void **state)
{
	struct profile *profile = new_profile(true);
	struct profbuf_record record = late_sample(1, 1, USER);

	(void)state;
	add(profile, &record);
	record.tid = 2;
	add(profile, &record);
	add(profile, &record);
	assert_int_equal(profile__finish(profile), 0);
	assert_int_equal(profile__nr_stacks(profile), 4);
	assert_int_equal(profile__stack(profile, 2)->thread, 0);
	assert_weight(&profile__stack(profile, 2)->weight, 0, 3);
	assert_int_equal(profile__stack(profile, 3)->thread, 1);
	assert_weight(&profile__stack(profile, 3)->weight, 0, 6);
	profile__delete(profile);
}

/* It is, as a rule, what kept the interrupt from coming. */
static void test_late_over_other_code(void **state)
{
	static const enum profbuf_mode modes[] = {
		PROFBUF_MODE_KERNEL, PROFBUF_MODE_IDLE, PROFBUF_MODE_GUEST,
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(modes) / sizeof(*modes); i++) {
		struct profile *profile = new_profile(false);
		struct profbuf_record record = late_sample(1, 1, (uint64_t)modes[i] << 32);
		const struct profile_totals *totals = profile__totals(profile);

		add(profile, &record);
		assert_int_equal(profile__finish(profile), 0);
		assert_int_equal(profile__nr_stacks(profile), 1);
		assert_weight(&profile__stack(profile, 0)->weight, 1, 9);
		assert_weight(&profile__stack(profile, 0)->late, 0, 3);
		assert_weight(&profile__process(profile, 0)->weight, 1, 9);
		assert_weight(&profile__process(profile, 0)->late, 0, 0);
		assert_weight(&totals->weight, 1, 9);
		assert_weight(&totals->late_kernel, 0, 3);
		assert_weight(&totals->late_user, 0, 0);
		assert_weight(&totals->stolen, 0, 1);
		profile__delete(profile);
	}
}

/* Before records told why they stand for more than a period, it was late timers. */
static void test_periods_that_nothing_explains(void **state)
{
	struct profile *profile = new_profile(false);
	struct profbuf_record record = sample(1, 1, "a");

	(void)state;
	record.count = 7;
	record.mode = USER;
	add(profile, &record);
	assert_int_equal(profile__finish(profile), 0);
	assert_int_equal(profile__nr_stacks(profile), 1);
	assert_weight(&profile__stack(profile, 0)->weight, 1, 7);
	assert_int_equal(profile__totals(profile)->unexplained, 6);
	assert_int_equal(profile__totals(profile)->slowed, 0);
	profile__delete(profile);
}

static void test_walks_that_took_too_long(void **state)
{
	struct profile *profile = new_profile(false);
	struct profbuf_record record = sample(1, 1, "a");

	(void)state;
	add(profile, &record);
	record.mode = PROFBUF_MODE_TIMED_OUT;
	add(profile, &record);
	assert_int_equal(profile__nr_stacks(profile), 2);
	assert_int_equal(profile__stack(profile, 1)->flags, PROFILE_STACK_TIMED_OUT);
	assert_int_equal(profile__totals(profile)->timed_out, 1);
	profile__delete(profile);
}

static void add_limit(struct profile *profile, uint32_t cpu, uint64_t begin, uint64_t end,
		      uint64_t times)
{
	struct profbuf_limit limit = {
		.size = sizeof(limit),
		.share = 250,
		.begin_ns = begin,
		.end_ns = end,
		.cost_ns = 40,
		.times = times,
	};

	assert_int_equal(profile__add_limit(profile, cpu, &limit), 0);
}

static void assert_limit(const struct profile *profile, uint32_t n, uint32_t cpu, uint64_t begin,
			 uint64_t end)
{
	const struct profile_limit *limit = &profile__limits(profile)->list[n];

	assert_true(n < profile__limits(profile)->nr);
	assert_int_equal(limit->cpu, cpu);
	assert_int_equal(limit->begin, begin);
	assert_int_equal(limit->end, end);
	assert_int_equal(limit->share, 250);
	assert_int_equal(limit->cost, 40);
}

static void test_limits(void **state)
{
	struct profile *profile = new_profile(false);
	const struct profile_limits *limits = profile__limits(profile);
	struct profbuf_record record = sample(1, 1, "a");

	(void)state;
	record.time = 5000;
	add(profile, &record);
	/* Begins and ends, with another CPU between. */
	add_limit(profile, 1, 1000, 0, 1);
	add_limit(profile, 2, 1500, 0, 1);
	add_limit(profile, 1, 1000, 1800, 0);
	/* Has ended and begun again before it was told. */
	add_limit(profile, 2, 1700, 0, 1);
	add_limit(profile, 2, 1700, 1900, 0);
	/* Was over before it was told, the last of three. */
	add_limit(profile, 1, 2000, 2100, 3);
	/* Began in a frame that is not there. */
	add_limit(profile, 3, 3000, 3050, 0);
	/* Does not end. */
	add_limit(profile, 3, 4600, 0, 1);
	assert_int_equal(profile__finish(profile), 0);
	assert_int_equal(limits->nr, 5);
	assert_limit(profile, 0, 1, 1000, 1800);
	assert_limit(profile, 1, 2, 1700, 1900);
	assert_limit(profile, 2, 1, 2000, 2100);
	assert_limit(profile, 3, 3, 3000, 3050);
	assert_limit(profile, 4, 3, 4600, 0);
	assert_int_equal(limits->times, 1 + 2 + 3 + 1 + 1);
	assert_int_equal(limits->ns, 800 + 200 + 100 + 50 + 400);
	profile__delete(profile);
}

/* The list is bounded, sums are not, but for what damage claims. */
static void test_many_limits(void **state)
{
	struct profile *profile = new_profile(false);
	const struct profile_limits *limits = profile__limits(profile);
	uint32_t i;

	(void)state;
	for (i = 0; i < PROFILE_MAX_LIMITS + 7; i++)
		add_limit(profile, i % 3, i * 10, i * 10 + 5, 1);
	add_limit(profile, 1, 1000000, 0, 1);
	assert_int_equal(limits->nr, PROFILE_MAX_LIMITS);
	assert_int_equal(limits->times, PROFILE_MAX_LIMITS + 8);
	assert_int_equal(limits->ns, 5 * (PROFILE_MAX_LIMITS + 7));
	add_limit(profile, 1, 1000, 10, 1);
	assert_int_equal(limits->ns, 5 * (PROFILE_MAX_LIMITS + 7));
	add_limit(profile, 1, 0, 1ULL << 63, 1);
	assert_int_equal(limits->ns, INT64_MAX);
	add_limit(profile, 1, 0, UINT64_MAX, 1);
	assert_int_equal(limits->ns, INT64_MAX);
	profile__delete(profile);
}

/* Addresses come to mean something else, and it is the same program. */
static void test_mappings(void **state)
{
	struct profile *profile = new_profile(false);
	struct profbuf_record record = sample(7, 7, "server");
	const struct profile_location *before, *after;

	(void)state;
	add(profile, &record);
	assert_int_equal(profile__set_mappings(profile, 7, 1), 0);
	add(profile, &record);
	add(profile, &record);
	assert_int_equal(profile__nr_processes(profile), 1);
	assert_int_equal(profile__nr_threads(profile), 1);
	assert_int_equal(profile__process(profile, 0)->weight.samples, 3);
	assert_int_equal(profile__nr_stacks(profile), 2);
	assert_int_equal(profile__set_program(profile, 7, 2), 0);
	assert_int_equal(profile__process(profile, 1)->program, 1);
	assert_int_equal(profile__process(profile, 1)->generation, 2);
	assert_int_equal(profile__finish(profile), 0);

	/* The kernel's are the same. */
	assert_int_equal(profile__stack(profile, 0)->locations[0],
			 profile__stack(profile, 1)->locations[0]);
	before = profile__location(profile, profile__stack(profile, 0)->locations[2]);
	after = profile__location(profile, profile__stack(profile, 1)->locations[2]);
	assert_int_equal(before->address, after->address);
	assert_int_equal(before->generation, 0);
	assert_int_equal(after->generation, 1);
	profile__delete(profile);
}

static void test_locations(void **state)
{
	struct profile *profile = new_profile(false);
	struct profbuf_record record = sample(1, 1, "a");
	const uint32_t *first, *second;

	(void)state;
	add(profile, &record);
	record.pid = 2;
	add(profile, &record);
	assert_int_equal(profile__finish(profile), 0);
	first = profile__stack(profile, 0)->locations;
	second = profile__stack(profile, 1)->locations;

	/* Kernel addresses are the same for all, those of programs are not. */
	assert_int_equal(first[0], second[0]);
	assert_int_equal(first[1], second[1]);
	assert_int_not_equal(first[2], second[2]);
	assert_int_equal(profile__nr_locations(profile), 6);
	assert_true(profile__location(profile, first[0])->kernel);
	assert_int_equal(profile__location(profile, first[0])->process, PROFILE_KERNEL);
	assert_false(profile__location(profile, first[2])->kernel);

	/* The interrupted instruction and where the system call goes on. */
	assert_true(profile__location(profile, first[0])->exact);
	assert_false(profile__location(profile, first[1])->exact);
	assert_true(profile__location(profile, first[2])->exact);
	assert_false(profile__location(profile, first[3])->exact);
	profile__delete(profile);
}

static void test_losses(void **state)
{
	struct profile *profile = new_profile(false);
	struct profbuf_loss loss = { .time = 50, .lost = 3, .cpu = 4 };
	struct profbuf_gap gap = { .records = 6, .cpu = 0 };

	(void)state;
	assert_int_equal(profile__add_loss(profile, &loss), 0);
	loss = (struct profbuf_loss){ .time = 20, .lost = 10, .cpu = 4 };
	assert_int_equal(profile__add_loss(profile, &loss), 0);
	loss = (struct profbuf_loss){ .time = 30, .lost = 1, .cpu = 1000 };
	assert_int_equal(profile__add_loss(profile, &loss), 0);
	assert_int_equal(profile__add_gap(profile, &gap), 0);
	profile__add_filtered(profile, 2);
	assert_int_equal(profile__totals(profile)->lost, 14);
	assert_int_equal(profile__totals(profile)->losses, 3);
	assert_int_equal(profile__totals(profile)->first_loss, 20);
	assert_int_equal(profile__totals(profile)->last_loss, 50);
	assert_int_equal(profile__totals(profile)->missing, 6);
	assert_int_equal(profile__totals(profile)->filtered, 2);
	assert_int_equal(profile__nr_cpus(profile), 3);
	assert_int_equal(profile__cpu(profile, 0)->cpu, 4);
	assert_int_equal(profile__cpu(profile, 0)->lost, 13);
	assert_int_equal(profile__cpu(profile, 0)->first_loss, 20);
	assert_int_equal(profile__cpu(profile, 2)->missing, 6);
	profile__delete(profile);
}

/* Against adding up in the simplest way. */
static void test_many(void **state)
{
	enum { STACKS = 5000, RECORDS = 60000 };
	struct profile *profile = new_profile(false);
	uint64_t expected[STACKS] = { 0 };
	uint64_t words[16], seed = 1;
	uint32_t i, n, found = 0;

	(void)state;
	for (i = 0; i < RECORDS; i++) {
		struct profbuf_record record = sample(1, 1, "a");
		uint32_t which;

		seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
		which = (seed >> 33) % STACKS;
		expected[which]++;
		/* Alike but for one word, which is sometimes the last. */
		for (n = 0; n < 16; n++)
			words[n] = 0x1000 * n;
		words[which % 16] += which + 1;
		record.depth = 16;
		record.kernel_frames = 0;
		record.stack = words;
		add(profile, &record);
	}
	assert_int_equal(profile__finish(profile), 0);
	for (i = 0; i < profile__nr_stacks(profile); i++) {
		const struct profile_stack *view = profile__stack(profile, i);

		for (n = 0; n < 16; n++) {
			uint64_t address = profile__location(profile, view->locations[n])->address;

			if (address == 0x1000ULL * n)
				continue;
			found++;
			assert_int_equal(view->weight.samples,
					 expected[address - 0x1000ULL * n - 1]);
		}
	}
	for (i = 0, n = 0; i < STACKS; i++)
		n += !!expected[i];
	assert_int_equal(profile__nr_stacks(profile), n);
	assert_int_equal(found, n);
	profile__delete(profile);
}

/* One stack, said of ever more processes. */
static void test_too_many_words(void **state)
{
	struct profile_opts opts = { .size = sizeof(opts), .max_words = 10 };
	struct profile *profile = profile__new(&opts);
	struct profbuf_record record;
	uint32_t pid;

	(void)state;
	assert_non_null(profile);
	for (pid = 1; pid <= 2; pid++) {
		record = sample(pid, pid, "a");
		add(profile, &record);
	}
	record = sample(pid, pid, "a");
	assert_int_equal(profile__add(profile, &record), -E2BIG);
	assert_int_equal(profile__totals(profile)->weight.samples, 2);
	/* Those that are known are no more. */
	record = sample(1, 1, "a");
	add(profile, &record);
	assert_int_equal(profile__finish(profile), 0);
	assert_int_equal(profile__nr_stacks(profile), 2);
	assert_int_equal(profile__stack(profile, 0)->weight.samples, 2);
	profile__delete(profile);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_an_array_that_cannot_grow),
		cmocka_unit_test(test_equal_stacks_are_one),
		cmocka_unit_test(test_different_stacks),
		cmocka_unit_test(test_nothing_but_an_empty_stack),
		cmocka_unit_test(test_records_that_tell_little),
		cmocka_unit_test(test_roots),
		cmocka_unit_test(test_roots_without_user_frames),
		cmocka_unit_test(test_programs_by_space),
		cmocka_unit_test(test_by_thread),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_huge_weights),
		cmocka_unit_test(test_late_over_user_code),
		cmocka_unit_test(test_late_by_thread),
		cmocka_unit_test(test_late_over_other_code),
		cmocka_unit_test(test_periods_that_nothing_explains),
		cmocka_unit_test(test_walks_that_took_too_long),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_many_limits),
		cmocka_unit_test(test_generations),
		cmocka_unit_test(test_mappings),
		cmocka_unit_test(test_locations),
		cmocka_unit_test(test_losses),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_too_many_words),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
