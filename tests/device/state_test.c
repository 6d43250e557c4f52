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
	int fd;

	become_nobody(CAP_TO_MASK(CAP_PERFMON));
	fd = device_open(0);
	ASSERT_EQ(ioctl(fd, PROFBUF_IOC_START, 0), 0);
	ASSERT_GT(stream_read(&stream, fd), 0);
}

/* A user who may sample, but not lock more memory than this. */
static void become_limited(rlim_t bytes)
{
	struct rlimit limit = { bytes, bytes };

	ASSERT_EQ(setrlimit(RLIMIT_MEMLOCK, &limit), 0);
	become_nobody(CAP_TO_MASK(CAP_PERFMON));
}

/* Starts sessions until there is no memory for another; returns how many there were. */
static int start_sessions(int *fds, int room)
{
	int count;

	for (count = 0; count < room; count++) {
		fds[count] = device_open(0);
		if (ioctl(fds[count], PROFBUF_IOC_START, 0)) {
			ASSERT_EQ(errno, ENOMEM);
			ASSERT_EQ(device_state(fds[count]), PROFBUF_STATE_IDLE);
			ASSERT_EQ(close(fds[count]), 0);
			return count;
		}
	}
	FAIL("%d sessions, and still memory for more", count);
}

#define MANY	32

/* Each CPU adds 2 MiB to what a user may lock, and a session takes less than that of each. */
TEST(memory_is_limited_and_given_back)
{
	int fds[MANY], count, i;
	char buffer[4096];

	become_limited(0);
	count = start_sessions(fds, MANY);
	ASSERT_EQ(count, 1);
	fds[1] = device_open(0);
	ASSERT_ERRNO(read(fds[1], buffer, sizeof(buffer)), ENOMEM);
	ASSERT_EQ(close(fds[0]), 0);
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(ioctl(fds[1], PROFBUF_IOC_START, 0), 0);
		ASSERT_EQ(ioctl(fds[1], PROFBUF_IOC_STOP, 0), 0);
		stream = (struct stream){};
		stream_drain(&stream, fds[1]);
	}
}

TEST(more_may_be_locked_by_who_has_a_higher_limit)
{
	int fds[MANY], few, i;
	pid_t pid;
	int status;

	become_limited(16 << 20);
	few = start_sessions(fds, MANY);
	ASSERT_GT(few, 4);
	for (i = 0; i < few; i++)
		ASSERT_EQ(close(fds[i]), 0);
	/* A process of the same user has what is left, and no limit of its own. */
	ASSERT_EQ(ioctl(fds[0] = device_open(0), PROFBUF_IOC_START, 0), 0);
	pid = fork();
	ASSERT_GE(pid, 0);
	if (!pid)
		_Exit(start_sessions(fds + 1, MANY) != few - 1);
	ASSERT_EQ(waitpid(pid, &status, 0), pid);
	ASSERT_EQ(status, 0);
}

/* It is the user's for as long as it lives, whoever started the session. */
TEST(memory_stays_charged_when_who_started_has_gone)
{
	int fd, status;
	pid_t pid;

	become_limited(0);
	fd = device_open(0);
	pid = fork();
	ASSERT_GE(pid, 0);
	if (!pid)
		_Exit(ioctl(fd, PROFBUF_IOC_START, 0) != 0);
	ASSERT_EQ(waitpid(pid, &status, 0), pid);
	ASSERT_EQ(status, 0);
	ASSERT_ERRNO(ioctl(device_open(0), PROFBUF_IOC_START, 0), ENOMEM);
	ASSERT_EQ(close(fd), 0);
	ASSERT_EQ(ioctl(device_open(0), PROFBUF_IOC_START, 0), 0);
}

TEST(a_cpu_that_joins_is_charged_for)
{
	struct profbuf_config config;
	int fd = device_open(0);
	int cpu1 = open("/sys/devices/system/cpu/cpu1/online", O_WRONLY);

	ASSERT_GE(cpu1, 0);
	become_limited(0);
	device_config(fd, &config);
	ASSERT_EQ(write(cpu1, "0", 1), 1);
	ASSERT_EQ(ioctl(fd, PROFBUF_IOC_START, 0), 0);
	ASSERT_EQ(write(cpu1, "1", 1), 1);
	/* Two CPUs are allowed for, and two are taken: there is nothing left for half of one. */
	config.ring_size = 2 << 20;
	fd = device_open(0);
	ASSERT_EQ(ioctl(fd, PROFBUF_IOC_SET_CONFIG, &config), 0);
	ASSERT_ERRNO(ioctl(fd, PROFBUF_IOC_START, 0), ENOMEM);
}

/* Mappings of the kernel that hold our rings. */
static int count_mappings(void)
{
	FILE *file = fopen("/proc/vmallocinfo", "r");
	char line[512];
	int count = 0;

	ASSERT(file);
	while (fgets(line, sizeof(line), file))
		count += strstr(line, "profbuf_memory_alloc") && strstr(line, " vmap");
	fclose(file);
	return count;
}

/* A large block of memory is hard to come by on a machine that has been up for long. */
TEST(rings_are_single_pages)
{
	int before = count_mappings();
	int fd = device_open(0);

	ASSERT_EQ(ioctl(fd, PROFBUF_IOC_START, 0), 0);
	/* Records, tags, and what is not seen from outside, of each CPU. */
	ASSERT_EQ(count_mappings(), before + 3 * sysconf(_SC_NPROCESSORS_ONLN));
	ASSERT_EQ(close(fd), 0);
	ASSERT_EQ(count_mappings(), before);
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

/* Of /proc/meminfo, in KiB. */
static unsigned long memory_kib(const char *name)
{
	FILE *file = fopen("/proc/meminfo", "r");
	char line[128];
	unsigned long kib = 0;

	ASSERT(file);
	while (fgets(line, sizeof(line), file)) {
		if (!strncmp(line, name, strlen(name)))
			kib = strtoul(line + strlen(name), NULL, 10);
	}
	fclose(file);
	ASSERT_GT(kib, 0);
	return kib;
}

/* Takes all memory that is to be had, and gives it back. Returns how many sessions that took. */
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
		config.ring_size = 16 << 20;
		ASSERT_EQ(ioctl(fd[sessions], PROFBUF_IOC_SET_CONFIG, &config), 0);
		error = ioctl(fd[sessions++], PROFBUF_IOC_START, 0) ? errno : 0;
	}
	ASSERT_EQ(error, ENOMEM);
	last = fd[sessions - 1];
	ASSERT_EQ(device_state(last), PROFBUF_STATE_IDLE);
	/* Others have what they need still. A little may have been used meanwhile. */
	ASSERT_GE(memory_kib("MemAvailable:"), memory_kib("MemTotal:") / 20);
	/* The session can do with less. */
	ASSERT_EQ(close(fd[0]), 0);
	config.ring_size = 1 << 20;
	ASSERT_EQ(ioctl(last, PROFBUF_IOC_SET_CONFIG, &config), 0);
	stream = (struct stream){};
	ASSERT_GT(stream_read(&stream, last), 0);
	for (i = 1; i < sessions; i++)
		ASSERT_EQ(close(fd[i]), 0);
	return sessions;
}

/* For a small machine. */
TEST(want_of_memory_is_an_error_and_kills_nobody)
{
	unsigned long long killed = killed_for_memory();
	int i, sessions = take_all_memory();

	/* What was not freed would soon be missing. */
	for (i = 0; i < 5; i++)
		ASSERT_GE(take_all_memory(), sessions - 2);
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
