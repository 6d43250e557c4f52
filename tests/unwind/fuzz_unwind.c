// SPDX-License-Identifier: GPL-2.0
/*
 * Tables made up from a fuzzer's input go through the check, and walks by those that pass over
 * stacks that are made up, too. Tables are as large as they say and not a byte larger: the
 * sanitizers see a read outside of them. walk() aborts if a walk does not come closer to its end.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "make_table.h"
#include "walk.h"

#define ROWS_MAX	64
#define RULES_MAX	16
#define CHANGES_MAX	4
#define STACK_WORDS	96
#define WALKS		4

#define TEXT		0x400000ULL
#define JIT		0x500000ULL
#define JIT_SIZE	256
#define STACK		0x10000ULL
#define OTHER_STACK	(STACK + (64 << 10))

/* The input, and how much of it is used; behind its end are zeroes. */
static const uint8_t *input;
static size_t input_left;

static u64 take(size_t bytes)
{
	u64 value = 0;

	if (bytes > input_left)
		bytes = input_left;
	memcpy(&value, input, bytes);
	input += bytes;
	input_left -= bytes;
	return value;
}

/* A rule that is right in most cases. */
static struct profbuf_unwind_rule take_rule(void)
{
	struct profbuf_unwind_rule rule = { .cfa = take(1) % 11 };
	u32 flags = take(1);

	if (rule.cfa >= PROFBUF_UNWIND_SP && rule.cfa <= PROFBUF_UNWIND_SIGNAL)
		rule.offset = (s8)take(1) * 8;
	if (rule.cfa == PROFBUF_UNWIND_SP_POINTER || rule.cfa == PROFBUF_UNWIND_BP_POINTER)
		rule.addend = (s8)take(1) * 8;
	if (rule.cfa == PROFBUF_UNWIND_REGISTER || rule.cfa == PROFBUF_UNWIND_PLT)
		rule.number = take(1) % 16;
	if (rule.cfa >= PROFBUF_UNWIND_SP && rule.cfa <= PROFBUF_UNWIND_PLT) {
		rule.ra = flags & 1;
		if (rule.ra)
			rule.ra_number = take(1) % 16;
		rule.bp = flags >> 1 & 3;
		if (rule.bp == PROFBUF_UNWIND_BP_CFA || rule.bp == PROFBUF_UNWIND_BP_AT_BP)
			rule.bp_offset = (s8)take(1) * 8;
	}
	return rule;
}

static struct profbuf_unwind_table *take_table(void)
{
	struct profbuf_unwind_rule rules[RULES_MAX];
	struct make_row rows[ROWS_MAX];
	u32 nr_rules = take(1) % RULES_MAX + 1, nr_rows = take(1) % ROWS_MAX, i;
	u64 start = take(1), position = start + take(1) % 100;

	for (i = 0; i < nr_rules; i++)
		rules[i] = take_rule();
	for (i = 0; i < nr_rows; i++) {
		rows[i] = (struct make_row){ position, take(1) % nr_rules };
		position += 1 + take(1) % 32;
	}
	return make_table(start, position + 1, 6 + take(1) % 3, rules, nr_rules, rows, nr_rows);
}

/* Where something is, or may be. */
static u64 take_address(u64 text_size)
{
	u64 value = take(2);

	switch (value & 7) {
	case 0:
	case 1:
		return STACK + (value >> 3) % (STACK_WORDS + 4) * 8;
	case 2:
		return OTHER_STACK + (value >> 3) % (STACK_WORDS + 4) * 8;
	case 3:
		return JIT + (value >> 3) % (JIT_SIZE + 4);
	case 4:
		return take(8);
	default:
		return TEXT + (value >> 3) % (text_size + 4);
	}
}

static void take_walk(const struct profbuf_unwind_table *table)
{
	static u64 stack[STACK_WORDS], other[STACK_WORDS];
	u64 text_size = table->end - table->start, i;
	const struct walk_memory memory[] = {
		{ STACK, sizeof(stack), stack },
		{ OTHER_STACK, sizeof(other), other },
	};
	const struct walk_mapping mappings[] = {
		{ TEXT, TEXT + text_size, table->start, table },
		{ JIT, JIT + JIT_SIZE, 0, NULL },
	};
	struct walk_process process = { { 0 }, memory, 2, mappings, 2 };
	unsigned long *regs = (unsigned long *)&process.regs;
	struct walk_stack found;

	for (i = 0; i < sizeof(process.regs) / sizeof(*regs); i++)
		regs[i] = take_address(text_size);
	if (take(1) & 3)
		process.regs.ip = TEXT + take(2) % text_size;
	if (take(1) & 3)
		process.regs.sp = (take(1) & 1 ? STACK : OTHER_STACK) + take(1) % STACK_WORDS * 8;
	for (i = 0; i < STACK_WORDS; i++)
		stack[i] = take_address(text_size);
	for (i = 0; i < STACK_WORDS; i++)
		other[i] = take_address(text_size);
	walk(&process, &found);

	/* Nothing is found but code. */
	for (i = 0; i < found.count; i++) {
		if (found.frames[i] - TEXT > text_size && found.frames[i] - JIT > JIT_SIZE) {
			fprintf(stderr, "got through: %llx is no code\n", found.frames[i]);
			abort();
		}
	}
}

/* Everywhere in a table, and around it. */
static void find_all(const struct profbuf_unwind_table *table)
{
	const struct profbuf_unwind_rule *rules = profbuf_unwind_rules(table), *rule;
	u64 i;

	for (i = 0; i < 4096; i++) {
		rule = walk_find_rule(table, table->start - 64 + i);
		if (rule && (rule < rules || rule >= rules + table->nr_rules)) {
			fprintf(stderr, "got through: a rule outside of the table\n");
			abort();
		}
	}
	walk_find_rule(table, table->end - 1);
	walk_find_rule(table, table->end);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct profbuf_unwind_table *table;
	u32 changes, i;
	size_t bytes;

	input = data;
	input_left = size;
	changes = take(1);
	if (changes == 255) {
		/* All of it is the table. */
		bytes = input_left;
		table = malloc(bytes);
		memcpy(table, input, bytes);
	} else {
		table = take_table();
		bytes = table->size;
		for (i = 0; i < changes % (CHANGES_MAX + 1); i++) {
			u64 at = take(2) % bytes;

			((u8 *)table)[at] = take(1);
		}
	}

	if (!profbuf_unwind_check(table, bytes)) {
		if (table->size != bytes) {
			fprintf(stderr, "got through: a table of another size\n");
			abort();
		}
		find_all(table);
		if (table->end - table->start < 1 << 20) {
			for (i = 0; i < WALKS; i++)
				take_walk(table);
		}
	}
	free(table);
	return 0;
}
