// SPDX-License-Identifier: GPL-2.0
/*
 * poll() and epoll.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "device.h"
#include "harness.h"
#include "missing_page.h"

#define NEVER	PROFBUF_DEADLINE_MAX
#define HUGE	PROFBUF_RING_SIZE_MAX

static struct stream stream;

static short poll_events(int fd, int timeout)
{
	struct pollfd pollfd = { .fd = fd, .events = POLLIN };

	ASSERT_GE(poll(&pollfd, 1, timeout), 0);
	return pollfd.revents;
}

TEST(poll_leaves_an_idle_session_to_a_read)
{
	int fd = device_open(O_NONBLOCK);

	ASSERT_EQ(poll_events(fd, -1), POLLIN);
	ASSERT_EQ(device_state(fd), PROFBUF_STATE_IDLE);
	while (!stream_records(&stream)) {
		ASSERT_GT(stream_read(&stream, fd), 0);
		ASSERT_EQ(poll_events(fd, -1), POLLIN);
	}
	stream_finish(&stream, fd);
}

TEST(poll_is_level_triggered)
{
	int fd = device_open(O_NONBLOCK);

	device_configure(fd, PROFBUF_PERIOD_MAX, HUGE, NEVER);
	ASSERT_EQ(poll_events(fd, -1), POLLIN);
	ASSERT_EQ(poll_events(fd, -1), POLLIN);
	ASSERT_GT(stream_read(&stream, fd), 0);
	ASSERT_EQ(poll_events(fd, 0), 0);
	ASSERT_EQ(poll_events(fd, 50), 0);
}

TEST(poll_answers_what_is_asked_for)
{
	struct pollfd pollfd = { .fd = device_open(O_NONBLOCK), .events = POLLRDNORM };

	ASSERT_EQ(poll(&pollfd, 1, -1), 1);
	ASSERT_EQ(pollfd.revents, POLLRDNORM);
	pollfd.events = POLLOUT;
	ASSERT_EQ(poll(&pollfd, 1, 0), 0);
}

TEST(poll_wakes_for_records)
{
	int fd = device_open(O_NONBLOCK);
	int i;

	device_configure(fd, 1000000, 4096, NEVER);
	for (i = 0; i < 20; i++) {
		ASSERT_EQ(poll_events(fd, -1), POLLIN);
		ASSERT_GT(stream_read(&stream, fd), 0);
	}
	stream_finish(&stream, fd);
}

TEST(poll_tells_the_end)
{
	int fd = device_open(O_NONBLOCK);

	device_configure(fd, PROFBUF_PERIOD_MAX, HUGE, NEVER);
	ASSERT_EQ(poll_events(fd, -1), POLLIN);
	ASSERT_GT(stream_read(&stream, fd), 0);
	ASSERT_EQ(ioctl(fd, PROFBUF_IOC_STOP, 0), 0);
	/* Reading the end is reading something. */
	ASSERT_EQ(poll_events(fd, -1), POLLIN);
	ASSERT_EQ(stream_read(&stream, fd), 0);
	ASSERT_EQ(poll_events(fd, -1), POLLIN | POLLHUP);
}

TEST(stop_wakes_poll)
{
	int fd = device_open(O_NONBLOCK);
	int status;
	pid_t pid;

	device_configure(fd, PROFBUF_PERIOD_MAX, HUGE, NEVER);
	ASSERT_EQ(poll_events(fd, -1), POLLIN);
	ASSERT_GT(stream_read(&stream, fd), 0);
	pid = fork();
	ASSERT_GE(pid, 0);
	if (!pid)
		_Exit(poll_events(fd, -1) != POLLIN);
	wait_until_asleep(pid);
	ASSERT_EQ(ioctl(fd, PROFBUF_IOC_STOP, 0), 0);
	ASSERT_EQ(waitpid(pid, &status, 0), pid);
	ASSERT_EQ(status, 0);
}

TEST(who_waits_for_the_end_alone_is_woken_by_it)
{
	struct pollfd pollfd = { .fd = device_open(O_NONBLOCK) };
	int status;
	pid_t pid;

	device_configure(pollfd.fd, PROFBUF_PERIOD_MAX, HUGE, NEVER);
	ASSERT_EQ(ioctl(pollfd.fd, PROFBUF_IOC_START, 0), 0);
	ASSERT_EQ(poll_events(pollfd.fd, -1), POLLIN);
	pid = fork();
	ASSERT_GE(pid, 0);
	if (!pid)
		_Exit(poll(&pollfd, 1, -1) != 1 || pollfd.revents != POLLHUP);
	wait_until_asleep(pid);
	ASSERT_EQ(ioctl(pollfd.fd, PROFBUF_IOC_STOP, 0), 0);
	stream_drain(&stream, pollfd.fd);
	ASSERT_EQ(waitpid(pid, &status, 0), pid);
	ASSERT_EQ(status, 0);
}

TEST(a_session_that_cannot_start_is_readable_and_says_why)
{
	int fd = device_open(O_NONBLOCK);

	ASSERT_EQ(setresuid(65534, 65534, 65534), 0);
	ASSERT_EQ(poll_events(fd, -1), POLLIN);
	ASSERT_ERRNO(stream_read(&stream, fd), EPERM);
}

/*
 * After an event everything is read until EAGAIN; if the wakeup were not armed
 * by then, or records that came in between did not count, this would hang.
 */
static uint64_t bytes_read;

static void edge_triggered(uint64_t watermark, uint64_t deadline_ns, int rounds)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLET };
	int epoll = epoll_create1(EPOLL_CLOEXEC);
	int fd = device_open(O_NONBLOCK);
	ssize_t size;
	int i;

	ASSERT_GE(epoll, 0);
	device_configure(fd, 200000, watermark, deadline_ns);
	ASSERT_EQ(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event), 0);
	for (i = 0; i < rounds; i++) {
		ASSERT_EQ(epoll_wait(epoll, &event, 1, -1), 1);
		while ((size = stream_read(&stream, fd)) > 0)
			bytes_read += size;
		ASSERT_EQ(errno, EAGAIN);
	}
	stream_finish(&stream, fd);
}

TEST(edge_triggered_epoll_with_every_record)
{
	edge_triggered(0, 0, 1000);
}

TEST(edge_triggered_epoll_with_watermark)
{
	edge_triggered(4096, NEVER, 100);
}

TEST(less_than_the_watermark_does_not_wake)
{
	const uint64_t watermark = 8192;
	const int rounds = 20;

	/* Each event but the first takes so much from one CPU since the event before. */
	edge_triggered(watermark, NEVER, rounds);
	ASSERT_GE(bytes_read, (rounds - 1) * watermark);
}

TEST(edge_triggered_epoll_with_deadline)
{
	edge_triggered(HUGE, 5000000, 100);
}

TEST(edge_triggered_epoll_though_not_all_is_read)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLET };
	int epoll = epoll_create1(EPOLL_CLOEXEC);
	int fd = device_open(O_NONBLOCK);
	int i;

	/* What is new is an event, even with older records unread. */
	ASSERT_GE(epoll, 0);
	device_configure(fd, 1000000, 0, NEVER);
	ASSERT_EQ(ioctl(fd, PROFBUF_IOC_START, 0), 0);
	ASSERT_EQ(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event), 0);
	for (i = 0; i < 50; i++)
		ASSERT_EQ(epoll_wait(epoll, &event, 1, -1), 1);
}

/* A loss may have been hidden while the reader had it in hand, and is not read after all. */
TEST(too_little_room_is_an_event)
{
	static __u64 buffer[BUFFER_SIZE / 8];
	struct epoll_event event = { .events = EPOLLIN | EPOLLET };
	int epoll = epoll_create1(EPOLL_CLOEXEC);
	int fd = device_open(O_NONBLOCK);
	ssize_t size, least;

	ASSERT_GE(epoll, 0);
	device_configure(fd, 500000, 0, NEVER);
	ASSERT_EQ(poll_events(fd, -1), POLLIN);
	/* The INFO frame, which goes first; then a record. */
	for (least = 1; (size = read(fd, buffer, least)) < 0; least++)
		ASSERT_EQ(errno, EINVAL);
	stream_walk(&stream, buffer, size);
	ASSERT_EQ(poll_events(fd, -1), POLLIN);
	ASSERT_EQ(ioctl(fd, PROFBUF_IOC_PAUSE, 0), 0);

	ASSERT_EQ(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event), 0);
	ASSERT_EQ(epoll_wait(epoll, &event, 1, -1), 1);
	while (epoll_wait(epoll, &event, 1, 0) == 1)
		;
	ASSERT_ERRNO(read(fd, buffer, sizeof(struct profbuf_frame)), EINVAL);
	ASSERT_EQ(epoll_wait(epoll, &event, 1, 0), 1);
	stream_finish(&stream, fd);
}

/* Polls the device by io_uring, again and again. */
struct uring {
	int fd;
	struct io_uring_cqe *cqes;
	unsigned int *head;
	unsigned int mask;
};

static char *map_uring(int ring, size_t size, off_t offset)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, ring, offset);

	ASSERT_NE((long)memory, (long)MAP_FAILED);
	return memory;
}

/* It takes each wakeup for the next event, and does not ask again whether there is one. */
static void uring_poll(struct uring *uring, int fd)
{
	struct io_uring_params params = { 0 };
	struct io_uring_sqe *sqe;
	char *sq, *cq;

	uring->fd = syscall(SYS_io_uring_setup, 4, &params);
	ASSERT_GE(uring->fd, 0);
	sq = map_uring(uring->fd, params.sq_off.array + params.sq_entries * sizeof(*uring->head),
		       IORING_OFF_SQ_RING);
	cq = map_uring(uring->fd, params.cq_off.cqes + params.cq_entries * sizeof(*uring->cqes),
		       IORING_OFF_CQ_RING);
	sqe = (void *)map_uring(uring->fd, params.sq_entries * sizeof(*sqe), IORING_OFF_SQES);
	uring->cqes = (void *)(cq + params.cq_off.cqes);
	uring->head = (void *)(cq + params.cq_off.head);
	uring->mask = params.cq_entries - 1;

	*sqe = (struct io_uring_sqe){
		.opcode = IORING_OP_POLL_ADD,
		.fd = fd,
		.poll32_events = POLLIN,
		.len = IORING_POLL_ADD_MULTI,
	};
	__atomic_store_n((unsigned int *)(sq + params.sq_off.tail), 1, __ATOMIC_RELEASE);
	ASSERT_EQ(syscall(SYS_io_uring_enter, uring->fd, 1, 0, 0, NULL, 0), 1);
}

/* Returns whether there was an event within so many milliseconds. */
static bool uring_event(struct uring *uring, int timeout)
{
	struct pollfd ready = { .fd = uring->fd, .events = POLLIN };

	if (poll(&ready, 1, timeout) != 1)
		return false;
	ASSERT(uring->cqes[*uring->head & uring->mask].flags & IORING_CQE_F_MORE);
	__atomic_store_n(uring->head, *uring->head + 1, __ATOMIC_RELEASE);
	return true;
}

#define LONG_MS	30000

static ssize_t read_nowait(int fd)
{
	static __u64 buffer[BUFFER_SIZE / 8];
	struct iovec iov = { buffer, sizeof(buffer) };
	ssize_t size = preadv2(fd, &iov, 1, -1, RWF_NOWAIT);

	if (size > 0)
		stream_walk(&stream, buffer, size);
	return size;
}

TEST(multishot_poll_of_io_uring)
{
	int fd = device_open(O_NONBLOCK), i;
	struct uring uring;

	device_configure(fd, 5000000, 0, 0);
	uring_poll(&uring, fd);
	for (i = 0; i < 30; i++) {
		ASSERT(uring_event(&uring, LONG_MS));
		while (stream_read(&stream, fd) > 0)
			;
		ASSERT_EQ(errno, EAGAIN);
	}
	close(uring.fd);
	stream_finish(&stream, fd);
}

static atomic_bool asked_enough;

static void *ask_for_stats(void *argument)
{
	struct profbuf_stats stats;

	while (!asked_enough)
		device_stats(*(int *)argument, PROFBUF_CPU_NONE, &stats);
	return NULL;
}

/* Threads that have the session's lock, now and then, when a reader comes who must not wait. */
TEST(a_reader_who_does_not_wait_loses_no_wakeup)
{
	uint64_t mask = 1;
	struct profbuf_cpus cpus = {
		.size = sizeof(cpus),
		.bytes = sizeof(mask),
		.mask = (uintptr_t)&mask,
	};
	int fd = device_open(0), i;
	pthread_t threads[3];
	struct uring uring;

	/* Of one CPU alone, which is not slowed down: that would make up for it. */
	module_parameter("cpu_share", "1000");
	ASSERT_EQ(ioctl(fd, PROFBUF_IOC_SET_CPUS, &cpus), 0);
	device_configure(fd, 2000000, 0, 0);
	ASSERT_EQ(ioctl(fd, PROFBUF_IOC_START, 0), 0);
	for (i = 0; i < 3; i++)
		ASSERT_EQ(pthread_create(&threads[i], NULL, ask_for_stats, &fd), 0);
	uring_poll(&uring, fd);
	for (i = 0; i < 500; i++) {
		ASSERT(uring_event(&uring, LONG_MS));
		while (read_nowait(fd) > 0)
			;
		ASSERT_EQ(errno, EAGAIN);
	}
	asked_enough = true;
	for (i = 0; i < 3; i++)
		ASSERT_EQ(pthread_join(threads[i], NULL), 0);
	close(uring.fd);
	stream_finish(&stream, fd);
	module_parameter("cpu_share", "250");
}

static void *stuck_read(void *argument)
{
	struct missing_page *page = argument;

	ASSERT_GT(read(page->device, page->address, page->size), 0);
	return NULL;
}

/* Who finds another thread reading must learn of what that one leaves, or what comes after it. */
TEST(a_reader_who_was_turned_away_is_woken)
{
	struct profbuf_config config;
	int fd = device_open(0);
	struct missing_page page;
	struct uring uring;
	pthread_t thread;

	/* Nothing else is to wake: no loss, and no word of sampling being slowed down. */
	module_parameter("cpu_share", "1000");
	device_configure(fd, 2000000, 0, 0);
	device_config(fd, &config);
	config.ring_size = 16 << 20;
	ASSERT_EQ(ioctl(fd, PROFBUF_IOC_SET_CONFIG, &config), 0);
	ASSERT_EQ(ioctl(fd, PROFBUF_IOC_START, 0), 0);
	/* Room for all there is: a reader who has too little says so. */
	page_make_missing(&page, fd, 64 << 20);
	ASSERT_EQ(pthread_create(&thread, NULL, stuck_read, &page), 0);
	page_wait_for_access(&page);

	uring_poll(&uring, fd);
	do
		ASSERT_ERRNO(read_nowait(fd), EAGAIN);
	while (uring_event(&uring, 1500));
	ASSERT_ERRNO(read_nowait(fd), EAGAIN);

	page_provide(&page);
	ASSERT_EQ(pthread_join(thread, NULL), 0);
	ASSERT(uring_event(&uring, LONG_MS));
	close(uring.fd);
	module_parameter("cpu_share", "250");
}
