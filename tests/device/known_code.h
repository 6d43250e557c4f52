/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Files of code, each with an unwind table made by hand, that run on stacks made by hand: so
 * what walks of these must find is known.
 */
#ifndef PROFBUF_TEST_KNOWN_CODE_H
#define PROFBUF_TEST_KNOWN_CODE_H

#include <stddef.h>
#include <stdint.h>

#include <linux/profbuf_unwind.h>

#define KNOWN_PAGE	4096

/* A file is one page of slots, which have a rule each: the last one the rest of the page. */
#define KNOWN_SLOT	64
#define KNOWN_SLOTS	8

/* Where the code runs, besides the beginning of a slot: in another half of what a PLT has. */
#define KNOWN_LATER	11

/* Where nothing else is: the code, and a stack of two pages, the second of which is never there. */
#define KNOWN_CODE	0x200000000ULL
#define KNOWN_STACK	0x300000000ULL
#define KNOWN_WORDS	(KNOWN_PAGE / 8)

/* The address of a word of the stack, and one in a slot. */
#define WORD(n)			(KNOWN_STACK + 8 * (n))
#define SLOT_AT(slot, offset)	(KNOWN_CODE + KNOWN_SLOT * (slot) + (offset))
/* Where a call in the slot returns to. */
#define RETURN(slot)		SLOT_AT(slot, 8)

/* Registers that rules use; rdi has number 5. */
struct known_registers {
	uint64_t ip, sp, bp, di;
};

#define KNOWN_DI	5

/* Functions of known_calls.S, and where in them another frame begins, or a caller goes on. */
extern const char known_outer[], known_outer_made[], known_outer_return[];
extern const char known_middle[], known_middle_made[], known_after_middle[];
extern const char known_spins[], known_spin_here[], known_asks[], known_ask_here[];
extern const char known_handler[], known_restorer[], known_calls_end[];

int known_file(void);
void known_map(int file, uint64_t place);
uint64_t *known_stack(void);
void known_run(const struct known_registers *registers, uint64_t turns);
pid_t known_spin(const struct known_registers *registers);

struct profbuf_unwind_table *known_table(const struct profbuf_unwind_rule *rules, size_t nr_rules);
int table_load(int fd, int file, const struct profbuf_unwind_table *table);
int table_ask(int fd, int file);

#endif /* PROFBUF_TEST_KNOWN_CODE_H */
