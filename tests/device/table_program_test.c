// SPDX-License-Identifier: GPL-2.0
/*
 * Walks by unwind tables through real frames: of functions that call each other, of a signal
 * handler, of system calls, and of what the kernel provides.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <link.h>
#include <signal.h>
#include <sys/auxv.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "device.h"
#include "harness.h"
#include "known_code.h"
#include "make_table.h"

#define FIXED		PROFBUF_RECORD_FIXED
#define WANTED		20

/* Lower than any other stack. */
#define SIGNAL_STACK	0x10000000UL
#define SIGNAL_SIZE	65536

static struct stream stream;

/* What is looked for: a process, where it is, and the callers of that. */
static struct {
	pid_t pid;
	enum profbuf_mode mode;
	const char *const *frames;	/* up to a NULL */
	uint64_t seen;
} wanted;

static void check_frames(void *context, const struct profbuf_frame *frame, const __u64 *record)
{
	uint64_t mode = record[FIXED + 2];
	uint32_t kernel = PROFBUF_MODE_KERNEL_FRAMES(mode), i;
	const __u64 *stack = record + FIXED + frame->hdrsize + kernel;
	uint32_t length = record[0] - FIXED - frame->hdrsize - kernel;

	(void)context;
	if (record[FIXED + 1] >> 32 != (uint64_t)wanted.pid || PROFBUF_MODE(mode) != wanted.mode ||
	    !length || stack[0] != (uintptr_t)wanted.frames[0] ||
	    PROFBUF_END(record[FIXED + 10]) == PROFBUF_END_UNKNOWN)
		return;
	ASSERT_EQ(record[FIXED + 10], PROFBUF_END_ROOT);
	for (i = 0; i < length; i++)
		ASSERT_EQ(stack[i], (uintptr_t)wanted.frames[i]);
	ASSERT_EQ(wanted.frames[length], NULL);
	wanted.seen++;
}

/* Where an address of this program is in its file. */
static int find_offset(struct dl_phdr_info *info, size_t size, void *data)
{
	uint64_t *address = data;
	int i;

	(void)size;
	for (i = 0; i < info->dlpi_phnum; i++) {
		const Elf64_Phdr *part = &info->dlpi_phdr[i];
		uint64_t from = *address - (info->dlpi_addr + part->p_vaddr);

		if (part->p_type == PT_LOAD && from < part->p_filesz) {
			*address = part->p_offset + from;
			return 1;
		}
	}
	return 0;
}

static uint64_t offset_of(const char *code)
{
	uint64_t offset = (uintptr_t)code;

	ASSERT_EQ(dl_iterate_phdr(find_offset, &offset), 1);
	return offset;
}

static const struct profbuf_unwind_rule rules[] = {
	{ .cfa = PROFBUF_UNWIND_SP, .offset = 8 },
	{ .cfa = PROFBUF_UNWIND_SP, .offset = 32 },
	{ .cfa = PROFBUF_UNWIND_ROOT },
	{ .cfa = PROFBUF_UNWIND_SIGNAL },
	{ .cfa = PROFBUF_UNWIND_UNKNOWN },
};

/* The file of this program is of the root file system, which may be a stack of them. */
static void load_program(int fd)
{
	const struct make_row rows[] = {
		{ offset_of(known_outer), 4 },
		{ offset_of(known_outer_made), 2 },
		/* Where a call returns to is another function's. */
		{ offset_of(known_outer_return), 4 },
		{ offset_of(known_middle), 0 },
		{ offset_of(known_middle_made), 1 },
		{ offset_of(known_after_middle), 4 },
		{ offset_of(known_spin_here), 0 },
		{ offset_of(known_asks), 4 },
		{ offset_of(known_ask_here), 0 },
		/* What calls a restorer is before it. */
		{ offset_of(known_restorer) - 1, 3 },
		{ offset_of(known_restorer), 4 },
	};
	struct profbuf_unwind_table *table =
		make_table(offset_of(known_outer), offset_of(known_calls_end), 16, rules,
			   sizeof(rules) / sizeof(rules[0]), rows, sizeof(rows) / sizeof(rows[0]));
	int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

	ASSERT_GE(file, 0);
	ASSERT_EQ(table_load(fd, file, table), 0);
	ASSERT_EQ(close(file), 0);
	free(table);
}

/* glibc would give it a restorer of its own. */
static void handle_signal(void)
{
	const struct {
		const void *handler;
		unsigned long flags;
		const void *restorer;
		unsigned long mask;
	} action = { known_handler, SA_ONSTACK | 0x04000000 /* SA_RESTORER */, known_restorer, 0 };
	const stack_t stack = { .ss_sp = (void *)SIGNAL_STACK, .ss_size = SIGNAL_SIZE };

	ASSERT_EQ(mmap(stack.ss_sp, stack.ss_size, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0), stack.ss_sp);
	ASSERT_EQ(sigaltstack(&stack, NULL), 0);
	ASSERT_EQ(syscall(SYS_rt_sigaction, SIGUSR1, &action, NULL, 8), 0);
}

static void run(const char *function)
{
	((void (*)(const char *))(uintptr_t)known_outer)(function);
}

static void spin(void)
{
	handle_signal();
	run(known_spins);
}

static void ask(void)
{
	run(known_asks);
}

static int program_begin(void)
{
	int fd = device_open(0);

	load_program(fd);
	device_configure(fd, 500000, 0, 0);
	stream.record = check_frames;
	ASSERT_EQ(ioctl(fd, PROFBUF_IOC_START, 0), 0);
	return fd;
}

static void program_check(int fd)
{
	wanted.seen = 0;
	while (wanted.seen < WANTED)
		ASSERT_GT(stream_read(&stream, fd), 0);
}

#define CALLERS	known_after_middle, known_outer_return, NULL

static const char *const spinning[] = { known_spin_here, CALLERS };
static const char *const handling[] = { known_handler, known_restorer, known_spin_here, CALLERS };
static const char *const asking[] = { known_ask_here, CALLERS };

static void program_expect(int fd, enum profbuf_mode mode, const char *const *frames)
{
	wanted.mode = mode;
	wanted.frames = frames;
	program_check(fd);
}

TEST(functions_without_frame_pointers_and_a_signal_handler)
{
	int fd = program_begin();

	wanted.pid = child_start(spin);
	program_expect(fd, PROFBUF_MODE_USER, spinning);
	ASSERT_EQ(kill(wanted.pid, SIGUSR1), 0);
	program_expect(fd, PROFBUF_MODE_USER, handling);
	stream_finish(&stream, fd);
	spin_stop(wanted.pid);
}

TEST(callers_of_system_calls)
{
	int fd = program_begin();

	wanted.pid = child_start(ask);
	program_expect(fd, PROFBUF_MODE_KERNEL, asking);
	stream_finish(&stream, fd);
	spin_stop(wanted.pid);
}

#define VDSO_SIZE	8192

static void ask_time(void)
{
	for (;;)
		now_ns();
}

static void check_vdso(void *context, const struct profbuf_frame *frame, const __u64 *record)
{
	uint32_t kernel = PROFBUF_MODE_KERNEL_FRAMES(record[FIXED + 2]);
	const __u64 *stack = record + FIXED + frame->hdrsize + kernel;

	(void)context;
	if (record[FIXED + 1] >> 32 != (uint64_t)wanted.pid ||
	    record[0] == FIXED + frame->hdrsize + kernel ||
	    stack[0] - getauxval(AT_SYSINFO_EHDR) >= VDSO_SIZE ||
	    PROFBUF_END(record[FIXED + 10]) == PROFBUF_END_UNKNOWN)
		return;
	/* Nothing else says so than the table. */
	ASSERT_EQ(record[FIXED + 10], PROFBUF_END_TABLE);
	wanted.seen++;
}

TEST(code_that_the_kernel_provides_has_a_table)
{
	const struct make_row row = { 0, 4 };
	struct profbuf_unwind_table *table =
		make_table(0, VDSO_SIZE, 16, rules, sizeof(rules) / sizeof(rules[0]), &row, 1);
	struct profbuf_unwind_load load = {
		.size = sizeof(load),
		.flags = PROFBUF_UNWIND_VDSO,
		.table = (uintptr_t)table,
		.table_size = table->size,
		.fd = -1,
	};
	int fd = device_open(0);

	ASSERT_EQ(ioctl(fd, PROFBUF_IOC_LOAD_UNWIND, &load), 0);
	device_configure(fd, 500000, 0, 0);
	stream.record = check_vdso;
	wanted.pid = child_start(ask_time);
	ASSERT_EQ(ioctl(fd, PROFBUF_IOC_START, 0), 0);
	program_check(fd);
	stream_finish(&stream, fd);
	spin_stop(wanted.pid);
}
