// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "limits.h"
#include "util/array.h"

/* What damage claims must not make the sum overflow. */
static void add_time(struct profile_limits *limits, uint64_t begin, uint64_t end)
{
	if (end > begin && (__builtin_add_overflow(limits->ns, end - begin, &limits->ns) ||
			    limits->ns > INT64_MAX))
		limits->ns = INT64_MAX;
}

/* The one of a CPU that has no end so far. */
static struct profile_limit *find_open(const struct profile_limits *limits, uint32_t cpu)
{
	uint32_t i;

	for (i = limits->nr; i--;)
		if (limits->list[i].cpu == cpu)
			return limits->list[i].end ? NULL : &limits->list[i];
	return NULL;
}

static struct profile_limit *new_limit(struct profile_limits *limits)
{
	if (array__reserve(&limits->list, limits->nr, &limits->max, sizeof(*limits->list)))
		return NULL;
	return &limits->list[limits->nr++];
}

/**
 * limits__add - add what a LIMIT frame says
 * @limits: the times
 * @cpu: the CPU
 * @frame: the frame
 *
 * Return: 0 or a negative errno.
 */
int limits__add(struct profile_limits *limits, uint32_t cpu, const struct profbuf_limit *frame)
{
	struct profile_limit *limit = find_open(limits, cpu);
	bool known = limit && limit->begin == frame->begin_ns;

	/* Those that began are in the frame that tells of it, and the one that ends is not new. */
	limits->times += frame->times || known ? frame->times : 1;
	if (frame->end_ns)
		add_time(limits, frame->begin_ns, frame->end_ns);
	/* If another one is open, that was among those too short to be told. */
	if (!limit && limits->nr < PROFILE_MAX_LIMITS) {
		limit = new_limit(limits);
		if (!limit)
			return -ENOMEM;
	}
	if (limit)
		*limit = (struct profile_limit){
			.cpu = cpu,
			.share = frame->share,
			.begin = frame->begin_ns,
			.end = frame->end_ns,
			.cost = frame->cost_ns,
		};
	return 0;
}

/**
 * limits__finish - nothing comes any more
 * @limits: the times
 * @last: when the stream ends
 */
void limits__finish(struct profile_limits *limits, uint64_t last)
{
	uint32_t i;

	for (i = 0; i < limits->nr; i++)
		if (!limits->list[i].end)
			add_time(limits, limits->list[i].begin, last);
}

/**
 * limits__free - give back its memory
 * @limits: the times
 */
void limits__free(struct profile_limits *limits)
{
	free(limits->list);
}
