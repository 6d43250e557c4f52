// SPDX-License-Identifier: GPL-2.0
/*
 * What sampling takes of a CPU's time, and how it is told that it would take more.
 */
#define _GNU_SOURCE
#include <sys/ioctl.h>
#include <unistd.h>

#include "device.h"
#include "harness.h"

/* As module/overload.c has it. */
#define BURST_NS	10000000ULL

/* What an interrupt counts at most, at the default of walk_ns. */
#define COST_MAX_NS	400000ULL

/* Less than the shortest period takes on any machine. */
#define SHARE		20
#define SHARE_TEXT	"20"
#define SHARE_DEFAULT	"250"

/* Everything there is to sample, as often as can be asked for. */
static void configure_greedy(int fd, uint32_t cpu_share)
{
	struct profbuf_config config;

	device_config(fd, &config);
	config.flags = PROFBUF_FLAGS;
	config.period_ns = PROFBUF_PERIOD_MIN;
	config.ring_size = 4 << 20;
	config.stack_depth = PROFBUF_STACK_MAX;
	config.cpu_share = cpu_share;
	ASSERT_EQ(ioctl(fd, PROFBUF_IOC_SET_CONFIG, &config), 0);
}

static bool both_are_limited(int fd)
{
	struct profbuf_stats stats;
	int cpu;

	for (cpu = 0; cpu < 2; cpu++) {
		device_stats(fd, cpu, &stats);
		if (!stats.limited_ns)
			return false;
	}
	return true;
}

/* Samples for a while, until both CPUs have had to be slowed down, and says since when. */
static uint64_t sample_greedily(int fd, uint32_t cpu_share)
{
	uint64_t start = now_ns();

	configure_greedy(fd, cpu_share);
	ASSERT_EQ(ioctl(fd, PROFBUF_IOC_START, 0), 0);
	while (now_ns() < start + 1500000000 || !both_are_limited(fd))
		ASSERT_GT(stream_read(&(struct stream){ .shared = true }, fd), 0);
	ASSERT_EQ(ioctl(fd, PROFBUF_IOC_PAUSE, 0), 0);
	return start;
}

/*
 * What the sessions took of a CPU since @start. An interrupt counts when it is over, and may have
 * been long: it is made up for after it.
 */
static void check_share(const int *fds, int count, uint64_t start, uint32_t share)
{
	uint64_t elapsed = now_ns() - start;
	struct profbuf_stats stats;
	uint64_t cost;
	int cpu, i;

	for (cpu = 0; cpu < 2; cpu++) {
		cost = 0;
		for (i = 0; i < count; i++) {
			device_stats(fds[i], cpu, &stats);
			cost += stats.cost_ns;
			ASSERT_GT(stats.cost_ns, 0);
			ASSERT_GT(stats.cost_mean_ns, 0);
		}
		printf("# CPU %d: %llu of 1000, mean %llu ns, longest %llu ns\n", cpu,
		       (unsigned long long)(cost * 1000 / elapsed),
		       (unsigned long long)stats.cost_mean_ns,
		       (unsigned long long)stats.cost_max_ns);
		ASSERT_LE(cost, (elapsed + BURST_NS) * share / 1000 + count * COST_MAX_NS);
	}
}

static struct stream stream;

/* Interrupts were left out, but none of their periods was told twice. */
static void check_periods(int fd, uint64_t start)
{
	uint64_t elapsed = now_ns() - start;
	struct profbuf_stats stats;
	int cpu;

	for (cpu = 0; cpu < 2; cpu++) {
		device_stats(fd, cpu, &stats);
		ASSERT_LT(stats.interrupts, stats.periods);
		ASSERT_LE(stats.periods, elapsed / PROFBUF_PERIOD_MIN);
	}
}

TEST(sampling_takes_no_more_than_its_share)
{
	pid_t pid = spin_start(1);
	int fd = device_open(0);
	struct profbuf_stats stats;
	uint64_t start;
	int cpu;

	module_parameter("cpu_share", SHARE_TEXT);
	start = sample_greedily(fd, 0);
	check_share(&fd, 1, start, SHARE);
	check_periods(fd, start);
	stream.shared = true;
	ASSERT_EQ(ioctl(fd, PROFBUF_IOC_STOP, 0), 0);
	stream_drain(&stream, fd);
	for (cpu = 0; cpu < 2; cpu++) {
		device_stats(fd, cpu, &stats);
		ASSERT_LE(stats.limited_ns, now_ns() - start);
	}
	module_parameter("cpu_share", SHARE_DEFAULT);
	spin_stop(pid);
}

TEST(sessions_share_what_sampling_may_take)
{
	pid_t pid = spin_start(0);
	int fds[3], i;
	uint64_t start;

	for (i = 0; i < 3; i++)
		fds[i] = device_open(0);
	module_parameter("cpu_share", SHARE_TEXT);
	start = now_ns();
	for (i = 0; i < 3; i++) {
		configure_greedy(fds[i], 0);
		ASSERT_EQ(ioctl(fds[i], PROFBUF_IOC_START, 0), 0);
	}
	sleep_ms(1500);
	for (i = 0; i < 3; i++)
		ASSERT_EQ(ioctl(fds[i], PROFBUF_IOC_STOP, 0), 0);
	check_share(fds, 3, start, SHARE);
	module_parameter("cpu_share", SHARE_DEFAULT);
	for (i = 0; i < 3; i++) {
		stream = (struct stream){};
		stream_drain(&stream, fds[i]);
		stream_check_account(&stream, fds[i]);
	}
	spin_stop(pid);
}

TEST(a_session_may_ask_for_a_smaller_share)
{
	int fd = device_open(0);
	uint64_t start = sample_greedily(fd, SHARE);

	check_share(&fd, 1, start, SHARE);
	check_periods(fd, start);
}

TEST(a_session_gets_no_larger_share_than_there_is)
{
	int fd = device_open(0);
	uint64_t start;

	module_parameter("cpu_share", SHARE_TEXT);
	start = sample_greedily(fd, PROFBUF_CPU_SHARE_MAX);
	check_share(&fd, 1, start, SHARE);
	module_parameter("cpu_share", SHARE_DEFAULT);
}

TEST(a_limit_frame_tells_that_it_began_and_that_it_ended)
{
	uint64_t before = now_ns();
	int fd = device_open(0), greedy = device_open(0);
	int cpu;

	/* What the one takes, the other has to wait for. */
	module_parameter("cpu_share", "10");
	device_configure(fd, 1000000, 0, 0);
	ASSERT_EQ(ioctl(fd, PROFBUF_IOC_START, 0), 0);
	configure_greedy(greedy, 0);
	ASSERT_EQ(ioctl(greedy, PROFBUF_IOC_START, 0), 0);
	while (!stream.limits[0] || !stream.limits[1])
		ASSERT_GT(stream_read(&stream, fd), 0);
	for (cpu = 0; cpu < 2; cpu++) {
		ASSERT_EQ(stream.limit[cpu].share, 10);
		ASSERT_GE(stream.limit[cpu].begin_ns, before);
		ASSERT_LE(stream.limit[cpu].begin_ns, now_ns());
		ASSERT_GT(stream.limit[cpu].cost_ns, 0);
		ASSERT_GE(stream.limit[cpu].times, 1);
	}
	ASSERT_EQ(close(greedy), 0);
	module_parameter("cpu_share", "1000");
	while (!stream.limit[0].end_ns || !stream.limit[1].end_ns)
		ASSERT_GT(stream_read(&stream, fd), 0);
	for (cpu = 0; cpu < 2; cpu++)
		ASSERT_LE(stream.limit[cpu].end_ns, now_ns());
	module_parameter("cpu_share", SHARE_DEFAULT);
	stream_finish(&stream, fd);
}

/* Nobody who reads a recording is to wonder whether it went on after the end. */
TEST(a_limit_ends_with_the_session)
{
	int fd = device_open(0);
	int cpu;

	sample_greedily(fd, 5);
	stream.shared = true;
	ASSERT_EQ(ioctl(fd, PROFBUF_IOC_STOP, 0), 0);
	stream_drain(&stream, fd);
	for (cpu = 0; cpu < 2; cpu++)
		ASSERT_GT(stream.limit[cpu].end_ns, stream.limit[cpu].begin_ns);
}

TEST(a_light_session_is_not_limited)
{
	struct profbuf_stats stats;
	int fd = device_open(0);

	device_configure(fd, 10000000, 0, 0);
	while (stream_records(&stream) < 50)
		ASSERT_GT(stream_read(&stream, fd), 0);
	stream_finish(&stream, fd);
	ASSERT_EQ(stream.limits[0] + stream.limits[1], 0);
	device_stats(fd, PROFBUF_CPU_NONE, &stats);
	ASSERT_EQ(stats.limited_ns, 0);
}
