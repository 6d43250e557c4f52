// SPDX-License-Identifier: GPL-2.0
/*
 * 32-bit programs: their way to the ioctls, and their stack frames, which are half as large.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "device.h"
#include "harness.h"
#include "known_code.h"
#include "make_table.h"

/* More than the code of that program takes. */
#define COMPAT_SPIN_SIZE	128

static struct stream stream;
static pid_t spinning;
static uint64_t seen;

static bool flat;

static void check_compat_stack(void *context, const struct profbuf_frame *frame,
			       const __u64 *record)
{
	uint64_t mode = record[PROFBUF_RECORD_FIXED + 2];
	const __u64 *stack = record + PROFBUF_RECORD_FIXED + frame->hdrsize;
	uint32_t length = record[0] - PROFBUF_RECORD_FIXED - frame->hdrsize;
	uint32_t kernel = PROFBUF_MODE_KERNEL_FRAMES(mode);

	(void)context;
	if (record[PROFBUF_RECORD_FIXED + 1] >> 32 != (uint64_t)spinning)
		return;
	/* A first sample in the kernel: what is executable is not known yet. */
	if (PROFBUF_END(record[PROFBUF_RECORD_FIXED + 10]) == PROFBUF_END_UNKNOWN)
		return;
	seen++;
	if (!flat) {
		ASSERT_EQ(length, kernel + 1);
		ASSERT(mode & PROFBUF_MODE_USER_INCOMPLETE);
		return;
	}
	/* inner, then where outer and _start go on, and no more: the chain ends with 0. */
	ASSERT_EQ(length, kernel + 3);
	ASSERT_EQ(record[PROFBUF_RECORD_FIXED + 10], PROFBUF_END_ZERO | PROFBUF_END_NO_TABLE);
	ASSERT_GT(stack[kernel], stack[kernel + 1]);
	ASSERT_GT(stack[kernel + 1], stack[kernel + 2]);
	ASSERT_LE(stack[kernel] - stack[kernel + 2], COMPAT_SPIN_SIZE);
}

/* The way into the kernel that 32-bit programs have. */
static int compat_ioctl(int fd, unsigned int command, uint32_t argument)
{
	int result;

	__asm__ __volatile__("int $0x80" : "=a"(result)
			     : "a"(54), "b"(fd), "c"(command), "d"(argument)
			     : "r8", "r9", "r10", "r11", "memory");
	return result;
}

TEST(ioctls_of_32_bit_programs)
{
	struct profbuf_config *config = mmap(NULL, sysconf(_SC_PAGESIZE), PROT_READ | PROT_WRITE,
					     MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	uint32_t pointer = (uintptr_t)config;
	int fd = device_open(0);

	ASSERT_NE(config, MAP_FAILED);
	ASSERT_EQ(compat_ioctl(fd, PROFBUF_IOC_SET_HDRSIZE, 5), 0);
	config->size = sizeof(*config);
	ASSERT_EQ(compat_ioctl(fd, PROFBUF_IOC_GET_CONFIG, pointer), 0);
	ASSERT_EQ(config->size, sizeof(*config));
	ASSERT_EQ(config->hdrsize, 5);
	config->period_ns = 1234567;
	ASSERT_EQ(compat_ioctl(fd, PROFBUF_IOC_SET_CONFIG, pointer), 0);
	ASSERT_EQ(compat_ioctl(fd, PROFBUF_IOC_START, 1), -EINVAL);
	ASSERT_EQ(compat_ioctl(fd, PROFBUF_IOC_START, 0), 0);
	ASSERT_GT(stream_read(&stream, fd), 0);
	ASSERT_EQ(stream.info.period_ns, 1234567);
	ASSERT_EQ(compat_ioctl(fd, PROFBUF_IOC_SET_CONFIG, pointer), -EBUSY);
}

/* It says that there are no callers. */
static void load_table(int fd, const char *path)
{
	const struct profbuf_unwind_rule root = { .cfa = PROFBUF_UNWIND_ROOT };
	const struct make_row row = { 0, 0 };
	struct profbuf_unwind_table *table = make_table(0, 1 << 16, 16, &root, 1, &row, 1);
	int file = open(path, O_RDONLY | O_CLOEXEC);

	ASSERT_GE(file, 0);
	ASSERT_EQ(table_load(fd, file, table), 0);
	ASSERT_EQ(close(file), 0);
	free(table);
}

static void sample_compat_spin(const char *argument, bool with_table)
{
	char path[PATH_MAX];
	ssize_t length = readlink("/proc/self/exe", path, sizeof(path) - 32);
	int fd = device_open(0);
	int status;

	ASSERT_GT(length, 0);
	path[length] = 0;
	strcpy(strrchr(path, '/') + 1, "compat_spin");
	flat = !argument;
	if (with_table)
		load_table(fd, path);
	spinning = fork();
	ASSERT_GE(spinning, 0);
	if (!spinning) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		execl(path, path, argument, (char *)NULL);
		_Exit(127);
	}
	ASSERT_EQ(waitpid(spinning, &status, WUNTRACED), spinning);
	ASSERT(WIFSTOPPED(status));
	device_configure(fd, 500000, 0, 0);
	ASSERT_EQ(ioctl(fd, PROFBUF_IOC_START, 0), 0);
	stream.record = check_compat_stack;
	ASSERT_EQ(kill(spinning, SIGCONT), 0);
	while (seen < 100)
		ASSERT_GT(stream_read(&stream, fd), 0);
	stream_finish(&stream, fd);
	spin_stop(spinning);
}

TEST(stacks_of_32_bit_programs)
{
	sample_compat_spin(NULL, false);
}

/* Tables tell of 64-bit frames. */
TEST(stacks_of_32_bit_programs_that_have_a_table)
{
	sample_compat_spin(NULL, true);
}

/* Addresses are relative to segments, and profbuf does not know where those of the LDT begin. */
TEST(code_in_segments_of_the_ldt)
{
	sample_compat_spin("code", false);
}

TEST(stacks_in_segments_of_the_ldt)
{
	sample_compat_spin("stack", false);
}
