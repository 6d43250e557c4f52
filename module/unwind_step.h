/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The step from a frame of user code to its caller's: by the rule of an unwind table, or by the
 * frame pointer.
 *
 * What includes this says how user memory is read:
 *
 *	static __always_inline bool profbuf_unwind_get(u64 *value, u64 address);
 *
 * is given any address, and returns whether there was a word to be read. Nothing else is called,
 * as nothing may be where user memory may be accessed.
 *
 * A walk:
 *
 *	profbuf_unwind_begin(&frame, regs, regs->ip, regs->sp, regs->bp, switches);
 *	do {
 *		find what is mapped at profbuf_unwind_code(&frame); if nothing is, the walk is over
 *		rule = has it a table ? profbuf_unwind_find(parts of it, offset in the file) : NULL;
 *		step = profbuf_unwind_by_rule(&frame, rule);
 *		if (step == PROFBUF_UNWIND_UNTOLD)
 *			step = profbuf_unwind_by_frame_pointer(&frame);
 *	} while (step == PROFBUF_UNWIND_STEPPED);
 *
 * It comes to an end, whatever tables and memory say: stacks grow down, so callers' frames lie
 * above. Each step leads up, but for those that may lead to another stack, of which there are
 * @switches at most; and but for the return from a frame whose return address is in a register,
 * which may leave sp as it is: of the next frame no registers are known.
 */
#ifndef PROFBUF_UNWIND_STEP_H
#define PROFBUF_UNWIND_STEP_H

#include <linux/compiler.h>
#include <linux/ptrace.h>
#include <linux/types.h>

#include "unwind.h"

/* What is farther from each other is on different stacks. */
#define PROFBUF_UNWIND_STACK_MAX	(8 << 20)

/* What is closer below a frame is no other stack: one of Go's has 16 KiB, and little is in use. */
#define PROFBUF_UNWIND_STACK_APART	(8 << 10)

/**
 * enum profbuf_unwind_step - what a step has led to
 * @PROFBUF_UNWIND_STEPPED: the caller's frame
 * @PROFBUF_UNWIND_ENDED: there is no caller
 * @PROFBUF_UNWIND_UNTOLD: nothing is told of this code; the frame pointer may lead on
 * @PROFBUF_UNWIND_UNKNOWABLE: what is told does not lead to the caller
 * @PROFBUF_UNWIND_LOST: it takes a register that is not known
 * @PROFBUF_UNWIND_ABSENT: memory that is not there
 * @PROFBUF_UNWIND_ZERO: a frame pointer of 0
 * @PROFBUF_UNWIND_STRAY: where no caller's frame is
 */
enum profbuf_unwind_step {
	PROFBUF_UNWIND_STEPPED,
	PROFBUF_UNWIND_ENDED,
	PROFBUF_UNWIND_UNTOLD,
	PROFBUF_UNWIND_UNKNOWABLE,
	PROFBUF_UNWIND_LOST,
	PROFBUF_UNWIND_ABSENT,
	PROFBUF_UNWIND_ZERO,
	PROFBUF_UNWIND_STRAY,
};

/**
 * struct profbuf_unwind_frame - a frame of user code, and what is known of the walk so far
 * @ip: where it is, or where its callee returns to
 * @sp: its stack pointer
 * @bp: its rbp
 * @regs: all registers, if the walk began with it; else NULL
 * @mcontext: where in user memory all registers are, if a signal has interrupted it; else 0
 * @lowest: the lowest stack pointer so far: above it, up to the present one, all were there already
 * @switches: how many times a caller may yet lie below
 * @bp_lost: what its rbp was is not known
 * @by_frame_pointer: it was found by a frame pointer
 */
struct profbuf_unwind_frame {
	u64 ip;
	u64 sp;
	u64 bp;
	const struct pt_regs *regs;
	u64 mcontext;
	u64 lowest;
	u32 switches;
	bool bp_lost;
	bool by_frame_pointer;
};

/**
 * profbuf_unwind_begin - begin a walk
 * @frame: the frame that was interrupted
 * @regs: its registers
 * @ip: its instruction pointer
 * @sp: its stack pointer
 * @bp: its rbp
 * @switches: how many times a caller may lie below
 */
static __always_inline void profbuf_unwind_begin(struct profbuf_unwind_frame *frame,
						 const struct pt_regs *regs, u64 ip, u64 sp,
						 u64 bp, u32 switches)
{
	frame->ip = ip;
	frame->sp = sp;
	frame->bp = bp;
	frame->regs = regs;
	frame->mcontext = 0;
	frame->lowest = sp;
	frame->switches = switches;
	frame->bp_lost = false;
	frame->by_frame_pointer = false;
}

/**
 * profbuf_unwind_code - where the instruction of a frame is
 * @frame: the frame
 *
 * A call may be the last instruction of a function, and of a file.
 *
 * Return: the address of it, or one in the middle of it.
 */
static __always_inline u64 profbuf_unwind_code(const struct profbuf_unwind_frame *frame)
{
	return frame->regs || frame->mcontext ? frame->ip : frame->ip - 1;
}

/* Reads a register. Of callers' frames they are not known. */
static __always_inline enum profbuf_unwind_step
profbuf_unwind_register(const struct profbuf_unwind_frame *frame, u32 number, u64 *value)
{
	if (frame->regs) {
		*value = ((const unsigned long *)frame->regs)[profbuf_unwind_in_regs[number]];
		return PROFBUF_UNWIND_STEPPED;
	}
	if (!frame->mcontext)
		return PROFBUF_UNWIND_LOST;
	return profbuf_unwind_get(value, frame->mcontext + 8 * profbuf_unwind_in_mcontext[number]) ?
	       PROFBUF_UNWIND_STEPPED : PROFBUF_UNWIND_ABSENT;
}

/* May the caller's stack pointer be that? Only on other stacks it may be below. */
static __always_inline bool profbuf_unwind_moves(struct profbuf_unwind_frame *frame, u64 sp,
						 bool switches)
{
	if (likely(sp > frame->sp))
		return true;
	if (!switches || !frame->switches)
		return false;
	frame->switches--;
	if (sp < frame->lowest)
		frame->lowest = sp;
	return true;
}

/**
 * profbuf_unwind_to - go to the caller that a frame pointer tells of
 * @frame: the frame; its caller's afterwards
 * @ip: of the caller
 * @sp: of the caller
 * @bp: of the caller
 *
 * Return: PROFBUF_UNWIND_STEPPED, or PROFBUF_UNWIND_STRAY.
 */
static __always_inline enum profbuf_unwind_step
profbuf_unwind_to(struct profbuf_unwind_frame *frame, u64 ip, u64 sp, u64 bp)
{
	if (!profbuf_unwind_moves(frame, sp, true))
		return PROFBUF_UNWIND_STRAY;

	frame->ip = ip;
	frame->sp = sp;
	frame->bp = bp;
	frame->regs = NULL;
	frame->mcontext = 0;
	frame->by_frame_pointer = true;
	return PROFBUF_UNWIND_STEPPED;
}

/* What lies at a frame pointer. */
static __always_inline enum profbuf_unwind_step
profbuf_unwind_follow(struct profbuf_unwind_frame *frame)
{
	u64 ip, bp;

	if (frame->bp_lost)
		return PROFBUF_UNWIND_LOST;
	if (!profbuf_unwind_get(&bp, frame->bp) ||
	    !profbuf_unwind_get(&ip, frame->bp + sizeof(u64)))
		return PROFBUF_UNWIND_ABSENT;
	return profbuf_unwind_to(frame, ip, frame->bp + 2 * sizeof(u64), bp);
}

/**
 * profbuf_unwind_judge - may what is in rbp be a frame pointer?
 * @frame: the frame
 * @align: of what frame pointers point to
 *
 * Anything may be in that register. If no frame pointer has led here, it must point into the stack.
 * Else it may lead down as well, to another stack; but what is close there are frames that were
 * left long ago.
 *
 * Return: PROFBUF_UNWIND_STEPPED if it may, or why not.
 */
static __always_inline enum profbuf_unwind_step
profbuf_unwind_judge(const struct profbuf_unwind_frame *frame, u32 align)
{
	u64 bp = frame->bp;

	if (frame->bp_lost)
		return PROFBUF_UNWIND_LOST;
	if (!bp)
		return PROFBUF_UNWIND_ZERO;
	if (bp & (align - 1))
		return PROFBUF_UNWIND_STRAY;
	if (!frame->by_frame_pointer)
		return bp - frame->sp < PROFBUF_UNWIND_STACK_MAX ? PROFBUF_UNWIND_STEPPED :
								   PROFBUF_UNWIND_STRAY;
	if (bp >= frame->sp)
		return PROFBUF_UNWIND_STEPPED;
	return bp < frame->lowest && frame->lowest - bp >= PROFBUF_UNWIND_STACK_APART ?
	       PROFBUF_UNWIND_STEPPED : PROFBUF_UNWIND_STRAY;
}

/**
 * profbuf_unwind_by_frame_pointer - make a step where no table tells of the code
 * @frame: the frame; its caller's afterwards
 *
 * Context: any in which profbuf_unwind_get() may be used.
 * Return: PROFBUF_UNWIND_STEPPED, or why not: LOST, ABSENT, ZERO or STRAY.
 */
static __always_inline enum profbuf_unwind_step
profbuf_unwind_by_frame_pointer(struct profbuf_unwind_frame *frame)
{
	enum profbuf_unwind_step step = profbuf_unwind_judge(frame, sizeof(u64));

	return step == PROFBUF_UNWIND_STEPPED ? profbuf_unwind_follow(frame) : step;
}

/* To the frame that a signal has interrupted. */
static __always_inline enum profbuf_unwind_step
profbuf_unwind_signal(struct profbuf_unwind_frame *frame, s32 offset)
{
	u64 mcontext = frame->sp + offset + PROFBUF_UNWIND_MCONTEXT;
	u64 ip, sp, bp;

	if (!profbuf_unwind_get(&ip, mcontext + PROFBUF_UNWIND_MCONTEXT_IP) ||
	    !profbuf_unwind_get(&sp, mcontext + PROFBUF_UNWIND_MCONTEXT_SP) ||
	    !profbuf_unwind_get(&bp, mcontext + PROFBUF_UNWIND_MCONTEXT_BP))
		return PROFBUF_UNWIND_ABSENT;
	if (!profbuf_unwind_moves(frame, sp, true))
		return PROFBUF_UNWIND_STRAY;

	frame->ip = ip;
	frame->sp = sp;
	frame->bp = bp;
	frame->regs = NULL;
	frame->mcontext = mcontext;
	frame->bp_lost = false;
	frame->by_frame_pointer = false;
	return PROFBUF_UNWIND_STEPPED;
}

/* Where the caller's stack pointer is. @switches: it may lie below. */
static __always_inline enum profbuf_unwind_step
profbuf_unwind_cfa(const struct profbuf_unwind_frame *frame,
		   const struct profbuf_unwind_rule *rule, u64 *cfa, bool *switches)
{
	enum profbuf_unwind_step step;
	u64 address = frame->sp;

	*switches = false;
	/* Nearly all, in the order of how many there are. */
	if (likely(rule->cfa == PROFBUF_UNWIND_SP)) {
		*cfa = frame->sp + rule->offset;
		return PROFBUF_UNWIND_STEPPED;
	}
	if (rule->cfa == PROFBUF_UNWIND_BP) {
		*cfa = frame->bp + rule->offset;
		return frame->bp_lost ? PROFBUF_UNWIND_LOST : PROFBUF_UNWIND_STEPPED;
	}

	switch (rule->cfa) {
	case PROFBUF_UNWIND_NONE:
		return PROFBUF_UNWIND_UNTOLD;
	case PROFBUF_UNWIND_ROOT:
		return PROFBUF_UNWIND_ENDED;
	case PROFBUF_UNWIND_REGISTER:
		step = profbuf_unwind_register(frame, rule->number, cfa);
		if (step == PROFBUF_UNWIND_STEPPED)
			*cfa += rule->offset;
		return step;
	case PROFBUF_UNWIND_BP_POINTER:
		if (frame->bp_lost)
			return PROFBUF_UNWIND_LOST;
		address = frame->bp;
		fallthrough;
	case PROFBUF_UNWIND_SP_POINTER:
		*switches = true;
		if (!profbuf_unwind_get(cfa, address + rule->offset))
			return PROFBUF_UNWIND_ABSENT;
		*cfa += rule->addend;
		return PROFBUF_UNWIND_STEPPED;
	case PROFBUF_UNWIND_PLT:
		*cfa = frame->sp + rule->offset;
		if ((profbuf_unwind_code(frame) & 15) >= rule->number)
			*cfa += 8;
		return PROFBUF_UNWIND_STEPPED;
	default:
		return PROFBUF_UNWIND_UNKNOWABLE;
	}
}

/**
 * profbuf_unwind_by_rule - make a step by a rule
 * @frame: the frame; its caller's afterwards
 * @rule: the rule of where its code is; NULL: there is none
 *
 * Context: any in which profbuf_unwind_get() may be used.
 * Return: PROFBUF_UNWIND_STEPPED, or why not: any but ZERO.
 */
static __always_inline enum profbuf_unwind_step
profbuf_unwind_by_rule(struct profbuf_unwind_frame *frame, const struct profbuf_unwind_rule *rule)
{
	enum profbuf_unwind_step step;
	bool switches, bp_lost = frame->bp_lost;
	u64 cfa, ip, bp = frame->bp;

	if (!rule)
		return PROFBUF_UNWIND_UNTOLD;
	if (unlikely(rule->cfa == PROFBUF_UNWIND_SIGNAL))
		return profbuf_unwind_signal(frame, rule->offset);
	if (unlikely(rule->cfa == PROFBUF_UNWIND_FRAME_POINTER))
		return profbuf_unwind_follow(frame);

	step = profbuf_unwind_cfa(frame, rule, &cfa, &switches);
	if (step != PROFBUF_UNWIND_STEPPED)
		return step;

	if (likely(rule->ra == PROFBUF_UNWIND_RA_CFA)) {
		if (!profbuf_unwind_get(&ip, cfa - 8))
			return PROFBUF_UNWIND_ABSENT;
	} else {
		step = profbuf_unwind_register(frame, rule->ra_number, &ip);
		if (step != PROFBUF_UNWIND_STEPPED)
			return step;
	}

	switch (rule->bp) {
	case PROFBUF_UNWIND_BP_CFA:
		if (!profbuf_unwind_get(&bp, cfa + rule->bp_offset))
			return PROFBUF_UNWIND_ABSENT;
		bp_lost = false;
		break;
	case PROFBUF_UNWIND_BP_AT_BP:
		if (bp_lost)
			return PROFBUF_UNWIND_LOST;
		if (!profbuf_unwind_get(&bp, bp + rule->bp_offset))
			return PROFBUF_UNWIND_ABSENT;
		break;
	case PROFBUF_UNWIND_BP_LOST:
		bp_lost = true;
		break;
	}

	/* A return address that is in a register may have been all there was on the stack. */
	if (!(cfa == frame->sp && rule->ra == PROFBUF_UNWIND_RA_REGISTER) &&
	    !profbuf_unwind_moves(frame, cfa, switches))
		return PROFBUF_UNWIND_STRAY;

	frame->ip = ip;
	frame->sp = cfa;
	frame->bp = bp;
	frame->regs = NULL;
	frame->mcontext = 0;
	frame->bp_lost = bp_lost;
	frame->by_frame_pointer = false;
	return PROFBUF_UNWIND_STEPPED;
}

#endif /* PROFBUF_UNWIND_STEP_H */
