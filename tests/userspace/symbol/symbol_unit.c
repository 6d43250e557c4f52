// SPDX-License-Identifier: GPL-2.0
/* Units of the resolver that need no file. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <valgrind/valgrind.h>

#include "symbol/demangle.h"
#include "symbol/guard.h"
#include "symbol/mappings.h"
#include "symbol/process.h"
#include "symbol/strings.h"
#include "symbol/symbol.h"
#include "symbol/symtab.h"

static void add(struct symtab *symtab, const char *name, uint64_t start, uint64_t end,
		unsigned int rank)
{
	struct symtab_symbol symbol = {
		.start = start,
		.end = end,
		.name = name,
		.name_size = strlen(name) + 1,
		.rank = rank,
		.open = !end,
	};

	if (!end)
		symbol.end = UINT64_MAX;
	assert_int_equal(symtab__add(symtab, &symbol), 0);
}

static const char *find(struct symtab *symtab, uint64_t address)
{
	const struct symtab_symbol *symbol = symtab__find(symtab, address);

	return symbol ? symbol->name : "";
}

static void test_symtab_bounds(void **state)
{
	struct symtab symtab = { 0 };

	(void)state;
	assert_string_equal(find(&symtab, 0), "");
	add(&symtab, "b", 0x200, 0x280, 0);
	add(&symtab, "a", 0x100, 0x180, 0);
	assert_string_equal(find(&symtab, 0xff), "");
	assert_string_equal(find(&symtab, 0x100), "a");
	assert_string_equal(find(&symtab, 0x17f), "a");
	assert_string_equal(find(&symtab, 0x180), "");
	assert_string_equal(find(&symtab, 0x200), "b");
	assert_string_equal(find(&symtab, UINT64_MAX), "");
	symtab__free(&symtab);
}

static void test_symtab_nested(void **state)
{
	struct symtab symtab = { 0 };

	(void)state;
	add(&symtab, "outer", 0x100, 0x200, 0);
	add(&symtab, "entry", 0x140, 0x150, 0);
	add(&symtab, "deep", 0x144, 0x148, 0);
	add(&symtab, "label", 0x160, 0, 0);
	assert_string_equal(find(&symtab, 0x13f), "outer");
	assert_string_equal(find(&symtab, 0x140), "entry");
	assert_string_equal(find(&symtab, 0x145), "deep");
	assert_string_equal(find(&symtab, 0x149), "entry");
	assert_string_equal(find(&symtab, 0x150), "outer");
	assert_string_equal(find(&symtab, 0x161), "outer");
	assert_string_equal(find(&symtab, 0x200), "");
	symtab__free(&symtab);
}

static void test_symtab_aliases(void **state)
{
	struct symtab symtab = { 0 };

	(void)state;
	add(&symtab, "local", 0x100, 0x110, 8);
	add(&symtab, "global", 0x100, 0x110, 0);
	add(&symtab, "weak", 0x100, 0x110, 4);
	add(&symtab, "label", 0x100, 0, 0);
	add(&symtab, "first", 0x200, 0, 0);
	add(&symtab, "second", 0x200, 0, 0);
	assert_string_equal(find(&symtab, 0x100), "global");
	assert_string_equal(find(&symtab, 0x200), "first");
	assert_int_equal(symtab__rank_name("name"), 0);
	assert_int_equal(symtab__rank_name("__name"), 2);
	assert_int_equal(symtab__rank_name("_____name"), 3);
	symtab__free(&symtab);
}

static void test_symtab_without_size(void **state)
{
	struct symtab symtab = { 0 };

	(void)state;
	add(&symtab, "first", 0x1100, 0, 0);
	add(&symtab, "second", 0x1200, 0, 0);
	assert_string_equal(find(&symtab, 0x11ff), "first");
	assert_string_equal(find(&symtab, 0x1200), "second");
	/* To the end of its page. */
	assert_string_equal(find(&symtab, 0x1fff), "second");
	assert_string_equal(find(&symtab, 0x2000), "");
	/* Added later. */
	add(&symtab, "third", 0x1800, 0x1900, 0);
	assert_string_equal(find(&symtab, 0x1880), "third");
	symtab__free(&symtab);
}

static void test_symtab_newest(void **state)
{
	struct symtab symtab = { .newest_wins = true };

	(void)state;
	add(&symtab, "old", 0x100, 0x200, 0);
	add(&symtab, "inside", 0x300, 0x340, 0);
	add(&symtab, "new", 0x100, 0x180, 0);
	add(&symtab, "around", 0x2f0, 0x400, 0);
	add(&symtab, "part", 0x380, 0x390, 0);
	assert_string_equal(find(&symtab, 0x140), "new");
	assert_string_equal(find(&symtab, 0x1c0), "");
	assert_string_equal(find(&symtab, 0x320), "around");
	assert_string_equal(find(&symtab, 0x385), "part");
	assert_string_equal(find(&symtab, 0x391), "around");
	symtab__free(&symtab);
}

/* Against the obvious way to do it, on symbols that nest in all ways. */
static void test_symtab_random(void **state)
{
	unsigned int round, i, n, address;

	(void)state;
	srand(1);
	for (round = 0; round < 200; round++) {
		struct symtab_symbol symbols[24] = { 0 };
		struct symtab symtab = { 0 };

		n = rand() % 24;
		for (i = 0; i < n; i++) {
			symbols[i].start = 1 + rand() % 60;
			symbols[i].end = symbols[i].start + 1 + rand() % 30;
			symbols[i].name = "name";
			symbols[i].rank = i;
			assert_int_equal(symtab__add(&symtab, &symbols[i]), 0);
		}
		for (address = 0; address < 100; address++) {
			const struct symtab_symbol *found = symtab__find(&symtab, address);
			const struct symtab_symbol *best = NULL;

			for (i = 0; i < n; i++) {
				unsigned int j;

				for (j = 0; j < i && symbols[j].start != symbols[i].start; j++)
					;
				if (j < i)
					continue;
				if (address >= symbols[i].start && address < symbols[i].end &&
				    (!best || symbols[i].start > best->start))
					best = &symbols[i];
			}
			assert_int_equal(found ? found->start : 0, best ? best->start : 0);
			assert_int_equal(found ? found->rank : 0, best ? best->rank : 0);
		}
		symtab__free(&symtab);
	}
}

static void test_mappings(void **state)
{
	static const struct symbol_mapping whole = { .start = 0x1000, .end = 0x9000 };
	static const struct symbol_mapping middle = { .start = 0x3000, .end = 0x5000 };
	static const struct symbol_mapping seam = { .start = 0x4000, .end = 0x6000 };
	static const struct symbol_mapping early = { .start = 0x100, .end = 0x200 };
	struct mappings mappings = { 0 };

	(void)state;
	assert_null(mappings__find(&mappings, 0));
	assert_int_equal(mappings__add(&mappings, &whole), 0);
	assert_ptr_equal(mappings__find(&mappings, 0x3000), &whole);
	assert_int_equal(mappings__add(&mappings, &middle), 0);
	assert_int_equal(mappings__add(&mappings, &seam), 0);
	assert_int_equal(mappings__add(&mappings, &early), 0);
	assert_null(mappings__find(&mappings, 0xfff));
	assert_ptr_equal(mappings__find(&mappings, 0x100), &early);
	assert_null(mappings__find(&mappings, 0x200));
	assert_ptr_equal(mappings__find(&mappings, 0x2fff), &whole);
	assert_ptr_equal(mappings__find(&mappings, 0x3000), &middle);
	assert_ptr_equal(mappings__find(&mappings, 0x3fff), &middle);
	assert_ptr_equal(mappings__find(&mappings, 0x4000), &seam);
	assert_ptr_equal(mappings__find(&mappings, 0x5fff), &seam);
	assert_ptr_equal(mappings__find(&mappings, 0x6000), &whole);
	assert_ptr_equal(mappings__find(&mappings, 0x8fff), &whole);
	assert_null(mappings__find(&mappings, 0x9000));
	assert_int_equal(mappings.nranges, 5);
	assert_int_equal(mappings__add(&mappings, &whole), 0);
	assert_int_equal(mappings.nranges, 2);
	mappings__free(&mappings);
}

static void test_mappings_bounded(void **state)
{
	static struct symbol_mapping list[70000];
	struct mappings mappings = { 0 };
	int error = 0;
	size_t i;

	(void)state;
	for (i = 0; !error && i < 70000; i++) {
		list[i].start = (i + 1) * 0x1000ULL;
		list[i].end = list[i].start + 0x1000;
		error = mappings__add(&mappings, &list[i]);
	}
	assert_int_equal(error, -E2BIG);
	assert_ptr_equal(mappings__find(&mappings, list[1000].start), &list[1000]);
	mappings__free(&mappings);
}

static void test_strings(void **state)
{
	struct strings *strings = strings__new();
	char text[] = "same but longer";
	const char *first;

	(void)state;
	assert_non_null(strings);
	first = strings__intern(strings, "same", 4);
	assert_string_equal(first, "same");
	assert_ptr_equal(strings__intern(strings, text, 4), first);
	assert_ptr_not_equal(strings__intern(strings, text, 5), first);
	assert_string_equal(strings__intern(strings, "", 0), "");
	strings__free(strings);
}

static void assert_demangles(const char *name, bool parameters, const char *expected)
{
	char buffer[4096];

	if (!demangle(name, parameters, buffer, sizeof(buffer)))
		buffer[0] = '\0';
	assert_string_equal(buffer, expected);
}

static void test_demangle(void **state)
{
	(void)state;
	assert_demangles("main", false, "");
	assert_demangles("__libc_start_main", false, "");
	assert_demangles("_Z3fooi", false, "foo");
	assert_demangles("_Z3fooi", true, "foo(int)");
	assert_demangles("_ZNSt6vectorIiSaIiEE9push_backEOi", false,
			 "std::vector<int, std::allocator<int> >::push_back");
	assert_demangles("_ZN4core3fmt5write17h05af221e174051e9E", false, "core::fmt::write");
	assert_demangles("_ZN4core3fmt5write17h05af221e174051e9E", true,
			 "core::fmt::write::h05af221e174051e9");
	assert_demangles("_ZN71_$LT$Test$u20$$u2b$$u20$$u27$static$u20$as$u20$foo..Bar$LT$Test"
			 "$GT$$GT$3bar17h930b740aa94f1d3aE", false,
			 "<Test + 'static as foo::Bar<Test>>::bar");
	assert_demangles("_RNvNtCs1234_7mycrate3foo3bar", false, "mycrate::foo::bar");
}

/* A<..> of the one before, twice, again and again: 2^times names. */
static bool demangle_doubled(int times)
{
	static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
	static char buffer[65536];
	char name[1024] = "_Z1fI1A1BIS0_S0_E";
	int i;

	for (i = 0; i < times; i++) {
		char piece[16];

		snprintf(piece, sizeof(piece), "S1_IS%c_S%c_E", digits[i + 2], digits[i + 2]);
		strcat(name, piece);
	}
	strcat(name, "Evv");
	return demangle(name, false, buffer, sizeof(buffer));
}

static void test_demangle_explosion(void **state)
{
	(void)state;
	assert_true(demangle_doubled(5));
	assert_false(demangle_doubled(32));
}

static void out_of_memory(void *argument)
{
	(void)argument;
	guard__out_of_memory();
}

static void nested(void *argument)
{
	int *result = argument;

	*result = guard__run(out_of_memory, NULL);
}

static void test_guard(void **state)
{
	int inner = 0;

	(void)state;
	assert_int_equal(guard__run(out_of_memory, NULL), -ENOMEM);
	assert_int_equal(guard__run(nested, &inner), 0);
	assert_int_equal(inner, -ENOMEM);
}

/* More than is allowed in any case. Not used, so that it takes nothing. */
static bool can_allocate(void)
{
	size_t size = 5UL << 30;
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (memory == MAP_FAILED)
		return false;
	munmap(memory, size);
	return true;
}

static void allocate_limited(void *argument)
{
	bool *allocated = argument;

	guard__limit_memory();
	*allocated = can_allocate();
	guard__out_of_memory();
}

static void test_guard_limits(void **state)
{
	bool allocated = true;

	(void)state;
	/* It has a limit of its own. */
	if (RUNNING_ON_VALGRIND)
		skip();
	assert_true(can_allocate());
	assert_int_equal(guard__run(allocate_limited, &allocated), -ENOMEM);
	assert_false(allocated);
	assert_true(can_allocate());
}

static void write_file(int directory, const char *name, const char *text)
{
	int fd = openat(directory, name, O_CREAT | O_WRONLY, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static void assert_holds(int fd, const char *text)
{
	char buffer[64] = "";

	assert_true(fd >= 0);
	assert_int_equal(read(fd, buffer, sizeof(buffer) - 1), strlen(text));
	assert_string_equal(buffer, text);
	close(fd);
}

/* A root directory in which links lead astray. */
static void test_open_file(void **state)
{
	char path[] = "/tmp/symbol_unit.XXXXXX";
	int root;

	(void)state;
	/* It does not know openat2(). */
	if (RUNNING_ON_VALGRIND)
		skip();
	assert_non_null(mkdtemp(path));
	root = open(path, O_PATH | O_DIRECTORY);
	assert_int_equal(mkdirat(root, "etc", 0700), 0);
	write_file(root, "etc/passwd", "inside");
	assert_int_equal(symlinkat("/etc", root, "absolute"), 0);
	assert_int_equal(symlinkat("../../../../../../etc", root, "above"), 0);
	assert_int_equal(symlinkat("/proc/self/root/etc", root, "magic"), 0);
	assert_int_equal(mkfifoat(root, "fifo", 0600), 0);

	assert_holds(process__open_file(root, "/etc/passwd"), "inside");
	assert_holds(process__open_file(root, "/absolute/passwd"), "inside");
	assert_holds(process__open_file(root, "/above/passwd"), "inside");
	assert_holds(process__open_file(root, "/../etc/passwd"), "inside");
	assert_int_equal(process__open_file(root, "/magic/passwd"), -ENOENT);
	assert_int_equal(process__open_file(root, "/fifo"), -ENODEV);
	assert_int_equal(process__open_file(root, "/etc"), -ENODEV);
	assert_int_equal(process__open_file(AT_FDCWD, "/dev/zero"), -ENODEV);

	unlinkat(root, "etc/passwd", 0);
	unlinkat(root, "absolute", 0);
	unlinkat(root, "above", 0);
	unlinkat(root, "magic", 0);
	unlinkat(root, "fifo", 0);
	unlinkat(root, "etc", AT_REMOVEDIR);
	close(root);
	rmdir(path);
}

static void test_recorded_symbols(void **state)
{
	struct symbols *symbols = symbols__new(NULL);
	const struct symbol_location *location, *again;

	(void)state;
	assert_non_null(symbols);
	assert_int_equal(symbols__add_process_symbol(symbols, 7, 0x1000, 0x10, "_Z3fooi"), 0);
	location = symbols__resolve(symbols, 7, 0x1008, true);
	assert_int_equal(location->nframes, 1);
	assert_string_equal(location->frames[0].name, "foo");
	assert_string_equal(location->frames[0].system_name, "_Z3fooi");
	assert_int_equal(location->symbol_start, 0x1000);
	assert_int_equal(location->symbol_size, 0x10);
	again = symbols__resolve(symbols, 7, 0x1008, true);
	assert_ptr_equal(location, again);
	assert_int_equal(location->module->addresses, 1);

	/* A return address is of the instruction before it. */
	assert_int_equal(symbols__resolve(symbols, 7, 0x1010, true)->nframes, 0);
	assert_int_equal(symbols__resolve(symbols, 7, 0x1010, false)->nframes, 1);
	assert_int_equal(symbols__resolve(symbols, 7, 0x1000, false)->nframes, 0);

	location = symbols__resolve(symbols, 8, 0x1008, true);
	assert_int_equal(location->nframes, 0);
	assert_int_equal(location->module->problem, SYMBOL_NO_PROCESS);
	location = symbols__resolve(symbols, 8, 0, false);
	assert_int_equal(location->nframes, 0);
	symbols__free(symbols);
}

static unsigned int count_mappings(struct symbols *symbols, uint32_t pid)
{
	const struct symbol_mapping *mapping = NULL;
	unsigned int n = 0;

	while ((mapping = symbols__next_mapping(symbols, pid, mapping)))
		n++;
	return n;
}

/* Stands still: valgrind and sanitizers map memory of their own in a process that goes on. */
static pid_t start_stopped_process(void)
{
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			raise(SIGSTOP);
	}
	assert_int_equal(waitpid(pid, &status, WUNTRACED), pid);
	assert_true(WIFSTOPPED(status));
	return pid;
}

/* What is mapped as before is known, however often it is read. */
static void test_process_read_again(void **state)
{
	struct symbols *symbols = symbols__new(NULL);
	enum symbols_news news = SYMBOLS_MORE;
	pid_t pid = start_stopped_process();
	unsigned int first;

	(void)state;
	assert_non_null(symbols);
	assert_int_equal(symbols__read_process(symbols, pid), 0);
	first = count_mappings(symbols, pid);
	assert_true(first > 2);
	assert_int_equal(symbols__read_process(symbols, pid), 0);
	assert_int_equal(count_mappings(symbols, pid), first);
	assert_int_equal(symbols__check_process(symbols, pid, &news), 0);
	assert_int_equal(news, SYMBOLS_NO_NEWS);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	symbols__free(symbols);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_symtab_bounds),
		cmocka_unit_test(test_symtab_nested),
		cmocka_unit_test(test_symtab_aliases),
		cmocka_unit_test(test_symtab_without_size),
		cmocka_unit_test(test_symtab_newest),
		cmocka_unit_test(test_symtab_random),
		cmocka_unit_test(test_mappings),
		cmocka_unit_test(test_mappings_bounded),
		cmocka_unit_test(test_strings),
		cmocka_unit_test(test_demangle),
		cmocka_unit_test(test_demangle_explosion),
		cmocka_unit_test(test_guard),
		cmocka_unit_test(test_guard_limits),
		cmocka_unit_test(test_open_file),
		cmocka_unit_test(test_recorded_symbols),
		cmocka_unit_test(test_process_read_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
