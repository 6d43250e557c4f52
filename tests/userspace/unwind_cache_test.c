// SPDX-License-Identifier: GPL-2.0
/*
 * The cache of unwind tables: what is kept, for whom, and what others can do to it.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "load/copies.h"
#include "unwind/cache.h"
#include "unwind/recent.h"

/* As another user than root, if there is a choice: for root there is one directory only. */
#define USER	1234
#define OTHER	4321

#define SUBDIR	"profbuf/unwind-2"

static const uint8_t build_id[] = { 0xab, 0xcd, 0x01 };
static char base[64];
static char path[4096];

static void be(uid_t uid)
{
	if (!getuid())
		assert_int_equal(seteuid(uid), 0);
}

static const char *in_base(const char *name)
{
	snprintf(path, sizeof(path), "%s/%s", base, name);
	return path;
}

static const char *in_cache(const char *name)
{
	snprintf(path, sizeof(path), "%s/" SUBDIR "/%s", base, name);
	return path;
}

static int set_up(void **state)
{
	(void)state;
	be(0);
	strcpy(base, "/tmp/profbuf-cache-XXXXXX");
	assert_non_null(mkdtemp(base));
	if (!getuid())
		assert_int_equal(chown(base, USER, USER), 0);
	setenv("XDG_CACHE_HOME", base, 1);
	be(USER);
	return 0;
}

static int tear_down(void **state)
{
	char command[128];

	(void)state;
	be(0);
	snprintf(command, sizeof(command), "rm -rf %s", base);
	return system(command);
}

static void open_cache(struct unwind_cache *cache)
{
	assert_int_equal(unwind_cache__open(cache), 0);
}

static void put(const char *file, const char *text)
{
	FILE *out = fopen(file, "we");

	assert_non_null(out);
	fputs(text, out);
	fclose(out);
}

static void set_age(const char *file, time_t seconds)
{
	struct timespec times[2] = { { .tv_sec = time(NULL) - seconds } };

	times[1] = times[0];
	assert_int_equal(utimensat(AT_FDCWD, file, times, AT_SYMLINK_NOFOLLOW), 0);
}

static int read_size(const struct unwind_cache *cache, const char *name)
{
	void *table;
	size_t size;
	int err = unwind_cache__read(cache, name, &table, &size);

	if (!err)
		free(table);
	return err ? err : (int)size;
}

static void test_kept(void **state)
{
	struct unwind_cache cache;
	void *table;
	size_t size;

	(void)state;
	open_cache(&cache);
	assert_int_equal(read_size(&cache, "ab-1-0"), -ENOENT);
	assert_int_equal(unwind_cache__write(&cache, "ab-1-0", "table", 5), 0);
	unwind_cache__close(&cache);
	open_cache(&cache);
	assert_int_equal(unwind_cache__read(&cache, "ab-1-0", &table, &size), 0);
	assert_int_equal(size, 5);
	assert_memory_equal(table, "table", 5);
	free(table);
	/* Closed, it has nothing. */
	unwind_cache__close(&cache);
	assert_int_equal(read_size(&cache, "ab-1-0"), -ENOENT);
	assert_int_equal(unwind_cache__write(&cache, "ab-1-0", "table", 5), -ENOENT);
}

static void test_nothing_is_kept_too(void **state)
{
	struct unwind_cache cache;

	(void)state;
	open_cache(&cache);
	assert_int_equal(unwind_cache__write(&cache, "ab-1-0", NULL, 0), 0);
	assert_int_equal(read_size(&cache, "ab-1-0"), -ENODATA);
	unwind_cache__close(&cache);
}

static void get_name(char name[UNWIND_CACHE_NAME], const char *file, size_t build_id_size)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(unwind_cache__name(name, fd, build_id, build_id_size), 0);
	close(fd);
}

/* Who makes a file with the build-id of a library must not be taken for it. */
static void test_names(void **state)
{
	char first[UNWIND_CACHE_NAME], second[UNWIND_CACHE_NAME];
	struct timespec times[2] = { { 0 } };
	char file[128];
	int fd;

	(void)state;
	strcpy(file, in_base("file"));
	put(file, "12345");
	get_name(first, file, sizeof(build_id));
	assert_non_null(strstr(first, "abcd01-5-"));
	put(file, "123456");
	get_name(second, file, sizeof(build_id));
	assert_string_not_equal(first, second);
	if (!getuid()) {
		be(0);
		assert_int_equal(chown(file, OTHER, OTHER), 0);
		get_name(first, file, sizeof(build_id));
		be(USER);
		assert_string_not_equal(first, second);
		be(0);
		assert_int_equal(chown(file, USER, USER), 0);
		be(USER);
	}
	/* Without a build-id it is another one whenever it was written to. */
	get_name(first, file, 0);
	assert_string_not_equal(first, second);
	get_name(second, file, 0);
	assert_string_equal(first, second);
	usleep(20000);
	assert_int_equal(utimensat(AT_FDCWD, file, times, 0), 0);
	get_name(second, file, 0);
	assert_string_not_equal(first, second);
	/* A deleted one will not be seen again. */
	fd = open(file, O_RDONLY | O_CLOEXEC);
	assert_int_equal(unlink(file), 0);
	assert_int_equal(unwind_cache__name(first, fd, NULL, 0), -ENOENT);
	assert_int_equal(unwind_cache__name(first, fd, build_id, sizeof(build_id)), 0);
	close(fd);
}

/* Flip a bit of each byte, and cut it to each length. */
static void test_damaged(void **state)
{
	char content[64], table[] = "a table of some bytes";
	struct unwind_cache cache;
	ssize_t size, i;
	int fd;

	(void)state;
	open_cache(&cache);
	assert_int_equal(unwind_cache__write(&cache, "ab-1-0", table, sizeof(table)), 0);
	fd = open(in_cache("ab-1-0"), O_RDWR | O_CLOEXEC);
	size = pread(fd, content, sizeof(content), 0);
	assert_int_equal(size, 16 + sizeof(table));
	for (i = 0; i < size; i++) {
		char wrong = content[i] ^ 0x10;

		assert_int_equal(pwrite(fd, &wrong, 1, i), 1);
		assert_int_equal(read_size(&cache, "ab-1-0"), -EBADMSG);
		assert_int_equal(pwrite(fd, &content[i], 1, i), 1);
	}
	assert_int_equal(read_size(&cache, "ab-1-0"), sizeof(table));
	for (i = size; i--;) {
		assert_int_equal(ftruncate(fd, i), 0);
		assert_int_equal(read_size(&cache, "ab-1-0"), -EBADMSG);
	}
	/* As after a crash: all of it there, nothing written. */
	assert_int_equal(ftruncate(fd, size), 0);
	assert_int_equal(read_size(&cache, "ab-1-0"), -EBADMSG);
	/* Larger than any. */
	assert_int_equal(ftruncate(fd, 1LL << 40), 0);
	assert_int_equal(read_size(&cache, "ab-1-0"), -EBADMSG);
	close(fd);
	assert_int_equal(unwind_cache__write(&cache, "ab-1-0", table, sizeof(table)), 0);
	assert_int_equal(read_size(&cache, "ab-1-0"), sizeof(table));
	unwind_cache__close(&cache);
}

static void test_no_regular_file(void **state)
{
	struct unwind_cache cache;
	char text[8] = "";
	int fd;

	(void)state;
	open_cache(&cache);
	put(in_base("elsewhere"), "whole");
	assert_int_equal(symlink("../../elsewhere", in_cache("ab-1-0")), 0);
	assert_int_equal(read_size(&cache, "ab-1-0"), -ELOOP);
	assert_int_equal(unwind_cache__write(&cache, "ab-1-0", "table", 5), 0);
	assert_int_equal(read_size(&cache, "ab-1-0"), 5);
	fd = open(in_base("elsewhere"), O_RDONLY | O_CLOEXEC);
	assert_int_equal(read(fd, text, sizeof(text)), 5);
	assert_string_equal(text, "whole");
	close(fd);
	/* Whoever writes to it never comes. */
	alarm(60);
	assert_int_equal(mkfifo(in_cache("ab-2-0"), 0600), 0);
	assert_int_equal(read_size(&cache, "ab-2-0"), -EINVAL);
	alarm(0);
	assert_int_equal(mkdir(in_cache("ab-3-0"), 0700), 0);
	assert_int_equal(read_size(&cache, "ab-3-0"), -EINVAL);
	assert_true(unwind_cache__write(&cache, "ab-3-0", "table", 5) < 0);
	unwind_cache__close(&cache);
}

static void test_file_of_another(void **state)
{
	struct unwind_cache cache;

	(void)state;
	open_cache(&cache);
	assert_int_equal(unwind_cache__write(&cache, "ab-1-0", "table", 5), 0);
	assert_int_equal(chmod(in_cache("ab-1-0"), 0620), 0);
	assert_int_equal(read_size(&cache, "ab-1-0"), -EPERM);
	assert_int_equal(chmod(in_cache("ab-1-0"), 0644), 0);
	assert_int_equal(read_size(&cache, "ab-1-0"), 5);
	if (!getuid()) {
		be(0);
		assert_int_equal(chown(in_cache("ab-1-0"), OTHER, OTHER), 0);
		be(USER);
		assert_int_equal(read_size(&cache, "ab-1-0"), -EPERM);
	}
	unwind_cache__close(&cache);
}

static void test_directory_of_another(void **state)
{
	struct unwind_cache cache;
	char real[128];

	(void)state;
	open_cache(&cache);
	unwind_cache__close(&cache);
	assert_int_equal(chmod(in_cache(""), 0770), 0);
	assert_int_equal(unwind_cache__open(&cache), -EPERM);
	assert_int_equal(cache.dir, -1);
	assert_int_equal(chmod(in_cache(""), 0700), 0);
	assert_int_equal(chmod(in_base("profbuf"), 0702), 0);
	assert_int_equal(unwind_cache__open(&cache), -EPERM);
	assert_int_equal(chmod(in_base("profbuf"), 0755), 0);
	open_cache(&cache);
	unwind_cache__close(&cache);
	if (!getuid()) {
		be(0);
		assert_int_equal(chown(in_base("profbuf"), OTHER, OTHER), 0);
		be(USER);
		assert_int_equal(unwind_cache__open(&cache), -EPERM);
		be(0);
		assert_int_equal(chown(in_base("profbuf"), USER, USER), 0);
		assert_int_equal(chown(base, OTHER, OTHER), 0);
		assert_int_equal(chmod(base, 0755), 0);
		be(USER);
		assert_int_equal(unwind_cache__open(&cache), -EPERM);
		be(0);
		assert_int_equal(chown(base, USER, USER), 0);
		be(USER);
	}
	assert_int_equal(chmod(base, 0777), 0);
	assert_int_equal(unwind_cache__open(&cache), -EPERM);
	assert_int_equal(chmod(base, 01777), 0);
	open_cache(&cache);
	unwind_cache__close(&cache);
	/* One's own directory, but linked to by who knows whom. */
	strcpy(real, in_base("real"));
	assert_int_equal(rename(in_base("profbuf"), real), 0);
	assert_int_equal(symlink("real", in_base("profbuf")), 0);
	assert_true(unwind_cache__open(&cache) < 0);
}

static void test_where(void **state)
{
	struct unwind_cache cache;
	char link[128], home[128];

	(void)state;
	/* A link to a directory of one's own is as good as that. */
	assert_int_equal(mkdir(in_base("real"), 0700), 0);
	assert_int_equal(symlink("real", in_base("link")), 0);
	strcpy(link, in_base("link"));
	setenv("XDG_CACHE_HOME", link, 1);
	open_cache(&cache);
	unwind_cache__close(&cache);
	assert_int_equal(access(in_base("real/" SUBDIR), F_OK), 0);
	/* A relative path is no path. */
	assert_int_equal(mkdir(in_base("home"), 0700), 0);
	strcpy(home, in_base("home"));
	setenv("XDG_CACHE_HOME", "relative", 1);
	setenv("HOME", home, 1);
	open_cache(&cache);
	unwind_cache__close(&cache);
	assert_int_equal(access(in_base("home/.cache/" SUBDIR), F_OK), 0);
	unsetenv("XDG_CACHE_HOME");
	unsetenv("HOME");
	assert_int_equal(unwind_cache__open(&cache), -ENOENT);
	setenv("HOME", "home", 1);
	assert_int_equal(unwind_cache__open(&cache), -ENOENT);
}

/* What a child process finds wrong. */
#define CHECK(condition) check(condition, #condition)

static void check(bool condition, const char *text)
{
	if (condition)
		return;
	fprintf(stderr, "# not true: %s\n", text);
	_exit(EXIT_FAILURE);
}

/* Status of one that could not be tried. */
#define SKIPPED	77

static void join(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == SKIPPED)
		skip();
	assert_int_equal(WEXITSTATUS(status), 0);
}

/* Mounts that nobody else sees. @where: an empty file system. */
static void mount_for_us(const char *where, const char *options)
{
	CHECK(!seteuid(0));
	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("tmpfs", where, "tmpfs", 0, options))
		_exit(SKIPPED);
}

/* sudo keeps the environment of who has called it, who could have linked anything there. */
static void test_root_has_its_own(void **state)
{
	struct unwind_cache cache;
	pid_t pid;

	(void)state;
	if (getuid())
		skip();
	pid = fork();
	if (!pid) {
		mount_for_us("/var/cache", "mode=755");
		CHECK(!unwind_cache__open(&cache));
		CHECK(!unwind_cache__write(&cache, "ab-1-0", "table", 5));
		CHECK(!access("/var/cache/" SUBDIR "/ab-1-0", F_OK));
		CHECK(access(in_base("profbuf"), F_OK));
		_exit(0);
	}
	join(pid);
}

/* The root of a file system that a user may mount is not this machine's. */
static void test_mounted_by_users(void **state)
{
	char first[UNWIND_CACHE_NAME], second[UNWIND_CACHE_NAME];
	char file[128];
	pid_t pid;

	(void)state;
	if (getuid())
		skip();
	strcpy(file, in_base("file"));
	pid = fork();
	if (!pid) {
		mount_for_us(base, "mode=755");
		put(file, "12345");
		get_name(first, file, sizeof(build_id));
		CHECK(!mount("tmpfs", base, "tmpfs", 0, "mode=755"));
		put(file, "12345");
		get_name(second, file, sizeof(build_id));
		CHECK(!strcmp(first, second));
		CHECK(!mount("tmpfs", base, "tmpfs", MS_NOSUID, "mode=755"));
		put(file, "12345");
		get_name(second, file, sizeof(build_id));
		CHECK(strcmp(first, second));
		CHECK(!mount("tmpfs", base, "tmpfs", MS_NOSUID, "mode=755"));
		put(file, "12345");
		get_name(first, file, sizeof(build_id));
		CHECK(strcmp(first, second));
		_exit(0);
	}
	join(pid);
}

static void test_disk_full(void **state)
{
	static char large[1 << 20];
	struct unwind_cache cache;
	pid_t pid;

	(void)state;
	if (getuid())
		skip();
	pid = fork();
	if (!pid) {
		char options[64];

		snprintf(options, sizeof(options), "size=64k,mode=700,uid=%d", USER);
		mount_for_us(base, options);
		CHECK(!seteuid(USER));
		CHECK(!unwind_cache__open(&cache));
		CHECK(!unwind_cache__write(&cache, "ab-1-0", "table", 5));
		CHECK(unwind_cache__write(&cache, "ab-2-0", large, sizeof(large)) == -ENOSPC);
		CHECK(unwind_cache__write(&cache, "ab-1-0", large, sizeof(large)) == -ENOSPC);
		CHECK(read_size(&cache, "ab-2-0") == -ENOENT);
		/* What was there is there, and there is room again. */
		CHECK(read_size(&cache, "ab-1-0") == 5);
		CHECK(!unwind_cache__write(&cache, "ab-3-0", large, 20000));
		_exit(0);
	}
	join(pid);
}

/* What would not be read is not kept. */
static void test_too_large(void **state)
{
	const size_t most = (64 << 20) - 16;
	char *table = calloc(1, most + 1);
	struct unwind_cache cache;

	(void)state;
	assert_non_null(table);
	open_cache(&cache);
	assert_int_equal(unwind_cache__write(&cache, "ab-1-0", table, most + 1), -EFBIG);
	assert_int_equal(read_size(&cache, "ab-1-0"), -ENOENT);
	assert_int_equal(unwind_cache__write(&cache, "ab-1-0", table, most), 0);
	assert_int_equal(read_size(&cache, "ab-1-0"), most);
	unwind_cache__close(&cache);
	free(table);
}

/* Each of them writes tables of one byte value: nobody may see a mixed one. */
static void test_concurrent_writers(void **state)
{
	struct unwind_cache cache;
	pid_t writers[4];
	uint32_t i, found = 0;
	int fds[2], err;
	void *table;
	size_t size, n;
	char byte;

	(void)state;
	open_cache(&cache);
	assert_int_equal(pipe2(fds, O_NONBLOCK), 0);
	for (i = 0; i < 4; i++) {
		writers[i] = fork();
		if (!writers[i]) {
			static char data[40000];

			size = 1000 + 10000 * i;
			for (n = 0; n < 200; n++) {
				memset(data, 'a' + i, sizeof(data));
				CHECK(!unwind_cache__write(&cache, "ab-1-0", data, size));
				if (n % 20 == 0)
					CHECK(!unwind_cache__trim(&cache, 4096));
			}
			_exit(0);
		}
	}
	close(fds[1]);
	/* The pipe ends with the last of them. */
	while (read(fds[0], &byte, 1) < 0) {
		err = unwind_cache__read(&cache, "ab-1-0", &table, &size);
		assert_true(!err || err == -ENOENT);
		if (err)
			continue;
		assert_int_equal(size, 1000 + 10000 * (*(char *)table - 'a'));
		free(table);
		found++;
	}
	for (i = 0; i < 4; i++)
		join(writers[i]);
	close(fds[0]);
	assert_true(found);
	unwind_cache__close(&cache);
}

static void test_trim_order(void **state)
{
	static const char table[9000];
	struct unwind_cache cache;

	(void)state;
	open_cache(&cache);
	assert_int_equal(unwind_cache__write(&cache, "a1-1-0", table, sizeof(table)), 0);
	assert_int_equal(unwind_cache__write(&cache, "a2-1-0", table, sizeof(table)), 0);
	assert_int_equal(unwind_cache__write(&cache, "a3-1-0", table, sizeof(table)), 0);
	set_age(in_cache("a1-1-0"), 30);
	set_age(in_cache("a2-1-0"), 20);
	set_age(in_cache("a3-1-0"), 10);
	assert_int_equal(unwind_cache__trim(&cache, 3 * 12288), 0);
	/* By its use, the oldest is the newest. */
	assert_int_equal(read_size(&cache, "a1-1-0"), sizeof(table));
	assert_int_equal(unwind_cache__trim(&cache, 3 * 12288 - 1), 0);
	assert_int_equal(access(in_cache("a2-1-0"), F_OK), -1);
	assert_int_equal(access(in_cache("a3-1-0"), F_OK), 0);
	assert_int_equal(unwind_cache__trim(&cache, 12288), 0);
	assert_int_equal(access(in_cache("a3-1-0"), F_OK), -1);
	assert_int_equal(access(in_cache("a1-1-0"), F_OK), 0);
	unwind_cache__close(&cache);
}

/* Nothing goes but tables, and what writers that were killed have left behind. */
static void test_trim_leaves_others(void **state)
{
	static const char *const others[] = { "notes", ".hidden", "recent", ".new-2" };
	struct unwind_cache cache;
	size_t i;

	(void)state;
	open_cache(&cache);
	for (i = 0; i < sizeof(others) / sizeof(*others); i++) {
		put(in_cache(others[i]), "text");
		set_age(in_cache(others[i]), i == 3 ? 60 : 100000);
	}
	put(in_cache(".new-1"), "text");
	set_age(in_cache(".new-1"), 100000);
	assert_int_equal(symlink("notes", in_cache("a1-1-0")), 0);
	assert_int_equal(unwind_cache__write(&cache, "a2-1-0", "table", 5), 0);
	assert_int_equal(unwind_cache__trim(&cache, 0), 0);
	for (i = 0; i < sizeof(others) / sizeof(*others); i++)
		assert_int_equal(access(in_cache(others[i]), F_OK), 0);
	assert_int_equal(access(in_cache(".new-1"), F_OK), -1);
	assert_int_equal(access(in_cache("a2-1-0"), F_OK), -1);
	assert_int_equal(access(in_cache("a1-1-0"), F_OK), 0);
	unwind_cache__close(&cache);
}

/* Who makes tables of files that recordings tell of does not let the cache grow without end. */
static void test_trimmed_by_readers(void **state)
{
	struct copies copies = { .opened = true };
	int file;

	(void)state;
	open_cache(&copies.cache);
	assert_int_equal(unwind_cache__write(&copies.cache, "ab-1-0", "table", 5), 0);
	file = openat(copies.cache.dir, "ab-2-0", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_int_equal(ftruncate(file, UNWIND_CACHE_BYTES), 0);
	close(file);
	set_age(in_cache("ab-2-0"), 1000);
	copies__exit(&copies);
	assert_int_equal(access(in_cache("ab-1-0"), F_OK), 0);
	assert_int_not_equal(access(in_cache("ab-2-0"), F_OK), 0);
}

static void test_recent(void **state)
{
	static struct recent first, second;
	struct unwind_cache cache;
	char name[32];
	uint32_t i;

	(void)state;
	open_cache(&cache);
	assert_int_equal(recent__read(&first, &cache), -ENOENT);
	recent__add(&first, "/one");
	recent__add(&first, "/two");
	recent__add(&first, "/one");
	recent__add(&first, "/with\nline feed");
	recent__add(&first, "relative");
	recent__add(&first, "/three");
	recent__remove(&first, "/two");
	recent__remove(&first, "/none");
	assert_int_equal(recent__write(&first, &cache), 0);
	assert_int_equal(recent__read(&second, &cache), 0);
	assert_int_equal(second.nr, 2);
	assert_string_equal(second.paths[0], "/one");
	assert_string_equal(second.paths[1], "/three");
	for (i = 0; i < 2 * RECENT_MAX; i++) {
		sprintf(name, "/%u", i);
		recent__add(&second, name);
	}
	assert_int_equal(second.nr, RECENT_MAX);
	recent__free(&first);
	recent__free(&second);
	/* Damaged, it has none. */
	put(in_cache("recent"), "/etc/shadow\n");
	assert_int_equal(recent__read(&first, &cache), -EBADMSG);
	assert_int_equal(first.nr, 0);
	unwind_cache__close(&cache);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_kept, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_nothing_is_kept_too, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_names, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_damaged, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_no_regular_file, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_file_of_another, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_directory_of_another, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_where, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_root_has_its_own, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_mounted_by_users, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_disk_full, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_too_large, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_concurrent_writers, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_trim_order, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_trim_leaves_others, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_trimmed_by_readers, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_recent, set_up, tear_down),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
