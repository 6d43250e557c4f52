/* SPDX-License-Identifier: GPL-2.0 */
#ifndef PROFBUF_SAMPLE_H
#define PROFBUF_SAMPLE_H

#include "session.h"

void profbuf_sample(struct profbuf_cpu *pc, struct pt_regs *regs, u64 now, u64 periods,
		    u64 period, u64 value);

#endif /* PROFBUF_SAMPLE_H */
