/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Many steps at a time, by rules of the usual kinds: in a loop that has all it needs in registers.
 * Where something else is met, the loop ends, and unwind_step.h makes the step, or finds out
 * why there is none.
 *
 * What includes this says how user memory is read, besides what unwind_step.h asks for:
 *
 *	static __always_inline bool profbuf_unwind_below(u64 *address);
 *	static __always_inline bool profbuf_unwind_get_below(u64 *value, u64 address, u32 offset);
 *
 * The first is given any address, and returns whether the PROFBUF_UNWIND_BELOW bytes from there
 * may be read. The second is given what the first let pass, and the offset of a word in there; it
 * returns whether there was one.
 */
#ifndef PROFBUF_UNWIND_RUN_H
#define PROFBUF_UNWIND_RUN_H

#include <linux/bits.h>
#include <linux/compiler.h>
#include <linux/types.h>

#include "unwind.h"
#include "unwind_step.h"
#include "unwind_usual.h"

/**
 * struct profbuf_unwind_code - code of one file, as it is mapped
 * @start: its address
 * @size: its bytes
 * @base: what is subtracted from an address for the position in the file
 * @tag: what is added to an address for its tag
 * @has_table: there is a table of the file
 * @has_tags: there is one, and tags for all of the code
 * @table: the table's parts, if there is one
 * @usual: its rules, ready for use
 */
struct profbuf_unwind_code {
	u64 start;
	u64 size;
	u64 base;
	u64 tag;
	bool has_table;
	bool has_tags;
	struct profbuf_unwind_parts table;
	const struct profbuf_unwind_usual *usual;
};

/* Positions are less than that where there are tags. */
#define PROFBUF_UNWIND_POSITIONS	BIT_ULL(32)

/**
 * profbuf_unwind_code_init - describe code
 * @code: to be filled in
 * @start: first address
 * @end: address after the last one
 * @base: what is subtracted from an address for the position in the file
 * @table: the file's table, checked; NULL: there is none
 * @usual: its rules, ready for use
 * @id: of the table; no other one ever has it
 */
static __always_inline void profbuf_unwind_code_init(struct profbuf_unwind_code *code, u64 start,
						     u64 end, u64 base,
						     const struct profbuf_unwind_table *table,
						     const struct profbuf_unwind_usual *usual,
						     u64 id)
{
	code->start = start;
	code->size = end - start;
	code->base = base;
	code->tag = (id << 32) - base;
	code->has_table = table;
	code->has_tags = table && id < PROFBUF_UNWIND_POSITIONS &&
			 end - base <= PROFBUF_UNWIND_POSITIONS;
	code->usual = usual;
	if (table)
		profbuf_unwind_parts(&code->table, table);
}

static __always_inline bool profbuf_unwind_code_has(const struct profbuf_unwind_code *code,
						    u64 address)
{
	return address - code->start < code->size;
}

/**
 * profbuf_unwind_run - make steps as long as they are of the usual kind
 * @frame: a frame that was recorded; afterwards the one that it has come to
 * @code: where the frame's code is
 * @cache: rules
 * @to: where to record frames; afterwards, where the next one is to be put
 * @end: no more are recorded from there on
 *
 * Context: any in which profbuf_unwind_get_below() may be used.
 * Return: true if the frame that it has come to is not recorded yet, as its code is elsewhere or
 * there was no more room; false if it is, and no step can be made here.
 */
static __always_inline bool
profbuf_unwind_run(struct profbuf_unwind_frame *frame, const struct profbuf_unwind_code *code,
		   struct profbuf_unwind_cache *cache, u64 **to, const u64 *end)
{
	u64 ip = frame->ip, sp = frame->sp, bp = frame->bp;
	u64 address, tag, below, cfa, next, next_bp;
	struct profbuf_unwind_entry *entry;
	const struct profbuf_unwind_row *row;
	u64 *place = *to;
	bool moved = false;

	if (!code->has_tags || frame->bp_lost)
		return false;

	address = profbuf_unwind_code(frame);
	for (;;) {
		tag = address + code->tag;
		entry = &cache->entries[tag % PROFBUF_UNWIND_CACHED];
		if (unlikely(entry->tag != tag)) {
			row = profbuf_unwind_find_row(&code->table, (u32)tag);
			if (!row || code->usual[row->rule].bp == PROFBUF_UNWIND_UNUSUAL)
				break;
			entry->rule = code->usual[row->rule];
			entry->tag = tag;
		}

		below = (entry->rule.from_bp ? bp : sp) + entry->rule.below;
		cfa = below + PROFBUF_UNWIND_BELOW;
		/* Upwards only: other stacks are rare. */
		if (cfa <= sp || !profbuf_unwind_below(&below) ||
		    !profbuf_unwind_get_below(&next, below, PROFBUF_UNWIND_BELOW - sizeof(u64)))
			break;
		next_bp = bp;
		if (entry->rule.bp == PROFBUF_UNWIND_BP_STORED &&
		    !profbuf_unwind_get_below(&next_bp, below, entry->rule.bp_offset))
			break;

		ip = next;
		sp = cfa;
		bp = next_bp;
		address = ip - 1;
		if (place == end || !profbuf_unwind_code_has(code, address)) {
			moved = true;
			break;
		}
		*place++ = ip;
	}

	/* Each step has raised it. */
	if (sp != frame->sp) {
		frame->ip = ip;
		frame->sp = sp;
		frame->bp = bp;
		frame->regs = NULL;
		frame->mcontext = 0;
		frame->by_frame_pointer = false;
	}
	*to = place;
	return moved;
}

#endif /* PROFBUF_UNWIND_RUN_H */
