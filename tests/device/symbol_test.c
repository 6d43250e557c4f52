// SPDX-License-Identifier: GPL-2.0
/*
 * Names of kernel addresses: of the kernel itself, and of code of the module of
 * tests/kernel/stall.c that goes away. $PROFBUF_STALL is its file.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "device.h"
#include "harness.h"

#define FIXED		PROFBUF_RECORD_FIXED
#define PERIOD_NS	1000000
#define SAMPLES_MAX	4096

/* Samples whose first frame is the kernel's. */
static struct {
	uint64_t address;
	uint64_t time;
	bool in_module;		/* the module that goes */
} sampled[SAMPLES_MAX];

static size_t nr_sampled;
static struct stream stream;

static void watch_symbols(void *context, const struct profbuf_frame *frame, const __u64 *record)
{
	const __u64 *header = record + FIXED;

	(void)context;
	if (header[1] >> 32 != (uint64_t)getpid() || !PROFBUF_MODE_KERNEL_FRAMES(header[2]) ||
	    nr_sampled == SAMPLES_MAX)
		return;
	sampled[nr_sampled].address = header[frame->hdrsize];
	sampled[nr_sampled++].time = record[1];
}

static int symbol_start(void)
{
	int fd = device_open(0);

	device_configure(fd, PERIOD_NS, 0, 0);
	memset(&stream, 0, sizeof(stream));
	stream.record = watch_symbols;
	nr_sampled = 0;
	ASSERT_EQ(ioctl(fd, PROFBUF_IOC_START, 0), 0);
	return fd;
}

static void symbol_stop(int fd)
{
	ASSERT_EQ(ioctl(fd, PROFBUF_IOC_STOP, 0), 0);
	stream_drain(&stream, fd);
	ASSERT_GT(nr_sampled, 0);
}

/* Returns 0 or an errno. */
static int ask(int fd, uint64_t address, uint64_t time, struct profbuf_kernel_symbol *symbol)
{
	*symbol = (struct profbuf_kernel_symbol){
		.size = sizeof(*symbol),
		.address = address,
		.time_ns = time,
	};
	if (ioctl(fd, PROFBUF_IOC_KERNEL_SYMBOL, symbol))
		return errno;
	ASSERT_EQ(symbol->size, sizeof(*symbol));
	ASSERT_EQ(symbol->address, address);
	ASSERT_GE(address, symbol->start);
	ASSERT_LT(address, symbol->start + symbol->length);
	return 0;
}

/* Of all that was sampled. Returns how many samples were in that function of the module. */
static size_t ask_all(int fd, const char *function, const char *module)
{
	struct profbuf_kernel_symbol symbol;
	size_t i, n = 0;
	int error;

	for (i = 0; i < nr_sampled; i++) {
		error = ask(fd, sampled[i].address, sampled[i].time, &symbol);
		if (error)
			FAIL("%#llx: errno %d", (long long)sampled[i].address, error);
		sampled[i].in_module = *symbol.module && !strcmp(symbol.module, module);
		n += sampled[i].in_module && !strcmp(symbol.name, function);
	}
	return n;
}

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		FAIL("%s: errno %d", path, errno);
	ASSERT_EQ(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static void enter_kernel(void)
{
	uint64_t end = now_ns() + 200000000;
	static char page[65536];
	int fd = open("/dev/zero", O_RDONLY | O_CLOEXEC);

	while (now_ns() < end)
		ASSERT_EQ(read(fd, page, sizeof(page)), sizeof(page));
	close(fd);
}

/* Is it what /proc/kallsyms has there? */
static bool is_listed(const struct profbuf_kernel_symbol *symbol)
{
	unsigned long long address;
	bool found = false;
	char name[512];
	FILE *file = fopen("/proc/kallsyms", "r");

	ASSERT(file);
	while (!found && fscanf(file, "%llx %*c %511s%*[^\n]", &address, name) == 2)
		found = address == symbol->start && !strcmp(name, symbol->name);
	fclose(file);
	return found;
}

TEST(addresses_of_the_kernel_have_names)
{
	struct profbuf_kernel_symbol symbol;
	int fd = symbol_start();
	size_t i, n = 0;

	enter_kernel();
	symbol_stop(fd);
	ask_all(fd, "", "");
	for (i = 0; i < nr_sampled && n < 5; i += 10, n++) {
		ASSERT_EQ(ask(fd, sampled[i].address, 0, &symbol), 0);
		ASSERT_EQ(symbol.module[0], '\0');
		ASSERT(is_listed(&symbol));
	}
	ASSERT_GT(n, 0);
	close(fd);
}

TEST(names_are_told_where_addresses_are_hidden)
{
	int fd = symbol_start();

	write_file("/proc/sys/kernel/kptr_restrict", "2");
	write_file("/proc/sys/kernel/perf_event_paranoid", "3");
	enter_kernel();
	symbol_stop(fd);
	ask_all(fd, "", "");
	write_file("/proc/sys/kernel/kptr_restrict", "0");
	write_file("/proc/sys/kernel/perf_event_paranoid", "2");
	close(fd);
}

TEST(names_are_not_told_to_everybody)
{
	struct profbuf_kernel_symbol symbol;
	int fd = device_open(0), status;
	pid_t child;

	ASSERT_EQ(ask(fd, code_page(), 0, &symbol), EINVAL);
	close(fd);
	fd = symbol_start();
	enter_kernel();
	symbol_stop(fd);
	child = fork();
	if (!child) {
		if (setresuid(65534, 65534, 65534))
			_exit(1);
		_exit(ask(fd, sampled[0].address, 0, &symbol) != EPERM);
	}
	ASSERT_EQ(waitpid(child, &status, 0), child);
	ASSERT_EQ(status, 0);
	close(fd);
}

TEST(what_is_no_function_has_no_name)
{
	struct profbuf_kernel_symbol symbol;
	int fd = symbol_start();

	enter_kernel();
	symbol_stop(fd);
	ASSERT_EQ(ask(fd, 4096, 0, &symbol), ENOENT);
	ASSERT_EQ(ask(fd, 4096, now_ns(), &symbol), ENOENT);
	ASSERT_EQ(ask(fd, UINT64_MAX, 0, &symbol), ENOENT);
	symbol = (struct profbuf_kernel_symbol){ .size = sizeof(symbol), .reserved = 1 };
	ASSERT_EQ(ioctl(fd, PROFBUF_IOC_KERNEL_SYMBOL, &symbol), -1);
	ASSERT_EQ(errno, EINVAL);
	symbol = (struct profbuf_kernel_symbol){ .size = sizeof(symbol) - 8 };
	ASSERT_EQ(ioctl(fd, PROFBUF_IOC_KERNEL_SYMBOL, &symbol), -1);
	ASSERT_EQ(errno, EINVAL);
	close(fd);
}

static void load_stall(const char *arguments)
{
	const char *path = getenv("PROFBUF_STALL");
	int fd;

	if (!path)
		FAIL("PROFBUF_STALL is not set");
	fd = open(path, O_RDONLY | O_CLOEXEC);
	ASSERT_GE(fd, 0);
	if (syscall(SYS_finit_module, fd, arguments, 0))
		FAIL("%s: errno %d", path, errno);
	close(fd);
}

static void unload_stall(void)
{
	if (syscall(SYS_delete_module, "profbuf_stall", O_NONBLOCK))
		FAIL("profbuf_stall cannot be unloaded: errno %d", errno);
}

static void be_busy_in_module(void)
{
	write_file("/sys/module/profbuf_stall/parameters/busy", "100");
}

TEST(code_of_a_module_that_was_unloaded_has_names)
{
	struct profbuf_kernel_symbol symbol;
	int fd = symbol_start(), later;
	uint64_t nobody;
	size_t n, i;

	be_busy_in_module();
	unload_stall();
	symbol_stop(fd);
	n = ask_all(fd, "stall_busy_here", "profbuf_stall");
	ASSERT_GT(n, 0);
	for (i = 0; i < nr_sampled; i++)
		if (sampled[i].in_module)
			ASSERT_EQ(ask(fd, sampled[i].address, now_ns(), &symbol), ENOENT);

	/* Whatever is there now. */
	load_stall("");
	ASSERT_EQ(ask_all(fd, "stall_busy_here", "profbuf_stall"), n);

	/* For another session, which cannot have sampled it, nothing was kept. */
	unload_stall();
	close(fd);
	load_stall("");
	nobody = now_ns();
	later = device_open(0);
	ASSERT_EQ(ioctl(later, PROFBUF_IOC_START, 0), 0);
	for (i = 0; i < nr_sampled; i++)
		if (sampled[i].in_module)
			ASSERT_EQ(ask(later, sampled[i].address, nobody, &symbol), ENOENT);
	close(later);
}

TEST(code_that_begins_a_module_has_names)
{
	int fd = symbol_start();

	unload_stall();
	load_stall("begin=100");
	/* While a module is there, the kernel may know what has begun it. */
	unload_stall();
	symbol_stop(fd);
	ASSERT_GT(ask_all(fd, "stall_begin_here", "profbuf_stall"), 0);
	close(fd);
	load_stall("");
}
