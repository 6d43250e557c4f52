// SPDX-License-Identifier: GPL-2.0
/*
 * Configuration, by ioctl and by module parameter, and every bad argument.
 */
#include <fcntl.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "device.h"
#include "harness.h"

#define PARAMETERS	"/sys/module/profbuf/parameters/"

static struct stream stream;

static void walk_header_size(void *context, const struct profbuf_frame *frame,
			     const __u64 *record)
{
	uint32_t i;

	(void)context;
	for (i = PROFBUF_WORDS; i < frame->hdrsize; i++)
		ASSERT_EQ(record[PROFBUF_RECORD_FIXED + i], 0);
}

TEST(header_size_is_what_records_have)
{
	static const unsigned int sizes[] = {
		PROFBUF_HDRSIZE_MIN, 2, 3, PROFBUF_WORDS - 1, PROFBUF_WORDS, PROFBUF_WORDS + 1,
		PROFBUF_HDRSIZE_MAX,
	};
	struct profbuf_config config;
	int fd = device_open(0);
	size_t i;

	device_configure(fd, 500000, 0, 0);
	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct stream run = { .record = walk_header_size };

		ASSERT_EQ(ioctl(fd, PROFBUF_IOC_SET_HDRSIZE, sizes[i]), 0);
		device_config(fd, &config);
		ASSERT_EQ(config.hdrsize, sizes[i]);
		ASSERT_EQ(ioctl(fd, PROFBUF_IOC_START, 0), 0);
		while (stream_records(&run) < 10)
			ASSERT_GT(stream_read(&run, fd), 0);
		ASSERT_EQ(run.info.nr_words, sizes[i]);
		stream_finish(&run, fd);
	}
}

TEST(header_size_out_of_range_is_refused)
{
	static const unsigned long bad[] = {
		0, PROFBUF_HDRSIZE_MAX + 1, UINT32_MAX, 1UL << 32, (1UL << 32) + 8, ~0UL,
	};
	struct profbuf_config config;
	int fd = device_open(0);
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ASSERT_ERRNO(ioctl(fd, PROFBUF_IOC_SET_HDRSIZE, bad[i]), EINVAL);
	device_config(fd, &config);
	ASSERT_EQ(config.hdrsize, PROFBUF_WORDS_DEFAULT);

	/* In range by itself, but then the ring is less than four records. */
	config.ring_size = 4096;
	config.stack_depth = 110;
	ASSERT_EQ(ioctl(fd, PROFBUF_IOC_SET_CONFIG, &config), 0);
	ASSERT_ERRNO(ioctl(fd, PROFBUF_IOC_SET_HDRSIZE, PROFBUF_HDRSIZE_MAX), EINVAL);
}

TEST(configuration_is_refused_while_a_session_is_active)
{
	struct profbuf_config config;
	int fd = device_open(0);

	device_config(fd, &config);
	ASSERT_EQ(ioctl(fd, PROFBUF_IOC_SET_HDRSIZE, 5), 0);

	ASSERT_EQ(ioctl(fd, PROFBUF_IOC_START, 0), 0);
	ASSERT_ERRNO(ioctl(fd, PROFBUF_IOC_SET_HDRSIZE, 1), EBUSY);
	ASSERT_ERRNO(ioctl(fd, PROFBUF_IOC_SET_CONFIG, &config), EBUSY);
	/* What is wrong in any state is said first. */
	ASSERT_ERRNO(ioctl(fd, PROFBUF_IOC_SET_HDRSIZE, 0), EINVAL);

	ASSERT_EQ(ioctl(fd, PROFBUF_IOC_PAUSE, 0), 0);
	ASSERT_ERRNO(ioctl(fd, PROFBUF_IOC_SET_HDRSIZE, 1), EBUSY);
	ASSERT_ERRNO(ioctl(fd, PROFBUF_IOC_SET_CONFIG, &config), EBUSY);

	ASSERT_EQ(ioctl(fd, PROFBUF_IOC_STOP, 0), 0);
	ASSERT_ERRNO(ioctl(fd, PROFBUF_IOC_SET_HDRSIZE, 1), EBUSY);
	ASSERT_ERRNO(ioctl(fd, PROFBUF_IOC_SET_CONFIG, &config), EBUSY);

	stream_drain(&stream, fd);
	ASSERT_EQ(stream.info.nr_words, 5);
	ASSERT_EQ(ioctl(fd, PROFBUF_IOC_SET_CONFIG, &config), 0);
	ASSERT_EQ(ioctl(fd, PROFBUF_IOC_SET_HDRSIZE, 1), 0);
	/* That is no start. */
	ASSERT_EQ(stream_read(&stream, fd), 0);
	ASSERT_EQ(device_state(fd), PROFBUF_STATE_ENDED);
	ASSERT_EQ(ioctl(fd, PROFBUF_IOC_START, 0), 0);
	stream = (struct stream){};
	ASSERT_GT(stream_read(&stream, fd), 0);
	ASSERT_EQ(stream.info.nr_words, 1);
}

/* Sets one field to a value and expects what SET_CONFIG answers. */
#define TRY(fd, field, value, expected)						\
	do {									\
		struct profbuf_config __config;					\
										\
		device_config(fd, &__config);					\
		__config.field = (value);					\
		if (expected)							\
			ASSERT_ERRNO(ioctl(fd, PROFBUF_IOC_SET_CONFIG, &__config), expected); \
		else								\
			ASSERT_EQ(ioctl(fd, PROFBUF_IOC_SET_CONFIG, &__config), 0); \
	} while (0)

TEST(every_field_has_its_range)
{
	struct profbuf_config config;
	int fd = device_open(0);

	TRY(fd, source, 0, EINVAL);
	TRY(fd, source, PROFBUF_SOURCE_TIMER + 1, EINVAL);
	TRY(fd, flags, PROFBUF_FLAGS + 1, EINVAL);
	TRY(fd, flags, 1U << 31, EINVAL);
	TRY(fd, flags, 0, 0);
	TRY(fd, flags, PROFBUF_FLAGS, 0);
	TRY(fd, hdrsize, PROFBUF_HDRSIZE_MIN - 1, EINVAL);
	TRY(fd, hdrsize, PROFBUF_HDRSIZE_MAX + 1, EINVAL);
	TRY(fd, hdrsize, UINT32_MAX, EINVAL);
	TRY(fd, hdrsize, PROFBUF_HDRSIZE_MIN, 0);
	TRY(fd, hdrsize, PROFBUF_HDRSIZE_MAX, 0);
	TRY(fd, period_ns, 0, EINVAL);
	TRY(fd, period_ns, PROFBUF_PERIOD_MIN - 1, EINVAL);
	TRY(fd, period_ns, PROFBUF_PERIOD_MAX + 1, EINVAL);
	TRY(fd, period_ns, UINT64_MAX, EINVAL);
	TRY(fd, period_ns, PROFBUF_PERIOD_MIN, 0);
	TRY(fd, period_ns, PROFBUF_PERIOD_MAX, 0);
	TRY(fd, stack_depth, 0, EINVAL);
	TRY(fd, stack_depth, PROFBUF_STACK_MAX + 1, EINVAL);
	TRY(fd, stack_depth, UINT32_MAX, EINVAL);
	TRY(fd, stack_depth, 1, 0);
	TRY(fd, stack_depth, PROFBUF_STACK_MAX, 0);
	TRY(fd, deadline_ns, PROFBUF_DEADLINE_MAX + 1, EINVAL);
	TRY(fd, deadline_ns, UINT64_MAX, EINVAL);
	TRY(fd, deadline_ns, 0, 0);
	TRY(fd, deadline_ns, PROFBUF_DEADLINE_MAX, 0);
	TRY(fd, watermark, 0, 0);
	TRY(fd, watermark, UINT64_MAX, 0);
	TRY(fd, cpu_share, PROFBUF_CPU_SHARE_MAX + 1, EINVAL);
	TRY(fd, cpu_share, UINT32_MAX, EINVAL);
	TRY(fd, cpu_share, PROFBUF_CPU_SHARE_MAX, 0);
	TRY(fd, cpu_share, 0, 0);
	/* hdrsize and stack_depth are at their largest now. */
	TRY(fd, ring_size, 0, EINVAL);
	TRY(fd, ring_size, 4ULL * 8 * (2 + PROFBUF_HDRSIZE_MAX + PROFBUF_STACK_MAX) - 1, EINVAL);
	TRY(fd, ring_size, PROFBUF_RING_SIZE_MAX + 1, EINVAL);
	TRY(fd, ring_size, UINT64_MAX, EINVAL);
	TRY(fd, ring_size, PROFBUF_RING_SIZE_MAX, 0);
	TRY(fd, ring_size, 4ULL * 8 * (2 + PROFBUF_HDRSIZE_MAX + PROFBUF_STACK_MAX), 0);
	device_config(fd, &config);
	ASSERT_EQ(config.ring_size, 65536);
}

TEST(configurations_are_versioned_by_size)
{
	enum { VERSION_1 = offsetof(struct profbuf_config, stack_copy) };
	union {
		struct profbuf_config config;
		uint32_t size;
		char bytes[8192];
	} space = {};
	int fd = device_open(0);

	ASSERT_ERRNO(ioctl(fd, PROFBUF_IOC_GET_CONFIG, &space), EINVAL);
	ASSERT_ERRNO(ioctl(fd, PROFBUF_IOC_SET_CONFIG, &space), EINVAL);
	space.size = VERSION_1 - 1;
	ASSERT_ERRNO(ioctl(fd, PROFBUF_IOC_GET_CONFIG, &space), EINVAL);
	ASSERT_ERRNO(ioctl(fd, PROFBUF_IOC_SET_CONFIG, &space), EINVAL);
	space.size = 4097;
	ASSERT_ERRNO(ioctl(fd, PROFBUF_IOC_GET_CONFIG, &space), E2BIG);
	ASSERT_ERRNO(ioctl(fd, PROFBUF_IOC_SET_CONFIG, &space), E2BIG);

	/* A program newer than the kernel. */
	space.size = 4096;
	ASSERT_EQ(ioctl(fd, PROFBUF_IOC_GET_CONFIG, &space), 0);
	ASSERT_EQ(space.size, sizeof(space.config));
	space.size = 4096;
	ASSERT_EQ(ioctl(fd, PROFBUF_IOC_SET_CONFIG, &space), 0);
	space.bytes[4095] = 1;
	ASSERT_ERRNO(ioctl(fd, PROFBUF_IOC_SET_CONFIG, &space), E2BIG);
}

TEST(statistics_are_versioned_by_size)
{
	union {
		struct profbuf_stats stats;
		uint32_t size;
		char bytes[8192];
	} space = {};
	int fd = device_open(0);

	ASSERT_ERRNO(ioctl(fd, PROFBUF_IOC_STATS, &space), EINVAL);
	space.size = offsetof(struct profbuf_stats, slept) - 1;
	ASSERT_ERRNO(ioctl(fd, PROFBUF_IOC_STATS, &space), EINVAL);
	space.size = 4097;
	ASSERT_ERRNO(ioctl(fd, PROFBUF_IOC_STATS, &space), E2BIG);
	space.size = 4096;
	space.stats.cpu = PROFBUF_CPU_NONE;
	ASSERT_EQ(ioctl(fd, PROFBUF_IOC_STATS, &space), 0);
	ASSERT_EQ(space.size, sizeof(space.stats));
	/* A program of the first version. */
	space.size = offsetof(struct profbuf_stats, slept);
	space.stats.slept = ~0ULL;
	ASSERT_EQ(ioctl(fd, PROFBUF_IOC_STATS, &space), 0);
	ASSERT_EQ(space.size, offsetof(struct profbuf_stats, slept));
	ASSERT_EQ(space.stats.slept, ~0ULL);
	space.size = sizeof(space.stats);
	space.stats.slept = 0;
	space.stats.reserved = 1;
	ASSERT_ERRNO(ioctl(fd, PROFBUF_IOC_STATS, &space), EINVAL);
	space.stats.reserved = 0;
	/* Not started: no CPU has taken part. */
	space.stats.cpu = 0;
	ASSERT_ERRNO(ioctl(fd, PROFBUF_IOC_STATS, &space), EINVAL);
	ASSERT_EQ(ioctl(fd, PROFBUF_IOC_START, 0), 0);
	ASSERT_EQ(ioctl(fd, PROFBUF_IOC_STATS, &space), 0);
	ASSERT_GT(stream_read(&stream, fd), 0);
	space.stats.cpu = stream.info.nr_cpus;
	ASSERT_ERRNO(ioctl(fd, PROFBUF_IOC_STATS, &space), EINVAL);
	space.stats.cpu = 0x7fffffff;
	ASSERT_ERRNO(ioctl(fd, PROFBUF_IOC_STATS, &space), EINVAL);
	space.stats.cpu = PROFBUF_CPU_NONE - 1;
	ASSERT_ERRNO(ioctl(fd, PROFBUF_IOC_STATS, &space), EINVAL);
}

TEST(bad_pointers_are_refused)
{
	static const unsigned long commands[] = {
		PROFBUF_IOC_GET_CONFIG, PROFBUF_IOC_SET_CONFIG, PROFBUF_IOC_STATS,
	};
	size_t page = sysconf(_SC_PAGESIZE);
	char *memory = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			    -1, 0);
	int fd = device_open(0);
	uint32_t *size = (uint32_t *)(memory + page - sizeof(*size));
	size_t i;

	ASSERT_NE(memory, MAP_FAILED);
	ASSERT_EQ(munmap(memory + page, page), 0);
	for (i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		ASSERT_ERRNO(ioctl(fd, commands[i], NULL), EFAULT);
		ASSERT_ERRNO(ioctl(fd, commands[i], 1UL << 63), EFAULT);
		/* The size is there, the rest is not. */
		*size = sizeof(struct profbuf_stats);
		ASSERT_ERRNO(ioctl(fd, commands[i], size), EFAULT);
	}
}

TEST(unknown_ioctls_are_refused)
{
	int fd = device_open(0);

	ASSERT_ERRNO(ioctl(fd, _IO(PROFBUF_IOC_MAGIC, 8), 0), ENOTTY);
	ASSERT_ERRNO(ioctl(fd, _IO(PROFBUF_IOC_MAGIC, 255), 0), ENOTTY);
	/* Right number, wrong direction or size. */
	ASSERT_ERRNO(ioctl(fd, _IO(PROFBUF_IOC_MAGIC, 0), 0), ENOTTY);
	ASSERT_ERRNO(ioctl(fd, _IOW(PROFBUF_IOC_MAGIC, 2, int), 0), ENOTTY);
	ASSERT_ERRNO(ioctl(fd, 0, 0), ENOTTY);
}

static bool fdinfo_state_is(int fd, const char *expected)
{
	char value[64];

	fdinfo(fd, "profbuf-state", value, sizeof(value));
	return !strcmp(value, expected);
}

TEST(fdinfo_tells_configuration_and_totals)
{
	struct profbuf_config config;
	struct profbuf_stats stats;
	int fd = device_open(0);
	pid_t pid = spin_start(1);

	/* No two values alike, and samples of every fate. */
	device_config(fd, &config);
	config.flags = PROFBUF_KERNEL;
	config.hdrsize = PROFBUF_WORDS + 1;
	config.period_ns = 123457;
	config.ring_size = 8192;
	config.watermark = 234567;
	config.deadline_ns = 345678;
	config.stack_depth = 21;
	config.stack_copy = 88;
	ASSERT_EQ(ioctl(fd, PROFBUF_IOC_SET_CONFIG, &config), 0);
	ASSERT(fdinfo_state_is(fd, "idle"));
	ASSERT_EQ(ioctl(fd, PROFBUF_IOC_START, 0), 0);
	ASSERT(fdinfo_state_is(fd, "running"));
	do {
		sleep_ms(5);
		device_stats(fd, PROFBUF_CPU_NONE, &stats);
	} while (stats.lost < 100 || stats.filtered < 10);
	spin_stop(pid);
	ASSERT_EQ(ioctl(fd, PROFBUF_IOC_PAUSE, 0), 0);
	ASSERT(fdinfo_state_is(fd, "paused"));
	ASSERT_EQ(ioctl(fd, PROFBUF_IOC_STOP, 0), 0);
	ASSERT(fdinfo_state_is(fd, "stopped"));
	stream_drain(&stream, fd);
	ASSERT(fdinfo_state_is(fd, "ended"));

	ASSERT_EQ(fdinfo_number(fd, "profbuf-source"), PROFBUF_SOURCE_TIMER);
	ASSERT_EQ(fdinfo_number(fd, "profbuf-flags"), config.flags);
	ASSERT_EQ(fdinfo_number(fd, "profbuf-hdrsize"), config.hdrsize);
	ASSERT_EQ(fdinfo_number(fd, "profbuf-period_ns"), config.period_ns);
	ASSERT_EQ(fdinfo_number(fd, "profbuf-ring_size"), config.ring_size);
	ASSERT_EQ(fdinfo_number(fd, "profbuf-watermark"), config.watermark);
	ASSERT_EQ(fdinfo_number(fd, "profbuf-deadline_ns"), config.deadline_ns);
	ASSERT_EQ(fdinfo_number(fd, "profbuf-stack_depth"), config.stack_depth);
	ASSERT_EQ(fdinfo_number(fd, "profbuf-stack_copy"), config.stack_copy);
	device_stats(fd, PROFBUF_CPU_NONE, &stats);
	ASSERT_EQ(fdinfo_number(fd, "profbuf-interrupts"), stats.interrupts);
	ASSERT_EQ(fdinfo_number(fd, "profbuf-records"), stats.records);
	ASSERT_EQ(fdinfo_number(fd, "profbuf-lost"), stats.lost);
	ASSERT_EQ(fdinfo_number(fd, "profbuf-filtered"), stats.filtered);
	ASSERT_EQ(fdinfo_number(fd, "profbuf-nested"), stats.nested);
	ASSERT_EQ(fdinfo_number(fd, "profbuf-periods"), stats.periods);
	ASSERT_EQ(fdinfo_number(fd, "profbuf-records_read"), stats.records_read);
	ASSERT_EQ(fdinfo_number(fd, "profbuf-lost_read"), stats.lost_read);
	stream_check_account(&stream, fd);
}

/* Reads a list of CPUs that are one range, as those of the tests are. */
static void cpu_range(const char *name, unsigned int *first, unsigned int *last)
{
	char path[128];
	FILE *file;
	int count;

	snprintf(path, sizeof(path), "/sys/devices/system/cpu/%s", name);
	file = fopen(path, "r");
	ASSERT(file);
	count = fscanf(file, "%u-%u", first, last);
	fclose(file);
	ASSERT_GE(count, 1);
	if (count == 1)
		*last = *first;
}

TEST(info_names_the_cpus)
{
	static __u64 buffer[BUFFER_SIZE / 8];
	unsigned int first, last, ignored, cpu;
	const struct profbuf_frame *frame = (const void *)buffer;
	const struct profbuf_info *info = (const void *)(frame + 1);
	const __u64 *mask;
	int fd = device_open(0);

	/* An odd number of words before the mask needs padding. */
	ASSERT_EQ(ioctl(fd, PROFBUF_IOC_SET_HDRSIZE, 3), 0);
	ASSERT_GT(read(fd, buffer, sizeof(buffer)), 0);
	ASSERT_EQ(frame->type, PROFBUF_FRAME_INFO);
	cpu_range("possible", &ignored, &last);
	ASSERT_EQ(info->nr_cpus, last + 1);
	mask = (const void *)((const char *)info + info->size + 4 * sizeof(__u32));
	ASSERT_EQ(frame->size, (const char *)(mask + (info->nr_cpus + 63) / 64) -
			       (const char *)frame);
	cpu_range("online", &first, &last);
	for (cpu = 0; cpu < (info->nr_cpus + 63) / 64 * 64; cpu++)
		ASSERT_EQ(mask[cpu / 64] >> cpu % 64 & 1, cpu >= first && cpu <= last);
}

/* Returns 0, or the errno of the write. */
static int parameter_write(const char *name, const char *value)
{
	char path[128];
	ssize_t size;
	int error;
	int fd;

	snprintf(path, sizeof(path), PARAMETERS "%s", name);
	fd = open(path, O_WRONLY);
	ASSERT_GE(fd, 0);
	size = write(fd, value, strlen(value));
	error = size < 0 ? errno : 0;
	close(fd);
	return error;
}

static void parameter_read(const char *name, char *value, size_t size)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), PARAMETERS "%s", name);
	file = fopen(path, "r");
	ASSERT(file && fgets(value, size, file));
	fclose(file);
}

TEST(parameters_are_the_defaults_of_new_sessions)
{
	static const struct {
		const char *name;
		const char *value;
		const char *nonsense[4];
	} parameters[] = {
		{ "hdrsize", "3", { "0", "65", "4294967296", "many" } },
		{ "period_ns", "2000000", { "0", "9999", "60000000001", "-1" } },
		{ "ring_size", "131072", { "0", "100", "1073741825", " " } },
		{ "watermark", "1024", { "x", "-5", "1e3", "18446744073709551616" } },
		{ "deadline_ns", "7000000", { "3600000000001", "-1", "soon", "1 2" } },
		{ "stack_depth", "20", { "0", "1025", "4294967297", "deep" } },
		{ "kernel", "0", { "2", "maybe", "-1", "x" } },
		{ "user", "0", { "2", "maybe", "-1", "x" } },
		{ "idle", "1", { "2", "maybe", "-1", "x" } },
	};
	const size_t count = sizeof(parameters) / sizeof(parameters[0]);
	char saved[9][64], value[64];
	struct profbuf_config before, config;
	int old = device_open(0);
	size_t i, j;
	int fd;

	device_config(old, &before);
	for (i = 0; i < count; i++) {
		parameter_read(parameters[i].name, saved[i], sizeof(saved[i]));
		for (j = 0; j < 4; j++) {
			const char *nonsense = parameters[i].nonsense[j];

			ASSERT_NE(parameter_write(parameters[i].name, nonsense), 0);
		}
		parameter_read(parameters[i].name, value, sizeof(value));
		ASSERT(!strcmp(value, saved[i]));
		ASSERT_EQ(parameter_write(parameters[i].name, parameters[i].value), 0);
		parameter_read(parameters[i].name, value, sizeof(value));
		ASSERT_EQ(strtoull(value, NULL, 10), strtoull(parameters[i].value, NULL, 10));
	}

	fd = device_open(0);
	device_config(fd, &config);
	ASSERT_EQ(config.hdrsize, 3);
	ASSERT_EQ(config.period_ns, 2000000);
	ASSERT_EQ(config.ring_size, 131072);
	ASSERT_EQ(config.watermark, 1024);
	ASSERT_EQ(config.deadline_ns, 7000000);
	ASSERT_EQ(config.stack_depth, 20);
	ASSERT_EQ(config.flags, PROFBUF_IDLE);
	/* Older sessions keep theirs. */
	device_config(old, &config);
	ASSERT(!memcmp(&config, &before, sizeof(config)));

	/* Back in the other order, in which they are consistent, too. */
	for (i = count; i--; )
		ASSERT_EQ(parameter_write(parameters[i].name, saved[i]), 0);
}
