// SPDX-License-Identifier: GPL-2.0
/*
 * read(): what it returns, when it waits, and what wakes it.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "device.h"
#include "harness.h"
#include "missing_page.h"

#define NEVER	PROFBUF_DEADLINE_MAX
#define HUGE	PROFBUF_RING_SIZE_MAX

static struct stream stream;

/* Waits until so many more samples have been recorded; the timeout of the test limits it. */
static void wait_for_records(int fd, uint64_t count)
{
	struct profbuf_stats stats;
	uint64_t start;

	device_stats(fd, PROFBUF_CPU_NONE, &stats);
	start = stats.records;
	while (stats.records < start + count) {
		sleep_ms(2);
		device_stats(fd, PROFBUF_CPU_NONE, &stats);
	}
}

/* Set in memory that is shared: the next read that returns is the one waited for. */
static volatile bool *reader_awaited;

/* A process that reads until the read that is waited for, and exits with 0 then. */
static pid_t reader_start(int fd)
{
	pid_t pid;

	reader_awaited = mmap(NULL, sizeof(*reader_awaited), PROT_READ | PROT_WRITE,
			      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(reader_awaited, MAP_FAILED);
	pid = fork();
	ASSERT_GE(pid, 0);
	if (!pid) {
		do
			ASSERT_GT(stream_read(&stream, fd), 0);
		while (!*reader_awaited);
		fflush(stdout);
		_Exit(0);
	}
	return pid;
}

static void reader_join(pid_t pid)
{
	int status;

	ASSERT_EQ(waitpid(pid, &status, 0), pid);
	ASSERT(WIFEXITED(status) && !WEXITSTATUS(status));
}

TEST(read_starts_an_idle_session_with_info)
{
	uint64_t monotonic, realtime;
	struct profbuf_config config;
	int fd = device_open(0);

	device_config(fd, &config);
	config.flags = PROFBUF_USER | PROFBUF_IDLE | PROFBUF_FRAME_POINTERS;
	config.stack_depth = 33;
	ASSERT_EQ(ioctl(fd, PROFBUF_IOC_SET_CONFIG, &config), 0);
	ASSERT_EQ(device_state(fd), PROFBUF_STATE_IDLE);
	monotonic = now_ns();
	realtime = clock_ns(CLOCK_REALTIME);
	ASSERT_GT(stream_read(&stream, fd), 0);
	ASSERT_EQ(device_state(fd), PROFBUF_STATE_RUNNING);
	ASSERT_EQ(stream.infos, 1);
	ASSERT_EQ(stream.info.size, sizeof(stream.info));
	ASSERT_EQ(stream.info.source, config.source);
	ASSERT_EQ(stream.info.flags, config.flags);
	ASSERT_EQ(stream.info.period_ns, config.period_ns);
	ASSERT_EQ(stream.info.stack_depth, config.stack_depth);
	ASSERT_EQ(stream.info.stack_copy, 0);
	ASSERT_GE(stream.info.monotonic_ns, monotonic);
	ASSERT_LE(stream.info.monotonic_ns, now_ns());
	ASSERT_GE(stream.info.realtime_ns, realtime);
	ASSERT_LE(stream.info.realtime_ns, clock_ns(CLOCK_REALTIME));
	while (!stream.samples_frames)
		ASSERT_GT(stream_read(&stream, fd), 0);
	stream_finish(&stream, fd);
}

static void set_wall_clock(time_t ahead)
{
	struct timespec now;

	ASSERT_EQ(clock_gettime(CLOCK_REALTIME, &now), 0);
	now.tv_sec += ahead;
	ASSERT_EQ(clock_settime(CLOCK_REALTIME, &now), 0);
}

TEST(info_follows_the_wall_clock)
{
	const uint64_t step = 5000;
	int fd = device_open(0), i;
	uint64_t offset;

	device_configure(fd, 1000000, 0, 0);
	while (!stream.samples_frames)
		ASSERT_GT(stream_read(&stream, fd), 0);
	ASSERT_EQ(stream.infos, 1);
	for (i = 2; i < 5; i++) {
		offset = stream.info.realtime_ns - stream.info.monotonic_ns;
		set_wall_clock(step);
		while (stream.infos < (uint64_t)i)
			ASSERT_GT(stream_read(&stream, fd), 0);
		offset = stream.info.realtime_ns - stream.info.monotonic_ns - offset;
		ASSERT_GT(offset, (step - 1) * 1000000000);
		ASSERT_LT(offset, (step + 60) * 1000000000);
	}
	/* Once for each change. */
	for (i = 0; i < 20; i++)
		ASSERT_GT(stream_read(&stream, fd), 0);
	ASSERT_EQ(stream.infos, 4);
	stream_finish(&stream, fd);
	set_wall_clock(-3 * (time_t)step);
}

TEST(read_of_nothing_does_nothing)
{
	char byte;
	int fd = device_open(0);

	ASSERT_EQ(read(fd, &byte, 0), 0);
	ASSERT_EQ(device_state(fd), PROFBUF_STATE_IDLE);
}

TEST(read_blocks_until_pause_flushes)
{
	pid_t pid;
	int fd = device_open(0);

	device_configure(fd, 1000000, HUGE, NEVER);
	ASSERT_GT(stream_read(&stream, fd), 0);
	pid = reader_start(fd);
	wait_until_asleep(pid);
	/* Neither watermark nor deadline is near: records do not wake. */
	wait_for_records(fd, 20);
	ASSERT(task_sleeps(pid));
	*reader_awaited = true;
	ASSERT_EQ(ioctl(fd, PROFBUF_IOC_PAUSE, 0), 0);
	reader_join(pid);
}

TEST(read_wakes_at_the_deadline)
{
	int fd = device_open(0);

	device_configure(fd, 1000000, HUGE, 20000000);
	while (stream.samples_frames < 10)
		ASSERT_GT(stream_read(&stream, fd), 0);
	stream_finish(&stream, fd);
}

TEST(deadline_wakes_though_samples_are_filtered)
{
	struct profbuf_config config;
	int fd = device_open(0);

	/* On a machine that is all but idle what was recorded must come out still. */
	device_configure(fd, 1000000, HUGE, 20000000);
	device_config(fd, &config);
	config.flags &= ~PROFBUF_IDLE;
	ASSERT_EQ(ioctl(fd, PROFBUF_IOC_SET_CONFIG, &config), 0);
	while (stream.samples_frames < 3)
		ASSERT_GT(stream_read(&stream, fd), 0);
	stream_finish(&stream, fd);
}

TEST(every_record_wakes_without_watermark)
{
	int fd = device_open(0);
	int i;

	device_configure(fd, 10000000, 0, NEVER);
	for (i = 0; i < 20; i++)
		ASSERT_GT(stream_read(&stream, fd), 0);
	stream_finish(&stream, fd);
}

/*
 * Runs the session until one run has gone as it should. What this machine is busy with may
 * spoil some; if all are spoilt, the timeout ends it.
 */
static void try_until(int fd, bool (*run)(int fd))
{
	bool good;

	do {
		stream = (struct stream){};
		ASSERT_EQ(ioctl(fd, PROFBUF_IOC_START, 0), 0);
		good = run(fd);
		stream_finish(&stream, fd);
	} while (!good);
}

#define RING	32768

/* Most reads find half a ring, and not much more. */
static bool wakes_at_half_a_ring(int fd)
{
	const int rounds = 10;
	int right = 0;
	ssize_t size;
	int i;

	for (i = 0; i < rounds; i++) {
		size = stream_read(&stream, fd);
		ASSERT_GT(size, 0);
		right += size >= RING / 2 && size < RING * 3 / 4;
	}
	return right > rounds / 2;
}

TEST(half_a_ring_wakes_whatever_the_watermark)
{
	struct profbuf_config config;
	int fd = device_open(0);

	device_configure(fd, 2000000, HUGE, NEVER);
	device_config(fd, &config);
	config.ring_size = RING;
	config.stack_depth = 16;
	ASSERT_EQ(ioctl(fd, PROFBUF_IOC_SET_CONFIG, &config), 0);
	/* Of two CPUs, one wakes the reader for what the other has, too. */
	cpu1_set(false);
	try_until(fd, wakes_at_half_a_ring);
	cpu1_set(true);
}

#define WATERMARK	4096

/* Most reads find what one CPU had to have, and not much more of the others. */
static bool wakes_at_the_watermark(int fd)
{
	const int rounds = 10;
	int right = 0;
	ssize_t size;
	int i;

	for (i = 0; i < rounds; i++) {
		size = stream_read(&stream, fd);
		ASSERT_GT(size, 0);
		right += size >= WATERMARK && size < 6 * WATERMARK;
	}
	return right > rounds / 2;
}

TEST(the_watermark_wakes_and_is_in_bytes)
{
	int fd = device_open(0);

	device_configure(fd, 1000000, WATERMARK, NEVER);
	try_until(fd, wakes_at_the_watermark);
}

/* A read returns the first sample long before there is a second one. */
static bool wakes_before_the_next_sample(int fd)
{
	struct profbuf_stats stats;
	int cpu;

	while (!stream.samples_frames)
		ASSERT_GT(stream_read(&stream, fd), 0);
	for (cpu = 0; cpu < 2; cpu++) {
		device_stats(fd, cpu, &stats);
		if (stats.interrupts > 1)
			return false;
	}
	return true;
}

TEST(the_deadline_needs_no_further_sample)
{
	int fd = device_open(0);

	device_configure(fd, 2000000000, HUGE, 10000000);
	try_until(fd, wakes_before_the_next_sample);
}

TEST(no_cpu_starves_when_little_is_read)
{
	static __u64 buffer[512 / 8];
	struct profbuf_config config;
	struct profbuf_stats stats;
	int fd = device_open(0);
	ssize_t size;
	int i;

	device_configure(fd, 1000000, HUGE, NEVER);
	device_config(fd, &config);
	config.stack_depth = 16;
	ASSERT_EQ(ioctl(fd, PROFBUF_IOC_SET_CONFIG, &config), 0);
	ASSERT_GT(stream_read(&stream, fd), 0);
	for (i = 0; i < 2; i++) {
		do {
			sleep_ms(5);
			device_stats(fd, i, &stats);
		} while (stats.records < 50);
	}
	ASSERT_EQ(ioctl(fd, PROFBUF_IOC_PAUSE, 0), 0);
	for (i = 0; i < 4; i++) {
		size = read(fd, buffer, sizeof(buffer));
		ASSERT_GT(size, 0);
		stream_walk(&stream, buffer, size);
	}
	ASSERT_GT(stream.records[0], 0);
	ASSERT_GT(stream.records[1], 0);
	stream_finish(&stream, fd);
}

static void stop_wakes(bool paused)
{
	int fd = device_open(0);
	pid_t pid;

	device_configure(fd, PROFBUF_PERIOD_MAX, HUGE, NEVER);
	ASSERT_GT(stream_read(&stream, fd), 0);
	if (paused)
		ASSERT_EQ(ioctl(fd, PROFBUF_IOC_PAUSE, 0), 0);
	pid = fork();
	ASSERT_GE(pid, 0);
	if (!pid)
		_Exit(stream_read(&stream, fd) != 0);
	wait_until_asleep(pid);
	ASSERT_EQ(ioctl(fd, PROFBUF_IOC_STOP, 0), 0);
	reader_join(pid);
}

TEST(stop_wakes_a_blocked_reader)
{
	stop_wakes(false);
}

/* CPUs that cease to be sampled wake readers, too; now there are none. */
TEST(stop_wakes_a_reader_of_a_paused_session)
{
	stop_wakes(true);
}

TEST(nonblocking_read_says_again)
{
	int fd = device_open(O_NONBLOCK);
	char buffer[4096];
	struct iovec iov = { buffer, sizeof(buffer) };
	ssize_t size;

	device_configure(fd, PROFBUF_PERIOD_MAX, HUGE, NEVER);
	size = stream_read(&stream, fd);
	ASSERT_GT(size, 0);
	ASSERT_ERRNO(stream_read(&stream, fd), EAGAIN);
	ASSERT_ERRNO(preadv2(fd, &iov, 1, -1, RWF_NOWAIT), EAGAIN);
}

TEST(nowait_read_does_not_start)
{
	int fd = device_open(0);
	char buffer[4096];
	struct iovec iov = { buffer, sizeof(buffer) };

	ASSERT_ERRNO(preadv2(fd, &iov, 1, -1, RWF_NOWAIT), EAGAIN);
	ASSERT_EQ(device_state(fd), PROFBUF_STATE_IDLE);
	ASSERT_GT(stream_read(&stream, fd), 0);
	wait_for_records(fd, 1);
	ASSERT_GT(preadv2(fd, &iov, 1, -1, RWF_NOWAIT), 0);
}

TEST(too_small_a_buffer_loses_nothing)
{
	static __u64 buffer[BUFFER_SIZE / 8];
	int fd = device_open(0);
	ssize_t size, least;

	device_configure(fd, 500000, HUGE, NEVER);
	for (size = 1; size <= 64; size++)
		ASSERT_ERRNO(read(fd, buffer, size), EINVAL);
	ASSERT_GT(stream_read(&stream, fd), 0);
	wait_for_records(fd, 100);
	ASSERT_EQ(ioctl(fd, PROFBUF_IOC_PAUSE, 0), 0);
	while (stream_records(&stream) < 20) {
		/* Byte by byte: no partial frame, and the smallest that fits has one record. */
		for (least = 1; (size = read(fd, buffer, least)) < 0; least++)
			ASSERT_EQ(errno, EINVAL);
		ASSERT_EQ(size, least);
		ASSERT_EQ(((struct profbuf_frame *)buffer)->records, 1);
		stream_walk(&stream, buffer, size);
	}
	stream_finish(&stream, fd);
}

TEST(readv_scatters_frames)
{
	static char buffer[65536] __attribute__((aligned(8)));
	int fd = device_open(0);
	int i;

	device_configure(fd, 500000, 0, NEVER);
	for (i = 0; i < 20; i++) {
		struct iovec iov[] = {
			{ buffer, 7 },
			{ buffer + 7, 1 },
			{ buffer + 8, 0 },
			{ buffer + 8, 101 },
			{ buffer + 109, 4096 },
			{ buffer + 4205, sizeof(buffer) - 4205 },
		};
		ssize_t size = readv(fd, iov, 6);

		ASSERT_GT(size, 0);
		stream_walk(&stream, buffer, size);
		wait_for_records(fd, 5);
	}
	stream_finish(&stream, fd);
}

TEST(splice_moves_frames_into_a_pipe)
{
	static __u64 buffer[BUFFER_SIZE / 8];
	int fd = device_open(0);
	int pipefd[2];
	int i;

	ASSERT_EQ(pipe(pipefd), 0);
	device_configure(fd, 500000, 0, NEVER);
	for (i = 0; i < 20; i++) {
		ssize_t size = splice(fd, NULL, pipefd[1], NULL, 65536, 0);

		ASSERT_GT(size, 0);
		ASSERT_EQ(read(pipefd[0], buffer, sizeof(buffer)), size);
		stream_walk(&stream, buffer, size);
	}
	stream_finish(&stream, fd);
}

TEST(a_fault_loses_nothing)
{
	size_t page = sysconf(_SC_PAGESIZE);
	char *memory = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			    -1, 0);
	int fd = device_open(O_NONBLOCK);
	ssize_t size;
	int i;

	ASSERT_NE(memory, MAP_FAILED);
	ASSERT_EQ(mprotect(memory + page, page, PROT_NONE), 0);
	device_configure(fd, 500000, HUGE, NEVER);
	ASSERT_ERRNO(read(fd, memory + page, page), EFAULT);
	/* The frame begins well but does not end so. */
	ASSERT_ERRNO(read(fd, memory + page - 40, page), EFAULT);
	ASSERT_GT(stream_read(&stream, fd), 0);
	wait_for_records(fd, 200);
	ASSERT_EQ(ioctl(fd, PROFBUF_IOC_PAUSE, 0), 0);
	/* So few words are there that no frame of a record fits. */
	for (i = 0; (size = read(fd, memory + page - 8 * (i % 12), page)) < 0 && errno == EFAULT;
	     i++) {
		size = read(fd, memory + page - 2048, 2048);
		ASSERT_GT(size, 0);
		stream_walk(&stream, memory + page - 2048, size);
	}
	ASSERT_EQ(size, -1);
	ASSERT_EQ(errno, EAGAIN);
	ASSERT_GE(i, 5);
	stream_finish(&stream, fd);
}

TEST(an_overflow_entry_survives_a_fault)
{
	size_t page = sysconf(_SC_PAGESIZE);
	char *bad = mmap(NULL, page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct profbuf_config config;
	struct profbuf_stats stats;
	int fd = device_open(O_NONBLOCK);
	char *buffer = malloc(4096);

	device_config(fd, &config);
	config.flags = PROFBUF_IDLE | PROFBUF_KERNEL;
	config.hdrsize = 1;
	config.stack_depth = 1;
	config.ring_size = 1;
	ASSERT_ERRNO(ioctl(fd, PROFBUF_IOC_SET_CONFIG, &config), EINVAL);
	config.ring_size = 4 * 4 * 8;
	config.period_ns = 100000;
	ASSERT_EQ(ioctl(fd, PROFBUF_IOC_SET_CONFIG, &config), 0);
	ASSERT_EQ(ioctl(fd, PROFBUF_IOC_START, 0), 0);
	do {
		sleep_ms(5);
		device_stats(fd, PROFBUF_CPU_NONE, &stats);
	} while (stats.lost < 100);
	ASSERT_EQ(ioctl(fd, PROFBUF_IOC_PAUSE, 0), 0);

	for (;;) {
		/* A faulting and a too small read before each that succeeds. */
		ssize_t size = read(fd, bad, page);

		if (size < 0 && errno == EAGAIN)
			break;
		ASSERT_EQ(size, -1);
		ASSERT_EQ(errno, EFAULT);
		ASSERT_ERRNO(read(fd, buffer, 33), EINVAL);
		size = read(fd, buffer, stream.infos ? 32 + 5 * 8 : 4096);
		ASSERT_GT(size, 0);
		stream_walk(&stream, buffer, size);
	}
	ASSERT_GE(stream_lost(&stream), 100);
	stream_finish(&stream, fd);
}

static void on_signal(int number)
{
	(void)number;
}

TEST(a_signal_interrupts_read)
{
	struct sigaction action = { .sa_handler = on_signal };
	int fd = device_open(0);
	pid_t pid;

	device_configure(fd, PROFBUF_PERIOD_MAX, HUGE, NEVER);
	ASSERT_GT(stream_read(&stream, fd), 0);
	ASSERT_EQ(sigaction(SIGUSR1, &action, NULL), 0);
	pid = fork();
	ASSERT_GE(pid, 0);
	if (!pid)
		_Exit(stream_read(&stream, fd) != -1 || errno != EINTR);
	wait_until_asleep(pid);
	ASSERT_EQ(kill(pid, SIGUSR1), 0);
	reader_join(pid);
}

TEST(a_signal_with_restart_does_not_interrupt_read)
{
	struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_RESTART };
	int fd = device_open(0);
	pid_t pid;

	device_configure(fd, PROFBUF_PERIOD_MAX, HUGE, NEVER);
	ASSERT_GT(stream_read(&stream, fd), 0);
	ASSERT_EQ(sigaction(SIGUSR1, &action, NULL), 0);
	pid = fork();
	ASSERT_GE(pid, 0);
	if (!pid)
		_Exit(stream_read(&stream, fd) != 0);
	wait_until_asleep(pid);
	ASSERT_EQ(kill(pid, SIGUSR1), 0);
	wait_until_asleep(pid);
	ASSERT_EQ(ioctl(fd, PROFBUF_IOC_STOP, 0), 0);
	reader_join(pid);
}

TEST(kill_ends_a_blocked_reader)
{
	int fd = device_open(0);
	int status;
	pid_t pid;

	device_configure(fd, PROFBUF_PERIOD_MAX, HUGE, NEVER);
	ASSERT_GT(stream_read(&stream, fd), 0);
	pid = reader_start(fd);
	wait_until_asleep(pid);
	ASSERT_EQ(kill(pid, SIGKILL), 0);
	ASSERT_EQ(waitpid(pid, &status, 0), pid);
	ASSERT(WIFSIGNALED(status));
	/* The session is none the worse for it. */
	ASSERT_EQ(ioctl(fd, PROFBUF_IOC_STOP, 0), 0);
	ASSERT_EQ(stream_read(&stream, fd), 0);
}

static ssize_t stuck_size;

static void *stuck_read(void *argument)
{
	struct missing_page *page = argument;

	stuck_size = read(page->device, page->address, page->size);
	return NULL;
}

static pid_t interrupted_start(int fd, unsigned long command)
{
	pid_t pid = fork();
	char buffer[4096];

	ASSERT_GE(pid, 0);
	if (pid)
		return pid;
	if (command)
		_Exit(ioctl(fd, command, 0) != -1 || errno != EINTR);
	_Exit(read(fd, buffer, sizeof(buffer)) != -1 || errno != EINTR);
}

TEST(a_reader_stuck_in_a_fault_holds_up_no_one_but_readers)
{
	struct sigaction action = { .sa_handler = on_signal };
	struct iovec iov = { malloc(4096), 4096 };
	struct profbuf_config config;
	struct pollfd pollfd = {};
	struct missing_page page;
	int fd = device_open(0);
	pthread_t thread;
	pid_t pid[2];
	int i;

	device_configure(fd, 500000, 0, 0);
	ASSERT_GT(stream_read(&stream, fd), 0);
	wait_for_records(fd, 10);
	page_make_missing(&page, fd, sysconf(_SC_PAGESIZE));
	ASSERT_EQ(pthread_create(&thread, NULL, stuck_read, &page), 0);
	page_wait_for_access(&page);

	/* Readers, and who would begin anew, can be interrupted while they wait for it. */
	ASSERT_EQ(sigaction(SIGUSR1, &action, NULL), 0);
	pid[0] = interrupted_start(fd, 0);
	pid[1] = interrupted_start(fd, PROFBUF_IOC_START);
	for (i = 0; i < 2; i++) {
		wait_until_asleep(pid[i]);
		ASSERT_EQ(kill(pid[i], SIGUSR1), 0);
		reader_join(pid[i]);
	}
	ASSERT_ERRNO(preadv2(fd, &iov, 1, -1, RWF_NOWAIT), EAGAIN);
	ASSERT_EQ(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
	ASSERT_ERRNO(read(fd, iov.iov_base, iov.iov_len), EAGAIN);
	ASSERT_EQ(fcntl(fd, F_SETFL, 0), 0);
	pollfd.fd = fd;
	pollfd.events = POLLIN;
	ASSERT_EQ(poll(&pollfd, 1, -1), 1);
	device_config(fd, &config);
	ASSERT_EQ(ioctl(fd, PROFBUF_IOC_PAUSE, 0), 0);
	ASSERT_EQ(ioctl(fd, PROFBUF_IOC_RESUME, 0), 0);
	ASSERT_EQ(ioctl(fd, PROFBUF_IOC_STOP, 0), 0);
	ASSERT_EQ(device_state(fd), PROFBUF_STATE_STOPPED);

	page_provide(&page);
	ASSERT_EQ(pthread_join(thread, NULL), 0);
	ASSERT_GT(stuck_size, 0);
	stream_walk(&stream, page.address, stuck_size);
	stream_drain(&stream, fd);
	stream_check_account(&stream, fd);
}

TEST(two_readers_share_a_session)
{
	struct stream *streams = mmap(NULL, 2 * sizeof(*streams), PROT_READ | PROT_WRITE,
				      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct stream sum = {};
	struct profbuf_stats stats;
	int fd = device_open(0);
	pid_t pid[2];
	int i, cpu;

	ASSERT_NE(streams, MAP_FAILED);
	device_configure(fd, 200000, 0, NEVER);
	for (i = 0; i < 2; i++) {
		streams[i].shared = true;
		pid[i] = fork();
		ASSERT_GE(pid[i], 0);
		if (!pid[i]) {
			stream_drain(&streams[i], i ? dup(fd) : fd);
			fflush(stdout);
			_Exit(0);
		}
	}
	do {
		sleep_ms(10);
		device_stats(fd, PROFBUF_CPU_NONE, &stats);
	} while (stats.records < 2000);
	ASSERT_EQ(ioctl(fd, PROFBUF_IOC_STOP, 0), 0);
	reader_join(pid[0]);
	reader_join(pid[1]);
	sum.periods = streams[0].periods + streams[1].periods;
	for (cpu = 0; cpu < DEVICE_CPUS; cpu++) {
		for (i = 0; i < 2; i++) {
			sum.records[cpu] += streams[i].records[cpu];
			sum.lost[cpu] += streams[i].lost[cpu];
			sum.frame_records[cpu] += streams[i].frame_records[cpu];
		}
	}
	stream_check_account(&sum, fd);
}

TEST(the_device_cannot_seek_or_be_written)
{
	int fd = open(PROFBUF_DEVICE, O_RDWR);
	char byte = 0;

	ASSERT_GE(fd, 0);
	ASSERT_ERRNO(lseek(fd, 0, SEEK_SET), ESPIPE);
	ASSERT_ERRNO(pread(fd, &byte, 1, 0), ESPIPE);
	ASSERT_ERRNO(write(fd, &byte, 1), EINVAL);
}
