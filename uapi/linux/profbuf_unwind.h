/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * Unwind tables: how to get from a frame of user code to its caller's.
 *
 * A table is made of one ELF file, in userspace, from whatever the file tells (.eh_frame as a
 * rule), and given to the kernel, which makes the steps of stack walks by it. It does not depend
 * on where the file is mapped: all positions in it are offsets in the file.
 *
 *	struct profbuf_unwind_table	the header
 *	struct profbuf_unwind_rule	@nr_rules of them: each different one only once
 *	__u32				@nr_blocks + 1 of them, the index
 *	struct profbuf_unwind_row	@nr_rows of them, by position
 *
 * The code from @start up to @end is divided into blocks of 1 << @block_shift bytes, the first of
 * which begins at @start. The index has the number of each block's first row, and @nr_rows
 * at its end. A row is true from its position on up to the next row's. What comes before the
 * first row of a block has the last row of an earlier block; what comes before the first
 * row of all, and what is not from @start up to @end, has none.
 *
 * What a table says
 * ~~~~~~~~~~~~~~~~~
 * A frame is an instruction's position and the values of three registers there: ip, sp and bp. Of
 * the interrupted frame, and of one that a signal handler has interrupted, the other registers
 * are known as well. The rule of the position says how to find, in this order,
 *
 *	the frame's CFA, which is what sp was before the call: @cfa
 *	the return address: @ra
 *	what bp was: @bp
 *
 * The caller's frame has the return address as its ip, the CFA as its sp. What calls
 * is before the address that it returns to: the rule of a caller's frame is that of its ip - 1.
 * A frame that a signal has interrupted is not one that calls: its rule is that of its ip.
 */
#ifndef _UAPI_LINUX_PROFBUF_UNWIND_H
#define _UAPI_LINUX_PROFBUF_UNWIND_H

#include <linux/types.h>

#define PROFBUF_UNWIND_MAGIC	0x57554250	/* "PBUW" in a file of little-endian machines */

/**
 * enum profbuf_unwind_cfa - how the CFA is found
 * @PROFBUF_UNWIND_NONE: it cannot be: the file tells nothing of this code. The walk may go on by
 *	frame pointers, where these are checked
 * @PROFBUF_UNWIND_ROOT: there is no caller: a thread or a process begins here
 * @PROFBUF_UNWIND_UNKNOWN: it cannot be: the file tells what no rule can say
 * @PROFBUF_UNWIND_SP: sp + @offset
 * @PROFBUF_UNWIND_BP: bp + @offset
 * @PROFBUF_UNWIND_REGISTER: the register @number + @offset. Of frames whose registers are all known
 * @PROFBUF_UNWIND_SP_POINTER: what lies at sp + @offset, + @addend
 * @PROFBUF_UNWIND_BP_POINTER: what lies at bp + @offset, + @addend
 * @PROFBUF_UNWIND_PLT: sp + @offset, and 8 more where the last four bits of the position are
 *	@number or more
 * @PROFBUF_UNWIND_SIGNAL: none: a signal handler returns here. At sp + @offset is a ucontext, which
 *	has all registers of the frame that was interrupted. @ra and @bp are not used
 * @PROFBUF_UNWIND_FRAME_POINTER: none: code that changes its stack, but keeps a frame pointer: at
 *	bp is the caller's bp, above it the return address. @ra and @bp are not used
 */
enum profbuf_unwind_cfa {
	PROFBUF_UNWIND_NONE		= 0,
	PROFBUF_UNWIND_ROOT		= 1,
	PROFBUF_UNWIND_UNKNOWN		= 2,
	PROFBUF_UNWIND_SP		= 3,
	PROFBUF_UNWIND_BP		= 4,
	PROFBUF_UNWIND_REGISTER		= 5,
	PROFBUF_UNWIND_SP_POINTER	= 6,
	PROFBUF_UNWIND_BP_POINTER	= 7,
	PROFBUF_UNWIND_PLT		= 8,
	PROFBUF_UNWIND_SIGNAL		= 9,
	PROFBUF_UNWIND_FRAME_POINTER	= 10,
};

/**
 * enum profbuf_unwind_ra - where the return address is
 * @PROFBUF_UNWIND_RA_CFA: at the CFA - 8
 * @PROFBUF_UNWIND_RA_REGISTER: in the register @ra_number. Of frames whose registers are all known
 */
enum profbuf_unwind_ra {
	PROFBUF_UNWIND_RA_CFA		= 0,
	PROFBUF_UNWIND_RA_REGISTER	= 1,
};

/**
 * enum profbuf_unwind_bp - what bp was in the caller
 * @PROFBUF_UNWIND_BP_SAME: what it is
 * @PROFBUF_UNWIND_BP_CFA: what lies at the CFA + @bp_offset
 * @PROFBUF_UNWIND_BP_AT_BP: what lies at bp + @bp_offset
 * @PROFBUF_UNWIND_BP_LOST: not known: no rule of a caller may use it
 */
enum profbuf_unwind_bp {
	PROFBUF_UNWIND_BP_SAME		= 0,
	PROFBUF_UNWIND_BP_CFA		= 1,
	PROFBUF_UNWIND_BP_AT_BP		= 2,
	PROFBUF_UNWIND_BP_LOST		= 3,
};

/**
 * struct profbuf_unwind_rule - one way to find a caller
 * @cfa: enum profbuf_unwind_cfa
 * @ra: enum profbuf_unwind_ra
 * @bp: enum profbuf_unwind_bp
 * @number: see @cfa; registers have the numbers of DWARF, 0 to 15
 * @offset: see @cfa
 * @addend: see @cfa
 * @bp_offset: see @bp
 * @ra_number: see @ra
 * @padding: 0
 *
 * What is not used is 0.
 */
struct profbuf_unwind_rule {
	__u8 cfa;
	__u8 ra;
	__u8 bp;
	__u8 number;
	__s32 offset;
	__s32 addend;
	__s16 bp_offset;
	__u8 ra_number;
	__u8 padding;
};

/**
 * struct profbuf_unwind_row - from where on a rule holds
 * @position: in its block, in bytes
 * @rule: number of the rule
 */
struct profbuf_unwind_row {
	__u16 position;
	__u16 rule;
};

#define PROFBUF_UNWIND_BLOCK_SHIFT_MIN	6
#define PROFBUF_UNWIND_BLOCK_SHIFT_MAX	16

/**
 * struct profbuf_unwind_table - header of a table
 * @magic: PROFBUF_UNWIND_MAGIC
 * @header_size: of this; the rules begin there
 * @size: of the table with all it has, in bytes
 * @start: offset in the file of the code that it is about
 * @end: offset of what comes after that
 * @nr_rows: how many rows
 * @nr_blocks: how many blocks; as many as it takes up to @end
 * @nr_rules: how many rules, 65536 at most
 * @block_shift: blocks have 1 << this bytes; from PROFBUF_UNWIND_BLOCK_SHIFT_MIN up to
 *	PROFBUF_UNWIND_BLOCK_SHIFT_MAX
 */
struct profbuf_unwind_table {
	__u32 magic;
	__u32 header_size;
	__aligned_u64 size;
	__aligned_u64 start;
	__aligned_u64 end;
	__u32 nr_rows;
	__u32 nr_blocks;
	__u32 nr_rules;
	__u32 block_shift;
};

#endif /* _UAPI_LINUX_PROFBUF_UNWIND_H */
