// SPDX-License-Identifier: GPL-2.0
/*
 * Unwind tables: rows, their table, the instructions of DWARF and its expressions, from bytes made
 * by hand.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <dwarf.h>

#include "unwind/cfa_program.h"
#include "unwind/eh_frame.h"
#include "unwind/rows.h"
#include "unwind/rule.h"
#include "unwind/table.h"

#define AX	0
#define BX	3
#define BP	6
#define SP	7
#define R10	10
#define IP	16

static struct profbuf_unwind_rule sp_rule(int offset)
{
	return (struct profbuf_unwind_rule){ .cfa = PROFBUF_UNWIND_SP, .offset = offset };
}

static void add(struct unwind_rows *rows, uint64_t start, uint64_t end, int offset)
{
	struct profbuf_unwind_rule rule = sp_rule(offset);

	assert_int_equal(unwind_rows__add(rows, start, end, &rule), 0);
}

static struct profbuf_unwind_table *make(struct unwind_rows *rows)
{
	struct profbuf_unwind_table *table;

	assert_int_equal(unwind_rows__make_table(rows, &table), 0);
	assert_int_equal(unwind_table__check(table, table->size), 0);
	return table;
}

/* The offset from sp there; 0: none. */
static int offset_at(const struct profbuf_unwind_table *table, uint64_t position)
{
	const struct profbuf_unwind_rule *rule = unwind_table__find(table, position);

	return rule && rule->cfa == PROFBUF_UNWIND_SP ? rule->offset : 0;
}

static void test_rows_of_a_function(void **state)
{
	struct unwind_rows rows = { 0 };
	struct profbuf_unwind_table *table;

	(void)state;
	add(&rows, 0x1000, 0x1001, 8);
	add(&rows, 0x1001, 0x1020, 16);
	add(&rows, 0x1020, 0x1030, 16);
	add(&rows, 0x1030, 0x1031, 8);
	table = make(&rows);
	assert_int_equal(table->nr_rows, 3);
	assert_int_equal(table->nr_rules, 2);
	assert_int_equal(offset_at(table, 0xfff), 0);
	assert_int_equal(offset_at(table, 0x1000), 8);
	assert_int_equal(offset_at(table, 0x1001), 16);
	assert_int_equal(offset_at(table, 0x102f), 16);
	assert_int_equal(offset_at(table, 0x1030), 8);
	assert_null(unwind_table__find(table, 0x1031));
	free(table);
	unwind_rows__free(&rows);
}

static void test_rows_nothing(void **state)
{
	struct profbuf_unwind_rule none = { .cfa = PROFBUF_UNWIND_NONE }, bad = { .cfa = 99 };
	struct unwind_rows rows = { 0 };
	struct profbuf_unwind_table *table;

	(void)state;
	assert_int_equal(unwind_rows__make_table(&rows, &table), -ENODATA);
	add(&rows, 0x1000, 0x1000, 8);
	assert_int_equal(unwind_rows__make_table(&rows, &table), -ENODATA);
	assert_int_equal(unwind_rows__add(&rows, 0x1000, 0x2000, &none), 0);
	assert_int_equal(unwind_rows__make_table(&rows, &table), -ENODATA);
	assert_int_equal(unwind_rows__add(&rows, 0x3000, 0x4000, &bad), -EINVAL);
	assert_int_equal(unwind_rows__add(&rows, 0x4000, 0x3000, &none), -EINVAL);
	assert_int_equal(unwind_rows__add(&rows, 0, UINT64_MAX, &none), -E2BIG);
	unwind_rows__free(&rows);
}

/* What was added first holds, whatever the order of positions; what is weak gives way. */
static void test_rows_first_source_wins(void **state)
{
	struct profbuf_unwind_rule weak = sp_rule(99);
	struct unwind_rows rows = { 0 };
	struct profbuf_unwind_table *table;

	(void)state;
	assert_int_equal(unwind_rows__add_weak(&rows, 0x1000, 0x1100, &weak), 0);
	add(&rows, 0x1040, 0x1050, 1);
	add(&rows, 0x1020, 0x1048, 2);
	add(&rows, 0x1000, 0x1080, 3);
	add(&rows, 0x1050, 0x1052, 4);
	table = make(&rows);
	free(table);
	/* Also after that. */
	add(&rows, 0x1030, 0x10a0, 5);
	table = make(&rows);
	assert_int_equal(offset_at(table, 0x1000), 3);
	assert_int_equal(offset_at(table, 0x101f), 3);
	assert_int_equal(offset_at(table, 0x1020), 2);
	assert_int_equal(offset_at(table, 0x103f), 2);
	assert_int_equal(offset_at(table, 0x1040), 1);
	assert_int_equal(offset_at(table, 0x104f), 1);
	assert_int_equal(offset_at(table, 0x1050), 3);
	assert_int_equal(offset_at(table, 0x107f), 3);
	assert_int_equal(offset_at(table, 0x1080), 5);
	assert_int_equal(offset_at(table, 0x10a0), 99);
	assert_null(unwind_table__find(table, 0x1100));
	free(table);
	unwind_rows__free(&rows);
}

#define CODE_SIZE 20000

/* Random ranges, next to a list that has a rule for each byte. */
static void test_rows_at_random(void **state)
{
	static int wanted[CODE_SIZE];
	uint64_t base = 0x12345;
	unsigned int round, i, byte;

	(void)state;
	srandom(1);
	for (round = 0; round < 60; round++) {
		struct unwind_rows rows = { 0 };
		struct profbuf_unwind_table *table;

		memset(wanted, 0, sizeof(wanted));
		for (i = 0; i < 1 + round * 10; i++) {
			unsigned int start = random() % CODE_SIZE;
			unsigned int size = random() % (round % 2 ? 40 : 2000);
			int offset = 8 + random() % 5;

			if (size > CODE_SIZE - start)
				size = CODE_SIZE - start;
			add(&rows, base + start, base + start + size, offset);
			for (byte = start; byte < start + size; byte++)
				if (!wanted[byte])
					wanted[byte] = offset;
			/* What is settled meanwhile is sorted once more. */
			if (i == round) {
				uint64_t from = base, to = base + CODE_SIZE;

				assert_in_range(unwind_rows__next_gap(&rows, &from, &to), 0, 1);
			}
		}
		table = make(&rows);
		for (byte = 0; byte < CODE_SIZE; byte++)
			assert_int_equal(offset_at(table, base + byte), wanted[byte]);
		free(table);
		unwind_rows__free(&rows);
	}
}

static void test_rows_gaps(void **state)
{
	uint64_t start = 0x1000, end = 0x2000;
	struct unwind_rows rows = { 0 };

	(void)state;
	add(&rows, 0x1100, 0x1200, 8);
	add(&rows, 0x1200, 0x1300, 16);
	add(&rows, 0x1308, 0x1400, 8);
	assert_int_equal(unwind_rows__next_gap(&rows, &start, &end), 1);
	assert_true(start == 0x1000 && end == 0x1100);
	start = 0x1100;
	end = 0x2000;
	assert_int_equal(unwind_rows__next_gap(&rows, &start, &end), 1);
	assert_true(start == 0x1300 && end == 0x1308);
	start = 0x1308;
	end = 0x1400;
	assert_int_equal(unwind_rows__next_gap(&rows, &start, &end), 0);
	unwind_rows__free(&rows);
}

static bool is_even(void *context, uint64_t start, uint64_t end)
{
	(void)context;
	(void)end;
	return !(start & 1);
}

/* Only what is padding, and not more than there is between functions. */
static void test_rows_padding(void **state)
{
	struct unwind_rows rows = { 0 };
	struct profbuf_unwind_table *table;

	(void)state;
	add(&rows, 0x1000, 0x1022, 8);
	add(&rows, 0x1030, 0x1041, 16);
	add(&rows, 0x1050, 0x1060, 24);
	add(&rows, 0x1070, 0x1080, 32);
	assert_int_equal(unwind_rows__fill_padding(&rows, is_even, NULL), 0);
	table = make(&rows);
	assert_int_equal(offset_at(table, 0x102f), 8);
	assert_int_equal(offset_at(table, 0x1041), 0);
	assert_int_equal(offset_at(table, 0x1060), 0);
	assert_int_equal(table->nr_rows, 6);
	free(table);
	unwind_rows__free(&rows);
}

/* Many rows: all in all they cost little; also far from each other. */
static void test_table_size(void **state)
{
	struct unwind_rows rows = { 0 };
	struct profbuf_unwind_table *table;
	unsigned int i;

	(void)state;
	for (i = 0; i < 100000; i++)
		add(&rows, 0x1000 + i * 60, 0x1000 + i * 60 + 60, 8 + i % 50);
	table = make(&rows);
	assert_int_equal(table->nr_rows, 100000);
	assert_true(table->size <= table->nr_rows * 43ULL / 10);
	assert_true(table->block_shift <= 10);
	free(table);
	unwind_rows__free(&rows);

	add(&rows, 0, 1, 8);
	add(&rows, (1ULL << 32) - 1, 1ULL << 32, 16);
	table = make(&rows);
	assert_int_equal(offset_at(table, 0), 8);
	assert_int_equal(offset_at(table, 1ULL << 31), 0);
	assert_int_equal(offset_at(table, (1ULL << 32) - 1), 16);
	free(table);
	unwind_rows__free(&rows);
}

/* Rows that are gone through are the same ones. */
static void test_table_rows(void **state)
{
	struct unwind_table_row row = { 0 };
	struct unwind_rows rows = { 0 };
	struct profbuf_unwind_table *table;
	uint64_t end = 0x1000;
	unsigned int i;

	(void)state;
	for (i = 0; i < 1000; i++)
		add(&rows, 0x1000 + i * i, 0x1000 + (i + 1) * (i + 1), 8 + i % 7);
	table = make(&rows);
	for (i = 0; unwind_table__next(table, &row); i++) {
		assert_int_equal(row.start, end);
		assert_int_equal(row.start, 0x1000 + i * i);
		assert_int_equal(row.rule->offset, 8 + i % 7);
		assert_ptr_equal(unwind_table__find(table, row.start), row.rule);
		assert_ptr_equal(unwind_table__find(table, row.end - 1), row.rule);
		end = row.end;
	}
	assert_int_equal(i, 1000);
	assert_int_equal(end, table->end);
	free(table);
	unwind_rows__free(&rows);
}

/* Any word of it that is another one: refused, or still in bounds. */
static void test_table_damaged(void **state)
{
	static const uint32_t values[] = {
		0, 1, 7, 15, 17, 0xffff, 0x10000, 0x30000, 0x7fff0000, 0x7fffffff, 0xffffffff,
	};
	struct unwind_rows rows = { 0 };
	struct profbuf_unwind_table *table, *copy;
	const struct profbuf_unwind_rule *rule;
	unsigned int i, value, refused = 0;
	uint64_t position;

	(void)state;
	for (i = 0; i < 20; i++)
		add(&rows, 0x1000 + i * 16, 0x1000 + i * 16 + 16, 8 + i % 3);
	table = make(&rows);
	copy = malloc(table->size);
	for (i = 0; i < table->size / 4; i++) {
		for (value = 0; value < sizeof(values) / sizeof(*values); value++) {
			memcpy(copy, table, table->size);
			((uint32_t *)copy)[i] = values[value];
			if (unwind_table__check(copy, table->size)) {
				refused++;
				continue;
			}
			for (position = 0xf00; position < 0x1300; position++) {
				rule = unwind_table__find(copy, position);
				assert_true(!rule || unwind_rule__is_valid(rule));
			}
		}
	}
	assert_true(refused > table->size / 4);
	for (i = 0; i < table->size; i++)
		assert_int_equal(unwind_table__check(table, i), -EBADMSG);
	free(copy);
	free(table);
	unwind_rows__free(&rows);
}

/*
 * Instructions
 */
#define ROWS_MAX 32

struct told {
	uint64_t start;
	uint64_t end;
	struct profbuf_unwind_rule rule;
};

static struct told told[ROWS_MAX];
static unsigned int nr_told;

static int tell(void *context, uint64_t start, uint64_t end,
		const struct profbuf_unwind_rule *rule)
{
	(void)context;
	assert_true(start < end && nr_told < ROWS_MAX);
	assert_true(unwind_rule__is_valid(rule));
	told[nr_told++] = (struct told){ start, end, *rule };
	return 0;
}

static bool address(void *context, struct bytes *bytes, uint64_t *value)
{
	(void)context;
	*value = bytes__fixed(bytes, 8);
	return !bytes->bad;
}

static struct bytes bytes_of(const uint8_t *program, size_t size)
{
	return (struct bytes){ .next = program, .end = program + size };
}

static const uint8_t usual[] = { DW_CFA_def_cfa, SP, 8, DW_CFA_offset | IP, 1 };

static void begin(struct cfa_common *common, const uint8_t *program, size_t size)
{
	*common = (struct cfa_common){ .code_factor = 1, .data_factor = -8, .ra = IP };
	assert_int_equal(cfa_program__begin(common, bytes_of(program, size)), 0);
}

static int run(const struct cfa_common *common, const uint8_t *program, size_t size)
{
	struct cfa_function function = {
		.common = common,
		.start = 0x1000,
		.end = 0x1100,
		.address = address,
		.row = tell,
	};

	nr_told = 0;
	return cfa_program__run(&function, bytes_of(program, size));
}

static void assert_told(unsigned int n, uint64_t start, uint64_t end, const char *text)
{
	char found[UNWIND_RULE_TEXT];

	assert_true(n < nr_told);
	assert_int_equal(told[n].start, start);
	assert_int_equal(told[n].end, end);
	unwind_rule__format(&told[n].rule, found);
	assert_string_equal(found, text);
}

#define RUN(common, ...) ({ \
	const uint8_t program[] = { __VA_ARGS__ }; \
	run(common, program, sizeof(program)); \
})

static void test_cfa_frame_pointer(void **state)
{
	struct cfa_common common;

	(void)state;
	begin(&common, usual, sizeof(usual));
	assert_int_equal(RUN(&common, DW_CFA_advance_loc | 1, DW_CFA_def_cfa_offset, 16,
			     DW_CFA_offset | BP, 2, DW_CFA_advance_loc | 3,
			     DW_CFA_def_cfa_register, BP, DW_CFA_advance_loc1, 0x80,
			     DW_CFA_remember_state, DW_CFA_restore | BP, DW_CFA_def_cfa, SP, 8,
			     DW_CFA_advance_loc2, 1, 0, DW_CFA_restore_state, DW_CFA_nop), 0);
	assert_int_equal(nr_told, 5);
	assert_told(0, 0x1000, 0x1001, "sp + 8");
	assert_told(1, 0x1001, 0x1004, "sp + 16, bp at CFA - 16");
	assert_told(2, 0x1004, 0x1084, "bp + 16, bp at CFA - 16");
	assert_told(3, 0x1084, 0x1085, "sp + 8");
	assert_told(4, 0x1085, 0x1100, "bp + 16, bp at CFA - 16");
}

static void test_cfa_advances(void **state)
{
	struct cfa_common common;

	(void)state;
	begin(&common, usual, sizeof(usual));
	assert_int_equal(RUN(&common, DW_CFA_set_loc, 0x10, 0x10, 0, 0, 0, 0, 0, 0,
			     DW_CFA_def_cfa_offset, 16, DW_CFA_advance_loc4, 0x10, 0, 0, 0,
			     DW_CFA_def_cfa_offset_sf, 0x7d, DW_CFA_GNU_args_size, 0x80, 1,
			     DW_CFA_MIPS_advance_loc8, 0, 1, 0, 0, 0, 0, 0, 0,
			     DW_CFA_def_cfa_offset, 99), 0);
	assert_int_equal(nr_told, 3);
	assert_told(0, 0x1000, 0x1010, "sp + 8");
	assert_told(1, 0x1010, 0x1020, "sp + 16");
	/* What is behind the function's end is cut off. */
	assert_told(2, 0x1020, 0x1100, "sp + 24");
	/* Back it does not go. */
	assert_int_equal(RUN(&common, DW_CFA_advance_loc | 8, DW_CFA_set_loc, 0, 0x10, 0, 0, 0, 0,
			     0, 0), -EBADMSG);
	assert_told(1, 0x1008, 0x1100, "unknown");
	common.code_factor = 4;
	assert_int_equal(RUN(&common, DW_CFA_advance_loc | 4, DW_CFA_def_cfa_offset, 16), 0);
	assert_told(0, 0x1000, 0x1010, "sp + 8");
}

static void test_cfa_places(void **state)
{
	struct cfa_common common;

	(void)state;
	begin(&common, usual, sizeof(usual));
	assert_int_equal(RUN(&common, DW_CFA_undefined, BP, DW_CFA_advance_loc | 1,
			     DW_CFA_same_value, BP, DW_CFA_advance_loc | 1,
			     DW_CFA_offset_extended, BP, 3, DW_CFA_advance_loc | 1,
			     DW_CFA_restore_extended, BP, DW_CFA_advance_loc | 1,
			     DW_CFA_register, BP, BX, DW_CFA_advance_loc | 1,
			     DW_CFA_offset_extended_sf, BP, 0x7c, DW_CFA_advance_loc | 1,
			     DW_CFA_val_offset, BP, 1, DW_CFA_advance_loc | 1,
			     DW_CFA_expression, BP, 2, DW_OP_breg6, 8, DW_CFA_advance_loc | 1,
			     DW_CFA_expression, BP, 2, DW_OP_breg7, 0x78, DW_CFA_advance_loc | 1,
			     DW_CFA_expression, BP, 2, DW_OP_breg3, 0), 0);
	assert_told(0, 0x1000, 0x1001, "sp + 8, bp lost");
	assert_told(1, 0x1001, 0x1002, "sp + 8");
	assert_told(2, 0x1002, 0x1003, "sp + 8, bp at CFA - 24");
	assert_told(3, 0x1003, 0x1004, "sp + 8");
	assert_told(4, 0x1004, 0x1005, "sp + 8, bp lost");
	assert_told(5, 0x1005, 0x1006, "sp + 8, bp at CFA + 32");
	assert_told(6, 0x1006, 0x1007, "sp + 8, bp lost");
	assert_told(7, 0x1007, 0x1008, "sp + 8, bp at bp + 8");
	assert_told(8, 0x1008, 0x1009, "sp + 8, bp at CFA - 16");
	assert_told(9, 0x1009, 0x1100, "sp + 8, bp lost");
}

static void test_cfa_return_address(void **state)
{
	struct cfa_common common;

	(void)state;
	begin(&common, usual, sizeof(usual));
	assert_int_equal(RUN(&common, DW_CFA_undefined, IP, DW_CFA_advance_loc | 1,
			     DW_CFA_register, IP, 5, DW_CFA_advance_loc | 1,
			     DW_CFA_offset | IP, 2, DW_CFA_advance_loc | 1,
			     DW_CFA_same_value, IP, DW_CFA_advance_loc | 1,
			     DW_CFA_restore | IP, DW_CFA_advance_loc | 1,
			     DW_CFA_register, SP, AX, DW_CFA_advance_loc | 1,
			     DW_CFA_val_offset, SP, 0, DW_CFA_advance_loc | 1,
			     DW_CFA_val_offset, SP, 1), 0);
	assert_told(0, 0x1000, 0x1001, "root");
	assert_told(1, 0x1001, 0x1002, "sp + 8, return address in di");
	assert_told(2, 0x1002, 0x1003, "unknown");
	assert_told(3, 0x1003, 0x1004, "unknown");
	assert_told(4, 0x1004, 0x1005, "sp + 8");
	assert_told(5, 0x1005, 0x1006, "unknown");
	assert_told(6, 0x1006, 0x1007, "sp + 8");
	assert_told(7, 0x1007, 0x1100, "unknown");
	/* Where nothing was said about it, it is not known. */
	begin(&common, usual, 3);
	assert_int_equal(RUN(&common, DW_CFA_nop), 0);
	assert_told(0, 0x1000, 0x1100, "unknown");
}

static void test_cfa_expressions(void **state)
{
	struct cfa_common common;

	(void)state;
	begin(&common, usual, sizeof(usual));
	assert_int_equal(RUN(&common, DW_CFA_def_cfa, R10, 0, DW_CFA_advance_loc | 1,
			     DW_CFA_def_cfa_expression, 3, DW_OP_breg6, 0x70, DW_OP_deref,
			     DW_CFA_expression, BP, 2, DW_OP_breg6, 0, DW_CFA_advance_loc | 1,
			     DW_CFA_def_cfa_expression, 5, DW_OP_breg7, 16, DW_OP_deref,
			     DW_OP_plus_uconst, 8, DW_CFA_advance_loc | 1,
			     DW_CFA_def_cfa_expression, 5, DW_OP_breg7, 16, DW_OP_deref, DW_OP_lit8,
			     DW_OP_minus, DW_CFA_advance_loc | 1,
			     DW_CFA_def_cfa_expression, 11, DW_OP_breg7, 8, DW_OP_breg16, 0,
			     DW_OP_lit15, DW_OP_and, DW_OP_lit11, DW_OP_ge, DW_OP_lit3, DW_OP_shl,
			     DW_OP_plus, DW_CFA_restore | BP, DW_CFA_advance_loc | 1,
			     DW_CFA_def_cfa_expression, 3, DW_OP_breg10, 0, DW_OP_deref,
			     DW_CFA_advance_loc | 1,
			     DW_CFA_def_cfa_expression, 7, DW_OP_breg7, 8, DW_OP_breg9, 0,
			     DW_OP_lit8, DW_OP_mul, DW_OP_plus, DW_CFA_advance_loc | 1,
			     DW_CFA_def_cfa_expression, 1, DW_OP_plus), 0);
	assert_told(0, 0x1000, 0x1001, "r10");
	assert_told(1, 0x1001, 0x1002, "[bp - 16], bp at bp");
	assert_told(2, 0x1002, 0x1003, "[sp + 16] + 8, bp at bp");
	assert_told(3, 0x1003, 0x1004, "[sp + 16] - 8, bp at bp");
	assert_told(4, 0x1004, 0x1005, "sp + 8, 8 more from byte 11 of 16 on");
	assert_told(5, 0x1005, 0x1006, "unknown");
	assert_told(6, 0x1006, 0x1007, "unknown");
	assert_told(7, 0x1007, 0x1100, "unknown");
}

static void test_cfa_signal(void **state)
{
	struct cfa_common common;

	(void)state;
	begin(&common, NULL, 0);
	common.signal = true;
	assert_int_equal(RUN(&common,
			     DW_CFA_def_cfa_expression, 4, DW_OP_breg7, 0xa0, 1, DW_OP_deref,
			     DW_CFA_expression, IP, 3, DW_OP_breg7, 0xa8, 1,
			     DW_CFA_advance_loc | 1,
			     DW_CFA_def_cfa_expression, 4, DW_OP_breg7, 0xb0, 1, DW_OP_deref,
			     DW_CFA_expression, IP, 3, DW_OP_breg7, 0xb8, 1,
			     DW_CFA_advance_loc | 1,
			     DW_CFA_expression, IP, 3, DW_OP_breg7, 0xb0, 1), 0);
	assert_told(0, 0x1000, 0x1001, "signal, ucontext at sp");
	assert_told(1, 0x1001, 0x1002, "signal, ucontext at sp + 16");
	assert_told(2, 0x1002, 0x1100, "unknown");
}

/* Too large for a rule. */
static void test_cfa_limits(void **state)
{
	struct cfa_common common;

	(void)state;
	begin(&common, usual, sizeof(usual));
	assert_int_equal(RUN(&common, DW_CFA_def_cfa_offset, 0xff, 0xff, 0xff, 0xff, 0x07,
			     DW_CFA_advance_loc | 1,
			     DW_CFA_def_cfa_offset, 0x80, 0x80, 0x80, 0x80, 0x08,
			     DW_CFA_advance_loc | 1, DW_CFA_def_cfa_offset, 8,
			     DW_CFA_offset | BP, 0x80, 0x20, DW_CFA_advance_loc | 1,
			     DW_CFA_offset | BP, 0x81, 0x20, DW_CFA_advance_loc | 1,
			     DW_CFA_def_cfa, 33, 8), 0);
	assert_told(0, 0x1000, 0x1001, "sp + 2147483647");
	assert_told(1, 0x1001, 0x1002, "unknown");
	assert_told(2, 0x1002, 0x1003, "sp + 8, bp at CFA - 32768");
	assert_told(3, 0x1003, 0x1004, "sp + 8, bp lost");
	assert_told(4, 0x1004, 0x1100, "unknown");
}

static void test_cfa_damaged(void **state)
{
	uint8_t remember[100];
	struct cfa_common common;
	unsigned int i;

	(void)state;
	begin(&common, usual, sizeof(usual));
	assert_int_equal(RUN(&common, DW_CFA_advance_loc | 1, DW_CFA_restore_state), -EBADMSG);
	assert_int_equal(nr_told, 2);
	assert_told(1, 0x1001, 0x1100, "unknown");
	assert_int_equal(RUN(&common, 0x3f), -EBADMSG);
	assert_int_equal(RUN(&common, DW_CFA_def_cfa, SP), -EBADMSG);
	assert_int_equal(RUN(&common, DW_CFA_def_cfa_expression, 100, DW_OP_breg7, 0), -EBADMSG);
	assert_int_equal(RUN(&common, DW_CFA_advance_loc4, 0, 0), -EBADMSG);
	/* Half of what is no register and offset cannot be changed. */
	assert_int_equal(RUN(&common, DW_CFA_def_cfa_expression, 3, DW_OP_breg7, 0, DW_OP_deref,
			     DW_CFA_def_cfa_offset, 8), -EBADMSG);
	memset(remember, DW_CFA_remember_state, sizeof(remember));
	assert_int_equal(run(&common, remember, sizeof(remember)), -EBADMSG);
	/* A CIE has no addresses to advance to. */
	remember[0] = DW_CFA_advance_loc | 1;
	assert_int_equal(cfa_program__begin(&common, bytes_of(remember, 1)), -EBADMSG);
	/* Whatever bytes. */
	srandom(1);
	begin(&common, usual, sizeof(usual));
	for (i = 0; i < 20000; i++) {
		struct bytes program = bytes_of(remember, sizeof(remember));
		struct cfa_function function = {
			.common = &common,
			.start = 0x1000,
			.end = 0x1010,
			.address = address,
			.row = tell,
		};
		size_t n;

		for (n = 0; n < sizeof(remember); n++)
			remember[n] = random();
		nr_told = 0;
		assert_in_range(-cfa_program__run(&function, program), 0, EBADMSG);
		/* Each byte of the function has one rule. */
		assert_int_equal(told[0].start, 0x1000);
		for (n = 1; n < nr_told; n++)
			assert_int_equal(told[n].start, told[n - 1].end);
		assert_int_equal(told[nr_told - 1].end, 0x1010);
	}
}

static void test_pointers(void **state)
{
	static const uint8_t minus_two[] = { 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
	static const uint8_t leb[] = { 0xfe, 0x7f };
	struct bytes bytes;
	uint64_t value;

	(void)state;
#define READ(from, encoding) (bytes = bytes_of(from, sizeof(from)), \
			      eh_frame__address(&bytes, encoding, 0x1000, &value))
	assert_true(READ(minus_two, DW_EH_PE_absptr) && value == -2ULL);
	assert_true(READ(minus_two, DW_EH_PE_pcrel) && value == 0xffe);
	assert_true(READ(minus_two, DW_EH_PE_sdata4) && value == -2ULL);
	assert_true(READ(minus_two, DW_EH_PE_udata4) && value == 0xfffffffe);
	assert_int_equal(bytes__left(&bytes), 4);
	assert_true(READ(minus_two, DW_EH_PE_udata2) && value == 0xfffe);
	assert_true(READ(minus_two, DW_EH_PE_sdata2 | DW_EH_PE_pcrel) && value == 0xffe);
	assert_true(READ(minus_two, DW_EH_PE_sdata8) && value == -2ULL);
	assert_true(READ(leb, DW_EH_PE_uleb128) && value == 0x3ffe);
	assert_true(READ(leb, DW_EH_PE_sleb128) && value == -2ULL);
	assert_false(READ(leb, DW_EH_PE_udata4));
	assert_false(READ(minus_two, DW_EH_PE_omit));
	assert_false(READ(minus_two, DW_EH_PE_indirect | DW_EH_PE_pcrel));
	assert_false(READ(minus_two, DW_EH_PE_datarel));
	assert_false(READ(minus_two, 5));
#undef READ
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows_of_a_function),
		cmocka_unit_test(test_rows_nothing),
		cmocka_unit_test(test_rows_first_source_wins),
		cmocka_unit_test(test_rows_at_random),
		cmocka_unit_test(test_rows_gaps),
		cmocka_unit_test(test_rows_padding),
		cmocka_unit_test(test_table_size),
		cmocka_unit_test(test_table_rows),
		cmocka_unit_test(test_table_damaged),
		cmocka_unit_test(test_cfa_frame_pointer),
		cmocka_unit_test(test_cfa_advances),
		cmocka_unit_test(test_cfa_places),
		cmocka_unit_test(test_cfa_return_address),
		cmocka_unit_test(test_cfa_expressions),
		cmocka_unit_test(test_cfa_signal),
		cmocka_unit_test(test_cfa_limits),
		cmocka_unit_test(test_cfa_damaged),
		cmocka_unit_test(test_pointers),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
