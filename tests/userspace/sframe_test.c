// SPDX-License-Identifier: GPL-2.0
/*
 * Unwind tables: the section .sframe, from bytes made by hand, whatever the assembler makes.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "unwind/rule.h"
#include "unwind/sframe.h"
#include "unwind/table.h"

#define MAGIC	0xdee2
#define AMD64	3
#define HEADER	28

/* Flags of a section. */
#define SORTED	1
#define FRAME_POINTER 2
#define PCREL	4

/* A row's base, number of offsets and type of these; a function's type of starts. */
#define BP	0
#define SP	1
#define INFO(base, n, type) ((base) | (n) << 1 | (type) << 5)
#define ONE	0
#define TWO	1
#define FOUR	2
#define REPEATS	0x10

/* The file: code at an address that is not its offset, and the section behind it. */
#define SHIFT	0x400000
#define CODE	0x1000
#define CODE_SIZE 0x1000
#define SECTION	(SHIFT + 0x3000)

static uint8_t file[CODE + CODE_SIZE];

/**
 * struct bag - bytes that are put together
 * @bytes: they
 * @size: how many
 */
struct bag {
	uint8_t bytes[4096];
	size_t size;
};

static struct {
	uint16_t magic;
	uint8_t version;
	uint8_t flags;
	uint8_t abi;
	int8_t bp;
	int8_t ra;
	uint8_t more;
	uint32_t nr_functions;
	struct bag functions;
	struct bag frames;
} section;

static struct sframe_result result;

static void put(struct bag *bag, int64_t value, size_t size)
{
	assert_true(bag->size + size <= sizeof(bag->bytes));
	memcpy(bag->bytes + bag->size, &value, size);
	bag->size += size;
}

static void begin(uint8_t version)
{
	memset(&section, 0, sizeof(section));
	section.magic = MAGIC;
	section.version = version;
	section.flags = SORTED;
	section.abi = AMD64;
	section.ra = -8;
	memset(file, 0x90, sizeof(file));
}

/* The same section with other functions. */
static void begin_again(void)
{
	section.nr_functions = 0;
	section.functions.size = 0;
	section.frames.size = 0;
}

/* A function at @offset in the file; its rows are those that are added next. */
static void function(uint64_t offset, uint32_t size, uint32_t nr_rows, uint8_t info)
{
	struct bag *bag = &section.functions;
	uint64_t base = SECTION;

	if (section.flags & PCREL)
		base += HEADER + section.more + bag->size;
	put(bag, SHIFT + offset - base, 4);
	put(bag, size, 4);
	put(bag, section.frames.size, 4);
	put(bag, nr_rows, 4);
	put(bag, info, 1);
	if (section.version != 1)
		put(bag, 16, 3);
	section.nr_functions++;
}

/* Of @start_size bytes where it begins; its offsets have 1, 2 or 4 bytes, as its @info says. */
static void row(size_t start_size, uint32_t start, int info, ...)
{
	int n = info >> 1 & 15, i;
	va_list offsets;

	put(&section.frames, start, start_size);
	put(&section.frames, info, 1);
	va_start(offsets, info);
	for (i = 0; i < n; i++)
		put(&section.frames, va_arg(offsets, int), 1 << (info >> 5 & 3));
	va_end(offsets);
}

static void assemble(struct bag *whole)
{
	whole->size = 0;
	put(whole, section.magic, 2);
	put(whole, section.version, 1);
	put(whole, section.flags, 1);
	put(whole, section.abi, 1);
	put(whole, section.bp, 1);
	put(whole, section.ra, 1);
	put(whole, section.more, 1);
	put(whole, section.nr_functions, 4);
	put(whole, 0, 4);
	put(whole, section.frames.size, 4);
	put(whole, 0, 4);
	put(whole, section.functions.size, 4);
	memset(whole->bytes + whole->size, 0xff, section.more);
	whole->size += section.more;
	memcpy(whole->bytes + whole->size, section.functions.bytes, section.functions.size);
	whole->size += section.functions.size;
	memcpy(whole->bytes + whole->size, section.frames.bytes, section.frames.size);
	whole->size += section.frames.size;
}

/* The table of @size bytes; NULL: they tell nothing. */
static struct profbuf_unwind_table *read_bytes(const uint8_t *bytes, size_t size)
{
	struct code_segment segment = {
		.address = SHIFT + CODE,
		.offset = CODE,
		.size = CODE_SIZE,
	};
	struct code code = { .bytes = file, .segments = &segment, .nr_segments = 1 };
	/* What is read behind the end shows. */
	uint8_t *copy = malloc(size ? size : 1);
	struct sframe sframe = { .data = copy, .size = size, .address = SECTION };
	struct profbuf_unwind_table *table = NULL;
	struct unwind_rows rows = { 0 };
	int err;

	assert_non_null(copy);
	memcpy(copy, bytes, size);
	memset(&result, 0, sizeof(result));
	assert_int_equal(sframe__read(&sframe, &code, &rows, &result), 0);
	err = unwind_rows__make_table(&rows, &table);
	assert_true(!err || err == -ENODATA);
	if (table) {
		assert_int_equal(unwind_table__check(table, table->size), 0);
		assert_in_range(table->start, CODE, CODE + CODE_SIZE);
		assert_in_range(table->end, CODE, CODE + CODE_SIZE);
	}
	unwind_rows__free(&rows);
	free(copy);
	return table;
}

static struct profbuf_unwind_table *read_section(void)
{
	struct bag whole;

	assemble(&whole);
	return read_bytes(whole.bytes, whole.size);
}

static void assert_rule(const struct profbuf_unwind_table *table, uint64_t start, uint64_t end,
			const char *text)
{
	const struct profbuf_unwind_rule *rule;
	char found[UNWIND_RULE_TEXT];
	uint64_t position;

	for (position = start; position < end; position++) {
		rule = unwind_table__find(table, position);
		strcpy(found, "none");
		if (rule)
			unwind_rule__format(rule, found);
		assert_string_equal(found, text);
	}
}

/* What one row says. */
#define ASSERT_ROW(text, ...) do { \
	struct profbuf_unwind_table *told; \
	begin_again(); \
	function(0x1000, 16, 1, ONE); \
	row(1, 0, __VA_ARGS__); \
	told = read_section(); \
	assert_non_null(told); \
	assert_int_equal(result.damaged, 0); \
	assert_rule(told, 0x1000, 0x1010, text); \
	free(told); \
} while (0)

static void check_functions(void)
{
	struct profbuf_unwind_table *table;

	function(0x1000, 0x100, 4, ONE);
	row(1, 0, INFO(SP, 1, ONE), 8);
	row(1, 1, INFO(SP, 2, ONE), 16, -16);
	row(1, 4, INFO(BP, 2, ONE), 16, -16);
	row(1, 0xff, INFO(SP, 1, ONE), 8);
	function(0x1100, 0x400, 3, TWO);
	row(2, 0, INFO(SP, 1, ONE), 8);
	row(2, 0x102, INFO(SP, 2, TWO), 0x7ff0, -0x7ff0);
	row(2, 0x3ff, INFO(BP, 1, FOUR), -16);
	/* Code that no other is beside; rows behind its end. */
	function(0x1800, 0x10, 4, FOUR);
	row(4, 0, INFO(SP, 1, FOUR), 0x7fffffff);
	row(4, 8, INFO(SP, 1, ONE), 16);
	row(4, 0x10, INFO(SP, 1, ONE), 24);
	row(4, 0xffffffff, INFO(SP, 1, ONE), 32);
	table = read_section();
	assert_non_null(table);
	assert_int_equal(result.functions, 3);
	assert_int_equal(result.damaged, 0);
	assert_int_equal(result.bytes, HEADER + section.more + section.functions.size +
			 section.frames.size);
	assert_rule(table, 0x1000, 0x1001, "sp + 8");
	assert_rule(table, 0x1001, 0x1004, "sp + 16, bp at CFA - 16");
	assert_rule(table, 0x1004, 0x10ff, "bp + 16, bp at CFA - 16");
	assert_rule(table, 0x10ff, 0x1202, "sp + 8");
	assert_rule(table, 0x1202, 0x14ff, "sp + 32752, bp at CFA - 32752");
	assert_rule(table, 0x14ff, 0x1500, "bp - 16");
	assert_rule(table, 0x1500, 0x1800, "none");
	assert_rule(table, 0x1800, 0x1808, "sp + 2147483647");
	assert_rule(table, 0x1808, 0x1810, "sp + 16");
	assert_rule(table, 0x1810, 0x1820, "none");
	free(table);
}

static void test_versions(void **state)
{
	(void)state;
	begin(1);
	check_functions();
	begin(2);
	check_functions();
	begin(2);
	section.flags = PCREL | FRAME_POINTER;
	check_functions();
	begin(2);
	section.more = 9;
	check_functions();
	begin(2);
	section.flags = SORTED | PCREL;
	section.more = 5;
	check_functions();
}

/* As if they were not there. */
static void test_not_known(void **state)
{
	static const struct {
		uint16_t magic;
		uint8_t version;
		uint8_t flags;
		uint8_t abi;
	} others[] = {
		{ 0xe2de, 2, SORTED, AMD64 }, { MAGIC, 0, SORTED, AMD64 },
		{ MAGIC, 3, SORTED, AMD64 },  { MAGIC, 2, 8, AMD64 },
		{ MAGIC, 1, PCREL, AMD64 },   { MAGIC, 2, SORTED, 2 },
		{ MAGIC, 2, SORTED, 4 },
	};
	unsigned int i;

	(void)state;
	for (i = 0; i < sizeof(others) / sizeof(*others); i++) {
		begin(others[i].version);
		function(0x1000, 16, 1, ONE);
		row(1, 0, INFO(SP, 1, ONE), 8);
		section.magic = others[i].magic;
		section.flags = others[i].flags;
		section.abi = others[i].abi;
		assert_null(read_section());
		assert_int_equal(result.damaged, 0);
		assert_int_equal(result.functions, 0);
		assert_int_equal(result.bytes, 0);
	}
}

static void test_rows(void **state)
{
	(void)state;
	begin(2);
	ASSERT_ROW("root", INFO(BP, 0, ONE));
	ASSERT_ROW("sp + 8", INFO(SP, 1, ONE), 8);
	ASSERT_ROW("bp", INFO(BP, 1, ONE), 0);
	ASSERT_ROW("sp + 128", INFO(SP, 1, TWO), 128);
	ASSERT_ROW("sp + 8, bp at CFA - 32768", INFO(SP, 2, FOUR), 8, -32768);
	ASSERT_ROW("sp + 8, bp lost", INFO(SP, 2, FOUR), 8, -32769);
	/* More than is known; arm64's bit; the return address is not on the stack. */
	ASSERT_ROW("unknown", INFO(SP, 3, ONE), 8, -8, -16);
	ASSERT_ROW("unknown", INFO(SP, 15, ONE), 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8);
	ASSERT_ROW("unknown", INFO(SP, 1, ONE) | 0x80, 8);
	ASSERT_ROW("unknown", INFO(SP, 1, ONE), 0);
	ASSERT_ROW("unknown", INFO(SP, 1, ONE), -8);
	begin(1);
	ASSERT_ROW("unknown", INFO(SP, 0, ONE));
	ASSERT_ROW("unknown", INFO(BP, 0, ONE));
	ASSERT_ROW("sp + 8", INFO(SP, 1, ONE), 8);
	/* Each row says where the return address is. */
	section.ra = 0;
	ASSERT_ROW("sp + 24", INFO(SP, 2, ONE), 24, -8);
	ASSERT_ROW("sp + 24, bp at CFA - 16", INFO(SP, 3, ONE), 24, -8, -16);
	ASSERT_ROW("unknown", INFO(SP, 2, ONE), 24, -16);
	ASSERT_ROW("unknown", INFO(SP, 1, ONE), 24);
	section.ra = -16;
	ASSERT_ROW("unknown", INFO(SP, 1, ONE), 24);
	/* None says where bp is. */
	section.ra = -8;
	section.bp = -16;
	ASSERT_ROW("sp + 16, bp at CFA - 16", INFO(SP, 1, ONE), 16);
	ASSERT_ROW("unknown", INFO(SP, 2, ONE), 16, -16);
}

/* Entries of a PLT, the code of which is looked at. */
static struct profbuf_unwind_table *read_plt(uint64_t offset, uint32_t start, int first, int then)
{
	begin_again();
	function(offset, 64, 2, ONE | REPEATS);
	row(1, 0, INFO(SP, 1, ONE), first);
	row(1, start, INFO(SP, 1, ONE), then);
	return read_section();
}

static void assert_plt(uint64_t offset, uint32_t start, int first, int then, const char *text)
{
	struct profbuf_unwind_table *table = read_plt(offset, start, first, then);

	assert_non_null(table);
	assert_int_equal(result.damaged, 0);
	assert_rule(table, offset, offset + 64, text);
	free(table);
}

static void check_plt(void)
{
	struct profbuf_unwind_table *table;

	file[0x1006] = 0x68;
	file[0x1026] = 0x68;
	file[0x102e] = 0x68;
	assert_plt(0x1000, 11, 8, 16, "sp + 8, 8 more from byte 11 of 16 on");
	assert_plt(0x1000, 11, 16, 24, "sp + 16, 8 more from byte 11 of 16 on");
	assert_plt(0x1000, 11, 8, 24, "unknown");
	/* There is no push before it. */
	assert_plt(0x1000, 9, 8, 16, "unknown");
	assert_plt(0x1000, 0, 8, 16, "unknown");
	/* It does not belong to the entry. */
	file[0xfff] = 0x68;
	file[0x100b] = 0x68;
	assert_plt(0x1000, 4, 8, 16, "unknown");
	assert_plt(0x1000, 16, 8, 16, "unknown");
	file[0x1004] = 0x68;
	assert_plt(0x1000, 9, 8, 16, "sp + 8, 8 more from byte 9 of 16 on");
	/* Not where bytes of 16 are counted from. */
	assert_plt(0x1028, 11, 8, 16, "unknown");
	assert_plt(0x1020, 11, 8, 16, "sp + 8, 8 more from byte 11 of 16 on");

	/* All of it has one rule. */
	begin_again();
	function(0x1040, 32, 1, ONE | REPEATS);
	row(1, 0, INFO(SP, 1, ONE), 8);
	/* Not all of it has; too many have. */
	function(0x1100, 32, 1, ONE | REPEATS);
	row(1, 1, INFO(SP, 1, ONE), 8);
	function(0x1000, 32, 3, ONE | REPEATS);
	row(1, 0, INFO(SP, 1, ONE), 8);
	row(1, 11, INFO(SP, 1, ONE), 16);
	row(1, 15, INFO(SP, 1, ONE), 8);
	/* bp is saved, too. */
	function(0x1020, 32, 2, ONE | REPEATS);
	row(1, 0, INFO(SP, 1, ONE), 8);
	row(1, 11, INFO(SP, 2, ONE), 16, -16);
	table = read_section();
	assert_non_null(table);
	assert_rule(table, 0x1040, 0x1060, "sp + 8");
	assert_rule(table, 0x1100, 0x1120, "unknown");
	assert_rule(table, 0x1000, 0x1040, "unknown");
	free(table);
}

static void test_plt(void **state)
{
	struct profbuf_unwind_table *table;
	unsigned int repeat;

	(void)state;
	begin(1);
	check_plt();
	begin(2);
	check_plt();
	/* Of another size, or of none. */
	for (repeat = 0; repeat <= 32; repeat += 8) {
		begin_again();
		function(0x1000, 64, 2, ONE | REPEATS);
		row(1, 0, INFO(SP, 1, ONE), 8);
		row(1, 11, INFO(SP, 1, ONE), 16);
		section.functions.bytes[17] = repeat;
		table = read_section();
		assert_non_null(table);
		assert_rule(table, 0x1000, 0x1040,
			    repeat == 16 ? "sp + 8, 8 more from byte 11 of 16 on" : "unknown");
		free(table);
	}
	begin_again();
	function(0x1000, 64, 1, ONE | REPEATS);
	row(1, 0, INFO(SP, 1, ONE), 8);
	section.functions.bytes[17] = 0;
	table = read_section();
	assert_non_null(table);
	assert_rule(table, 0x1000, 0x1040, "unknown");
	free(table);
}

/* What is not of the file's code; what goes on behind it. */
static void test_outside(void **state)
{
	struct profbuf_unwind_table *table;

	(void)state;
	begin(2);
	function(0xff0, 32, 1, ONE);
	row(1, 0, INFO(SP, 1, ONE), 8);
	function(0x2000, 32, 1, ONE);
	row(1, 0, INFO(SP, 1, ONE), 8);
	function(0x1ff0, 0xffffffff, 2, ONE);
	row(1, 0, INFO(SP, 1, ONE), 8);
	row(1, 8, INFO(SP, 1, ONE), 16);
	function(0x1100, 0, 1, ONE);
	row(1, 0, INFO(SP, 1, ONE), 8);
	function(0x1200, 16, 0, ONE);
	table = read_section();
	assert_non_null(table);
	assert_int_equal(result.functions, 1);
	assert_int_equal(result.damaged, 0);
	assert_int_equal(table->start, 0x1ff0);
	assert_rule(table, 0x1ff0, 0x1ff8, "sp + 8");
	assert_rule(table, 0x1ff8, 0x2000, "sp + 16");
	free(table);
}

/* What comes before the damage is told, what comes behind it is not; others are not touched. */
static void test_damaged(void **state)
{
	struct profbuf_unwind_table *table;

	(void)state;
	begin(2);
	/* Its rows are 64 kB away. */
	function(0x10e0, 0x20, 13, ONE);
	section.functions.bytes[10] = 1;
	function(0x1000, 0x20, 3, ONE);
	row(1, 0, INFO(SP, 1, ONE), 8);
	row(1, 4, INFO(SP, 1, ONE), 16);
	row(1, 2, INFO(SP, 1, ONE), 24);
	function(0x1020, 0x20, 2, ONE);
	row(1, 0, INFO(SP, 1, ONE), 8);
	row(1, 4, INFO(SP, 1, 3), 8);
	function(0x1040, 0x20, 1, 3);
	row(1, 0, INFO(SP, 1, ONE), 8);
	function(0x1060, 0x20, 1000, ONE);
	row(1, 0, INFO(SP, 1, ONE), 8);
	function(0x1080, 0x20, 1, ONE | 0x80);
	row(1, 0, INFO(SP, 1, ONE), 8);
	function(0x10a0, 0x20, 1, ONE);
	row(1, 0, INFO(SP, 1, ONE), 8);
	/* Its last row is not there. */
	function(0x10c0, 0x20, 2, ONE);
	row(1, 0, INFO(SP, 1, ONE), 8);
	table = read_section();
	assert_non_null(table);
	assert_int_equal(result.functions, 8);
	assert_int_equal(result.damaged, 6);
	assert_rule(table, 0x1000, 0x1004, "sp + 8");
	assert_rule(table, 0x1004, 0x10a0, "unknown");
	assert_rule(table, 0x10a0, 0x10c0, "sp + 8");
	assert_rule(table, 0x10c0, 0x1100, "unknown");
	free(table);
}

/* All functions have the same rows, which would have to be read again and again. */
static void test_shared_rows(void **state)
{
	struct profbuf_unwind_table *table;
	unsigned int i;

	(void)state;
	begin(2);
	for (i = 0; i < 100; i++)
		function(0x1000 + i * 16, 16, 8, ONE);
	for (i = 0; i < 8; i++)
		row(1, i, INFO(SP, 1, ONE), 8);
	table = read_section();
	assert_non_null(table);
	assert_int_equal(result.damaged, 99);
	assert_rule(table, 0x1000, 0x1010, "sp + 8");
	assert_rule(table, 0x1010, 0x1000 + 1600, "unknown");
	free(table);
}

static void make_some(void)
{
	begin(2);
	function(0x1000, 0x20, 2, ONE);
	row(1, 0, INFO(SP, 1, ONE), 8);
	row(1, 1, INFO(SP, 2, ONE), 16, -16);
	function(0x1020, 0x300, 2, TWO);
	row(2, 0, INFO(SP, 1, TWO), 8);
	row(2, 0x101, INFO(BP, 2, FOUR), 16, -16);
	function(0x1400, 0x40, 2, ONE | REPEATS);
	row(1, 0, INFO(SP, 1, ONE), 8);
	row(1, 11, INFO(SP, 1, ONE), 16);
	file[0x1406] = 0x68;
}

/* Every part of it, and bytes of it that are others. */
static void test_bytes(void **state)
{
	struct profbuf_unwind_table *table;
	struct bag whole, changed;
	size_t size, i;

	(void)state;
	make_some();
	assemble(&whole);
	for (size = 0; size < whole.size; size++) {
		assert_null(read_bytes(whole.bytes, size));
		/* Before that it does not show what it is. */
		assert_int_equal(result.damaged, size >= 5);
	}
	table = read_bytes(whole.bytes, size);
	assert_non_null(table);
	assert_int_equal(result.damaged, 0);
	free(table);
	srandom(1);
	for (i = 0; i < 50000; i++) {
		unsigned int changes = 1 + random() % 4;

		changed = whole;
		/* All but what shows what it is. */
		while (changes--)
			changed.bytes[5 + random() % (whole.size - 5)] = random();
		free(read_bytes(changed.bytes, 28 + random() % (whole.size - 27)));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_versions),
		cmocka_unit_test(test_not_known),
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_plt),
		cmocka_unit_test(test_outside),
		cmocka_unit_test(test_damaged),
		cmocka_unit_test(test_shared_rows),
		cmocka_unit_test(test_bytes),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
