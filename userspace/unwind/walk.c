// SPDX-License-Identifier: GPL-2.0
#include <string.h>

#include <asm/sigcontext.h>
#include <linux/compiler.h>

#include "table.h"
#include "walk.h"

/* What the present walk goes by, and where memory was lacking: so far from where it begins. */
static const struct walk_copy *walked;
static u64 lacking;

static __always_inline bool profbuf_unwind_get(u64 *value, u64 address)
{
	u64 offset = address - walked->start, size = walked->nr_words * sizeof(u64);

	if (size >= sizeof(u64) && offset <= size - sizeof(u64)) {
		memcpy(value, (const char *)walked->words + offset, sizeof(*value));
		return true;
	}
	lacking = offset;
	return false;
}

#include "../../module/unwind_step.h"

/* As many as the kernel takes: PROFBUF_STACK_SWITCHES. */
#define SWITCHES	4

enum {
	NUMBER_RBP = 6,
	NUMBER_RSP = 7,
};

/* Registers are in a copy as they are numbered. */
const u8 profbuf_unwind_in_regs[PROFBUF_UNWIND_REGISTERS] = {
	0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,
};

#define IN_MCONTEXT(member)	(offsetof(struct sigcontext_64, member) / sizeof(u64))

const u8 profbuf_unwind_in_mcontext[PROFBUF_UNWIND_REGISTERS] = {
	IN_MCONTEXT(ax), IN_MCONTEXT(dx), IN_MCONTEXT(cx), IN_MCONTEXT(bx),
	IN_MCONTEXT(si), IN_MCONTEXT(di), IN_MCONTEXT(bp), IN_MCONTEXT(sp),
	IN_MCONTEXT(r8), IN_MCONTEXT(r9), IN_MCONTEXT(r10), IN_MCONTEXT(r11),
	IN_MCONTEXT(r12), IN_MCONTEXT(r13), IN_MCONTEXT(r14), IN_MCONTEXT(r15),
};

static uint64_t end_of(enum profbuf_unwind_step step)
{
	switch (step) {
	case PROFBUF_UNWIND_ENDED:
		return PROFBUF_END_ROOT;
	case PROFBUF_UNWIND_ABSENT:
		return walked->cut && lacking < PROFBUF_UNWIND_STACK_MAX ? PROFBUF_END_COPY :
									   PROFBUF_END_ABSENT;
	case PROFBUF_UNWIND_ZERO:
		return PROFBUF_END_ZERO;
	case PROFBUF_UNWIND_STRAY:
		return PROFBUF_END_STRAY;
	default:
		return PROFBUF_END_TABLE;
	}
}

static enum profbuf_unwind_step to_caller(struct profbuf_unwind_frame *frame,
					  const struct walk_code *code)
{
	const struct profbuf_unwind_rule *rule = NULL;
	enum profbuf_unwind_step step;

	if (code->table)
		rule = unwind_table__find(code->table, profbuf_unwind_code(frame) - code->base);
	step = profbuf_unwind_by_rule(frame, rule);
	return step == PROFBUF_UNWIND_UNTOLD ? profbuf_unwind_by_frame_pointer(frame) : step;
}

/* Like walk_frames() of the kernel. */
uint32_t walk__copy(const struct walk_copy *copy, walk_find_fn find, void *context,
		    uint64_t *frames, uint32_t max, uint64_t *end)
{
	struct profbuf_unwind_frame frame;
	enum profbuf_unwind_step step;
	struct walk_code code;
	uint32_t n = 0;

	walked = copy;
	profbuf_unwind_begin(&frame, (const struct pt_regs *)copy->registers, copy->ip,
			     copy->registers[NUMBER_RSP], copy->registers[NUMBER_RBP], SWITCHES);
	frames[n++] = copy->ip;
	if (!find(context, profbuf_unwind_code(&frame), &code))
		code.table = NULL;
	for (;;) {
		step = to_caller(&frame, &code);
		if (step != PROFBUF_UNWIND_STEPPED) {
			*end = end_of(step);
			break;
		}
		if (!find(context, profbuf_unwind_code(&frame), &code)) {
			code.table = NULL;
			*end = PROFBUF_END_DATA;
			break;
		}
		if (n == max) {
			*end = PROFBUF_END_DEPTH;
			break;
		}
		frames[n++] = frame.ip;
	}
	if (!code.table && *end != PROFBUF_END_ROOT)
		*end |= PROFBUF_END_NO_TABLE;
	return n;
}
