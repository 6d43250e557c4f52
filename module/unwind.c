// SPDX-License-Identifier: GPL-2.0
/*
 * What an unwind table must be to be used, and what is made of it then. Whoever makes one may be
 * hostile: a table that has passed leads to no read outside of it, whatever position is looked up.
 * Whether it is true is not known, and no walk depends on that.
 */
#include <linux/build_bug.h>
#include <linux/errno.h>
#include <linux/limits.h>
#include <linux/ptrace.h>
#include <linux/sched.h>
#include <linux/stddef.h>
#include <asm/sigcontext.h>

#include "unwind.h"
#include "unwind_usual.h"

#define IN_REGS(member)		(offsetof(struct pt_regs, member) / sizeof(u64))
#define IN_MCONTEXT(member)	(offsetof(struct sigcontext_64, member) / sizeof(u64))

const u8 profbuf_unwind_in_regs[PROFBUF_UNWIND_REGISTERS] = {
	IN_REGS(ax), IN_REGS(dx), IN_REGS(cx), IN_REGS(bx),
	IN_REGS(si), IN_REGS(di), IN_REGS(bp), IN_REGS(sp),
	IN_REGS(r8), IN_REGS(r9), IN_REGS(r10), IN_REGS(r11),
	IN_REGS(r12), IN_REGS(r13), IN_REGS(r14), IN_REGS(r15),
};

const u8 profbuf_unwind_in_mcontext[PROFBUF_UNWIND_REGISTERS] = {
	IN_MCONTEXT(ax), IN_MCONTEXT(dx), IN_MCONTEXT(cx), IN_MCONTEXT(bx),
	IN_MCONTEXT(si), IN_MCONTEXT(di), IN_MCONTEXT(bp), IN_MCONTEXT(sp),
	IN_MCONTEXT(r8), IN_MCONTEXT(r9), IN_MCONTEXT(r10), IN_MCONTEXT(r11),
	IN_MCONTEXT(r12), IN_MCONTEXT(r13), IN_MCONTEXT(r14), IN_MCONTEXT(r15),
};

static_assert(offsetof(struct sigcontext_64, bp) == PROFBUF_UNWIND_MCONTEXT_BP);
static_assert(offsetof(struct sigcontext_64, sp) == PROFBUF_UNWIND_MCONTEXT_SP);
static_assert(offsetof(struct sigcontext_64, ip) == PROFBUF_UNWIND_MCONTEXT_IP);

/* Numbers of rules fit into rows. */
#define UNWIND_RULES_MAX	65536

static bool unwind_header_is_right(const struct profbuf_unwind_table *table, size_t size)
{
	u64 blocks;

	if (table->magic != PROFBUF_UNWIND_MAGIC || table->header_size != sizeof(*table))
		return false;
	if (table->block_shift < PROFBUF_UNWIND_BLOCK_SHIFT_MIN ||
	    table->block_shift > PROFBUF_UNWIND_BLOCK_SHIFT_MAX)
		return false;
	if (table->start >= table->end || table->nr_rules > UNWIND_RULES_MAX)
		return false;

	blocks = ((table->end - table->start - 1) >> table->block_shift) + 1;
	/* The counts have 32 bits each: this does not overflow. */
	return table->nr_blocks == blocks && table->size == size &&
	       size == sizeof(*table) +
		       (u64)table->nr_rules * sizeof(struct profbuf_unwind_rule) +
		       (blocks + 1) * sizeof(u32) +
		       (u64)table->nr_rows * sizeof(struct profbuf_unwind_row);
}

/* Are they of those that there are, and is all 0 that is not used? */
static bool unwind_rule_is_right(const struct profbuf_unwind_rule *rule)
{
	bool number = false, offset = true, addend = false, caller = true;

	switch (rule->cfa) {
	case PROFBUF_UNWIND_NONE:
	case PROFBUF_UNWIND_ROOT:
	case PROFBUF_UNWIND_UNKNOWN:
	case PROFBUF_UNWIND_FRAME_POINTER:
		offset = false;
		caller = false;
		break;
	case PROFBUF_UNWIND_SP:
	case PROFBUF_UNWIND_BP:
		break;
	case PROFBUF_UNWIND_REGISTER:
	case PROFBUF_UNWIND_PLT:
		number = true;
		break;
	case PROFBUF_UNWIND_SP_POINTER:
	case PROFBUF_UNWIND_BP_POINTER:
		addend = true;
		break;
	case PROFBUF_UNWIND_SIGNAL:
		caller = false;
		break;
	default:
		return false;
	}
	if (rule->number > (number ? PROFBUF_UNWIND_REGISTERS - 1 : 0) ||
	    (rule->offset && !offset) || (rule->addend && !addend) || rule->padding)
		return false;
	if (!caller)
		return !rule->ra && !rule->bp && !rule->bp_offset && !rule->ra_number;

	if (rule->ra > PROFBUF_UNWIND_RA_REGISTER || rule->bp > PROFBUF_UNWIND_BP_LOST)
		return false;
	if (rule->ra_number >
	    (rule->ra == PROFBUF_UNWIND_RA_REGISTER ? PROFBUF_UNWIND_REGISTERS - 1 : 0))
		return false;
	return !rule->bp_offset || rule->bp == PROFBUF_UNWIND_BP_CFA ||
	       rule->bp == PROFBUF_UNWIND_BP_AT_BP;
}

/* The rows of a block: in order, inside of it, and of rules that there are. */
static bool unwind_rows_are_right(const struct profbuf_unwind_table *table, u32 first, u32 end)
{
	const struct profbuf_unwind_row *rows = profbuf_unwind_rows(table);
	s32 position = -1;
	u32 i;

	for (i = first; i < end; i++) {
		if (rows[i].position <= position || rows[i].position >> table->block_shift ||
		    rows[i].rule >= table->nr_rules)
			return false;
		position = rows[i].position;
	}
	return true;
}

/**
 * profbuf_unwind_check - may a table be used?
 * @table: the table, in memory that nobody else can write to, aligned to 8 bytes
 * @size: of that
 *
 * Context: process; takes some milliseconds for a million rows.
 * Return: 0, or -EINVAL.
 */
int profbuf_unwind_check(const void *table, size_t size)
{
	const struct profbuf_unwind_table *header = table;
	const struct profbuf_unwind_rule *rules;
	const u32 *index;
	u32 i;

	if (size < sizeof(*header) || !unwind_header_is_right(header, size))
		return -EINVAL;

	rules = profbuf_unwind_rules(header);
	for (i = 0; i < header->nr_rules; i++) {
		if (!unwind_rule_is_right(&rules[i]))
			return -EINVAL;
	}

	index = profbuf_unwind_index(header);
	if (index[0] != 0 || index[header->nr_blocks] != header->nr_rows)
		return -EINVAL;
	for (i = 0; i < header->nr_blocks; i++) {
		if (index[i + 1] < index[i] || index[i + 1] > header->nr_rows ||
		    !unwind_rows_are_right(header, index[i], index[i + 1]))
			return -EINVAL;
		cond_resched();
	}
	return 0;
}

static struct profbuf_unwind_usual unwind_usual(const struct profbuf_unwind_rule *rule)
{
	struct profbuf_unwind_usual usual = { .bp = PROFBUF_UNWIND_UNUSUAL };

	if ((rule->cfa != PROFBUF_UNWIND_SP && rule->cfa != PROFBUF_UNWIND_BP) ||
	    rule->ra != PROFBUF_UNWIND_RA_CFA ||
	    rule->offset < S32_MIN + PROFBUF_UNWIND_BELOW)
		return usual;
	if (rule->bp == PROFBUF_UNWIND_BP_SAME) {
		usual.bp = PROFBUF_UNWIND_BP_KEPT;
	} else if (rule->bp == PROFBUF_UNWIND_BP_CFA && rule->bp_offset <= -(s32)sizeof(u64) &&
		   rule->bp_offset >= -PROFBUF_UNWIND_BELOW) {
		usual.bp = PROFBUF_UNWIND_BP_STORED;
		usual.bp_offset = PROFBUF_UNWIND_BELOW + rule->bp_offset;
	}
	usual.below = rule->offset - PROFBUF_UNWIND_BELOW;
	usual.from_bp = rule->cfa == PROFBUF_UNWIND_BP;
	return usual;
}

/**
 * profbuf_unwind_prepare - make the rules of a table ready for use
 * @table: a table that profbuf_unwind_check() has found right
 * @usual: where to put them; as many as the table has
 *
 * Context: any.
 */
void profbuf_unwind_prepare(const struct profbuf_unwind_table *table,
			    struct profbuf_unwind_usual *usual)
{
	const struct profbuf_unwind_rule *rules = profbuf_unwind_rules(table);
	u32 i;

	for (i = 0; i < table->nr_rules; i++)
		usual[i] = unwind_usual(&rules[i]);
}
