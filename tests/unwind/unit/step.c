// SPDX-License-Identifier: GPL-2.0
/*
 * Each kind of rule, on a stack made by hand. Code is made of pieces of 64 bytes, each of which has
 * a rule of its own, and of code without a table.
 */
#include <ucontext.h>

#include "unit.h"
#include "unwind_usual.h"

#define TEXT		0x400000ULL
#define TEXT_OFFSET	0x1000
#define PIECE		64
#define JIT		0x700000ULL
#define JIT_SIZE	0x1000
#define STACK		0x7ffe00000000ULL
#define STACK_WORDS	512
#define OTHER_STACK	0x7ffd00000000ULL
#define PIECES_MAX	32

/* In the piece of code that has this rule. */
#define CODE(rule)	(TEXT + PIECE * (rule) + 32)
#define AT(word)	(STACK + 8 * (u64)(word))
#define OTHER(word)	(OTHER_STACK + 8 * (u64)(word))

static u64 words[STACK_WORDS], other_words[STACK_WORDS];
static struct pt_regs regs;
static struct walk_stack found;

/* Walks from @regs with these rules. */
static void walk_rules(const struct profbuf_unwind_rule *rules, u32 count)
{
	const struct walk_memory memory[] = {
		{ STACK, sizeof(words), words },
		{ OTHER_STACK, sizeof(other_words), other_words },
	};
	struct walk_mapping mappings[] = {
		{ TEXT, TEXT + PIECE * count, TEXT_OFFSET, NULL },
		{ JIT, JIT + JIT_SIZE, 0, NULL },
	};
	const struct walk_process process = {
		regs, memory, COUNT(memory), mappings, COUNT(mappings),
	};
	struct profbuf_unwind_table *table;
	struct make_row rows[PIECES_MAX];
	u32 i;

	for (i = 0; i < count; i++)
		rows[i] = (struct make_row){ TEXT_OFFSET + PIECE * i, i };
	table = make_table(TEXT_OFFSET, TEXT_OFFSET + PIECE * count, 8, rules, count, rows, count);
	assert_int_equal(profbuf_unwind_check(table, table->size), 0);
	mappings[0].table = table;
	walk(&process, &found);
	free(table);
}

#define WALK(...)							\
	walk_rules((const struct profbuf_unwind_rule[]){ __VA_ARGS__ },	\
		   COUNT(((const struct profbuf_unwind_rule[]){ __VA_ARGS__ })))

/* What the walk has found: why it is over, and the addresses. */
#define EXPECT(why, ...)						\
	do {								\
		const u64 expected[] = { __VA_ARGS__ };			\
									\
		assert_string_equal(walk_end_name(found.end), walk_end_name(why)); \
		assert_int_equal(found.count, COUNT(expected));		\
		assert_memory_equal(found.frames, expected, sizeof(expected)); \
	} while (0)

/* Interrupted in the code of the first rule, in the middle of a stack where nothing is. */
static void interrupt(u64 ip, u64 sp, u64 bp)
{
	memset(words, 0, sizeof(words));
	memset(other_words, 0, sizeof(other_words));
	regs = (struct pt_regs){ .ip = ip, .sp = sp, .bp = bp };
}

#define ROOT_RULE	{ .cfa = PROFBUF_UNWIND_ROOT }
#define SP_RULE(n, ...)	{ .cfa = PROFBUF_UNWIND_SP, .offset = (n), __VA_ARGS__ }
#define BP_RULE(n, ...)	{ .cfa = PROFBUF_UNWIND_BP, .offset = (n), __VA_ARGS__ }

TEST(a_root_has_no_caller)
{
	interrupt(CODE(0), AT(100), AT(100));
	WALK(ROOT_RULE);
	EXPECT(WALK_ROOT, CODE(0));
}

TEST(the_cfa_is_from_sp)
{
	interrupt(CODE(0), AT(100), 0);
	words[102] = CODE(1);
	words[104] = CODE(2);
	WALK(SP_RULE(24), SP_RULE(16), ROOT_RULE);
	EXPECT(WALK_ROOT, CODE(0), CODE(1), CODE(2));
}

TEST(a_stack_that_is_too_deep_is_cut)
{
	u32 i;

	interrupt(CODE(0), AT(0), 0);
	for (i = 0; i < STACK_WORDS; i++)
		words[i] = CODE(0);
	WALK(SP_RULE(8));
	assert_string_equal(walk_end_name(found.end), walk_end_name(WALK_TOO_DEEP));
	assert_int_equal(found.count, WALK_DEPTH);
}

TEST(the_cfa_is_from_bp)
{
	interrupt(CODE(0), AT(100), AT(120));
	words[121] = CODE(1);
	/* The same register in the caller, which has its frame there. */
	words[120] = AT(130);
	words[131] = CODE(2);
	WALK(BP_RULE(16, .bp = PROFBUF_UNWIND_BP_CFA, .bp_offset = -16), BP_RULE(16), ROOT_RULE);
	EXPECT(WALK_ROOT, CODE(0), CODE(1), CODE(2));
}

TEST(bp_stays_what_it_is)
{
	interrupt(CODE(0), AT(100), AT(120));
	words[100] = CODE(1);
	words[121] = CODE(2);
	WALK(SP_RULE(8), BP_RULE(16), ROOT_RULE);
	EXPECT(WALK_ROOT, CODE(0), CODE(1), CODE(2));
}

TEST(bp_is_stored_far_from_the_cfa)
{
	static const s32 offsets[] = { -2048, -2056, -8, 0, 8, 1024 };
	u32 i;

	for (i = 0; i < COUNT(offsets); i++) {
		interrupt(CODE(0), AT(300), 0);
		words[300] = CODE(1);
		/* Where the return address is, it is no frame pointer. */
		words[301 + offsets[i] / 8] = offsets[i] == -8 ? CODE(1) : AT(320);
		words[321] = CODE(2);
		WALK(SP_RULE(8, .bp = PROFBUF_UNWIND_BP_CFA, .bp_offset = offsets[i]), BP_RULE(16),
		     ROOT_RULE);
		if (offsets[i] == -8)
			EXPECT(WALK_ABSENT, CODE(0), CODE(1));
		else
			EXPECT(WALK_ROOT, CODE(0), CODE(1), CODE(2));
	}
}

TEST(bp_is_where_bp_points)
{
	interrupt(CODE(0), AT(100), AT(110));
	words[100] = CODE(1);
	words[108] = AT(120);
	words[121] = CODE(2);
	WALK(SP_RULE(8, .bp = PROFBUF_UNWIND_BP_AT_BP, .bp_offset = -16), BP_RULE(16), ROOT_RULE);
	EXPECT(WALK_ROOT, CODE(0), CODE(1), CODE(2));
}

TEST(bp_that_is_lost_is_not_used)
{
	const struct profbuf_unwind_rule users[] = {
		BP_RULE(16),
		{ .cfa = PROFBUF_UNWIND_BP_POINTER },
		{ .cfa = PROFBUF_UNWIND_FRAME_POINTER },
		SP_RULE(8, .bp = PROFBUF_UNWIND_BP_AT_BP),
	};
	u32 i;

	for (i = 0; i < COUNT(users); i++) {
		interrupt(CODE(0), AT(100), AT(120));
		words[100] = CODE(1);
		words[101] = CODE(2);
		words[120] = AT(125);
		words[121] = CODE(2);
		WALK(SP_RULE(8, .bp = PROFBUF_UNWIND_BP_LOST), users[i], ROOT_RULE);
		EXPECT(WALK_TABLE, CODE(0), CODE(1));
	}

	/* By code without a table neither. */
	words[100] = JIT + 1;
	WALK(SP_RULE(8, .bp = PROFBUF_UNWIND_BP_LOST), ROOT_RULE, ROOT_RULE);
	EXPECT(WALK_TABLE, CODE(0), JIT + 1);
}

TEST(bp_that_was_lost_may_be_found_again)
{
	interrupt(CODE(0), AT(100), AT(110));
	words[100] = CODE(1);
	words[101] = AT(120);
	words[102] = CODE(2);
	words[121] = CODE(3);
	WALK(SP_RULE(8, .bp = PROFBUF_UNWIND_BP_LOST),
	     SP_RULE(16, .bp = PROFBUF_UNWIND_BP_CFA, .bp_offset = -16), BP_RULE(16), ROOT_RULE);
	EXPECT(WALK_ROOT, CODE(0), CODE(1), CODE(2), CODE(3));
}

TEST(the_cfa_is_what_sp_points_to)
{
	interrupt(CODE(0), AT(100), 0);
	words[102] = AT(140);
	words[140] = CODE(1);
	words[141] = CODE(2);
	WALK({ .cfa = PROFBUF_UNWIND_SP_POINTER, .offset = 16, .addend = 8 }, SP_RULE(8),
	     ROOT_RULE);
	EXPECT(WALK_ROOT, CODE(0), CODE(1), CODE(2));
}

TEST(the_cfa_is_what_bp_points_to)
{
	interrupt(CODE(0), AT(100), AT(120));
	words[119] = AT(140);
	words[139] = CODE(1);
	words[120] = AT(150);
	words[151] = CODE(2);
	WALK({ .cfa = PROFBUF_UNWIND_BP_POINTER, .offset = -8, .bp = PROFBUF_UNWIND_BP_AT_BP },
	     BP_RULE(16), ROOT_RULE);
	EXPECT(WALK_ROOT, CODE(0), CODE(1), CODE(2));
}

/* Registers by their numbers. */
static unsigned long *const registers[] = {
	&regs.ax, &regs.dx, &regs.cx, &regs.bx, &regs.si, &regs.di, &regs.bp, &regs.sp,
	&regs.r8, &regs.r9, &regs.r10, &regs.r11, &regs.r12, &regs.r13, &regs.r14, &regs.r15,
};

static const int in_ucontext[] = {
	REG_RAX, REG_RDX, REG_RCX, REG_RBX, REG_RSI, REG_RDI, REG_RBP, REG_RSP,
	REG_R8, REG_R9, REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15,
};

#define REGISTERS	16

TEST(the_cfa_is_from_a_register_of_what_was_interrupted)
{
	u32 i;

	for (i = 0; i < REGISTERS; i++) {
		interrupt(CODE(0), AT(100), 0);
		*registers[i] = AT(150);
		words[151] = CODE(1);
		WALK({ .cfa = PROFBUF_UNWIND_REGISTER, .number = i, .offset = 16 }, ROOT_RULE);
		EXPECT(WALK_ROOT, CODE(0), CODE(1));
	}
}

TEST(registers_of_callers_are_not_known)
{
	interrupt(CODE(0), AT(100), 0);
	regs.r10 = AT(150);
	words[100] = CODE(1);
	words[149] = CODE(2);
	WALK(SP_RULE(8), { .cfa = PROFBUF_UNWIND_REGISTER, .number = 10 }, ROOT_RULE);
	EXPECT(WALK_TABLE, CODE(0), CODE(1));

	regs.r10 = CODE(2);
	WALK(SP_RULE(8), SP_RULE(8, .ra = PROFBUF_UNWIND_RA_REGISTER, .ra_number = 10), ROOT_RULE);
	EXPECT(WALK_TABLE, CODE(0), CODE(1));
}

TEST(the_return_address_is_in_a_register)
{
	u32 i;

	/* As vfork() has it: all that was on the stack. */
	for (i = 0; i < REGISTERS; i++) {
		if (i == 7)
			continue;
		interrupt(CODE(0), AT(100), 0);
		*registers[i] = CODE(1);
		words[100] = CODE(2);
		WALK(SP_RULE(0, .ra = PROFBUF_UNWIND_RA_REGISTER, .ra_number = i), SP_RULE(8),
		     ROOT_RULE);
		EXPECT(WALK_ROOT, CODE(0), CODE(1), CODE(2));
	}
}

TEST(a_return_address_in_a_register_does_not_let_the_cfa_fall)
{
	interrupt(CODE(0), AT(100), 0);
	regs.di = CODE(1);
	WALK(SP_RULE(-8, .ra = PROFBUF_UNWIND_RA_REGISTER, .ra_number = 5), ROOT_RULE);
	EXPECT(WALK_STRAY, CODE(0));
}

TEST(a_plt_has_pushed_or_not)
{
	const u64 pushed[] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1 };
	u32 i;

	for (i = 0; i < COUNT(pushed); i++) {
		interrupt(TEXT + i, AT(100), 0);
		words[100 + pushed[i]] = CODE(1);
		WALK({ .cfa = PROFBUF_UNWIND_PLT, .offset = 8, .number = 11 }, ROOT_RULE);
		EXPECT(WALK_ROOT, TEXT + i, CODE(1));
	}
}

TEST(what_the_table_cannot_tell_ends_the_walk)
{
	interrupt(CODE(0), AT(100), AT(120));
	words[121] = CODE(1);
	WALK({ .cfa = PROFBUF_UNWIND_UNKNOWN }, ROOT_RULE);
	EXPECT(WALK_TABLE, CODE(0));
}

TEST(a_caller_is_where_it_calls)
{
	/* The call is the last instruction of a piece. */
	interrupt(CODE(0), AT(100), 0);
	words[100] = TEXT + 2 * PIECE;
	words[102] = CODE(2);
	WALK(SP_RULE(8), SP_RULE(24), ROOT_RULE);
	/* The third word, as the second rule says. */
	words[103] = CODE(2);
	WALK(SP_RULE(8), SP_RULE(24), ROOT_RULE);
	EXPECT(WALK_ROOT, CODE(0), TEXT + 2 * PIECE, CODE(2));

	/* What was interrupted at the same place was not about to return there. */
	interrupt(TEXT + 2 * PIECE, AT(100), 0);
	WALK(SP_RULE(8), SP_RULE(24), ROOT_RULE);
	EXPECT(WALK_ROOT, TEXT + 2 * PIECE);
}

TEST(the_last_instruction_that_is_mapped_may_call)
{
	interrupt(CODE(0), AT(100), 0);
	words[100] = TEXT + 2 * PIECE;
	WALK(SP_RULE(8), ROOT_RULE);
	EXPECT(WALK_ROOT, CODE(0), TEXT + 2 * PIECE);
}

TEST(data_is_not_recorded)
{
	interrupt(CODE(0), AT(100), 0);
	words[100] = AT(0);
	WALK(SP_RULE(8), ROOT_RULE);
	EXPECT(WALK_DATA, CODE(0));
}

TEST(memory_may_be_absent)
{
	const struct profbuf_unwind_rule rules[] = {
		SP_RULE(INT32_MAX),
		SP_RULE(8, .bp = PROFBUF_UNWIND_BP_CFA, .bp_offset = INT16_MAX),
		SP_RULE(8, .bp = PROFBUF_UNWIND_BP_AT_BP, .bp_offset = INT16_MIN),
		{ .cfa = PROFBUF_UNWIND_SP_POINTER, .offset = INT32_MIN },
		{ .cfa = PROFBUF_UNWIND_BP_POINTER, .offset = INT32_MIN },
		{ .cfa = PROFBUF_UNWIND_SIGNAL, .offset = 8 * STACK_WORDS },
		BP_RULE(8 * STACK_WORDS),
	};
	u32 i;

	for (i = 0; i < COUNT(rules); i++) {
		interrupt(CODE(0), AT(100), AT(120));
		words[100] = CODE(1);
		WALK(rules[i], ROOT_RULE);
		EXPECT(WALK_ABSENT, CODE(0));
	}
	interrupt(CODE(0), AT(100), OTHER(STACK_WORDS - 1));
	WALK({ .cfa = PROFBUF_UNWIND_FRAME_POINTER }, ROOT_RULE);
	EXPECT(WALK_ABSENT, CODE(0));
}

TEST(a_cfa_that_does_not_rise_is_none)
{
	const s32 offsets[] = { 0, -8, -64, INT32_MIN };
	u32 i;

	for (i = 0; i < COUNT(offsets); i++) {
		interrupt(CODE(0), STACK + 200 * 8, STACK + 200 * 8);
		words[199] = CODE(1);
		words[198] = CODE(1);
		words[191] = CODE(1);
		WALK(SP_RULE(offsets[i]), ROOT_RULE);
		EXPECT(offsets[i] == INT32_MIN ? WALK_ABSENT : WALK_STRAY, CODE(0));
		WALK(BP_RULE(offsets[i]), ROOT_RULE);
		EXPECT(offsets[i] == INT32_MIN ? WALK_ABSENT : WALK_STRAY, CODE(0));
		if (offsets[i] == INT32_MIN)
			continue;
		regs.r10 = regs.sp;
		WALK({ .cfa = PROFBUF_UNWIND_REGISTER, .number = 10, .offset = offsets[i] },
		     ROOT_RULE);
		EXPECT(WALK_STRAY, CODE(0));
	}
}

/* Fills in what a signal leaves: at @context, of what it has interrupted. */
static void signal_at(ucontext_t *context, u64 ip, u64 sp, u64 bp)
{
	context->uc_mcontext.gregs[REG_RIP] = ip;
	context->uc_mcontext.gregs[REG_RSP] = sp;
	context->uc_mcontext.gregs[REG_RBP] = bp;
}

TEST(a_signal_has_interrupted)
{
	ucontext_t *context;

	interrupt(CODE(0), AT(100), AT(300));
	words[100] = CODE(1);
	context = (ucontext_t *)&words[103];
	/* At the first instruction of a piece: it does not return there. */
	signal_at(context, TEXT + 2 * PIECE, AT(250), AT(260));
	words[261] = CODE(3);
	WALK(SP_RULE(8), { .cfa = PROFBUF_UNWIND_SIGNAL, .offset = 16 }, BP_RULE(16), ROOT_RULE);
	EXPECT(WALK_ROOT, CODE(0), CODE(1), TEXT + 2 * PIECE, CODE(3));
}

TEST(what_a_signal_has_interrupted_has_all_registers)
{
	ucontext_t *context = (ucontext_t *)&words[101];
	u32 i;

	for (i = 0; i < REGISTERS; i++) {
		interrupt(CODE(0), AT(100), 0);
		words[100] = CODE(1);
		signal_at(context, CODE(2), AT(250), 0);
		context->uc_mcontext.gregs[in_ucontext[i]] = AT(270);
		words[271] = CODE(3);
		WALK(SP_RULE(8), { .cfa = PROFBUF_UNWIND_SIGNAL },
		     { .cfa = PROFBUF_UNWIND_REGISTER, .number = i, .offset = 16 }, ROOT_RULE);
		EXPECT(WALK_ROOT, CODE(0), CODE(1), CODE(2), CODE(3));

		if (i == 7)
			continue;
		context->uc_mcontext.gregs[in_ucontext[i]] = CODE(3);
		WALK(SP_RULE(8), { .cfa = PROFBUF_UNWIND_SIGNAL },
		     SP_RULE(0, .ra = PROFBUF_UNWIND_RA_REGISTER, .ra_number = i), ROOT_RULE);
		EXPECT(WALK_ROOT, CODE(0), CODE(1), CODE(2), CODE(3));
	}
}

TEST(a_signal_may_have_a_stack_above)
{
	/* However close: it may be memory of a frame. */
	interrupt(CODE(0), AT(100), 0);
	words[100] = CODE(1);
	signal_at((ucontext_t *)&words[101], CODE(2), AT(50), 0);
	words[50] = CODE(3);
	WALK(SP_RULE(8), { .cfa = PROFBUF_UNWIND_SIGNAL }, SP_RULE(8), ROOT_RULE);
	EXPECT(WALK_ROOT, CODE(0), CODE(1), CODE(2), CODE(3));
}

TEST(of_the_caller_of_what_a_signal_has_interrupted_no_registers_are_known)
{
	interrupt(CODE(0), AT(100), 0);
	signal_at((ucontext_t *)&words[100], CODE(1), AT(250), 0);
	((ucontext_t *)&words[100])->uc_mcontext.gregs[REG_R10] = AT(300);
	words[250] = CODE(2);
	words[299] = CODE(3);
	WALK({ .cfa = PROFBUF_UNWIND_SIGNAL }, SP_RULE(8),
	     { .cfa = PROFBUF_UNWIND_REGISTER, .number = 10 }, ROOT_RULE);
	EXPECT(WALK_TABLE, CODE(0), CODE(1), CODE(2));
}

TEST(a_circle_of_signals_comes_to_an_end)
{
	interrupt(CODE(0), AT(100), 0);
	signal_at((ucontext_t *)&words[100], CODE(0), AT(100), 0);
	WALK({ .cfa = PROFBUF_UNWIND_SIGNAL });
	EXPECT(WALK_STRAY, CODE(0), CODE(0), CODE(0), CODE(0), CODE(0));
	assert_int_equal(found.count, WALK_SWITCHES + 1);
}

TEST(a_circle_of_pointers_comes_to_an_end)
{
	interrupt(CODE(0), AT(100), AT(100));
	words[100] = AT(100);
	words[99] = CODE(0);
	WALK({ .cfa = PROFBUF_UNWIND_SP_POINTER });
	EXPECT(WALK_STRAY, CODE(0), CODE(0), CODE(0), CODE(0), CODE(0));
	WALK({ .cfa = PROFBUF_UNWIND_BP_POINTER });
	EXPECT(WALK_STRAY, CODE(0), CODE(0), CODE(0), CODE(0), CODE(0));
}

TEST(a_circle_of_frame_pointers_comes_to_an_end)
{
	interrupt(CODE(0), AT(100), AT(100));
	words[100] = AT(100);
	words[101] = CODE(0);
	WALK({ .cfa = PROFBUF_UNWIND_FRAME_POINTER });
	EXPECT(WALK_STRAY, CODE(0), CODE(0), CODE(0), CODE(0), CODE(0), CODE(0));
}

TEST(code_that_changes_its_stack_keeps_a_frame_pointer)
{
	/* Down to another stack, and the walk goes on there. */
	interrupt(CODE(0), AT(100), OTHER(100));
	other_words[100] = OTHER(120);
	other_words[101] = CODE(1);
	other_words[121] = CODE(2);
	WALK({ .cfa = PROFBUF_UNWIND_FRAME_POINTER }, BP_RULE(16), ROOT_RULE);
	EXPECT(WALK_ROOT, CODE(0), CODE(1), CODE(2));

	/* And to one that is close. */
	interrupt(CODE(0), AT(100), AT(50));
	words[51] = CODE(1);
	WALK({ .cfa = PROFBUF_UNWIND_FRAME_POINTER }, ROOT_RULE);
	EXPECT(WALK_ROOT, CODE(0), CODE(1));
}

TEST(without_a_rule_frame_pointers_are_followed)
{
	const struct profbuf_unwind_rule none = { .cfa = PROFBUF_UNWIND_NONE };

	interrupt(JIT, AT(100), AT(120));
	words[120] = AT(130);
	words[121] = JIT + 1;
	words[130] = AT(140);
	words[131] = CODE(0);
	words[140] = AT(150);
	words[141] = CODE(1);
	WALK(none, ROOT_RULE);
	EXPECT(WALK_ROOT, JIT, JIT + 1, CODE(0), CODE(1));
	assert_int_equal(found.by_frame_pointer, 3);
}

TEST(a_table_goes_on_where_frame_pointers_led)
{
	/* A function of a library, called from code without a table, calls such code back. */
	interrupt(JIT, AT(100), AT(102));
	words[102] = AT(120);
	words[103] = CODE(0);
	words[110] = CODE(1);
	words[107] = AT(130);
	words[115] = JIT + 1;
	words[130] = AT(140);
	words[131] = CODE(2);
	WALK(SP_RULE(56, .bp = PROFBUF_UNWIND_BP_CFA, .bp_offset = -32), SP_RULE(40), ROOT_RULE);
	EXPECT(WALK_ROOT, JIT, CODE(0), CODE(1), JIT + 1, CODE(2));
	assert_int_equal(found.by_frame_pointer, 2);
}

TEST(the_first_frame_pointer_points_into_the_stack)
{
	const u64 wrong[] = {
		AT(99), AT(100) + 4, AT(120) + 1, 8, AT(100) + (8 << 20), UINT64_MAX - 7,
	};
	u32 i;

	for (i = 0; i < COUNT(wrong); i++) {
		interrupt(JIT, AT(100), wrong[i]);
		words[99] = AT(110);
		words[100] = CODE(0);
		words[101] = CODE(0);
		WALK(ROOT_RULE);
		EXPECT(WALK_STRAY, JIT);
	}
	interrupt(JIT, AT(100), AT(100));
	words[101] = CODE(0);
	WALK(ROOT_RULE);
	EXPECT(WALK_ROOT, JIT, CODE(0));
	/* Where nothing is, but it could. */
	interrupt(JIT, AT(100), AT(100) + (8 << 20) - 8);
	WALK(ROOT_RULE);
	EXPECT(WALK_ABSENT, JIT);
}

TEST(a_frame_pointer_of_0_is_no_root)
{
	interrupt(JIT, AT(100), 0);
	WALK(ROOT_RULE);
	EXPECT(WALK_ZERO, JIT);
}

TEST(after_a_table_frame_pointers_must_point_into_the_stack_again)
{
	interrupt(CODE(0), AT(100), OTHER(100));
	words[100] = JIT + 1;
	other_words[101] = CODE(1);
	WALK(SP_RULE(8), ROOT_RULE);
	EXPECT(WALK_STRAY, CODE(0), JIT + 1);

	/* Even if some have led to the table. */
	interrupt(JIT, AT(100), AT(102));
	words[102] = OTHER(100);
	words[103] = CODE(0);
	words[104] = JIT + 1;
	other_words[101] = CODE(1);
	WALK(SP_RULE(8), ROOT_RULE);
	EXPECT(WALK_STRAY, JIT, CODE(0), JIT + 1);
}

TEST(a_chain_of_frame_pointers_may_lead_to_another_stack)
{
	/* Far below, or above. */
	interrupt(JIT, AT(100), AT(102));
	words[102] = OTHER(100);
	words[103] = JIT + 1;
	other_words[100] = AT(200);
	other_words[101] = JIT + 2;
	words[200] = AT(300);
	words[201] = CODE(0);
	WALK(ROOT_RULE);
	EXPECT(WALK_ROOT, JIT, JIT + 1, JIT + 2, CODE(0));

	/* Not where frames were left, nor back to where it was. */
	words[102] = AT(90);
	words[91] = CODE(0);
	WALK(ROOT_RULE);
	EXPECT(WALK_STRAY, JIT, JIT + 1);
	words[102] = OTHER(100);
	other_words[100] = OTHER(110);
	other_words[110] = OTHER(105);
	other_words[111] = JIT + 3;
	other_words[106] = CODE(0);
	WALK(ROOT_RULE);
	EXPECT(WALK_STRAY, JIT, JIT + 1, JIT + 2, JIT + 3);
}

TEST(a_chain_of_frame_pointers_does_not_switch_for_ever)
{
	u64 gap = 16 << 10, i;
	u64 words_of_gap = gap / 8;
	static u64 many[8 * 2048];
	const struct walk_memory memory = { STACK, sizeof(many), many };
	const struct walk_mapping mapping = { JIT, JIT + JIT_SIZE, 0, NULL };
	struct walk_process process = { { 0 }, &memory, 1, &mapping, 1 };

	process.regs.ip = JIT;
	process.regs.sp = STACK + 7 * gap;
	process.regs.bp = STACK + 7 * gap;
	for (i = 1; i < 8; i++) {
		many[i * words_of_gap] = STACK + (i - 1) * gap;
		many[i * words_of_gap + 1] = JIT + i;
	}
	walk(&process, &found);
	assert_int_equal(found.end, WALK_STRAY);
	/* One to the first frame, which is no switch. */
	assert_int_equal(found.count, 2 + WALK_SWITCHES);
}

/* They have the same place in the cache of rules that were used before. */
TEST(code_far_apart_is_told_apart)
{
	struct profbuf_unwind_rule rules[PROFBUF_UNWIND_CACHED / PIECE + 1] = {};
	u32 i, last = COUNT(rules) - 1;

	for (i = 0; i < COUNT(rules); i++)
		rules[i] = (struct profbuf_unwind_rule)SP_RULE(16);
	rules[1] = (struct profbuf_unwind_rule)ROOT_RULE;
	rules[last] = (struct profbuf_unwind_rule)SP_RULE(32);
	interrupt(CODE(0), AT(100), 0);
	words[101] = CODE(last) + 1;
	words[103] = CODE(1);
	words[105] = CODE(1) + 1;
	walk_rules(rules, COUNT(rules));
	EXPECT(WALK_ROOT, CODE(0), CODE(last) + 1, CODE(1) + 1);
}
