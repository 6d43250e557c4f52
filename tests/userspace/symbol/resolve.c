// SPDX-License-Identifier: GPL-2.0
/*
 * resolve: ask the resolver from a shell script. Arguments are done in order.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "symbol/symbol.h"

static const char *const usage =
	"usage: resolve [OPTION]... [COMMAND]...\n"
	"options, first:\n"
	"  no-dwarf no-separate no-debuginfod parameters\n"
	"  debug-dirs=DIRS root=DIR\n"
	"commands:\n"
	"  kallsyms=FILE                     read kernel symbols\n"
	"  ksym=ADDRESS,SIZE,NAME[,MODULE]   add one\n"
	"  process=PID                       read a living process\n"
	"  mapping=PID,START,END,OFFSET,INODE,BUILDID,PATH\n"
	"  symbol=PID,ADDRESS,SIZE,NAME      of a process of a recording\n"
	"  recorded=SECONDS                  when the recording ended\n"
	"  pid=PID                           of the addresses that follow\n"
	"  exact=ADDRESS  caller=ADDRESS     resolve: one line for each frame, innermost first\n"
	"  mappings=PID  modules             list\n"
	"  memory                            that was needed so far, in KiB\n"
	"  wait                              for a line of input\n"
	"  addresses=FILE                    resolve each line and print how long it took\n";

static struct symbols *symbols;
static uint32_t pid;

static void die(const char *what, int error)
{
	fprintf(stderr, "resolve: %s: %s\n", what, strerror(-error));
	exit(1);
}

static const char *or_dash(const char *string)
{
	return string && *string ? string : "-";
}

/* frame: NAME SYSTEM_NAME FILE:LINE MODULE+FILE_ADDRESS [inlined] */
static void print_location(uint64_t address, bool exact)
{
	const struct symbol_location *location = symbols__resolve(symbols, pid, address, exact);
	uint32_t i;

	if (!location)
		die("symbols__resolve", -ENOMEM);
	if (!location->nframes)
		printf("unnamed: %s+0x%" PRIx64 "\n", location->module->path,
		       location->file_address);
	for (i = 0; i < location->nframes; i++) {
		const struct symbol_frame *frame = &location->frames[i];

		printf("frame: %s\t%s\t%s:%u\t%s\t0x%" PRIx64 "+0x%" PRIx64 "%s\n", frame->name,
		       frame->system_name, or_dash(frame->file), frame->line,
		       location->module->path, location->symbol_start, location->symbol_size,
		       frame->inlined ? "\tinlined" : "");
	}
}

/* module: PATH BUILDID PROBLEM ADDRESSES UNNAMED REASON; ADVICE UNWIND */
static void print_modules(void)
{
	const struct symbol_module *module = NULL;

	while ((module = symbols__next_module(symbols, module)))
		printf("module: %s\t%s\t%d\t%" PRIu64 "\t%" PRIu64 "\t%s; %s\t%d\n", module->path,
		       or_dash(module->build_id), module->problem, module->addresses,
		       module->unnamed, or_dash(module->reason), or_dash(module->advice),
		       module->unwind);
}

/* mapping: START-END OFFSET INODE BUILDID PATH [deleted] */
static void print_mappings(uint32_t process)
{
	const struct symbol_mapping *mapping = NULL;

	while ((mapping = symbols__next_mapping(symbols, process, mapping)))
		printf("mapping: %" PRIx64 "-%" PRIx64 "\t%" PRIx64 "\t%" PRIu64 "\t%s\t%s%s\n",
		       mapping->start, mapping->end, mapping->offset, mapping->inode,
		       or_dash(mapping->module->build_id), mapping->path,
		       mapping->deleted ? "\tdeleted" : "");
}

static size_t parse_hex(const char *text, uint8_t *bytes, size_t max)
{
	size_t n = 0;
	unsigned int byte;

	while (n < max && sscanf(text + 2 * n, "%2x", &byte) == 1)
		bytes[n++] = byte;
	return n;
}

static void add_mapping(char *text)
{
	struct symbol_mapping mapping = { 0 };
	char build_id[129] = "";
	uint8_t bytes[64];
	int path = 0;

	if (sscanf(text, "%" SCNu32 ",%" SCNx64 ",%" SCNx64 ",%" SCNx64 ",%" SCNu64 ",%128[^,],%n",
		   &mapping.pid, &mapping.start, &mapping.end, &mapping.offset, &mapping.inode,
		   build_id, &path) != 6)
		die(text, -EINVAL);
	mapping.path = text + path;
	mapping.build_id = bytes;
	mapping.build_id_size = parse_hex(build_id, bytes, sizeof(bytes));
	path = symbols__add_mapping(symbols, &mapping);
	if (path)
		die(text, path);
}

static void add_symbol(char *text)
{
	uint64_t address, size;
	uint32_t process;
	int name = 0;

	if (sscanf(text, "%" SCNu32 ",%" SCNx64 ",%" SCNx64 ",%n", &process, &address, &size,
		   &name) != 3)
		die(text, -EINVAL);
	if (symbols__add_process_symbol(symbols, process, address, size, text + name))
		die(text, -ENOMEM);
}

static void add_kernel_symbol(char *text)
{
	char name[128] = "", module[128] = "";
	uint64_t address, size;

	if (sscanf(text, "%" SCNx64 ",%" SCNx64 ",%127[^,],%127s", &address, &size, name,
		   module) < 3)
		die(text, -EINVAL);
	if (symbols__add_kernel_symbol(symbols, address, size, name, module))
		die(text, -ENOMEM);
}

static double now(clockid_t clock)
{
	struct timespec time;

	clock_gettime(clock, &time);
	return time.tv_sec + time.tv_nsec / 1e9;
}

static void resolve_all(const char *path)
{
	double start = now(CLOCK_PROCESS_CPUTIME_ID);
	uint64_t address, n = 0, named = 0, frames = 0;
	FILE *file = fopen(path, "re");

	if (!file)
		die(path, -errno);
	while (fscanf(file, "%" SCNx64, &address) == 1) {
		const struct symbol_location *location;

		location = symbols__resolve(symbols, pid, address, true);
		n++;
		named += location->nframes != 0;
		frames += location->nframes;
	}
	fclose(file);
	printf("addresses: %" PRIu64 " named %" PRIu64 " frames %" PRIu64 " CPU %.3f s\n", n, named,
	       frames, now(CLOCK_PROCESS_CPUTIME_ID) - start);
}

static void print_memory(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	printf("memory: %ld KiB\n", usage.ru_maxrss);
}

static bool starts(char **argument, const char *prefix)
{
	size_t length = strlen(prefix);

	if (strncmp(*argument, prefix, length))
		return false;
	*argument += length;
	return true;
}

static bool parse_option(struct symbols_options *options, char *argument)
{
	if (!strcmp(argument, "no-dwarf"))
		options->no_dwarf = true;
	else if (!strcmp(argument, "no-separate"))
		options->no_separate = true;
	else if (!strcmp(argument, "no-debuginfod"))
		options->no_debuginfod = true;
	else if (!strcmp(argument, "parameters"))
		options->parameters = true;
	else if (starts(&argument, "debug-dirs="))
		options->debug_dirs = argument;
	else if (starts(&argument, "root="))
		options->root = argument;
	else
		return false;
	return true;
}

static void run(char *argument)
{
	int error = 0;

	if (starts(&argument, "kallsyms=")) {
		error = symbols__read_kallsyms(symbols, *argument ? argument : NULL);
	} else if (starts(&argument, "ksym=")) {
		add_kernel_symbol(argument);
	} else if (starts(&argument, "process=")) {
		pid = strtoul(argument, NULL, 0);
		error = symbols__read_process(symbols, pid);
	} else if (starts(&argument, "mapping=")) {
		add_mapping(argument);
	} else if (starts(&argument, "symbol=")) {
		add_symbol(argument);
	} else if (starts(&argument, "recorded=")) {
		symbols__set_recorded(symbols, strtod(argument, NULL) * 1e9);
	} else if (starts(&argument, "pid=")) {
		pid = strtoul(argument, NULL, 0);
	} else if (starts(&argument, "exact=")) {
		print_location(strtoull(argument, NULL, 16), true);
	} else if (starts(&argument, "caller=")) {
		print_location(strtoull(argument, NULL, 16), false);
	} else if (starts(&argument, "mappings=")) {
		print_mappings(strtoul(argument, NULL, 0));
	} else if (!strcmp(argument, "wait")) {
		puts("waiting");
		fflush(stdout);
		while ((error = getchar()) != EOF && error != '\n')
			;
		error = 0;
	} else if (!strcmp(argument, "memory")) {
		print_memory();
	} else if (!strcmp(argument, "modules")) {
		print_modules();
	} else if (starts(&argument, "addresses=")) {
		resolve_all(argument);
	} else {
		fprintf(stderr, "resolve: unknown argument %s\n%s", argument, usage);
		exit(2);
	}
	if (error)
		printf("error: %s\n", strerror(-error));
}

int main(int argc, char **argv)
{
	struct symbols_options options = { 0 };
	int i = 1;

	while (i < argc && parse_option(&options, argv[i]))
		i++;
	symbols = symbols__new(&options);
	if (!symbols)
		die("symbols__new", -ENOMEM);
	while (i < argc)
		run(argv[i++]);
	symbols__free(symbols);
	return 0;
}
