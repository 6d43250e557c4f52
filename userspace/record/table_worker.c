// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <profbuf/profbuf.h>

#include "needed.h"
#include "program.h"
#include "symbol/guard.h"
#include "symbol/process.h"
#include "symbol/told_file.h"
#include "table_request.h"
#include "table_worker.h"
#include "unwind/cache.h"
#include "unwind/compile.h"

#define VDSO_SIZE	(64 << 10)

/*
 * Stacks end in a file until its table is loaded, so the first tables must not wait for an idle
 * CPU; but who makes many takes no time from what is measured.
 */
#define URGENT_SECONDS	1
#define NICENESS	10

/**
 * struct worker - who serves requests
 * @session: where tables are loaded
 * @cache: where they are kept
 * @socket: to who has asked
 * @places: where the dynamic linker looks
 */
struct worker {
	struct profbuf_session *session;
	const struct unwind_cache *cache;
	int socket;
	struct needed_places places;
};

static void reply(struct worker *worker, struct table_reply *reply)
{
	size_t size = offsetof(struct table_reply, path) + strlen(reply->path) + 1;

	/* Without somebody who listens there is nothing to do. */
	if (send(worker->socket, reply, size, MSG_NOSIGNAL) != (ssize_t)size)
		_exit(EXIT_FAILURE);
}

static void reply_tried(struct worker *worker, int err, bool made, uint64_t bytes)
{
	static struct table_reply tried = { .kind = TABLE_TRIED };

	tried.err = err;
	tried.made = made;
	tried.bytes = bytes;
	reply(worker, &tried);
}

/**
 * struct compilation - a call of unwind__compile() with a limit
 * @fd: the file, which is taken
 * @table: where the table is put
 * @err: what it returned
 */
struct compilation {
	int fd;
	struct profbuf_unwind_table *table;
	int err;
};

static void compile_limited(void *argument)
{
	struct compilation *compilation = argument;
	struct unwind_summary summary;

	guard__limit_memory();
	compilation->err = unwind__compile(compilation->fd, &compilation->table, &summary);
}

static int compile(int fd, struct profbuf_unwind_table **table)
{
	struct compilation compilation = { .fd = fcntl(fd, F_DUPFD_CLOEXEC, 0) };
	int err;

	if (compilation.fd < 0)
		return -errno;
	err = guard__run(compile_limited, &compilation);
	*table = compilation.table;
	return err ? err : compilation.err;
}

/* Will it be the same the next time? */
static bool is_lasting(int err)
{
	return err != -ENOMEM && err != -EFAULT && err != -EMFILE && err != -EIO;
}

static void make(struct worker *worker, int fd, const char *name)
{
	struct profbuf_unwind_table *table = NULL;
	int err = compile(fd, &table);

	if (err) {
		if (*name && is_lasting(err))
			unwind_cache__write(worker->cache, name, NULL, 0);
		reply_tried(worker, err == -ENOMEM ? -ENOMEM : -ENODATA, false, 0);
		return;
	}
	err = profbuf_session__load_unwind(worker->session, fd, table, table->size);
	/* Not before the kernel has it: it is waited for. */
	if (*name)
		unwind_cache__write(worker->cache, name, table, table->size);
	reply_tried(worker, err, true, table->size);
	free(table);
}

/* False: it has to be made. */
static bool load_cached(struct worker *worker, int fd, const char *name)
{
	void *table = NULL;
	size_t size = 0;
	int err = unwind_cache__read(worker->cache, name, &table, &size);

	if (!err) {
		err = profbuf_session__load_unwind(worker->session, fd, table, size);
		free(table);
		/* A damaged one. */
		if (err == -EINVAL)
			return false;
	} else if (err != -ENODATA) {
		return false;
	}
	reply_tried(worker, err, false, size);
	return true;
}

/* Empty: it cannot be kept. Where the kernel has told no build-id, the file itself may. */
static void find_name(int fd, const uint8_t *build_id, size_t size, char name[UNWIND_CACHE_NAME])
{
	struct image image = { 0 };
	int copy;

	/* Not all pages were in memory when the kernel looked. */
	if (!size) {
		copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
		if (copy >= 0 && !image__open(&image, copy)) {
			build_id = image.build_id;
			size = image.build_id_size;
		}
	}
	if (unwind_cache__name(name, fd, build_id, size))
		*name = 0;
	if (image.memory)
		image__close(&image);
}

/* Takes @fd. */
static void serve_open(struct worker *worker, int fd, const uint8_t *build_id,
		       size_t build_id_size)
{
	char name[UNWIND_CACHE_NAME];
	int err = profbuf_session__load_unwind(worker->session, fd, NULL, 0);

	if (err == -ENOENT) {
		find_name(fd, build_id, build_id_size, name);
		if (!*name || !load_cached(worker, fd, name))
			make(worker, fd, name);
	} else {
		reply_tried(worker, err, false, 0);
	}
	close(fd);
}

static int serve_path(struct worker *worker, const char *path)
{
	int fd = process__open_file(AT_FDCWD, path);

	if (fd < 0)
		return fd;
	serve_open(worker, fd, NULL, 0);
	return 0;
}

static int serve_mapping(struct worker *worker, struct table_request *request)
{
	int fd;

	request->mapping.path = request->path;
	request->mapping.build_id = request->build_id;
	fd = told_file__open(&request->mapping);
	if (fd < 0)
		return fd;
	serve_open(worker, fd, request->build_id, request->mapping.build_id_size);
	return 0;
}

static int serve_process_mapping(const struct symbol_mapping *mapping, void *context)
{
	int fd = *mapping->path == '/' ? process__open_mapping(mapping) : -ENOENT;

	if (fd >= 0)
		serve_open(context, fd, NULL, 0);
	return 0;
}

static int tell_found(void *context, const char *path)
{
	static struct table_reply found = { .kind = TABLE_FOUND };

	if (strlen(path) >= sizeof(found.path))
		return 0;
	strcpy(found.path, path);
	reply(context, &found);
	return 0;
}

static int find_needed(void *context, const char *path)
{
	struct worker *worker = context;

	return needed__find(&worker->places, path, tell_found, worker);
}

/* All processes have the one that we have, if they are not of 32 bits. */
static int serve_vdso(struct worker *worker)
{
	uint64_t start = getauxval(AT_SYSINFO_EHDR);
	struct profbuf_unwind_table *table;
	struct unwind_summary summary;
	size_t size = VDSO_SIZE;
	void *memory = NULL;
	int err = -ENOENT;

	/* It is a few pages, and its size is nowhere told. */
	while (start && size >= (size_t)sysconf(_SC_PAGESIZE)) {
		memory = malloc(size);
		if (memory && !process__read_memory(getpid(), start, memory, size))
			break;
		free(memory);
		memory = NULL;
		size -= sysconf(_SC_PAGESIZE);
	}
	if (!memory)
		return err;
	err = unwind__compile_memory(memory, size, &table, &summary);
	if (err)
		return err;
	err = profbuf_session__load_unwind(worker->session, -1, table, table->size);
	reply_tried(worker, err, false, table->size);
	free(table);
	return 0;
}

static int serve(struct worker *worker, struct table_request *request)
{
	switch (request->kind) {
	case TABLE_VDSO:
		return serve_vdso(worker);
	case TABLE_COMMAND:
		return program__find(getenv("PATH"), request->path, find_needed, worker);
	case TABLE_PROCESS:
		return process__read_maps(request->mapping.pid, serve_process_mapping, worker);
	case TABLE_MAPPING:
		return serve_mapping(worker, request);
	case TABLE_PATH:
		return serve_path(worker, request->path);
	}
	return -EINVAL;
}

/* Where memory is short, this process goes first, and it leaves nothing behind. */
static void be_expendable(void)
{
	static const struct rlimit none;
	int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

	if (fd >= 0) {
		if (write(fd, "1000", 4) < 0)
			errno = 0;
		close(fd);
	}
	setrlimit(RLIMIT_CORE, &none);
}

/* As the user has set it. */
static struct rlimit cpu_limit;

static void be_nice(int signal)
{
	(void)signal;
	/* Root's processes could become less nice. */
	if (getpriority(PRIO_PROCESS, 0) < NICENESS)
		setpriority(PRIO_PROCESS, 0, NICENESS);
	setrlimit(RLIMIT_CPU, &cpu_limit);
}

static void be_nice_later(void)
{
	const struct sigaction action = {
		.sa_handler = be_nice,
		.sa_flags = SA_RESTART | SA_RESETHAND,
	};
	struct rlimit limit;

	if (getrlimit(RLIMIT_CPU, &cpu_limit) || cpu_limit.rlim_cur <= URGENT_SECONDS ||
	    sigaction(SIGXCPU, &action, NULL))
		return;
	limit = (struct rlimit){ .rlim_cur = URGENT_SECONDS, .rlim_max = cpu_limit.rlim_max };
	setrlimit(RLIMIT_CPU, &limit);
}

void table_worker__run(struct profbuf_session *session, const struct unwind_cache *cache,
		       int socket)
{
	struct worker worker = { .session = session, .cache = cache, .socket = socket };
	static struct table_reply done = { .kind = TABLE_DONE };
	static struct table_request request;
	ssize_t size;

	be_expendable();
	be_nice_later();
	needed__get_places(&worker.places);
	for (;;) {
		size = recv(socket, &request, sizeof(request), 0);
		if (size < 0 && errno == EINTR)
			continue;
		if (size < (ssize_t)table_request__size(0))
			break;
		done.err = serve(&worker, &request);
		reply(&worker, &done);
	}
}
