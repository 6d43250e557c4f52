/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Blocking reads, in a thread of their own.
 */
#ifndef PROFBUF_RING_BLOCKING_H
#define PROFBUF_RING_BLOCKING_H

#include <stdbool.h>

#include "ring.h"

struct read_result {
	int status;
	struct profbuf_ring_batch batch;
};

/* Starts to read @ring; returns when the read has returned or sleeps. Does it sleep? */
bool blocking_start(struct profbuf_ring *ring);

/* Wakes the read that sleeps; false: none does. */
bool blocking_wake(void);

/* Waits for the read. It must not sleep. */
struct read_result blocking_join(void);

#endif /* PROFBUF_RING_BLOCKING_H */
