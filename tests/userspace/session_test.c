// SPDX-License-Identifier: GPL-2.0
/*
 * libprofbuf's sessions: which system calls they make. The kernel is a function below.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>

#include <cmocka.h>

#include <profbuf/profbuf.h>

/* What a module has done with its CPUs: two words of them, or none if it is too old. */
static struct {
	bool old;
	unsigned long last_request;
	struct profbuf_cpus cpus;
	uint64_t mask[2];
	struct profbuf_config config;
	struct profbuf_kernel_symbol symbol;
} kernel;

static int refuse(int err)
{
	errno = err;
	return -1;
}

static int kernel_set_cpus(const struct profbuf_cpus *cpus)
{
	const uint64_t *mask = (const uint64_t *)(uintptr_t)cpus->mask;
	uint32_t i;

	if (cpus->bytes % 8 || cpus->bytes > sizeof(kernel.mask))
		return refuse(EINVAL);
	kernel.cpus = *cpus;
	memset(kernel.mask, 0, sizeof(kernel.mask));
	for (i = 0; i < cpus->bytes / 8; i++)
		kernel.mask[i] = mask[i];
	return 0;
}

static int kernel_get_cpus(struct profbuf_cpus *cpus)
{
	if (cpus->bytes < sizeof(kernel.mask))
		return refuse(EINVAL);
	memcpy((void *)(uintptr_t)cpus->mask, kernel.mask, sizeof(kernel.mask));
	cpus->bytes = sizeof(kernel.mask);
	return 0;
}

/* As a kernel of the first version: it fills in what it knows, and wants nothing else set. */
static int kernel_stats(struct profbuf_stats *stats)
{
	const size_t first = offsetof(struct profbuf_stats, slept);
	const char *rest = (const char *)stats + first;
	size_t i;

	for (i = 0; i < stats->size - first; i++)
		if (rest[i])
			return refuse(E2BIG);
	stats->interrupts = 10;
	stats->size = first;
	return 0;
}

int ioctl(int fd, unsigned long request, ...)
{
	void *argument;
	va_list args;

	(void)fd;
	va_start(args, request);
	argument = va_arg(args, void *);
	va_end(args);
	kernel.last_request = request;
	switch (request) {
	case PROFBUF_IOC_SET_CPUS:
		return kernel.old ? refuse(ENOTTY) : kernel_set_cpus(argument);
	case PROFBUF_IOC_GET_CPUS:
		return kernel.old ? refuse(ENOTTY) : kernel_get_cpus(argument);
	case PROFBUF_IOC_STATS:
		return kernel_stats(argument);
	case PROFBUF_IOC_GET_CONFIG:
		((struct profbuf_config *)argument)->hdrsize = 7;
		return 0;
	case PROFBUF_IOC_SET_CONFIG:
		kernel.config = *(struct profbuf_config *)argument;
		return 0;
	case PROFBUF_IOC_KERNEL_SYMBOL:
		kernel.symbol = *(struct profbuf_kernel_symbol *)argument;
		strcpy(((struct profbuf_kernel_symbol *)argument)->name, "name");
		return kernel.old ? refuse(ENOTTY) : 0;
	default:
		return refuse(ENOTTY);
	}
}

static struct profbuf_session *open_session(void)
{
	struct profbuf_session_opts opts = { .size = sizeof(opts), .device = "/dev/null" };
	struct profbuf_session *session;

	memset(&kernel, 0, sizeof(kernel));
	assert_int_equal(profbuf_session__open(&session, &opts), 0);
	return session;
}

static void test_set_cpus(void **state)
{
	static const uint64_t mask[] = { 5, 1 };
	struct profbuf_session *session = open_session();

	(void)state;
	assert_int_equal(profbuf_session__set_cpus(session, mask, 2), 0);
	assert_int_equal(kernel.cpus.size, sizeof(struct profbuf_cpus));
	assert_int_equal(kernel.cpus.bytes, 16);
	assert_memory_equal(kernel.mask, mask, sizeof(mask));
	assert_int_equal(profbuf_session__set_cpus(session, NULL, 0), 0);
	assert_int_equal(kernel.cpus.bytes, 0);
	assert_int_equal(profbuf_session__set_cpus(session, mask, 3), -EINVAL);
	kernel.old = true;
	assert_int_equal(profbuf_session__set_cpus(session, mask, 2), -ENOTTY);
	profbuf_session__close(session);
}

static void test_get_cpus(void **state)
{
	struct profbuf_session *session = open_session();
	uint64_t mask[3] = { 9, 9, 9 };

	(void)state;
	kernel.mask[0] = 6;
	kernel.mask[1] = 7;
	assert_int_equal(profbuf_session__get_cpus(session, mask, 3), 2);
	assert_int_equal(mask[0], 6);
	assert_int_equal(mask[1], 7);
	assert_int_equal(mask[2], 0);
	assert_int_equal(profbuf_session__get_cpus(session, mask, 1), -EINVAL);
	kernel.old = true;
	assert_int_equal(profbuf_session__get_cpus(session, mask, 3), -ENOTTY);
	profbuf_session__close(session);
}

static void test_cpu_share(void **state)
{
	struct profbuf_session *session = open_session();
	struct profbuf_config config = { .size = sizeof(config), .cpu_share = 42 };

	(void)state;
	assert_int_equal(profbuf_session__set_config(session, &config), 0);
	assert_int_equal(kernel.config.size, sizeof(config));
	assert_int_equal(kernel.config.cpu_share, 42);
	profbuf_session__close(session);
}

/* A program that was built with smaller structures has no room for more. */
static void test_smaller_structures(void **state)
{
	struct profbuf_session *session = open_session();
	const size_t size = offsetof(struct profbuf_config, stack_copy);
	struct profbuf_config config;
	struct profbuf_stats stats;

	(void)state;
	memset(&config, 0xff, sizeof(config));
	config.size = size;
	assert_int_equal(profbuf_session__get_config(session, &config), 0);
	assert_int_equal(config.size, size);
	assert_int_equal(config.hdrsize, 7);
	assert_int_equal(config.cpu_share, 0);
	assert_int_equal(config.stack_copy, UINT32_MAX);
	assert_int_equal(profbuf_session__set_config(session, &config), 0);
	assert_int_equal(kernel.config.size, size);
	memset(&stats, 0xff, sizeof(stats));
	stats.size = offsetof(struct profbuf_stats, limited_ns);
	assert_int_equal(profbuf_session__stats(session, 3, &stats), 0);
	assert_int_equal(stats.slept, 0);
	assert_true(stats.limited_ns == UINT64_MAX);

	config.size = sizeof(config) + 8;
	assert_int_equal(profbuf_session__get_config(session, &config), -EINVAL);
	assert_int_equal(profbuf_session__set_config(session, &config), -EINVAL);
	stats.size = 0;
	assert_int_equal(profbuf_session__stats(session, 3, &stats), -EINVAL);
	profbuf_session__close(session);
}

static void test_kernel_symbol(void **state)
{
	struct profbuf_session *session = open_session();
	struct profbuf_kernel_symbol symbol;

	(void)state;
	memset(&symbol, 0xff, sizeof(symbol));
	assert_int_equal(profbuf_session__kernel_symbol(session, 5, 7, &symbol), 0);
	assert_int_equal(kernel.symbol.size, sizeof(symbol));
	assert_int_equal(kernel.symbol.reserved, 0);
	assert_int_equal(kernel.symbol.address, 5);
	assert_int_equal(kernel.symbol.time_ns, 7);
	assert_string_equal(symbol.name, "name");
	assert_string_equal(symbol.module, "");
	kernel.old = true;
	assert_int_equal(profbuf_session__kernel_symbol(session, 5, 7, &symbol), -ENOTTY);
	profbuf_session__close(session);
}

/* What an old kernel does not count is 0, whatever was there before. */
static void test_old_stats(void **state)
{
	struct profbuf_session *session = open_session();
	struct profbuf_stats stats;

	(void)state;
	memset(&stats, 0xff, sizeof(stats));
	stats.size = sizeof(stats);
	assert_int_equal(profbuf_session__stats(session, 3, &stats), 0);
	assert_int_equal(stats.cpu, 3);
	assert_int_equal(stats.size, offsetof(struct profbuf_stats, slept));
	assert_int_equal(stats.interrupts, 10);
	assert_int_equal(stats.slept, 0);
	assert_int_equal(stats.limited_ns, 0);
	profbuf_session__close(session);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_set_cpus),
		cmocka_unit_test(test_get_cpus),
		cmocka_unit_test(test_cpu_share),
		cmocka_unit_test(test_smaller_structures),
		cmocka_unit_test(test_kernel_symbol),
		cmocka_unit_test(test_old_stats),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
