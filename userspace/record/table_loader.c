// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "table_loader.h"
#include "table_request.h"
#include "util/array.h"
#include "util/machine.h"
#include "util/message.h"
#include "view/units.h"

/*
 * How long, in milliseconds, sampling waits for the tables of what was sampled before and of the
 * command. What it takes is a matter of the processor, mostly far less than a second: this is for
 * file systems that do not answer.
 */
#define START_PATIENCE	20000

/* And at the end. The process itself stops its work after less than that. */
#define END_PATIENCE	10000

/* The kernel may have dropped a table that was not used for some seconds. */
#define ASK_AGAIN_NS	10000000000ULL

/**
 * struct table_file - a file that was asked for
 * @asked: when, by the time at which a space with it was looked at
 * @major: of its device
 * @minor: of its device
 * @inode: its number
 * @generation: of its inode
 * @ctime_nsec: when it was changed
 * @ctime_sec: the same
 */
struct table_file {
	uint64_t asked;
	uint32_t major;
	uint32_t minor;
	uint64_t inode;
	uint32_t generation;
	uint32_t ctime_nsec;
	int64_t ctime_sec;
};

/* Waits until a descriptor is ready, or the user has lost patience, whose signal is left. */
static bool wait_for(int fd, int milliseconds)
{
	struct pollfd fds[2] = { { .fd = fd, .events = POLLIN }, { .events = POLLIN } };
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	/* Those that are not blocked end the process. */
	fds[1].fd = signalfd(-1, &set, SFD_CLOEXEC);
	while (poll(fds, 2, milliseconds) < 0 && errno == EINTR)
		;
	if (fds[1].fd >= 0)
		close(fds[1].fd);
	return fds[0].revents;
}

static int start_process(struct table_loader *loader, struct profbuf_session *session,
			 const struct table_first *first)
{
	pid_t parent = getpid();
	int sockets[2], err = 0;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets))
		return -errno;
	loader->pid = fork();
	if (!loader->pid) {
		table_pool__run(session, sockets[1], first, loader->stats, parent);
		_exit(EXIT_SUCCESS);
	}
	if (loader->pid < 0)
		err = -errno;
	close(sockets[1]);
	/* Whoever waits for all children may bury this one, and its number may be another's. */
	loader->process = err ? -1 : pidfd_open(loader->pid, 0);
	if (!err && loader->process < 0)
		err = -errno;
	if (err) {
		close(sockets[0]);
		loader->pid = 0;
		return err;
	}
	loader->socket = sockets[0];
	return 0;
}

/**
 * table_loader__start - have somebody who makes unwind tables
 * @loader: the loader
 * @session: for which they are loaded
 * @first: what will be sampled, as far as it is known
 *
 * The tables of that, and of what was sampled before, are loaded when this returns, as a rule.
 *
 * Return: 0 or a negative errno; then there is nobody.
 */
int table_loader__start(struct table_loader *loader, struct profbuf_session *session,
			const struct table_first *first)
{
	int err;

	if (profbuf_session__load_unwind(session, -1, NULL, 0) == -ENOTTY)
		return -ENOTTY;
	loader->stats = mmap(NULL, sizeof(*loader->stats), PROT_READ | PROT_WRITE,
			     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (loader->stats == MAP_FAILED) {
		loader->stats = NULL;
		return -ENOMEM;
	}
	err = start_process(loader, session, first);
	if (!err)
		wait_for(loader->socket, START_PATIENCE);
	return err;
}

static bool is_same(const struct table_file *a, const struct table_file *b)
{
	return a->inode == b->inode && a->major == b->major && a->minor == b->minor &&
	       a->generation == b->generation && a->ctime_sec == b->ctime_sec &&
	       a->ctime_nsec == b->ctime_nsec;
}

/* As it was asked for before; NULL: it was not. */
static struct table_file *find_file(const struct table_loader *loader,
				    const struct table_file *file, uint32_t hash)
{
	uint32_t cursor, i;

	index_for_each_candidate(&loader->index, hash, cursor, i) {
		if (is_same(&loader->files[i], file))
			return &loader->files[i];
	}
	return NULL;
}

static int add_file(struct table_loader *loader, const struct table_file *file, uint32_t hash)
{
	if (array__reserve(&loader->files, loader->nr_files, &loader->max_files,
			   sizeof(*loader->files)) ||
	    index__insert(&loader->index, hash, loader->nr_files))
		return -ENOMEM;
	loader->files[loader->nr_files++] = *file;
	return 0;
}

/* False: there are too many requests on their way. */
static bool ask(struct table_loader *loader, const struct profbuf_space_info *info,
		const struct profbuf_space_mapping *mapping)
{
	static struct table_request request = { .kind = TABLE_MAPPING };
	size_t length = strlen(mapping->path);

	if (length >= TABLE_PATH_SIZE || mapping->fixed.build_id_size > BUILD_ID_MAX)
		return true;
	request.mapping = (struct symbol_mapping){
		.pid = machine__visible_pid(machine__pid_namespace(), info->pid_ns, info->tgid,
					    info->ns_tgid),
		.start = mapping->fixed.start,
		.end = mapping->fixed.end,
		.offset = mapping->fixed.offset,
		.major = mapping->fixed.major,
		.minor = mapping->fixed.minor,
		.inode = mapping->fixed.inode,
		.build_id_size = mapping->fixed.build_id_size,
		.told = true,
		.start_ns = info->start_ns,
		.inode_generation = mapping->fixed.inode_generation,
		.ctime_sec = mapping->fixed.ctime_sec,
		.ctime_nsec = mapping->fixed.ctime_nsec,
	};
	if (mapping->build_id)
		memcpy(request.build_id, mapping->build_id, mapping->fixed.build_id_size);
	memcpy(request.path, mapping->path, length + 1);
	return send(loader->socket, &request, table_request__size(length),
		    MSG_DONTWAIT | MSG_NOSIGNAL) >= 0;
}

/**
 * table_loader__want - ask for the tables of what is mapped in a space
 * @loader: the loader
 * @info: the space
 * @mappings: its mappings
 *
 * Return: 0 or -ENOMEM.
 */
int table_loader__want(struct table_loader *loader, const struct profbuf_space_info *info,
		       const struct profbuf_space_mapping *mappings)
{
	const struct profbuf_space_mapping *mapping;
	struct table_file file, *known;
	uint32_t hash;

	if (!loader->pid)
		return 0;
	for (mapping = mappings; mapping < mappings + info->nr_mappings; mapping++) {
		if (*mapping->path != '/')
			continue;
		file = (struct table_file){
			.asked = info->looked_ns,
			.major = mapping->fixed.major,
			.minor = mapping->fixed.minor,
			.inode = mapping->fixed.inode,
			.generation = mapping->fixed.inode_generation,
			.ctime_nsec = mapping->fixed.ctime_nsec,
			.ctime_sec = mapping->fixed.ctime_sec,
		};
		hash = hash_pair(file.inode, file.ctime_sec ^ file.ctime_nsec);
		known = find_file(loader, &file, hash);
		if (known && file.asked < known->asked + ASK_AGAIN_NS)
			continue;
		/* What could not be asked for is asked for the next time. */
		if (!ask(loader, info, mapping))
			continue;
		if (known)
			known->asked = file.asked;
		else if (add_file(loader, &file, hash))
			return -ENOMEM;
	}
	return 0;
}

static const char *plural(uint32_t n)
{
	return n == 1 ? "" : "s";
}

/**
 * table_loader__say - say what is missing
 * @loader: the loader, started or not
 * @all: and what there is
 */
void table_loader__say(const struct table_loader *loader, bool all)
{
	struct pollfd process = { .fd = loader->process, .events = POLLIN };
	const struct table_stats *stats = loader->stats;
	uint32_t refused;

	if (!stats)
		return;
	if (loader->pid && poll(&process, 1, 0) > 0)
		warning("the process that loads unwind tables has ended: some stacks were followed by frame pointers");
	refused = stats->too_large + stats->no_room;
	if (refused) {
		warning("there was no room for the unwind tables of %u file%s: stacks end in their code, or are followed by frame pointers",
			refused, plural(refused));
		hint("give them more: 'echo %" PRIu64 " | sudo tee /sys/module/profbuf/parameters/unwind_memory'",
		     table_pool__memory() * 4);
	}
	if (stats->no_memory) {
		warning("there was not enough memory for the unwind tables of %u file%s",
			stats->no_memory, plural(stats->no_memory));
		hint("what a user may have is the limit of locked memory (ulimit -l) and, for each CPU, /sys/module/profbuf/parameters/user_memory");
	}
	if (stats->refused)
		warning("the module has refused the unwind tables of %u file%s", stats->refused,
			plural(stats->refused));
	if (stats->failed)
		warning("%u file%s could not be read for unwind tables: reading took too long, or ended the process that read",
			stats->failed, plural(stats->failed));
	if (all)
		note("unwind tables: %u loaded (%s), %u made, %u there already; %u file%s have none, %u not looked at",
		     stats->loaded, units_bytes(stats->bytes).text, stats->made, stats->there,
		     stats->nothing, plural(stats->nothing), stats->dropped);
}

/**
 * table_loader__end - have it do what it was asked for, and end
 * @loader: the loader, started or not
 *
 * What it makes is kept for the next recording. That is not worth waiting for long, nor if the user
 * wants it to end.
 */
void table_loader__end(struct table_loader *loader)
{
	if (loader->pid) {
		/* What it has sent was not read: after close() it could not read requests. */
		shutdown(loader->socket, SHUT_WR);
		if (!wait_for(loader->process, END_PATIENCE))
			pidfd_send_signal(loader->process, SIGKILL, NULL, 0);
		/* Without waiting: a file system may keep it for ever. */
		waitid(P_PIDFD, loader->process, &(siginfo_t){ 0 }, WEXITED | WNOHANG);
		close(loader->process);
		close(loader->socket);
	}
	if (loader->stats)
		munmap(loader->stats, sizeof(*loader->stats));
	free(loader->files);
	index__free(&loader->index);
	*loader = (struct table_loader){ 0 };
}
