// SPDX-License-Identifier: GPL-2.0
/*
 * Walks of copies of stacks: step by step in copies that were made by hand, and as they come
 * out of a stream.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <asm/sigcontext.h>
#include <cmocka.h>

#include "../unwind/make_table.h"
#include "builder.h"
#include "load/load.h"
#include "symbol/image.h"
#include "symbol/told_file.h"
#include "unwind/walk.h"

/* Code lies from here on, and its file begins at BASE; STACK is where the stack pointer is. */
#define CODE		0x400000ULL
#define BASE		0x3ff000ULL
#define CODE_SIZE	0x1000
#define STACK		0x7fff0000ULL

#define WORDS		64
#define RED_WORDS	(PROFBUF_COPY_RED_ZONE / 8)

#define COUNT(array)	(sizeof(array) / sizeof((array)[0]))

enum {
	RBX = 3,
	RBP = 6,
	RSP = 7,
	R12 = 12,
};

/**
 * struct walked - a walk
 * @registers: of the copy
 * @words: its memory
 * @copy: the copy
 * @table: of the code; NULL: there is none
 * @frames: what was found
 * @n: how many
 * @end: end word
 */
struct walked {
	uint64_t registers[PROFBUF_COPY_REGISTERS];
	uint64_t words[WORDS];
	struct walk_copy copy;
	struct profbuf_unwind_table *table;
	uint64_t frames[16];
	uint32_t n;
	uint64_t end;
};

/* Memory from the red zone on; nothing in it is an address of code. */
static void prepare(struct walked *walked)
{
	uint32_t i;

	*walked = (struct walked){
		.copy = {
			.ip = CODE,
			.registers = walked->registers,
			.start = STACK - PROFBUF_COPY_RED_ZONE,
			.words = walked->words,
			.nr_words = WORDS,
		},
	};
	for (i = 0; i < PROFBUF_COPY_REGISTERS; i++)
		walked->registers[i] = 0x1111 * i;
	walked->registers[RSP] = STACK;
	for (i = 0; i < WORDS; i++)
		walked->words[i] = 0xabcd0000 + i;
}

/* Bytes above the stack pointer, or below. */
static uint64_t *at(struct walked *walked, int offset)
{
	return &walked->words[(offset + PROFBUF_COPY_RED_ZONE) / 8];
}

/* Each rule holds for so many bytes of the code. */
#define RULE_SIZE 0x10

static void set_rules(struct walked *walked, const struct profbuf_unwind_rule *rules, size_t n)
{
	struct make_row rows[8];
	size_t i;

	for (i = 0; i < n; i++)
		rows[i] = (struct make_row){ CODE - BASE + i * RULE_SIZE, i };
	walked->table = make_table(CODE - BASE, CODE - BASE + CODE_SIZE, 12, rules, n, rows, n);
}

/* Return addresses behind a call in the code of a rule. */
#define BACK(rule) (CODE + 5 + RULE_SIZE * (rule))

static bool find(void *context, uint64_t address, struct walk_code *code)
{
	struct walked *walked = context;

	if (address - CODE >= CODE_SIZE)
		return false;
	code->base = BASE;
	code->table = walked->table;
	return true;
}

static void walk(struct walked *walked, uint32_t max)
{
	walked->n = walk__copy(&walked->copy, find, walked, walked->frames, max, &walked->end);
	free(walked->table);
}

static void assert_walk(const struct walked *walked, uint64_t end, const uint64_t *frames,
			uint32_t n)
{
	assert_int_equal(walked->n, n);
	assert_memory_equal(walked->frames, frames, n * sizeof(*frames));
	assert_int_equal(walked->end, end);
}

static const struct profbuf_unwind_rule by_sp = {
	.cfa = PROFBUF_UNWIND_SP, .offset = 16,
};

static const struct profbuf_unwind_rule root = { .cfa = PROFBUF_UNWIND_ROOT };

static void test_tables(void **state)
{
	const struct profbuf_unwind_rule rules[] = {
		/* rbp was pushed, and popped again: it is in the red zone. */
		{ .cfa = PROFBUF_UNWIND_SP, .offset = 8, .bp = PROFBUF_UNWIND_BP_CFA,
		  .bp_offset = -16 },
		{ .cfa = PROFBUF_UNWIND_BP, .offset = 24 },
		by_sp,
		root,
	};
	const uint64_t frames[] = { CODE, BACK(1), BACK(2), BACK(3) };
	struct walked walked;

	(void)state;
	prepare(&walked);
	set_rules(&walked, rules, COUNT(rules));
	*at(&walked, -8) = STACK + 40;
	*at(&walked, 0) = BACK(1);
	/* cfa = STACK + 64 */
	*at(&walked, 56) = BACK(2);
	*at(&walked, 72) = BACK(3);
	walk(&walked, 16);
	assert_walk(&walked, PROFBUF_END_ROOT, frames, COUNT(frames));
}

/* The first frame's are in the copy, by their numbers. */
static void test_registers(void **state)
{
	uint32_t number;

	(void)state;
	for (number = 0; number < PROFBUF_COPY_REGISTERS; number++) {
		const struct profbuf_unwind_rule rules[] = {
			{ .cfa = PROFBUF_UNWIND_REGISTER, .number = number, .offset = 32 },
			root,
		};
		const uint64_t frames[] = { CODE, BACK(1) };
		struct walked walked;

		prepare(&walked);
		set_rules(&walked, rules, COUNT(rules));
		if (number != RSP)
			walked.registers[number] = STACK + 8;
		*at(&walked, number == RSP ? 24 : 32) = BACK(1);
		walk(&walked, 16);
		assert_walk(&walked, PROFBUF_END_ROOT, frames, COUNT(frames));
	}
}

/* What a signal has interrupted has its registers in memory, in another order. */
static void test_signals(void **state)
{
	const struct profbuf_unwind_rule rules[] = {
		{ .cfa = PROFBUF_UNWIND_SIGNAL, .offset = 0 },
		{ .cfa = PROFBUF_UNWIND_REGISTER, .number = R12, .offset = 8 },
		root,
	};
	const uint64_t frames[] = { CODE, CODE + RULE_SIZE, BACK(2) };
	struct sigcontext_64 *context;
	struct walked walked;

	(void)state;
	prepare(&walked);
	set_rules(&walked, rules, COUNT(rules));
	context = (void *)at(&walked, 40);
	context->ip = CODE + RULE_SIZE;
	context->sp = STACK + 300;
	context->r12 = STACK + 312;
	*at(&walked, 312) = BACK(2);
	walk(&walked, 16);
	assert_walk(&walked, PROFBUF_END_ROOT, frames, COUNT(frames));
}

static void test_frame_pointers(void **state)
{
	const uint64_t frames[] = { CODE, BACK(1), BACK(2) };
	struct walked walked;

	(void)state;
	prepare(&walked);
	walked.registers[RBP] = STACK + 32;
	*at(&walked, 32) = STACK + 64;
	*at(&walked, 40) = BACK(1);
	*at(&walked, 64) = 0;
	*at(&walked, 72) = BACK(2);
	walk(&walked, 16);
	assert_walk(&walked, PROFBUF_END_ZERO | PROFBUF_END_NO_TABLE, frames, COUNT(frames));
}

/* Whatever lies where a return address should be, it is one only if there is code. */
static void test_data(void **state)
{
	const struct profbuf_unwind_rule rules[] = { by_sp, by_sp };
	const uint64_t frames[] = { CODE, BACK(1) };
	struct walked walked;

	(void)state;
	prepare(&walked);
	set_rules(&walked, rules, COUNT(rules));
	*at(&walked, 8) = BACK(1);
	walk(&walked, 16);
	assert_walk(&walked, PROFBUF_END_DATA | PROFBUF_END_NO_TABLE, frames, COUNT(frames));
}

static void test_depth(void **state)
{
	const struct profbuf_unwind_rule rules[] = { by_sp };
	const uint64_t frames[] = { CODE, BACK(0), BACK(0) };
	struct walked walked;
	int i;

	(void)state;
	prepare(&walked);
	set_rules(&walked, rules, COUNT(rules));
	for (i = 0; i < 20; i++)
		*at(&walked, 8 + 16 * i) = BACK(0);
	walk(&walked, 3);
	assert_walk(&walked, PROFBUF_END_DEPTH, frames, COUNT(frames));
}

/* More bytes help only where there are some, and no more were asked for. */
static void test_short_copies(void **state)
{
	const struct {
		uint32_t words;
		bool cut;
		int32_t offset;
		uint32_t frames;
		uint64_t end;
	} cases[] = {
		{ RED_WORDS + 2, true, 16, 2, PROFBUF_END_COPY },
		{ RED_WORDS + 2, false, 16, 2, PROFBUF_END_ABSENT },
		{ RED_WORDS + 1, true, 16, 1, PROFBUF_END_COPY },
		{ RED_WORDS + 1, false, 16, 1, PROFBUF_END_ABSENT },
		{ 0, true, 16, 1, PROFBUF_END_COPY },
		{ 0, false, 16, 1, PROFBUF_END_ABSENT },
		/* So far above there is no stack. */
		{ WORDS, true, 16 << 20, 1, PROFBUF_END_ABSENT },
		/* Nor is anything missing below. */
		{ WORDS, true, -256, 1, PROFBUF_END_ABSENT },
		{ WORDS, true, 8 * (WORDS - RED_WORDS) + 8, 1, PROFBUF_END_COPY },
	};
	const uint64_t frames[] = { CODE, BACK(1) };
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		const struct profbuf_unwind_rule rules[] = {
			{ .cfa = PROFBUF_UNWIND_SP, .offset = cases[i].offset }, by_sp,
		};
		struct walked walked;

		prepare(&walked);
		set_rules(&walked, rules, COUNT(rules));
		*at(&walked, 8) = BACK(1);
		walked.copy.nr_words = cases[i].words;
		walked.copy.cut = cases[i].cut;
		walk(&walked, 16);
		assert_walk(&walked, cases[i].end, frames, cases[i].frames);
	}
}

/* ---- Out of a stream ---- */

#define SPACE		(7ULL << 24 | 1)
#define KERNEL		0xffffffff81000000ULL
#define COPIED		64

/* A record whose frame pointer leads to two callers, and of which the kernel found @found. */
struct sample {
	uint64_t stack[8 + PROFBUF_COPY_FIXED + WORDS];
	struct builder_record record;
};

static void make_sample(struct sample *sample, uint32_t found, uint64_t mode, uint64_t end)
{
	uint64_t *stack = sample->stack, *copy, *memory;
	uint32_t i;

	*sample = (struct sample){
		.record = {
			.time = 2000000000,
			.count = 1,
			.pid = 100,
			.tid = 100,
			.comm = "copied",
			.stack = sample->stack,
			.space = SPACE,
			.mode = mode | 1ULL << 48,
			.end = end,
			.copy = PROFBUF_COPY_FIXED + RED_WORDS + COPIED / 8,
		},
	};
	stack[0] = KERNEL;
	for (i = 0; i < found; i++)
		stack[1 + i] = i ? CODE + 0x100 * i : CODE;
	copy = stack + 1 + found;
	memory = copy + PROFBUF_COPY_FIXED;
	copy[RSP] = STACK;
	copy[RBP] = STACK + 16;
	copy[PROFBUF_COPY_REGISTERS] = STACK - PROFBUF_COPY_RED_ZONE;
	memory[RED_WORDS + 2] = STACK + 32;
	memory[RED_WORDS + 3] = BACK(1);
	memory[RED_WORDS + 4] = 0;
	memory[RED_WORDS + 5] = BACK(2);
	sample->record.depth = 1 + found + sample->record.copy;
}

static void add_space(struct builder *builder)
{
	const struct profbuf_space_info info = {
		.space = SPACE,
		.tgid = 100,
		.ns_tgid = 100,
		.start_ns = 1000000000,
	};
	const struct builder_mapping mapping = {
		.fixed = {
			.start = CODE,
			.end = CODE + CODE_SIZE,
			.flags = PROFBUF_MAPPING_ANONYMOUS,
		},
	};

	builder__space(builder, &info, &mapping, 1);
}

static void add_sample(struct builder *builder, const struct sample *sample)
{
	builder__begin(builder, 0, PROFBUF_WORDS);
	builder__record(builder, &sample->record);
	builder__end(builder);
}

static void load_stream(struct load *load, const struct builder *builder)
{
	char path[] = "/tmp/copies_test.XXXXXX";
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, builder->data, builder->size), builder->size);
	close(fd);
	*load = (struct load){ 0 };
	assert_int_equal(load__run(load, path), 0);
	unlink(path);
}

/* The stack of the only record, as a text. */
static void describe(const struct load *load, char *text)
{
	const struct profile_stack *stack;
	uint32_t i;

	assert_int_equal(profile__nr_stacks(load->profile), 1);
	stack = profile__stack(load->profile, 0);
	sprintf(text, "k%u:", stack->kernel_frames);
	for (i = 0; i < stack->nlocations; i++) {
		const struct profile_location *location =
			profile__location(load->profile, stack->locations[i]);

		sprintf(text + strlen(text), " %llx", (unsigned long long)location->address);
	}
	sprintf(text + strlen(text), " end %u flags %x", stack->end, stack->flags);
}

/* Of what the kernel found, and what the copy tells, the better. */
static void test_better(void **state)
{
	const struct {
		uint32_t found;
		uint64_t mode;
		uint64_t end;
		const char *expected;
	} cases[] = {
		{ 1, PROFBUF_MODE_USER_INCOMPLETE, PROFBUF_END_STRAY,
		  "k1: ffffffff81000000 400000 400015 400025 end 2 flags 44" },
		{ 3, PROFBUF_MODE_USER_INCOMPLETE, PROFBUF_END_STRAY,
		  "k1: ffffffff81000000 400000 400015 400025 end 2 flags 44" },
		/* It was cut off. */
		{ 2, PROFBUF_MODE_TRUNCATED, PROFBUF_END_DEPTH,
		  "k1: ffffffff81000000 400000 400015 400025 end 2 flags 44" },
		{ 2, PROFBUF_MODE_TIMED_OUT, PROFBUF_END_TIME,
		  "k1: ffffffff81000000 400000 400015 400025 end 2 flags 44" },
		/* It came further. */
		{ 4, PROFBUF_MODE_USER_INCOMPLETE, PROFBUF_END_STRAY,
		  "k1: ffffffff81000000 400000 400100 400200 400300 end 4 flags 4" },
		{ 2, 0, PROFBUF_END_ROOT,
		  "k1: ffffffff81000000 400000 400100 end 1 flags 0" },
	};
	struct sample sample;
	char text[256];
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		struct builder builder = { 0 };
		struct load load;

		make_sample(&sample, cases[i].found, cases[i].mode, cases[i].end);
		builder__info_of_copies(&builder, 1, COPIED);
		/* What was mapped is told later. */
		add_sample(&builder, &sample);
		add_space(&builder);
		load_stream(&load, &builder);
		describe(&load, text);
		assert_string_equal(text, cases[i].expected);
		load__exit(&load);
		builder__free(&builder);
	}
}

/* Where it is never told what was mapped, what the kernel found is all there is. */
static void test_untold(void **state)
{
	struct builder builder = { 0 };
	struct sample sample;
	struct load load;
	char text[256];

	(void)state;
	make_sample(&sample, 2, PROFBUF_MODE_USER_INCOMPLETE, PROFBUF_END_STRAY);
	builder__info_of_copies(&builder, 1, COPIED);
	add_sample(&builder, &sample);
	load_stream(&load, &builder);
	describe(&load, text);
	assert_string_equal(text, "k1: ffffffff81000000 400000 400100 end 4 flags 4");
	load__exit(&load);
	builder__free(&builder);
}

/* Copies that end in the middle of the stack say whether more bytes would help. */
static void test_too_short(void **state)
{
	struct sample sample;
	uint32_t copied;
	char text[256];

	(void)state;
	for (copied = 32; copied <= 40; copied += 8) {
		struct builder builder = { 0 };
		struct load load;

		make_sample(&sample, 1, PROFBUF_MODE_USER_INCOMPLETE, PROFBUF_END_STRAY);
		/* Up to the first caller. */
		sample.record.copy -= COPIED / 8 - 4;
		sample.record.depth -= COPIED / 8 - 4;
		builder__info_of_copies(&builder, 1, copied);
		add_sample(&builder, &sample);
		add_space(&builder);
		load_stream(&load, &builder);
		describe(&load, text);
		assert_string_equal(text, copied == 32 ?
				    "k1: ffffffff81000000 400000 400015 end 11 flags 44" :
				    "k1: ffffffff81000000 400000 400015 end 6 flags 44");
		load__exit(&load);
		builder__free(&builder);
	}
}

/* ---- Files ---- */

static const char self[] = "/proc/self/exe";

static void test_files_are_found(void **state)
{
	struct builder_mapping told;
	struct symbol_mapping mapping = { 0 };
	struct image image;
	char path[4096];
	ssize_t length = readlink(self, path, sizeof(path) - 1);
	int fd;

	(void)state;
	assert_true(length > 0);
	path[length] = 0;
	told = (struct builder_mapping){ 0 };
	assert_int_equal(builder__find_file(&told, path), 0);
	mapping.path = path;
	mapping.told = true;
	mapping.inode = told.fixed.inode;
	mapping.major = told.fixed.major;
	mapping.minor = told.fixed.minor;
	mapping.ctime_sec = told.fixed.ctime_sec;
	mapping.ctime_nsec = told.fixed.ctime_nsec;
	fd = told_file__find(&mapping);
	assert_true(fd >= 0);

	/* It has another build-id than it should. */
	assert_int_equal(image__open(&image, fd), 0);
	mapping.build_id = image.build_id;
	mapping.build_id_size = image.build_id_size;
	assert_int_equal(image.build_id_size, 20);
	image.build_id[19] ^= 1;
	assert_int_equal(told_file__find(&mapping), -ESTALE);
	image.build_id[19] ^= 1;
	mapping.build_id_size--;
	assert_int_equal(told_file__find(&mapping), -ESTALE);
	mapping.build_id_size++;
	close(told_file__find(&mapping));

	/* Another file, which has the same: of another machine, as a rule. */
	mapping.inode++;
	fd = told_file__find(&mapping);
	assert_true(fd >= 0);
	close(fd);
	mapping.build_id_size = 0;
	assert_int_equal(told_file__find(&mapping), -ESTALE);
	mapping.path = "/nowhere";
	mapping.build_id_size = 20;
	assert_int_equal(told_file__find(&mapping), -ENOENT);
	image__close(&image);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tables),
		cmocka_unit_test(test_registers),
		cmocka_unit_test(test_signals),
		cmocka_unit_test(test_frame_pointers),
		cmocka_unit_test(test_data),
		cmocka_unit_test(test_depth),
		cmocka_unit_test(test_short_copies),
		cmocka_unit_test(test_better),
		cmocka_unit_test(test_untold),
		cmocka_unit_test(test_too_short),
		cmocka_unit_test(test_files_are_found),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
