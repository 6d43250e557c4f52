// SPDX-License-Identifier: GPL-2.0
/*
 * Each allocation and each copy that the module makes for a call fails once. The call must
 * then say so, or do without; afterwards it works when repeated, and the session is whole.
 * What was leaked on the way is found by who runs this, with kmemleak.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../device/device.h"
#include "../device/harness.h"
#include "fault.h"

/* Long, as an interrupt takes its time here. */
#define PERIOD_NS	5000000

/* The larger one is more than the kernel allocates in one piece. */
#define RING_SMALL	(16 << 10)
#define RING_LARGE	(8 << 20)

/* How exactly the memory that a session is charged for is measured. */
#define SHARE_STEP	1024

/* Against hangs only. */
#define TIMEOUT_SECONDS	1800

/* What was read of the session at hand. */
static struct stream stream;
static uint64_t ring_size = RING_SMALL;
static uint32_t idle = PROFBUF_IDLE;
static struct profbuf_config wanted;

static const char * const fault_names[] = {
	[FAULT_SLAB] = "small allocations",
	[FAULT_PAGE] = "large allocations",
	[FAULT_COPY] = "copies",
};

/* How many of each made the call at hand fail. */
static unsigned int failed[3];

struct call {
	/* Brings a new session to where the call makes sense; none if the call opens it. */
	void (*prepare)(int fd);
	/* Returns 0 or a negative errno. */
	int (*run)(int *fd);
	/* What it may answer for want of memory, besides ENOMEM. */
	int other_error;
	/* It does more for the first session of a module that was loaded. */
	bool reload;
};

static int answer(long result)
{
	return result < 0 ? -errno : 0;
}

static void configure(int fd)
{
	device_config(fd, &wanted);
	wanted.period_ns = PERIOD_NS;
	wanted.ring_size = ring_size;
	wanted.watermark = 0;
	wanted.flags &= ~PROFBUF_IDLE;
	wanted.flags |= idle;
	ASSERT_EQ(ioctl(fd, PROFBUF_IOC_SET_CONFIG, &wanted), 0);
}

/* Reads until there was a record. */
static void read_records(int fd)
{
	uint64_t before = stream_records(&stream);

	while (stream_records(&stream) == before)
		ASSERT_GT(stream_read(&stream, fd), 0);
}

/* From whatever state it is in to the end, if nothing is broken. */
static void check_session(int fd)
{
	switch (device_state(fd)) {
	case PROFBUF_STATE_ENDED:
		memset(&stream, 0, sizeof(stream));
		/* fallthrough */
	case PROFBUF_STATE_IDLE:
		ASSERT_EQ(ioctl(fd, PROFBUF_IOC_START, 0), 0);
		break;
	case PROFBUF_STATE_PAUSED:
		ASSERT_EQ(ioctl(fd, PROFBUF_IOC_RESUME, 0), 0);
		break;
	case PROFBUF_STATE_STOPPED:
		stream_drain(&stream, fd);
		stream_check_account(&stream, fd);
		return;
	}
	read_records(fd);
	stream_finish(&stream, fd);
}

static void drop_capability(unsigned int capability)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct sets[2];

	ASSERT_EQ(syscall(SYS_capget, &header, sets), 0);
	sets[capability / 32].effective &= ~(1U << capability % 32);
	ASSERT_EQ(syscall(SYS_capset, &header, sets), 0);
}

/* Can a session be started when each CPU's share of what the user may have is so large? */
static bool share_suffices(unsigned long share)
{
	const struct rlimit none = { 0, 0 };
	char text[24];
	int fd, status;
	pid_t pid;

	snprintf(text, sizeof(text), "%lu", share);
	module_parameter("user_memory", text);
	pid = fork();
	ASSERT_GE(pid, 0);
	if (!pid) {
		drop_capability(CAP_IPC_LOCK);
		ASSERT_EQ(setrlimit(RLIMIT_MEMLOCK, &none), 0);
		fd = device_open(0);
		configure(fd);
		if (!ioctl(fd, PROFBUF_IOC_START, 0))
			_Exit(0);
		ASSERT_EQ(errno, ENOMEM);
		_Exit(2);
	}
	ASSERT_EQ(waitpid(pid, &status, 0), pid);
	ASSERT(WIFEXITED(status) && WEXITSTATUS(status) != 1);
	return !WEXITSTATUS(status);
}

/*
 * The smallest share of which a session can be started: with memory that was not given
 * back, it would be larger.
 */
static unsigned long least_share(void)
{
	unsigned long low = 0, high = 64 << 20;

	ASSERT(share_suffices(high));
	while (high - low > SHARE_STEP) {
		unsigned long middle = (low + high) / 2;

		if (share_suffices(middle))
			high = middle;
		else
			low = middle;
	}
	return high;
}

static int load_module(void)
{
	const char *path = getenv("PROFBUF_MODULE");
	int fd, error;

	ASSERT(path);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	ASSERT_GE(fd, 0);
	error = answer(syscall(SYS_finit_module, fd, "", 0));
	close(fd);
	return error;
}

static void unload_module(void)
{
	ASSERT_EQ(syscall(SYS_delete_module, "profbuf", O_NONBLOCK), 0);
}

static int session_for(const struct call *call, enum fault fault)
{
	int fd;

	if (call->reload) {
		unload_module();
		ASSERT_EQ(load_module(), 0);
	}
	fault_choose(fault);
	memset(&stream, 0, sizeof(stream));
	if (!call->prepare)
		return -1;
	fd = device_open(0);
	configure(fd);
	call->prepare(fd);
	return fd;
}

/* The call has failed, if it was told to: it works now, and nothing is held afterwards. */
static void check_aftermath(const struct call *call, int fd, bool failed, bool again)
{
	if (failed && again) {
		ASSERT_EQ(call->run(&fd), 0);
		failed = false;
	}
	if (fd >= 0) {
		/* One whose call has failed is closed just so. */
		if (!failed)
			check_session(fd);
		ASSERT_EQ(close(fd), 0);
	}
}

static void check_error(const struct call *call, enum fault fault, int error)
{
	if (error != (fault == FAULT_COPY ? -EFAULT : -ENOMEM))
		ASSERT_EQ(error, -call->other_error);
}

static void fail_each(const struct call *call, enum fault fault)
{
	unsigned int nth;
	bool taken, again = true;
	int fd, error;

	alarm(TIMEOUT_SECONDS);
	for (nth = 1, taken = true; taken;) {
		fd = session_for(call, fault);
		fault_arm(gettid(), nth);
		error = call->run(&fd);
		taken = fault_disarm(gettid());
		if (error) {
			ASSERT(taken);
			check_error(call, fault, error);
			failed[fault] += again;
		}
		check_aftermath(call, fd, error, again);
		/*
		 * Once the call is repeated, once the session is closed at once. What comes late is
		 * memory for spaces, time and again: some of that will do.
		 */
		if (!again || !error)
			nth += 1 + nth / 16;
		again = !again || !error;
	}
	printf("# %s: %u failed the call\n", fault_names[fault], failed[fault]);
}

static void fail_all(const struct call *call)
{
	unsigned long share = least_share();

	fail_each(call, FAULT_SLAB);
	fail_each(call, FAULT_PAGE);
	fail_each(call, FAULT_COPY);
	ASSERT(share_suffices(share));
}

/* From some page on there is no memory: what takes the place of a lost one is lost, too. */
static unsigned int run_out(const struct call *call)
{
	unsigned long share = least_share();
	unsigned int pages = 0, failed = 0;
	int fd, error;

	alarm(TIMEOUT_SECONDS);
	do {
		fd = session_for(call, FAULT_PAGE);
		fault_run_out(gettid(), pages);
		error = call->run(&fd);
		fault_refill(gettid());
		if (error) {
			ASSERT_EQ(error, -ENOMEM);
			failed++;
		}
		check_aftermath(call, fd, error, failed % 2);
		pages = pages * 2 + 1;
	} while (error);
	ASSERT(share_suffices(share));
	return failed;
}

/* --- Where sessions are brought to --- */

static void stay_idle(int fd)
{
	(void)fd;
}

static void start(int fd)
{
	ASSERT_EQ(ioctl(fd, PROFBUF_IOC_START, 0), 0);
}

static void start_and_read(int fd)
{
	start(fd);
	read_records(fd);
}

static void have_records(int fd)
{
	struct pollfd pollfd = { .fd = fd, .events = POLLIN };

	start_and_read(fd);
	ASSERT_EQ(poll(&pollfd, 1, -1), 1);
}

static void pause_it(int fd)
{
	start_and_read(fd);
	ASSERT_EQ(ioctl(fd, PROFBUF_IOC_PAUSE, 0), 0);
}

static void end(int fd)
{
	start_and_read(fd);
	stream_finish(&stream, fd);
	memset(&stream, 0, sizeof(stream));
}

/* CPU 1 has come while it was paused, and has no memory yet. */
static void pause_and_add_cpu(int fd)
{
	cpu1_set(false);
	pause_it(fd);
	cpu1_set(true);
}

/* --- Calls --- */

static int call_open(int *fd)
{
	*fd = open(PROFBUF_DEVICE, O_RDONLY | O_CLOEXEC);
	return answer(*fd);
}

static int call_get_config(int *fd)
{
	struct profbuf_config config = { .size = sizeof(config) };

	return answer(ioctl(*fd, PROFBUF_IOC_GET_CONFIG, &config));
}

static int call_set_config(int *fd)
{
	return answer(ioctl(*fd, PROFBUF_IOC_SET_CONFIG, &wanted));
}

static int call_set_hdrsize(int *fd)
{
	return answer(ioctl(*fd, PROFBUF_IOC_SET_HDRSIZE, 5));
}

static int call_start(int *fd)
{
	return answer(ioctl(*fd, PROFBUF_IOC_START, 0));
}

static int call_stop(int *fd)
{
	return answer(ioctl(*fd, PROFBUF_IOC_STOP, 0));
}

static int call_pause(int *fd)
{
	return answer(ioctl(*fd, PROFBUF_IOC_PAUSE, 0));
}

static int call_resume(int *fd)
{
	return answer(ioctl(*fd, PROFBUF_IOC_RESUME, 0));
}

static int call_stats(int *fd)
{
	struct profbuf_stats stats = { .size = sizeof(stats), .cpu = PROFBUF_CPU_NONE };

	return answer(ioctl(*fd, PROFBUF_IOC_STATS, &stats));
}

/* Of any address: that no function is there is an answer as well. */
static int call_kernel_symbol(int *fd)
{
	static struct profbuf_kernel_symbol symbol;
	int error;

	symbol = (struct profbuf_kernel_symbol){
		.size = sizeof(symbol),
		.address = UINT64_MAX,
		.time_ns = 1,
	};
	error = answer(ioctl(*fd, PROFBUF_IOC_KERNEL_SYMBOL, &symbol));
	return error == -ENOENT ? 0 : error;
}

static int call_read(int *fd)
{
	return answer(stream_read(&stream, *fd));
}

static int call_readv(int *fd)
{
	static __u64 buffer[BUFFER_SIZE / sizeof(__u64)];
	struct iovec pieces[] = {
		{ .iov_base = buffer, .iov_len = 40 },
		{ .iov_base = buffer + 5, .iov_len = sizeof(buffer) - 40 },
	};
	ssize_t size = readv(*fd, pieces, 2);

	if (size > 0)
		stream_walk(&stream, buffer, size);
	return answer(size);
}

static int call_splice(int *fd)
{
	static __u64 buffer[BUFFER_SIZE / sizeof(__u64)];
	int ends[2], error;
	ssize_t size;

	ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
	size = splice(*fd, NULL, ends[1], NULL, BUFFER_SIZE, 0);
	error = answer(size);
	if (size > 0) {
		ASSERT_EQ(read(ends[0], buffer, sizeof(buffer)), size);
		stream_walk(&stream, buffer, size);
	}
	close(ends[0]);
	close(ends[1]);
	return error;
}

/* A session that could not be started, where poll starts it, has no errno to tell. */
static int call_poll(int *fd)
{
	struct pollfd pollfd = { .fd = *fd, .events = POLLIN };

	ASSERT_GE(poll(&pollfd, 1, 0), 0);
	return pollfd.revents & POLLERR ? -ENOMEM : 0;
}

static int call_epoll(int *fd)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLET };
	int epoll = epoll_create1(EPOLL_CLOEXEC);
	int error;

	ASSERT_GE(epoll, 0);
	error = answer(epoll_ctl(epoll, EPOLL_CTL_ADD, *fd, &event));
	if (!error && epoll_wait(epoll, &event, 1, 0) == 1 && event.events & EPOLLERR)
		error = -ENOMEM;
	close(epoll);
	return error;
}

static int call_fdinfo(int *fd)
{
	char path[32], text[4096];
	ssize_t size;
	int info;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", *fd);
	info = open(path, O_RDONLY | O_CLOEXEC);
	ASSERT_GE(info, 0);
	size = read(info, text, sizeof(text));
	close(info);
	return answer(size);
}

static int call_close(int *fd)
{
	int closed = *fd;

	*fd = -1;
	return answer(close(closed));
}

/* --- Tests --- */

TEST(faults_at_open)
{
	const struct call call = { .run = call_open };

	fail_all(&call);
	ASSERT_GT(failed[FAULT_SLAB], 0);
}

TEST(faults_at_start)
{
	const struct call call = { .prepare = stay_idle, .run = call_start };

	fail_all(&call);
	ASSERT_GT(failed[FAULT_SLAB], 0);
}

TEST(memory_runs_out_at_start)
{
	const struct call call = { .prepare = stay_idle, .run = call_start };

	ring_size = RING_SMALL;
	ASSERT_GT(run_out(&call), 1);
	ring_size = RING_LARGE;
	ASSERT_GT(run_out(&call), 1);
}

/* Where idle CPUs are not asked for, they are watched, if there is memory to do so. */
TEST(faults_at_first_start_without_idle_cpus)
{
	const struct call call = { .prepare = stay_idle, .run = call_start, .reload = true };
	pid_t busy = spin_start(-1);

	idle = 0;
	fail_each(&call, FAULT_SLAB);
	ASSERT_GT(failed[FAULT_SLAB], 0);
	spin_stop(busy);
}

TEST(faults_at_start_of_an_ended_session)
{
	const struct call call = { .prepare = end, .run = call_start };

	fail_all(&call);
	ASSERT_GT(failed[FAULT_SLAB], 0);
}

TEST(faults_at_first_read)
{
	const struct call call = { .prepare = stay_idle, .run = call_read };

	fail_all(&call);
	ASSERT_GT(failed[FAULT_SLAB], 0);
	ASSERT_GT(failed[FAULT_COPY], 0);
}

TEST(faults_at_read)
{
	const struct call call = { .prepare = have_records, .run = call_read };

	fail_all(&call);
}

TEST(faults_at_readv)
{
	const struct call call = { .prepare = have_records, .run = call_readv };

	fail_all(&call);
}

/* To splice, a page that is not there is memory that it cannot write to. */
TEST(faults_at_splice)
{
	const struct call call = {
		.prepare = have_records,
		.run = call_splice,
		.other_error = EAGAIN,
	};

	fail_all(&call);
}

TEST(faults_at_poll)
{
	const struct call call = { .prepare = stay_idle, .run = call_poll };

	fail_all(&call);
}

TEST(faults_at_poll_of_records)
{
	const struct call call = { .prepare = have_records, .run = call_poll };

	fail_all(&call);
}

TEST(faults_at_epoll)
{
	const struct call call = { .prepare = stay_idle, .run = call_epoll };

	fail_all(&call);
}

TEST(faults_at_get_config)
{
	const struct call call = { .prepare = stay_idle, .run = call_get_config };

	fail_all(&call);
	ASSERT_GT(failed[FAULT_COPY], 0);
}

TEST(faults_at_set_config)
{
	const struct call call = { .prepare = stay_idle, .run = call_set_config };

	fail_all(&call);
	ASSERT_GT(failed[FAULT_COPY], 0);
}

TEST(faults_at_set_hdrsize)
{
	const struct call call = { .prepare = stay_idle, .run = call_set_hdrsize };

	fail_all(&call);
}

TEST(faults_at_stats)
{
	const struct call call = { .prepare = start, .run = call_stats };

	fail_all(&call);
	ASSERT_GT(failed[FAULT_COPY], 0);
}

TEST(faults_at_kernel_symbol)
{
	const struct call call = { .prepare = start, .run = call_kernel_symbol };

	fail_all(&call);
	ASSERT_GT(failed[FAULT_SLAB], 0);
	ASSERT_GT(failed[FAULT_COPY], 0);
}

TEST(faults_at_fdinfo)
{
	const struct call call = { .prepare = start, .run = call_fdinfo };

	fail_all(&call);
}

TEST(faults_at_pause)
{
	const struct call call = { .prepare = start, .run = call_pause };

	fail_all(&call);
}

TEST(faults_at_resume)
{
	const struct call call = { .prepare = pause_it, .run = call_resume };

	fail_all(&call);
}

/* The CPU that there is no memory for is not sampled; the others are. */
TEST(faults_at_resume_with_a_new_cpu)
{
	const struct call call = { .prepare = pause_and_add_cpu, .run = call_resume };

	fail_all(&call);
}

TEST(faults_at_stop)
{
	const struct call call = { .prepare = start_and_read, .run = call_stop };

	fail_all(&call);
}

TEST(faults_at_close)
{
	const struct call call = { .prepare = start_and_read, .run = call_close };

	fail_all(&call);
}

/* A module that fails to load leaves nothing behind that the next one would find. */
static void fail_load(enum fault fault)
{
	unsigned int nth;
	bool taken = true;
	int error;

	alarm(TIMEOUT_SECONDS);
	fault_choose_load(fault);
	for (nth = 1; taken; nth++) {
		fault_arm(gettid(), nth);
		error = load_module();
		taken = fault_disarm(gettid());
		if (error) {
			ASSERT(taken);
			ASSERT_EQ(error, -ENOMEM);
			ASSERT_EQ(access(PROFBUF_DEVICE, F_OK), -1);
			failed[fault]++;
			ASSERT_EQ(load_module(), 0);
		}
		close(device_open(0));
		unload_module();
	}
	printf("# %s: %u, of which %u failed the module\n", fault_names[fault], nth - 2,
	       failed[fault]);
}

TEST(faults_at_load)
{
	unload_module();
	fail_load(FAULT_SLAB);
	fail_load(FAULT_PAGE);
	ASSERT_GT(failed[FAULT_SLAB], 0);
	ASSERT_EQ(load_module(), 0);
}

/* The thread that brings CPU 1 online, and calls the module. */
static pid_t hotplug_thread(void)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	char path[300], name[16];
	pid_t pid = 0;
	FILE *file;

	ASSERT(proc);
	while (!pid && (entry = readdir(proc))) {
		snprintf(path, sizeof(path), "/proc/%s/comm", entry->d_name);
		file = fopen(path, "re");
		if (!file)
			continue;
		if (fscanf(file, "%15s", name) == 1 && !strcmp(name, "cpuhp/1"))
			pid = atoi(entry->d_name);
		fclose(file);
	}
	closedir(proc);
	ASSERT_GT(pid, 0);
	return pid;
}

static bool cpu1_is_sampled(int fd)
{
	struct profbuf_stats stats = { .size = sizeof(stats), .cpu = 1 };

	if (!ioctl(fd, PROFBUF_IOC_STATS, &stats))
		return true;
	ASSERT_EQ(errno, EINVAL);
	return false;
}

/* A session that CPU 1 can join. */
static int session_without_cpu1(void)
{
	int fd = device_open(0);

	memset(&stream, 0, sizeof(stream));
	cpu1_set(false);
	configure(fd);
	start_and_read(fd);
	ASSERT(!cpu1_is_sampled(fd));
	return fd;
}

/* The CPU comes in any case; sampled or not, the session goes on. */
static void check_newcomer(int fd)
{
	read_records(fd);
	cpu1_set(false);
	cpu1_set(true);
	ASSERT(cpu1_is_sampled(fd));
	while (!stream.records[1])
		ASSERT_GT(stream_read(&stream, fd), 0);
	check_session(fd);
	ASSERT_EQ(close(fd), 0);
}

static void fail_newcomer(enum fault fault)
{
	pid_t thread = hotplug_thread();
	bool taken = true;
	unsigned int nth;
	int fd;

	alarm(TIMEOUT_SECONDS);
	fault_choose(fault);
	for (nth = 1; taken; nth++) {
		fd = session_without_cpu1();
		fault_arm(thread, nth);
		cpu1_set(true);
		taken = fault_disarm(thread);
		if (!cpu1_is_sampled(fd)) {
			ASSERT(taken);
			failed[fault]++;
		}
		check_newcomer(fd);
	}
	printf("# %s: %u, of which %u left the CPU out\n", fault_names[fault], nth - 2,
	       failed[fault]);
}

TEST(faults_when_a_cpu_comes)
{
	unsigned long share = least_share();

	fail_newcomer(FAULT_SLAB);
	fail_newcomer(FAULT_PAGE);
	ASSERT_GT(failed[FAULT_SLAB], 0);
	ASSERT(share_suffices(share));
}

TEST(memory_runs_out_when_a_cpu_comes)
{
	pid_t thread = hotplug_thread();
	unsigned int pages, missed = 0;
	unsigned long share;
	bool sampled;
	int fd;

	ring_size = RING_LARGE;
	share = least_share();
	alarm(TIMEOUT_SECONDS);
	fault_choose(FAULT_PAGE);
	for (pages = 0, sampled = false; !sampled; pages = pages * 2 + 1) {
		fd = session_without_cpu1();
		fault_run_out(thread, pages);
		cpu1_set(true);
		fault_refill(thread);
		sampled = cpu1_is_sampled(fd);
		missed += !sampled;
		check_newcomer(fd);
	}
	ASSERT_GT(missed, 1);
	ASSERT(share_suffices(share));
}
