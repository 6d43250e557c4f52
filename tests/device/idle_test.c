// SPDX-License-Identifier: GPL-2.0
/*
 * CPUs that are idle sleep.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "device.h"
#include "harness.h"

#define PERIOD		1000000ULL
#define SECONDS		2

/* Interrupts of the timers of both CPUs. */
static uint64_t timer_interrupts(void)
{
	FILE *file = fopen("/proc/interrupts", "r");
	unsigned long long first, second;
	char line[4096];

	ASSERT(file);
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, " LOC: %llu %llu", &first, &second) == 2) {
			fclose(file);
			return first + second;
		}
	}
	FAIL("no line LOC in /proc/interrupts");
}

/* A session that nobody reads, so that the reader does not keep the machine awake. */
static int start(bool idle)
{
	struct profbuf_config config;
	int fd = device_open(0);

	device_configure(fd, PERIOD, PROFBUF_RING_SIZE_MAX, PROFBUF_DEADLINE_MAX);
	device_config(fd, &config);
	config.flags = idle ? PROFBUF_FLAGS : PROFBUF_KERNEL | PROFBUF_USER;
	config.ring_size = 8 << 20;
	ASSERT_EQ(ioctl(fd, PROFBUF_IOC_SET_CONFIG, &config), 0);
	ASSERT_EQ(ioctl(fd, PROFBUF_IOC_START, 0), 0);
	return fd;
}

/* The last interrupt before the end has not come yet, as a rule. */
#define LATE_PERIODS	20

/*
 * Every period of each CPU is told once. None is invented, whatever the machine is busy with; but
 * what a CPU that its host has stopped has not told yet does not tell of a loss. Returns false if
 * so much is missing.
 */
static bool check_periods(int fd, uint64_t least, uint64_t most)
{
	struct profbuf_stats stats;
	bool complete = true;
	int cpu;

	for (cpu = 0; cpu < 2; cpu++) {
		device_stats(fd, cpu, &stats);
		ASSERT_LE(stats.periods, most / PERIOD);
		ASSERT_LE(stats.slept, stats.periods);
		complete &= stats.periods + LATE_PERIODS >= least / PERIOD;
	}
	return complete;
}

/* Returns how many there were; 0 if this run was spoilt. */
static uint64_t wakeups_while_idle(bool idle)
{
	uint64_t before = now_ns(), begin, end, wakeups;
	struct profbuf_stats stats;
	int fd = start(idle);

	begin = now_ns();
	wakeups = timer_interrupts();
	sleep_ms(SECONDS * 1000);
	wakeups = timer_interrupts() - wakeups;
	end = now_ns();
	ASSERT_EQ(ioctl(fd, PROFBUF_IOC_PAUSE, 0), 0);
	if (!check_periods(fd, end - begin, now_ns() - before))
		wakeups = 0;
	device_stats(fd, PROFBUF_CPU_NONE, &stats);
	printf("# idle CPUs %s: %llu timer interrupts a second, %llu of %llu periods slept\n",
	       idle ? "sampled" : "asleep", (unsigned long long)wakeups / SECONDS,
	       (unsigned long long)stats.slept, (unsigned long long)stats.periods);
	if (idle)
		ASSERT_EQ(stats.slept, 0);
	else
		ASSERT_GT(stats.slept, 0);
	close(fd);
	return wakeups;
}

/* What runs on this machine besides is the same in both. If all runs are spoilt, it hangs. */
TEST(idle_cpus_are_left_asleep)
{
	uint64_t sampled, asleep;

	do {
		sampled = wakeups_while_idle(true);
		asleep = wakeups_while_idle(false);
	} while (!sampled || !asleep || asleep >= sampled / 2);
}

/* A process that works a little and sleeps a little, again and again. */

static pid_t nap_start(void)
{
	pid_t pid = fork();
	uint64_t end;

	ASSERT_GE(pid, 0);
	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	run_on_cpu(1);
	for (;;) {
		end = clock_ns(CLOCK_PROCESS_CPUTIME_ID) + 1300000;
		while (clock_ns(CLOCK_PROCESS_CPUTIME_ID) < end)
			;
		sleep_ms(2);
	}
}

/* A CPU that goes to sleep and wakes up all the time has all of its periods, each once. */
static bool naps_are_complete(void)
{
	struct profbuf_stats stats;
	struct stream stream = {};
	uint64_t before, begin, end;
	bool complete;
	int fd;

	before = now_ns();
	fd = start(false);
	begin = now_ns();
	sleep_ms(SECONDS * 1000);
	end = now_ns();
	ASSERT_EQ(ioctl(fd, PROFBUF_IOC_STOP, 0), 0);
	complete = check_periods(fd, end - begin, now_ns() - before);
	device_stats(fd, 1, &stats);
	ASSERT_GT(stats.slept, 0);
	stream_drain(&stream, fd);
	stream_check_account(&stream, fd);
	close(fd);
	return complete && stats.records;
}

TEST(periods_of_naps_are_neither_invented_nor_lost)
{
	pid_t pid = nap_start();
	int tries = 0;

	/* What is lost in each nap is missing in each run. */
	while (!naps_are_complete())
		ASSERT_LT(++tries, 10);
	spin_stop(pid);
}

TEST(a_cpu_goes_offline_and_comes_back_while_others_sleep)
{
	struct stream stream = {};
	int fd = start(false), i;

	for (i = 0; i < 5; i++) {
		sleep_ms(50);
		cpu1_set(false);
		sleep_ms(50);
		cpu1_set(true);
	}
	stream_finish(&stream, fd);
}
