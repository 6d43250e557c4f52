// SPDX-License-Identifier: GPL-2.0
/*
 * Opening the device, walking its stream, and checking that nothing is unaccounted for.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "device.h"
#include "harness.h"

/* What this process has opened, the last so many of it. */
#define OPENED	64
static int device_fds[OPENED];
static int device_count;

int device_open(int flags)
{
	int fd = open(PROFBUF_DEVICE, O_RDONLY | O_CLOEXEC | flags);

	ASSERT_GE(fd, 0);
	device_fds[device_count++ % OPENED] = fd;
	return fd;
}

void device_config(int fd, struct profbuf_config *config)
{
	memset(config, 0, sizeof(*config));
	config->size = sizeof(*config);
	ASSERT_EQ(ioctl(fd, PROFBUF_IOC_GET_CONFIG, config), 0);
	ASSERT_EQ(config->size, sizeof(*config));
}

/* Idle CPUs are sampled, too, so that samples come for certain. */
void device_configure(int fd, uint64_t period_ns, uint64_t watermark, uint64_t deadline_ns)
{
	struct profbuf_config config;

	device_config(fd, &config);
	config.period_ns = period_ns;
	config.watermark = watermark;
	config.deadline_ns = deadline_ns;
	config.flags |= PROFBUF_IDLE;
	ASSERT_EQ(ioctl(fd, PROFBUF_IOC_SET_CONFIG, &config), 0);
}

void device_stats(int fd, uint32_t cpu, struct profbuf_stats *stats)
{
	memset(stats, 0, sizeof(*stats));
	stats->size = sizeof(*stats);
	stats->cpu = cpu;
	ASSERT_EQ(ioctl(fd, PROFBUF_IOC_STATS, stats), 0);
	ASSERT_EQ(stats->size, sizeof(*stats));
}

uint32_t device_state(int fd)
{
	struct profbuf_stats stats;

	device_stats(fd, PROFBUF_CPU_NONE, &stats);
	return stats.state;
}

static void stream_walk_info(struct stream *stream, const struct profbuf_frame *frame)
{
	const struct profbuf_info *info = (const void *)(frame + 1);
	const __u32 *words = (const void *)((const char *)info + info->size);
	const __u64 *mask;
	uint32_t i;

	ASSERT_GE(frame->size, sizeof(*frame) + sizeof(*info));
	ASSERT_EQ(info->version, PROFBUF_VERSION);
	ASSERT_EQ(info->nr_words, frame->hdrsize);
	ASSERT_EQ(frame->cpu, PROFBUF_CPU_NONE);
	ASSERT(frame->sequence == stream->infos || stream->shared);
	for (i = 0; i < info->nr_words; i++)
		ASSERT_EQ(words[i], i < PROFBUF_WORDS ? i + 1 : PROFBUF_WORD_ZERO);

	mask = (const void *)(words + (info->nr_words + 1) / 2 * 2);
	ASSERT_EQ(frame->size, (const char *)(mask + (info->nr_cpus + 63) / 64) -
			       (const char *)frame);
	stream->cpus = mask[0];
	stream->info = *info;
	stream->infos++;
}

/* What was late is part of what the record stands for, and what was stolen of that. */
static void check_late(const __u64 *header)
{
	ASSERT_LT(PROFBUF_LATE_PERIODS(header[8]), header[0]);
	ASSERT_LE(PROFBUF_LATE_STOLEN(header[8]), PROFBUF_LATE_PERIODS(header[8]));
}

static void stream_walk_samples(struct stream *stream, const struct profbuf_frame *frame)
{
	const __u64 *words = profbuf_frame_records(frame);
	const __u64 *tags = profbuf_frame_tags(frame);
	uint32_t position = 0;
	uint32_t records = 0;
	uint32_t length;
	uint32_t i;

	ASSERT_LT(frame->cpu, DEVICE_CPUS);
	ASSERT_GT(frame->records, 0);
	if (stream->infos)
		ASSERT_EQ(frame->hdrsize, stream->info.nr_words);
	/* No frame of this CPU is missing. */
	if (!stream->shared)
		ASSERT_EQ(frame->sequence, stream->frame_records[frame->cpu]);

	while ((length = profbuf_record_check(frame, position))) {
		const __u64 *record = words + position;

		if (record[PROFBUF_RECORD_FIXED]) {
			stream->records[frame->cpu]++;
			stream->periods += record[PROFBUF_RECORD_FIXED];
			if (frame->hdrsize > 8)
				check_late(record + PROFBUF_RECORD_FIXED);
			if (frame->hdrsize > 2)
				ASSERT_EQ(PROFBUF_MODE_CPU(record[PROFBUF_RECORD_FIXED + 2]),
					  frame->cpu);
			if (stream->record)
				stream->record(stream->context, frame, record);
		} else {
			ASSERT_EQ(length, PROFBUF_RECORD_FIXED + frame->hdrsize + 1U);
			for (i = 0; i < frame->hdrsize; i++)
				ASSERT_EQ(record[PROFBUF_RECORD_FIXED + i], 0);
			ASSERT_GT(record[length - 1], 0);
			stream->lost[frame->cpu] += record[length - 1];
		}
		ASSERT_EQ(tags[records], 0);
		records++;
		position += length;
	}
	ASSERT_EQ(position, frame->words);
	ASSERT_EQ(records, frame->records);
	stream->frame_records[frame->cpu] += records;
	stream->samples_frames++;
}

static void stream_walk_limit(struct stream *stream, const struct profbuf_frame *frame)
{
	const struct profbuf_limit *limit = (const void *)(frame + 1);

	ASSERT_LT(frame->cpu, DEVICE_CPUS);
	ASSERT_EQ(limit->size, sizeof(*limit));
	ASSERT_EQ(frame->size, sizeof(*frame) + sizeof(*limit));
	ASSERT(frame->sequence == stream->limits[frame->cpu] || stream->shared);
	ASSERT_GE(limit->share, 1);
	ASSERT_LE(limit->share, PROFBUF_CPU_SHARE_MAX);
	ASSERT_GT(limit->begin_ns, 0);
	if (limit->end_ns)
		ASSERT_GT(limit->end_ns, limit->begin_ns);
	stream->limits[frame->cpu]++;
	stream->limit[frame->cpu] = *limit;
}

static void check_part(const struct profbuf_mapping *mapping, uint32_t offset, uint32_t size)
{
	ASSERT_GE(offset, sizeof(*mapping));
	ASSERT_LE(offset + size, mapping->size);
}

static void stream_walk_space(struct stream *stream, const struct profbuf_frame *frame)
{
	const struct profbuf_space_info *space = (const void *)(frame + 1);
	const struct profbuf_mapping *mapping = (const void *)(space + 1);
	const void *end = (const char *)frame + frame->size;
	uint32_t i;

	ASSERT_EQ(frame->cpu, PROFBUF_CPU_NONE);
	ASSERT(frame->sequence == stream->spaces || stream->shared);
	stream->spaces++;
	ASSERT_EQ(space->size, sizeof(*space));
	ASSERT(!(space->flags & ~(PROFBUF_SPACE_MORE | PROFBUF_SPACE_INCOMPLETE |
				  PROFBUF_SPACE_ENDED)));
	ASSERT_GT(PROFBUF_SPACE_ID(space->space), 0);
	ASSERT_GT(PROFBUF_SPACE_GENERATION(space->space), 0);
	ASSERT_LT(space->previous, space->space);
	ASSERT_GT(space->tgid, 0);
	ASSERT_GE(space->looked_ns, space->sampled_ns);
	for (i = 0; i < space->nr_mappings; i++) {
		const char *path = (const char *)mapping + mapping->path_offset;

		ASSERT_LE((const void *)(mapping + 1), end);
		ASSERT_LE((const void *)((const char *)mapping + mapping->size), end);
		ASSERT_LT(mapping->start, mapping->end);
		check_part(mapping, mapping->path_offset, mapping->path_size + 1);
		check_part(mapping, mapping->build_id_offset, mapping->build_id_size);
		ASSERT_EQ(strlen(path), mapping->path_size);
		ASSERT_EQ(!mapping->inode, !!(mapping->flags & (PROFBUF_MAPPING_ANONYMOUS |
								PROFBUF_MAPPING_VDSO)));
		if (!(mapping->flags & PROFBUF_MAPPING_GONE))
			ASSERT_EQ(mapping->generation, PROFBUF_SPACE_GENERATION(space->space));
		if (stream->mapping)
			stream->mapping(stream->context, space, mapping);
		mapping = (const void *)((const char *)mapping + mapping->size);
	}
	ASSERT_EQ((const void *)mapping, end);
}

void stream_walk(struct stream *stream, const void *data, size_t size)
{
	const struct profbuf_frame *frame = data;

	while (size) {
		ASSERT(profbuf_frame_check(frame, size));
		if (frame->type == PROFBUF_FRAME_INFO)
			stream_walk_info(stream, frame);
		else if (frame->type == PROFBUF_FRAME_SAMPLES)
			stream_walk_samples(stream, frame);
		else if (frame->type == PROFBUF_FRAME_LIMIT)
			stream_walk_limit(stream, frame);
		else if (frame->type == PROFBUF_FRAME_SPACE)
			stream_walk_space(stream, frame);
		else
			FAIL("frame type %u", frame->type);
		ASSERT(stream->infos > 0 || stream->shared);
		size -= frame->size;
		frame = (const void *)((const char *)frame + frame->size);
	}
}

uint64_t stream_records(const struct stream *stream)
{
	uint64_t sum = 0;
	int cpu;

	for (cpu = 0; cpu < DEVICE_CPUS; cpu++)
		sum += stream->records[cpu];
	return sum;
}

uint64_t stream_lost(const struct stream *stream)
{
	uint64_t sum = 0;
	int cpu;

	for (cpu = 0; cpu < DEVICE_CPUS; cpu++)
		sum += stream->lost[cpu];
	return sum;
}

/* One read; returns what read() does. */
ssize_t stream_read(struct stream *stream, int fd)
{
	static __u64 buffer[BUFFER_SIZE / sizeof(__u64)];
	ssize_t size = read(fd, buffer, sizeof(buffer));

	if (size > 0)
		stream_walk(stream, buffer, size);
	return size;
}

/* Reads to the end. */
void stream_drain(struct stream *stream, int fd)
{
	ssize_t size;

	do {
		size = stream_read(stream, fd);
		ASSERT_GE(size, 0);
	} while (size);
}

/* Stops the session, reads to the end, and checks the account. */
void stream_finish(struct stream *stream, int fd)
{
	ASSERT_EQ(ioctl(fd, PROFBUF_IOC_STOP, 0), 0);
	stream_drain(stream, fd);
	stream_check_account(stream, fd);
}

/*
 * Interrupts are counted where they come in, everything else where it ends up: if
 * these agree, CPU by CPU, nothing got lost uncounted on the way.
 */
void stream_check_account(const struct stream *stream, int fd)
{
	uint64_t interrupts = 0;
	uint64_t periods = 0;
	struct profbuf_stats stats;
	int cpu;

	for (cpu = 0; cpu < DEVICE_CPUS; cpu++) {
		memset(&stats, 0, sizeof(stats));
		stats.size = sizeof(stats);
		stats.cpu = cpu;
		if (ioctl(fd, PROFBUF_IOC_STATS, &stats)) {
			ASSERT_EQ(errno, EINVAL);
			ASSERT_EQ(stream->frame_records[cpu], 0);
			continue;
		}
		ASSERT_EQ(stats.interrupts, stats.records + stats.lost + stats.filtered);
		ASSERT_EQ(stats.records, stream->records[cpu]);
		ASSERT_EQ(stats.lost, stream->lost[cpu]);
		ASSERT_EQ(stats.lost_read, stream->lost[cpu]);
		ASSERT_EQ(stats.records_read, stream->frame_records[cpu]);
		ASSERT_LE(stats.nested, stats.lost);
		ASSERT_GE(stats.periods, stats.interrupts);
		interrupts += stats.interrupts;
		periods += stats.periods;
	}
	device_stats(fd, PROFBUF_CPU_NONE, &stats);
	ASSERT_EQ(stats.interrupts, interrupts);
	ASSERT_EQ(stats.periods, periods);
	/* What was not recorded stands for periods, too. */
	if (stats.lost || stats.filtered)
		ASSERT_GE(periods, stream->periods + stats.lost + stats.filtered + stats.slept);
	else
		ASSERT_EQ(periods, stream->periods + stats.slept);
	ASSERT_LE(stats.late, periods - stats.slept - interrupts);
	ASSERT_LE(stats.stolen, stats.late);
	ASSERT_EQ(stats.records, stream_records(stream));
	ASSERT_EQ(stats.lost, stream_lost(stream));
	ASSERT_EQ(stats.state, PROFBUF_STATE_ENDED);
	/* CPUs that were asleep all the time have not been interrupted. */
	ASSERT_GT(interrupts + stats.slept, 0);
}

/*
 * Whatever a test was about, the account of the sessions that it leaves open must come
 * out even, also of those whose records it did not look at.
 */
static void devices_check_account(void)
{
	struct stream unread = { .shared = true };
	struct profbuf_stats stats;
	int i, fd;

	for (i = 0; i < device_count && i < OPENED; i++) {
		fd = device_fds[i];
		stats = (struct profbuf_stats){ .size = sizeof(stats), .cpu = PROFBUF_CPU_NONE };
		/* The test may have closed it, and opened another file so numbered. */
		if (ioctl(fd, PROFBUF_IOC_STATS, &stats))
			continue;
		if (stats.state == PROFBUF_STATE_RUNNING || stats.state == PROFBUF_STATE_PAUSED)
			ASSERT_EQ(ioctl(fd, PROFBUF_IOC_STOP, 0), 0);
		if (stats.state != PROFBUF_STATE_IDLE)
			stream_drain(&unread, fd);
		device_stats(fd, PROFBUF_CPU_NONE, &stats);
		ASSERT_EQ(stats.interrupts, stats.records + stats.lost + stats.filtered);
		ASSERT_EQ(stats.lost_read, stats.lost);
		ASSERT_GE(stats.records_read, stats.records);
	}
}

static void __attribute__((constructor)) devices_register(void)
{
	test_at_end = devices_check_account;
}

void cpu1_set(bool online)
{
	int fd = open("/sys/devices/system/cpu/cpu1/online", O_WRONLY);

	ASSERT_GE(fd, 0);
	ASSERT_EQ(write(fd, online ? "1" : "0", 1), 1);
	close(fd);
}

/* Have the caller, and what it starts, run on one CPU only. */
void run_on_cpu(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	ASSERT_EQ(sched_setaffinity(0, sizeof(set), &set), 0);
}

/* A process that ends with the caller at the latest. */
pid_t child_start(void (*child)(void))
{
	pid_t pid = fork();

	ASSERT_GE(pid, 0);
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		child();
		_Exit(0);
	}
	return pid;
}

/* Takes time in user code. */
uint64_t count_down(uint64_t n)
{
	while (n--)
		__asm__ __volatile__("");
	return n;
}

/* A process that keeps a CPU busy, or any if @cpu is negative. */
pid_t spin_start(int cpu)
{
	pid_t pid = fork();

	ASSERT_GE(pid, 0);
	if (pid)
		return pid;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (cpu >= 0)
		run_on_cpu(cpu);
	for (;;)
		__asm__ __volatile__("" ::: "memory");
}

void spin_stop(pid_t pid)
{
	ASSERT_EQ(kill(pid, SIGKILL), 0);
	ASSERT_EQ(waitpid(pid, NULL, 0), pid);
}

bool task_sleeps(pid_t pid)
{
	char path[32], line[256];
	char state = 0;
	FILE *file;
	char *end;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	file = fopen(path, "r");
	ASSERT(file);
	if (fgets(line, sizeof(line), file)) {
		/* The name, in parentheses, may contain anything. */
		end = strrchr(line, ')');
		if (end)
			state = end[2];
	}
	fclose(file);
	return state == 'S';
}

/* The caller's timeout limits this. */
void wait_until_asleep(pid_t pid)
{
	while (!task_sleeps(pid))
		sleep_ms(5);
}

/* A page of memory that may be executed: addresses in it are what callers can be at. */
uint64_t code_page(void)
{
	void *page = mmap(NULL, sysconf(_SC_PAGESIZE), PROT_READ | PROT_EXEC,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ASSERT_NE(page, MAP_FAILED);
	return (uintptr_t)page;
}

/* Leaves these capabilities and no others, as user nobody. */
void become_nobody(uint32_t capabilities_high)
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

void sleep_ms(unsigned int ms)
{
	struct timespec time = { ms / 1000, ms % 1000 * 1000000L };

	while (nanosleep(&time, &time) && errno == EINTR)
		;
}

uint64_t clock_ns(clockid_t clock)
{
	struct timespec time;

	clock_gettime(clock, &time);
	return time.tv_sec * 1000000000ULL + time.tv_nsec;
}

uint64_t now_ns(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

static int parameter_open(const char *name)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "/sys/module/profbuf/parameters/%s", name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	ASSERT_GE(fd, 0);
	return fd;
}

uint64_t module_parameter_number(const char *name)
{
	char path[128], line[64];
	FILE *file;

	snprintf(path, sizeof(path), "/sys/module/profbuf/parameters/%s", name);
	file = fopen(path, "r");
	ASSERT(file && fgets(line, sizeof(line), file));
	fclose(file);
	return strtoull(line, NULL, 0);
}

/* The value of a line of fdinfo, without the newline. */
void fdinfo(int fd, const char *name, char *value, size_t size)
{
	char path[64], line[256];
	size_t length = strlen(name);
	FILE *file;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	file = fopen(path, "r");
	ASSERT(file);
	while (fgets(line, sizeof(line), file)) {
		if (strncmp(line, name, length) || strncmp(line + length, ":\t", 2))
			continue;
		snprintf(value, size, "%.*s", (int)strcspn(line + length + 2, "\n"),
			 line + length + 2);
		fclose(file);
		return;
	}
	FAIL("no line %s", name);
}

uint64_t fdinfo_number(int fd, const char *name)
{
	char value[64];

	fdinfo(fd, name, value, sizeof(value));
	return strtoull(value, NULL, 0);
}

/* For all that come after, until it is set back. */
void module_parameter(const char *name, const char *value)
{
	int fd = parameter_open(name);

	/* A write of nothing would not reach the module. */
	ASSERT_GT(dprintf(fd, "%s\n", value), 0);
	close(fd);
}

void module_parameter_refused(const char *name, const char *value, int error)
{
	int fd = parameter_open(name);

	ASSERT_ERRNO(dprintf(fd, "%s\n", value), error);
	close(fd);
}
