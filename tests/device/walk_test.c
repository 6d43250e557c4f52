// SPDX-License-Identifier: GPL-2.0
/*
 * What the module's parameters allow for the walk of a stack: time and frames.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "device.h"
#include "harness.h"

#define FIXED		PROFBUF_RECORD_FIXED

#define CHAIN_LENGTH	1000

static struct stream stream;
static pid_t spinning;
static uint64_t seen;
static bool in_time;

/* Return addresses count from here. */
static uint64_t code;

static void check_walk(void *context, const struct profbuf_frame *frame, const __u64 *record)
{
	uint64_t mode = record[FIXED + 2];
	const __u64 *stack = record + FIXED + frame->hdrsize;
	uint32_t length = record[0] - FIXED - frame->hdrsize, i;

	(void)context;
	/* It may not spin yet. */
	if (record[FIXED + 1] >> 32 != (uint64_t)spinning ||
	    PROFBUF_MODE(mode) != PROFBUF_MODE_USER || length < 2 || stack[1] != code)
		return;
	for (i = 1; i < length; i++)
		ASSERT_EQ(stack[i], code - 1 + i);
	ASSERT(!(mode & PROFBUF_MODE_TRUNCATED));
	ASSERT_EQ(PROFBUF_END(record[FIXED + 10]), in_time ? PROFBUF_END_ZERO : PROFBUF_END_TIME);
	if (in_time) {
		ASSERT_EQ(length, CHAIN_LENGTH + 1);
		ASSERT(!(mode & PROFBUF_MODE_TIMED_OUT));
	} else {
		ASSERT_LT(length, 100);
		ASSERT(mode & PROFBUF_MODE_TIMED_OUT);
	}
	seen++;
}

/* Spins with a frame pointer to a chain of frames, each on a page of its own. */
static pid_t chain_start(void)
{
	size_t page = sysconf(_SC_PAGESIZE);
	char *pages = mmap(NULL, CHAIN_LENGTH * page, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint64_t *frame;
	pid_t pid;
	int i;

	ASSERT_NE(pages, MAP_FAILED);
	/* No call comes before its first byte. */
	code = code_page() + 1;
	pid = fork();
	ASSERT_GE(pid, 0);
	if (pid)
		return pid;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (i = 0; i < CHAIN_LENGTH; i++) {
		frame = (uint64_t *)(pages + i * page);
		frame[0] = i + 1 < CHAIN_LENGTH ? (uintptr_t)(pages + (i + 1) * page) : 0;
		frame[1] = code + i;
	}
	__asm__ __volatile__("mov %0, %%rsp; mov %0, %%rbp; 1: jmp 1b" : : "r"(pages));
	__builtin_unreachable();
}

static void sample_walks(int fd, const char *walk_ns)
{
	module_parameter("walk_ns", walk_ns);
	stream = (struct stream){ .record = check_walk };
	seen = 0;
	ASSERT_EQ(ioctl(fd, PROFBUF_IOC_START, 0), 0);
	while (seen < 50)
		ASSERT_GT(stream_read(&stream, fd), 0);
	stream_finish(&stream, fd);
	module_parameter("walk_ns", "100000");
}

TEST(walks_end_when_their_time_is_up)
{
	struct profbuf_config config;
	int fd = device_open(0);

	spinning = chain_start();
	device_configure(fd, 2000000, 0, 0);
	device_config(fd, &config);
	config.stack_depth = PROFBUF_STACK_MAX;
	ASSERT_EQ(ioctl(fd, PROFBUF_IOC_SET_CONFIG, &config), 0);

	sample_walks(fd, "1000");
	in_time = true;
	sample_walks(fd, "1000000000");
	module_parameter_refused("walk_ns", "999", EINVAL);
	module_parameter_refused("walk_ns", "1000000001", EINVAL);
	spin_stop(spinning);
}

TEST(stacks_are_no_deeper_than_the_parameter_allows)
{
	struct profbuf_config config;
	int fd;

	module_parameter("max_stack_depth", "64");
	/* The other parameters can be set as before. */
	module_parameter("user", "1");
	fd = device_open(0);
	device_config(fd, &config);
	ASSERT_EQ(config.stack_depth, 64);
	config.stack_depth = 65;
	ASSERT_ERRNO(ioctl(fd, PROFBUF_IOC_SET_CONFIG, &config), EINVAL);
	config.stack_depth = 64;
	ASSERT_EQ(ioctl(fd, PROFBUF_IOC_SET_CONFIG, &config), 0);
	ASSERT_EQ(ioctl(fd, PROFBUF_IOC_START, 0), 0);
	ASSERT_GT(stream_read(&stream, fd), 0);
	ASSERT_EQ(stream.info.stack_depth, 64);

	module_parameter_refused("max_stack_depth", "0", EINVAL);
	module_parameter_refused("max_stack_depth", "1025", EINVAL);
	module_parameter("max_stack_depth", "1024");
	/* What it lowered comes back. */
	device_config(device_open(0), &config);
	ASSERT_GT(config.stack_depth, 64);
	config.stack_depth = PROFBUF_STACK_MAX;
	ASSERT_EQ(ioctl(device_open(0), PROFBUF_IOC_SET_CONFIG, &config), 0);
}
