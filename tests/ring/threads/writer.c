// SPDX-License-Identifier: GPL-2.0
#include <linux/futex.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "run.h"

/* Longer ones are never stored, whatever is in them. */
#define MAX_STACK	4096

static struct run *run;
static u64 header[16];
static u64 stack[1 << 14];
static u64 random_state;

void run_event(u32 *events)
{
	__atomic_add_fetch(events, 1, __ATOMIC_RELAXED);
	syscall(SYS_futex, events, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0);
}

void run_wait(u32 *events, u32 seen)
{
	while (get(*events) == seen)
		syscall(SYS_futex, events, FUTEX_WAIT_PRIVATE, seen, NULL, NULL, 0);
}

static void heed(int result)
{
	if (result & PROFBUF_RING_WAKE)
		run_event(&run->wakes);
	else if (result & PROFBUF_RING_FIRST)
		run_event(&run->deadlines_begun);
}

static u64 next_number(void)
{
	return __atomic_fetch_add(&run->offered, 1, __ATOMIC_RELAXED);
}

/* What a sampling interrupt does. The time of a sample is its number. */
static int take_sample(bool interrupt_self)
{
	struct sample sample;
	u64 number;
	int result;
	u32 i;

	if (!profbuf_ring_enter(&run->ring, get(run->offered))) {
		next_number();
		return 0;
	}

	number = next_number();
	sample = sample_of(run, number);
	for (i = 0; i < sample.nhdr; i++)
		header[i] = sample_word(&sample, i);
	for (i = 0; i < sample.nstack && i < MAX_STACK; i++)
		stack[i] = sample_word(&sample, sample.nhdr + i);
	if (interrupt_self)
		raise(SIGUSR1);

	result = profbuf_ring_write(&run->ring, number, sample.tag, header, sample.nhdr,
				    stack, sample.nstack);
	result |= profbuf_ring_exit(&run->ring);
	heed(result);
	return result;
}

static void filter_sample(void)
{
	if (!profbuf_ring_enter(&run->ring, get(run->offered))) {
		next_number();
		return;
	}
	put(run->filtered, run->filtered + 1);
	profbuf_ring_filter(&run->ring);
	heed(profbuf_ring_exit(&run->ring));
}

static void interrupt(int signal)
{
	(void)signal;
	take_sample(false);
}

static timer_t start_interrupts(void)
{
	struct sigaction action = { .sa_handler = interrupt, .sa_flags = SA_RESTART };
	struct sigevent event = { .sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGUSR1 };
	const struct itimerspec often = {
		.it_interval.tv_nsec = 20000, .it_value.tv_nsec = 20000,
	};
	timer_t timer;

	event._sigev_un._tid = gettid();
	sigaction(SIGUSR1, &action, NULL);
	if (timer_create(CLOCK_MONOTONIC, &event, &timer) ||
	    timer_settime(timer, 0, &often, NULL)) {
		perror("threads: timer");
		_exit(1);
	}
	return timer;
}

/* A signal that is still on its way must not write behind the end. */
static void end_interrupts(timer_t timer)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGUSR1);
	pthread_sigmask(SIG_BLOCK, &signals, NULL);
	timer_delete(timer);
}

/* Gives the reader a chance to end the loss. */
static void be_patient(void)
{
	u32 tries;

	for (tries = 0; tries < 100; tries++) {
		if (!(u32)atomic64_read(&run->ring.overflow) || get(run->stopped))
			break;
		sched_yield();
	}
}

/* Waits until the reader sleeps: what comes next must wake it, sooner or later. */
static void rest(void)
{
	while (!get(run->asleep) && !get(run->ended))
		sched_yield();
}

/* Waits until what was written is read, wakeup or not. */
static void be_quiet(void)
{
	struct profbuf_ring_totals totals;

	profbuf_ring_totals(&run->ring, &totals);
	while (get(run->records) < totals.written && !get(run->ended))
		sched_yield();
}

void *run_writer(void *arg)
{
	const struct scenario *scenario;
	timer_t timer = NULL;

	run = arg;
	scenario = run->scenario;
	random_state = run->seed * 2 + 1;
	if (scenario->interrupted)
		timer = start_interrupts();

	/* A reader that has found a fault is gone. */
	while (get(run->records) < run->wanted && !get(run->ended)) {
		u64 random = random_next(&random_state);
		int result = take_sample(scenario->interrupted && random % 16 == 0);

		random >>= 8;
		if (!(result & PROFBUF_RING_STORED) && scenario->patient && random % 8)
			be_patient();
		random >>= 8;
		if (scenario->filters && random % scenario->filters == 0)
			filter_sample();
		random >>= 8;
		if (scenario->rests && random % scenario->rests == 0)
			rest();
		random >>= 16;
		if (scenario->quiets && random % scenario->quiets == 0)
			be_quiet();
	}

	if (scenario->interrupted)
		end_interrupts(timer);
	put(run->closed, true);
	heed(profbuf_ring_close(&run->ring));
	return NULL;
}
