// SPDX-License-Identifier: GPL-2.0
/*
 * Walks by unwind tables: each rule, and each end, on a stack made for it.
 */
#define _GNU_SOURCE
#include <sys/ioctl.h>
#include <unistd.h>

#include "device.h"
#include "harness.h"
#include "known_code.h"

#define FIXED		PROFBUF_RECORD_FIXED

/* Of each walk. */
#define WANTED		10

#define STACK_WORDS	48
#define CALLERS_MAX	16

/* Neither an address of the stack nor one of code. */
#define GARBAGE		0x5aa5deadbeef5aa5ULL

/**
 * struct walk - a walk whose result is known
 * @name: what is special about it
 * @rules: of the slots
 * @registers: that the first slot begins with; an @ip of 0 is its beginning
 * @stack: from WORD(0) on
 * @filled: with this, behind @stack, up to the end of the page
 * @callers: what must be found, up to a 0
 * @nr_callers: how many there are, if these are all the same
 * @end: the end word
 */
struct walk {
	const char *name;
	struct profbuf_unwind_rule rules[KNOWN_SLOTS];
	struct known_registers registers;
	uint64_t stack[STACK_WORDS];
	uint64_t filled;
	uint64_t callers[CALLERS_MAX];
	uint32_t nr_callers;
	uint64_t end;
};

#define BY_SP(bytes)	{ .cfa = PROFBUF_UNWIND_SP, .offset = (bytes) }
#define BY_BP(bytes)	{ .cfa = PROFBUF_UNWIND_BP, .offset = (bytes) }
#define BY_DI(bytes)	{ .cfa = PROFBUF_UNWIND_REGISTER, .number = KNOWN_DI, .offset = (bytes) }
#define TO_DI(bytes)	{ .cfa = PROFBUF_UNWIND_SP, .offset = (bytes),		\
			  .ra = PROFBUF_UNWIND_RA_REGISTER, .ra_number = KNOWN_DI }
#define ROOT		{ .cfa = PROFBUF_UNWIND_ROOT }
#define UNKNOWN		{ .cfa = PROFBUF_UNWIND_UNKNOWN }
#define NONE		{ .cfa = PROFBUF_UNWIND_NONE }
#define BY_FRAME	{ .cfa = PROFBUF_UNWIND_FRAME_POINTER }
#define SIGNAL(bytes)	{ .cfa = PROFBUF_UNWIND_SIGNAL, .offset = (bytes) }

static struct stream stream;
static const struct walk *walk;
static pid_t spinning;
static uint64_t seen;

static uint64_t caller(uint32_t i)
{
	return walk->nr_callers ? walk->callers[0] : walk->callers[i];
}

static uint32_t count_callers(void)
{
	uint32_t n = 0;

	if (walk->nr_callers)
		return walk->nr_callers;
	while (n < CALLERS_MAX && walk->callers[n])
		n++;
	return n;
}

static bool is_of_walk(const struct profbuf_frame *frame, const __u64 *record)
{
	const __u64 *stack = record + FIXED + frame->hdrsize;

	return record[FIXED + 1] >> 32 == (uint64_t)spinning &&
	       PROFBUF_MODE(record[FIXED + 2]) == PROFBUF_MODE_USER &&
	       stack[0] == walk->registers.ip &&
	       PROFBUF_END(record[FIXED + 10]) != PROFBUF_END_UNKNOWN;
}

static void check_walk(void *context, const struct profbuf_frame *frame, const __u64 *record)
{
	const __u64 *stack = record + FIXED + frame->hdrsize;
	uint32_t length = record[0] - FIXED - frame->hdrsize, i;
	uint64_t flags = record[FIXED + 2];

	(void)context;
	if (!is_of_walk(frame, record))
		return;
	if (length - 1 != count_callers() || record[FIXED + 10] != walk->end)
		FAIL("%s: %u callers, end %#llx", walk->name, length - 1,
		     (long long)record[FIXED + 10]);
	for (i = 0; i < count_callers(); i++) {
		if (stack[i + 1] != caller(i))
			FAIL("%s: caller %u is %#llx", walk->name, i, (long long)stack[i + 1]);
	}
	ASSERT_EQ(!(flags & PROFBUF_MODE_USER_INCOMPLETE),
		  walk->end == PROFBUF_END_ROOT || PROFBUF_END(walk->end) == PROFBUF_END_TIME);
	ASSERT_EQ(!(flags & PROFBUF_MODE_TIMED_OUT), PROFBUF_END(walk->end) != PROFBUF_END_TIME);
	seen++;
}

static void make_stack(void)
{
	uint64_t *stack = known_stack();
	int i;

	memcpy(stack, walk->stack, sizeof(walk->stack));
	for (i = STACK_WORDS; walk->filled && i < KNOWN_WORDS; i++)
		stack[i] = walk->filled;
}

static int walks_begin(const char *walk_ns)
{
	struct profbuf_config config;
	int fd = device_open(0);

	module_parameter("walk_ns", walk_ns);
	device_configure(fd, 500000, 0, 0);
	device_config(fd, &config);
	config.stack_depth = PROFBUF_STACK_MAX;
	ASSERT_EQ(ioctl(fd, PROFBUF_IOC_SET_CONFIG, &config), 0);
	stream.record = check_walk;
	ASSERT_EQ(ioctl(fd, PROFBUF_IOC_START, 0), 0);
	return fd;
}

static void walks_end(int fd)
{
	stream_finish(&stream, fd);
	module_parameter("walk_ns", "100000");
}

/* Each has a file of its own. */
static void check_one(int fd, struct walk *one)
{
	struct profbuf_unwind_table *table = known_table(one->rules, KNOWN_SLOTS);
	int file = known_file();

	one->registers.ip = one->registers.ip ?: KNOWN_CODE;
	walk = one;
	ASSERT_EQ(table_load(fd, file, table), 0);
	known_map(file, KNOWN_CODE);
	make_stack();
	spinning = known_spin(&one->registers);
	for (seen = 0; seen < WANTED;)
		ASSERT_GT(stream_read(&stream, fd), 0);
	spin_stop(spinning);
	ASSERT_EQ(close(file), 0);
	free(table);
}

/* However often the machine stops. */
#define LONG	"1000000000"

static void check_walks(struct walk *walks, size_t count, const char *walk_ns)
{
	int fd = walks_begin(walk_ns);
	size_t i;

	for (i = 0; i < count; i++)
		check_one(fd, &walks[i]);
	walks_end(fd);
}

#define CHECK_WALKS(walks)	check_walks(walks, sizeof(walks) / sizeof((walks)[0]), LONG)

static struct walk by_stack_pointer[] = {
	{
		.name = "sp + offset",
		.rules = { BY_SP(16), BY_SP(8), ROOT },
		.registers = { .sp = WORD(1), .bp = GARBAGE },
		.stack = { GARBAGE, RETURN(3), RETURN(1), RETURN(2) },
		.callers = { RETURN(1), RETURN(2) },
		.end = PROFBUF_END_ROOT,
	}, {
		.name = "a beginning",
		.rules = { ROOT, BY_SP(8) },
		.registers = { .sp = WORD(1), .bp = WORD(2) },
		.stack = { RETURN(1), RETURN(1), WORD(2), RETURN(1) },
		.end = PROFBUF_END_ROOT,
	}, {
		.name = "what lies at sp + offset, on the same stack",
		.rules = { { .cfa = PROFBUF_UNWIND_SP_POINTER, .offset = 8, .addend = 16 },
			   BY_SP(8), ROOT },
		.registers = { .sp = WORD(1), .bp = GARBAGE },
		.stack = { [2] = WORD(6), [7] = RETURN(1), [8] = RETURN(2) },
		.callers = { RETURN(1), RETURN(2) },
		.end = PROFBUF_END_ROOT,
	}, {
		.name = "what lies at sp + offset, on a stack below",
		.rules = { { .cfa = PROFBUF_UNWIND_SP_POINTER, .offset = -8, .addend = -8 },
			   BY_SP(8), ROOT },
		.registers = { .sp = WORD(20), .bp = GARBAGE },
		.stack = { [19] = WORD(6), [4] = RETURN(1), [5] = RETURN(2) },
		.callers = { RETURN(1), RETURN(2) },
		.end = PROFBUF_END_ROOT,
	}, {
		.name = "the first half of a PLT's entry",
		.rules = { { .cfa = PROFBUF_UNWIND_PLT, .offset = 8, .number = KNOWN_LATER },
			   ROOT, BY_SP(8) },
		.registers = { .sp = WORD(0), .bp = GARBAGE },
		.stack = { RETURN(1), RETURN(2) },
		.callers = { RETURN(1) },
		.end = PROFBUF_END_ROOT,
	}, {
		.name = "the second half of a PLT's entry",
		.rules = { { .cfa = PROFBUF_UNWIND_PLT, .offset = 8, .number = KNOWN_LATER },
			   ROOT, BY_SP(8) },
		.registers = { .ip = SLOT_AT(0, KNOWN_LATER), .sp = WORD(0), .bp = GARBAGE },
		.stack = { RETURN(2), RETURN(1) },
		.callers = { RETURN(1) },
		.end = PROFBUF_END_ROOT,
	},
};

TEST(tables_lead_to_callers_by_the_stack_pointer)
{
	CHECK_WALKS(by_stack_pointer);
}

static struct walk by_frame_pointer[] = {
	{
		.name = "bp + offset, and bp from the CFA",
		.rules = { { .cfa = PROFBUF_UNWIND_BP, .offset = 16,
			     .bp = PROFBUF_UNWIND_BP_CFA, .bp_offset = -16 },
			   BY_BP(24), ROOT },
		.registers = { .sp = WORD(0), .bp = WORD(2) },
		.stack = { [2] = WORD(6), RETURN(1), [8] = RETURN(2) },
		.callers = { RETURN(1), RETURN(2) },
		.end = PROFBUF_END_ROOT,
	}, {
		.name = "bp from what bp points to",
		.rules = { { .cfa = PROFBUF_UNWIND_SP, .offset = 8,
			     .bp = PROFBUF_UNWIND_BP_AT_BP, .bp_offset = 8 },
			   BY_BP(8), ROOT },
		.registers = { .sp = WORD(0), .bp = WORD(2) },
		.stack = { RETURN(1), [3] = WORD(6), RETURN(3), [6] = RETURN(2) },
		.callers = { RETURN(1), RETURN(2) },
		.end = PROFBUF_END_ROOT,
	}, {
		.name = "bp that stays the same",
		.rules = { BY_SP(8), BY_SP(8), BY_BP(8), ROOT },
		.registers = { .sp = WORD(0), .bp = WORD(4) },
		.stack = { RETURN(1), RETURN(2), [4] = RETURN(3) },
		.callers = { RETURN(1), RETURN(2), RETURN(3) },
		.end = PROFBUF_END_ROOT,
	}, {
		.name = "bp that is not known",
		.rules = { { .cfa = PROFBUF_UNWIND_SP, .offset = 8, .bp = PROFBUF_UNWIND_BP_LOST },
			   BY_BP(8), ROOT },
		.registers = { .sp = WORD(0), .bp = WORD(4) },
		.stack = { RETURN(1), [4] = RETURN(2) },
		.callers = { RETURN(1) },
		.end = PROFBUF_END_TABLE,
	}, {
		.name = "bp that is known again",
		.rules = { { .cfa = PROFBUF_UNWIND_SP, .offset = 8, .bp = PROFBUF_UNWIND_BP_LOST },
			   { .cfa = PROFBUF_UNWIND_SP, .offset = 16,
			     .bp = PROFBUF_UNWIND_BP_CFA, .bp_offset = -16 },
			   BY_BP(8), ROOT },
		.registers = { .sp = WORD(0), .bp = GARBAGE },
		.stack = { RETURN(1), WORD(4), RETURN(2), [4] = RETURN(3) },
		.callers = { RETURN(1), RETURN(2), RETURN(3) },
		.end = PROFBUF_END_ROOT,
	}, {
		.name = "what lies at bp + offset",
		.rules = { { .cfa = PROFBUF_UNWIND_BP_POINTER, .offset = -8, .addend = 8,
			     .bp = PROFBUF_UNWIND_BP_AT_BP },
			   BY_BP(8), ROOT },
		.registers = { .sp = WORD(0), .bp = WORD(8) },
		.stack = { [7] = WORD(10), WORD(14), [10] = RETURN(1), [14] = RETURN(2) },
		.callers = { RETURN(1), RETURN(2) },
		.end = PROFBUF_END_ROOT,
	}, {
		.name = "a frame pointer, which leads up",
		.rules = { BY_FRAME, BY_BP(8), ROOT },
		.registers = { .sp = WORD(0), .bp = WORD(2) },
		.stack = { [2] = WORD(6), RETURN(1), [6] = RETURN(2) },
		.callers = { RETURN(1), RETURN(2) },
		.end = PROFBUF_END_ROOT,
	}, {
		.name = "a frame pointer, which leads to a stack below",
		.rules = { BY_FRAME, BY_BP(8), ROOT },
		.registers = { .sp = WORD(20), .bp = WORD(2) },
		.stack = { [2] = WORD(6), RETURN(1), [6] = RETURN(2) },
		.callers = { RETURN(1), RETURN(2) },
		.end = PROFBUF_END_ROOT,
	},
};

TEST(tables_lead_to_callers_by_the_frame_pointer)
{
	CHECK_WALKS(by_frame_pointer);
}

/* Where a ucontext at WORD(n) has them. */
#define CONTEXT_DI(n)	((n) + 5 + 8)
#define CONTEXT_BP(n)	((n) + 5 + 10)
#define CONTEXT_SP(n)	((n) + 5 + 15)
#define CONTEXT_IP(n)	((n) + 5 + 16)

static struct walk by_register[] = {
	{
		.name = "a register + offset",
		.rules = { BY_DI(8), BY_SP(8), ROOT },
		.registers = { .sp = WORD(0), .bp = GARBAGE, .di = WORD(3) },
		.stack = { RETURN(3), [3] = RETURN(1), RETURN(2) },
		.callers = { RETURN(1), RETURN(2) },
		.end = PROFBUF_END_ROOT,
	}, {
		.name = "a register of a caller",
		.rules = { BY_SP(8), BY_DI(8), ROOT },
		.registers = { .sp = WORD(0), .bp = GARBAGE, .di = WORD(3) },
		.stack = { RETURN(1), [3] = RETURN(2) },
		.callers = { RETURN(1) },
		.end = PROFBUF_END_TABLE,
	}, {
		.name = "a return address that has been popped, as vfork() does",
		.rules = { TO_DI(0), BY_SP(8), ROOT },
		.registers = { .sp = WORD(1), .bp = GARBAGE, .di = RETURN(1) },
		.stack = { RETURN(3), RETURN(2) },
		.callers = { RETURN(1), RETURN(2) },
		.end = PROFBUF_END_ROOT,
	}, {
		.name = "a return address that a caller has in a register",
		.rules = { BY_SP(8), TO_DI(8), ROOT },
		.registers = { .sp = WORD(0), .bp = GARBAGE, .di = RETURN(2) },
		.stack = { RETURN(1), RETURN(2) },
		.callers = { RETURN(1) },
		.end = PROFBUF_END_TABLE,
	}, {
		/* What was interrupted has all registers, and is where it is. */
		.name = "a signal handler on a stack above",
		.rules = { BY_SP(8), SIGNAL(8), UNKNOWN, BY_DI(8), BY_BP(8), ROOT },
		.registers = { .sp = WORD(20), .bp = GARBAGE, .di = WORD(20) },
		.stack = { [20] = RETURN(1),
			   [CONTEXT_IP(22)] = SLOT_AT(3, 0), [CONTEXT_SP(22)] = WORD(2),
			   [CONTEXT_BP(22)] = WORD(8), [CONTEXT_DI(22)] = WORD(4),
			   [4] = RETURN(4), [8] = RETURN(5) },
		.callers = { RETURN(1), SLOT_AT(3, 0), RETURN(4), RETURN(5) },
		.end = PROFBUF_END_ROOT,
	}, {
		.name = "a signal handler on the same stack",
		.rules = { BY_SP(8), SIGNAL(0), BY_SP(8), TO_DI(0), ROOT },
		.registers = { .sp = WORD(0), .bp = GARBAGE },
		.stack = { RETURN(1), [CONTEXT_IP(1)] = SLOT_AT(3, 0), [CONTEXT_SP(1)] = WORD(40),
			   [CONTEXT_DI(1)] = RETURN(4) },
		.callers = { RETURN(1), SLOT_AT(3, 0), RETURN(4) },
		.end = PROFBUF_END_ROOT,
	},
};

TEST(tables_lead_to_callers_by_registers)
{
	CHECK_WALKS(by_register);
}

static struct walk last_instructions[] = {
	{
		.name = "a call is the last instruction of a function",
		.rules = { BY_SP(8), BY_SP(8), UNKNOWN, ROOT },
		.registers = { .sp = WORD(0), .bp = GARBAGE },
		.stack = { SLOT_AT(2, 0), RETURN(3) },
		.callers = { SLOT_AT(2, 0), RETURN(3) },
		.end = PROFBUF_END_ROOT,
	}, {
		.name = "a call is the last instruction of a file",
		.rules = { BY_SP(8), ROOT, [KNOWN_SLOTS - 1] = BY_SP(8) },
		.registers = { .sp = WORD(0), .bp = GARBAGE },
		.stack = { KNOWN_CODE + KNOWN_PAGE, RETURN(1) },
		.callers = { KNOWN_CODE + KNOWN_PAGE, RETURN(1) },
		.end = PROFBUF_END_ROOT,
	}, {
		.name = "a return address is the first one of a file",
		.rules = { BY_SP(8), ROOT },
		.registers = { .sp = WORD(0), .bp = GARBAGE },
		.stack = { KNOWN_CODE, RETURN(1) },
		.end = PROFBUF_END_DATA,
	},
};

TEST(callers_are_looked_up_where_their_calls_are)
{
	CHECK_WALKS(last_instructions);
}

static struct walk ends[] = {
	{
		.name = "what no rule can say",
		.rules = { BY_SP(8), UNKNOWN, ROOT },
		.registers = { .sp = WORD(0), .bp = WORD(1) },
		.stack = { RETURN(1), WORD(1), RETURN(2) },
		.callers = { RETURN(1) },
		.end = PROFBUF_END_TABLE,
	}, {
		.name = "nothing told, and a frame pointer of 0",
		.rules = { BY_SP(8), NONE },
		.registers = { .sp = WORD(0), .bp = 0 },
		.stack = { RETURN(1) },
		.callers = { RETURN(1) },
		.end = PROFBUF_END_ZERO,
	}, {
		.name = "nothing told, and no frame pointer",
		.rules = { BY_SP(8), NONE },
		.registers = { .sp = WORD(0), .bp = GARBAGE },
		.stack = { RETURN(1) },
		.callers = { RETURN(1) },
		.end = PROFBUF_END_STRAY,
	}, {
		.name = "nothing told, but a frame pointer",
		.rules = { NONE, BY_SP(8), ROOT },
		.registers = { .sp = WORD(0), .bp = WORD(2) },
		.stack = { [2] = GARBAGE, RETURN(1), RETURN(2) },
		.callers = { RETURN(1), RETURN(2) },
		.end = PROFBUF_END_ROOT,
	}, {
		.name = "nothing told, and a frame pointer to below",
		.rules = { NONE, ROOT },
		.registers = { .sp = WORD(8), .bp = WORD(2) },
		.stack = { [2] = 0, RETURN(1) },
		.end = PROFBUF_END_STRAY,
	}, {
		.name = "a return address that is none",
		.rules = { BY_SP(8), BY_SP(8), ROOT },
		.registers = { .sp = WORD(0), .bp = GARBAGE },
		.stack = { RETURN(1), GARBAGE },
		.callers = { RETURN(1) },
		.end = PROFBUF_END_DATA,
	}, {
		.name = "a stack that is not present",
		.rules = { BY_SP(8), BY_SP(KNOWN_PAGE), ROOT },
		.registers = { .sp = WORD(0), .bp = GARBAGE },
		.stack = { RETURN(1) },
		.callers = { RETURN(1) },
		.end = PROFBUF_END_ABSENT,
	},
};

TEST(tables_end_walks_for_reasons_that_are_told)
{
	CHECK_WALKS(ends);
}

/* What tables must not do: they are anyone's. */
static struct walk hostile[] = {
	{
		.name = "a caller at the same place",
		.rules = { BY_SP(0) },
		.registers = { .sp = WORD(1) },
		.stack = { RETURN(0), RETURN(0) },
		.end = PROFBUF_END_STRAY,
	}, {
		.name = "a caller below",
		.rules = { BY_SP(-8) },
		.registers = { .sp = WORD(2) },
		.stack = { RETURN(0), RETURN(0) },
		.end = PROFBUF_END_STRAY,
	}, {
		.name = "a pointer to itself",
		.rules = { { .cfa = PROFBUF_UNWIND_SP_POINTER } },
		.registers = { .sp = WORD(1) },
		.stack = { RETURN(0), WORD(1) },
		.callers = { RETURN(0) },
		.nr_callers = 4,
		.end = PROFBUF_END_STRAY,
	}, {
		.name = "a frame pointer to itself",
		.rules = { BY_FRAME },
		.registers = { .sp = WORD(2), .bp = WORD(0) },
		.stack = { WORD(0), RETURN(0) },
		.callers = { RETURN(0) },
		.nr_callers = 4,
		.end = PROFBUF_END_STRAY,
	}, {
		.name = "a signal handler that it has interrupted itself",
		.rules = { SIGNAL(0), TO_DI(0) },
		.registers = { .sp = WORD(0) },
		.stack = { [CONTEXT_IP(0)] = SLOT_AT(1, 0), [CONTEXT_SP(0)] = WORD(0),
			   [CONTEXT_DI(0)] = RETURN(0) },
		.callers = { SLOT_AT(1, 0), RETURN(0), SLOT_AT(1, 0), RETURN(0),
			     SLOT_AT(1, 0), RETURN(0), SLOT_AT(1, 0), RETURN(0) },
		.end = PROFBUF_END_STRAY,
	}, {
		.name = "callers up to the end of the page",
		.rules = { BY_SP(8) },
		.registers = { .sp = WORD(STACK_WORDS) },
		.filled = RETURN(0),
		.callers = { RETURN(0) },
		.nr_callers = KNOWN_WORDS - STACK_WORDS,
		.end = PROFBUF_END_ABSENT,
	}, {
		.name = "the largest offset",
		.rules = { BY_SP(INT32_MAX) },
		.registers = { .sp = WORD(0) },
		.end = PROFBUF_END_ABSENT,
	}, {
		.name = "the least offset",
		.rules = { BY_SP(INT32_MIN) },
		.registers = { .sp = WORD(0) },
		.end = PROFBUF_END_ABSENT,
	}, {
		.name = "the kernel's memory",
		.rules = { BY_BP(8) },
		.registers = { .sp = WORD(0), .bp = 0xffffffff81000000 },
		.end = PROFBUF_END_ABSENT,
	}, {
		.name = "the kernel's memory, which a frame pointer points to",
		.rules = { BY_FRAME },
		.registers = { .sp = WORD(0), .bp = 0xffff888000001000 },
		.end = PROFBUF_END_ABSENT,
	}, {
		.name = "the kernel's memory, which a register points to",
		.rules = { BY_DI(8) },
		.registers = { .sp = WORD(0), .di = 0xffff888000001000 },
		.end = PROFBUF_END_ABSENT,
	}, {
		.name = "the kernel's memory, which a pointer points to",
		.rules = { { .cfa = PROFBUF_UNWIND_SP_POINTER, .addend = 8 } },
		.registers = { .sp = WORD(0) },
		.stack = { 0xffffffff81000000 },
		.end = PROFBUF_END_ABSENT,
	}, {
		.name = "addresses that there are not",
		.rules = { BY_BP(8) },
		.registers = { .sp = WORD(0), .bp = 1ULL << 63 },
		.end = PROFBUF_END_ABSENT,
	}, {
		.name = "the last word of user memory",
		.rules = { BY_BP(8) },
		.registers = { .sp = WORD(0), .bp = 0x7ffffffff000 - 8 },
		.end = PROFBUF_END_ABSENT,
	}, {
		.name = "what comes before the first address",
		.rules = { BY_BP(0) },
		.registers = { .sp = WORD(0), .bp = 0 },
		.end = PROFBUF_END_ABSENT,
	},
};

TEST(hostile_tables_lead_nowhere)
{
	CHECK_WALKS(hostile);
}

/* Code of another file, which has no table. */
#define OTHER_CODE	(KNOWN_CODE + 16 * KNOWN_PAGE)

static struct walk into_other_code[] = {
	{
		.name = "code without table, and no frame pointer",
		.rules = { BY_SP(8), ROOT },
		.registers = { .sp = WORD(0), .bp = GARBAGE },
		.stack = { OTHER_CODE + 8, RETURN(1) },
		.callers = { OTHER_CODE + 8 },
		.end = PROFBUF_END_STRAY | PROFBUF_END_NO_TABLE,
	}, {
		.name = "code without table, and a frame pointer of 0",
		.rules = { BY_SP(8), ROOT },
		.registers = { .sp = WORD(0), .bp = 0 },
		.stack = { OTHER_CODE + 8, RETURN(1) },
		.callers = { OTHER_CODE + 8 },
		.end = PROFBUF_END_ZERO | PROFBUF_END_NO_TABLE,
	}, {
		.name = "code without table, and a frame pointer back to where there is one",
		.rules = { BY_SP(8), ROOT },
		.registers = { .sp = WORD(0), .bp = WORD(4) },
		.stack = { OTHER_CODE + 8, [4] = GARBAGE, RETURN(1) },
		.callers = { OTHER_CODE + 8, RETURN(1) },
		.end = PROFBUF_END_ROOT,
	}, {
		.name = "code without table, and a frame pointer to code without table",
		.rules = { BY_SP(8), ROOT },
		.registers = { .sp = WORD(0), .bp = WORD(4) },
		.stack = { OTHER_CODE + 8, [4] = WORD(6), OTHER_CODE + 16, 0, GARBAGE },
		.callers = { OTHER_CODE + 8, OTHER_CODE + 16 },
		.end = PROFBUF_END_DATA | PROFBUF_END_NO_TABLE,
	},
};

TEST(tables_and_frame_pointers_in_one_stack)
{
	known_map(known_file(), OTHER_CODE);
	CHECK_WALKS(into_other_code);
}

/* A frame by table, and one by frame pointer. */
#define TWO_WORDS(n)	WORD((n) + 3), RETURN(0), OTHER_CODE + 8
#define TWO_CALLERS	OTHER_CODE + 8, RETURN(0)

/* A look at the clock comes after the first frame and 16 more. */
static struct walk too_long[] = {
	{
		.name = "a last frame with table",
		.rules = { BY_SP(8) },
		.registers = { .sp = WORD(0), .bp = WORD(1) },
		.stack = { OTHER_CODE + 8, TWO_WORDS(1), TWO_WORDS(4), TWO_WORDS(7), TWO_WORDS(10),
			   TWO_WORDS(13), TWO_WORDS(16), TWO_WORDS(19), TWO_WORDS(22),
			   TWO_WORDS(25) },
		.callers = { TWO_CALLERS, TWO_CALLERS, TWO_CALLERS, TWO_CALLERS, TWO_CALLERS,
			     TWO_CALLERS, TWO_CALLERS, TWO_CALLERS },
		.end = PROFBUF_END_TIME,
	}, {
		.name = "a last frame without",
		.rules = { BY_SP(8) },
		.registers = { .sp = WORD(0), .bp = WORD(2) },
		.stack = { RETURN(0), OTHER_CODE + 8, TWO_WORDS(2), TWO_WORDS(5), TWO_WORDS(8),
			   TWO_WORDS(11), TWO_WORDS(14), TWO_WORDS(17), TWO_WORDS(20),
			   TWO_WORDS(23), TWO_WORDS(26) },
		.callers = { RETURN(0), TWO_CALLERS, TWO_CALLERS, TWO_CALLERS, TWO_CALLERS,
			     TWO_CALLERS, TWO_CALLERS, TWO_CALLERS, OTHER_CODE + 8 },
		.end = PROFBUF_END_TIME | PROFBUF_END_NO_TABLE,
	},
};

TEST(walks_that_take_too_long_tell_of_their_last_frame)
{
	known_map(known_file(), OTHER_CODE);
	check_walks(too_long, sizeof(too_long) / sizeof(too_long[0]), "1000");
}

/* When the table was there, at the latest; 0: not yet. */
static uint64_t loaded_at;
static uint64_t with_table, without_table;

static void check_loading(void *context, const struct profbuf_frame *frame, const __u64 *record)
{
	uint64_t end = record[FIXED + 10];

	(void)context;
	if (!is_of_walk(frame, record))
		return;
	if (end == PROFBUF_END_ROOT) {
		with_table++;
		return;
	}
	ASSERT_EQ(end, PROFBUF_END_STRAY | PROFBUF_END_NO_TABLE);
	if (loaded_at)
		ASSERT_LE(record[1], loaded_at);
	without_table++;
}

TEST(a_table_is_used_from_when_it_is_there)
{
	struct profbuf_unwind_table *table;
	int fd = walks_begin(LONG);
	int file = known_file(), i;

	walk = &by_stack_pointer[0];
	by_stack_pointer[0].registers.ip = KNOWN_CODE;
	table = known_table(walk->rules, KNOWN_SLOTS);
	stream.record = check_loading;
	known_map(file, KNOWN_CODE);
	make_stack();
	spinning = known_spin(&walk->registers);
	while (without_table < WANTED)
		ASSERT_GT(stream_read(&stream, fd), 0);
	ASSERT_EQ(with_table, 0);
	/* Others do not matter. */
	for (i = 0; i < 3; i++)
		ASSERT_EQ(table_load(fd, known_file(), table), 0);
	ASSERT_EQ(table_load(fd, file, table), 0);
	loaded_at = now_ns();
	while (with_table < WANTED)
		ASSERT_GT(stream_read(&stream, fd), 0);
	spin_stop(spinning);
	walks_end(fd);
}
