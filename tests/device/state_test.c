// SPDX-License-Identifier: GPL-2.0
/*
 * States of a session, who may start one, and what it costs.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/capability.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "device.h"
#include "harness.h"

static struct stream stream;

/* In an order in which each is possible. */
static const unsigned long transitions[] = {
	PROFBUF_IOC_START, PROFBUF_IOC_PAUSE, PROFBUF_IOC_RESUME, PROFBUF_IOC_STOP,
};

/* It must fail so and leave the state as it is. */
static void refused_with(int fd, unsigned long command, unsigned long argument, int expected)
{
	uint32_t state = device_state(fd);

	ASSERT_ERRNO(ioctl(fd, command, argument), expected);
	ASSERT_EQ(device_state(fd), state);
}

static void refused(int fd, unsigned long command, int expected)
{
	refused_with(fd, command, 0, expected);
}

TEST(transitions_that_are_no_use_are_refused)
{
	int fd = device_open(0);

	refused(fd, PROFBUF_IOC_STOP, EINVAL);
	refused(fd, PROFBUF_IOC_PAUSE, EINVAL);
	refused(fd, PROFBUF_IOC_RESUME, EINVAL);

	ASSERT_EQ(ioctl(fd, PROFBUF_IOC_START, 0), 0);
	refused(fd, PROFBUF_IOC_START, EBUSY);
	refused(fd, PROFBUF_IOC_RESUME, EINVAL);

	ASSERT_EQ(ioctl(fd, PROFBUF_IOC_PAUSE, 0), 0);
	refused(fd, PROFBUF_IOC_START, EBUSY);
	refused(fd, PROFBUF_IOC_PAUSE, EINVAL);

	ASSERT_EQ(ioctl(fd, PROFBUF_IOC_STOP, 0), 0);
	refused(fd, PROFBUF_IOC_START, EBUSY);
	refused(fd, PROFBUF_IOC_STOP, EINVAL);
	refused(fd, PROFBUF_IOC_PAUSE, EINVAL);
	refused(fd, PROFBUF_IOC_RESUME, EINVAL);

	stream_drain(&stream, fd);
	ASSERT_EQ(device_state(fd), PROFBUF_STATE_ENDED);
	refused(fd, PROFBUF_IOC_STOP, EINVAL);
	refused(fd, PROFBUF_IOC_PAUSE, EINVAL);
	refused(fd, PROFBUF_IOC_RESUME, EINVAL);
}

TEST(transitions_take_no_argument)
{
	int fd = device_open(0);
	size_t i;

	/* Each where it would be of use without one. */
	for (i = 0; i < sizeof(transitions) / sizeof(transitions[0]); i++) {
		refused_with(fd, transitions[i], 1, EINVAL);
		refused_with(fd, transitions[i], 1UL << 32, EINVAL);
		ASSERT_EQ(ioctl(fd, transitions[i], 0), 0);
	}
}

TEST(after_stop_everything_is_read_and_then_the_end)
{
	struct profbuf_stats stats;
	int fd = device_open(0);

	device_configure(fd, 200000, PROFBUF_RING_SIZE_MAX, PROFBUF_DEADLINE_MAX);
	ASSERT_EQ(ioctl(fd, PROFBUF_IOC_START, 0), 0);
	do {
		sleep_ms(5);
		device_stats(fd, PROFBUF_CPU_NONE, &stats);
	} while (stats.records < 500);
	ASSERT_EQ(ioctl(fd, PROFBUF_IOC_STOP, 0), 0);
	ASSERT_EQ(device_state(fd), PROFBUF_STATE_STOPPED);
	stream_drain(&stream, fd);
	ASSERT_GE(stream_records(&stream), 500);
	stream_check_account(&stream, fd);
	/* The end stays where it is. */
	ASSERT_EQ(stream_read(&stream, fd), 0);
	ASSERT_EQ(stream_read(&stream, fd), 0);
	ASSERT_EQ(device_state(fd), PROFBUF_STATE_ENDED);
}

TEST(a_session_can_be_started_again)
{
	int fd = device_open(0);
	int i;

	device_configure(fd, 500000, 0, 0);
	for (i = 0; i < 5; i++) {
		struct stream again = {};

		/* Counts and sequence numbers begin anew, as stream_walk() checks. */
		ASSERT_EQ(ioctl(fd, PROFBUF_IOC_START, 0), 0);
		while (stream_records(&again) < 20)
			ASSERT_GT(stream_read(&again, fd), 0);
		stream_finish(&again, fd);
	}
}

TEST(pause_pauses_and_resume_resumes)
{
	struct profbuf_stats before, after;
	int fd = device_open(O_NONBLOCK);
	int i;

	device_configure(fd, 500000, 0, 0);
	ASSERT_EQ(ioctl(fd, PROFBUF_IOC_START, 0), 0);
	for (i = 0; i < 5; i++) {
		sleep_ms(20);
		ASSERT_EQ(ioctl(fd, PROFBUF_IOC_PAUSE, 0), 0);
		device_stats(fd, PROFBUF_CPU_NONE, &before);
		sleep_ms(50);
		device_stats(fd, PROFBUF_CPU_NONE, &after);
		ASSERT_EQ(after.interrupts, before.interrupts);
		ASSERT_EQ(after.state, PROFBUF_STATE_PAUSED);
		while (stream_read(&stream, fd) > 0)
			;
		ASSERT_EQ(errno, EAGAIN);

		ASSERT_EQ(ioctl(fd, PROFBUF_IOC_RESUME, 0), 0);
		do {
			sleep_ms(2);
			device_stats(fd, PROFBUF_CPU_NONE, &after);
		} while (after.interrupts < before.interrupts + 10);
	}
	stream_finish(&stream, fd);
}

TEST(a_paused_session_can_be_stopped)
{
	int fd = device_open(0);

	device_configure(fd, 500000, 0, 0);
	while (stream_records(&stream) < 20)
		ASSERT_GT(stream_read(&stream, fd), 0);
	ASSERT_EQ(ioctl(fd, PROFBUF_IOC_PAUSE, 0), 0);
	stream_finish(&stream, fd);
}

TEST(close_ends_a_session_in_any_state)
{
	int i, fd;

	for (i = 0; i < 40; i++) {
		fd = device_open(0);
		device_configure(fd, 100000, 0, 0);
		if (i % 4 > 0)
			ASSERT_EQ(ioctl(fd, PROFBUF_IOC_START, 0), 0);
		if (i % 4 > 2)
			ASSERT_EQ(ioctl(fd, PROFBUF_IOC_PAUSE, 0), 0);
		if (i % 4 > 1)
			ASSERT_GT(stream_read(&(struct stream){}, fd), 0);
		ASSERT_EQ(close(fd), 0);
	}
}

TEST(sessions_are_independent)
{
	static struct stream streams[4];
	int fd[4];
	int i;

	for (i = 0; i < 4; i++) {
		fd[i] = device_open(0);
		ASSERT_EQ(ioctl(fd[i], PROFBUF_IOC_SET_HDRSIZE, i + 1), 0);
		device_configure(fd[i], 300000 * (i + 1), 0, 0);
		ASSERT_EQ(ioctl(fd[i], PROFBUF_IOC_START, 0), 0);
	}
	for (i = 0; i < 4; i++) {
		while (stream_records(&streams[i]) < 50)
			ASSERT_GT(stream_read(&streams[i], fd[i]), 0);
		ASSERT_EQ(streams[i].info.nr_words, i + 1);
		ASSERT_EQ(streams[i].info.period_ns, 300000 * (i + 1));
	}
	for (i = 0; i < 4; i++)
		stream_finish(&streams[i], fd[i]);
}

/* Leaves these capabilities and no others, as user nobody. */
static void become_nobody(uint32_t capabilities_high)
{
	struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct data[2] = {
		{ 0, 0, 0 },
		{ capabilities_high, capabilities_high, 0 },
	};

	ASSERT_EQ(prctl(PR_SET_KEEPCAPS, 1), 0);
	ASSERT_EQ(setresuid(65534, 65534, 65534), 0);
	ASSERT_EQ(syscall(SYS_capset, &header, data), 0);
}

TEST(without_privilege_it_opens_but_does_not_start)
{
	char buffer[4096];
	int fd;

	become_nobody(0);
	fd = device_open(0);
	ASSERT_ERRNO(ioctl(fd, PROFBUF_IOC_START, 0), EPERM);
	ASSERT_ERRNO(read(fd, buffer, sizeof(buffer)), EPERM);
	ASSERT_EQ(device_state(fd), PROFBUF_STATE_IDLE);
}

/* Switches the capabilities that are in effect off or on, but for good. */
static void set_effective(bool on)
{
	struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct data[2];
	int i;

	ASSERT_EQ(syscall(SYS_capget, &header, data), 0);
	for (i = 0; i < 2; i++)
		data[i].effective = on ? data[i].permitted : 0;
	ASSERT_EQ(syscall(SYS_capset, &header, data), 0);
}

/* Else anyone could let a program that has the privilege read the device on its input. */
TEST(a_privileged_reader_does_not_start_what_others_opened)
{
	struct pollfd pollfd = { .events = POLLIN };
	char buffer[4096];
	int fd;

	set_effective(false);
	fd = device_open(0);
	set_effective(true);
	ASSERT_ERRNO(read(fd, buffer, sizeof(buffer)), EPERM);
	pollfd.fd = fd;
	ASSERT_EQ(poll(&pollfd, 1, -1), 1);
	ASSERT_EQ(pollfd.revents, POLLIN);
	ASSERT_EQ(device_state(fd), PROFBUF_STATE_IDLE);
	/* Who starts it on purpose may. */
	ASSERT_EQ(ioctl(fd, PROFBUF_IOC_START, 0), 0);
	ASSERT_GT(stream_read(&stream, fd), 0);
}

TEST(cap_perfmon_is_privilege_enough)
{
	struct rlimit limit = { RLIM_INFINITY, RLIM_INFINITY };
	int fd;

	ASSERT_EQ(setrlimit(RLIMIT_MEMLOCK, &limit), 0);
	become_nobody(CAP_TO_MASK(CAP_PERFMON));
	fd = device_open(0);
	ASSERT_EQ(ioctl(fd, PROFBUF_IOC_START, 0), 0);
	ASSERT_GT(stream_read(&stream, fd), 0);
}

static long locked_kib(void)
{
	FILE *file = fopen("/proc/self/status", "r");
	char line[256];
	long kib = -1;

	ASSERT(file);
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "VmLck: %ld", &kib) == 1)
			break;
	}
	fclose(file);
	return kib;
}

TEST(memory_is_charged_and_given_back)
{
	long before = locked_kib();
	int fd = device_open(0);
	int i;

	for (i = 0; i < 3; i++) {
		struct stream again = {};

		ASSERT_EQ(ioctl(fd, PROFBUF_IOC_START, 0), 0);
		ASSERT_GE(locked_kib(), before + sysconf(_SC_NPROCESSORS_ONLN) * 1024);
		ASSERT_LE(locked_kib(), before + sysconf(_SC_NPROCESSORS_ONLN) * 1280);
		ASSERT_GT(stream_read(&again, fd), 0);
		ASSERT_GT(stream_read(&again, fd), 0);
		stream_finish(&again, fd);
	}
	ASSERT_EQ(close(fd), 0);
	ASSERT_EQ(locked_kib(), before);
}

TEST(memory_is_limited)
{
	struct rlimit limit = { 1 << 20, 1 << 20 };
	char buffer[4096];
	int fd;

	ASSERT_EQ(setrlimit(RLIMIT_MEMLOCK, &limit), 0);
	become_nobody(CAP_TO_MASK(CAP_PERFMON));
	fd = device_open(0);
	ASSERT_ERRNO(ioctl(fd, PROFBUF_IOC_START, 0), ENOMEM);
	ASSERT_ERRNO(read(fd, buffer, sizeof(buffer)), ENOMEM);
	ASSERT_EQ(device_state(fd), PROFBUF_STATE_IDLE);
	ASSERT_EQ(locked_kib(), 0);
}

/* The number of processes that the kernel has killed for want of memory. */
static unsigned long long killed_for_memory(void)
{
	FILE *file = fopen("/proc/vmstat", "r");
	unsigned long long count = 0;
	char line[128];
	bool found = false;

	ASSERT(file);
	while (!found && fgets(line, sizeof(line), file))
		found = sscanf(line, "oom_kill %llu", &count) == 1;
	fclose(file);
	ASSERT(found);
	return count;
}

/* Takes all memory there is, and gives it back. Returns how many sessions that took. */
static int take_all_memory(void)
{
	struct profbuf_config config;
	int sessions = 0;
	int error = 0;
	int last, i;
	int fd[64];

	while (!error) {
		ASSERT_LT(sessions, 64);
		fd[sessions] = device_open(0);
		device_config(fd[sessions], &config);
		config.ring_size = 64 << 20;
		ASSERT_EQ(ioctl(fd[sessions], PROFBUF_IOC_SET_CONFIG, &config), 0);
		error = ioctl(fd[sessions++], PROFBUF_IOC_START, 0) ? errno : 0;
	}
	ASSERT_EQ(error, ENOMEM);
	last = fd[sessions - 1];
	ASSERT_EQ(device_state(last), PROFBUF_STATE_IDLE);
	/* The session can do with less. */
	config.ring_size = 1 << 20;
	ASSERT_EQ(ioctl(last, PROFBUF_IOC_SET_CONFIG, &config), 0);
	stream = (struct stream){};
	ASSERT_GT(stream_read(&stream, last), 0);
	for (i = 0; i < sessions; i++)
		ASSERT_EQ(close(fd[i]), 0);
	return sessions;
}

/* For a small machine. */
TEST(want_of_memory_is_an_error_and_kills_nobody)
{
	unsigned long long killed = killed_for_memory();
	long locked = locked_kib();
	int i, sessions = take_all_memory();

	/* What was not freed would soon be missing. */
	for (i = 0; i < 5; i++)
		ASSERT_GE(take_all_memory(), sessions - 1);
	ASSERT_EQ(locked_kib(), locked);
	ASSERT_EQ(killed_for_memory(), killed);
}

TEST(the_module_stays_while_the_device_is_open)
{
	int fd = device_open(0);

	ASSERT_ERRNO(syscall(SYS_delete_module, "profbuf", O_NONBLOCK), EAGAIN);
	ASSERT_EQ(ioctl(fd, PROFBUF_IOC_START, 0), 0);
	ASSERT_ERRNO(syscall(SYS_delete_module, "profbuf", O_NONBLOCK), EAGAIN);
	ASSERT_GT(stream_read(&stream, fd), 0);
}
