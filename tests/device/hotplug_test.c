// SPDX-License-Identifier: GPL-2.0
/*
 * CPUs that go offline and come online while they are sampled.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "device.h"
#include "harness.h"

static struct stream stream;

/* Reads until INFO tells that CPU 1 takes part, or that it does not. */
static void read_until_cpu1(int fd, bool sampled)
{
	while (!!(stream.cpus & 2) != sampled)
		ASSERT_GT(stream_read(&stream, fd), 0);
}

static void read_records_of(int fd, int cpu, uint64_t count)
{
	uint64_t start = stream.records[cpu];

	while (stream.records[cpu] < start + count)
		ASSERT_GT(stream_read(&stream, fd), 0);
}

TEST(a_cpu_leaves_and_comes_back)
{
	struct profbuf_stats before, after;
	int fd = device_open(0);
	int i;

	device_configure(fd, 500000, 0, 0);
	read_until_cpu1(fd, true);
	for (i = 0; i < 3; i++) {
		read_records_of(fd, 1, 20);
		cpu1_set(false);
		read_until_cpu1(fd, false);
		device_stats(fd, 1, &before);
		read_records_of(fd, 0, 20);
		device_stats(fd, 1, &after);
		ASSERT_EQ(after.interrupts, before.interrupts);
		/* What it had recorded was drained, though nothing more will wake. */
		ASSERT_EQ(stream.records[1], after.records);
		cpu1_set(true);
		read_until_cpu1(fd, true);
	}
	stream_finish(&stream, fd);
	ASSERT_GE(stream.infos, 7);
}

TEST(records_of_a_cpu_that_left_wait_for_no_watermark)
{
	struct profbuf_stats stats;
	int fd = device_open(0);

	device_configure(fd, 500000, PROFBUF_RING_SIZE_MAX, PROFBUF_DEADLINE_MAX);
	read_until_cpu1(fd, true);
	do {
		sleep_ms(5);
		device_stats(fd, 1, &stats);
	} while (stats.records < 50);
	cpu1_set(false);
	device_stats(fd, 1, &stats);
	while (stream.records[1] < stats.records)
		ASSERT_GT(stream_read(&stream, fd), 0);
	cpu1_set(true);
	stream_finish(&stream, fd);
}

TEST(a_cpu_that_was_offline_at_the_start_joins)
{
	struct profbuf_stats stats = { .size = sizeof(stats), .cpu = 1 };
	int fd = device_open(0);

	device_configure(fd, 500000, 0, 0);
	cpu1_set(false);
	ASSERT_GT(stream_read(&stream, fd), 0);
	ASSERT_EQ(stream.cpus & 2, 0);
	ASSERT_ERRNO(ioctl(fd, PROFBUF_IOC_STATS, &stats), EINVAL);
	cpu1_set(true);
	read_until_cpu1(fd, true);
	read_records_of(fd, 1, 20);
	stream_finish(&stream, fd);
}

TEST(a_cpu_that_comes_wakes_a_reader)
{
	int fd = device_open(0);
	int status;
	pid_t pid;

	device_configure(fd, PROFBUF_PERIOD_MAX, PROFBUF_RING_SIZE_MAX, PROFBUF_DEADLINE_MAX);
	cpu1_set(false);
	ASSERT_GT(stream_read(&stream, fd), 0);
	pid = fork();
	ASSERT_GE(pid, 0);
	if (!pid) {
		ASSERT_GT(stream_read(&stream, fd), 0);
		_Exit(!(stream.cpus & 2));
	}
	wait_until_asleep(pid);
	cpu1_set(true);
	ASSERT_EQ(waitpid(pid, &status, 0), pid);
	ASSERT_EQ(status, 0);
}

TEST(cpus_come_and_go_while_a_session_is_paused)
{
	struct profbuf_stats stats;
	int fd = device_open(0);

	device_configure(fd, 500000, 0, 0);
	read_until_cpu1(fd, true);
	read_records_of(fd, 1, 20);
	ASSERT_EQ(ioctl(fd, PROFBUF_IOC_PAUSE, 0), 0);
	cpu1_set(false);
	ASSERT_EQ(ioctl(fd, PROFBUF_IOC_RESUME, 0), 0);
	read_until_cpu1(fd, false);
	read_records_of(fd, 0, 20);
	ASSERT_EQ(ioctl(fd, PROFBUF_IOC_PAUSE, 0), 0);
	cpu1_set(true);
	device_stats(fd, 1, &stats);
	ASSERT_EQ(ioctl(fd, PROFBUF_IOC_RESUME, 0), 0);
	read_until_cpu1(fd, true);
	read_records_of(fd, 1, 20);
	stream_finish(&stream, fd);
	ASSERT_GT(stream.records[1], stats.records);
}

TEST(a_cpu_that_first_comes_during_a_pause_joins)
{
	int fd = device_open(0);

	device_configure(fd, 500000, 0, 0);
	cpu1_set(false);
	ASSERT_GT(stream_read(&stream, fd), 0);
	ASSERT_EQ(ioctl(fd, PROFBUF_IOC_PAUSE, 0), 0);
	cpu1_set(true);
	ASSERT_EQ(ioctl(fd, PROFBUF_IOC_RESUME, 0), 0);
	read_until_cpu1(fd, true);
	read_records_of(fd, 1, 20);
	stream_finish(&stream, fd);
}

static void set_real_time_limit(const char *microseconds)
{
	int fd = open("/proc/sys/kernel/sched_rt_runtime_us", O_WRONLY);

	ASSERT_GE(fd, 0);
	ASSERT_GT(write(fd, microseconds, strlen(microseconds)), 0);
	close(fd);
}

/* In memory that is shared: the task no longer keeps others from CPU 1. */
static volatile bool *monopoly_over;

/* A task that keeps all others from CPU 1, for so long that who waits for it is noticed. */
static pid_t monopolize_cpu1(void)
{
	const struct sched_param param = { .sched_priority = 50 };
	uint64_t end = now_ns() + 60000000000ULL;
	pid_t pid;

	monopoly_over = mmap(NULL, sizeof(*monopoly_over), PROT_READ | PROT_WRITE,
			     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE((void *)monopoly_over, MAP_FAILED);
	pid = fork();
	ASSERT_GE(pid, 0);
	if (pid)
		return pid;
	run_on_cpu(1);
	ASSERT_EQ(sched_setscheduler(0, SCHED_FIFO, &param), 0);
	while (now_ns() < end)
		;
	*monopoly_over = true;
	_Exit(0);
}

TEST(a_real_time_task_keeps_nobody_waiting)
{
	int fd = device_open(0), other = device_open(0);
	pid_t pid;

	run_on_cpu(0);
	set_real_time_limit("-1");
	device_configure(fd, 1000000, 0, 0);
	device_configure(other, 1000000, 0, 0);
	ASSERT_EQ(ioctl(other, PROFBUF_IOC_START, 0), 0);
	pid = monopolize_cpu1();
	while (sched_getscheduler(pid) != SCHED_FIFO)
		sleep_ms(1);
	ASSERT_EQ(ioctl(fd, PROFBUF_IOC_START, 0), 0);
	read_records_of(fd, 1, 20);
	read_records_of(fd, 0, 20);
	ASSERT_EQ(ioctl(fd, PROFBUF_IOC_PAUSE, 0), 0);
	ASSERT_EQ(ioctl(fd, PROFBUF_IOC_RESUME, 0), 0);
	read_records_of(fd, 1, 20);
	close(other);
	stream_finish(&stream, fd);
	ASSERT(!*monopoly_over);
	spin_stop(pid);
	set_real_time_limit("950000");
}

TEST(a_real_time_task_keeps_no_later_session_waiting)
{
	int fd = device_open(0);
	pid_t pid;

	run_on_cpu(0);
	set_real_time_limit("-1");
	ASSERT_EQ(ioctl(fd, PROFBUF_IOC_START, 0), 0);
	ASSERT_EQ(close(fd), 0);
	pid = monopolize_cpu1();
	while (sched_getscheduler(pid) != SCHED_FIFO)
		sleep_ms(1);
	/* Whatever is done some seconds after the last session is being done. */
	sleep_ms(6000);
	fd = device_open(0);
	device_configure(fd, 1000000, 0, 0);
	ASSERT_EQ(ioctl(fd, PROFBUF_IOC_START, 0), 0);
	read_records_of(fd, 1, 20);
	stream_finish(&stream, fd);
	ASSERT(!*monopoly_over);
	spin_stop(pid);
	set_real_time_limit("950000");
}

TEST(two_sessions_survive_a_cpu_that_comes_and_goes)
{
	static struct stream streams[2];
	int fd[2], i, j;

	for (i = 0; i < 2; i++) {
		fd[i] = device_open(O_NONBLOCK);
		device_configure(fd[i], 100000 * (i + 1), 8192, 10000000);
		ASSERT_EQ(ioctl(fd[i], PROFBUF_IOC_START, 0), 0);
	}
	for (j = 0; j < 10; j++) {
		cpu1_set(j % 2);
		for (i = 0; i < 2; i++) {
			while (stream_read(&streams[i], fd[i]) > 0)
				;
			ASSERT_EQ(errno, EAGAIN);
		}
	}
	for (i = 0; i < 2; i++)
		stream_finish(&streams[i], fd[i]);
}

TEST(a_session_is_closed_while_its_cpu_is_offline)
{
	int fd = device_open(0);

	device_configure(fd, 100000, 0, 0);
	read_until_cpu1(fd, true);
	cpu1_set(false);
	ASSERT_EQ(close(fd), 0);
	cpu1_set(true);
}
