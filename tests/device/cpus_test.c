// SPDX-License-Identifier: GPL-2.0
/*
 * Which CPUs are sampled.
 */
#define _GNU_SOURCE
#include <sys/ioctl.h>
#include <unistd.h>

#include "device.h"
#include "harness.h"

static struct stream stream;

static int set_cpus(int fd, const void *mask, uint32_t bytes)
{
	struct profbuf_cpus cpus = {
		.size = sizeof(cpus),
		.bytes = bytes,
		.mask = (uintptr_t)mask,
	};

	return ioctl(fd, PROFBUF_IOC_SET_CPUS, &cpus);
}

static uint64_t get_cpus(int fd)
{
	uint64_t mask[1024 / 8] = {};
	struct profbuf_cpus cpus = {
		.size = sizeof(cpus),
		.bytes = sizeof(mask),
		.mask = (uintptr_t)mask,
	};

	ASSERT_EQ(ioctl(fd, PROFBUF_IOC_GET_CPUS, &cpus), 0);
	ASSERT_GE(cpus.bytes, sizeof(uint64_t));
	ASSERT_LE(cpus.bytes, sizeof(mask));
	return mask[0];
}

/* What an unprivileged eye sees of it, too: the CPUs told, and those that have records. */
static void sample_only(int fd, uint64_t mask)
{
	struct profbuf_stats stats = { .size = sizeof(stats) };

	stream = (struct stream){};
	device_configure(fd, 500000, 0, 0);
	ASSERT_EQ(ioctl(fd, PROFBUF_IOC_START, 0), 0);
	while (stream_records(&stream) < 100 || (mask & 1 && !stream.records[0]) ||
	       (mask & 2 && !stream.records[1]))
		ASSERT_GT(stream_read(&stream, fd), 0);
	ASSERT_EQ(stream.cpus, mask);
	stream_finish(&stream, fd);
	for (stats.cpu = 0; stats.cpu < 2; stats.cpu++) {
		ASSERT_EQ(!!stream.records[stats.cpu], mask >> stats.cpu & 1);
		ASSERT_EQ(!ioctl(fd, PROFBUF_IOC_STATS, &stats), mask >> stats.cpu & 1);
	}
}

TEST(a_session_chooses_its_cpus)
{
	uint64_t mask[2] = { 2, 0 };
	int fd = device_open(0);

	ASSERT_EQ(get_cpus(fd) & 3, 3);
	ASSERT_EQ(set_cpus(fd, mask, sizeof(mask)), 0);
	ASSERT_EQ(get_cpus(fd), 2);
	sample_only(fd, 2);
	mask[0] = 1;
	ASSERT_EQ(set_cpus(fd, mask, sizeof(mask[0])), 0);
	sample_only(fd, 1);
	ASSERT_EQ(set_cpus(fd, NULL, 0), 0);
	sample_only(fd, 3);
}

TEST(masks_that_are_no_use_are_refused)
{
	uint64_t mask[1024] = { 1 };
	struct profbuf_cpus cpus = { .size = sizeof(cpus), .bytes = 1 };
	int fd = device_open(0);

	ASSERT_ERRNO(set_cpus(fd, mask, 7), EINVAL);
	ASSERT_ERRNO(set_cpus(fd, mask, sizeof(mask)), EINVAL);
	ASSERT_ERRNO(set_cpus(fd, (void *)8, 8), EFAULT);
	mask[0] = 0;
	ASSERT_ERRNO(set_cpus(fd, mask, 8), EINVAL);
	/* No machine of the tests can have so many. */
	mask[0] = 1;
	mask[510] = 1;
	ASSERT_ERRNO(set_cpus(fd, mask, 511 * 8), EINVAL);
	mask[510] = 0;
	ASSERT_EQ(set_cpus(fd, mask, 511 * 8), 0);

	ASSERT_ERRNO(ioctl(fd, PROFBUF_IOC_GET_CPUS, &cpus), EINVAL);
	cpus.size = sizeof(cpus) - 1;
	ASSERT_ERRNO(ioctl(fd, PROFBUF_IOC_SET_CPUS, &cpus), EINVAL);
	ASSERT_ERRNO(ioctl(fd, PROFBUF_IOC_GET_CPUS, &cpus), EINVAL);
	cpus.size = 4097;
	ASSERT_ERRNO(ioctl(fd, PROFBUF_IOC_SET_CPUS, &cpus), E2BIG);
	ASSERT_ERRNO(ioctl(fd, PROFBUF_IOC_SET_CPUS, 8), EFAULT);
	ASSERT_EQ(get_cpus(fd), 1);

	ASSERT_EQ(ioctl(fd, PROFBUF_IOC_START, 0), 0);
	ASSERT_ERRNO(set_cpus(fd, mask, 8), EBUSY);
	ASSERT_EQ(get_cpus(fd), 1);
}

TEST(the_parameter_chooses_for_those_who_do_not)
{
	uint64_t mask = 1;
	int fd = device_open(0);

	module_parameter("cpus", "1");
	ASSERT_EQ(get_cpus(fd), 2);
	sample_only(fd, 2);
	ASSERT_EQ(set_cpus(fd, &mask, sizeof(mask)), 0);
	sample_only(fd, 1);
	module_parameter_refused("cpus", "8191", ERANGE);
	module_parameter_refused("cpus", "x", EINVAL);
	module_parameter("cpus", "");
	ASSERT_EQ(set_cpus(fd, NULL, 0), 0);
	sample_only(fd, 3);
}

TEST(a_cpu_that_comes_joins_only_if_it_was_chosen)
{
	struct profbuf_stats stats = { .size = sizeof(stats), .cpu = 1 };
	uint64_t mask = 1;
	int fd = device_open(0);

	ASSERT_EQ(set_cpus(fd, &mask, sizeof(mask)), 0);
	device_configure(fd, 500000, 0, 0);
	cpu1_set(false);
	ASSERT_GT(stream_read(&stream, fd), 0);
	cpu1_set(true);
	while (stream_records(&stream) < 100)
		ASSERT_GT(stream_read(&stream, fd), 0);
	ASSERT_EQ(stream.cpus, 1);
	ASSERT_ERRNO(ioctl(fd, PROFBUF_IOC_STATS, &stats), EINVAL);
	stream_finish(&stream, fd);
}

/* For a machine whose CPU 1 is isolated, or runs without ticks. */
TEST(an_isolated_cpu_is_left_alone_unless_asked_for)
{
	uint64_t mask = 3;
	int fd = device_open(0);

	ASSERT_EQ(get_cpus(fd) & 3, 1);
	sample_only(fd, 1);
	ASSERT_EQ(set_cpus(fd, &mask, sizeof(mask)), 0);
	sample_only(fd, 3);
}
