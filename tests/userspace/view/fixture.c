// SPDX-License-Identifier: GPL-2.0
/*
 * fixture: print a small profile whose every sample is known, in any format that views have.
 * Names do not come from files but from the table below, so that all cases are there: inlined
 * functions, modules without names, a name that is hostile to each format, lost samples.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "profile/profile.h"
#include "symbol/symbol.h"
#include "view/export.h"
#include "view/flamegraph.h"
#include "view/perf_script.h"
#include "view/report.h"
#include "view/tree.h"

#define PERIOD 1000000ULL /* ns */
#define START 5000000000ULL
#define FUNCTION_SIZE 0x100
#define MAX_DEPTH 8
#define NR_CPUS 4

enum { SERVER, LIBC, STRIPPED, KERNEL, NF_TABLES, ANON, COMPAT, NR_MODULES };

static struct symbol_module modules[NR_MODULES] = {
	[SERVER] = {
		.path = "/usr/bin/server",
		.build_id = "0123456789abcdef0123456789abcdef01234567",
		.unwind = SYMBOL_UNWIND_TOLD,
		.has_lines = true,
		.has_inlines = true,
		/* Of no importance: what was met has names. */
		.problem = SYMBOL_STRIPPED,
		.reason = "is stripped",
		.advice = "do not strip it",
	},
	[LIBC] = {
		.path = "/usr/lib/x86_64-linux-gnu/libc.so.6",
		.build_id = "fedcba98",
		.unwind = SYMBOL_UNWIND_TOLD,
	},
	[STRIPPED] = {
		.path = "/opt/R & D/lib<stripped>.so",
		.unwind = SYMBOL_UNWIND_NONE,
		.problem = SYMBOL_STRIPPED,
		.reason = "has no symbols",
		.advice = "install its debug package",
	},
	[KERNEL] = { .path = "[kernel.kallsyms]", .kernel = true },
	[NF_TABLES] = { .path = "[nf_tables]", .kernel = true },
	[ANON] = { .path = "[anon]", .problem = SYMBOL_ANONYMOUS },
	[COMPAT] = { .path = "/usr/lib32/libold.so", .unwind = SYMBOL_UNWIND_32BIT },
};

static const struct symbol_mapping mappings[] = {
	{ .pid = 100, .start = 0x400000, .end = 0x480000, .offset = 0x1000,
	  .module = &modules[SERVER] },
	{ .pid = 100, .start = 0x7f0000000000, .end = 0x7f0000200000, .offset = 0x28000,
	  .module = &modules[LIBC] },
	{ .pid = 100, .start = 0x7f0000400000, .end = 0x7f0000401000,
	  .module = &modules[STRIPPED] },
	{ .pid = 200, .start = 0x7f1000000000, .end = 0x7f1000200000, .offset = 0x28000,
	  .module = &modules[LIBC] },
};

static const struct symbol_frame named[][2] = {
	{ { .name = "main", .system_name = "main", .file = "src/server.c", .line = 10 } },
	{ { .name = "std::move<int&>(int&)", .system_name = "_ZSt4moveIRiEOT_S2_",
	    .file = "/usr/include/c++/12/bits/move.h", .line = 97, .inlined = true },
	  { .name = "handle(Request const&, int)", .system_name = "_Z6handleRK7Requesti",
	    .file = "src/handle.cc", .line = 42 } },
	{ { .name = "worker", .system_name = "worker", .file = "src/server.c", .line = 77 } },
	{ { .name = "a;b <\"c\"> & 'd' \\ \x01 ]]>", .system_name = "hostile" } },
	{ { .name = "caf\xc3\xa9 \xf0\x9f\x94\xa5 \xff\xed\xa0\x80 end", .system_name = "utf8" } },
	{ { .name = "__read", .system_name = "__read" } },
	{ { .name = "start_thread", .system_name = "start_thread" } },
	{ { .name = "do_syscall_64", .system_name = "do_syscall_64" } },
	{ { .name = "vfs_read", .system_name = "vfs_read" } },
	{ { .name = "nft_do_chain", .system_name = "nft_do_chain" } },
};

struct place {
	uint64_t start;
	int module;
	const struct symbol_mapping *mapping;
	uint32_t nframes;
	const struct symbol_frame *frames;
};

#define MAIN		0x400100
#define HANDLE		0x400200
#define WORKER		0x400300
#define HOSTILE		0x400400
#define UTF8		0x400500
#define READ		0x7f0000010000
#define START_THREAD	0x7f0000020000
#define STRIPPED_CODE	0x7f0000400200
#define READ2		0x7f1000010000
#define LIBC2_UNNAMED	0x7f1000030000
#define JIT		0x7f2000000000
#define CODE32		0xf7000000
#define NOWHERE		0x1000
#define SYSCALL		0xffffffff81000100
#define VFS_READ	0xffffffff81002200
#define NFT		0xffffffffc0100000
#define NFT_UNNAMED	0xffffffffc0100400

static const struct place places[] = {
	{ MAIN, SERVER, &mappings[0], 1, named[0] },
	{ HANDLE, SERVER, &mappings[0], 2, named[1] },
	{ WORKER, SERVER, &mappings[0], 1, named[2] },
	{ HOSTILE, SERVER, &mappings[0], 1, named[3] },
	{ UTF8, SERVER, &mappings[0], 1, named[4] },
	{ READ, LIBC, &mappings[1], 1, named[5] },
	{ START_THREAD, LIBC, &mappings[1], 1, named[6] },
	{ STRIPPED_CODE, STRIPPED, &mappings[2], 0, NULL },
	{ READ2, LIBC, &mappings[3], 1, named[5] },
	{ LIBC2_UNNAMED, LIBC, &mappings[3], 0, NULL },
	{ JIT, ANON, NULL, 0, NULL },
	{ CODE32, COMPAT, NULL, 1, named[6] },
	{ SYSCALL, KERNEL, NULL, 1, named[7] },
	{ VFS_READ, KERNEL, NULL, 1, named[8] },
	{ NFT, NF_TABLES, NULL, 1, named[9] },
	{ NFT_UNNAMED, NF_TABLES, NULL, 0, NULL },
};

struct sample {
	uint32_t times;
	uint32_t pid, tid;
	const char *comm;
	enum profbuf_mode mode;
	uint64_t flags;
	uint16_t kernel_frames;
	uint16_t depth;
	uint64_t stack[MAX_DEPTH];
};

/* Leaf first, exact; then return addresses. */
static const struct sample samples[] = {
	{ 400, 100, 100, "server", PROFBUF_MODE_USER, 0, 0, 2, { HANDLE + 0x10, MAIN + 0x21 } },
	{ 100, 100, 100, "server", PROFBUF_MODE_USER, 0, 0, 2, { HANDLE + 0x14, MAIN + 0x21 } },
	{ 50, 100, 100, "server", PROFBUF_MODE_USER, 0, 0, 3,
	  { HOSTILE + 4, HANDLE + 0x51, MAIN + 0x21 } },
	{ 30, 100, 100, "server", PROFBUF_MODE_USER, 0, 0, 3,
	  { UTF8 + 4, HANDLE + 0x51, MAIN + 0x21 } },
	{ 200, 100, 101, "worker-1", PROFBUF_MODE_KERNEL, 0, 2, 5,
	  { VFS_READ + 0x30, SYSCALL + 0x41, READ + 0x12, WORKER + 0x31, START_THREAD + 0x81 } },
	{ 70, 100, 101, "worker-1", PROFBUF_MODE_KERNEL, 0, 3, 6,
	  { NFT_UNNAMED + 8, NFT + 0x30, SYSCALL + 0x41, READ + 0x12, WORKER + 0x31,
	    START_THREAD + 0x81 } },
	{ 40, 100, 101, "worker-1", PROFBUF_MODE_USER, PROFBUF_MODE_USER_INCOMPLETE, 0, 1,
	  { STRIPPED_CODE + 1 } },
	/* A location whose address is that of the first one: a call right before it. */
	{ 5, 100, 100, "server", PROFBUF_MODE_USER, 0, 0, 3,
	  { UTF8 + 4, HANDLE + 0x11, MAIN + 0x21 } },
	{ 60, 200, 200, "sh", PROFBUF_MODE_USER, 0, 0, 2, { LIBC2_UNNAMED, READ2 + 0x20 } },
	{ 20, 200, 200, "sh", PROFBUF_MODE_USER, PROFBUF_MODE_TRUNCATED, 0, 1, { JIT + 0x40 } },
	{ 1, 200, 200, "sh", PROFBUF_MODE_USER, 0, 0, 1, { READ2 + 0x20 } },
	{ 3, 9, 9, "kworker/0:1", PROFBUF_MODE_KERNEL, 0, 1, 1, { NFT + 0x30 } },
};

static const struct profbuf_loss losses[] = {
	{ .time = START + 100 * PERIOD, .lost = 10, .cpu = 0 },
	{ .time = START + 300 * PERIOD, .lost = 5, .cpu = 3 },
	{ .time = START + 400 * PERIOD, .lost = 6, .cpu = 3 },
};

static const struct profbuf_info info = {
	.size = sizeof(info),
	.version = PROFBUF_VERSION,
	.source = PROFBUF_SOURCE_TIMER,
	.flags = PROFBUF_KERNEL | PROFBUF_USER,
	.period_ns = PERIOD,
	.monotonic_ns = 1000000000,
	.realtime_ns = 1700000000000000000,
	.stack_depth = 127,
};

static struct symbol_location *kept[256];
static unsigned int nr_kept;

static void die(const char *what, int err)
{
	fprintf(stderr, "fixture: %s: %s\n", what, strerror(-err));
	exit(EXIT_FAILURE);
}

static const struct symbol_location *resolve(void *context, uint64_t owner, uint64_t address,
					     bool exact)
{
	static struct symbol_module unknown = { .path = "[unknown]" };
	struct symbol_location *location = calloc(1, sizeof(*location));
	size_t i;

	(void)context;
	(void)owner;
	if (!location || nr_kept == sizeof(kept) / sizeof(*kept))
		die("resolve", -ENOMEM);
	kept[nr_kept++] = location;
	location->address = address;
	location->file_address = address;
	location->module = &unknown;
	for (i = 0; i < sizeof(places) / sizeof(*places); i++) {
		const struct place *place = &places[i];

		if (address - !exact - place->start >= FUNCTION_SIZE)
			continue;
		location->module = &modules[place->module];
		location->mapping = place->mapping;
		if (place->mapping)
			location->file_address += place->mapping->offset - place->mapping->start;
		location->nframes = place->nframes;
		location->frames = place->frames;
		if (place->nframes)
			location->symbol_start = place->start;
	}
	return location;
}

/* The same address again, for what asks once for each sample. */
static const struct symbol_location *resolve_again(void *context, uint64_t owner,
						   uint64_t address, bool exact)
{
	unsigned int i;

	for (i = 0; i < nr_kept; i++)
		if (kept[i]->address == address)
			return kept[i];
	return resolve(context, owner, address, exact);
}

/* What each sample of "sh" stands for. */
static uint64_t periods_of_sh = 1;

/* Those of "server" come late, and sampling is slowed down. */
static bool late;

static const struct {
	uint32_t cpu;
	struct profbuf_limit limit;
} limits[] = {
	{ 2, { .share = 250, .begin_ns = START + 2000 * PERIOD / 10, .cost_ns = 42000,
	       .times = 1 } },
	{ 2, { .share = 250, .begin_ns = START + 2000 * PERIOD / 10,
	       .end_ns = START + 2100 * PERIOD / 10, .cost_ns = 43000 } },
	{ 1, { .share = 250, .begin_ns = START + 50 * PERIOD, .end_ns = START + 51 * PERIOD,
	       .cost_ns = 41000, .times = 3 } },
};

static enum profbuf_end end_of(const struct sample *sample)
{
	if (sample->depth == sample->kernel_frames)
		return PROFBUF_END_NONE;
	if (sample->flags & PROFBUF_MODE_TRUNCATED)
		return PROFBUF_END_DEPTH;
	if (sample->flags & PROFBUF_MODE_USER_INCOMPLETE)
		return PROFBUF_END_STRAY;
	/* One is known by its name, the others the kernel knows. */
	return sample->tid == 101 ? PROFBUF_END_ZERO : PROFBUF_END_ROOT;
}

static void make_record(struct profbuf_record *record, const struct sample *sample, uint64_t time)
{
	*record = (struct profbuf_record){
		.time = time,
		.count = sample->pid == 200 ? periods_of_sh : 1,
		.pid = sample->pid,
		.tid = sample->tid,
		.mode = (uint64_t)sample->kernel_frames << 48 | sample->flags |
			(uint64_t)sample->mode << 32,
		.period = PERIOD,
		.has = 1U << PROFBUF_WORD_MODE | 1U << PROFBUF_WORD_SPACE | 1U << PROFBUF_WORD_END,
		.space = sample->pid == 9 ? PROFBUF_SPACE_NONE : (uint64_t)sample->pid << 24,
		.end = end_of(sample),
		.depth = sample->depth,
		.kernel_frames = sample->kernel_frames,
		.stack = sample->stack,
	};
	strncpy(record->comm, sample->comm, sizeof(record->comm) - 1);
	if (!late)
		return;
	record->has |= 1U << PROFBUF_WORD_LATE;
	if (sample->pid != 100)
		return;
	/* One of its own, one as sampling was slowed down. */
	record->count = 5;
	record->late = 3;
	record->stolen = 1;
}

/* In turns, as they would come. */
static void each_record(int (*take)(void *context, const struct profbuf_record *record),
			void *context)
{
	struct profbuf_record record;
	uint64_t time = START;
	uint32_t turn, i;
	bool more = true;
	int err;

	for (turn = 0; more; turn++) {
		more = false;
		for (i = 0; i < sizeof(samples) / sizeof(*samples); i++) {
			if (turn >= samples[i].times)
				continue;
			more = true;
			make_record(&record, &samples[i], time);
			record.cpu = turn % NR_CPUS;
			time += PERIOD / 4;
			err = take(context, &record);
			if (err)
				die("record", err);
		}
	}
}

static int add(void *context, const struct profbuf_record *record)
{
	return profile__add(context, record);
}

struct cpu_script {
	struct perf_script *script;
	uint32_t cpu;
};

static int add_script(void *context, const struct profbuf_record *record)
{
	const struct cpu_script *of = context;

	if (record->cpu != of->cpu)
		return 0;
	return perf_script__add(of->script, record, record->pid);
}

/* As of a task in the kernel, where the kernel's frames were not asked for. */
static const struct sample without_stack = {
	.pid = 300, .tid = 300, .comm = "bare", .mode = PROFBUF_MODE_KERNEL,
};

/* Where walks end that go by unwind tables where there are some. */
static const struct {
	uint32_t times;
	uint64_t last;
	enum profbuf_end end;
	uint32_t flags;
} walks[] = {
	{ 100, MAIN + 4, PROFBUF_END_ROOT, 0 },
	{ 90, STRIPPED_CODE + 4, PROFBUF_END_STRAY, PROFBUF_END_NO_TABLE },
	{ 20, STRIPPED_CODE + 8, PROFBUF_END_ZERO, PROFBUF_END_NO_TABLE },
	{ 80, READ + 4, PROFBUF_END_ABSENT, PROFBUF_END_NO_TABLE },
	{ 70, HANDLE + 4, PROFBUF_END_TABLE, 0 },
	{ 60, JIT + 4, PROFBUF_END_DATA, PROFBUF_END_NO_TABLE },
	{ 35, CODE32 + 4, PROFBUF_END_TABLE, PROFBUF_END_NO_TABLE },
	{ 30, NOWHERE + 4, PROFBUF_END_STRAY, PROFBUF_END_NO_TABLE },
	{ 25, READ + 4, PROFBUF_END_ABSENT, 0 },
	{ 15, READ + 4, PROFBUF_END_DEPTH, PROFBUF_END_NO_TABLE },
	{ 10, READ + 8, PROFBUF_END_DATA, 0 },
	{ 5, READ + 8, PROFBUF_END_UNKNOWN, 0 },
	/* The name tells what the kernel does not. */
	{ 3, START_THREAD + 4, PROFBUF_END_STRAY, PROFBUF_END_NO_TABLE },
	{ 2, START_THREAD + 4, PROFBUF_END_TABLE, 0 },
};

static void add_walks(struct profile *profile)
{
	struct profbuf_record record;
	uint32_t i, n;

	make_record(&record, &samples[0], START);
	for (i = 0; i < sizeof(walks) / sizeof(*walks); i++) {
		record.end = walks[i].end;
		record.end_flags = walks[i].flags;
		record.stack = &walks[i].last;
		record.depth = 1;
		record.mode = (uint64_t)PROFBUF_MODE_USER << 32;
		if (walks[i].end != PROFBUF_END_ROOT)
			record.mode |= PROFBUF_MODE_USER_INCOMPLETE;
		for (n = 0; n < walks[i].times; n++)
			profile__add(profile, &record);
	}
}

static struct profile *make_profile(bool by_thread, bool empty, bool walked, uint32_t more,
				    uint32_t bare)
{
	struct profile_opts opts = { .size = sizeof(opts), .by_thread = by_thread };
	struct profile *profile = profile__new(&opts);
	struct profbuf_record record;
	uint32_t i;

	if (!profile)
		die("profile", -ENOMEM);
	if (!empty) {
		profile__add_info(profile, &info);
		each_record(add, profile);
		for (i = 0; i < sizeof(losses) / sizeof(*losses); i++)
			profile__add_loss(profile, &losses[i]);
	}
	if (walked)
		add_walks(profile);
	for (i = 0; late && i < sizeof(limits) / sizeof(*limits); i++)
		profile__add_limit(profile, limits[i].cpu, &limits[i].limit);
	make_record(&record, &samples[0], START);
	for (i = 0; i < more; i++)
		profile__add(profile, &record);
	make_record(&record, &without_stack, START);
	for (i = 0; i < bare; i++)
		profile__add(profile, &record);
	profile__finish(profile);
	for (i = 0; i < profile__nr_locations(profile); i++) {
		struct profile_location *location = profile__location(profile, i);

		if (!location->late)
			location->symbol = resolve(NULL, 0, location->address, location->exact);
	}
	profile__find_roots(profile);
	return profile;
}

static int write_script(const struct profile *profile)
{
	struct perf_script *script = perf_script__new();
	struct cpu_script of = { .script = script };
	size_t i;
	int err;

	if (!script)
		return -ENOMEM;
	/* One CPU after the other, as they are in a stream. */
	for (of.cpu = 0; of.cpu < NR_CPUS; of.cpu++)
		each_record(add_script, &of);
	for (i = 0; i < sizeof(losses) / sizeof(*losses); i++)
		perf_script__add_loss(script, &losses[i]);
	err = perf_script__write(script, stdout, profile, "recorded on a test", resolve_again,
				 NULL);
	perf_script__delete(script);
	return err;
}

static int write_format(const struct profile *profile, const char *format,
			const struct flamegraph_options *drawing)
{
	struct export_opts opts = { .origin = drawing->origin };
	struct report_options report = {
		.by = strstr(format, "module") ? REPORT_BY_MODULE :
		      strstr(format, "process") ? REPORT_BY_PROCESS :
		      strstr(format, "thread") ? REPORT_BY_THREAD :
		      strstr(format, "cpu") ? REPORT_BY_CPU : REPORT_BY_FUNCTION,
		.json = strstr(format, "json"),
		.origin = drawing->origin,
	};
	struct tree_options tree = { .json = strstr(format, "json"), .origin = drawing->origin };

	if (!strcmp(format, "pprof"))
		return pprof__write(profile, stdout, &opts);
	if (!strcmp(format, "folded"))
		return folded__write(profile, stdout, &opts);
	if (!strcmp(format, "speedscope"))
		return speedscope__write(profile, stdout, &opts);
	if (!strcmp(format, "json"))
		return json__write(profile, stdout, &opts);
	if (!strcmp(format, "svg"))
		return flamegraph__write(profile, stdout, drawing);
	if (!strcmp(format, "perf-script"))
		return write_script(profile);
	if (!strncmp(format, "report", 6))
		return view__report(profile, stdout, &report);
	if (!strncmp(format, "tree", 4))
		return view__tree(profile, stdout, &tree);
	return -EINVAL;
}

int main(int argc, char **argv)
{
	struct flamegraph_options drawing = {
		.title = "A <test> & more",
		.origin = "recorded on a test",
		.min_width = FLAMEGRAPH_MIN_WIDTH,
	};
	bool by_thread = false, empty = false, walked = false;
	uint32_t more = 0, bare = 0;
	struct profile *profile;
	int option, err;

	while ((option = getopt(argc, argv, "teuiLw:m:x:b:l:")) >= 0) {
		switch (option) {
		case 't':
			by_thread = true;
			break;
		case 'e':
			empty = true;
			break;
		case 'u':
			walked = true;
			break;
		case 'i':
			drawing.icicle = true;
			break;
		case 'L':
			late = true;
			break;
		case 'w':
			drawing.width = strtoul(optarg, NULL, 10);
			break;
		case 'm':
			drawing.min_width = strtoul(optarg, NULL, 10);
			break;
		case 'x':
			more = strtoul(optarg, NULL, 10);
			break;
		case 'b':
			bare = strtoul(optarg, NULL, 10);
			break;
		case 'l':
			periods_of_sh = strtoul(optarg, NULL, 10);
			break;
		default:
			return 2;
		}
	}
	if (optind != argc - 1) {
		fputs("usage: fixture [-t] [-e] [-u] [-i] [-w WIDTH] [-m HUNDREDTHS] [-x SAMPLES] [-b SAMPLES] [-l PERIODS] [-L] FORMAT\n",
		      stderr);
		return 2;
	}
	profile = make_profile(by_thread, empty, walked, more, bare);
	err = write_format(profile, argv[optind], &drawing);
	profile__delete(profile);
	while (nr_kept)
		free(kept[--nr_kept]);
	if (err)
		die(argv[optind], err);
	return EXIT_SUCCESS;
}
