// SPDX-License-Identifier: GPL-2.0
/*
 * Files of code, their unwind tables, and the stacks that they run on.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "device.h"
#include "harness.h"
#include "known_code.h"
#include "make_table.h"

/*
 * A file of its own, whose slots have, at their beginning and later on, code that runs for as many
 * turns as rcx says, in a single instruction, and then goes to where r11 says.
 */
int known_file(void)
{
	static const uint8_t code[] = {
		0xe2, 0xfe,			/* 1: loop 1b */
		0x41, 0xff, 0xe3,		/* jmp *%r11 */
	};
	uint8_t page[KNOWN_PAGE];
	int file = memfd_create("known_code", MFD_CLOEXEC);
	int slot;

	ASSERT_GE(file, 0);
	memset(page, 0xcc, sizeof(page));
	for (slot = 0; slot < KNOWN_SLOTS; slot++) {
		memcpy(page + slot * KNOWN_SLOT, code, sizeof(code));
		memcpy(page + slot * KNOWN_SLOT + KNOWN_LATER, code, sizeof(code));
	}
	ASSERT_EQ(write(file, page, sizeof(page)), sizeof(page));
	return file;
}

/* In place of what is there. */
void known_map(int file, uint64_t place)
{
	void *address = (void *)place;

	ASSERT_EQ(mmap(address, KNOWN_PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_FIXED,
		       file, 0), address);
}

/* Returns its words. What comes after them is not present: nobody touches it. */
uint64_t *known_stack(void)
{
	void *stack = (void *)KNOWN_STACK;

	ASSERT_EQ(mmap(stack, 2 * KNOWN_PAGE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0), stack);
	memset(stack, 0, KNOWN_PAGE);
	return stack;
}

/* Runs code of a slot. Nothing is written to the stack that it has meanwhile. */
void known_run(const struct known_registers *registers, uint64_t turns)
{
	register uint64_t ip __asm__("rax") = registers->ip;
	register uint64_t sp __asm__("rsi") = registers->sp;
	register uint64_t bp __asm__("rdx") = registers->bp;
	uint64_t di = registers->di;

	__asm__ __volatile__("mov %%rsp, %%r12\n\t"
			     "mov %%rbp, %%r13\n\t"
			     "lea 1f(%%rip), %%r11\n\t"
			     "mov %2, %%rbp\n\t"
			     "mov %3, %%rsp\n\t"
			     "jmp *%4\n"
			     "1:\tmov %%r12, %%rsp\n\t"
			     "mov %%r13, %%rbp"
			     : "+c"(turns), "+D"(di)
			     : "r"(bp), "r"(sp), "r"(ip)
			     : "r11", "r12", "r13", "cc", "memory");
}

/* A process that does that until it is killed. */
pid_t known_spin(const struct known_registers *registers)
{
	pid_t pid = fork();

	ASSERT_GE(pid, 0);
	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	known_run(registers, UINT64_MAX);
	_Exit(1);
}

/* The n-th rule is that of the n-th slot. */
struct profbuf_unwind_table *known_table(const struct profbuf_unwind_rule *rules, size_t nr_rules)
{
	struct make_row rows[KNOWN_SLOTS];
	size_t i;

	ASSERT_LE(nr_rules, KNOWN_SLOTS);
	for (i = 0; i < nr_rules; i++)
		rows[i] = (struct make_row){ i * KNOWN_SLOT, i };
	return make_table(0, KNOWN_PAGE, PROFBUF_UNWIND_BLOCK_SHIFT_MIN, rules, nr_rules, rows,
			  nr_rules);
}

/* As the ioctl does, returns 0, or -1 with errno. */
int table_load(int fd, int file, const struct profbuf_unwind_table *table)
{
	struct profbuf_unwind_load load = {
		.size = sizeof(load),
		.table = (uintptr_t)table,
		.table_size = table->size,
		.fd = file,
	};

	return ioctl(fd, PROFBUF_IOC_LOAD_UNWIND, &load);
}

/* Is there one? Returns an errno: EEXIST or ENOENT. */
int table_ask(int fd, int file)
{
	struct profbuf_unwind_load load = { .size = sizeof(load), .fd = file };

	ASSERT_EQ(ioctl(fd, PROFBUF_IOC_LOAD_UNWIND, &load), -1);
	return errno;
}
