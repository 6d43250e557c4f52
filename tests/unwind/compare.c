// SPDX-License-Identifier: GPL-2.0
/*
 * compare SAMPLES COMMAND...: stop a program again and again, and walk the stacks of its threads by
 * tables that were compiled of its files, as the kernel does; and by elfutils' libdwfl, at the same
 * stop. A program that ends is started again.
 *
 * Prints how many stacks are the same, how many reach a root, the first differences, and how many
 * there are of each cause.
 */
#include <elfutils/libdwfl.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "cause.h"
#include "traced.h"
#include "unwind/compile.h"
#include "walk.h"

#define MAPPINGS_MAX	4096
#define FILES_MAX	256
#define PIECES_MAX	2
#define STACK_MAX	(8 << 20)
#define MAPS_MAX	(1 << 20)

/* What is in use below the stack pointer. */
#define RED_ZONE	128

/* Stacks that differ, or reach no root, and are shown. */
#define SHOWN		5

/**
 * struct file - what is mapped, and its table
 * @path: of it
 * @table: of it, or NULL
 */
struct file {
	char path[PATH_MAX];
	struct profbuf_unwind_table *table;
};

static struct file files[FILES_MAX];
static size_t nr_files;

static struct walk_mapping mappings[MAPPINGS_MAX];
static struct walk_memory pieces[PIECES_MAX];
static struct walk_process process = { .memory = pieces, .mappings = mappings };
static char maps[MAPS_MAX];
static struct walk_mapping last_mappings[MAPPINGS_MAX];
static size_t nr_last_mappings;
static struct walk_stack ours, theirs;
static unsigned long samples, same, shown, their_roots, frames, by_frame_pointer;
static unsigned long ends[WALK_TOO_DEEP + 1];
static struct traced traced;
static Dwfl *dwfl;
static pid_t reported_pid;

static void die(const char *what)
{
	fprintf(stderr, "compare: %s: %s\n", what, strerror(errno));
	exit(2);
}

/* Returns how much of it there is. */
static size_t read_memory(u64 address, void *to, size_t size)
{
	struct iovec local = { to, size }, remote = { (void *)(uintptr_t)address, size };
	ssize_t n = process_vm_readv(traced.pid, &local, 1, &remote, 1, 0);

	return n < 0 ? 0 : n;
}

static bool read_all(u64 address, void *to, size_t size)
{
	return read_memory(address, to, size) == size;
}

static struct profbuf_unwind_table *compile(const char *path, u64 start, u64 end)
{
	struct profbuf_unwind_table *table = NULL;
	struct unwind_summary summary;
	void *memory;
	int fd;

	if (!strcmp(path, "[vdso]")) {
		memory = malloc(end - start);
		if (!memory || !read_all(start, memory, end - start) ||
		    unwind__compile_memory(memory, end - start, &table, &summary) < 0)
			return NULL;
	} else {
		fd = path[0] == '/' ? open(path, O_RDONLY | O_CLOEXEC) : -1;
		if (fd < 0 || unwind__compile(fd, &table, &summary) < 0)
			return NULL;
	}
	if (profbuf_unwind_check(table, table->size)) {
		fprintf(stderr, "compare: the table of %s does not pass\n", path);
		exit(1);
	}
	return table;
}

static const struct profbuf_unwind_table *table_of(const char *path, u64 start, u64 end)
{
	size_t i;

	for (i = 0; i < nr_files; i++)
		if (!strcmp(files[i].path, path))
			return files[i].table;
	if (nr_files == FILES_MAX)
		return NULL;
	snprintf(files[i].path, sizeof(files[i].path), "%s", path);
	files[i].table = compile(path, start, end);
	nr_files++;
	return files[i].table;
}

static void read_maps(void)
{
	char name[64];
	ssize_t n, size = 0;
	int fd;

	snprintf(name, sizeof(name), "/proc/%d/maps", traced.pid);
	fd = open(name, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		die(name);
	while ((n = read(fd, maps + size, sizeof(maps) - 1 - size)) > 0)
		size += n;
	close(fd);
	maps[size] = '\0';
}

/* What is mapped now: executable memory for the walk, and all for libdwfl. */
static void look_at_mappings(void)
{
	static const Dwfl_Callbacks callbacks = {
		.find_elf = dwfl_linux_proc_find_elf,
		.find_debuginfo = dwfl_standard_find_debuginfo,
	};
	unsigned long long start, end, offset;
	char permissions[5], path[PATH_MAX];
	char *line;

	read_maps();
	process.nr_mappings = 0;
	for (line = maps; *line; line = strchr(line, '\n') + 1) {
		path[0] = '\0';
		if (sscanf(line, "%llx-%llx %4s %llx %*s %*s%*[ ]%4095[^\n]", &start, &end,
			   permissions, &offset, path) < 4 || permissions[2] != 'x' ||
		    process.nr_mappings == MAPPINGS_MAX)
			continue;
		mappings[process.nr_mappings++] = (struct walk_mapping){
			start, end, offset, path[0] ? table_of(path, start, end) : NULL,
		};
	}

	/* That libdwfl looks at all files anew takes long. */
	if (reported_pid == traced.pid && process.nr_mappings == nr_last_mappings &&
	    !memcmp(mappings, last_mappings, nr_last_mappings * sizeof(*mappings)))
		return;
	nr_last_mappings = process.nr_mappings;
	memcpy(last_mappings, mappings, sizeof(mappings));
	reported_pid = traced.pid;
	if (dwfl)
		dwfl_end(dwfl);
	dwfl = dwfl_begin(&callbacks);
	if (!dwfl || dwfl_linux_proc_report(dwfl, reported_pid) ||
	    dwfl_report_end(dwfl, NULL, NULL) ||
	    dwfl_linux_proc_attach(dwfl, reported_pid, true)) {
		fprintf(stderr, "compare: libdwfl: %s\n", dwfl_errmsg(-1));
		exit(2);
	}
}

/* The stack that the thread is on: what is in use, up to the end of what is mapped. */
static void look_at_stack(void)
{
	static char stack[STACK_MAX];
	unsigned long long start, end;
	char *line;

	process.nr_memory = 0;
	for (line = maps; *line; line = strchr(line, '\n') + 1) {
		if (sscanf(line, "%llx-%llx", &start, &end) != 2 ||
		    process.regs.sp < start || process.regs.sp >= end)
			continue;
		if (process.regs.sp - start > RED_ZONE)
			start = process.regs.sp - RED_ZONE;
		if (end - start > STACK_MAX)
			end = start + STACK_MAX;
		pieces[0].start = start;
		pieces[0].size = read_memory(start, stack, end - start);
		pieces[0].bytes = stack;
		process.nr_memory = 1;
	}
}

static void look_at_registers(const struct user_regs_struct *user)
{
	process.regs = (struct pt_regs){
		.r15 = user->r15, .r14 = user->r14, .r13 = user->r13, .r12 = user->r12,
		.bp = user->rbp, .bx = user->rbx, .r11 = user->r11, .r10 = user->r10,
		.r9 = user->r9, .r8 = user->r8, .ax = user->rax, .cx = user->rcx,
		.dx = user->rdx, .si = user->rsi, .di = user->rdi, .ip = user->rip,
		.sp = user->rsp,
	};
}

static int add_frame(Dwfl_Frame *frame, void *data)
{
	Dwarf_Addr pc;

	(void)data;
	if (theirs.count == WALK_DEPTH || !dwfl_frame_pc(frame, &pc, NULL))
		return DWARF_CB_ABORT;
	theirs.frames[theirs.count++] = pc;
	return DWARF_CB_OK;
}

static void show_frame(u64 address, bool is_return)
{
	u64 code = address - is_return;
	Dwfl_Module *module = dwfl_addrmodule(dwfl, code);
	const char *name = module ? dwfl_module_addrname(module, code) : NULL;
	Dwarf_Addr start;

	if (name || !module) {
		printf(" %llx(%s)", address, name ? name : "?");
		return;
	}
	name = dwfl_module_info(module, NULL, &start, NULL, NULL, NULL, NULL, NULL);
	printf(" %llx(%s+%#llx)", address, name, address - start);
}

static void show(const char *whose, const struct walk_stack *stack)
{
	size_t i;

	printf("#   %s:", whose);
	for (i = 0; i < stack->count; i++)
		show_frame(stack->frames[i], i > 0);
	printf("\n");
}

static void compare_thread(const struct traced_thread *thread)
{
	const char *cause;

	look_at_registers(&thread->regs);
	look_at_stack();
	walk(&process, &ours);
	theirs.count = 0;
	their_roots += !dwfl_getthread_frames(dwfl, thread->tid, add_frame, NULL);

	samples++;
	ends[ours.end]++;
	frames += ours.count;
	by_frame_pointer += ours.by_frame_pointer;
	if (ours.count == theirs.count &&
	    !memcmp(ours.frames, theirs.frames, ours.count * sizeof(u64))) {
		same++;
		/* They may both be wrong. */
		if (ours.end == WALK_ROOT)
			return;
	}
	cause = cause__add(dwfl, read_all, &ours, &theirs);
	if (shown++ < SHOWN) {
		printf("# %s, ours ends: %s\n", cause, walk_end_name(ours.end));
		show("ours", &ours);
		show("libdwfl", &theirs);
	}
}

int main(int argc, char **argv)
{
	unsigned long wanted;
	size_t i;

	if (argc < 3) {
		fprintf(stderr, "usage: compare SAMPLES COMMAND...\n");
		return 2;
	}
	wanted = strtoul(argv[1], NULL, 0);
	traced__start(&traced, argv + 2);
	srandom(1);
	while (samples < wanted) {
		usleep(500 + random() % 4000);
		if (!traced__stop(&traced)) {
			traced__start(&traced, argv + 2);
			continue;
		}
		look_at_mappings();
		/* One that waits is where it was. */
		for (i = 0; i < traced.nr_threads && samples < wanted; i++)
			if (traced.threads[i].moved)
				compare_thread(&traced.threads[i]);
		traced__go_on(&traced);
	}
	traced__kill(&traced);

	printf("%s: %lu samples, %lu the same, roots %lu (libdwfl %lu), %.1f frames, %lu by frame pointers;",
	       argv[2], samples, same, ends[WALK_ROOT], their_roots,
	       samples ? (double)frames / samples : 0, by_frame_pointer);
	for (i = 0; i < sizeof(ends) / sizeof(*ends); i++)
		if (ends[i])
			printf(" %s %lu", walk_end_name(i), ends[i]);
	printf("\n");
	cause__print();
	return samples ? 0 : 1;
}
