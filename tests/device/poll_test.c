// SPDX-License-Identifier: GPL-2.0
/*
 * poll() and epoll.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "device.h"
#include "harness.h"

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

static char *map_uring(int ring, size_t size, off_t offset)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, ring, offset);

	ASSERT_NE((long)memory, (long)MAP_FAILED);
	return memory;
}

/* It takes each wakeup for the next event, and does not ask again whether there is one. */
TEST(multishot_poll_of_io_uring)
{
	struct io_uring_params params = { 0 };
	int ring = syscall(SYS_io_uring_setup, 4, &params), fd = device_open(O_NONBLOCK), i;
	struct pollfd ready = { .fd = ring, .events = POLLIN };
	struct io_uring_cqe *cqes;
	struct io_uring_sqe *sqe;
	unsigned int *head;
	char *sq, *cq;

	ASSERT_GE(ring, 0);
	sq = map_uring(ring, params.sq_off.array + params.sq_entries * sizeof(*head),
		       IORING_OFF_SQ_RING);
	cq = map_uring(ring, params.cq_off.cqes + params.cq_entries * sizeof(*cqes),
		       IORING_OFF_CQ_RING);
	sqe = (void *)map_uring(ring, params.sq_entries * sizeof(*sqe), IORING_OFF_SQES);
	cqes = (void *)(cq + params.cq_off.cqes);
	head = (void *)(cq + params.cq_off.head);

	device_configure(fd, 5000000, 0, 0);
	*sqe = (struct io_uring_sqe){
		.opcode = IORING_OP_POLL_ADD,
		.fd = fd,
		.poll32_events = POLLIN,
		.len = IORING_POLL_ADD_MULTI,
	};
	__atomic_store_n((unsigned int *)(sq + params.sq_off.tail), 1, __ATOMIC_RELEASE);
	ASSERT_EQ(syscall(SYS_io_uring_enter, ring, 1, 0, 0, NULL, 0), 1);
	for (i = 0; i < 30; i++) {
		ASSERT_EQ(poll(&ready, 1, 30000), 1);
		ASSERT(cqes[*head & (params.cq_entries - 1)].flags & IORING_CQE_F_MORE);
		__atomic_store_n(head, *head + 1, __ATOMIC_RELEASE);
		while (stream_read(&stream, fd) > 0)
			;
		ASSERT_EQ(errno, EAGAIN);
	}
	close(ring);
	stream_finish(&stream, fd);
}
