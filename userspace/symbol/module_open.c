// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "debuginfod.h"
#include "module.h"
#include "process.h"
#include "told_file.h"

/* The kernel's is two pages. */
#define VDSO_MAX	(1 << 20)

static bool is_vdso(const char *path)
{
	return !strcmp(path, "[vdso]");
}

/*
 * It is part of the kernel: nobody strips it, links it or has another one. What the kernel's
 * debug package has of it is found by its build-id.
 */
static const char *vdso_advice(const struct module *module, const struct context *context,
			       enum symbol_problem problem, const char *advice)
{
	switch (problem) {
	case SYMBOL_STRIPPED:
	case SYMBOL_FILE_GONE:
	case SYMBOL_FILE_CHANGED:
		if (module->build_id_size && !context->options.no_separate)
			return "install the kernel's debug package (-dbg, -dbgsym, -debuginfo)";
		return NULL;
	case SYMBOL_FILE_BAD:
		return NULL;
	default:
		return advice;
	}
}

void module__set_problem(struct module *module, struct context *context,
			 enum symbol_problem problem, const char *advice,
			 const char *reason, ...)
{
	char text[1024];
	va_list values;

	va_start(values, reason);
	vsnprintf(text, sizeof(text), reason, values);
	va_end(values);
	module->public.problem = problem;
	module->public.reason = strings__intern(context->strings, text, strlen(text));
	if (is_vdso(module->public.path))
		advice = vdso_advice(module, context, problem, advice);
	module->public.advice = NULL;
	if (advice)
		module->public.advice = strings__intern(context->strings, advice, strlen(advice));
}

static const char *format_build_id(char *text, const uint8_t *build_id, size_t size)
{
	size_t i;

	if (!size)
		return "none";
	for (i = 0; i < size && i < BUILD_ID_MAX; i++)
		sprintf(text + 2 * i, "%02x", build_id[i]);
	return text;
}

#define ADVICE_RECORD	"record with 'profbuf record', which opens files while they are mapped"
#define ADVICE_ROOT(file) \
	"profile as root: " file " can then be opened as long as the process lives"
#define ADVICE_THERE	"report on the machine of the recording, or set DEBUGINFOD_URLS"

static void set_gone(struct module *module, struct context *context)
{
	const char *reason = "there is no such file on this machine";
	const char *advice = ADVICE_THERE;

	if (module->told && context->here && context->recorded) {
		reason = "the file is gone";
		advice = "report as long as there are files, or set DEBUGINFOD_URLS";
	} else if (module->told && context->here && !module->pid) {
		reason = "there is no such file here, and its process is in another PID namespace";
		advice = "report from outside of the container";
	} else if (module->told && context->here) {
		reason = "the file is gone, and so is the process";
		advice = ADVICE_RECORD;
	} else if (module->live) {
		reason = "the file was deleted";
		advice = ADVICE_ROOT("the file");
	}
	module__set_problem(module, context, SYMBOL_FILE_GONE, advice, "%s", reason);
}

static void set_changed(struct module *module, struct context *context)
{
	const char *reason = "the file there is another one now";
	const char *advice = ADVICE_RECORD;

	if (module->told && context->recorded) {
		advice = "report with the file that was recorded, or set DEBUGINFOD_URLS";
	} else if (!module->told) {
		reason = "the file was replaced since the process mapped it";
		advice = ADVICE_ROOT("the old file");
	}
	module__set_problem(module, context, SYMBOL_FILE_CHANGED, advice, "%s", reason);
}

void module__set_error(struct module *module, struct context *context, int error)
{
	switch (error) {
	case -ENOENT:
	case -ENOTDIR:
	case -ESRCH:
		set_gone(module, context);
		break;
	case -ESTALE:
		set_changed(module, context);
		break;
	case -EACCES:
	case -EPERM:
		module__set_problem(module, context, SYMBOL_NOT_PERMITTED, "run as root",
				    "this user may not read the file");
		break;
	case -ENOEXEC:
		module__set_problem(module, context, SYMBOL_FILE_BAD, NULL,
				    "not an ELF file");
		break;
	case -EBADMSG:
		module__set_problem(module, context, SYMBOL_FILE_BAD,
				    "eu-elflint tells what is wrong with it",
				    "a damaged ELF file");
		break;
	case -ENODEV:
	case -EISDIR:
		module__set_problem(module, context, SYMBOL_FILE_BAD, NULL,
				    "not a regular file");
		break;
	default:
		module__set_problem(module, context, SYMBOL_FILE_BAD, NULL,
				    "cannot be read: %s", strerror(-error));
	}
}

bool module__has_file(const struct symbol_mapping *mapping)
{
	return mapping->path[0] == '/' || is_vdso(mapping->path);
}

bool module__is_memory(const struct symbol_mapping *mapping)
{
	static const char *const prefixes[] = {
		"//", "/memfd:", "/dev/zero", "/SYSV", "/anon_hugepage", "/[",
	};
	size_t i;

	for (i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
		if (!strncmp(mapping->path, prefixes[i], strlen(prefixes[i])))
			return true;
	return false;
}

static int open_vdso(struct module *module, uint32_t pid, uint64_t start, uint64_t size)
{
	void *memory;
	int error;

	if (size > VDSO_MAX)
		return -EFBIG;
	memory = malloc(size);
	if (!memory)
		return -ENOMEM;
	error = process__read_memory(pid, start, memory, size);
	if (error) {
		free(memory);
		return error;
	}
	return image__open_memory(&module->image, memory, size);
}

/* All processes of one kernel have the same one, but for 32-bit ones. */
static int open_own_vdso(struct module *module, const struct symbol_mapping *mapping)
{
	uint64_t start = getauxval(AT_SYSINFO_EHDR);

	if (!start || mapping->end <= UINT32_MAX)
		return -ENOENT;
	return open_vdso(module, getpid(), start, mapping->end - mapping->start);
}

void module__set_anonymous(struct module *module, struct context *context,
			   const struct process_perf_map *perf_map)
{
	module->kind = MODULE_JIT;
	module->opened = true;
	module->has_perf_map = perf_map;
	if (perf_map)
		module->perf_map = *perf_map;
	module__set_problem(module, context, SYMBOL_ANONYMOUS,
			    "let the JIT compiler write /tmp/perf-PID.map (node --perf-basic-prof, python -X perf, java -XX:+DumpPerfMapAtExit)",
			    "code in no file, as from a JIT compiler, and no /tmp/perf-PID.map names it");
}

void module__set_build_id(struct module *module, struct context *context,
			  const uint8_t *build_id, size_t size)
{
	char text[2 * BUILD_ID_MAX + 1];

	if (!size || size > BUILD_ID_MAX)
		return;
	memcpy(module->build_id, build_id, size);
	module->build_id_size = size;
	format_build_id(text, build_id, size);
	module->public.build_id = strings__intern(context->strings, text, strlen(text));
}

static void accept(struct module *module, struct context *context)
{
	module->kind = MODULE_FILE;
	module->loaded = false;
	module->public.problem = SYMBOL_OK;
	module->public.reason = NULL;
	module->public.advice = NULL;
	module__set_build_id(module, context, module->image.build_id,
			     module->image.build_id_size);
}

/* The file that was recorded, if it is not here any more. */
static void download(struct module *module, struct context *context)
{
	int fd;

	if (!module->build_id_size || context->options.no_separate ||
	    context->options.no_debuginfod || context->debuginfod_error ||
	    !debuginfod__configured())
		return;
	fd = debuginfod__fetch(module->build_id, module->build_id_size, DEBUGINFOD_EXECUTABLE);
	if (fd == -ENOENT)
		return;
	if (fd < 0)
		context->debuginfod_error = fd;
	else if (!image__open(&module->image, fd))
		accept(module, context);
}

void module__open_live(struct module *module, struct context *context,
		       const struct symbol_mapping *mapping)
{
	int result;

	module->live = true;
	module->opened = true;
	if (is_vdso(mapping->path)) {
		result = open_vdso(module, mapping->pid, mapping->start,
				   mapping->end - mapping->start);
		if (result)
			result = open_own_vdso(module, mapping);
	} else {
		result = process__open_mapping(mapping);
		if (result >= 0)
			result = image__open(&module->image, result);
	}

	if (result)
		module__set_error(module, context, result);
	else
		accept(module, context);
}

/* Below the root directory that the caller gave, if any. */
static int open_below_root(const struct context *context, const char *path)
{
	int root, fd;

	if (!context->options.root)
		return process__open_file(AT_FDCWD, path);
	root = open(context->options.root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return -errno;
	fd = process__open_file(root, path);
	close(root);
	return fd;
}

/*
 * Where there is no build-id to tell, it takes the same inode, unchanged since: inodes
 * of deleted files are used again for what the compiler makes next.
 */
static bool unchanged(const struct module *module, const struct context *context,
		      const struct stat *stat)
{
	uint64_t changed = stat->st_ctim.tv_sec * 1000000000ULL + stat->st_ctim.tv_nsec;

	return module->inode && stat->st_ino == module->inode &&
	       (!context->recorded_ns || changed <= context->recorded_ns);
}

static bool same_build_id(const struct module *module)
{
	return module->build_id_size == module->image.build_id_size &&
	       !memcmp(module->build_id, module->image.build_id, module->build_id_size);
}

static void check_recorded(struct module *module, struct context *context, bool same_file)
{
	char recorded[2 * BUILD_ID_MAX + 1], found[2 * BUILD_ID_MAX + 1];

	if (module->build_id_size ? same_build_id(module) : same_file) {
		accept(module, context);
		return;
	}
	if (module->build_id_size)
		module__set_problem(module, context, SYMBOL_FILE_CHANGED,
				    "report with the file that was recorded, or record again",
				    "the file here is another one: recorded build-id %s, found %s",
				    format_build_id(recorded, module->build_id,
						    module->build_id_size),
				    format_build_id(found, module->image.build_id,
						    module->image.build_id_size));
	else
		module__set_problem(module, context, SYMBOL_FILE_CHANGED,
				    "link it with -Wl,--build-id and record again",
				    "no build-id was recorded to tell whether the file here is the same one");
	image__close(&module->image);
}

/* Take the file if it is the one that was mapped. Returns 0 if so. Takes @fd. */
static int try_file(struct module *module, const struct symbol_mapping *mapping, int fd)
{
	struct stat stat;
	bool same;
	int error;

	if (fd < 0)
		return fd;
	same = !fstat(fd, &stat) && told_file__is(mapping, &stat);
	if (!same && !module->build_id_size) {
		close(fd);
		return -ESTALE;
	}
	error = image__open(&module->image, fd);
	if (error)
		return same ? error : -ESTALE;
	module->file = stat;
	if (!module->build_id_size || same_build_id(module))
		return 0;
	image__close(&module->image);
	return -ESTALE;
}

bool module__is_only_here(const struct module *module, const struct symbol_mapping *mapping)
{
	struct stat now;

	if (module->kind != MODULE_FILE)
		return false;
	if (is_vdso(mapping->path) || stat(mapping->path, &now))
		return true;
	/* Without a build-id it takes what was told. */
	if (!mapping->build_id_size)
		return !told_file__is(mapping, &now);
	return now.st_dev != module->file.st_dev || now.st_ino != module->file.st_ino ||
	       now.st_ctim.tv_sec != module->file.st_ctim.tv_sec ||
	       now.st_ctim.tv_nsec != module->file.st_ctim.tv_nsec;
}

/* As long as the process lives, by what it has mapped, and by the path as it sees it. */
static int open_of_process(struct module *module, const struct symbol_mapping *mapping)
{
	int root, mapped, error;

	mapped = try_file(module, mapping, process__open_map_file(mapping));
	/* map_files takes privileges; an executable of one's own can be had without. */
	if (!mapped || !try_file(module, mapping, process__open_exe(mapping->pid)))
		return 0;
	root = process__open_root(mapping->pid);
	if (root < 0)
		return root;
	error = try_file(module, mapping, process__open_file(root, mapping->path));
	close(root);
	/* Where it was mapped there may be another one by now, which tells nothing. */
	return error == -ENOENT && mapped != -ESTALE ? mapped : error;
}

static int open_told(struct module *module, struct context *context,
		     const struct symbol_mapping *mapping)
{
	int error = -ENOENT, here;

	if (context->here && process__is_alive(mapping->pid, mapping->start_ns))
		error = open_of_process(module, mapping);
	if (!error)
		return 0;
	here = try_file(module, mapping, open_below_root(context, mapping->path));
	/* That there is another file tells more than that there is none. */
	return here == -ENOENT || (here && error == -ESTALE) ? error : here;
}

/* Whose file it is matters only as long as they live, and there may be many of them. */
static void open_told_file(struct module *module, struct context *context,
			   const struct symbol_mapping *mapping)
{
	bool first = !module->opened;
	int result;

	if (module->kind == MODULE_FILE || (module->opened && module->pid == mapping->pid))
		return;
	module->opened = true;
	module->pid = mapping->pid;
	if (is_vdso(mapping->path))
		result = context->here ? open_own_vdso(module, mapping) : -ENOENT;
	else
		result = open_told(module, context, mapping);
	if (!result) {
		accept(module, context);
		return;
	}
	if (!first)
		return;
	module__set_error(module, context, result);
	if (module__open_debug_only(module, context, mapping))
		accept(module, context);
	else
		download(module, context);
}

void module__open_recorded(struct module *module, struct context *context,
			   const struct symbol_mapping *mapping)
{
	bool same_file = false;
	struct stat stat;
	int result;

	if (mapping->told) {
		open_told_file(module, context, mapping);
		return;
	}
	if (module->opened)
		return;
	module->opened = true;

	if (is_vdso(mapping->path)) {
		result = open_own_vdso(module, mapping);
	} else {
		result = open_below_root(context, mapping->path);
		if (result >= 0) {
			same_file = !fstat(result, &stat) && unchanged(module, context, &stat);
			result = image__open(&module->image, result);
		}
	}
	if (result)
		module__set_error(module, context, result);
	else
		check_recorded(module, context, same_file);
	if (module->kind == MODULE_FILE)
		return;
	if (module__open_debug_only(module, context, mapping))
		accept(module, context);
	else
		download(module, context);
}
