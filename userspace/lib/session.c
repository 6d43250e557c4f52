// SPDX-License-Identifier: LGPL-2.1-only OR GPL-2.0-only
/*
 * A live session: the system calls of /dev/profbuf with negative errnos.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <profbuf/profbuf.h>

#include "opts.h"

struct profbuf_session {
	int fd;
};

/**
 * profbuf_session__open - open the device
 * @session: where the session goes
 * @opts: options, or NULL
 *
 * Return: 0, or what open() says: -ENOENT or -ENODEV if the module is not loaded, -EACCES if the
 *	device may not be opened. Whether sampling is permitted, profbuf_session__start() says.
 */
int profbuf_session__open(struct profbuf_session **session, const struct profbuf_session_opts *opts)
{
	const char *device = OPTS_GET(opts, device, NULL);
	int flags = O_RDONLY | O_CLOEXEC;
	struct profbuf_session *s;

	if (!OPTS_VALID(opts))
		return -EINVAL;
	if (OPTS_GET(opts, nonblock, 0))
		flags |= O_NONBLOCK;
	s = malloc(sizeof(*s));
	if (!s)
		return -ENOMEM;
	s->fd = open(device ? device : PROFBUF_DEVICE, flags);
	if (s->fd < 0) {
		int err = -errno;

		free(s);
		return err;
	}
	*session = s;
	return 0;
}

/**
 * profbuf_session__close - end a session
 * @session: the session, or NULL
 *
 * What has not been read is gone.
 */
void profbuf_session__close(struct profbuf_session *session)
{
	if (!session)
		return;
	close(session->fd);
	free(session);
}

/**
 * profbuf_session__fd - the descriptor, for poll() and the like
 * @session: the session
 *
 * Return: the descriptor; it stays the session's.
 */
int profbuf_session__fd(const struct profbuf_session *session)
{
	return session->fd;
}

static int session_ioctl(struct profbuf_session *session, unsigned long request, void *argument)
{
	return ioctl(session->fd, request, argument) < 0 ? -errno : 0;
}

/**
 * profbuf_session__get_config - what the session is configured to do
 * @session: the session
 * @config: where it goes. @config->size is set by the caller to that of its structure; afterwards
 *	it is what the kernel knows of that, and what is behind is 0
 *
 * Return: 0 or a negative errno, -EINVAL if the size is none that this library knows, -ENOTTY if
 *	the device is not profbuf's.
 */
int profbuf_session__get_config(struct profbuf_session *session, struct profbuf_config *config)
{
	uint32_t size = config->size;

	if (!OPTS_VALID(config))
		return -EINVAL;
	memset(config, 0, size);
	config->size = size;
	return session_ioctl(session, PROFBUF_IOC_GET_CONFIG, config);
}

/**
 * profbuf_session__set_config - configure a session that is not started, or has ended
 * @session: the session
 * @config: the whole configuration, best changed from what profbuf_session__get_config() gave; and
 *	its size again, so that a kernel that knows less says so where the rest is not 0
 *
 * Return: 0, -EINVAL if a value is out of range, -E2BIG if the kernel does not know it, -EBUSY if
 *	the session is started, or another negative errno.
 */
int profbuf_session__set_config(struct profbuf_session *session,
				const struct profbuf_config *config)
{
	struct profbuf_config known;

	if (!OPTS_VALID(config))
		return -EINVAL;
	memcpy(&known, config, config->size);
	return session_ioctl(session, PROFBUF_IOC_SET_CONFIG, &known);
}

/**
 * profbuf_session__set_hdrsize - how many header words each record has
 * @session: a session that is not started, or has ended
 * @words: PROFBUF_HDRSIZE_MIN to PROFBUF_HDRSIZE_MAX; PROFBUF_WORDS mean something
 *
 * Return: as profbuf_session__set_config().
 */
int profbuf_session__set_hdrsize(struct profbuf_session *session, unsigned int words)
{
	return ioctl(session->fd, PROFBUF_IOC_SET_HDRSIZE, (unsigned long)words) < 0 ? -errno : 0;
}

/**
 * profbuf_session__get_cpus - which CPUs are to be sampled
 * @session: the session
 * @mask: where the mask goes: CPU n is bit n % 64 of word n / 64
 * @words: room for so many; what the kernel does not fill in is 0
 *
 * Return: the number of words that were filled in, -EINVAL if there are more, -ENOTTY if the
 *	module is too old to choose CPUs, or another negative errno.
 */
int profbuf_session__get_cpus(struct profbuf_session *session, uint64_t *mask, unsigned int words)
{
	struct profbuf_cpus cpus = {
		.size = sizeof(cpus),
		.bytes = words * sizeof(*mask),
		.mask = (uintptr_t)mask,
	};
	int err;

	memset(mask, 0, words * sizeof(*mask));
	err = session_ioctl(session, PROFBUF_IOC_GET_CPUS, &cpus);
	return err ? err : (int)(cpus.bytes / sizeof(*mask));
}

/**
 * profbuf_session__set_cpus - choose the CPUs to sample
 * @session: a session that is not started, or has ended
 * @mask: CPU n is bit n % 64 of word n / 64
 * @words: its length; 0: as the module's parameter says
 *
 * Return: 0, -EINVAL if there is none in it, or one that the machine cannot have, -EBUSY if the
 *	session is started, -ENOTTY if the module is too old to choose CPUs, or another negative
 *	errno.
 */
int profbuf_session__set_cpus(struct profbuf_session *session, const uint64_t *mask,
			      unsigned int words)
{
	struct profbuf_cpus cpus = {
		.size = sizeof(cpus),
		.bytes = words * sizeof(*mask),
		.mask = (uintptr_t)mask,
	};

	return session_ioctl(session, PROFBUF_IOC_SET_CPUS, &cpus);
}

/**
 * profbuf_session__start - begin to sample
 * @session: the session
 *
 * Return: 0, -EPERM if the caller may not sample, -ENOMEM if there is no memory or the user may not
 *	lock as much, -EBUSY if the session is started, or another negative errno.
 */
int profbuf_session__start(struct profbuf_session *session)
{
	return session_ioctl(session, PROFBUF_IOC_START, NULL);
}

/**
 * profbuf_session__stop - end sampling
 * @session: the session
 *
 * What has been recorded can still be read, then comes the end. Safe in a signal handler.
 *
 * Return: 0, -EINVAL if the session is neither running nor paused, or another negative errno.
 */
int profbuf_session__stop(struct profbuf_session *session)
{
	return session_ioctl(session, PROFBUF_IOC_STOP, NULL);
}

/**
 * profbuf_session__pause - interrupt sampling
 * @session: the session
 *
 * Return: 0, -EINVAL if the session is not running, or another negative errno.
 */
int profbuf_session__pause(struct profbuf_session *session)
{
	return session_ioctl(session, PROFBUF_IOC_PAUSE, NULL);
}

/**
 * profbuf_session__resume - go on sampling
 * @session: the session
 *
 * Return: 0, -EINVAL if the session is not paused, or another negative errno.
 */
int profbuf_session__resume(struct profbuf_session *session)
{
	return session_ioctl(session, PROFBUF_IOC_RESUME, NULL);
}

/**
 * profbuf_session__stats - the totals since the start
 * @session: the session
 * @cpu: of this CPU, or of all with PROFBUF_CPU_NONE
 * @stats: where they go. @stats->size is set by the caller to that of its structure; what an older
 *	kernel does not count is 0, and behind @stats->size afterwards
 *
 * Return: 0, -EINVAL if there is no such CPU, or the size is none that this library knows, or
 *	another negative errno.
 */
int profbuf_session__stats(struct profbuf_session *session, uint32_t cpu,
			   struct profbuf_stats *stats)
{
	uint32_t size = stats->size;

	if (!OPTS_VALID(stats))
		return -EINVAL;
	memset(stats, 0, size);
	stats->size = size;
	stats->cpu = cpu;
	return session_ioctl(session, PROFBUF_IOC_STATS, stats);
}

/**
 * profbuf_session__kernel_symbol - the function that an address of the kernel is in
 * @session: a session that has been started
 * @address: the address; of a return address the one before
 * @time_ns: when it was sampled, as the record says; 0: what is there now
 * @symbol: where the answer goes
 *
 * Return: 0, -ENOENT if no function is known to have been there, -EPERM if the caller may not
 *	sample, -EINVAL if the session has not been started, -ENOTTY if the module is too old to
 *	say, or another negative errno.
 */
int profbuf_session__kernel_symbol(struct profbuf_session *session, uint64_t address,
				   uint64_t time_ns, struct profbuf_kernel_symbol *symbol)
{
	memset(symbol, 0, sizeof(*symbol));
	symbol->size = sizeof(*symbol);
	symbol->address = address;
	symbol->time_ns = time_ns;
	return session_ioctl(session, PROFBUF_IOC_KERNEL_SYMBOL, symbol);
}

/**
 * profbuf_session__load_unwind - have stacks be walked by the unwind table of a file
 * @session: the session; the table is for all of them
 * @fd: the file, open; -1: the vdso of 64-bit programs
 * @table: the table, see <linux/profbuf_unwind.h>; NULL: only ask
 * @size: its bytes; 0: only ask
 *
 * Return: 0, -EEXIST if there is a table of that file already, -ENOENT if there is none and it was
 *	only asked, -EINVAL if the kernel does not take the table, -E2BIG, -ENOSPC or -ENOMEM if
 *	there is no room, -EPERM if the caller may not sample, -ENOTTY if the module is too old to
 *	have tables, or another negative errno.
 */
int profbuf_session__load_unwind(struct profbuf_session *session, int fd, const void *table,
				 size_t size)
{
	struct profbuf_unwind_load load = {
		.size = sizeof(load),
		.flags = fd < 0 ? PROFBUF_UNWIND_VDSO : 0,
		.table = (uintptr_t)table,
		.table_size = size,
		.fd = fd < 0 ? -1 : fd,
	};

	return session_ioctl(session, PROFBUF_IOC_LOAD_UNWIND, &load);
}

/**
 * profbuf_session__read - read whole frames
 * @session: the session; the first read starts it if nothing else did
 * @buffer: aligned to 8 bytes
 * @size: bytes in it; 64 KiB hold any frame of at most one record
 *
 * Return: the number of bytes, 0 at the end, or a negative errno: -EAGAIN, -EINTR, -EINVAL if
 *	the buffer is too small for the next frame.
 */
ssize_t profbuf_session__read(struct profbuf_session *session, void *buffer, size_t size)
{
	ssize_t count = read(session->fd, buffer, size);

	return count < 0 ? -errno : count;
}
