/* SPDX-License-Identifier: GPL-2.0 */
#ifndef PROFBUF_SOURCE_TIMER_H
#define PROFBUF_SOURCE_TIMER_H

#include "session.h"

void profbuf_timer_init(struct profbuf_cpu *pc);
void profbuf_timer_start(struct profbuf_cpu *pc);
void profbuf_timer_stop(struct profbuf_cpu *pc);

#endif /* PROFBUF_SOURCE_TIMER_H */
