// SPDX-License-Identifier: GPL-2.0
/*
 * Fault injection, as Documentation/fault-injection/ describes it.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include "fault.h"
#include "../device/harness.h"

static const struct {
	enum fault fault;
	const char *directory;
} kinds[] = {
	{ FAULT_SLAB, "failslab" },
	{ FAULT_PAGE, "fail_page_alloc" },
	{ FAULT_COPY, "fail_usercopy" },
};

/* The kernel looks that many frames up the stack for the module, and no more. */
#define STACK_DEPTH	32

static void write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		FAIL("%s: %m", path);
	close(fd);
}

static void set(const char *directory, const char *name, const char *value)
{
	char path[96];

	snprintf(path, sizeof(path), "/sys/kernel/debug/%s/%s", directory, name);
	write_text(path, value);
}

static void set_number(const char *directory, const char *name, uint64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%#llx", (unsigned long long)value);
	set(directory, name, text);
}

/* Where the module is. */
static void module_range(uint64_t *start, uint64_t *end)
{
	FILE *file = fopen("/proc/modules", "re");
	unsigned long long address;
	char line[512], name[64];
	unsigned long size;

	ASSERT(file);
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%63s %lu %*s %*s %*s %llx", name, &size, &address) == 3 &&
		    !strcmp(name, "profbuf")) {
			*start = address;
			*end = address + size;
			fclose(file);
			return;
		}
	}
	FAIL("the module is not loaded");
}

/* Where a function of the kernel is: it ends where the next one begins. */
static void function_range(const char *function, uint64_t *start, uint64_t *end)
{
	FILE *file = fopen("/proc/kallsyms", "re");
	unsigned long long address;
	char line[512], name[256];

	*start = 0;
	*end = UINT64_MAX;
	ASSERT(file);
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%llx %*c %255s", &address, name) != 2)
			continue;
		if (!strcmp(name, function))
			*start = address;
		else if (*start && address > *start && address < *end)
			*end = address;
	}
	fclose(file);
	ASSERT(*start);
}

/* Only calls that the code in the range makes, on its own or through others, fail. */
static void keep_to(const char *directory, uint64_t start, uint64_t end)
{
	set_number(directory, "require-start", start);
	set_number(directory, "require-end", end);
	set_number(directory, "stacktrace-depth", STACK_DEPTH);
	set(directory, "verbose", "0");
	set(directory, "task-filter", "Y");
	set(directory, "interval", "1");
	set(directory, "probability", "0");
}

static void choose(enum fault fault, uint64_t start, uint64_t end)
{
	unsigned int i;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (kinds[i].fault == fault)
			keep_to(kinds[i].directory, start, end);
		else
			keep_to(kinds[i].directory, 1, 1);
	}
	/* Those that may wait, too; of slabs those that slub_debug=A names on the command line. */
	set("failslab", "ignore-gfp-wait", "N");
	set("failslab", "cache-filter", "Y");
	set("fail_page_alloc", "ignore-gfp-wait", "N");
	set("fail_page_alloc", "ignore-gfp-highmem", "N");
	set("fail_page_alloc", "min-order", "0");
}

void fault_choose(enum fault fault)
{
	uint64_t start, end;

	module_range(&start, &end);
	choose(fault, start, end);
}

void fault_choose_load(enum fault fault)
{
	uint64_t start, end;

	function_range("do_one_initcall", &start, &end);
	choose(fault, start, end);
}

static void task_path(char *path, size_t size, pid_t tid, const char *name)
{
	snprintf(path, size, "/proc/%d/task/%d/%s", tid, tid, name);
}

void fault_arm(pid_t tid, unsigned int nth)
{
	char path[64], text[16];

	task_path(path, sizeof(path), tid, "fail-nth");
	snprintf(text, sizeof(text), "%u", nth);
	write_text(path, text);
}

bool fault_disarm(pid_t tid)
{
	char path[64], text[16] = "";
	int fd;

	task_path(path, sizeof(path), tid, "fail-nth");
	fd = open(path, O_RDWR | O_CLOEXEC);
	ASSERT_GE(fd, 0);
	ASSERT_GT(read(fd, text, sizeof(text) - 1), 0);
	ASSERT_EQ(pwrite(fd, "0", 1, 0), 1);
	close(fd);
	return !atoi(text);
}

void fault_run_out(pid_t tid, unsigned int pages)
{
	char path[64];

	task_path(path, sizeof(path), tid, "make-it-fail");
	write_text(path, "1");
	set_number("fail_page_alloc", "space", pages);
	set("fail_page_alloc", "times", "-1");
	set("fail_page_alloc", "probability", "100");
}

void fault_refill(pid_t tid)
{
	char path[64];

	set("fail_page_alloc", "probability", "0");
	task_path(path, sizeof(path), tid, "make-it-fail");
	write_text(path, "0");
}
