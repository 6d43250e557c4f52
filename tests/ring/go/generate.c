// SPDX-License-Identifier: GPL-2.0
/*
 * generate [--stats] SEED COUNT - print COUNT random traces
 *
 * Each trace depends on its own seed alone, the first on SEED, the next on SEED + 1
 * and so on, and begins with a comment that names it. With --stats, print instead
 * in how many of the traces each kind of situation occurs.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model.h"

#define WORD_BUDGET	2500	/* stack words of one trace, about */
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

static struct model model;
static uint64_t random_state;
static uint64_t word_budget;
static int64_t now;
static bool quiet;

/* splitmix64 */
static uint64_t next_random(void)
{
	uint64_t x = random_state += 0x9e3779b97f4a7c15;

	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
	x = (x ^ x >> 27) * 0x94d049bb133111eb;
	return x ^ x >> 31;
}

static uint64_t below(uint64_t limit)
{
	return next_random() % limit;
}

static bool one_in(uint64_t n)
{
	return !below(n);
}

/* Output, without stdio's formatting, which would take most of the time. */
static void text(const char *s)
{
	if (!quiet)
		fputs_unlocked(s, stdout);
}

static void number(uint64_t value)
{
	char digits[24];
	char *p = digits + sizeof(digits) - 1;

	*p = '\0';
	do {
		*--p = '0' + value % 10;
		value /= 10;
	} while (value);
	*--p = ' ';
	text(p);
}

static void signed_number(int64_t value)
{
	if (value >= 0) {
		number(value);
		return;
	}
	text(" -");
	if (!quiet)
		printf("%" PRIu64, -(uint64_t)value);
}

static void command(const char *s)
{
	text(s);
	text("\n");
}

static void word(void)
{
	switch (below(16)) {
	case 0:
		number(next_random());
		break;
	case 1:
	case 2:
		/* As a length it would be a rewind marker. */
		number(0);
		break;
	default:
		number(below(100));
	}
}

static void time_argument(bool repeated)
{
	int64_t step = below(10);

	if (one_in(16)) {
		cover(&model, COVERED_time_backwards);
		step = -step - 1;
	}
	now += step;
	if (!repeated && one_in(64)) {
		static const int64_t odd[] = { INT64_MIN, INT64_MAX, -1, 0 };

		signed_number(odd[below(ARRAY_SIZE(odd))]);
		return;
	}
	signed_number(now);
}

/* Tags must not look like addresses in Go's heap, which on arm64 begins at 2^38. */
static void tag_argument(void)
{
	switch (below(8)) {
	case 0:
	case 1:
		cover(&model, COVERED_nil_tag_pointer);
		text(" -");
		break;
	case 2:
		cover(&model, COVERED_nil_tag);
		number(0);
		break;
	case 3:
		cover(&model, COVERED_high_tag);
		number(next_random() | 1ULL << 63);
		break;
	case 4:
		number(below(1ULL << 38));
		break;
	default:
		number(1000 + below(1000));
	}
}

/* A number of stack words that comes to a boundary, or just not. */
static uint64_t stack_length(void)
{
	struct room room;
	uint64_t words;

	if (model.nil || !word_budget)
		return below(4);

	room = model_room(&model);
	switch (below(16)) {
	case 0:
		words = room.words;
		break;
	case 1:
		words = room.words + 1;
		break;
	case 2:
		words = room.to_end;
		break;
	case 3:
		words = room.to_end - 1;
		break;
	case 4:
		words = room.to_end + 1;
		break;
	case 5:
		words = room.words - room.to_end;
		break;
	case 6:
		words = room.words - room.to_end + 1;
		break;
	case 7:
		words = model.words / 2 + below(2);
		break;
	case 8:
		words = model.words + (one_in(4) ? below(model.words) : below(2));
		break;
	case 9:
		words = FIXED_WORDS + model.header + below(model.words);
		break;
	case 10:
		words = FIXED_WORDS + model.header;
		break;
	default:
		words = FIXED_WORDS + model.header + below(6);
	}
	words -= FIXED_WORDS + model.header;
	return words <= 2 * model.words ? words : below(4);
}

static uint64_t header_length(bool misuse)
{
	if (model.nil)
		return below(4);
	if (misuse)
		return model.header + 1 + below(3);
	if (one_in(4))
		return below(model.header + 1);
	return model.header;
}

/* False: the trace ends here. */
static bool write_command(uint64_t count, bool misuse)
{
	uint64_t header = header_length(misuse);
	uint64_t stack = stack_length();
	uint64_t i;

	if (count != 1 || one_in(32)) {
		cover(&model, count ? COVERED_rep : COVERED_rep_of_none);
		text("rep");
		number(count);
		text(" ");
	}
	text("write");
	time_argument(count != 1);
	tag_argument();
	text(" H");
	for (i = 0; i < header; i++)
		word();
	text(" S");
	for (i = 0; i < stack; i++)
		word();
	text("\n");
	word_budget -= stack < word_budget ? stack : word_budget;

	for (i = 0; i < count; i++)
		if (model_write(&model, header, stack) == MISUSED)
			return false;
	return true;
}

static bool rep_command(void)
{
	if (model.sleeping)
		return write_command(1, false);
	return write_command(one_in(16) ? below(400) : below(6), false);
}

static void drain_command(void)
{
	cover(&model, COVERED_drain);
	command("drain");
	while (model_read(&model))
		;
}

static void state_command(void)
{
	cover(&model, COVERED_state);
	command("state");
}

static void overflow_command(void)
{
	uint64_t count = one_in(4) ? below(10) : UINT32_MAX - below(6);

	text("ovf");
	number(count);
	text("\n");
	model_set_overflow(&model, count);
}

/* A read that blocks, what wakes it, and its end. False: the trace ends here. */
static bool blocking_read(void)
{
	bool more = true;

	command("bread");
	if (model_bread(&model)) {
		uint64_t tag = model.w.tag;

		if (one_in(4)) {
			cover(&model, COVERED_state_in_sleep);
			state_command();
		}
		if (one_in(6)) {
			cover(&model, COVERED_sleep_ends_by_close);
			command("close");
			model_close(&model);
		} else {
			more = write_command(1, one_in(64));
			cover(&model, !more ? COVERED_sleep_ends_by_misuse :
				      model.w.tag != tag ? COVERED_sleep_ends_by_store :
							   COVERED_sleep_ends_by_discard);
		}
		if (more)
			model_join(&model);
	}
	command("join");
	return more;
}

/* Every command that may wake Go's reader, unless that would break Go. */
static bool waking_command(bool (*perform)(void))
{
	if (model_may_wake(&model))
		return perform();
	if (model.closed)
		return false;
	drain_command();
	return blocking_read();
}

static bool plain_write(void)
{
	return write_command(1, false);
}

static bool misuse(void)
{
	return write_command(1, true);
}

static bool close_command(void)
{
	command("close");
	return model_close(&model);
}

/* How often each command comes, of 100; what remains are writes. */
struct profile {
	unsigned int rep, read, drain, bread, ovf, close;
	unsigned int state;
};

static const struct profile profiles[] = {
	{ .rep = 4, .read = 35, .drain = 3, .bread = 2, .ovf = 2, .close = 2, .state = 4 },
	{ .rep = 2, .read = 15, .drain = 1, .bread = 0, .ovf = 0, .close = 0, .state = 0 },
	{ .rep = 10, .read = 20, .drain = 3, .bread = 0, .ovf = 10, .close = 3, .state = 20 },
	{ .rep = 2, .read = 10, .drain = 10, .bread = 25, .ovf = 2, .close = 2, .state = 10 },
	{ .rep = 5, .read = 30, .drain = 5, .bread = 5, .ovf = 2, .close = 10, .state = 30 },
};

static bool any_command(const struct profile *profile)
{
	unsigned int choice = below(100);

	if (!model.nil && below(100) < profile->state)
		state_command();
	if (choice < profile->rep)
		return waking_command(rep_command);
	choice -= profile->rep;
	if (choice < profile->read) {
		command("read");
		model_read(&model);
		return true;
	}
	choice -= profile->read;
	if (choice < profile->drain) {
		drain_command();
		return true;
	}
	choice -= profile->drain;
	if (choice < profile->bread)
		return blocking_read();
	choice -= profile->bread;
	if (choice < profile->ovf && !model.nil) {
		overflow_command();
		return true;
	}
	choice -= profile->ovf;
	if (choice < profile->close && !model.nil && !(model.closed && below(4)))
		return waking_command(close_command);
	if (!model.nil && one_in(200))
		return misuse();
	return waking_command(plain_write);
}

static int64_t any_size(void)
{
	switch (below(16)) {
	case 0:
		return -(int64_t)below(100);
	case 1:
		return below(600);
	case 2:
		return 1LL << below(10);
	case 3:
		return (1LL << below(10)) + 1;
	default:
		return below(40);
	}
}

static bool new_command(void)
{
	int64_t header = one_in(8) ? below(40) : below(4);
	int64_t words = any_size(), tags = any_size();
	uint32_t data_count = 0, tag_count = 0;

	text("new");
	if (one_in(100)) {
		model_new_nil(&model);
		command(" nil");
		return true;
	}
	if (one_in(100)) {
		static const int64_t limits[] = { 1 << 28, (1 << 28) + 1, 1LL << 32, INT64_MAX };
		int64_t limit = limits[below(ARRAY_SIZE(limits))];

		switch (below(3)) {
		case 0:
			words = limit;
			break;
		case 1:
			tags = limit;
			break;
		default:
			header = (1 << 28) - FIXED_WORDS - 1 + below(2);
		}
	} else if (one_in(200)) {
		words = 1 << (10 + below(7));
		tags = 1 << below(17);
	}
	signed_number(header);
	signed_number(words);
	signed_number(tags);
	if (one_in(2)) {
		data_count = one_in(4) ? below(1ULL << 32) : -below(80);
		tag_count = (one_in(4) ? below(1 << 30) : -below(8)) & ((1 << 30) - 1);
		number(data_count);
		number(tag_count);
	}
	text("\n");
	return model_new(&model, header, words, tags, data_count, tag_count);
}

static void generate(uint64_t seed)
{
	const struct profile *profile;
	unsigned int commands;

	random_state = seed * 0xd1342543de82ef95;
	word_budget = WORD_BUDGET;
	memset(model.covered, 0, sizeof(model.covered));
	now = below(100);

	text("# seed");
	number(seed);
	text("\n");
	profile = &profiles[below(ARRAY_SIZE(profiles))];
	commands = 1 + below(one_in(4) ? 120 : 40);
	if (!new_command())
		return;
	while (commands-- && any_command(profile))
		;
}

static uint64_t argument(const char *what, const char *s)
{
	unsigned long long value;
	char *end;

	errno = 0;
	value = strtoull(s, &end, 10);
	if (s[0] < '0' || s[0] > '9' || *end || errno) {
		fprintf(stderr, "generate: %s is no number: %s\n", what, s);
		exit(2);
	}
	return value;
}

int main(int argc, char **argv)
{
	static uint64_t covered[COVERAGE_SIZE];
	uint64_t seed, count, i;
	unsigned int what;

	if (argc > 1 && !strcmp(argv[1], "--stats")) {
		quiet = true;
		argc--;
		argv++;
	}
	if (argc != 3) {
		fprintf(stderr, "usage: generate [--stats] SEED COUNT\n");
		return 2;
	}
	seed = argument("SEED", argv[1]);
	count = argument("COUNT", argv[2]);

	for (i = 0; i < count; i++) {
		generate(seed + i);
		for (what = 0; what < COVERAGE_SIZE; what++)
			covered[what] += model.covered[what];
	}
	if (quiet)
		for (what = 0; what < COVERAGE_SIZE; what++)
			printf("%s %" PRIu64 "\n", coverage_names[what], covered[what]);
	if (fflush(stdout) || ferror(stdout)) {
		perror("generate: cannot write");
		return 1;
	}
	return 0;
}
