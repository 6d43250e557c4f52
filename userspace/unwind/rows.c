// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rows.h"
#include "rule.h"
#include "util/array.h"

/*
 * Far more than the largest programs have, and little enough that a file made to do harm does not
 * take all memory.
 */
#define RANGES_MAX	(1U << 25)
#define RULES_MAX	65536U
/* Order of ranges that give way to all others. */
#define WEAK		UINT32_MAX
/* Number of the one that says so. */
#define NO_RULE		0
#define POSITION_BITS	40
#define POSITION_MAX	(1ULL << POSITION_BITS)

/* Functions are aligned to 16 bytes, hardly ever to more. */
#define PADDING_MAX	16

#define DIGIT_BITS	11
#define DIGIT_VALUES	(1U << DIGIT_BITS)

/**
 * struct unwind_range - code with one rule
 * @start: offset of its first byte
 * @rule: number of the rule
 * @size: in bytes
 * @order: what was added before has a lower one
 */
struct unwind_range {
	uint64_t start : 48;
	uint64_t rule : 16;
	uint32_t size;
	uint32_t order;
};

static uint64_t range_end(const struct unwind_range *range)
{
	return range->start + range->size;
}

static bool same_rule(const struct profbuf_unwind_rule *a, const struct profbuf_unwind_rule *b)
{
	return !memcmp(a, b, sizeof(*a));
}

/* Its number; it gets one if it has none. */
static int number_rule(struct unwind_rows *rows, const struct profbuf_unwind_rule *rule,
		       uint32_t *number)
{
	uint32_t hash, cursor, i;
	uint64_t words[2];

	_Static_assert(sizeof(words) == sizeof(*rule), "all of it is compared");
	if (rows->nr_rules && same_rule(&rows->rules[rows->last], rule)) {
		*number = rows->last;
		return 0;
	}
	memcpy(words, rule, sizeof(words));
	hash = hash_pair(words[0], words[1]);
	index_for_each_candidate(&rows->index, hash, cursor, i) {
		if (same_rule(&rows->rules[i], rule)) {
			*number = i;
			return 0;
		}
	}
	if (!unwind_rule__is_valid(rule))
		return -EINVAL;
	if (rows->nr_rules == RULES_MAX)
		return -E2BIG;
	if (array__reserve(&rows->rules, rows->nr_rules, &rows->max_rules, sizeof(*rows->rules)) ||
	    index__insert(&rows->index, hash, rows->nr_rules))
		return -ENOMEM;
	rows->rules[rows->nr_rules] = *rule;
	*number = rows->nr_rules++;
	return 0;
}

/* @order: WEAK or, for those that hold where they were first, 0. */
static int add_range(struct unwind_rows *rows, uint64_t start, uint32_t size, uint32_t rule,
		     uint32_t order)
{
	struct unwind_range *last = rows->nr_ranges ? &rows->ranges[rows->nr_ranges - 1] : NULL;
	bool is_weak = order == WEAK, was_weak = last && last->order == WEAK;

	/* It can be one with the last: no other has come between. */
	if (last && last->rule == rule && range_end(last) == start &&
	    size <= UINT32_MAX - last->size && !rows->settled && is_weak == was_weak) {
		last->size += size;
		return 0;
	}
	if (rows->nr_ranges == RANGES_MAX || rows->next_order == WEAK)
		return -E2BIG;
	if (array__reserve(&rows->ranges, rows->nr_ranges, &rows->max_ranges,
			   sizeof(*rows->ranges)))
		return -ENOMEM;
	rows->settled = false;
	rows->ranges[rows->nr_ranges++] = (struct unwind_range){
		.start = start,
		.rule = rule,
		.size = size,
		.order = order == WEAK ? WEAK : rows->next_order++,
	};
	return 0;
}

static int add(struct unwind_rows *rows, uint64_t start, uint64_t end,
	       const struct profbuf_unwind_rule *rule, uint32_t order)
{
	static const struct profbuf_unwind_rule no_rule = { .cfa = PROFBUF_UNWIND_NONE };
	uint32_t number;
	int err = 0;

	if (start > end)
		return -EINVAL;
	if (end > POSITION_MAX)
		return -E2BIG;
	if (start == end)
		return 0;
	if (!rows->nr_rules)
		err = number_rule(rows, &no_rule, &number);
	if (!err)
		err = number_rule(rows, rule, &number);
	if (err)
		return err;
	rows->last = number;
	while (!err && start < end) {
		uint32_t size = end - start < UINT32_MAX ? end - start : UINT32_MAX;

		err = add_range(rows, start, size, number, order);
		start += size;
	}
	return err;
}

int unwind_rows__add(struct unwind_rows *rows, uint64_t start, uint64_t end,
		     const struct profbuf_unwind_rule *rule)
{
	return add(rows, start, end, rule, 0);
}

int unwind_rows__add_weak(struct unwind_rows *rows, uint64_t start, uint64_t end,
			  const struct profbuf_unwind_rule *rule)
{
	return add(rows, start, end, rule, WEAK);
}

int unwind_rows__add_all(struct unwind_rows *rows, const struct unwind_rows *others)
{
	const struct unwind_range *range;
	uint32_t i;
	int err = 0;

	for (i = 0; !err && i < others->nr_ranges; i++) {
		range = &others->ranges[i];
		err = unwind_rows__add(rows, range->start, range_end(range),
				       &others->rules[range->rule]);
	}
	return err;
}

/* Each begins where the one before has ended, or behind that. */
static bool is_settled(const struct unwind_rows *rows)
{
	uint32_t i;

	for (i = 1; i < rows->nr_ranges; i++)
		if (rows->ranges[i].start < range_end(&rows->ranges[i - 1]))
			return false;
	return true;
}

/**
 * struct group - ranges that stay together when they are sorted
 * @start: of the first
 * @first: its place
 * @n: how many
 */
struct group {
	uint64_t start;
	uint32_t first;
	uint32_t n;
};

/* Without @groups: only count. @together: those that follow each other without a gap. */
static uint32_t make_groups(const struct unwind_rows *rows, bool together, struct group *groups)
{
	const struct unwind_range *range = rows->ranges;
	uint32_t i, n = 0;

	for (i = 0; i < rows->nr_ranges; i++) {
		if (i && together && range[i].start == range_end(&range[i - 1])) {
			if (groups)
				groups[n - 1].n++;
			continue;
		}
		if (groups)
			groups[n] = (struct group){ range[i].start, i, 1 };
		n++;
	}
	return n;
}

static uint32_t digit(const struct group *group, unsigned int shift)
{
	return group->start >> shift & (DIGIT_VALUES - 1);
}

/*
 * Radix sort: there are up to millions, and a comparison that the processor cannot foresee for
 * each step costs more than three passes over all of them. @spare: room for as many.
 */
static struct group *sort_groups(struct group *from, struct group *spare, uint32_t n)
{
	uint32_t places[DIGIT_VALUES];
	uint32_t i, value, first;
	struct group *swap;
	unsigned int shift;

	for (shift = 0; shift < POSITION_BITS; shift += DIGIT_BITS) {
		memset(places, 0, sizeof(places));
		for (i = 0; i < n; i++)
			places[digit(&from[i], shift)]++;
		if (places[digit(from, shift)] == n)
			continue;
		for (value = first = 0; value < DIGIT_VALUES; value++) {
			uint32_t count = places[value];

			places[value] = first;
			first += count;
		}
		for (i = 0; i < n; i++)
			spare[places[digit(&from[i], shift)]++] = from[i];
		swap = from;
		from = spare;
		spare = swap;
	}
	return from;
}

/*
 * By start. Those of a function follow each other, mostly: they need not be sorted
 * one by one, unless (not @together) something lies between them.
 */
static int sort(struct unwind_rows *rows, bool together)
{
	uint32_t i, n = make_groups(rows, together, NULL);
	struct group *groups = malloc(2 * (size_t)n * sizeof(*groups)), *sorted;
	struct unwind_range *ranges = malloc((size_t)rows->max_ranges * sizeof(*ranges));
	struct unwind_range *to = ranges;

	if (!groups || !ranges) {
		free(groups);
		free(ranges);
		return -ENOMEM;
	}
	make_groups(rows, together, groups);
	sorted = sort_groups(groups, groups + n, n);
	for (i = 0; i < n; i++) {
		memcpy(to, &rows->ranges[sorted[i].first], sorted[i].n * sizeof(*to));
		to += sorted[i].n;
	}
	free(groups);
	free(rows->ranges);
	rows->ranges = ranges;
	return 0;
}

/**
 * struct heap - ranges that have begun, the one that holds on top
 * @ranges: each was added before the two at twice its place
 * @n: how many
 * @max: room for so many
 */
struct heap {
	struct unwind_range *ranges;
	uint32_t n;
	uint32_t max;
};

static int heap__push(struct heap *heap, const struct unwind_range *range)
{
	uint32_t i = heap->n;

	if (array__reserve(&heap->ranges, heap->n, &heap->max, sizeof(*heap->ranges)))
		return -ENOMEM;
	heap->n++;
	for (; i && heap->ranges[(i - 1) / 2].order > range->order; i = (i - 1) / 2)
		heap->ranges[i] = heap->ranges[(i - 1) / 2];
	heap->ranges[i] = *range;
	return 0;
}

static void heap__pop(struct heap *heap)
{
	struct unwind_range range = heap->ranges[--heap->n];
	uint32_t i = 0, child;

	while ((child = 2 * i + 1) < heap->n) {
		if (child + 1 < heap->n &&
		    heap->ranges[child + 1].order < heap->ranges[child].order)
			child++;
		if (heap->ranges[child].order > range.order)
			break;
		heap->ranges[i] = heap->ranges[child];
		i = child;
	}
	heap->ranges[i] = range;
}

/* Of sorted ranges, what holds of each: pieces of them that do not overlap. */
static int cut(struct unwind_rows *rows, struct unwind_rows *pieces, struct heap *heap)
{
	uint64_t position = 0, end;
	uint32_t i = 0;
	int err = 0;

	while (!err) {
		while (heap->n && range_end(heap->ranges) <= position)
			heap__pop(heap);
		if (!heap->n) {
			if (i == rows->nr_ranges)
				break;
			if (position < rows->ranges[i].start)
				position = rows->ranges[i].start;
		}
		for (; !err && i < rows->nr_ranges && rows->ranges[i].start <= position; i++)
			if (range_end(&rows->ranges[i]) > position)
				err = heap__push(heap, &rows->ranges[i]);
		if (err || !heap->n)
			continue;
		end = range_end(heap->ranges);
		if (i < rows->nr_ranges && rows->ranges[i].start < end)
			end = rows->ranges[i].start;
		err = add_range(pieces, position, end - position, heap->ranges->rule,
				heap->ranges->order);
		position = end;
	}
	return err;
}

/* Have each position in one of the sorted ranges only. */
static int cut_all(struct unwind_rows *rows)
{
	struct unwind_rows pieces = { 0 };
	struct heap heap = { 0 };
	int err = cut(rows, &pieces, &heap);

	free(heap.ranges);
	if (err) {
		free(pieces.ranges);
		return err;
	}
	free(rows->ranges);
	rows->ranges = pieces.ranges;
	rows->nr_ranges = pieces.nr_ranges;
	rows->max_ranges = pieces.max_ranges;
	/* What is added from now on comes after all of them. */
	rows->next_order = pieces.next_order;
	return 0;
}

/* Sort the ranges, and cut those that overlap. */
static int settle(struct unwind_rows *rows)
{
	int err = 0;

	if (rows->settled)
		return 0;
	if (!is_settled(rows))
		err = sort(rows, true);
	if (!err && !is_settled(rows)) {
		err = sort(rows, false);
		if (!err)
			err = cut_all(rows);
	}
	rows->settled = !err;
	return err;
}

/* The first range that ends behind @position. */
static uint32_t find_range(const struct unwind_rows *rows, uint64_t position)
{
	uint32_t low = 0, high = rows->nr_ranges;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (range_end(&rows->ranges[middle]) > position)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

int unwind_rows__next_gap(struct unwind_rows *rows, uint64_t *start, uint64_t *end)
{
	uint64_t position = *start;
	uint32_t i;
	int err = settle(rows);

	if (err)
		return err;
	for (i = find_range(rows, position); i < rows->nr_ranges; i++) {
		if (rows->ranges[i].start > position)
			break;
		position = range_end(&rows->ranges[i]);
	}
	if (position >= *end)
		return 0;
	*start = position;
	if (i < rows->nr_ranges && rows->ranges[i].start < *end)
		*end = rows->ranges[i].start;
	return 1;
}

int unwind_rows__fill_padding(struct unwind_rows *rows,
			      bool (*is_padding)(void *context, uint64_t start, uint64_t end),
			      void *context)
{
	struct unwind_range *range;
	uint32_t i;
	int err = settle(rows);

	if (err)
		return err;
	for (i = 0; i + 1 < rows->nr_ranges; i++) {
		uint64_t end, next;

		range = &rows->ranges[i];
		end = range_end(range);
		next = range[1].start;
		if (next > end && next - end < PADDING_MAX &&
		    range->size < UINT32_MAX - PADDING_MAX && is_padding(context, end, next))
			range->size = next - range->start;
	}
	return 0;
}

/**
 * struct walk - rows, as the ranges have them
 * @rows: the ranges
 * @i: the next one
 * @end: of the one before
 * @rule: of the row before, NO_RULE at first
 */
struct walk {
	const struct unwind_rows *rows;
	uint32_t i;
	uint64_t end;
	uint32_t rule;
};

static bool walk__next(struct walk *walk, uint64_t *position, uint32_t *rule)
{
	const struct unwind_range *range;

	while (walk->i < walk->rows->nr_ranges) {
		range = &walk->rows->ranges[walk->i];
		if (walk->i && range->start > walk->end && walk->rule != NO_RULE) {
			*position = walk->end;
			*rule = walk->rule = NO_RULE;
			return true;
		}
		walk->i++;
		walk->end = range_end(range);
		if (range->rule == walk->rule)
			continue;
		*position = range->start;
		*rule = walk->rule = range->rule;
		return true;
	}
	return false;
}

static uint64_t count_blocks(const struct profbuf_unwind_table *table)
{
	return (table->end - table->start + (1ULL << table->block_shift) - 1) >>
	       table->block_shift;
}

/*
 * Blocks as small as they can be without the index costing more than 0.3 bytes a row, together
 * with the rules; these are few, unless the file is small: then a quarter is left for the index.
 */
static void choose_blocks(struct profbuf_unwind_table *table)
{
	uint64_t room = (uint64_t)table->nr_rows * 3 / 10;
	uint64_t other = sizeof(*table) + table->nr_rules * sizeof(struct profbuf_unwind_rule);
	uint64_t most = other < room / 4 * 3 ? room - other : room / 4;

	table->block_shift = PROFBUF_UNWIND_BLOCK_SHIFT_MIN;
	while (table->block_shift < PROFBUF_UNWIND_BLOCK_SHIFT_MAX &&
	       (count_blocks(table) + 1) * sizeof(__u32) > most)
		table->block_shift++;
	table->nr_blocks = count_blocks(table);
}

/* Number the rules that are used, in the order in which they are. @numbers: by ours. */
static void number_rules(const struct unwind_rows *rows, struct profbuf_unwind_table *table,
			 uint32_t *numbers)
{
	struct walk walk = { .rows = rows, .rule = NO_RULE };
	uint64_t position;
	uint32_t rule;

	while (walk__next(&walk, &position, &rule)) {
		if (!table->nr_rows)
			table->start = position;
		table->nr_rows++;
		if (!numbers[rule])
			numbers[rule] = ++table->nr_rules;
	}
	table->end = walk.end;
}

static void fill(const struct unwind_rows *rows, struct profbuf_unwind_table *table,
		 const uint32_t *numbers)
{
	struct profbuf_unwind_rule *rules = (struct profbuf_unwind_rule *)(table + 1);
	__u32 *index = (__u32 *)(rules + table->nr_rules);
	struct profbuf_unwind_row *row = (void *)(index + table->nr_blocks + 1);
	struct walk walk = { .rows = rows, .rule = NO_RULE };
	uint32_t rule, block = 0, n = 0;
	uint64_t position;

	for (rule = 0; rule < rows->nr_rules; rule++)
		if (numbers[rule])
			rules[numbers[rule] - 1] = rows->rules[rule];
	for (; walk__next(&walk, &position, &rule); n++) {
		position -= table->start;
		while (block <= position >> table->block_shift)
			index[block++] = n;
		row[n].position = position & ((1U << table->block_shift) - 1);
		row[n].rule = numbers[rule] - 1;
	}
	while (block <= table->nr_blocks)
		index[block++] = n;
}

int unwind_rows__make_table(struct unwind_rows *rows, struct profbuf_unwind_table **table)
{
	struct profbuf_unwind_table header = {
		.magic = PROFBUF_UNWIND_MAGIC,
		.header_size = sizeof(header),
	};
	uint32_t *numbers;
	int err;

	if (!rows->nr_ranges)
		return -ENODATA;
	err = settle(rows);
	if (err)
		return err;
	numbers = calloc(rows->nr_rules, sizeof(*numbers));
	if (!numbers)
		return -ENOMEM;
	number_rules(rows, &header, numbers);
	if (!header.nr_rows) {
		free(numbers);
		return -ENODATA;
	}
	choose_blocks(&header);
	header.size = sizeof(header) + header.nr_rules * sizeof(struct profbuf_unwind_rule) +
		      ((uint64_t)header.nr_blocks + 1) * sizeof(__u32) +
		      (uint64_t)header.nr_rows * sizeof(struct profbuf_unwind_row);
	*table = malloc(header.size);
	if (*table) {
		**table = header;
		fill(rows, *table, numbers);
	}
	free(numbers);
	return *table ? 0 : -ENOMEM;
}

void unwind_rows__free(struct unwind_rows *rows)
{
	free(rows->ranges);
	free(rows->rules);
	index__free(&rows->index);
	*rows = (struct unwind_rows){ 0 };
}
