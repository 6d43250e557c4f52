// SPDX-License-Identifier: GPL-2.0
/*
 * walk_go STOPS STEPS PROGRAM [ARGUMENT...]: do tables lead from each instruction of a Go
 * program to where its stack begins?
 *
 * The program is stopped at random moments, and the stacks of all of its threads are walked by the
 * tables of the files that they run. Every return address has to follow a call. From each stop on,
 * one of the threads goes on instruction by instruction. Whoever called is to be the same after
 * each of them, but for calls, which add one, and returns, which take one off: neither a wrong
 * rule for a single instruction nor a wrong bp goes unseen, unless the stack is changed there.
 *
 * What was found is printed, a line for each cause. The program may end before the last stop.
 */
#include <errno.h>
#include <fcntl.h>
#include <dirent.h>
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "symbol/image.h"
#include "unwind/code.h"
#include "unwind/compile.h"
#include "unwind/gopclntab.h"
#include "unwind/table.h"

#define FRAMES_MAX	1024
#define MAPPINGS_MAX	4096
#define FILES_MAX	64
#define THREADS_MAX	256
#define CAUSES_MAX	512
#define UCONTEXT_REGISTERS 40

static void die(const char *what)
{
	perror(what);
	exit(2);
}

struct mapping {
	uint64_t start, end, offset;
	int file;
};

struct file {
	char path[256];
	struct profbuf_unwind_table *table;
	bool is_program;
};

struct symbol {
	uint64_t start, end;
	const char *name;
};

static struct mapping mappings[MAPPINGS_MAX];
static struct file files[FILES_MAX];
static struct symbol *symbols;
static size_t nmappings, nfiles, nsymbols;
static pid_t program;
static int memory;
static const char *program_path;
static bool calls_again;

static struct cause {
	char text[160];
	uint64_t n;
} causes[CAUSES_MAX];

static void count(const char *what, const char *where)
{
	char text[sizeof(causes->text)];
	size_t i;

	snprintf(text, sizeof(text), "%s %s", what, where);
	for (i = 0; i < CAUSES_MAX - 1 && causes[i].n; i++)
		if (!strcmp(causes[i].text, text))
			break;
	strcpy(causes[i].text, text);
	causes[i].n++;
}

static int compare_symbols(const void *left, const void *right)
{
	const struct symbol *a = left, *b = right;

	return a->start < b->start ? -1 : a->start > b->start;
}

/* Positions in the file of its functions, as .gopclntab has them. */
static void read_symbols(const char *path)
{
	struct gopclntab_function function;
	struct gopclntab table;
	struct image image;
	struct code code;
	uint32_t i;

	if (image__open(&image, open(path, O_RDONLY | O_CLOEXEC)) || code__init(&code, &image) ||
	    gopclntab__find(&table, &image, &code)) {
		fprintf(stderr, "%s: no Go program\n", path);
		exit(2);
	}
	calls_again = table.version == GOPCLNTAB_1_16;
	symbols = calloc(table.nr_functions, sizeof(*symbols));
	for (i = 0; symbols && i < table.nr_functions; i++) {
		const struct code_segment *segment;

		if (!gopclntab__function(&table, i, &function))
			continue;
		segment = code__find(&code, function.start);
		if (!segment)
			continue;
		symbols[nsymbols++] = (struct symbol){
			.start = function.start - segment->address + segment->offset,
			.end = function.end - segment->address + segment->offset,
			.name = strndup((const char *)function.name.next,
					bytes__left(&function.name)),
		};
	}
	qsort(symbols, nsymbols, sizeof(*symbols), compare_symbols);
	gopclntab__free(&table);
	code__free(&code);
	image__close(&image);
}

static int find_file(const char *path)
{
	struct unwind_summary summary;
	size_t i;
	int fd;

	for (i = 0; i < nfiles; i++)
		if (!strcmp(files[i].path, path))
			return i;
	if (nfiles == FILES_MAX)
		return -1;
	snprintf(files[nfiles].path, sizeof(files->path), "%s", path);
	files[nfiles].is_program = !strcmp(path, program_path);
	fd = open(path, O_RDONLY);
	if (fd >= 0)
		unwind__compile(fd, &files[nfiles].table, &summary);
	return nfiles++;
}

static void add_vdso(struct mapping *mapping)
{
	uint64_t size = mapping->end - mapping->start;
	struct unwind_summary summary;
	void *copy = malloc(size);

	mapping->file = nfiles;
	strcpy(files[nfiles].path, "[vdso]");
	if (pread(memory, copy, size, mapping->start) != (ssize_t)size)
		die("vdso");
	unwind__compile_memory(copy, size, &files[nfiles++].table, &summary);
}

static void read_mappings(void)
{
	char path[64], line[1024];
	FILE *maps;

	snprintf(path, sizeof(path), "/proc/%d/maps", program);
	maps = fopen(path, "r");
	nmappings = 0;
	while (maps && fgets(line, sizeof(line), maps) && nmappings < MAPPINGS_MAX) {
		struct mapping *mapping = &mappings[nmappings];
		char perms[8], *name;

		if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %7s %" SCNx64, &mapping->start,
			   &mapping->end, perms, &mapping->offset) != 4 || perms[2] != 'x')
			continue;
		line[strcspn(line, "\n")] = 0;
		name = strchr(line, '/');
		mapping->file = name ? find_file(name) : -1;
		if (!name && strstr(line, "[vdso]")) {
			size_t i;

			for (i = 0; i < nfiles && strcmp(files[i].path, "[vdso]"); i++)
				;
			mapping->file = i;
			if (i == nfiles)
				add_vdso(mapping);
		}
		nmappings++;
	}
	if (maps)
		fclose(maps);
}

static const struct mapping *find_mapping(uint64_t address)
{
	size_t i;

	for (i = 0; i < nmappings; i++)
		if (address >= mappings[i].start && address < mappings[i].end)
			return &mappings[i];
	return NULL;
}

static const char *name_of(uint64_t address)
{
	const struct mapping *mapping = find_mapping(address);
	size_t low = 0, high = nsymbols;
	uint64_t offset;

	if (!mapping)
		return "(nowhere)";
	if (mapping->file < 0)
		return "(anonymous)";
	if (!files[mapping->file].is_program)
		return files[mapping->file].path;
	offset = address - mapping->start + mapping->offset;
	while (low < high) {
		size_t middle = (low + high) / 2;

		if (symbols[middle].end > offset)
			high = middle;
		else
			low = middle + 1;
	}
	return low < nsymbols && symbols[low].start <= offset ? symbols[low].name : "(unnamed)";
}

static bool read_word(uint64_t address, uint64_t *value)
{
	return pread(memory, value, 8, address) == 8;
}

struct frame {
	uint64_t ip, sp, bp;
};

struct walk {
	struct frame frames[FRAMES_MAX];
	size_t n;
	const char *end;
	bool whole;
	unsigned int injected, injected_wrong;
	const char *change; /* the first function on it that changes stacks */
};

/* A call, of any form, right before it. */
static bool follows_call(uint64_t address)
{
	uint8_t b[7];

	if (pread(memory, b, 7, address - 7) != 7)
		return false;
	return b[2] == 0xe8 || (b[5] == 0xff && (b[6] & 0xf8) == 0xd0) ||
	       (b[4] == 0xff && (b[5] & 0x38) == 0x10) || (b[3] == 0xff && (b[4] & 0x38) == 0x10) ||
	       (b[1] == 0xff && (b[2] & 0x38) == 0x10) || (b[0] == 0xff && (b[1] & 0x38) == 0x10) ||
	       (b[5] == 0xff && (b[6] & 0x38) == 0x10);
}

static const struct profbuf_unwind_rule *find_rule(const struct mapping *mapping,
						   uint64_t position)
{
	if (mapping->file < 0 || !files[mapping->file].table)
		return NULL;
	return unwind_table__find(files[mapping->file].table,
				  position - mapping->start + mapping->offset);
}

/* Up to Go 1.17 a function that was deferred returns to the call that has made it run. */
static bool is_call(uint64_t address)
{
	uint8_t opcode;

	return pread(memory, &opcode, 1, address) == 1 && opcode == 0xe8;
}

static void walk(struct walk *walk, const struct user_regs_struct *start)
{
	uint64_t registers[16] = {
		start->rax, start->rdx, start->rcx, start->rbx, start->rsi, start->rdi, start->rbp,
		start->rsp, start->r8, start->r9, start->r10, start->r11, start->r12, start->r13,
		start->r14, start->r15,
	};
	struct frame frame = { start->rip, start->rsp, start->rbp };
	bool interrupted = true, returned = false;

	walk->n = 0;
	walk->whole = false;
	walk->change = NULL;
	walk->injected = 0;
	walk->injected_wrong = 0;
	for (;;) {
		const struct profbuf_unwind_rule *rule;
		uint64_t position = frame.ip - !interrupted, cfa = 0, ra, bp;
		const struct mapping *mapping = find_mapping(position);

		if (walk->n == FRAMES_MAX) {
			walk->end = "too deep";
			return;
		}
		walk->frames[walk->n++] = frame;
		walk->end = "no mapping";
		if (!mapping)
			return;
		rule = find_rule(mapping, position);
		walk->end = "no rule";
		if (!rule)
			return;
		walk->end = "no call";
		if (returned && rule->cfa != PROFBUF_UNWIND_ROOT &&
		    rule->cfa != PROFBUF_UNWIND_SIGNAL && !follows_call(frame.ip)) {
			const char *callee = name_of(walk->frames[walk->n - 2].ip);

			/* Signal handlers have code that was interrupted call these. */
			if (strncmp(callee, "runtime.asyncPreempt", 20) &&
			    strncmp(callee, "runtime.sigpanic", 16) &&
			    !(calls_again && is_call(frame.ip)))
				return;
			walk->injected++;
			if (rule != find_rule(mapping, frame.ip))
				walk->injected_wrong++;
		}
		walk->end = "memory";
		switch (rule->cfa) {
		case PROFBUF_UNWIND_ROOT:
			walk->end = "root";
			walk->whole = true;
			return;
		case PROFBUF_UNWIND_SP:
		case PROFBUF_UNWIND_PLT:
			cfa = frame.sp + rule->offset;
			if (rule->cfa == PROFBUF_UNWIND_PLT && (position & 15) >= rule->number)
				cfa += 8;
			break;
		case PROFBUF_UNWIND_BP:
			cfa = frame.bp + rule->offset;
			break;
		case PROFBUF_UNWIND_REGISTER:
			walk->end = "register";
			if (!interrupted)
				return;
			cfa = registers[rule->number] + rule->offset;
			break;
		case PROFBUF_UNWIND_SP_POINTER:
		case PROFBUF_UNWIND_BP_POINTER:
			cfa = rule->offset +
			      (rule->cfa == PROFBUF_UNWIND_SP_POINTER ? frame.sp : frame.bp);
			if (!read_word(cfa, &cfa))
				return;
			cfa += rule->addend;
			break;
		case PROFBUF_UNWIND_SIGNAL: {
			/* Where the registers are in a ucontext, r8 first. */
			static const int order[16] = {
				13, 12, 14, 11, 9, 8, 10, 15, 0, 1, 2, 3, 4, 5, 6, 7
			};
			uint64_t context[17];
			uint64_t from = frame.sp + rule->offset + UCONTEXT_REGISTERS;
			int i;

			if (pread(memory, context, sizeof(context), from) != sizeof(context))
				return;
			for (i = 0; i < 16; i++)
				registers[i] = context[order[i]];
			frame = (struct frame){ context[16], registers[7], registers[6] };
			interrupted = true;
			returned = false;
			if (!walk->change)
				walk->change = name_of(position + 1);
			continue;
		}
		case PROFBUF_UNWIND_FRAME_POINTER:
			if (!read_word(frame.bp, &bp) || !read_word(frame.bp + 8, &ra))
				return;
			frame = (struct frame){ ra, frame.bp + 16, bp };
			interrupted = false;
			returned = true;
			if (!walk->change)
				walk->change = name_of(position);
			continue;
		default:
			walk->end = rule->cfa == PROFBUF_UNWIND_UNKNOWN ? "unknown" : "none";
			return;
		}
		if (rule->ra == PROFBUF_UNWIND_RA_REGISTER)
			ra = registers[rule->ra_number];
		else if (!read_word(cfa - 8, &ra))
			return;
		bp = frame.bp;
		if (rule->bp == PROFBUF_UNWIND_BP_LOST)
			bp = 0;
		else if (rule->bp != PROFBUF_UNWIND_BP_SAME &&
			 !read_word(rule->bp_offset +
				    (rule->bp == PROFBUF_UNWIND_BP_CFA ? cfa : frame.bp), &bp))
			return;
		frame = (struct frame){ ra, cfa, bp };
		interrupted = false;
		returned = true;
	}
}

/* The first @n callers, from the @from-th frame of @a and the @to-th of @b on. */
static bool same_callers(const struct walk *a, size_t from, const struct walk *b, size_t to)
{
	size_t left = a->n - from;

	return a->n >= from && b->n >= to && left == b->n - to && a->whole == b->whole &&
	       !memcmp(a->frames + from, b->frames + to, left * sizeof(*a->frames));
}

static int wait_for(pid_t thread)
{
	int status, i;

	for (i = 0; i < 2000; i++) {
		if (waitpid(thread, &status, __WALL | WNOHANG) == thread)
			return status;
		usleep(i < 1000 ? 5 : 200);
	}
	return -1;
}

static int signal_of(int status)
{
	return status >= 0 && WIFSTOPPED(status) && !(status >> 16) && WSTOPSIG(status) != SIGTRAP ?
	       WSTOPSIG(status) : 0;
}

static uint64_t steps_done;

/* Step by step; the thread is stopped before and after. Return: a signal for it. */
static int step_thread(pid_t thread, unsigned int steps, int sig)
{
	static struct walk before, after;
	struct user_regs_struct registers;
	unsigned int i;

	if (ptrace(PTRACE_GETREGS, thread, NULL, &registers))
		return sig;
	walk(&before, &registers);
	for (i = 0; i < steps; i++) {
		uint8_t code[8] = { 0 };
		bool call, ret, delivered = sig;
		uint64_t ip = registers.rip;
		const char *from = name_of(ip);
		int status;
		size_t prefix;

		if (pread(memory, code, sizeof(code), ip) < 2)
			return sig;
		prefix = (code[0] & 0xf0) == 0x40 || code[0] == 0x67 || code[0] == 0xf2;
		call = code[prefix] == 0xe8 ||
		       (code[prefix] == 0xff && (code[prefix + 1] & 0x38) == 0x10);
		ret = code[prefix] == 0xc3;
		if (ptrace(PTRACE_SINGLESTEP, thread, NULL, (void *)(long)sig))
			return 0;
		sig = 0;
		status = wait_for(thread);
		if (status == -1) {
			ptrace(PTRACE_INTERRUPT, thread, NULL, NULL);
			waitpid(thread, &status, __WALL);
			return signal_of(status);
		}
		if (!WIFSTOPPED(status))
			return 0;
		sig = signal_of(status);
		if (sig || status >> 16)
			return sig;
		if (ptrace(PTRACE_GETREGS, thread, NULL, &registers))
			return 0;
		walk(&after, &registers);
		steps_done++;
		if (after.change)
			count("through", after.change);
		if (!after.whole) {
			char where[120];

			snprintf(where, sizeof(where), "%s in %s", after.end,
				 name_of(after.frames[after.n - 1].ip));
			count("step-not-whole", where);
		}
		if (!delivered && registers.rip != ip) {
			bool fine;

			if (call)
				fine = after.n > 1 && same_callers(&before, 1, &after, 2) &&
				       after.frames[1].sp == before.frames[0].sp &&
				       after.frames[1].bp == before.frames[0].bp;
			else if (ret)
				fine = before.n > 1 && same_callers(&before, 1, &after, 0);
			else
				fine = same_callers(&before, 1, &after, 1);
			if (!fine)
				count("step-differs", from);
		}
		before = after;
	}
	return sig;
}

/*
 * Do the frames that frame pointers lead to come in this order among those of the walk? They skip
 * some, and go on where a stack has been left for good.
 */
static bool has_frame_pointers(const struct walk *walked, const struct user_regs_struct *start,
			       uint64_t *skipped)
{
	uint64_t bp = start->rbp, next, ra;
	size_t i = 1, n = 0;

	while (i < walked->n && bp && read_word(bp, &next) && read_word(bp + 8, &ra) &&
	       find_mapping(ra)) {
		while (i < walked->n && walked->frames[i].ip != ra)
			i++;
		if (i == walked->n)
			return false;
		i++;
		n++;
		bp = next;
	}
	*skipped += walked->n - 1 - n;
	return true;
}

/* Is it in a system call? Others are stopped, it may wait for them. */
static bool is_waiting(const struct user_regs_struct *registers)
{
	uint8_t code[2];

	return pread(memory, code, 2, registers->rip - 2) == 2 && code[0] == 0x0f && code[1] == 5;
}

static pid_t threads[THREADS_MAX];
static int pending[THREADS_MAX];
static size_t nthreads;

static void stop_all(void)
{
	char path[64];
	struct dirent *entry;
	DIR *tasks;

	snprintf(path, sizeof(path), "/proc/%d/task", program);
	tasks = opendir(path);
	nthreads = 0;
	if (!tasks)
		return;
	while ((entry = readdir(tasks)) && nthreads < THREADS_MAX) {
		pid_t thread = atoi(entry->d_name);
		int status;

		if (thread <= 0)
			continue;
		if (ptrace(PTRACE_SEIZE, thread, NULL, NULL) && errno != EPERM)
			continue;
		if (ptrace(PTRACE_INTERRUPT, thread, NULL, NULL) ||
		    waitpid(thread, &status, __WALL) != thread || !WIFSTOPPED(status))
			continue;
		pending[nthreads] = signal_of(status);
		threads[nthreads++] = thread;
	}
	closedir(tasks);
}

/* Pass on signals. false: the program has ended. */
static bool let_run(unsigned int microseconds)
{
	struct timespec now, end;
	int status;
	pid_t thread;

	clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_sec += (end.tv_nsec + microseconds * 1000L) / 1000000000;
	end.tv_nsec = (end.tv_nsec + microseconds * 1000L) % 1000000000;
	do {
		while ((thread = waitpid(-1, &status, __WALL | WNOHANG)) > 0) {
			if (thread == program && !WIFSTOPPED(status))
				return false;
			if (WIFSTOPPED(status))
				ptrace(PTRACE_CONT, thread, NULL, (void *)(long)signal_of(status));
		}
		usleep(50);
		clock_gettime(CLOCK_MONOTONIC, &now);
	} while (now.tv_sec < end.tv_sec ||
		 (now.tv_sec == end.tv_sec && now.tv_nsec < end.tv_nsec));
	return true;
}

int main(int argc, char **argv)
{
	unsigned int stops, steps, i;
	uint64_t injected = 0, wrong = 0, walks = 0, whole = 0, frames = 0, pointers = 0;
	static struct walk walked;
	uint64_t skipped = 0;
	size_t t;
	char path[64];

	if (argc < 4) {
		fprintf(stderr, "usage: walk_go STOPS STEPS PROGRAM [ARGUMENT...]\n");
		return 2;
	}
	stops = atoi(argv[1]);
	steps = atoi(argv[2]);
	program_path = realpath(argv[3], NULL);
	if (!program_path)
		die(argv[3]);
	read_symbols(program_path);
	srand(1);
	program = fork();
	if (!program) {
		execv(program_path, argv + 3);
		_exit(127);
	}
	usleep(200000);
	snprintf(path, sizeof(path), "/proc/%d/mem", program);
	memory = open(path, O_RDONLY);
	if (memory < 0)
		die(path);
	for (i = 0; i < stops; i++) {
		size_t chosen = 0, running = 0;

		stop_all();
		if (!nthreads)
			break;
		read_mappings();
		for (t = 0; t < nthreads; t++) {
			struct user_regs_struct registers;
			char where[120];

			if (ptrace(PTRACE_GETREGS, threads[t], NULL, &registers))
				continue;
			if (!is_waiting(&registers) && !(rand() % ++running))
				chosen = t;
			walk(&walked, &registers);
			walks++;
			frames += walked.n;
			if (walked.change)
				count("through", walked.change);
			whole += walked.whole;
			injected += walked.injected;
			wrong += walked.injected_wrong;
			if (has_frame_pointers(&walked, &registers, &skipped))
				pointers++;
			else
				count("frame-pointers-differ",
				      name_of(walked.frames[walked.n - 1].ip));
			snprintf(where, sizeof(where), "%s in %s", walked.end,
				 name_of(walked.frames[walked.n - 1].ip));
			count("end", where);
		}
		pending[chosen] = step_thread(threads[chosen], steps, pending[chosen]);
		for (t = 0; t < nthreads; t++)
			ptrace(PTRACE_CONT, threads[t], NULL, (void *)(long)pending[t]);
		if (!let_run(rand() % 5000))
			break;
	}
	kill(program, SIGKILL);
	printf("walks %" PRIu64 "\n", walks);
	printf("whole %" PRIu64 "\n", whole);
	printf("frames %" PRIu64 "\n", frames);
	printf("with-frame-pointers %" PRIu64 "\n", pointers);
	printf("skipped-by-frame-pointers %" PRIu64 "\n", skipped);
	printf("steps %" PRIu64 "\n", steps_done);
	printf("injected %" PRIu64 "\n", injected);
	printf("injected-at-another-rule %" PRIu64 "\n", wrong);
	for (i = 0; i < CAUSES_MAX && causes[i].n; i++)
		printf("%s: %" PRIu64 "\n", causes[i].text, causes[i].n);
	return 0;
}
