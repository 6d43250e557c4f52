// SPDX-License-Identifier: GPL-2.0
/*
 * The files that a command needs: compared with what the dynamic linker says that it would map.
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "record/needed.h"
#include "record/program.h"
#include "symbol/process.h"

#define LINKER	"/lib64/ld-linux-x86-64.so.2"
#define PATHS_MAX	500
/* Enough to have met most kinds, in seconds. */
#define PROGRAMS	60

/**
 * struct paths - files
 * @paths: their paths, without links
 * @nr: how many
 */
struct paths {
	char *paths[PATHS_MAX];
	size_t nr;
};

static char base[64];
static char path_buffer[4096];

static const char *in_base(const char *name)
{
	snprintf(path_buffer, sizeof(path_buffer), "%s/%s", base, name);
	return path_buffer;
}

static int set_up(void **state)
{
	(void)state;
	strcpy(base, "/tmp/profbuf-needed-XXXXXX");
	return !mkdtemp(base);
}

static int tear_down(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", base);
	return system(command);
}

/* In @base. */
static void run(const char *command)
{
	char line[4096];

	snprintf(line, sizeof(line), "cd %s && { %s; }", base, command);
	assert_int_equal(system(line), 0);
}

static void build(const char *name, const char *options)
{
	char line[1024];

	snprintf(line, sizeof(line), "gcc -x c main.c -x none -o %s -Wl,--no-as-needed %s", name,
		 options);
	run("echo 'int main(void) { return 0; }' >main.c");
	run(line);
}

/* A library without anything in it. */
static void build_library(const char *name, const char *options)
{
	char line[1024];

	snprintf(line, sizeof(line),
		 "gcc -shared -fPIC -x c /dev/null -o %s -Wl,--no-as-needed %s", name, options);
	run(line);
}

static int add_path(void *context, const char *path)
{
	struct paths *paths = context;
	char *real = realpath(path, NULL);
	size_t i;

	assert_true(paths->nr < PATHS_MAX);
	if (!real)
		real = strdup(path);
	for (i = 0; i < paths->nr; i++)
		if (!strcmp(paths->paths[i], real))
			break;
	if (i < paths->nr)
		free(real);
	else
		paths->paths[paths->nr++] = real;
	return 0;
}

static void free_paths(struct paths *paths)
{
	while (paths->nr)
		free(paths->paths[--paths->nr]);
}

static int compare(const void *left, const void *right)
{
	return strcmp(*(char *const *)left, *(char *const *)right);
}

static char *join_paths(struct paths *paths)
{
	size_t size = 1, i;
	char *text;

	qsort(paths->paths, paths->nr, sizeof(*paths->paths), compare);
	for (i = 0; i < paths->nr; i++)
		size += strlen(paths->paths[i]) + 1;
	text = calloc(size, 1);
	for (i = 0; i < paths->nr; i++) {
		strcat(text, paths->paths[i]);
		strcat(text, "\n");
	}
	free_paths(paths);
	return text;
}

static char *needed(const char *program, const char *library_path, const char *preload)
{
	struct needed_places places;
	struct paths paths = { 0 };

	needed__get_places(&places);
	places.ld_library_path = library_path;
	places.preload = preload;
	assert_int_equal(needed__find(&places, program, add_path, &paths), 0);
	return join_paths(&paths);
}

/* What the dynamic linker says, which executes nothing then. */
static char *listed(const char *program, const char *library_path, const char *preload)
{
	struct paths paths = { 0 };
	char line[4096];
	FILE *list;

	add_path(&paths, program);
	snprintf(line, sizeof(line),
		 "LD_LIBRARY_PATH='%s' LD_PRELOAD='%s' LD_TRACE_LOADED_OBJECTS=1 " LINKER " '%s' 2>/dev/null",
		 library_path ? library_path : "", preload ? preload : "", program);
	list = popen(line, "re");
	assert_non_null(list);
	while (fgets(line, sizeof(line), list)) {
		char *path = strchr(line, '/'), *arrow = strstr(line, "=> /");

		if (arrow)
			path = arrow + 3;
		if (!path || !strstr(path, " (0x"))
			continue;
		*strstr(path, " (0x") = 0;
		add_path(&paths, path);
	}
	pclose(list);
	return join_paths(&paths);
}

static void compare_with_linker(const char *program, const char *library_path, const char *preload)
{
	char *ours = needed(program, library_path, preload);
	char *theirs = listed(program, library_path, preload);

	assert_string_equal(ours, theirs);
	free(ours);
	free(theirs);
}

static bool is_dynamic(const char *path)
{
	char command[4096];

	snprintf(command, sizeof(command), "readelf -lW '%s' 2>/dev/null | grep -q '" LINKER "'",
		 path);
	return !system(command);
}

/* Those of this machine. */
static void test_programs(void **state)
{
	size_t i, step, compared = 0;
	glob_t programs;

	(void)state;
	assert_int_equal(glob("/usr/bin/*", 0, NULL, &programs), 0);
	step = programs.gl_pathc / PROGRAMS + 1;
	for (i = 0; i < programs.gl_pathc; i += step) {
		char *real = realpath(programs.gl_pathv[i], NULL);

		if (real && is_dynamic(real)) {
			compare_with_linker(real, NULL, NULL);
			compared++;
		}
		free(real);
	}
	globfree(&programs);
	assert_true(compared > 10);
}

/* Libraries of the same name in several places: which one is it? */
static void test_order(void **state)
{
	static const char *const programs[] = {
		"rpath", "runpath", "inherited", "not_inherited", "chain", "plain", "absolute",
	};
	char c[128], two[256], preloaded[128], program[128];
	size_t i;

	(void)state;
	run("mkdir a b c sub");
	build_library("a/libx.so", "-Wl,-soname,libx.so");
	build_library("b/libx.so", "-Wl,-soname,libx.so");
	build_library("c/libx.so", "-Wl,-soname,libx.so");
	build_library("a/liby.so", "-Wl,-soname,liby.so -La -lx");
	build_library("sub/libz.so", "-Wl,-soname,libz.so -La -ly -Wl,-rpath,'$ORIGIN/../a'");
	build_library("b/libnoname.so", "");
	build("rpath", "-Lb -lx -Wl,-rpath,'$ORIGIN/b',--disable-new-dtags");
	build("runpath", "-Lb -lx -Wl,-rpath,'${ORIGIN}/b',--enable-new-dtags");
	build("inherited", "-La -ly -Wl,-rpath-link,a,-rpath,'$ORIGIN/a',--disable-new-dtags");
	build("not_inherited", "-La -ly -Wl,-rpath-link,a,-rpath,'$ORIGIN/a',--enable-new-dtags");
	build("chain", "-Lsub -lz -Wl,-rpath-link,a,-rpath,'$ORIGIN/sub'");
	build("plain", "$PWD/b/libx.so");
	build("absolute", "$PWD/b/libnoname.so");
	strcpy(c, in_base("c"));
	snprintf(two, sizeof(two), "/nowhere:%s", c);
	snprintf(preloaded, sizeof(preloaded), "%s/a/libx.so libm.so.6", base);
	for (i = 0; i < sizeof(programs) / sizeof(*programs); i++) {
		strcpy(program, in_base(programs[i]));
		compare_with_linker(program, NULL, NULL);
		compare_with_linker(program, c, NULL);
		compare_with_linker(program, two, NULL);
		compare_with_linker(program, NULL, preloaded);
	}
}

/* One that is for other processors is passed over. */
static void test_other_machine(void **state)
{
	char both[256], program[128], *found;

	(void)state;
	run("mkdir a b");
	build_library("a/libx.so", "-Wl,-soname,libx.so");
	build_library("b/libx.so", "-Wl,-soname,libx.so");
	build("program", "-La -lx");
	/* Its e_machine. */
	run("printf '\\003\\000' | dd of=a/libx.so bs=1 seek=18 conv=notrunc status=none");
	snprintf(both, sizeof(both), "%s/a:%s/b", base, base);
	strcpy(program, in_base("program"));
	found = needed(program, both, NULL);
	assert_non_null(strstr(found, in_base("b/libx.so")));
	assert_null(strstr(found, in_base("a/libx.so")));
	free(found);
}

/* They need each other, and the dynamic linker does not mind. */
static void test_circle(void **state)
{
	char program[128], a[128];

	(void)state;
	run("mkdir a");
	build_library("a/libx.so", "-Wl,-soname,libx.so");
	build_library("a/liby.so", "-Wl,-soname,liby.so -La -lx");
	build_library("a/libx.so", "-Wl,-soname,libx.so -La -ly");
	build("program", "-La -lx -Wl,-rpath-link,a");
	strcpy(program, in_base("program"));
	strcpy(a, in_base("a"));
	compare_with_linker(program, a, NULL);
}

static void test_no_dynamic_program(void **state)
{
	char *found, expected[128];

	(void)state;
	run("echo 'int main(void) { return 0; }' | gcc -static -x c - -o static");
	snprintf(expected, sizeof(expected), "%s\n", in_base("static"));
	found = needed(in_base("static"), NULL, "libm.so.6");
	assert_string_equal(found, expected);
	free(found);
	found = needed("/nowhere", NULL, NULL);
	assert_string_equal(found, "");
	free(found);
	run("echo text >text && mkfifo fifo");
	alarm(60);
	found = needed(in_base("text"), NULL, NULL);
	assert_string_equal(found, "");
	free(found);
	found = needed(in_base("fifo"), NULL, NULL);
	assert_string_equal(found, "");
	free(found);
	alarm(0);
}

static size_t read_file(const char *path, char *data, size_t max)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t size = read(fd, data, max);

	close(fd);
	return size < 0 ? 0 : size;
}

static void write_file(const char *path, const char *data, size_t size)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0700);

	assert_int_equal(write(fd, data, size), size);
	close(fd);
}

static int ignore(void *context, const char *path)
{
	(void)path;
	++*(size_t *)context;
	return 0;
}

/* What it is found with is damaged in all ways. */
static void test_damaged_cache(void **state)
{
	struct needed_places places;
	static char data[1 << 20];
	char program[128], cache[128];
	size_t size, i, found = 0;

	(void)state;
	needed__get_places(&places);
	build("program", "");
	strcpy(program, in_base("program"));
	strcpy(cache, in_base("cache"));
	size = read_file(places.cache, data, sizeof(data));
	places.cache = cache;
	assert_true(size > 1000);
	srand(1);
	for (i = 0; i < 300; i++) {
		size_t place = i < 100 ? i : rand() % size;
		char was = data[place];

		data[place] = i % 3 ? rand() : 0xff;
		write_file(cache, data, i % 5 ? size : place);
		assert_int_equal(needed__find(&places, program, ignore, &found), 0);
		data[place] = was;
	}
	/* In default directories it is found even so. */
	assert_true(found >= 3 * 300);
	/* As it was before version 2.32: behind one for older linkers. */
	memmove(data + 16, data, size);
	memcpy(data, "ld.so-1.7.0\0\0\0\0", 16);
	write_file(cache, data, size + 16);
	found = 0;
	assert_int_equal(needed__find(&places, program, ignore, &found), 0);
	assert_int_equal(found, 3);
}

static void test_damaged_program(void **state)
{
	static char data[1 << 20];
	struct needed_places places;
	size_t size, i, found = 0;
	char program[128];

	(void)state;
	needed__get_places(&places);
	build("program", "-Wl,-rpath,/nowhere");
	strcpy(program, in_base("program"));
	size = read_file(program, data, sizeof(data));
	srand(1);
	for (i = 0; i < 2000; i++) {
		size_t place = rand() % (i % 2 ? 1024 : size);
		char was = data[place];

		data[place] = rand();
		write_file(program, data, i % 7 ? size : place);
		assert_int_equal(needed__find(&places, program, ignore, &found), 0);
		data[place] = was;
	}
	assert_true(found > 1000);
}

static char *programs_of(const char *search, const char *command)
{
	struct paths paths = { 0 };

	assert_int_equal(program__find(search, command, add_path, &paths), 0);
	return join_paths(&paths);
}

static void expect_programs(const char *search, const char *command, const char *expected)
{
	char *found = programs_of(search, command);

	assert_string_equal(found, expected);
	free(found);
}

static void test_commands(void **state)
{
	char one[256], two[256], search[512], *expected;
	struct paths shell = { 0 };

	(void)state;
	run("mkdir -p a/directory b && for f in a/tool b/tool a/other b/other; do cp /usr/bin/env $f; done");
	run("chmod -x a/other && echo 'echo no line' >a/plain && chmod +x a/plain");
	snprintf(search, sizeof(search), "%s/none:%s/a:%s/b", base, base, base);
	snprintf(one, sizeof(one), "%s/a/tool\n", base);
	snprintf(two, sizeof(two), "%s/b/other\n", base);
	expect_programs(search, "tool", one);
	expect_programs(search, "other", two);
	/* A directory is passed over. */
	run("cp /usr/bin/env b/directory");
	snprintf(two, sizeof(two), "%s/b/directory\n", base);
	expect_programs(search, "directory", two);
	expect_programs(search, "nothing", "");
	expect_programs(search, "", "");
	/* Where it is not executable, it will be said so: nothing else is looked for. */
	expect_programs(search, in_base("b/tool"), strcat(strcpy(one, in_base("b/tool")), "\n"));
	/* The shell executes what the kernel does not. */
	add_path(&shell, "/bin/sh");
	expected = join_paths(&shell);
	expect_programs(search, "plain", expected);
	free(expected);
}

static void test_scripts(void **state)
{
	char search[512], tool[128], expected[4096], *env;

	(void)state;
	run("mkdir a && cp /usr/bin/env a/tool && mkfifo a/fifo");
	run("cd a && echo \"#! $PWD/tool  -x arg\" >direct && echo \"#!$PWD/direct\" >second");
	run("cd a && echo '#!/usr/bin/env tool' >by_env && echo '#!/usr/bin/env -S A=1 tool -x' >split");
	run("cd a && echo \"#!$PWD/loop\" >loop && echo '#!' >empty && echo '#!/nowhere' >missing");
	run("cd a && echo \"#!$PWD/fifo\" >to_fifo && chmod +x *");
	snprintf(search, sizeof(search), "%s/a", base);
	snprintf(tool, sizeof(tool), "%s/a/tool\n", base);
	env = realpath("/usr/bin/env", NULL);
	snprintf(expected, sizeof(expected), "%s%s\n", tool, env);
	free(env);
	alarm(60);
	expect_programs(search, "direct", tool);
	expect_programs(search, "second", tool);
	expect_programs(search, "by_env", expected);
	expect_programs(search, "split", expected);
	expect_programs(search, "loop", "");
	expect_programs(search, "empty", "");
	expect_programs(search, "missing", "");
	expect_programs(search, "to_fifo", "");
	alarm(0);
}

/* Whoever opens a file that its owner has a lease on waits for the end of that, if asked to. */
static void test_lease(void **state)
{
	void (*before)(int) = signal(SIGIO, SIG_IGN);
	char path[128];
	int fd;

	(void)state;
	snprintf(path, sizeof(path), "%s/leased", base);
	run("cp /bin/true leased");
	fd = open(path, O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(fcntl(fd, F_SETLEASE, F_WRLCK), 0);
	assert_int_equal(process__open_file(AT_FDCWD, path), -EAGAIN);
	close(fd);
	fd = process__open_file(AT_FDCWD, path);
	assert_true(fd >= 0);
	close(fd);
	signal(SIGIO, before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_programs),
		cmocka_unit_test_setup_teardown(test_order, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_other_machine, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_circle, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_no_dynamic_program, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_damaged_cache, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_damaged_program, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_commands, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_scripts, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_lease, set_up, tear_down),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
