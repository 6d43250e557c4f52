// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <profbuf/profbuf.h>

#include "table_pool.h"
#include "table_request.h"
#include "table_worker.h"
#include "unwind/cache.h"
#include "unwind/recent.h"
#include "util/machine.h"

/* Where one reads a large file, the others serve the small ones. */
#define WORKERS_MAX	4

/* Files that end their reader may be all that there are: not each costs a process. */
#define STARTS_MAX	100

#define JOBS_MAX	20000

/* The largest programs take a tenth of that, on machines that are emulated. */
#define JOB_NS		60000000000ULL

/* From the end of the recording on. */
#define END_NS		5000000000ULL

#define MEMORY_PARAMETER	"/sys/module/profbuf/parameters/unwind_memory"
#define MEMORY_DEFAULT		(64ULL << 20)

/**
 * struct job - a request that waits
 * @next: the next one
 * @size: bytes of the request
 * @request: the request, without the rest of its path
 */
struct job {
	struct job *next;
	size_t size;
	struct table_request request;
};

/**
 * struct jobs - those that wait, the first one first
 * @first: this
 * @last: where to link the next one
 */
struct jobs {
	struct job *first;
	struct job **last;
};

/**
 * struct pool_worker - a process that serves requests
 * @pid: the process; 0: there is none
 * @socket: it is asked there
 * @job: what it does; NULL: nothing
 * @deadline: when it must be done
 */
struct pool_worker {
	pid_t pid;
	int socket;
	struct job *job;
	uint64_t deadline;
};

/**
 * struct pool - all of it
 * @session: where tables are loaded
 * @cache: where they are kept
 * @stats: what became of them
 * @socket: who asks; -1: nobody does any more
 * @wanted: what is needed, as far as it is known
 * @early: what was needed once, and may be again
 * @nr_jobs: how many wait
 * @early_bytes: tables that may be loaded before they are needed
 * @ready: all is done that was known at the beginning
 * @end: when all must be done; 0: that is not known
 * @workers: processes
 * @nr_workers: how many there may be
 * @starts: how many there were
 * @before: files that were sampled before
 * @recent: files that are sampled now
 */
struct pool {
	struct profbuf_session *session;
	struct unwind_cache cache;
	struct table_stats *stats;
	int socket;
	struct jobs wanted;
	struct jobs early;
	uint32_t nr_jobs;
	uint64_t early_bytes;
	bool ready;
	uint64_t end;
	struct pool_worker workers[WORKERS_MAX];
	unsigned int nr_workers;
	unsigned int starts;
	struct recent before;
	struct recent recent;
};

static uint64_t now(void)
{
	return machine__clock(CLOCK_MONOTONIC);
}

static int compare_fds(const void *left, const void *right)
{
	return *(const int *)left - *(const int *)right;
}

/*
 * Close all else: who waits for the end of a pipe must not wait for us, who may be kept by a file
 * for longer than the recording.
 */
static void close_others(int *fds, size_t n)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC), first = STDERR_FILENO + 1, fd;
	size_t i;

	for (fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		for (i = 0; i < n && fds[i] != fd; i++)
			;
		if (i == n && null >= 0)
			dup2(null, fd);
	}
	qsort(fds, n, sizeof(*fds), compare_fds);
	for (i = 0; i < n; i++) {
		if (fds[i] < first)
			continue;
		if (fds[i] > first)
			close_range(first, fds[i] - 1, 0);
		first = fds[i] + 1;
	}
	close_range(first, UINT_MAX, 0);
}

static void die_with(pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* It may have died before. */
	if (getppid() != parent)
		_exit(EXIT_FAILURE);
}

static void start_worker(struct pool *pool, struct pool_worker *worker)
{
	pid_t parent = getpid();
	int sockets[2];

	if (pool->starts == STARTS_MAX ||
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets))
		return;
	pool->starts++;
	worker->pid = fork();
	if (!worker->pid) {
		int fds[] = { profbuf_session__fd(pool->session), sockets[1], pool->cache.dir };

		die_with(parent);
		close_others(fds, sizeof(fds) / sizeof(*fds));
		table_worker__run(pool->session, &pool->cache, sockets[1]);
		_exit(EXIT_SUCCESS);
	}
	close(sockets[1]);
	worker->socket = sockets[0];
	if (worker->pid < 0) {
		close(sockets[0]);
		worker->pid = 0;
	}
}

/* It is not waited for: a file system may keep it for ever. */
static void stop_worker(struct pool_worker *worker)
{
	kill(worker->pid, SIGKILL);
	close(worker->socket);
	free(worker->job);
	*worker = (struct pool_worker){ 0 };
}

static void add_job(struct pool *pool, struct jobs *jobs, const struct table_request *request)
{
	size_t size = table_request__size(strlen(request->path));
	struct job *job;

	job = pool->nr_jobs < JOBS_MAX ? malloc(offsetof(struct job, request) + size) : NULL;
	if (!job) {
		pool->stats->dropped++;
		return;
	}
	job->next = NULL;
	job->size = size;
	memcpy(&job->request, request, size);
	*jobs->last = job;
	jobs->last = &job->next;
	pool->nr_jobs++;
}

/*
 * The next one. What is perhaps needed is begun when the rest is done: some files are in both, and
 * would be read by two at the same time.
 */
static struct job *take_job(struct pool *pool)
{
	struct jobs *jobs = pool->wanted.first ? &pool->wanted : &pool->early;
	struct job *job = jobs->first;
	unsigned int i;

	if (!job)
		return NULL;
	for (i = 0; i < pool->nr_workers; i++)
		if (jobs == &pool->early && pool->workers[i].job &&
		    !pool->workers[i].job->request.early)
			return NULL;
	jobs->first = job->next;
	if (!jobs->first)
		jobs->last = &jobs->first;
	pool->nr_jobs--;
	return job;
}

static void give(struct pool *pool, struct pool_worker *worker, struct job *job)
{
	worker->job = job;
	worker->deadline = now() + JOB_NS;
	if (send(worker->socket, &job->request, job->size, MSG_NOSIGNAL) == (ssize_t)job->size)
		return;
	pool->stats->failed++;
	stop_worker(worker);
}

/* Have idle workers do what waits. */
static void give_all(struct pool *pool)
{
	struct pool_worker *worker;
	struct job *job;

	for (worker = pool->workers; worker < pool->workers + pool->nr_workers; worker++) {
		if (!pool->nr_jobs)
			return;
		if (worker->job)
			continue;
		if (!worker->pid)
			start_worker(pool, worker);
		job = worker->pid ? take_job(pool) : NULL;
		if (job)
			give(pool, worker, job);
	}
}

static bool is_idle(const struct pool *pool)
{
	unsigned int i;

	for (i = 0; i < pool->nr_workers; i++)
		if (pool->workers[i].job)
			return false;
	return true;
}

/* Nobody can be started any more. */
static void drop_all(struct pool *pool)
{
	struct job *job;

	while ((job = take_job(pool))) {
		pool->stats->dropped++;
		free(job);
	}
}

static void count(struct pool *pool, const struct table_reply *reply, bool early)
{
	struct table_stats *stats = pool->stats;
	bool full = reply->err == -ENOSPC || reply->err == -ENOMEM;

	stats->made += reply->made;
	/* It is not missed unless it is asked for. */
	if (early && (full || reply->err == -E2BIG)) {
		if (full)
			pool->early_bytes = 0;
		return;
	}
	switch (reply->err) {
	case 0:
		stats->loaded++;
		stats->bytes += reply->bytes;
		break;
	case -EEXIST:
		stats->there++;
		break;
	case -ENODATA:
		stats->nothing++;
		break;
	case -E2BIG:
		stats->too_large++;
		break;
	case -ENOSPC:
		stats->no_room++;
		break;
	case -ENOMEM:
		stats->no_memory++;
		break;
	default:
		stats->refused++;
	}
}

/* What is only perhaps needed must not take the place of what is. */
static void check_room(struct pool *pool)
{
	struct job *job;

	if (pool->stats->bytes < pool->early_bytes && !pool->stats->no_room &&
	    !pool->stats->no_memory)
		return;
	while (pool->early.first) {
		job = pool->early.first;
		pool->early.first = job->next;
		pool->nr_jobs--;
		free(job);
	}
	pool->early.last = &pool->early.first;
}

static void end_job(struct pool *pool, struct pool_worker *worker, int err)
{
	struct job *job = worker->job;

	if (job->request.early && err)
		recent__remove(&pool->before, job->request.path);
	free(job);
	worker->job = NULL;
}

/* A file that has ended its reader once does it again. */
static void forget(struct pool *pool, const struct job *job)
{
	pool->stats->failed++;
	recent__remove(&pool->before, job->request.path);
	recent__remove(&pool->recent, job->request.path);
}

static void take_reply(struct pool *pool, struct pool_worker *worker)
{
	static struct table_request request = { .kind = TABLE_PATH };
	static struct table_reply reply;
	ssize_t size;

	size = recv(worker->socket, &reply, sizeof(reply), MSG_DONTWAIT);
	if (size < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (size <= (ssize_t)offsetof(struct table_reply, path) || !worker->job) {
		if (worker->job)
			forget(pool, worker->job);
		stop_worker(worker);
		return;
	}
	reply.path[sizeof(reply.path) - 1] = 0;
	switch (reply.kind) {
	case TABLE_FOUND:
		strcpy(request.path, reply.path);
		add_job(pool, &pool->wanted, &request);
		break;
	case TABLE_TRIED:
		count(pool, &reply, worker->job->request.early);
		check_room(pool);
		break;
	case TABLE_DONE:
		end_job(pool, worker, reply.err);
		break;
	}
}

/* What was sampled now comes first, as it may be sampled again. */
static void keep_recent(struct pool *pool)
{
	uint32_t i;

	for (i = 0; i < pool->before.nr; i++)
		recent__add(&pool->recent, pool->before.paths[i]);
	recent__write(&pool->recent, &pool->cache);
}

static void take_request(struct pool *pool)
{
	static struct table_request request;
	ssize_t size = recv(pool->socket, &request, sizeof(request), MSG_DONTWAIT);

	if (size < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (size < (ssize_t)table_request__size(0)) {
		close(pool->socket);
		pool->socket = -1;
		pool->end = now() + END_NS;
		/* Now, as it may have to end before it is done. */
		keep_recent(pool);
		return;
	}
	add_job(pool, &pool->wanted, &request);
	recent__add(&pool->recent, request.path);
}

/* All that was to be done before the start is done. */
static void say_ready(struct pool *pool)
{
	pool->ready = true;
	if (pool->socket >= 0)
		send(pool->socket, "", 1, MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* Milliseconds until somebody should be done; -1: nobody does anything. */
static int patience(const struct pool *pool)
{
	uint64_t time = now(), next = pool->end;
	unsigned int i;

	for (i = 0; i < pool->nr_workers; i++)
		if (pool->workers[i].job && (!next || pool->workers[i].deadline < next))
			next = pool->workers[i].deadline;
	if (!next)
		return -1;
	return next <= time ? 0 : (next - time) / 1000000 + 1;
}

static void check_deadlines(struct pool *pool)
{
	struct pool_worker *worker;
	uint64_t time = now();

	for (worker = pool->workers; worker < pool->workers + pool->nr_workers; worker++) {
		if (!worker->job || time < worker->deadline)
			continue;
		forget(pool, worker->job);
		stop_worker(worker);
	}
}

/* What is not done by now would be waited for at the next start, too. */
static void forget_undone(struct pool *pool)
{
	unsigned int i;

	for (i = 0; i < pool->nr_workers; i++)
		if (pool->workers[i].job)
			forget(pool, pool->workers[i].job);
}

static void wait_for_something(struct pool *pool)
{
	struct pollfd fds[WORKERS_MAX + 1] = { { .fd = pool->socket, .events = POLLIN } };
	unsigned int i;

	for (i = 0; i < pool->nr_workers; i++)
		fds[i + 1] = (struct pollfd){
			.fd = pool->workers[i].pid ? pool->workers[i].socket : -1,
			.events = POLLIN,
		};
	if (poll(fds, pool->nr_workers + 1, patience(pool)) > 0) {
		if (fds[0].revents)
			take_request(pool);
		for (i = 0; i < pool->nr_workers; i++)
			if (fds[i + 1].revents)
				take_reply(pool, &pool->workers[i]);
	}
	check_deadlines(pool);
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
}

uint64_t table_pool__memory(void)
{
	FILE *file = fopen(MEMORY_PARAMETER, "re");
	unsigned long long bytes;

	if (!file || fscanf(file, "%llu", &bytes) != 1)
		bytes = MEMORY_DEFAULT;
	if (file)
		fclose(file);
	return bytes;
}

/*
 * Half of what there is room for, as others may need some. Users who may not lock as much as they
 * like need the other half of that for rings.
 */
static uint64_t find_room(void)
{
	uint64_t bytes = table_pool__memory();
	struct rlimit limit;

	if (geteuid() && !getrlimit(RLIMIT_MEMLOCK, &limit) && limit.rlim_cur < bytes)
		bytes = limit.rlim_cur;
	return bytes / 2;
}

/* @parent: a command is its child before it is executed. */
static void add_first(struct pool *pool, const struct table_first *first, pid_t parent)
{
	static struct table_request request;
	uint32_t i;

	request.kind = TABLE_VDSO;
	add_job(pool, &pool->wanted, &request);
	request.kind = TABLE_COMMAND;
	if (first->command && strlen(first->command) < sizeof(request.path)) {
		strcpy(request.path, first->command);
		add_job(pool, &pool->wanted, &request);
		*request.path = 0;
	}
	request.kind = TABLE_PROCESS;
	for (i = 0; i < first->nr_pids; i++) {
		request.mapping.pid = first->pids[i];
		add_job(pool, &pool->wanted, &request);
	}
	request.early = true;
	request.mapping.pid = parent;
	add_job(pool, &pool->early, &request);
	request.kind = TABLE_PATH;
	for (i = 0; i < pool->before.nr; i++) {
		if (strlen(pool->before.paths[i]) >= sizeof(request.path))
			continue;
		strcpy(request.path, pool->before.paths[i]);
		add_job(pool, &pool->early, &request);
	}
}

static unsigned int choose_workers(void)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);

	return cpus < 2 ? 2 : cpus < WORKERS_MAX ? cpus : WORKERS_MAX;
}

void table_pool__run(struct profbuf_session *session, int socket, const struct table_first *first,
		     struct table_stats *stats, pid_t parent)
{
	static struct pool pool;
	int fds[] = { profbuf_session__fd(session), socket };

	die_with(parent);
	close_others(fds, sizeof(fds) / sizeof(*fds));
	prctl(PR_SET_NAME, "profbuf-tables");
	/* A table that is larger than files may be is not kept, and nothing else happens. */
	signal(SIGXFSZ, SIG_IGN);
	pool.session = session;
	pool.socket = socket;
	pool.stats = stats;
	pool.wanted.last = &pool.wanted.first;
	pool.early.last = &pool.early.first;
	pool.nr_workers = choose_workers();
	pool.early_bytes = find_room();
	unwind_cache__open(&pool.cache);
	recent__read(&pool.before, &pool.cache);
	add_first(&pool, first, parent);
	for (;;) {
		give_all(&pool);
		if (is_idle(&pool)) {
			drop_all(&pool);
			if (!pool.ready)
				say_ready(&pool);
			if (pool.socket < 0)
				break;
		}
		if (pool.end && now() >= pool.end)
			break;
		wait_for_something(&pool);
	}
	forget_undone(&pool);
	keep_recent(&pool);
	unwind_cache__trim(&pool.cache, UNWIND_CACHE_BYTES);
}
