/* SPDX-License-Identifier: GPL-2.0 */
#ifndef PROFBUF_SAMPLE_H
#define PROFBUF_SAMPLE_H

#include <linux/ptrace.h>
#include <linux/types.h>

struct profbuf_cpu;

/**
 * struct profbuf_sample - what a source tells of an interrupt
 * @periods: sampling periods that it stands for, 1 or more
 * @late: of these, periods by which it was late
 * @stolen: of the late ones, those that a host has stolen
 * @period: of the event, in the source's unit
 * @value: specific to the source
 */
struct profbuf_sample {
	u64 periods;
	u64 late;
	u64 stolen;
	u64 period;
	u64 value;
};

void profbuf_sample(struct profbuf_cpu *pc, struct pt_regs *regs, u64 now,
		    const struct profbuf_sample *sample);

#endif /* PROFBUF_SAMPLE_H */
