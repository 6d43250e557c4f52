// SPDX-License-Identifier: GPL-2.0
/*
 * A device for commands that are run with this in LD_PRELOAD, where there is no module: it takes
 * any configuration, says on standard error which, and has nothing to tell but an INFO frame.
 * FAKE_DEVICE=old: as the first version of the module; nomem: it has no memory; busy: it was slowed
 * down by its limit; tables: it takes unwind tables; hang: it takes them, and does not return.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/profbuf.h>

#include "builder.h"

static int device = -1;
static bool stopped;
static bool info_read;

static bool is(const char *kind)
{
	const char *fake = getenv("FAKE_DEVICE");

	return fake && !strcmp(fake, kind);
}

static int refuse(int err)
{
	errno = err;
	return -1;
}

int open(const char *path, int flags, ...)
{
	int (*real_open)(const char *, int, ...) = (void *)dlsym(RTLD_NEXT, "open");
	va_list args;
	mode_t mode;
	int fd;

	va_start(args, flags);
	mode = flags & O_CREAT ? va_arg(args, mode_t) : 0;
	va_end(args);
	if (strcmp(path, PROFBUF_DEVICE))
		return real_open(path, flags, mode);
	fd = real_open("/dev/null", flags, mode);
	device = fd;
	return fd;
}

ssize_t read(int fd, void *buffer, size_t size)
{
	ssize_t (*real_read)(int, void *, size_t) = (void *)dlsym(RTLD_NEXT, "read");
	struct builder builder = { 0 };

	if (fd != device || device < 0)
		return real_read(fd, buffer, size);
	if (info_read)
		return stopped ? 0 : refuse(EAGAIN);
	info_read = true;
	builder__info(&builder, 1);
	memcpy(buffer, builder.data, builder.size);
	size = builder.size;
	builder__free(&builder);
	return size;
}

static void get_config(struct profbuf_config *config)
{
	*config = (struct profbuf_config){
		.size = is("old") ? offsetof(struct profbuf_config, stack_copy) : config->size,
		.source = PROFBUF_SOURCE_TIMER,
		.flags = PROFBUF_KERNEL | PROFBUF_USER,
		.hdrsize = PROFBUF_WORDS_DEFAULT,
		.period_ns = BUILDER_PERIOD,
		.ring_size = 1 << 20,
		.stack_depth = 127,
	};
}

static int set_config(const struct profbuf_config *config)
{
	if (is("old") && config->cpu_share)
		return refuse(EINVAL);
	fprintf(stderr, "share %u/1000\n", config->cpu_share);
	fprintf(stderr, "flags %#x, %u words, %u bytes copied\n", config->flags, config->hdrsize,
		config->stack_copy);
	return 0;
}

/* As a machine of 70 CPUs. */
static int set_cpus(const struct profbuf_cpus *cpus)
{
	const uint64_t *mask = (const uint64_t *)(uintptr_t)cpus->mask;

	if (is("old"))
		return refuse(ENOTTY);
	if (cpus->bytes > 16 || (cpus->bytes == 16 && mask[1] >> 6))
		return refuse(EINVAL);
	fprintf(stderr, "cpus %#llx %#llx\n", (unsigned long long)mask[0],
		cpus->bytes == 16 ? (unsigned long long)mask[1] : 0);
	return 0;
}

static int get_stats(struct profbuf_stats *stats)
{
	if (is("old"))
		stats->size = offsetof(struct profbuf_stats, slept);
	else if (is("busy"))
		stats->limited_ns = 1700000000;
	return 0;
}

static int load_unwind(const struct profbuf_unwind_load *load)
{
	if (!is("tables") && !is("hang"))
		return refuse(ENOTTY);
	if (!load->table_size)
		return refuse(ENOENT);
	while (is("hang"))
		pause();
	return 0;
}

int ioctl(int fd, unsigned long request, ...)
{
	int (*real_ioctl)(int, unsigned long, ...) = (void *)dlsym(RTLD_NEXT, "ioctl");
	void *argument;
	va_list args;

	va_start(args, request);
	argument = va_arg(args, void *);
	va_end(args);
	if (fd != device || device < 0)
		return real_ioctl(fd, request, argument);
	switch (request) {
	case PROFBUF_IOC_GET_CONFIG:
		get_config(argument);
		return 0;
	case PROFBUF_IOC_SET_CONFIG:
		return set_config(argument);
	case PROFBUF_IOC_SET_CPUS:
		return set_cpus(argument);
	case PROFBUF_IOC_START:
		return is("nomem") ? refuse(ENOMEM) : 0;
	case PROFBUF_IOC_STOP:
		stopped = true;
		return 0;
	case PROFBUF_IOC_STATS:
		return get_stats(argument);
	case PROFBUF_IOC_LOAD_UNWIND:
		return load_unwind(argument);
	default:
		return refuse(ENOTTY);
	}
}
