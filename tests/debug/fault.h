/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Faults in what the module asks of the kernel: it gets no memory, or user memory is not
 * there. Faults outside the module's calls are not made.
 */
#ifndef PROFBUF_TEST_FAULT_H
#define PROFBUF_TEST_FAULT_H

#include <stdbool.h>
#include <sys/types.h>

enum fault {
	FAULT_SLAB,	/* small allocations, but for what the debug kernel keeps for itself */
	FAULT_PAGE,	/* larger ones */
	FAULT_COPY,	/* copies to and from user memory */
};

void fault_choose(enum fault fault);

/* Instead: those of a module that is being loaded, once its own code runs. */
void fault_choose_load(enum fault fault);

/* The @nth from now on of thread @tid fails. Afterwards tell whether it came to that. */
void fault_arm(pid_t tid, unsigned int nth);
bool fault_disarm(pid_t tid);

/* After so many more pages thread @tid gets none, until fault_refill(). */
void fault_run_out(pid_t tid, unsigned int pages);
void fault_refill(pid_t tid);

#endif /* PROFBUF_TEST_FAULT_H */
