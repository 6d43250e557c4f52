/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Run a few actors on every interleaving of their memory accesses.
 *
 * An actor is a coroutine. Ahead of each access to shared memory it stops (a
 * step), and which actor goes on is a choice; explore() makes all choices, depth
 * first. The state of the whole is saved at each choice and restored for the
 * next one: the memory that the actors share and the live part of their stacks.
 * A state that was seen before is not gone into again, so that the number
 * of schedules may be astronomical where the number of states is not. This finds
 * all that sequential consistency allows, and nothing else.
 */
#ifndef EXPLORE_H
#define EXPLORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EXPLORE_ACTORS	5

enum explore_access { EXPLORE_READ, EXPLORE_WRITE, EXPLORE_UPDATE, EXPLORE_PAUSE };

/*
 * Who cares about an access. One that only its own actor does is no step; ahead of one that
 * only actors of its own group do, none of another group needs to run: whether it runs
 * here or after makes no difference to anybody.
 */
enum explore_scope { EXPLORE_ACTOR, EXPLORE_GROUP, EXPLORE_ALL };

/**
 * struct explore_system - what is explored
 * @memory: all that the actors change outside of their stacks
 * @size: its size, a multiple of 8
 * @actors: their number
 * @body: what actor number @actor does
 * @runnable: whether @actor may go on, or begin; it depends on @memory alone
 * @group: the group of @actor
 * @scope: who cares about an access of @actor to @address; fails if it must not happen
 * @check: what holds in every state
 * @finish: what holds where no actor can go on; may change @memory
 * @actor_name: for reports
 * @describe: name @address for reports
 */
struct explore_system {
	void *memory;
	size_t size;
	int actors;
	void (*body)(int actor);
	bool (*runnable)(int actor);
	int (*group)(int actor);
	enum explore_scope (*scope)(int actor, enum explore_access access,
				    const volatile void *address, size_t size);
	void (*check)(void);
	void (*finish)(void);
	const char *(*actor_name)(int actor);
	const char *(*describe)(const volatile void *address);
};

/**
 * struct explore_result - how it went
 * @failed: a check failed: the schedule that led to it has been printed
 * @states: different states
 * @steps: steps taken
 * @ends: different final states
 * @schedules: ways through the states from the start to an end
 */
struct explore_result {
	bool failed;
	uint64_t states;
	uint64_t steps;
	uint64_t ends;
	double schedules;
};

struct explore_result explore(const struct explore_system *system);

/* In an actor: the next access is to @size bytes at @address. */
void explore_step(enum explore_access access, const volatile void *address, size_t size);

/* In an actor: another may run here, one of its group at least; @what is for reports. */
void explore_pause(enum explore_scope scope, const char *what);

/* In an actor: what follows, up to and including its next access, is one step. */
void explore_join_next(void);

bool explore_begun(int actor);
bool explore_ended(int actor);

/* In an actor or a check: this must not happen. Does not return. */
void explore_fail(const char *format, ...) __attribute__((__format__(printf, 1, 2), __noreturn__));

#endif /* EXPLORE_H */
