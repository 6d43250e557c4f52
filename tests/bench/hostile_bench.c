// SPDX-License-Identifier: GPL-2.0
/*
 * hostile_bench	the longest interrupt that a process can cause by its stack and by
 *			the unwind tables of its files
 * hostile_bench MOST	fail if it takes more instructions than that
 *
 * As many frames as may be asked for, each in another mapping than the one before, of as many as a
 * process may have nearly; rules that are none of the usual ones, so that they are kept nowhere and
 * looked up twice, in the largest blocks there can be; and read most memory. Where the time
 * stamp counter counts instructions, the figures are exact.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/profbuf.h>
#include <linux/profbuf_unwind.h>

#include "count.h"
#include "make_table.h"

#define PAGE		4096ULL
#define DEPTH		PROFBUF_STACK_MAX
#define PERIOD_NS	2000000
#define GAPS		64

/* The mappings, and the files that they are of in turn: nothing of two is merged. */
#define MAPPINGS	60000
#define FILES		16
#define CODE		0x200000000ULL
#define CODE_AT(i)	(CODE + 2 * PAGE * (i))

/* A block of the largest size, with a row for each byte. */
#define ROWS		(1 << PROFBUF_UNWIND_BLOCK_SHIFT_MAX)

/* Frames of three words: where the caller's is, its return address, and one that is not used. */
#define STACK		0x100000000ULL
#define STACK_SIZE	((DEPTH + 1) * 24)
/* A word that is its own address is what rbp points to all the way. */
#define RBP		(STACK + STACK_SIZE)

/* Code that is copied to wherever it is to run. */
extern const char gaps_begin[], gaps_end[];

/*
 * gaps_begin: what passes between two looks at the counter, from rdi up to rsi, where it is more
 * than 100; then it goes to where r11 says.
 */
__asm__("	.section .rodata\n"
	"gaps_begin:\n"
	"	rdtsc\n"
	"	shl $32, %rdx\n"
	"	or %rdx, %rax\n"
	"	mov %rax, %r8\n"
	"1:	rdtsc\n"
	"	shl $32, %rdx\n"
	"	or %rdx, %rax\n"
	"	mov %rax, %rcx\n"
	"	sub %r8, %rcx\n"
	"	mov %rax, %r8\n"
	"	cmp $100, %rcx\n"
	"	jbe 1b\n"
	"	mov %rcx, (%rdi)\n"
	"	add $8, %rdi\n"
	"	cmp %rsi, %rdi\n"
	"	jb 1b\n"
	"	jmp *%r11\n"
	"gaps_end:\n"
	"	.text\n");

static void set_parameter(const char *name, const char *value)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "/sys/module/profbuf/parameters/%s", name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, value, strlen(value)) != (ssize_t)strlen(value))
		die(path);
	close(fd);
}

static void map_code(int *files)
{
	static char page[PAGE];
	int i;

	memcpy(page, gaps_begin, gaps_end - gaps_begin);
	for (i = 0; i < FILES; i++) {
		files[i] = memfd_create("code", MFD_CLOEXEC);
		if (files[i] < 0 || write(files[i], page, sizeof(page)) != sizeof(page))
			die("memfd");
	}
	for (i = 0; i < MAPPINGS; i++) {
		if (mmap((void *)CODE_AT(i), PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_FIXED,
			 files[i % FILES], 0) == MAP_FAILED)
			die("mapping of code");
	}
}

/* Each caller is in another mapping, all over the code. */
static void make_stack(void)
{
	uint64_t *stack = mmap((void *)STACK, STACK_SIZE + PAGE, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	uint64_t i;

	if (stack == MAP_FAILED)
		die("stack");
	for (i = 0; i <= DEPTH; i++) {
		stack[3 * i] = STACK + 24 * (i + 1);
		stack[3 * i + 2] = CODE_AT(i * 7919 % MAPPINGS) + i % PAGE + 1;
	}
	*(uint64_t *)RBP = RBP;
}

static void load_tables(int session, const int *files)
{
	const struct profbuf_unwind_rule rule = {
		.cfa = PROFBUF_UNWIND_SP_POINTER,
		.bp = PROFBUF_UNWIND_BP_AT_BP,
	};
	struct make_row *rows = calloc(ROWS, sizeof(*rows));
	struct profbuf_unwind_load load = { .size = sizeof(load) };
	struct profbuf_unwind_table *table;
	int i;

	if (!rows)
		die("rows");
	for (i = 0; i < ROWS; i++)
		rows[i].position = i;
	table = make_table(0, ROWS, PROFBUF_UNWIND_BLOCK_SHIFT_MAX, &rule, 1, rows, ROWS);
	load.table = (uintptr_t)table;
	load.table_size = table->size;
	for (i = 0; i < FILES; i++) {
		load.fd = files[i];
		if (ioctl(session, PROFBUF_IOC_LOAD_UNWIND, &load))
			die("the unwind table");
	}
	free(table);
	free(rows);
}

/* Runs on the stack that was made, to which nothing is written. */
static void run(uint64_t *gaps)
{
	register uint64_t ip __asm__("rbx") = CODE;
	register uint64_t sp __asm__("r9") = STACK;
	register uint64_t bp __asm__("r10") = RBP;
	uint64_t *to = gaps, *end = gaps + GAPS;

	__asm__ __volatile__("mov %%rsp, %%r12\n\t"
			     "mov %%rbp, %%r13\n\t"
			     "lea 1f(%%rip), %%r11\n\t"
			     "mov %3, %%rbp\n\t"
			     "mov %2, %%rsp\n\t"
			     "jmp *%4\n"
			     "1:\tmov %%r12, %%rsp\n\t"
			     "mov %%r13, %%rbp"
			     : "+D"(to), "+S"(end)
			     : "r"(sp), "r"(bp), "r"(ip)
			     : "rax", "rcx", "rdx", "r8", "r11", "r12", "r13", "cc", "memory");
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

struct stacks {
	uint64_t longest;		/* instructions of an interrupt */
	uint64_t median;
	uint64_t frames;		/* most that a stack had */
	uint64_t end;			/* where it ended */
};

static void read_stacks(int session, struct stacks *stacks)
{
	static uint64_t buffer[1 << 19];
	const struct profbuf_frame *frame;
	const uint64_t *record, *stop;
	uint64_t frames;
	ssize_t size, at;

	if (ioctl(session, PROFBUF_IOC_STOP, 0))
		die("the end");
	while ((size = read(session, buffer, sizeof(buffer))) > 0) {
		for (at = 0; at < size; at += frame->size) {
			frame = (void *)((char *)buffer + at);
			if (frame->type != PROFBUF_FRAME_SAMPLES)
				continue;
			stop = (uint64_t *)(frame + 1) + frame->words;
			for (record = (uint64_t *)(frame + 1); record < stop; record += *record) {
				frames = *record - PROFBUF_RECORD_FIXED - frame->hdrsize;
				if (frames < stacks->frames)
					continue;
				stacks->frames = frames;
				stacks->end = record[PROFBUF_RECORD_FIXED + 10];
			}
		}
	}
}

static void measure(const int *files, uint32_t flags, struct stacks *stacks)
{
	int session = session_begin(PERIOD_NS, flags, DEPTH);
	uint64_t gaps[GAPS];

	memset(stacks, 0, sizeof(*stacks));
	load_tables(session, files);
	/* At first a worker has to look at what is mapped. */
	run(gaps);
	run(gaps);
	read_stacks(session, stacks);
	close(session);
	qsort(gaps, GAPS, sizeof(*gaps), compare);
	stacks->longest = gaps[GAPS - 1];
	stacks->median = gaps[GAPS / 2];
}

int main(int argc, char **argv)
{
	uint64_t most = argc > 1 ? strtoull(argv[1], NULL, 0) : UINT64_MAX;
	struct stacks none, all, timed;
	int files[FILES];

	map_code(files);
	make_stack();
	set_parameter("cpu_share", "1000");
	set_parameter("walk_ns", "1000000000");
	measure(files, 0, &none);
	measure(files, PROFBUF_USER, &all);
	set_parameter("walk_ns", "100000");
	measure(files, PROFBUF_USER, &timed);

	printf("without a stack:            %7llu\n", (unsigned long long)none.median);
	printf("%llu frames:                %7llu, the longest %llu, %.1f for each frame\n",
	       (unsigned long long)all.frames, (unsigned long long)all.median,
	       (unsigned long long)all.longest, (double)(all.median - none.median) / all.frames);
	printf("walk_ns=100000, %4llu frames: %6llu, the longest %llu\n",
	       (unsigned long long)timed.frames, (unsigned long long)timed.median,
	       (unsigned long long)timed.longest);
	if (all.frames != DEPTH || PROFBUF_END(all.end) != PROFBUF_END_DEPTH) {
		fprintf(stderr, "%s: the stack has not been walked to the most frames\n", argv[0]);
		return 1;
	}
	if (all.longest > most) {
		fprintf(stderr, "%s: it takes more than %llu instructions\n", argv[0],
			(unsigned long long)most);
		return 1;
	}
	return 0;
}
