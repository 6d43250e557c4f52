// SPDX-License-Identifier: GPL-2.0
/*
 * Copies of registers and stacks: what is in them, and that nothing is where none was asked for.
 */
#define _GNU_SOURCE
#include <limits.h>
#include <signal.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "device.h"
#include "harness.h"

#define FIXED		PROFBUF_RECORD_FIXED
#define RED_WORDS	(PROFBUF_COPY_RED_ZONE / 8)

/* How many words a copy has besides the memory above the stack pointer. */
#define LEAST		(PROFBUF_COPY_FIXED + RED_WORDS)

#define PAGES		12
#define ENOUGH		50

/* By their numbers. */
#define RCX		2
#define RSP		7
#define R11		11

#define LOAD									\
	"mov 8(%%rdi), %%rdx; mov 16(%%rdi), %%rcx; mov 24(%%rdi), %%rbx\n"	\
	"mov 32(%%rdi), %%rsi; mov 48(%%rdi), %%rbp; mov 56(%%rdi), %%rsp\n"	\
	"mov 64(%%rdi), %%r8; mov 72(%%rdi), %%r9; mov 80(%%rdi), %%r10\n"	\
	"mov 88(%%rdi), %%r11; mov 96(%%rdi), %%r12; mov 104(%%rdi), %%r13\n"	\
	"mov 112(%%rdi), %%r14; mov 120(%%rdi), %%r15; mov 0(%%rdi), %%rax\n"	\
	"mov 40(%%rdi), %%rdi\n"

/* Loads the registers, and runs ever after. */
static __attribute__((__noinline__)) void copy_spin(const uint64_t *registers)
{
	__asm__ __volatile__(LOAD "copy_spins: jmp copy_spins" : : "D"(registers) : "memory");
	__builtin_unreachable();
}

/* Asks the kernel for its process ID ever after. */
static __attribute__((__noinline__)) void copy_call(const uint64_t *registers)
{
	__asm__ __volatile__(LOAD "1: mov $39, %%eax; syscall\n"
			     "copy_called: jmp 1b" : : "D"(registers) : "memory");
	__builtin_unreachable();
}

/* Where they are found. */
#define ADDRESS_OF(label)							\
	({									\
		uint64_t __address;						\
										\
		__asm__("lea " label "(%%rip), %0" : "=r"(__address));		\
		__address;							\
	})

static struct stream stream;
static uint64_t seen;

static struct {
	pid_t pid;
	uint64_t ip;
	uint64_t registers[PROFBUF_COPY_REGISTERS];
	uint32_t unknown;		/* bit n: register n is whatever it is */
	uint64_t start;			/* where memory begins in a copy */
	uint32_t words;			/* so many of it */
	uint32_t mode;
} expected;

/* What is in memory there, in every process that fill() was called in. */
static uint64_t word_at(uint64_t address)
{
	return (address + 1) * 0x9e3779b97f4a7c15ULL;
}

/* Pages for a stack that hold what word_at() says, and none around them. */
static char *fill(size_t pages)
{
	size_t page = sysconf(_SC_PAGESIZE), size = pages * page, i;
	char *around = mmap(NULL, size + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *memory = around + page;
	uint64_t word;

	ASSERT_NE(around, MAP_FAILED);
	ASSERT_EQ(mprotect(memory, size, PROT_READ | PROT_WRITE), 0);
	for (i = 0; i < size; i += 8) {
		word = word_at((uintptr_t)memory + i);
		memcpy(memory + i, &word, 8);
	}
	return memory;
}

/* The first user frame of a record of the child that is where it should be; NULL: another. */
static const __u64 *user_frame(const struct profbuf_frame *frame, const __u64 *record)
{
	uint64_t mode = record[FIXED + 2];
	const __u64 *first = record + FIXED + frame->hdrsize + PROFBUF_MODE_KERNEL_FRAMES(mode);

	if (record[FIXED + 1] >> 32 != (uint64_t)expected.pid || first >= record + record[0] ||
	    *first != expected.ip || PROFBUF_MODE(mode) != expected.mode)
		return NULL;
	return first;
}

static void check_copy(void *context, const struct profbuf_frame *frame, const __u64 *record)
{
	const __u64 *copy;
	uint32_t i;

	(void)context;
	if (!user_frame(frame, record))
		return;
	ASSERT_EQ(record[FIXED + 11], PROFBUF_COPY_FIXED + expected.words);
	copy = record + record[0] - record[FIXED + 11];
	ASSERT(copy > user_frame(frame, record));
	for (i = 0; i < PROFBUF_COPY_REGISTERS; i++)
		if (!(expected.unknown & 1U << i))
			ASSERT_EQ(copy[i], expected.registers[i]);
	ASSERT_EQ(copy[PROFBUF_COPY_REGISTERS], expected.start);
	for (i = 0; i < expected.words; i++)
		ASSERT_EQ(copy[PROFBUF_COPY_FIXED + i], word_at(expected.start + 8 * i));
	seen++;
}

static void check_no_copy(void *context, const struct profbuf_frame *frame, const __u64 *record)
{
	const __u64 *first = user_frame(frame, record);

	(void)context;
	ASSERT_EQ(record[FIXED + 11], 0);
	if (!first)
		return;
	/* rbp leads nowhere. */
	ASSERT_EQ(record + record[0] - first, 1);
	seen++;
}

static int configure(uint32_t stack_copy)
{
	struct profbuf_config config;
	int fd = device_open(0);

	device_configure(fd, 500000, 0, 0);
	device_config(fd, &config);
	config.hdrsize = PROFBUF_WORDS;
	config.stack_copy = stack_copy;
	ASSERT_EQ(ioctl(fd, PROFBUF_IOC_SET_CONFIG, &config), 0);
	return fd;
}

static void sample(int fd, void (*record)(void *, const struct profbuf_frame *, const __u64 *))
{
	stream = (struct stream){ .record = record };
	seen = 0;
	ASSERT_EQ(ioctl(fd, PROFBUF_IOC_START, 0), 0);
	while (seen < ENOUGH)
		ASSERT_GT(stream_read(&stream, fd), 0);
	stream_finish(&stream, fd);
}

static void start(void (*run)(const uint64_t *), uint64_t ip, char *stack)
{
	uint32_t i;

	for (i = 0; i < PROFBUF_COPY_REGISTERS; i++)
		expected.registers[i] = word_at(i) | 1;
	expected.registers[RSP] = (uintptr_t)stack;
	expected.ip = ip;
	expected.mode = PROFBUF_MODE_USER;
	expected.pid = fork();
	ASSERT_GE(expected.pid, 0);
	if (expected.pid)
		return;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	run(expected.registers);
}

/* What a copy holds of a child with such a stack pointer. */
static void try(char *stack, uint32_t stack_copy, char *begins, uint32_t words)
{
	start(copy_spin, ADDRESS_OF("copy_spins"), stack);
	expected.start = (uintptr_t)begins;
	expected.words = words;
	sample(configure(stack_copy), check_copy);
	spin_stop(expected.pid);
}

TEST(copies_hold_registers_and_stack)
{
	char *stack = fill(PAGES) + 4096 + 256;

	try(stack, 8, stack - PROFBUF_COPY_RED_ZONE, RED_WORDS + 1);
	try(stack, 1024, stack - PROFBUF_COPY_RED_ZONE, RED_WORDS + 128);
	/* Over several pages. */
	try(stack, PROFBUF_STACK_COPY_MAX, stack - PROFBUF_COPY_RED_ZONE,
	    RED_WORDS + PROFBUF_STACK_COPY_MAX / 8);
}

TEST(copies_are_made_in_the_kernel_too)
{
	char *stack = fill(PAGES) + 4096;

	start(copy_call, ADDRESS_OF("copy_called"), stack);
	/* The instruction that enters the kernel changes these, and there are numbers in rax. */
	expected.unknown = 1 << 0 | 1 << RCX | 1 << R11;
	expected.mode = PROFBUF_MODE_KERNEL;
	expected.start = (uintptr_t)stack - PROFBUF_COPY_RED_ZONE;
	expected.words = RED_WORDS + 64;
	sample(configure(512), check_copy);
	spin_stop(expected.pid);
}

TEST(copies_end_where_memory_is_not_present)
{
	size_t page = sysconf(_SC_PAGESIZE);
	char *pages = fill(3), *end = pages + 3 * page, *stack;

	stack = end - 80;
	try(stack, 4096, stack - PROFBUF_COPY_RED_ZONE, RED_WORDS + 10);
	stack = end - 80 - page;
	try(stack, 2 * page, stack - PROFBUF_COPY_RED_ZONE, RED_WORDS + 10 + page / 8);
	/* Nothing is below. */
	try(pages, 4096, pages, 512);
	try(pages + 64, 64, pages + 64, 8);
	/* Nothing is there at all. */
	try(end + page / 2, 4096, end + page / 2, 0);
	try((char *)0x10, 4096, (char *)0x10, 0);
	try((char *)(1ULL << 63), 4096, (char *)(1ULL << 63), 0);

	/* A page that was mapped, but not touched yet. */
	ASSERT_EQ(madvise(pages + page, page, MADV_DONTNEED), 0);
	stack = pages + page - 160;
	try(stack, 2 * page, stack - PROFBUF_COPY_RED_ZONE, RED_WORDS + 20);
}

/* Where user space ends, what is there is copied, and nothing is tried beyond. */
TEST(copies_end_where_user_space_does)
{
	size_t page = sysconf(_SC_PAGESIZE);
	char *last = (char *)((1ULL << 47) - 2 * page), *stack = last + page - 96;
	uint64_t i, word;

	/* The last page of all cannot be mapped. */
	if (mmap(last, page, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) != last)
		FAIL("no page at %p", last);
	for (i = 0; i < page; i += 8) {
		word = word_at((uintptr_t)last + i);
		memcpy(last + i, &word, 8);
	}
	try(stack, PROFBUF_STACK_COPY_MAX, stack - PROFBUF_COPY_RED_ZONE, RED_WORDS + 12);
}

TEST(nothing_is_copied_unless_asked_for)
{
	struct profbuf_config config;
	int fd;

	start(copy_spin, ADDRESS_OF("copy_spins"), fill(PAGES) + 4096);
	sample(configure(0), check_no_copy);

	/* Without user frames there are no registers of theirs either. */
	fd = configure(4096);
	device_config(fd, &config);
	config.flags &= ~PROFBUF_USER;
	ASSERT_EQ(ioctl(fd, PROFBUF_IOC_SET_CONFIG, &config), 0);
	stream = (struct stream){ .record = check_no_copy };
	ASSERT_EQ(ioctl(fd, PROFBUF_IOC_START, 0), 0);
	while (stream_records(&stream) < ENOUGH)
		ASSERT_GT(stream_read(&stream, fd), 0);
	stream_finish(&stream, fd);
	spin_stop(expected.pid);
}

static void check_compat(void *context, const struct profbuf_frame *frame, const __u64 *record)
{
	(void)context;
	(void)frame;
	if (record[FIXED + 1] >> 32 != (uint64_t)expected.pid)
		return;
	ASSERT_EQ(record[FIXED + 11], 0);
	seen += PROFBUF_MODE(record[FIXED + 2]) == PROFBUF_MODE_USER;
}

TEST(nothing_is_copied_of_32_bit_code)
{
	char path[PATH_MAX];
	ssize_t length = readlink("/proc/self/exe", path, sizeof(path) - 32);
	int status;

	ASSERT_GT(length, 0);
	path[length] = 0;
	strcpy(strrchr(path, '/') + 1, "compat_spin");
	expected.pid = fork();
	ASSERT_GE(expected.pid, 0);
	if (!expected.pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		execl(path, path, (char *)NULL);
		_Exit(127);
	}
	ASSERT_EQ(waitpid(expected.pid, &status, WUNTRACED), expected.pid);
	ASSERT(WIFSTOPPED(status));
	ASSERT_EQ(kill(expected.pid, SIGCONT), 0);
	sample(configure(4096), check_compat);
	spin_stop(expected.pid);
}

TEST(copies_have_their_range)
{
	/* A ring of four records of such a header and depth, without a copy and with one. */
	const uint64_t least = 4 * 8 * (FIXED + PROFBUF_HDRSIZE_MAX + 16);
	const uint64_t copying = least + 4 * 8 * (LEAST + 4096 / 8);
	static const uint32_t bad[] = {
		1, 4, 7, 12, 4095, PROFBUF_STACK_COPY_MAX + 1, PROFBUF_STACK_COPY_MAX + 8, 1U << 31,
		UINT32_MAX,
	};
	int fd = configure(0);
	struct profbuf_config config;
	size_t i;

	device_config(fd, &config);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		config.stack_copy = bad[i];
		ASSERT_ERRNO(ioctl(fd, PROFBUF_IOC_SET_CONFIG, &config), EINVAL);
	}
	config.stack_copy = PROFBUF_STACK_COPY_MAX;
	ASSERT_EQ(ioctl(fd, PROFBUF_IOC_SET_CONFIG, &config), 0);
	device_config(fd, &config);
	ASSERT_EQ(config.stack_copy, PROFBUF_STACK_COPY_MAX);

	/* The last word tells of a copy. */
	ASSERT_ERRNO(ioctl(fd, PROFBUF_IOC_SET_HDRSIZE, PROFBUF_WORDS - 1), EINVAL);
	config.hdrsize = PROFBUF_WORDS - 1;
	ASSERT_ERRNO(ioctl(fd, PROFBUF_IOC_SET_CONFIG, &config), EINVAL);
	config.stack_copy = 0;
	ASSERT_EQ(ioctl(fd, PROFBUF_IOC_SET_CONFIG, &config), 0);

	config.hdrsize = PROFBUF_HDRSIZE_MAX;
	config.reserved = 1;
	ASSERT_ERRNO(ioctl(fd, PROFBUF_IOC_SET_CONFIG, &config), EINVAL);
	config.reserved = 0;
	config.stack_depth = 16;
	config.ring_size = least;
	ASSERT_EQ(ioctl(fd, PROFBUF_IOC_SET_CONFIG, &config), 0);
	config.stack_copy = 4096;
	config.ring_size = copying - 1;
	ASSERT_ERRNO(ioctl(fd, PROFBUF_IOC_SET_CONFIG, &config), EINVAL);
	config.ring_size = copying;
	ASSERT_EQ(ioctl(fd, PROFBUF_IOC_SET_CONFIG, &config), 0);
}

/* As large as it can be: through the smallest ring, and into the buffer that is promised. */
TEST(the_largest_record_fits_where_it_should)
{
	static char buffer[64 << 10] __attribute__((aligned(8)));
	struct profbuf_config config;
	char *stack = fill(PAGES) + 4096;
	int fd = configure(PROFBUF_STACK_COPY_MAX);
	ssize_t size;

	device_config(fd, &config);
	config.hdrsize = PROFBUF_HDRSIZE_MAX;
	config.stack_depth = PROFBUF_STACK_MAX;
	config.ring_size = 4 * 8 * (FIXED + PROFBUF_HDRSIZE_MAX + PROFBUF_STACK_MAX + LEAST +
				    PROFBUF_STACK_COPY_MAX / 8);
	ASSERT_EQ(ioctl(fd, PROFBUF_IOC_SET_CONFIG, &config), 0);
	start(copy_spin, ADDRESS_OF("copy_spins"), stack);
	expected.start = (uintptr_t)stack - PROFBUF_COPY_RED_ZONE;
	expected.words = RED_WORDS + PROFBUF_STACK_COPY_MAX / 8;
	stream.record = check_copy;
	ASSERT_EQ(ioctl(fd, PROFBUF_IOC_START, 0), 0);
	while (seen < ENOUGH) {
		size = read(fd, buffer, sizeof(buffer));
		ASSERT_GT(size, 0);
		stream_walk(&stream, buffer, size);
	}
	ASSERT_EQ(stream.info.stack_copy, PROFBUF_STACK_COPY_MAX);
	stream_finish(&stream, fd);
	spin_stop(expected.pid);
}

/* A program that was built before there were copies. */
TEST(configurations_of_the_first_version_go_on_working)
{
	const uint32_t first = offsetof(struct profbuf_config, stack_copy);
	struct profbuf_config config, old;
	int fd = configure(4096);

	device_config(fd, &config);
	memset(&old, 0xff, sizeof(old));
	old.size = first - 1;
	ASSERT_ERRNO(ioctl(fd, PROFBUF_IOC_GET_CONFIG, &old), EINVAL);
	ASSERT_ERRNO(ioctl(fd, PROFBUF_IOC_SET_CONFIG, &old), EINVAL);
	old.size = first;
	ASSERT_EQ(ioctl(fd, PROFBUF_IOC_GET_CONFIG, &old), 0);
	ASSERT_EQ(old.size, first);
	ASSERT(!memcmp((char *)&old + 4, (char *)&config + 4, first - 4));
	/* Behind its end all is as it was. */
	ASSERT_EQ(old.stack_copy, UINT32_MAX);
	ASSERT_EQ(old.reserved, UINT32_MAX);

	/* What it does not know is off. */
	old.period_ns = 1234567;
	ASSERT_EQ(ioctl(fd, PROFBUF_IOC_SET_CONFIG, &old), 0);
	device_config(fd, &config);
	ASSERT_EQ(config.period_ns, 1234567);
	ASSERT_EQ(config.stack_copy, 0);
	ASSERT_EQ(config.reserved, 0);
}
