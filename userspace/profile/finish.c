// SPDX-License-Identifier: GPL-2.0
/*
 * What views see, made when everything was added: the locations of stacks, each address once, and
 * stacks for late timers.
 */
#include <string.h>

#include "late.h"
#include "tables.h"
#include "util/array.h"

static uint32_t new_late_stack(struct profile *profile, const struct profile_stack *of)
{
	uint32_t i = profile->nr_stacks;

	if (array__reserve(&profile->stacks, i, &profile->max_stacks, sizeof(*profile->stacks)))
		return NONE;
	profile->stacks[i] = (struct stack){
		.view = {
			.process = of->process,
			.thread = of->thread,
			.nlocations = 1,
			.flags = PROFILE_STACK_LATE,
			.mode = PROFBUF_MODE_USER,
		},
	};
	profile->nr_stacks++;
	return i;
}

/* Move the time of timers that came late over user code to stacks of its own. */
static int add_late_stacks(struct profile *profile)
{
	uint32_t nr = profile->by_thread ? profile->nr_threads : profile->nr_processes;
	uint32_t nr_stacks = profile->nr_stacks;
	uint32_t *late; /* of each process or thread */
	int err = 0;
	uint32_t i;

	late = malloc((nr + 1UL) * sizeof(*late));
	if (!late)
		return -ENOMEM;
	memset(late, 0xff, (nr + 1UL) * sizeof(*late));
	for (i = 0; !err && i < nr_stacks; i++) {
		struct profile_stack view = profile->stacks[i].view;
		uint32_t *stack = &late[profile->by_thread ? view.thread : view.process];

		if (view.mode != PROFBUF_MODE_USER || !view.late.periods)
			continue;
		if (*stack == NONE)
			*stack = new_late_stack(profile, &view);
		if (*stack == NONE)
			err = -ENOMEM;
		else
			profile__add_weight(&profile->stacks[*stack].view.weight, &view.late);
		profile->stacks[i].view.late = (struct profile_weight){ 0 };
	}
	free(late);
	return err;
}

static uint32_t get_location(struct profile *profile, uint64_t address, uint32_t process,
			     uint32_t generation, bool exact)
{
	uint32_t hash = hash_pair(address, (uint64_t)generation << 33 | (uint64_t)process << 1 |
					   exact);
	struct profile_location *location;
	uint32_t cursor, i;

	index_for_each_candidate(&profile->location_index, hash, cursor, i) {
		location = &profile->locations[i];
		if (location->address == address && location->process == process &&
		    location->generation == generation && location->exact == exact)
			return i;
	}
	i = profile->nr_locations;
	if (array__reserve(&profile->locations, i, &profile->max_locations,
			   sizeof(*profile->locations)) ||
	    index__insert(&profile->location_index, hash, i))
		return NONE;
	profile->locations[i] = (struct profile_location){
		.address = address,
		.process = process,
		.generation = generation,
		.kernel = process == PROFILE_KERNEL,
		.exact = exact,
	};
	profile->nr_locations++;
	return i;
}

static uint32_t new_late_location(struct profile *profile)
{
	uint32_t i = profile->nr_locations;

	if (array__reserve(&profile->locations, i, &profile->max_locations,
			   sizeof(*profile->locations)))
		return NONE;
	profile->locations[i] = (struct profile_location){
		.process = NONE,
		.exact = true,
		.late = true,
		.symbol = &profile_late_timer,
	};
	profile->nr_locations++;
	return i;
}

static int locate(struct profile *profile, const struct stack *stack, uint32_t *list)
{
	const struct profile_stack *view = &stack->view;
	uint32_t n;

	for (n = 0; n < view->nlocations; n++) {
		bool kernel = n < view->kernel_frames;

		/* The second one is where an interrupted system call goes on. */
		list[n] = get_location(profile, stack->words[n],
				       kernel ? PROFILE_KERNEL : view->process,
				       kernel ? 0 : view->generation,
				       !n || n == view->kernel_frames);
		if (list[n] == NONE)
			return -ENOMEM;
	}
	return 0;
}

/**
 * profile__finish - give each stack its locations
 * @profile: the profile; nothing can be added any more
 *
 * Return: 0 or a negative errno.
 */
int profile__finish(struct profile *profile)
{
	uint32_t late = NONE, i;
	int err;

	err = add_late_stacks(profile);
	for (i = 0; !err && i < profile->nr_stacks; i++) {
		struct profile_stack *view = &profile->stacks[i].view;
		uint32_t *list;

		list = arena__alloc(&profile->location_lists, view->nlocations * sizeof(*list));
		if (!list)
			return -ENOMEM;
		view->locations = list;
		if (!(view->flags & PROFILE_STACK_LATE)) {
			err = locate(profile, &profile->stacks[i], list);
			continue;
		}
		if (late == NONE)
			late = new_late_location(profile);
		if (late == NONE)
			return -ENOMEM;
		*list = late;
	}
	if (err)
		return err;
	limits__finish(&profile->limits, profile->totals.last);
	arena__free(&profile->words);
	profile->words = (struct arena){ 0 };
	return 0;
}
