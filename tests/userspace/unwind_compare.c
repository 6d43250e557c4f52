// SPDX-License-Identifier: GPL-2.0
/*
 * unwind_compare POSITIONS FILE...: do the tables of the files say what elfutils says?
 *
 * At many positions of each file: the first and the last byte of rows, and others. The sums by
 * cause go to standard output at the end, differences to standard error.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <gelf.h>

#include "unwind/compile.h"
#include "unwind/rule.h"
#include "unwind/table.h"

#define BP 6
#define SP 7
#define IP 16

/* Differences of a file that are shown. */
#define SHOWN 5

enum outcome {
	SAME,
	DIFFERENT,
	NOT_IN_ELFUTILS, /* elfutils knows of no frame, we recognised what it is */
	NOT_IN_TABLE,	 /* the other way round */
	PADDING,	 /* it knows of no frame between functions, whose padding costs no row */
	NO_RETURN,	 /* the return address is told nowhere, which is the end for elfutils */
	OUTCOMES
};

static const char *const outcome_names[] = {
	[SAME] = "same", [DIFFERENT] = "different", [NOT_IN_ELFUTILS] = "recognised",
	[NOT_IN_TABLE] = "missing", [PADDING] = "padding", [NO_RETURN] = "no-return",
};

static uint64_t sums[OUTCOMES], files, empty, failed, rows, bytes, source, unknown, cpu_ns;

/**
 * struct file - one that is looked at
 * @path: of it
 * @elf: its handle
 * @cfi: what elfutils has of its .eh_frame
 * @table: ours
 * @shown: differences that were
 */
struct file {
	const char *path;
	Elf *elf;
	Dwarf_CFI *cfi;
	struct profbuf_unwind_table *table;
	unsigned int shown;
};

static bool fits32(int64_t value)
{
	return value == (int32_t)value;
}

/* Every operation names a register and an offset, in one of two ways. */
static bool is_breg(const Dwarf_Op *op, unsigned int *number, int64_t *offset)
{
	if (op->atom >= DW_OP_breg0 && op->atom <= DW_OP_breg31) {
		*number = op->atom - DW_OP_breg0;
		*offset = op->number;
		return true;
	}
	*number = op->number;
	*offset = op->number2;
	return op->atom == DW_OP_bregx;
}

static void set_unknown(struct profbuf_unwind_rule *rule)
{
	*rule = (struct profbuf_unwind_rule){ .cfa = PROFBUF_UNWIND_UNKNOWN };
}

static bool is_plt(const Dwarf_Op *ops, size_t n)
{
	return n == 10 && ops[1].atom == DW_OP_breg16 && ops[2].atom == DW_OP_lit15 &&
	       ops[3].atom == DW_OP_and && ops[4].atom >= DW_OP_lit0 &&
	       ops[4].atom <= DW_OP_lit15 && ops[5].atom == DW_OP_ge &&
	       ops[6].atom == DW_OP_lit3 && ops[7].atom == DW_OP_shl && ops[8].atom == DW_OP_plus;
}

static bool cfa_rule(struct profbuf_unwind_rule *rule, const Dwarf_Op *ops, size_t n,
		     bool signal)
{
	unsigned int number;
	int64_t offset;

	/* What elfutils puts behind an expression that is a value. */
	if (n && ops[n - 1].atom == DW_OP_stack_value)
		n--;
	if (!n || !is_breg(ops, &number, &offset) || !fits32(offset) || number > 15)
		return false;
	rule->offset = offset;
	if (signal) {
		rule->cfa = PROFBUF_UNWIND_SIGNAL;
		rule->offset -= 160;
		return n == 2 && number == SP && ops[1].atom == DW_OP_deref;
	}
	if (n == 1) {
		rule->cfa = number == SP ? PROFBUF_UNWIND_SP :
			    number == BP ? PROFBUF_UNWIND_BP : PROFBUF_UNWIND_REGISTER;
		if (rule->cfa == PROFBUF_UNWIND_REGISTER)
			rule->number = number;
		return true;
	}
	if ((n == 9 || n == 10) && is_plt(ops, 10)) {
		rule->cfa = PROFBUF_UNWIND_PLT;
		rule->number = ops[4].atom - DW_OP_lit0;
		return true;
	}
	if (n > 3 || ops[1].atom != DW_OP_deref || (number != SP && number != BP))
		return false;
	rule->cfa = number == SP ? PROFBUF_UNWIND_SP_POINTER : PROFBUF_UNWIND_BP_POINTER;
	if (n == 3) {
		rule->addend = ops[2].number;
		return ops[2].atom == DW_OP_plus_uconst && fits32(ops[2].number);
	}
	return true;
}

/* Where is it, from the CFA? */
static bool at_cfa(const Dwarf_Op *ops, size_t n, int64_t *offset)
{
	if (!n || n > 2 || ops[0].atom != DW_OP_call_frame_cfa)
		return false;
	*offset = n == 2 ? (int64_t)ops[1].number : 0;
	return n == 1 || ops[1].atom == DW_OP_plus_uconst;
}

static bool ra_rule(struct profbuf_unwind_rule *rule, const Dwarf_Op *ops, size_t n)
{
	int64_t offset;

	if (n == 1 && (ops->atom == DW_OP_regx ||
		       (ops->atom >= DW_OP_reg0 && ops->atom <= DW_OP_reg31))) {
		rule->ra = PROFBUF_UNWIND_RA_REGISTER;
		rule->ra_number = ops->atom == DW_OP_regx ? (uint8_t)ops->number :
				  ops->atom - DW_OP_reg0;
		return rule->ra_number < 16;
	}
	return at_cfa(ops, n, &offset) && offset == -8;
}

static void bp_rule(struct profbuf_unwind_rule *rule, const Dwarf_Op *ops, size_t n)
{
	unsigned int number = 0;
	int64_t offset = 0;
	/* Expressions begin with the CFA on the stack. */
	bool in_memory = n == 2 && ops->atom == DW_OP_call_frame_cfa &&
			 is_breg(ops + 1, &number, &offset);

	rule->bp = PROFBUF_UNWIND_BP_LOST;
	if (!ops) {
		rule->bp = PROFBUF_UNWIND_BP_SAME;
	} else if (at_cfa(ops, n, &offset)) {
		rule->bp = PROFBUF_UNWIND_BP_CFA;
	} else if (in_memory && number == BP) {
		rule->bp = PROFBUF_UNWIND_BP_AT_BP;
	} else if (in_memory && number == SP && rule->cfa == PROFBUF_UNWIND_SP) {
		rule->bp = PROFBUF_UNWIND_BP_CFA;
		offset -= rule->offset;
	}
	if (rule->bp == PROFBUF_UNWIND_BP_CFA || rule->bp == PROFBUF_UNWIND_BP_AT_BP)
		rule->bp_offset = offset;
}

/* What elfutils says of the rsp of the caller: that it is the CFA? */
static bool sp_is_cfa(Dwarf_Frame *frame)
{
	Dwarf_Op memory[3], *ops;
	int64_t offset;
	size_t n;

	if (dwarf_frame_register(frame, SP, memory, &ops, &n))
		return false;
	return n && ops[n - 1].atom == DW_OP_stack_value && at_cfa(ops, n - 1, &offset) && !offset;
}

/* The rule by elfutils. @untold: nothing was said about the return address. false: no frame. */
static bool elfutils_rule(struct file *file, uint64_t address, struct profbuf_unwind_rule *rule,
			  bool *untold)
{
	Dwarf_Op memory[3], *ops, *ra, *bp;
	Dwarf_Frame *frame;
	size_t n, ra_n, bp_n;
	bool signal;

	*untold = false;
	*rule = (struct profbuf_unwind_rule){ 0 };
	if (dwarf_cfi_addrframe(file->cfi, address, &frame))
		return false;
	if (dwarf_frame_info(frame, NULL, NULL, &signal) != IP ||
	    dwarf_frame_cfa(frame, &ops, &n) ||
	    dwarf_frame_register(frame, IP, memory, &ra, &ra_n)) {
		set_unknown(rule);
	} else if (!ra_n) {
		rule->cfa = PROFBUF_UNWIND_ROOT;
		*untold = true;
	} else if (!cfa_rule(rule, ops, n, signal)) {
		set_unknown(rule);
	} else if (!signal) {
		if (!sp_is_cfa(frame) || !ra_rule(rule, ra, ra_n))
			set_unknown(rule);
		else if (dwarf_frame_register(frame, BP, memory, &bp, &bp_n))
			set_unknown(rule);
		else
			bp_rule(rule, bp, bp_n);
	}
	free(frame);
	return true;
}

static enum outcome judge(struct file *file, uint64_t offset, uint64_t address)
{
	static const struct profbuf_unwind_rule none = { .cfa = PROFBUF_UNWIND_NONE };
	const struct profbuf_unwind_rule *ours = unwind_table__find(file->table, offset);
	char our_text[UNWIND_RULE_TEXT], their_text[UNWIND_RULE_TEXT];
	struct profbuf_unwind_rule theirs, behind;
	bool known, untold;

	if (!ours)
		ours = &none;
	if (ours->cfa == PROFBUF_UNWIND_UNKNOWN)
		unknown++;
	known = elfutils_rule(file, address, &theirs, &untold);
	if (known && !memcmp(ours, &theirs, sizeof(theirs)))
		return SAME;
	if (!known && ours->cfa == PROFBUF_UNWIND_NONE)
		return SAME;
	if (untold && ours->cfa == PROFBUF_UNWIND_UNKNOWN)
		return NO_RETURN;
	if (!known) {
		uint64_t i;

		for (i = 1; i < 16; i++)
			if (elfutils_rule(file, address + i, &behind, &untold))
				return PADDING;
		return NOT_IN_ELFUTILS;
	}
	unwind_rule__format(ours, our_text);
	unwind_rule__format(&theirs, their_text);
	if (file->shown++ < SHOWN)
		fprintf(stderr, "%s: %#lx: %s, but elfutils: %s\n", file->path, offset, our_text,
			their_text);
	return ours->cfa == PROFBUF_UNWIND_NONE ? NOT_IN_TABLE : DIFFERENT;
}

static void judge_at(struct file *file, uint64_t offset)
{
	GElf_Phdr header;
	size_t i, n;

	if (elf_getphdrnum(file->elf, &n))
		return;
	for (i = 0; i < n; i++) {
		if (!gelf_getphdr(file->elf, i, &header) || header.p_type != PT_LOAD ||
		    !(header.p_flags & PF_X) || offset < header.p_offset ||
		    offset - header.p_offset >= header.p_filesz)
			continue;
		sums[judge(file, offset, offset - header.p_offset + header.p_vaddr)]++;
		return;
	}
}

static void compare(struct file *file, uint64_t positions)
{
	struct unwind_table_row row = { 0 };
	uint64_t step = file->table->nr_rows * 3ULL / positions + 1, number = 0;

	while (unwind_table__next(file->table, &row)) {
		if (number++ % step)
			continue;
		judge_at(file, row.start);
		judge_at(file, row.end - 1);
		judge_at(file, row.start + random() % (row.end - row.start));
	}
}

static uint64_t cpu_time(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

static bool make_table(struct file *file, int fd)
{
	struct unwind_summary summary;
	uint64_t begun = cpu_time();
	int err = unwind__compile(fd, &file->table, &summary);

	cpu_ns += cpu_time() - begun;
	if (err == -ENODATA || err == -ENOEXEC || err == -EOPNOTSUPP) {
		empty++;
		return false;
	}
	if (!err)
		err = unwind_table__check(file->table, file->table->size);
	if (err || summary.damaged) {
		fprintf(stderr, "%s: %s, %u damaged\n", file->path, strerror(-err),
			summary.damaged);
		failed++;
	}
	if (err)
		return false;
	files++;
	rows += file->table->nr_rows;
	bytes += file->table->size;
	source += summary.source_size;
	return true;
}

static void look_at(const char *path, uint64_t positions)
{
	struct file file = { .path = path };
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || !make_table(&file, dup(fd))) {
		if (fd >= 0)
			close(fd);
		return;
	}
	file.elf = elf_begin(fd, ELF_C_READ_MMAP, NULL);
	file.cfi = positions && file.elf ? dwarf_getcfi_elf(file.elf) : NULL;
	if (file.cfi)
		compare(&file, positions);
	dwarf_cfi_end(file.cfi);
	elf_end(file.elf);
	close(fd);
	free(file.table);
}

int main(int argc, char **argv)
{
	uint64_t positions = argc > 1 ? strtoull(argv[1], NULL, 0) : 0;
	int i;

	elf_version(EV_CURRENT);
	for (i = 2; i < argc; i++)
		look_at(argv[i], positions);
	printf("files=%lu empty=%lu failed=%lu rows=%lu bytes=%lu source=%lu cpu_ns=%lu unknown=%lu",
	       files, empty, failed, rows, bytes, source, cpu_ns, unknown);
	for (i = 0; i < OUTCOMES; i++)
		printf(" %s=%lu", outcome_names[i], sums[i]);
	putchar('\n');
	return 0;
}
