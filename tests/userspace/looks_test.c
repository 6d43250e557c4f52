// SPDX-License-Identifier: GPL-2.0
/*
 * What an address stood for, of all that was told of its space: rule by rule as the uapi header
 * has them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "symbol/looks.h"

#define ADDRESS	0x1000

/* Mappings of one page; their path says which one it is. */
static struct looks_mapping mappings[8];
static int nr_mappings;

static struct looks_mapping *mapping(const char *path, bool gone, uint32_t generation)
{
	struct looks_mapping *new = &mappings[nr_mappings++];

	*new = (struct looks_mapping){
		.mapping = { .start = ADDRESS, .end = ADDRESS + 4096, .path = path },
		.gone = gone,
		.generation = generation,
	};
	return new;
}

/* A look at @generation, with as many mappings as there are before the NULL. */
static void look(struct looks *looks, uint32_t generation, struct looks_mapping *first, ...)
{
	struct look *new = looks__begin(looks, generation);
	va_list args;

	assert_non_null(new);
	va_start(args, first);
	for (; first; first = va_arg(args, struct looks_mapping *))
		assert_int_equal(look__add(new, first), 0);
	va_end(args);
	looks__end(looks, new, false, false);
}

static void assert_found(const struct looks *looks, uint32_t generation, const char *path)
{
	struct looks_mapping *found;

	assert_int_equal(looks__find(looks, generation, ADDRESS, &found), LOOKS_FOUND);
	assert_string_equal(found->mapping.path, path);
}

static void test_what_was_there(void **state)
{
	struct looks looks = { 0 };
	struct looks_mapping *found;

	(void)state;
	nr_mappings = 0;
	look(&looks, 3, mapping("first", false, 3), NULL);
	look(&looks, 7, mapping("second", false, 7), NULL);
	assert_found(&looks, 1, "first");
	assert_found(&looks, 3, "first");
	assert_found(&looks, 4, "second");
	assert_int_equal(looks__find(&looks, 8, ADDRESS, &found), LOOKS_NOT_TOLD);
	assert_int_equal(looks__find(&looks, 3, ADDRESS + 4096, &found), LOOKS_NOTHING);
	looks__free(&looks);
}

static void test_what_has_gone_since(void **state)
{
	struct looks looks = { 0 };

	(void)state;
	nr_mappings = 0;
	look(&looks, 9, mapping("first", true, 4), mapping("second", true, 6),
	     mapping("third", false, 9), NULL);
	assert_found(&looks, 4, "first");
	assert_found(&looks, 5, "second");
	assert_found(&looks, 7, "third");
	looks__free(&looks);
}

/* The generation has grown, but who takes it away has not come to it yet. */
static void test_what_was_going(void **state)
{
	struct looks looks = { 0 };

	(void)state;
	nr_mappings = 0;
	look(&looks, 9, mapping("first", true, 2), mapping("second", true, 4), NULL);
	assert_found(&looks, 5, "second");
	looks__free(&looks);
}

/* It was not in the tree any more when it was looked at, and told of only afterwards. */
static void test_what_the_look_has_missed(void **state)
{
	struct looks looks = { 0 };

	(void)state;
	nr_mappings = 0;
	look(&looks, 5, NULL);
	look(&looks, 9, mapping("later", true, 8), mapping("missed", true, 5), NULL);
	assert_found(&looks, 3, "missed");
	assert_found(&looks, 5, "missed");
	looks__free(&looks);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_was_there),
		cmocka_unit_test(test_what_has_gone_since),
		cmocka_unit_test(test_what_was_going),
		cmocka_unit_test(test_what_the_look_has_missed),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
