// SPDX-License-Identifier: GPL-2.0
/*
 * What passes as a table, and what does not.
 */
#include "unit.h"

static const struct profbuf_unwind_rule some_rules[] = {
	{ .cfa = PROFBUF_UNWIND_ROOT },
	{ .cfa = PROFBUF_UNWIND_SP, .offset = 8 },
	{ .cfa = PROFBUF_UNWIND_BP, .offset = 16, .bp = PROFBUF_UNWIND_BP_CFA, .bp_offset = -16 },
};

static const struct make_row some_rows[] = {
	{ 0x1004, 1 }, { 0x1010, 2 }, { 0x103f, 1 }, { 0x10c0, 0 },
};

/* Blocks of 64 bytes, the third of which has no row. */
static struct profbuf_unwind_table *some_table(void)
{
	return make_table(0x1000, 0x10d0, 6, some_rules, COUNT(some_rules), some_rows,
			  COUNT(some_rows));
}

static struct profbuf_unwind_rule *rules_of(struct profbuf_unwind_table *table)
{
	return (struct profbuf_unwind_rule *)profbuf_unwind_rules(table);
}

static u32 *index_of(struct profbuf_unwind_table *table)
{
	return (u32 *)profbuf_unwind_index(table);
}

static struct profbuf_unwind_row *rows_of(struct profbuf_unwind_table *table)
{
	return (struct profbuf_unwind_row *)profbuf_unwind_rows(table);
}

static bool passes(struct profbuf_unwind_table *table, size_t size)
{
	int result = profbuf_unwind_check(table, size);

	assert_true(result == 0 || result == -EINVAL);
	return result == 0;
}

/* Is the table refused once it has been changed like that? It is the same for each change. */
#define REFUSED(change)							\
	do {								\
		struct profbuf_unwind_table *table = some_table();	\
		size_t size = table->size;				\
									\
		assert_true(passes(table, size));			\
		change;							\
		assert_false(passes(table, size));			\
		free(table);						\
	} while (0)

TEST(check_accepts_a_table_as_large_as_it_says)
{
	REFUSED(size--);
	REFUSED(table->size--);
	REFUSED(table->size++);
	REFUSED(size = 0);
	REFUSED(size = sizeof(*table) - 1);
	REFUSED(size = table->size = sizeof(*table));
	REFUSED(size = table->size += 4);
}

TEST(check_refuses_other_headers)
{
	REFUSED(table->magic++);
	REFUSED(table->header_size += 8);
	REFUSED(table->header_size = 0);
}

TEST(check_refuses_blocks_of_other_sizes)
{
	REFUSED(table->block_shift = 5);
	REFUSED(table->block_shift = 7);
	REFUSED(table->block_shift = 17);
	REFUSED(table->block_shift = 32 + 6);
	REFUSED(table->block_shift = UINT32_MAX);
}

TEST(check_accepts_blocks_from_the_least_to_the_largest)
{
	struct profbuf_unwind_table *table;
	u32 shift;

	for (shift = 1; shift < 32; shift++) {
		struct make_row last = { shift > 16 ? UINT16_MAX : (1 << shift) - 1, 0 };

		table = make_table(0, 1ULL << shift, shift, some_rules, 1, &last, 1);
		assert_int_equal(table->nr_blocks, 1);
		assert_int_equal(passes(table, table->size),
				 shift >= PROFBUF_UNWIND_BLOCK_SHIFT_MIN &&
				 shift <= PROFBUF_UNWIND_BLOCK_SHIFT_MAX);
		free(table);
	}
}

TEST(check_refuses_counts_that_do_not_fit)
{
	REFUSED(table->nr_rows++);
	REFUSED(table->nr_rows = UINT32_MAX);
	REFUSED(table->nr_rules++);
	REFUSED(table->nr_rules--);
	REFUSED(table->nr_rules = UINT32_MAX);
	REFUSED(table->nr_blocks++);
	REFUSED(table->nr_blocks = UINT32_MAX);
	/* Four rows less than there are, and a rule more: of the same size. */
	REFUSED((table->nr_rows -= 4, table->nr_rules++));
	/* A block for a row. */
	REFUSED((table->nr_rows--, table->nr_blocks++));
}

TEST(check_refuses_code_of_other_sizes)
{
	REFUSED(table->end = table->start);
	REFUSED(table->end = table->start - 1);
	REFUSED(table->end = 0x1100 + 1);
	REFUSED(table->end = 0x10c0);
	REFUSED(table->end += 1ULL << 38);
	REFUSED(table->start = 0x10d1);
	REFUSED(table->start = 0);
	REFUSED((table->start = 0, table->end = UINT64_MAX));
}

TEST(check_refuses_an_index_out_of_order)
{
	REFUSED(index_of(table)[0] = 1);
	REFUSED(index_of(table)[1] = 4);
	REFUSED(index_of(table)[1] = 5);
	REFUSED(index_of(table)[2] = 1);
	REFUSED(index_of(table)[2] = UINT32_MAX);
	REFUSED(index_of(table)[4] = 3);
	REFUSED(index_of(table)[4] = 5);
}

TEST(check_refuses_rows_out_of_order)
{
	REFUSED(rows_of(table)[1].position = rows_of(table)[0].position);
	REFUSED(rows_of(table)[1].position = 3);
	REFUSED(rows_of(table)[2].position = 64);
	REFUSED(rows_of(table)[3].position = UINT16_MAX);
}

TEST(check_refuses_rules_that_are_not_there)
{
	REFUSED(rows_of(table)[0].rule = 3);
	REFUSED(rows_of(table)[3].rule = UINT16_MAX);
}

TEST(check_refuses_a_table_of_rows_without_rules)
{
	struct make_row row = { 0, 0 };
	struct profbuf_unwind_table *table = make_table(0, 64, 6, NULL, 0, &row, 1);

	assert_false(passes(table, table->size));
	free(table);
}

TEST(check_accepts_a_table_that_tells_nothing)
{
	struct profbuf_unwind_table *table = make_table(0, 64, 6, NULL, 0, NULL, 0);

	assert_true(passes(table, table->size));
	assert_null(walk_find_rule(table, 0));
	assert_null(walk_find_rule(table, 63));
	free(table);
}

/* What may be set besides @cfa. */
enum {
	NUMBER = 1,
	OFFSET = 2,
	ADDEND = 4,
	CALLER = 8,
};

static const u32 uses[] = {
	[PROFBUF_UNWIND_NONE] = 0,
	[PROFBUF_UNWIND_ROOT] = 0,
	[PROFBUF_UNWIND_UNKNOWN] = 0,
	[PROFBUF_UNWIND_SP] = OFFSET | CALLER,
	[PROFBUF_UNWIND_BP] = OFFSET | CALLER,
	[PROFBUF_UNWIND_REGISTER] = NUMBER | OFFSET | CALLER,
	[PROFBUF_UNWIND_SP_POINTER] = OFFSET | ADDEND | CALLER,
	[PROFBUF_UNWIND_BP_POINTER] = OFFSET | ADDEND | CALLER,
	[PROFBUF_UNWIND_PLT] = NUMBER | OFFSET | CALLER,
	[PROFBUF_UNWIND_SIGNAL] = OFFSET,
	[PROFBUF_UNWIND_FRAME_POINTER] = 0,
};

static void expect_rule(struct profbuf_unwind_rule rule, bool right)
{
	struct profbuf_unwind_table *table = make_table(0, 64, 6, &rule, 1, NULL, 0);

	if (passes(table, table->size) != right)
		fail_msg("cfa %u ra %u bp %u number %u offset %d addend %d bp_offset %d ra_number %u padding %u is %s",
			 rule.cfa, rule.ra, rule.bp, rule.number, rule.offset, rule.addend,
			 rule.bp_offset, rule.ra_number, rule.padding,
			 right ? "refused" : "accepted");
	free(table);
}

#define RULE(kind, ...)	((struct profbuf_unwind_rule){ .cfa = (kind), __VA_ARGS__ })

TEST(check_accepts_what_a_rule_uses_and_nothing_else)
{
	u32 cfa;

	for (cfa = 0; cfa < COUNT(uses); cfa++) {
		expect_rule(RULE(cfa), true);
		expect_rule(RULE(cfa, .number = 1), uses[cfa] & NUMBER);
		expect_rule(RULE(cfa, .number = 15), uses[cfa] & NUMBER);
		expect_rule(RULE(cfa, .number = 16), false);
		expect_rule(RULE(cfa, .number = 255), false);
		expect_rule(RULE(cfa, .offset = -1), uses[cfa] & OFFSET);
		expect_rule(RULE(cfa, .offset = INT32_MAX), uses[cfa] & OFFSET);
		expect_rule(RULE(cfa, .addend = -1), uses[cfa] & ADDEND);
		expect_rule(RULE(cfa, .padding = 1), false);

		expect_rule(RULE(cfa, .ra = PROFBUF_UNWIND_RA_REGISTER), uses[cfa] & CALLER);
		expect_rule(RULE(cfa, .ra = PROFBUF_UNWIND_RA_REGISTER, .ra_number = 15),
			    uses[cfa] & CALLER);
		expect_rule(RULE(cfa, .ra = PROFBUF_UNWIND_RA_REGISTER, .ra_number = 16), false);
		expect_rule(RULE(cfa, .ra_number = 1), false);
		expect_rule(RULE(cfa, .ra = PROFBUF_UNWIND_RA_REGISTER + 1), false);

		expect_rule(RULE(cfa, .bp = PROFBUF_UNWIND_BP_CFA), uses[cfa] & CALLER);
		expect_rule(RULE(cfa, .bp = PROFBUF_UNWIND_BP_CFA, .bp_offset = INT16_MIN),
			    uses[cfa] & CALLER);
		expect_rule(RULE(cfa, .bp = PROFBUF_UNWIND_BP_AT_BP, .bp_offset = -8),
			    uses[cfa] & CALLER);
		expect_rule(RULE(cfa, .bp = PROFBUF_UNWIND_BP_LOST), uses[cfa] & CALLER);
		expect_rule(RULE(cfa, .bp = PROFBUF_UNWIND_BP_LOST, .bp_offset = -8), false);
		expect_rule(RULE(cfa, .bp_offset = -8), false);
		expect_rule(RULE(cfa, .bp = PROFBUF_UNWIND_BP_LOST + 1), false);
	}
	for (; cfa < 256; cfa++)
		expect_rule(RULE(cfa), false);
}

/* What find() has to say, slowly. */
static u32 rule_at(u64 position)
{
	u32 rule = UINT32_MAX;
	size_t i;

	if (position < 0x1000 || position >= 0x10d0)
		return UINT32_MAX;
	for (i = 0; i < COUNT(some_rows) && some_rows[i].position <= position; i++)
		rule = some_rows[i].rule;
	return rule;
}

TEST(find_has_the_rule_of_each_position)
{
	struct profbuf_unwind_table *table = some_table();
	const struct profbuf_unwind_rule *rule;
	u64 position;

	for (position = 0xf00; position < 0x1200; position++) {
		rule = walk_find_rule(table, position);
		if (rule_at(position) == UINT32_MAX)
			assert_null(rule);
		else
			assert_ptr_equal(rule, rules_of(table) + rule_at(position));
	}
	assert_null(walk_find_rule(table, 0));
	assert_null(walk_find_rule(table, UINT64_MAX));
	free(table);
}

TEST(find_has_the_rule_of_each_position_of_random_tables)
{
	enum { ROWS = 300 };
	static const struct profbuf_unwind_rule none[ROWS];
	static struct make_row rows[ROWS];
	struct profbuf_unwind_table *table;
	u64 state = 1, i, k, last;

	for (i = 0; i < 200; i++) {
		u64 position = next_random(&state) % 5000, start = position;
		u32 count = next_random(&state) % ROWS;

		for (k = 0; k < count; k++) {
			rows[k] = (struct make_row){ position, k };
			position += 1 + next_random(&state) % (i % 2 ? 3 : 18);
		}
		start -= next_random(&state) % (start + 1);
		position += 1 + next_random(&state) % 200;
		table = make_table(start, position, 6 + i % 11, none, ROWS, rows, count);
		assert_true(passes(table, table->size));
		for (k = start, last = 0; k < position; k++) {
			while (last < count && rows[last].position <= k)
				last++;
			if (!last)
				assert_null(walk_find_rule(table, k));
			else
				assert_ptr_equal(walk_find_rule(table, k),
						 rules_of(table) + last - 1);
		}
		free(table);
	}
}
