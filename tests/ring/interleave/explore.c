// SPDX-License-Identifier: GPL-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "coroutine.h"
#include "explore.h"

#define STACK_SIZE	32768
#define NOBODY		(-1)

/* A schedule of so many steps is an endless loop. */
#define ENDLESS		20000

struct step {
	const volatile void *address;
	const char *what;
	enum explore_access access;
	enum explore_scope scope;
	int actor;
};

/* Saved, compared and restored along with the system's memory and the live stacks. */
static struct actors {
	void *sp[EXPLORE_ACTORS];
	struct step next[EXPLORE_ACTORS];
	bool begun[EXPLORE_ACTORS];
	bool ended[EXPLORE_ACTORS];
	bool join_next[EXPLORE_ACTORS];
} actors;

static char stacks[EXPLORE_ACTORS][STACK_SIZE] __attribute__((__aligned__(4096)));

static const struct explore_system *sys;
static struct explore_result result;
static void *explorer_sp;
static jmp_buf failure;
static int running = NOBODY;

static struct step schedule[ENDLESS];
static int schedule_length;

/* The states that were seen, by 128 bits of hash, which do not collide. */
struct seen {
	uint64_t hash[2];
	double schedules;
};

/* Marks a state that is being explored: to meet it again is an endless loop. */
#define UNFINISHED	(-1.0)

static struct seen *seen;
static size_t seen_size;

/* Saved states. The search is depth first, hence a stack. */
static char *saved;
static size_t saved_size, saved_used;

static void *grow(void *memory, size_t size)
{
	memory = realloc(memory, size);
	if (!memory) {
		perror("explore");
		exit(2);
	}
	return memory;
}

static void print_schedule(void)
{
	static const char *const does[] = {
		[EXPLORE_READ] = "reads ",
		[EXPLORE_WRITE] = "writes ",
		[EXPLORE_UPDATE] = "updates ",
		[EXPLORE_PAUSE] = "",
	};
	int i;

	for (i = 0; i < schedule_length; i++) {
		const struct step *step = &schedule[i];

		if (!step->address && !step->what)
			continue;
		printf("# %4d %-12s%s%s\n", i, sys->actor_name(step->actor), does[step->access],
		       step->what ? step->what : sys->describe(step->address));
	}
}

void explore_fail(const char *format, ...)
{
	va_list arguments;

	result.failed = true;
	printf("# ");
	va_start(arguments, format);
	vprintf(format, arguments);
	va_end(arguments);
	printf(", after:\n");
	print_schedule();

	if (running == NOBODY)
		longjmp(failure, 1);
	coroutine_switch(&actors.sp[running], explorer_sp);
	__builtin_unreachable();
}

/* Lets the others run ahead of what @step tells. */
static void stop_ahead_of(const struct step *step)
{
	int actor = running;

	if (actors.join_next[actor]) {
		actors.join_next[actor] = false;
		return;
	}
	actors.next[actor] = *step;
	coroutine_switch(&actors.sp[actor], explorer_sp);
}

void explore_step(enum explore_access access, const volatile void *address, size_t size)
{
	struct step step = { .address = address, .access = access, .actor = running };

	/* Neither the explorer's own use of the memory nor an actor's of its stack is a step. */
	if (running == NOBODY ||
	    (uintptr_t)address - (uintptr_t)stacks[running] < sizeof(stacks[running]))
		return;

	step.scope = sys->scope(running, access, address, size);
	if (step.scope != EXPLORE_ACTOR)
		stop_ahead_of(&step);
}

void explore_pause(enum explore_scope scope, const char *what)
{
	struct step step = {
		.what = what, .access = EXPLORE_PAUSE, .scope = scope, .actor = running,
	};

	stop_ahead_of(&step);
}

void explore_join_next(void)
{
	actors.join_next[running] = true;
}

bool explore_begun(int actor)
{
	return actors.begun[actor];
}

bool explore_ended(int actor)
{
	return actors.ended[actor];
}

static void actor_main(void)
{
	sys->body(running);
	actors.ended[running] = true;
	coroutine_switch(&actors.sp[running], explorer_sp);
}

static void *stack_top(int actor)
{
	return stacks[actor] + STACK_SIZE;
}

static void reset_actors(void)
{
	int actor;

	memset(&actors, 0, sizeof(actors));
	for (actor = 0; actor < sys->actors; actor++) {
		actors.next[actor].actor = actor;
		actors.next[actor].scope = EXPLORE_ALL;
		actors.sp[actor] = coroutine_new(stack_top(actor), actor_main);
	}
}

typedef void (*visit_part)(void *cursor, void *part, size_t size);

static void walk_state(visit_part visit, void *cursor)
{
	int actor;

	visit(cursor, &actors, sizeof(actors));
	visit(cursor, sys->memory, sys->size);
	for (actor = 0; actor < sys->actors; actor++)
		if (!actors.ended[actor])
			visit(cursor, actors.sp[actor],
			      (char *)stack_top(actor) - (char *)actors.sp[actor]);
}

static void save_part(void *cursor, void *part, size_t size)
{
	(void)cursor;
	while (saved_used + size > saved_size) {
		saved_size = saved_size ? 2 * saved_size : 1 << 20;
		saved = grow(saved, saved_size);
	}
	memcpy(saved + saved_used, part, size);
	saved_used += size;
}

static void restore_part(void *cursor, void *part, size_t size)
{
	size_t *from = cursor;

	memcpy(part, saved + *from, size);
	*from += size;
}

static void restore(size_t from)
{
	/* First of all comes what tells where the stacks begin. */
	memcpy(&actors, saved + from, sizeof(actors));
	walk_state(restore_part, &from);
}

static uint64_t mix(uint64_t a, uint64_t b)
{
	unsigned __int128 product = (unsigned __int128)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static void hash_part(void *cursor, void *part, size_t size)
{
	const uint64_t *words = part;
	uint64_t *hash = cursor;
	size_t i;

	for (i = 0; i < size / sizeof(*words); i++) {
		hash[0] = mix(hash[0] ^ words[i], 0x9e3779b97f4a7c15);
		hash[1] = mix(hash[1] + words[i], 0xd6e8feb86659fd93) + i;
	}
}

static struct seen *find(const struct seen *table, size_t size, const uint64_t *hash)
{
	size_t i = hash[0] & (size - 1);

	while (table[i].schedules && (table[i].hash[0] != hash[0] || table[i].hash[1] != hash[1]))
		i = (i + 1) & (size - 1);
	return (struct seen *)&table[i];
}

static struct seen *find_seen(const uint64_t *hash)
{
	struct seen *old = seen;
	size_t old_size = seen_size;
	size_t i;

	if (2 * (result.states + 1) > seen_size) {
		seen_size = old_size ? 2 * old_size : 1 << 16;
		seen = grow(NULL, seen_size * sizeof(*seen));
		memset(seen, 0, seen_size * sizeof(*seen));
		for (i = 0; i < old_size; i++)
			if (old[i].schedules)
				*find(seen, seen_size, old[i].hash) = old[i];
		free(old);
	}
	return find(seen, seen_size, hash);
}

static void take_step(int actor)
{
	if (schedule_length == ENDLESS)
		explore_fail("no end of this is in sight");

	schedule[schedule_length++] = actors.next[actor];
	actors.begun[actor] = true;
	running = actor;
	coroutine_switch(&explorer_sp, actors.sp[actor]);
	running = NOBODY;
	if (result.failed)
		longjmp(failure, 1);

	result.steps++;
	sys->check();
}

static int choices(int *choice)
{
	int actor, n = 0, kept = 0, group = NOBODY, i;

	for (actor = 0; actor < sys->actors; actor++) {
		if (actors.ended[actor] || !sys->runnable(actor))
			continue;
		choice[n++] = actor;
		if (actors.next[actor].scope == EXPLORE_GROUP)
			group = sys->group(actor);
	}
	if (group == NOBODY)
		return n;

	for (i = 0; i < n; i++)
		if (sys->group(choice[i]) == group)
			choice[kept++] = choice[i];
	return kept;
}

/* Explores everything that follows the present state. Returns the number of schedules. */
static double visit(void)
{
	int choice[EXPLORE_ACTORS];
	uint64_t hash[2] = { 1, 2 };
	int length, n, i;
	struct seen *entry;
	size_t save_from;
	double schedules = 0;

	/* Only where there is a choice, and at the end, is it worth to know the state. */
	while ((n = choices(choice)) == 1)
		take_step(choice[0]);

	walk_state(hash_part, hash);
	entry = find_seen(hash);
	if (entry->schedules == UNFINISHED)
		explore_fail("the same state again, so that there is a schedule without an end");
	if (entry->schedules)
		return entry->schedules;

	*entry = (struct seen){ .hash = { hash[0], hash[1] }, .schedules = UNFINISHED };
	result.states++;

	save_from = saved_used;
	length = schedule_length;
	walk_state(save_part, NULL);
	if (n == 0) {
		result.ends++;
		sys->finish();
		schedules = 1;
	}
	for (i = 0; i < n; i++) {
		if (i > 0)
			restore(save_from);
		schedule_length = length;
		take_step(choice[i]);
		schedules += visit();
	}
	schedule_length = length;
	saved_used = save_from;

	find_seen(hash)->schedules = schedules;
	return schedules;
}

struct explore_result explore(const struct explore_system *system)
{
	sys = system;
	memset(&result, 0, sizeof(result));
	reset_actors();
	schedule_length = 0;
	saved_used = 0;

	if (setjmp(failure) == 0) {
		sys->check();
		result.schedules = visit();
	}
	running = NOBODY;

	free(seen);
	seen = NULL;
	seen_size = 0;
	return result;
}
