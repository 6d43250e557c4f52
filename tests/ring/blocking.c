// SPDX-License-Identifier: GPL-2.0
#include <pthread.h>

#include "blocking.h"
#include "trace.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;

static enum { IDLE, READING, ASLEEP, DONE } state;
static bool thread_runs;
static struct profbuf_ring *ring;
static struct read_result result;

/* Call with the lock held. */
static void set_state(int new_state)
{
	state = new_state;
	pthread_cond_broadcast(&changed);
}

static void sleep_until_woken(void)
{
	pthread_mutex_lock(&lock);
	set_state(ASLEEP);
	while (state == ASLEEP)
		pthread_cond_wait(&changed, &lock);
	pthread_mutex_unlock(&lock);
}

static void *reader(void *unused)
{
	for (;;) {
		pthread_mutex_lock(&lock);
		while (state != READING)
			pthread_cond_wait(&changed, &lock);
		pthread_mutex_unlock(&lock);

		for (;;) {
			result.status = profbuf_ring_read(ring, &result.batch, U64_MAX);
			if (result.status != -EAGAIN)
				break;
			if (!profbuf_ring_arm(ring))
				sleep_until_woken();
		}

		pthread_mutex_lock(&lock);
		set_state(DONE);
		pthread_mutex_unlock(&lock);
	}
	return unused;
}

bool blocking_start(struct profbuf_ring *to_read)
{
	pthread_t thread;
	bool sleeps;

	if (!thread_runs) {
		int error = pthread_create(&thread, NULL, reader, NULL);

		if (error)
			trace_give_up("cannot start the reader thread: %s", strerror(error));
		thread_runs = true;
	}

	pthread_mutex_lock(&lock);
	ring = to_read;
	set_state(READING);
	while (state == READING)
		pthread_cond_wait(&changed, &lock);
	sleeps = state == ASLEEP;
	pthread_mutex_unlock(&lock);
	return sleeps;
}

bool blocking_wake(void)
{
	bool sleeps;

	pthread_mutex_lock(&lock);
	sleeps = state == ASLEEP;
	if (sleeps)
		set_state(READING);
	pthread_mutex_unlock(&lock);
	return sleeps;
}

struct read_result blocking_join(void)
{
	pthread_mutex_lock(&lock);
	while (state != DONE)
		pthread_cond_wait(&changed, &lock);
	state = IDLE;
	pthread_mutex_unlock(&lock);
	return result;
}
