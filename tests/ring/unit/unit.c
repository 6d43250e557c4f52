// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "unit.h"

#define MAX_TESTS	256
#define MAX_ARRAYS	256
#define AROUND		0xa5

/* An array that ends where the next page must not be touched. */
struct array {
	unsigned char *mapping;
	size_t mapped;
	unsigned char *start;
};

static struct CMUnitTest tests[MAX_TESTS];
static size_t test_count;
static struct array arrays[MAX_ARRAYS];
static size_t array_count;
static struct profbuf_ring *rings[MAX_ARRAYS];
static size_t ring_count;

static u64 *make_array(size_t length)
{
	struct array *array = &arrays[array_count++];
	size_t page = getpagesize();
	size_t bytes = length * sizeof(u64);
	size_t inside = (bytes + page - 1) / page * page;
	unsigned char *first;

	assert_true(array_count <= MAX_ARRAYS);
	array->mapped = inside + 2 * page;
	array->mapping = mmap(NULL, array->mapped, PROT_NONE,
			      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	assert_true(array->mapping != MAP_FAILED);

	first = array->mapping + page;
	array->start = first + inside - bytes;
	assert_int_equal(mprotect(first, inside, PROT_READ | PROT_WRITE), 0);
	memset(first, AROUND, array->start - first);
	return (u64 *)array->start;
}

void check_surroundings(void)
{
	static unsigned char around[1 << 16];
	size_t page = getpagesize();
	size_t i;

	memset(around, AROUND, page);
	for (i = 0; i < array_count; i++) {
		const unsigned char *first = arrays[i].mapping + page;

		assert_memory_equal(first, around, arrays[i].start - first);
	}
}

struct profbuf_ring *make_ring(s64 hdrsize, s64 words, s64 tags)
{
	struct profbuf_ring *ring = aligned_alloc(64, sizeof(*ring));
	struct profbuf_ring_layout layout;

	assert_non_null(ring);
	rings[ring_count++] = ring;
	assert_int_equal(profbuf_ring_layout(&layout, hdrsize, words, tags), 0);
	profbuf_ring_init(ring, &layout, make_array(layout.data_len), make_array(layout.tag_len),
			  make_array(profbuf_ring_overflow_words(&layout)));
	return ring;
}

void free_rings(void)
{
	check_surroundings();
	while (array_count) {
		array_count--;
		munmap(arrays[array_count].mapping, arrays[array_count].mapped);
	}
	while (ring_count)
		free(rings[--ring_count]);
}

static int teardown(void **state)
{
	(void)state;
	free_rings();
	return 0;
}

void start_at(struct profbuf_ring *ring, u32 data_count, u32 tag_count)
{
	ring->w_counts = pack(data_count, tag_count);
	ring->r_next = ring->w_counts;
	ring->r.counter = ring->w_counts;
	ring->w.counter = ring->w_counts;
}

struct words counting(u32 count, u64 first)
{
	static u64 word[1 << 16];
	u32 i;

	assert_true(count <= 1 << 16);
	for (i = 0; i < count; i++)
		word[i] = first + i;
	return (struct words){ word, count };
}

static void show(const char *what, const u64 *word, u32 count)
{
	u32 i;

	print_error("%s:", what);
	for (i = 0; i < count; i++)
		print_error(" %llu", word[i]);
	print_error("\n");
}

void expect_words(const u64 *memory, struct words expected, const char *what,
		  const char *file, int line)
{
	if (!memcmp(memory, expected.word, expected.count * sizeof(u64)))
		return;
	show(what, memory, expected.count);
	show("expected", expected.word, expected.count);
	_fail(file, line);
}

static void expect_count(const char *what, u32 actual, u32 expected, const char *file, int line)
{
	if (actual == expected)
		return;
	print_error("%u %s instead of %u\n", actual, what, expected);
	_fail(file, line);
}

void expect_batch(struct profbuf_ring *ring, u64 room, struct words data, struct words tags,
		  const char *file, int line)
{
	struct profbuf_ring_batch batch;
	int status = profbuf_ring_read(ring, &batch, room);

	if (status < 0) {
		print_error("read: status %d\n", status);
		_fail(file, line);
	}
	expect_count("records", status, tags.count, file, line);
	expect_count("words", batch.words, data.count, file, line);
	expect_count("tags", batch.records, tags.count, file, line);
	expect_words(batch.data, data, "data", file, line);
	expect_words(batch.tags, tags, "tags", file, line);
}

void expect_no_batch(struct profbuf_ring *ring, u64 room, int status, const char *file, int line)
{
	struct profbuf_ring_batch batch;
	int actual = profbuf_ring_read(ring, &batch, room);

	if (actual != status) {
		print_error("read: status %d instead of %d\n", actual, status);
		_fail(file, line);
	}
	expect_count("words", batch.words, 0, file, line);
	expect_count("records", batch.records, 0, file, line);
}

void expect_totals(const struct profbuf_ring *ring, u64 written, u64 lost, u64 nested, u64 filtered)
{
	struct profbuf_ring_totals totals;

	profbuf_ring_totals(ring, &totals);
	assert_int_equal(totals.written, written);
	assert_int_equal(totals.lost, lost);
	assert_int_equal(totals.nested, nested);
	assert_int_equal(totals.filtered, filtered);
}

void add_test(const char *name, CMUnitTestFunction run)
{
	if (test_count == MAX_TESTS)
		abort();
	tests[test_count++] = (struct CMUnitTest){
		.name = name, .test_func = run, .teardown_func = teardown,
	};
}

int main(int argc, char **argv)
{
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return _cmocka_run_group_tests("ring", tests, test_count, NULL, NULL);
}
