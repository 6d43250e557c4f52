// SPDX-License-Identifier: GPL-2.0
/*
 * Threads do to the same sessions all that can be done to one, in random order, while CPUs
 * go and come back. Sanitizers and lockdep watch; afterwards the account must come out even.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <unistd.h>

#include "../device/device.h"
#include "../device/harness.h"

#define THREADS		4
#define SESSIONS_MAX	3
#define CALLS		1000	/* of each thread */
#define CALLS_LONG	20000
#define PERIOD_NS	1000000
#define HDRSIZE		5

/* Small, so that there are losses as well. */
#define RING_SIZE	8192
#define STACK_DEPTH	64

/* A limit for machines that hang: what is measured here takes minutes. */
#define TIMEOUT_SECONDS	3000

static int sessions[SESSIONS_MAX];	/* those of odd numbers have a reader that waits */
static unsigned int nr_sessions;
static bool restarting;		/* sessions are stopped and started, too */
static atomic_bool done;

struct worker {
	pthread_t thread;
	unsigned int seed;
	unsigned int which;	/* the session of one that only reads */
	/* What this one has read of each session. */
	struct stream streams[SESSIONS_MAX];
	__u64 *buffer;
};

static struct worker workers[THREADS], readers[SESSIONS_MAX];

static bool has_waiting_reader(unsigned int which)
{
	return which % 2;
}

static unsigned int random_below(struct worker *worker, unsigned int limit)
{
	return rand_r(&worker->seed) / 7 % limit;
}

/* The call may fail, as what it asks for may be out of season, but only so. */
static void may_fail(long result, int error)
{
	if (result < 0 && errno != error)
		FAIL("errno %d where %d was possible", errno, error);
}

static ssize_t read_some(struct worker *worker, unsigned int which, int fd)
{
	/* Small ones, too: others see half of a batch then. */
	struct iovec buffer = {
		.iov_base = worker->buffer,
		.iov_len = random_below(worker, 2) ? BUFFER_SIZE : 4096,
	};
	ssize_t result = preadv2(fd, &buffer, 1, -1, has_waiting_reader(which) ? RWF_NOWAIT : 0);

	if (result > 0)
		stream_walk(&worker->streams[which], worker->buffer, result);
	return result;
}

static void *wait_and_read(void *argument)
{
	struct worker *worker = argument;
	ssize_t result;

	do {
		result = read(sessions[worker->which], worker->buffer, BUFFER_SIZE);
		ASSERT_GE(result, 0);
		if (result)
			stream_walk(&worker->streams[worker->which], worker->buffer, result);
		else
			sleep_ms(1);
	} while (result || !done);
	return NULL;
}

static void ask_stats(int fd, uint32_t cpu)
{
	struct profbuf_stats stats = { .size = sizeof(stats), .cpu = cpu };

	may_fail(ioctl(fd, PROFBUF_IOC_STATS, &stats), EINVAL);
}

static void ask_config(int fd)
{
	struct profbuf_config config;

	device_config(fd, &config);
	may_fail(ioctl(fd, PROFBUF_IOC_SET_CONFIG, &config), EBUSY);
	may_fail(ioctl(fd, PROFBUF_IOC_SET_HDRSIZE, HDRSIZE), EBUSY);
}

static void ask_fdinfo(int fd)
{
	char path[32], text[4096];
	int info;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	info = open(path, O_RDONLY | O_CLOEXEC);
	ASSERT_GE(info, 0);
	ASSERT_GT(read(info, text, sizeof(text)), 0);
	close(info);
}

static void ask_poll(int fd, int timeout)
{
	struct pollfd pollfd = { .fd = fd, .events = POLLIN };

	ASSERT_GE(poll(&pollfd, 1, timeout), 0);
	ASSERT_EQ(pollfd.revents & (POLLERR | POLLNVAL), 0);
}

static void ask_epoll(int fd)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLET };
	int epoll = epoll_create1(EPOLL_CLOEXEC);

	ASSERT_GE(epoll, 0);
	ASSERT_EQ(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event), 0);
	ASSERT_GE(epoll_wait(epoll, &event, 1, 1), 0);
	close(epoll);
}

/* A session of this thread's own, which is closed while it runs. */
static void come_and_go(struct worker *worker)
{
	int fd = open(PROFBUF_DEVICE, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	ASSERT_GE(fd, 0);
	device_configure(fd, PERIOD_NS, 0, 0);
	if (random_below(worker, 4))
		ASSERT_EQ(ioctl(fd, PROFBUF_IOC_START, 0), 0);
	if (random_below(worker, 2))
		may_fail(read(fd, worker->buffer, BUFFER_SIZE), EAGAIN);
	close(fd);
}

static void do_something(struct worker *worker)
{
	unsigned int which = random_below(worker, nr_sessions);
	/* What is done through it goes on while others close theirs. */
	int fd = dup(sessions[which]);

	ASSERT_GE(fd, 0);
	switch (random_below(worker, restarting ? 14 : 11)) {
	case 0:
		may_fail(read_some(worker, which, fd), EAGAIN);
		break;
	case 1:
	case 2:
		may_fail(ioctl(fd, PROFBUF_IOC_PAUSE, 0), EINVAL);
		break;
	case 3:
	case 4:
	case 5:
		may_fail(ioctl(fd, PROFBUF_IOC_RESUME, 0), EINVAL);
		break;
	case 6:
		ask_stats(fd, random_below(worker, 2) ? PROFBUF_CPU_NONE : 1);
		break;
	case 7:
		ask_config(fd);
		break;
	case 8:
		ask_fdinfo(fd);
		break;
	case 9:
		ask_poll(fd, random_below(worker, 5));
		break;
	case 10:
		if (random_below(worker, 2))
			ask_epoll(fd);
		else
			come_and_go(worker);
		break;
	case 11:
	case 12:
		may_fail(ioctl(fd, PROFBUF_IOC_START, 0), EBUSY);
		break;
	case 13:
		may_fail(ioctl(fd, PROFBUF_IOC_STOP, 0), EINVAL);
		break;
	}
	close(fd);
}

static void *work(void *argument)
{
	unsigned int calls = getenv("PROFBUF_LONG") ? CALLS_LONG : CALLS;
	struct worker *worker = argument;

	while (calls--)
		do_something(worker);
	return NULL;
}

static void *plug(void *argument)
{
	(void)argument;
	while (!done) {
		cpu1_set(false);
		sleep_ms(5);
		cpu1_set(true);
		sleep_ms(5);
	}
	return NULL;
}

static void open_session(unsigned int which)
{
	struct profbuf_config config;
	int fd = device_open(has_waiting_reader(which) ? 0 : O_NONBLOCK);

	device_config(fd, &config);
	config.period_ns = PERIOD_NS;
	config.ring_size = RING_SIZE;
	config.stack_depth = STACK_DEPTH;
	config.watermark = which * 1024;
	config.deadline_ns = 20000000;
	config.hdrsize = HDRSIZE;
	config.flags |= PROFBUF_IDLE;
	ASSERT_EQ(ioctl(fd, PROFBUF_IOC_SET_CONFIG, &config), 0);
	ASSERT_EQ(ioctl(fd, PROFBUF_IOC_START, 0), 0);
	sessions[which] = fd;
}

static void begin(struct worker *worker, void *(*function)(void *))
{
	unsigned int i;

	worker->buffer = malloc(BUFFER_SIZE);
	ASSERT(worker->buffer);
	for (i = 0; i < nr_sessions; i++)
		worker->streams[i].shared = true;
	ASSERT_EQ(pthread_create(&worker->thread, NULL, function, worker), 0);
}

static void race(void)
{
	pthread_t plugger;
	unsigned int i;

	alarm(TIMEOUT_SECONDS);
	for (i = 0; i < nr_sessions; i++)
		open_session(i);
	ASSERT_EQ(pthread_create(&plugger, NULL, plug, NULL), 0);
	for (i = 0; i < nr_sessions; i++) {
		readers[i].which = i;
		if (has_waiting_reader(i))
			begin(readers + i, wait_and_read);
	}
	for (i = 0; i < THREADS; i++) {
		workers[i].seed = i + 1;
		begin(workers + i, work);
	}

	for (i = 0; i < THREADS; i++)
		pthread_join(workers[i].thread, NULL);
	done = true;
	pthread_join(plugger, NULL);
	for (i = 0; i < nr_sessions; i++) {
		/* It may have been stopped already; then the readers see the end, too. */
		may_fail(ioctl(sessions[i], PROFBUF_IOC_STOP, 0), EINVAL);
		if (has_waiting_reader(i))
			pthread_join(readers[i].thread, NULL);
	}
}

static void add_stream(struct stream *sum, const struct stream *part)
{
	int cpu;

	for (cpu = 0; cpu < DEVICE_CPUS; cpu++) {
		sum->records[cpu] += part->records[cpu];
		sum->lost[cpu] += part->lost[cpu];
		sum->frame_records[cpu] += part->frame_records[cpu];
	}
	sum->periods += part->periods;
	sum->infos += part->infos;
}

/* What all have read of one session, to its end, is what it says to have recorded. */
static void check_whole_account(unsigned int which)
{
	static struct stream sum, rest;
	unsigned int i;

	sum = (struct stream){ .shared = true };
	rest = (struct stream){ .shared = true };
	stream_drain(&rest, sessions[which]);
	add_stream(&sum, &rest);
	add_stream(&sum, &readers[which].streams[which]);
	for (i = 0; i < THREADS; i++)
		add_stream(&sum, &workers[i].streams[which]);
	stream_check_account(&sum, sessions[which]);
	printf("# session %u: %llu records, %llu lost, %llu INFO frames\n", which,
	       (unsigned long long)stream_records(&sum), (unsigned long long)stream_lost(&sum),
	       (unsigned long long)sum.infos);
	ASSERT_GT(stream_records(&sum), 0);
	ASSERT_GT(sum.infos, 1);
	close(sessions[which]);
}

/* Of a session that has begun anew nobody knows which records were of the last run. */
static void check_last_run(unsigned int which)
{
	static struct stream stream;
	struct profbuf_stats stats;
	int fd = sessions[which];

	stream = (struct stream){ .shared = true };
	stream_drain(&stream, fd);
	device_stats(fd, PROFBUF_CPU_NONE, &stats);
	ASSERT_EQ(stats.state, PROFBUF_STATE_ENDED);
	ASSERT_EQ(stats.interrupts, stats.records + stats.lost + stats.filtered);
	ASSERT_EQ(stats.lost_read, stats.lost);
	ASSERT_GE(stats.records_read, stats.records);

	/* One more run, in peace. */
	stream = (struct stream){};
	ASSERT_EQ(ioctl(fd, PROFBUF_IOC_START, 0), 0);
	ASSERT_EQ(fcntl(fd, F_SETFL, 0), 0);
	while (!stream.records[0] || !stream.records[1])
		ASSERT_GT(stream_read(&stream, fd), 0);
	stream_finish(&stream, fd);
	close(fd);
}

TEST(threads_race_on_a_session)
{
	nr_sessions = 1;
	race();
	check_whole_account(0);
}

TEST(threads_race_on_a_session_that_is_restarted)
{
	nr_sessions = 1;
	restarting = true;
	race();
	check_last_run(0);
}

TEST(threads_race_on_several_sessions)
{
	unsigned int i;

	nr_sessions = SESSIONS_MAX;
	race();
	for (i = 0; i < nr_sessions; i++)
		check_whole_account(i);
}

TEST(threads_race_on_several_sessions_that_are_restarted)
{
	unsigned int i;

	nr_sessions = SESSIONS_MAX;
	restarting = true;
	race();
	for (i = 0; i < nr_sessions; i++)
		check_last_run(i);
}
