// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include <linux/profbuf.h>

#include "count.h"

void die(const char *what)
{
	fprintf(stderr, "%s: %s: %s\n", program_invocation_short_name, what, strerror(errno));
	exit(1);
}

int session_begin(uint64_t period_ns, uint32_t flags, uint32_t depth)
{
	struct profbuf_config config = {
		.size = sizeof(config),
		.source = PROFBUF_SOURCE_TIMER,
		.flags = flags,
		.hdrsize = PROFBUF_WORDS,
		.period_ns = period_ns,
		.ring_size = 1 << 22,
		.watermark = 1 << 21,
		.deadline_ns = PROFBUF_DEADLINE_MAX,
		.stack_depth = depth,
	};
	int fd = open(PROFBUF_DEVICE, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || ioctl(fd, PROFBUF_IOC_SET_CONFIG, &config) ||
	    ioctl(fd, PROFBUF_IOC_START, 0))
		die(PROFBUF_DEVICE);
	return fd;
}

uint64_t records(int fd)
{
	struct profbuf_stats stats = { .size = sizeof(stats), .cpu = PROFBUF_CPU_NONE };

	if (ioctl(fd, PROFBUF_IOC_STATS, &stats))
		die(PROFBUF_DEVICE);
	return stats.records;
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

uint64_t median_gap(int fd)
{
	static uint64_t gaps[1 << 12];
	uint64_t last, now, usual = UINT64_MAX;
	size_t n = 0;

	last = counter();
	while (n < sizeof(gaps) / sizeof(*gaps)) {
		now = counter();
		if (now - last < usual)
			usual = now - last;
		if (now - last > 100)
			gaps[n++] = now - last - usual;
		last = counter();
	}
	if (records(fd) < n / 2) {
		fprintf(stderr, "%s: there were too few samples\n", program_invocation_short_name);
		exit(1);
	}
	qsort(gaps, n, sizeof(*gaps), compare);
	return gaps[n / 2];
}
