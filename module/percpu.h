/* SPDX-License-Identifier: GPL-2.0 */
#ifndef PROFBUF_PERCPU_H
#define PROFBUF_PERCPU_H

#include "session.h"

struct profbuf_cpu *profbuf_cpu_new(struct profbuf_session *session, unsigned int cpu);
void profbuf_cpu_free(struct profbuf_cpu *pc);
unsigned long profbuf_cpu_pages(const struct profbuf_config *config);

#endif /* PROFBUF_PERCPU_H */
