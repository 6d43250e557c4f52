// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <stdlib.h>

#include "rule.h"

#define REGISTERS 16

/* The parts that a way to find the CFA makes use of. */
struct uses {
	bool frame; /* @ra and @bp */
	bool number;
	bool offset;
	bool addend;
};

static const struct uses uses[] = {
	[PROFBUF_UNWIND_NONE] = { 0 },
	[PROFBUF_UNWIND_ROOT] = { 0 },
	[PROFBUF_UNWIND_UNKNOWN] = { 0 },
	[PROFBUF_UNWIND_SP] = { .frame = true, .offset = true },
	[PROFBUF_UNWIND_BP] = { .frame = true, .offset = true },
	[PROFBUF_UNWIND_REGISTER] = { .frame = true, .offset = true, .number = true },
	[PROFBUF_UNWIND_SP_POINTER] = { .frame = true, .offset = true, .addend = true },
	[PROFBUF_UNWIND_BP_POINTER] = { .frame = true, .offset = true, .addend = true },
	[PROFBUF_UNWIND_PLT] = { .frame = true, .offset = true, .number = true },
	[PROFBUF_UNWIND_SIGNAL] = { .offset = true },
	[PROFBUF_UNWIND_FRAME_POINTER] = { 0 },
};

static bool is_valid_ra(const struct profbuf_unwind_rule *rule)
{
	switch (rule->ra) {
	case PROFBUF_UNWIND_RA_CFA:
		return !rule->ra_number;
	case PROFBUF_UNWIND_RA_REGISTER:
		return rule->ra_number < REGISTERS;
	default:
		return false;
	}
}

static bool is_valid_bp(const struct profbuf_unwind_rule *rule)
{
	switch (rule->bp) {
	case PROFBUF_UNWIND_BP_SAME:
	case PROFBUF_UNWIND_BP_LOST:
		return !rule->bp_offset;
	case PROFBUF_UNWIND_BP_CFA:
	case PROFBUF_UNWIND_BP_AT_BP:
		return true;
	default:
		return false;
	}
}

bool unwind_rule__is_valid(const struct profbuf_unwind_rule *rule)
{
	const struct uses *used;

	if (rule->cfa >= sizeof(uses) / sizeof(*uses) || rule->padding)
		return false;
	used = &uses[rule->cfa];
	if (rule->number >= (used->number ? REGISTERS : 1) || (rule->offset && !used->offset) ||
	    (rule->addend && !used->addend))
		return false;
	if (!used->frame)
		return !rule->ra && !rule->bp && !rule->bp_offset && !rule->ra_number;
	return is_valid_ra(rule) && is_valid_bp(rule);
}

static const char *register_name(unsigned int number)
{
	/* In the order of DWARF. */
	static const char *const names[REGISTERS] = {
		"ax", "dx", "cx", "bx", "si", "di", "bp", "sp",
		"r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15",
	};

	return number < REGISTERS ? names[number] : "?";
}

struct sum {
	char text[16];
};

/* What comes behind a register; nothing, if that is 0. */
static const char *plus(struct sum *sum, int value)
{
	*sum->text = 0;
	if (value)
		snprintf(sum->text, sizeof(sum->text), " %c %u", value < 0 ? '-' : '+',
			 value < 0 ? -(unsigned int)value : (unsigned int)value);
	return sum->text;
}

static int format_cfa(const struct profbuf_unwind_rule *rule, char *text)
{
	struct sum offset, addend;

	plus(&offset, rule->offset);
	plus(&addend, rule->addend);
	switch (rule->cfa) {
	case PROFBUF_UNWIND_NONE:
		return sprintf(text, "none");
	case PROFBUF_UNWIND_ROOT:
		return sprintf(text, "root");
	case PROFBUF_UNWIND_UNKNOWN:
		return sprintf(text, "unknown");
	case PROFBUF_UNWIND_SP:
		return sprintf(text, "sp%s", offset.text);
	case PROFBUF_UNWIND_BP:
		return sprintf(text, "bp%s", offset.text);
	case PROFBUF_UNWIND_REGISTER:
		return sprintf(text, "%s%s", register_name(rule->number), offset.text);
	case PROFBUF_UNWIND_SP_POINTER:
		return sprintf(text, "[sp%s]%s", offset.text, addend.text);
	case PROFBUF_UNWIND_BP_POINTER:
		return sprintf(text, "[bp%s]%s", offset.text, addend.text);
	case PROFBUF_UNWIND_PLT:
		return sprintf(text, "sp%s, 8 more from byte %u of 16 on", offset.text,
			       rule->number);
	case PROFBUF_UNWIND_SIGNAL:
		return sprintf(text, "signal, ucontext at sp%s", offset.text);
	case PROFBUF_UNWIND_FRAME_POINTER:
		return sprintf(text, "frame pointer");
	default:
		return sprintf(text, "?");
	}
}

void unwind_rule__format(const struct profbuf_unwind_rule *rule, char *text)
{
	struct sum offset;

	text += format_cfa(rule, text);
	if (rule->ra == PROFBUF_UNWIND_RA_REGISTER)
		text += sprintf(text, ", return address in %s", register_name(rule->ra_number));
	plus(&offset, rule->bp_offset);
	switch (rule->bp) {
	case PROFBUF_UNWIND_BP_CFA:
		sprintf(text, ", bp at CFA%s", offset.text);
		break;
	case PROFBUF_UNWIND_BP_AT_BP:
		sprintf(text, ", bp at bp%s", offset.text);
		break;
	case PROFBUF_UNWIND_BP_LOST:
		sprintf(text, ", bp lost");
		break;
	}
}
